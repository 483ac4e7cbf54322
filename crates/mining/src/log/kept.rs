//! More of a log that is kept in a file, without having the log in memory.

use super::codec::{CodecError, HEADER, Reader, Rows, TEXT, Writer, is_coded};
use super::merge::{Added, Plan, tells_apart};
use super::stack::{joined, stack_column, stack_named, take};
use super::{Column, Dict, EventLog, NONE, Values};
use std::io::{self, Read, Seek, Write};

/// Writes what [`merge`](super::merge()) makes of a kept log and a new one, column by column: beside the new one there are only the
/// numbers of the frame or of one column in memory; texts that are known go by. `open` is asked twice. Returns the
/// [`moves`](EventLog::moves) of both.
pub fn merge_kept<R: Read, W: Write + Seek>(
    open: impl Fn() -> io::Result<R>,
    mut new: EventLog,
    mut out: W,
) -> Result<(EventLog, Added), CodecError> {
    let mut reader = Reader::open(open()?)?;
    let new_rows = (new.cases(), new.events());
    let new_names = std::mem::take(&mut new.case_names);
    let names = Texts::of(&mut reader, &new_names)?;
    new.case_name
        .iter_mut()
        .for_each(|name| *name = names.in_both(*name));
    let mut old = reader.behind_names(names.len, new_rows)?;
    let rows = [(old.cases(), new_rows.0), (old.events(), new_rows.1)];
    let of_cases = Side::of(&mut reader, &mut new.case_columns, rows[0], None)?;
    let apart = Some(&mut old.event_columns);
    let of_events = Side::of(&mut reader, &mut new.event_columns, rows[1], apart)?;
    reader.finish()?;
    let apart = of_events.new.iter().filter(|c| tells_apart(&c.name));
    new.event_columns = apart.cloned().collect();
    let mut all = stack_named(old, new);
    let plan = Plan::of(&all, names.both(), rows[0].0);
    (all.event_columns, all.offsets) = Default::default();
    let (cases, events) = (plan.cases.rows(), plan.order.rows());

    out.write_all(&[0; HEADER])?;
    let (mut reader, mut writer) = (Reader::open(open()?)?, Writer::new(out));
    names.write(&mut reader, &mut writer, &new_names)?;
    reader.pass_behind_names()?;
    let offsets = plan.offsets.iter().copied();
    writer.behind_names(&all, offsets, cases.clone(), events.clone())?;
    let both = (&mut reader, &mut writer);
    let mut moves = all.moves();
    of_cases.write(both, |column| plan.fill(column), cases)?;
    let both = (&mut reader, &mut writer);
    of_events.write(both, |_| (), events)?;
    reader.finish()?;
    let (header, mut out) = writer.finish();
    out.rewind()?;
    header.write(&mut out)?;
    out.flush()?;
    moves.case_name = plan.cases.pick(moves.case_name);
    moves.activity = plan.order.pick(moves.activity);
    moves.offsets = plan.offsets;
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

    /// How many both have.
    fn both(&self) -> usize {
        self.len + self.fresh.len()
    }

    fn in_both(&self, code: u32) -> u32 {
        match code {
            NONE => NONE,
            code => self.codes[code as usize],
        }
    }

    /// Writes those that are known as they go by, then those that are not.
    fn write<R: Read, W: Write>(
        &self,
        reader: &mut Reader<R>,
        writer: &mut Writer<W>,
        new: &Dict,
    ) -> Result<(), CodecError> {
        writer.length(self.both())?;
        reader.texts(|text| Ok(writer.text(text)?))?;
        let mut fresh = self.fresh.iter();
        Ok(fresh.try_for_each(|&code| writer.text(new.get(code)))?)
    }
}

impl Side {
    /// Looks through the kept columns; `apart` takes those that tell events apart.
    fn of(
        reader: &mut Reader<impl Read>,
        new: &mut Vec<Column>,
        rows: (usize, usize),
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
                    apart.push(reader.column(name.clone(), kind, rows)?);
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
        Ok(Side { known, new, rows })
    }

    /// Writes these rows of every column, `filled` first.
    fn write<R: Read, W: Write>(
        self,
        (reader, writer): (&mut Reader<R>, &mut Writer<W>),
        fill: impl Fn(&mut Column),
        picked: impl Rows,
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
        let write = |writer: &mut Writer<W>, both: Option<Column>| match both {
            Some(mut column) => {
                fill(&mut column);
                writer.column(&column, picked.clone())
            }
            None => Ok(()),
        };
        for column in &known {
            let (name, kind) = reader.head()?;
            let new = take(&mut new, &name);
            match &column.texts {
                Some(texts) => {
                    let mut codes = texts.stacked(reader, new.as_ref(), name, rows)?;
                    fill(&mut codes);
                    texts.write_column((reader, writer), &codes, new.as_ref(), picked.clone())?;
                }
                None => {
                    let old = reader.column(name, kind, rows)?;
                    write(writer, stack_column(Some(old), rows.0, new, rows.1))?;
                }
            }
        }
        for column in new {
            write(writer, stack_column(None, rows.0, Some(column), rows.1))?;
        }
        Ok(())
    }
}

impl Texts {
    /// The codes of both logs in a column of texts.
    fn stacked(
        &self,
        reader: &mut Reader<impl Read>,
        new: Option<&Column>,
        name: String,
        rows: (usize, usize),
    ) -> Result<Column, CodecError> {
        let codes = reader.words(rows.1)?;
        if codes.len() != rows.0 || !is_coded(&codes, self.len, true) {
            return Err(CodecError::Damaged);
        }
        let codes = match new.and_then(Column::codes) {
            Some((new, _)) => joined(codes, new.iter().map(|&code| self.in_both(code))),
            None => joined(codes, std::iter::repeat_n(NONE, rows.1)),
        };
        let dict = Dict::new();
        let values = Values::Text { codes, dict };
        Ok(Column { name, values })
    }

    /// Writes these rows of a column of texts.
    fn write_column<R: Read, W: Write>(
        &self,
        (reader, writer): (&mut Reader<R>, &mut Writer<W>),
        column: &Column,
        new: Option<&Column>,
        picked: impl Rows,
    ) -> Result<(), CodecError> {
        writer.text(&column.name)?;
        writer.kind(TEXT)?;
        if let Some((codes, _)) = column.codes() {
            writer.words(picked.map(|row| codes[row]))?;
        }
        match new.and_then(Column::codes) {
            Some((_, dict)) => self.write(reader, writer, dict),
            None => self.write(reader, writer, &Dict::new()),
        }
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
