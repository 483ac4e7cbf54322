//! Columns on their way out of a file, one after the other. Each is checked against what it stands beside; whether every
//! bit is as it was written is known at the end.

use super::sum::Sum;
use super::{CodecError, Header, TEXT, is_coded};
use crate::log::{Column, Dict, EventLog, Values};
use std::io::Read;

pub struct Reader<R> {
    from: R,
    header: Header,
    left: u64,
    sum: Sum,
    text: Vec<u8>,
}

impl<R: Read> Reader<R> {
    pub fn open(mut from: R) -> Result<Self, CodecError> {
        let header = Header::read(&mut from)?;
        Ok(Reader {
            from,
            left: header.len,
            header,
            sum: Sum::default(),
            text: Vec::new(),
        })
    }

    /// A log without its columns, which follow.
    pub fn frame(&mut self) -> Result<EventLog, CodecError> {
        let case_names = self.dict()?;
        let log = self.behind_names(case_names.len(), (0, 0))?;
        Ok(EventLog { case_names, ..log })
    }

    /// The same behind the names of cases, of which there are so many; with room for more cases and events.
    pub fn behind_names(
        &mut self,
        names: usize,
        (cases, events): (usize, usize),
    ) -> Result<EventLog, CodecError> {
        let log = EventLog {
            case_name: self.words(cases)?,
            offsets: self.words(cases)?,
            activity: self.words(events)?,
            activities: self.dict()?,
            time: self.longs(events)?,
            start: self.longs(events)?,
            ..EventLog::default()
        };
        match super::is_whole(&log, names) {
            true => Ok(log),
            false => Err(CodecError::Damaged),
        }
    }

    /// The [`moves`](EventLog::moves) of a log.
    pub fn moves(&mut self) -> Result<EventLog, CodecError> {
        self.pass_dict()?;
        let log = EventLog {
            case_name: self.words(0)?,
            offsets: self.words(0)?,
            activity: self.words(0)?,
            activities: self.dict()?,
            ..EventLog::default()
        };
        [8, 8].into_iter().try_for_each(|n| self.pass_numbers(n))?;
        match super::has_cases(&log) {
            true => Ok(log),
            false => Err(CodecError::Damaged),
        }
    }

    /// Goes on behind the frame, being behind the names of cases.
    pub fn pass_behind_names(&mut self) -> Result<(), CodecError> {
        [4, 4, 4]
            .into_iter()
            .try_for_each(|n| self.pass_numbers(n))?;
        self.pass_dict()?;
        [8, 8].into_iter().try_for_each(|n| self.pass_numbers(n))
    }

    /// How many columns follow.
    pub fn columns(&mut self) -> Result<usize, CodecError> {
        self.length(9)
    }

    /// The next column's name and kind; its values follow.
    pub fn head(&mut self) -> Result<(String, u8), CodecError> {
        let name = self.text()?.to_string();
        let [kind] = self.array()?;
        Ok((name, kind))
    }

    /// The columns that follow, of so many rows.
    pub fn all(&mut self, rows: usize) -> Result<Vec<Column>, CodecError> {
        let n = self.columns()?;
        let one = |_| {
            let (name, kind) = self.head()?;
            self.column(name, kind, (rows, 0))
        };
        (0..n).map(one).collect()
    }

    pub fn pass_columns(&mut self) -> Result<(), CodecError> {
        for _ in 0..self.columns()? {
            let (_, kind) = self.head()?;
            self.pass_values(kind)?;
        }
        Ok(())
    }

    /// The column behind a head, with room for more rows.
    pub fn column(
        &mut self,
        name: String,
        kind: u8,
        (rows, more): (usize, usize),
    ) -> Result<Column, CodecError> {
        let values = self.values(kind, more)?;
        let column = Column { name, values };
        let is_whole = column.len() == rows
            && (column.codes()).is_none_or(|(codes, dict)| is_coded(codes, dict.len(), true));
        match is_whole {
            true => Ok(column),
            false => Err(CodecError::Damaged),
        }
    }

