//! More of a log that is kept in a file, without having the log in memory.

use super::codec::{self, CodecError, HEADER, Reader, Writer};
use super::merge::{Added, Plan, tells_apart};
use super::stack::{stack, stack_column, take};
use super::{Column, EventLog};
use std::io::{self, Read, Seek, Write};

/// Writes what [`merge`](super::merge()) makes of a kept log and a new one, column by column: beside the new one there are only the
/// frame and one column in memory. `open` is asked twice. Returns the merged log without its columns.
pub fn merge_kept<R: Read, W: Write + Seek>(
    open: impl Fn() -> io::Result<R>,
    mut new: EventLog,
    mut out: W,
) -> Result<(EventLog, Added), CodecError> {
    let old = codec::read_some(open()?, tells_apart)?;
    let rows = [
        (old.log.cases(), new.cases()),
        (old.log.events(), new.events()),
    ];
    let of_cases = std::mem::take(&mut new.case_columns);
    let of_events = std::mem::take(&mut new.event_columns);
    let apart = of_events.iter().filter(|c| tells_apart(&c.name));
    new.event_columns = apart.cloned().collect();
    let all = stack(old.log, new);
    let plan = Plan::of(&all, rows[0].0);
    let mut merged = all.arrange(&plan.order, plan.offsets.clone(), &plan.cases);
    (merged.case_columns, merged.event_columns) = (Vec::new(), Vec::new());

    out.write_all(&[0; HEADER])?;
    let (mut reader, mut writer) = (Reader::open(open()?)?, Writer::new(out));
    reader.pass_frame()?;
    writer.frame(&merged)?;
    let mut both = Both { reader, writer };
    both.columns(&old.case_columns, of_cases, rows[0], |mut column| {
        plan.fill(&mut column);
        column.picked(&plan.cases)
    })?;
    both.columns(&old.event_columns, of_events, rows[1], |column| {
        column.picked(&plan.order)
    })?;
    both.reader.finish()?;
    let (header, mut out) = both.writer.finish();
    out.rewind()?;
    header.write(&mut out)?;
    out.flush()?;
    Ok((merged, plan.added))
}

/// The file that is read and the one that is written.
struct Both<R, W> {
    reader: Reader<R>,
    writer: Writer<W>,
}

impl<R: Read, W: Write> Both<R, W> {
    fn columns(
        &mut self,
        known: &[String],
        mut new: Vec<Column>,
        (rows_known, rows_new): (usize, usize),
        merged: impl Fn(Column) -> Column,
    ) -> Result<(), CodecError> {
        let others = new.iter().filter(|c| !known.contains(&c.name)).count();
        self.reader.columns()?;
        self.writer.length(known.len() + others)?;
        for name in known {
            let (old, new) = (self.reader.column(rows_known)?, take(&mut new, name));
            let both = stack_column(Some(old), rows_known, new, rows_new);
            self.put(both.map(&merged))?;
        }
        for column in new {
            let both = stack_column(None, rows_known, Some(column), rows_new);
            self.put(both.map(&merged))?;
        }
        Ok(())
    }

    fn put(&mut self, column: Option<Column>) -> io::Result<()> {
        column.map_or(Ok(()), |column| self.writer.column(&column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder, RESOURCE, merge};
    use crate::time::MISSING;
    use std::io::Cursor;

    /// A log by a fixed rule, so that a failure can be repeated: some of its cases, columns and kinds of values are those of another `seed`.
    fn log(seed: u64) -> EventLog {
        let mut state = seed;
        let mut draw = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(seed | 1);
            (state >> 33) % below
        };
        let mut b = LogBuilder::new();
        for _ in 0..draw(60) {
            let case = b.case(&format!("case {}", draw(25)));
            let start = if draw(9) == 0 { 5 } else { MISSING };
            let row = b.event(
                case,
                ["a", "b", "c", "d"][draw(4) as usize],
                draw(9) as i64,
                start,
            );
            if draw(2) == 0 {
                b.event_attribute(row, RESOURCE, Cell::Text(format!("p{}", draw(2))));
            }
            let cell = match draw(5) {
                0 => Cell::Int(draw(3) as i64),
                1 => Cell::Bool(true),
                2 => Cell::Time(draw(5) as i64),
                3 => Cell::Float(0.5),
                _ => Cell::Text("t".into()),
            };
            let name = format!("column {}", draw(4 + seed % 5));
            match draw(2) {
                0 => b.case_attribute(case, &name, cell),
                _ => b.event_attribute(row, &name, cell),
            }
        }
        b.finish()
    }

    fn kept(log: &EventLog) -> Vec<u8> {
        let mut out = Vec::new();
        codec::write(log, &mut out).unwrap();
        out
    }

    #[test]
    fn a_kept_log_becomes_to_the_last_byte_what_one_in_memory_becomes() {
        for seed in 0..300 {
            let (old, new) = (log(seed), log(seed * 7 + 1));
            let bytes = kept(&old);
            let mut out = Cursor::new(Vec::new());
            let (frame, added) = merge_kept(|| Ok(&bytes[..]), new.clone(), &mut out).unwrap();
            let (merged, also) = merge(old, new);
            assert!(out.into_inner() == kept(&merged), "seed {seed}");
            assert_eq!(
                (added, &frame.offsets),
                (also, &merged.offsets),
                "seed {seed}"
            );
            assert!(frame.case_columns.is_empty() && frame.event_columns.is_empty());
        }
    }

    #[test]
    fn nothing_is_added_to_a_damaged_log() {
        let good = kept(&log(3));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            let out = Cursor::new(Vec::new());
            assert!(
                merge_kept(|| Ok(&bad[..]), log(4), out).is_err(),
                "byte {at}"
            );
        }
    }
}
