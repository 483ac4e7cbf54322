//! Columns on their way into a file, one after the other.

use super::sum::Sum;
use super::{Header, TEXT};
use crate::log::{Column, Dict, EventLog, Values};
use std::io::{self, Write};

/// Which rows of a column, one after the other.
pub trait Rows: ExactSizeIterator<Item = usize> + Clone {}

impl<R: ExactSizeIterator<Item = usize> + Clone> Rows for R {}

/// Writes a body; the header follows from what went by.
pub struct Writer<W> {
    out: W,
    sum: Sum,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Self {
        Writer {
            out,
            sum: Sum::default(),
        }
    }

    /// What no attribute belongs to: cases, activities and moments.
    fn frame(&mut self, log: &EventLog) -> io::Result<()> {
        self.dict(&log.case_names)?;
        let offsets = log.offsets.iter().copied();
        self.behind_names(log, offsets, 0..log.cases(), 0..log.events())
    }

    /// A frame behind the names of cases, with these cases and events of it.
    pub fn behind_names(
        &mut self,
        log: &EventLog,
        offsets: impl ExactSizeIterator<Item = u32>,
        cases: impl Rows,
        events: impl Rows,
    ) -> io::Result<()> {
        self.words(cases.map(|case| log.case_name[case]))?;
        self.words(offsets)?;
        self.words(events.clone().map(|row| log.activity[row]))?;
        self.dict(&log.activities)?;
        self.longs(events.clone().map(|row| log.time[row]))?;
        match log.start.is_empty() {
            true => self.length(0),
            false => self.longs(events.map(|row| log.start[row])),
        }
    }

    /// How many columns follow.
    pub fn length(&mut self, n: usize) -> io::Result<()> {
        self.bytes(&(n as u64).to_le_bytes())
    }

    /// These rows of a column.
    pub fn column(&mut self, column: &Column, rows: impl Rows) -> io::Result<()> {
        self.text(&column.name)?;
        match &column.values {
            Values::Text { codes, dict } => {
                self.kind(TEXT)?;
                self.words(rows.map(|row| codes[row]))?;
                self.dict(dict)
            }
            Values::Int(v) => {
                self.kind(1)?;
                self.longs(rows.map(|row| v[row]))
            }
            Values::Float(v) => {
                self.kind(2)?;
                self.numbers(rows.map(|row| v[row]), f64::to_le_bytes)
            }
            Values::Time(v) => {
                self.kind(3)?;
                self.longs(rows.map(|row| v[row]))
            }
            Values::Bool(v) => {
                self.kind(4)?;
                self.numbers(rows.map(|row| v[row]), u8::to_le_bytes)
            }
        }
    }

    pub fn log(&mut self, log: &EventLog) -> io::Result<()> {
        self.frame(log)?;
        for columns in [&log.case_columns, &log.event_columns] {
            self.length(columns.len())?;
            for column in columns {
                self.column(column, 0..column.len())?;
            }
        }
        Ok(())
    }

    /// The header of what was written, and where it was written to.
    pub fn finish(self) -> (Header, W) {
        let header = Header {
            len: self.sum.len(),
            sum: self.sum.finish(),
        };
        (header, self.out)
    }

    pub fn kind(&mut self, kind: u8) -> io::Result<()> {
        self.bytes(&[kind])
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    pub fn text(&mut self, value: &str) -> io::Result<()> {
        self.length(value.len())?;
        self.bytes(value.as_bytes())
    }

    fn dict(&mut self, dict: &Dict) -> io::Result<()> {
        self.length(dict.len())?;
        dict.iter().try_for_each(|value| self.text(value))
    }

    pub fn words(&mut self, values: impl ExactSizeIterator<Item = u32>) -> io::Result<()> {
        self.numbers(values, u32::to_le_bytes)
    }

    fn longs(&mut self, values: impl ExactSizeIterator<Item = i64>) -> io::Result<()> {
        self.numbers(values, i64::to_le_bytes)
    }

    fn numbers<T, const N: usize>(
        &mut self,
        mut values: impl ExactSizeIterator<Item = T>,
        bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        self.length(values.len())?;
        let mut block = [0; 4096];
        while values.len() > 0 {
            let some = values.len().min(block.len() / N);
            for (slot, value) in block.chunks_exact_mut(N).zip(values.by_ref().take(some)) {
                slot.copy_from_slice(&bytes(value));
            }
            self.bytes(&block[..some * N])?;
        }
        Ok(())
    }
}