    /// That all of it was read, and is as it was written.
    pub fn finish(mut self) -> Result<(), CodecError> {
        let is_over = self.from.read(&mut [0])? == 0;
        // The fuzzer has to come past this to reach what lies behind it.
        let is_right = cfg!(fuzzing) || self.sum.finish() == self.header.sum;
        match self.left == 0 && is_over && is_right {
            true => Ok(()),
            false => Err(CodecError::Damaged),
        }
    }

    fn values(&mut self, kind: u8, more: usize) -> Result<Values, CodecError> {
        Ok(match kind {
            TEXT => {
                let codes = self.words(more)?;
                let dict = self.dict()?;
                Values::Text { codes, dict }
            }
            1 => Values::Int(self.longs(more)?),
            2 => Values::Float(self.numbers(more, f64::from_le_bytes)?),
            3 => Values::Time(self.longs(more)?),
            4 => Values::Bool(self.numbers(more, |[b]| b)?),
            _ => return Err(CodecError::Damaged),
        })
    }

    pub fn pass_values(&mut self, kind: u8) -> Result<(), CodecError> {
        match kind {
            TEXT => {
                self.pass_numbers(4)?;
                self.pass_dict()
            }
            1..=3 => self.pass_numbers(8),
            4 => self.pass_numbers(1),
            _ => Err(CodecError::Damaged),
        }
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), CodecError> {
        let left = self.left.checked_sub(into.len() as u64);
        self.left = left.ok_or(CodecError::Damaged)?;
        self.from.read_exact(into)?;
        self.sum.update(into);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut bytes = [0; N];
        self.take(&mut bytes)?;
        Ok(bytes)
    }

    /// A count of items of `size` bytes each, checked against what is left.
    fn length(&mut self, size: u64) -> Result<usize, CodecError> {
        let n = u64::from_le_bytes(self.array()?);
        let bytes = n.checked_mul(size).ok_or(CodecError::Damaged)?;
        match bytes <= self.left {
            true => usize::try_from(n).map_err(|_| CodecError::Damaged),
            false => Err(CodecError::Damaged),
        }
    }

    fn text(&mut self) -> Result<&str, CodecError> {
        let n = self.length(1)?;
        let mut text = std::mem::take(&mut self.text);
        text.resize(n, 0);
        self.take(&mut text)?;
        self.text = text;
        std::str::from_utf8(&self.text).map_err(|_| CodecError::Damaged)
    }

    fn dict(&mut self) -> Result<Dict, CodecError> {
        let mut dict = Dict::new();
        let n = self.texts(|text| {
            dict.intern(text);
            Ok(())
        })?;
        match dict.len() == n {
            true => Ok(dict),
            false => Err(CodecError::Damaged),
        }
    }

    /// Hands on the texts of a dictionary, one by one; how many there are.
    pub fn texts(
        &mut self,
        mut each: impl FnMut(&str) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        let n = self.length(8)?;
        for _ in 0..n {
            each(self.text()?)?;
        }
        Ok(n)
    }

    pub fn words(&mut self, more: usize) -> Result<Vec<u32>, CodecError> {
        self.numbers(more, u32::from_le_bytes)
    }

    fn longs(&mut self, more: usize) -> Result<Vec<i64>, CodecError> {
        self.numbers(more, i64::from_le_bytes)
    }

    fn numbers<T, const N: usize>(
        &mut self,
        more: usize,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CodecError> {
        let n = self.length(N as u64)?;
        let mut values = Vec::with_capacity(n + more);
        let mut block = [0; 4096];
        while values.len() < n {
            let some = (n - values.len()).min(block.len() / N);
            self.take(&mut block[..some * N])?;
            values.extend(block[..some * N].chunks_exact(N).map(|part| {
                let mut bytes = [0; N];
                bytes.copy_from_slice(part);
                read(bytes)
            }));
        }
        Ok(values)
    }

    fn pass_dict(&mut self) -> Result<(), CodecError> {
        let n = self.length(8)?;
        (0..n).try_for_each(|_| self.pass_numbers(1))
    }

    pub fn pass_numbers(&mut self, size: usize) -> Result<(), CodecError> {
        let mut left = self.length(size as u64)? * size;
        let mut block = [0; 4096];
        while left > 0 {
            let some = left.min(block.len());
            self.take(&mut block[..some])?;
            left -= some;
        }
        Ok(())
    }
}
