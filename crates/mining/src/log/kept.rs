//! More of a log that is kept in a file, without having the log in memory.

use super::codec::{CodecError, HEADER, Reader, TEXT, Writer, is_coded};
use super::merge::{Added, Plan, tells_apart};
use super::stack::{stack, stack_column, take};
use super::{Column, Dict, EventLog, NONE, Values};
use std::io::{self, Read, Seek, Write};

/// Writes what [`merge`](super::merge()) makes of a kept log and a new one, column by column: beside the new one there are only the
/// frame and the numbers of one column in memory; texts that are known go by. `open` is asked twice. Returns the
/// [`moves`](EventLog::moves) of both.
pub fn merge_kept<R: Read, W: Write + Seek>(
    open: impl Fn() -> io::Result<R>,
    mut new: EventLog,
    mut out: W,
) -> Result<(EventLog, Added), CodecError> {
    let mut reader = Reader::open(open()?)?;
    let mut old = reader.frame()?;
    let of_cases = Side::of(
        &mut reader,
        &mut new.case_columns,
        old.cases(),
        new.case_name.len(),
        None,
    )?;
    let rows = new.events();
    let of_events = Side::of(
        &mut reader,
        &mut new.event_columns,
        old.events(),
        rows,
        Some(&mut old.event_columns),
    )?;
    reader.finish()?;
    let apart = of_events.new.iter().filter(|c| tells_apart(&c.name));
    new.event_columns = apart.cloned().collect();
    let old_cases = old.cases();
    let mut all = stack(old, new);
    let mut plan = Plan::of(&all, old_cases);
    let offsets = std::mem::take(&mut plan.offsets);
    all.event_columns = Vec::new();
    let merged = all.arrange(&plan.order, offsets, &plan.cases);

    out.write_all(&[0; HEADER])?;
    let (mut reader, mut writer) = (Reader::open(open()?)?, Writer::new(out));
    reader.pass_frame()?;
    writer.frame(&merged)?;
    let moves = merged.moves();
    of_cases.write(&mut reader, &mut writer, |mut column| {
        plan.fill(&mut column);
        column.picked(&plan.cases)
    })?;
    of_events.write(&mut reader, &mut writer, |column| {
        column.picked(&plan.order)
    })?;
    reader.finish()?;
    let (header, mut out) = writer.finish();
    out.rewind()?;
    header.write(&mut out)?;
    out.flush()?;
    Ok((moves, plan.added))
}

/// The columns of cases, or those of events, of both logs.
struct Side {
    known: Vec<Known>,
    new: Vec<Column>,
    /// Of the kept log, and of the new one.
    rows: (usize, usize),
}

/// A kept column: its name, and where both logs have texts under it, how those fit together.
struct Known {
    name: String,
    texts: Option<Texts>,
}

struct Texts {
    /// How many the kept log has.
    len: usize,
    /// By code in the new log, the code in both.
    codes: Vec<u32>,
    /// Those that only the new one has.
    fresh: Vec<u32>,
}

impl Texts {
    fn of(reader: &mut Reader<impl Read>, new: &Dict) -> Result<Texts, CodecError> {
        let (mut codes, mut at) = (vec![NONE; new.len()], 0);
        let len = reader.texts(|text| {
            if let Some(code) = new.code(text) {
                codes[code as usize] = at;
            }
            at += 1;
            Ok(())
        })?;
        let mut fresh = Vec::new();
        for (code, both) in codes
            .iter_mut()
            .enumerate()
            .filter(|(_, both)| **both == NONE)
        {
            *both = (len + fresh.len()) as u32;
            fresh.push(code as u32);
        }
        Ok(Texts { len, codes, fresh })
    }
}

