//! Columns on their way into a file, one after the other.

use super::sum::Sum;
use super::{Header, TEXT};
use crate::log::{Column, Dict, EventLog, Values};
use std::io::{self, Write};

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
    pub fn frame(&mut self, log: &EventLog) -> io::Result<()> {
        self.dict(&log.case_names)?;
        self.words(&log.case_name)?;
        self.words(&log.offsets)?;
        self.words(&log.activity)?;
        self.dict(&log.activities)?;
        self.longs(&log.time)?;
        self.longs(&log.start)
    }

    /// How many columns follow.
    pub fn length(&mut self, n: usize) -> io::Result<()> {
        self.bytes(&(n as u64).to_le_bytes())
    }

    pub fn column(&mut self, column: &Column) -> io::Result<()> {
        self.text(&column.name)?;
        match &column.values {
            Values::Text { codes, dict } => {
                self.kind(TEXT)?;
                self.words(codes)?;
                self.dict(dict)
            }
            Values::Int(v) => {
                self.kind(1)?;
                self.longs(v)
            }
            Values::Float(v) => {
                self.kind(2)?;
                self.numbers(v, |x| x.to_le_bytes())
            }
            Values::Time(v) => {
                self.kind(3)?;
                self.longs(v)
            }
            Values::Bool(v) => {
                self.kind(4)?;
                self.length(v.len())?;
                self.bytes(v)
            }
        }
    }

    pub fn log(&mut self, log: &EventLog) -> io::Result<()> {
        self.frame(log)?;
        for columns in [&log.case_columns, &log.event_columns] {
            self.length(columns.len())?;
            columns.iter().try_for_each(|column| self.column(column))?;
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

    pub fn words(&mut self, values: &[u32]) -> io::Result<()> {
        self.numbers(values, |v| v.to_le_bytes())
    }

    fn longs(&mut self, values: &[i64]) -> io::Result<()> {
        self.numbers(values, |v| v.to_le_bytes())
    }

    fn numbers<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        self.length(values.len())?;
        let mut block = [0; 4096];
        for part in values.chunks(block.len() / N) {
            for (slot, value) in block.chunks_exact_mut(N).zip(part) {
                slot.copy_from_slice(&bytes(*value));
            }
            self.bytes(&block[..part.len() * N])?;
        }
        Ok(())
    }
}