impl Side {
    /// Looks through the kept columns; `apart` takes those that tell events apart.
    fn of(
        reader: &mut Reader<impl Read>,
        new: &mut Vec<Column>,
        old_rows: usize,
        new_rows: usize,
        mut apart: Option<&mut Vec<Column>>,
    ) -> Result<Side, CodecError> {
        let new = std::mem::take(new);
        let mut known = Vec::new();
        for _ in 0..reader.columns()? {
            let (name, kind) = reader.head()?;
            let mut texts = None;
            match (
                &mut apart,
                new.iter().find(|c| c.name == name).map(Column::codes),
            ) {
                (Some(apart), _) if tells_apart(&name) => {
                    apart.push(reader.column(name.clone(), kind, old_rows)?);
                }
                (_, None) if kind == TEXT => {
                    reader.pass_numbers(4)?;
                    texts = Some(Texts::of(reader, &Dict::new())?);
                }
                (_, Some(Some((_, dict)))) if kind == TEXT => {
                    reader.pass_numbers(4)?;
                    texts = Some(Texts::of(reader, dict)?);
                }
                _ => reader.pass_values(kind)?,
            }
            known.push(Known { name, texts });
        }
        Ok(Side {
            known,
            new,
            rows: (old_rows, new_rows),
        })
    }

    fn write<R: Read, W: Write>(
        self,
        reader: &mut Reader<R>,
        writer: &mut Writer<W>,
        merged: impl Fn(Column) -> Column,
    ) -> Result<(), CodecError> {
        let Side {
            known,
            mut new,
            rows,
        } = self;
        let is_known = |c: &&Column| known.iter().any(|k| k.name == c.name);
        let others = new.len() - new.iter().filter(is_known).count();
        reader.columns()?;
        writer.length(known.len() + others)?;
        for column in &known {
            let (name, kind) = reader.head()?;
            let new = take(&mut new, &name);
            match &column.texts {
                Some(texts) => texts.write((reader, writer), name, new, rows, &merged)?,
                None => {
                    let old = reader.column(name, kind, rows.0)?;
                    let both = stack_column(Some(old), rows.0, new, rows.1);
                    both.map_or(Ok(()), |both| writer.column(&merged(both)))?;
                }
            }
        }
        for column in new {
            let both = stack_column(None, rows.0, Some(column), rows.1);
            both.map_or(Ok(()), |both| writer.column(&merged(both)))?;
        }
        Ok(())
    }
}

impl Texts {
    /// Writes a column of texts: its codes, then the texts that are known as they go by, then those that are not.
    fn write<R: Read, W: Write>(
        &self,
        (reader, writer): (&mut Reader<R>, &mut Writer<W>),
        name: String,
        new: Option<Column>,
        rows: (usize, usize),
        merged: impl Fn(Column) -> Column,
    ) -> Result<(), CodecError> {
        let mut codes = reader.words()?;
        if codes.len() != rows.0 || !is_coded(&codes, self.len, true) {
            return Err(CodecError::Damaged);
        }
        let new = new.as_ref().and_then(Column::codes);
        match new {
            Some((of_new, _)) => codes.extend(of_new.iter().map(|&code| match code {
                NONE => NONE,
                code => self.codes[code as usize],
            })),
            None => codes.resize(rows.0 + rows.1, NONE),
        }
        let dict = Dict::new();
        let values = Values::Text { codes, dict };
        let column = merged(Column { name, values });
        writer.text(&column.name)?;
        writer.kind(TEXT)?;
        if let Some((codes, _)) = column.codes() {
            writer.words(codes)?;
        }
        writer.length(self.len + self.fresh.len())?;
        reader.texts(|text| Ok(writer.text(text)?))?;
        if let Some((_, dict)) = new {
            self.fresh
                .iter()
                .try_for_each(|&code| writer.text(dict.get(code)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder, RESOURCE, codec, merge};
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
            let cell = match draw(8) {
                0 => Cell::Int(draw(3) as i64),
                1 => Cell::Bool(true),
                2 => Cell::Time(draw(5) as i64),
                3 => Cell::Float(0.5),
                _ => Cell::Text(format!("text {}", draw(30))),
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
            let (moves, added) = merge_kept(|| Ok(&bytes[..]), new.clone(), &mut out).unwrap();
            let (merged, also) = merge(old, new);
            assert!(out.into_inner() == kept(&merged), "seed {seed}");
            assert_eq!((added, moves), (also, merged.moves()), "seed {seed}");
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
