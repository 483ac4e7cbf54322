//! An event log as bytes, to keep and to read back fast.
//!
//! Little endian. A header (magic, version, length and checksum of the body), then the columns, each with its length
//! in front. A file of another version or with a single wrong bit is refused, never guessed at.

use super::{Column, Dict, EventLog, NONE, Values};
use std::io::{self, Write};

const MAGIC: &[u8; 8] = b"TENONCOL";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 + 8;

/// Why bytes are not a kept log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("The file does not hold columns of an event log.")]
    NotColumns,
    #[error("The columns were written by another version ({0}).")]
    Version(u32),
    #[error("The columns are damaged or cut short.")]
    Damaged,
}

/// Writes a log.
pub fn write(log: &EventLog, out: &mut dyn Write) -> io::Result<()> {
    let mut body = Vec::with_capacity(log.bytes() + log.bytes() / 8 + 1024);
    dict(&mut body, &log.case_names);
    words(&mut body, &log.case_name);
    words(&mut body, &log.offsets);
    words(&mut body, &log.activity);
    dict(&mut body, &log.activities);
    longs(&mut body, &log.time);
    longs(&mut body, &log.start);
    for columns in [&log.case_columns, &log.event_columns] {
        length(&mut body, columns.len());
        for column in columns {
            text(&mut body, &column.name);
            match &column.values {
                Values::Text { codes, dict: d } => {
                    body.push(0);
                    words(&mut body, codes);
                    dict(&mut body, d);
                }
                Values::Int(v) => {
                    body.push(1);
                    longs(&mut body, v);
                }
                Values::Float(v) => {
                    body.push(2);
                    length(&mut body, v.len());
                    v.iter()
                        .for_each(|x| body.extend_from_slice(&x.to_le_bytes()));
                }
                Values::Time(v) => {
                    body.push(3);
                    longs(&mut body, v);
                }
                Values::Bool(v) => {
                    body.push(4);
                    length(&mut body, v.len());
                    body.extend_from_slice(v);
                }
            }
        }
    }
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(body.len() as u64).to_le_bytes())?;
    out.write_all(&checksum(&body).to_le_bytes())?;
    out.write_all(&body)
}

/// Reads a log that [`write`] wrote.
pub fn read(bytes: &[u8]) -> Result<EventLog, CodecError> {
    if bytes.len() < HEADER || &bytes[..8] != MAGIC {
        return Err(CodecError::NotColumns);
    }
    let mut header = Reader {
        rest: &bytes[8..HEADER],
    };
    let version = u32::from_le_bytes(header.array()?);
    if version != VERSION {
        return Err(CodecError::Version(version));
    }
    let (len, sum) = (
        u64::from_le_bytes(header.array()?),
        u64::from_le_bytes(header.array()?),
    );
    let body = &bytes[HEADER..];
    // The fuzzer has to come past this to reach what lies behind it.
    if !cfg!(fuzzing) && (body.len() as u64 != len || checksum(body) != sum) {
        return Err(CodecError::Damaged);
    }
    let mut reader = Reader { rest: body };
    let log = EventLog {
        case_names: reader.dict()?,
        case_name: reader.words()?,
        offsets: reader.words()?,
        activity: reader.words()?,
        activities: reader.dict()?,
        time: reader.longs()?,
        start: reader.longs()?,
        case_columns: reader.columns()?,
        event_columns: reader.columns()?,
    };
    if reader.rest.is_empty() && is_whole(&log) {
        Ok(log)
    } else {
        Err(CodecError::Damaged)
    }
}

/// Whether all columns fit each other, so that no figure reads past an end.
fn is_whole(log: &EventLog) -> bool {
    let codes = |codes: &[u32], dict: &Dict, none: bool| {
        codes
            .iter()
            .all(|&c| (c as usize) < dict.len() || (none && c == NONE))
    };
    let column = |c: &Column, rows: usize| {
        c.len() == rows && c.codes().is_none_or(|(v, d)| codes(v, d, true))
    };
    log.offsets.len() == log.cases() + 1
        && log.offsets[0] == 0
        && log.offsets.windows(2).all(|w| w[0] <= w[1])
        && log.offsets[log.cases()] as usize == log.events()
        && log.time.len() == log.events()
        && (log.start.is_empty() || log.start.len() == log.events())
        && codes(&log.case_name, &log.case_names, false)
        && codes(&log.activity, &log.activities, false)
        && log.case_columns.iter().all(|c| column(c, log.cases()))
        && log.event_columns.iter().all(|c| column(c, log.events()))
}

/// Eight bytes at a time, in four lanes so that the processor works on them side by side; each step is one-to-one.
fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [1u64, 2, 3, 4];
    let mut chunks = bytes.chunks_exact(32);
    for chunk in &mut chunks {
        for (lane, word) in lanes.iter_mut().zip(chunk.chunks_exact(8)) {
            let word = word.iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b));
            *lane = (lane.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        }
    }
    for &byte in chunks.remainder() {
        lanes[0] = (lanes[0].rotate_left(23) ^ u64::from(byte)).wrapping_mul(FACTOR);
    }
    lanes.iter().fold(bytes.len() as u64, |n, lane| {
        (n.rotate_left(23) ^ lane).wrapping_mul(FACTOR)
    })
}

fn length(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&(n as u64).to_le_bytes());
}

fn text(out: &mut Vec<u8>, value: &str) {
    length(out, value.len());
    out.extend_from_slice(value.as_bytes());
}

fn words(out: &mut Vec<u8>, values: &[u32]) {
    length(out, values.len());
    values
        .iter()
        .for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
}

fn longs(out: &mut Vec<u8>, values: &[i64]) {
    length(out, values.len());
    values
        .iter()
        .for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
}

fn dict(out: &mut Vec<u8>, dict: &Dict) {
    length(out, dict.len());
    dict.iter().for_each(|value| text(out, value));
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(CodecError::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?.try_into().map_err(|_| CodecError::Damaged)
    }

    /// A count of items of `size` bytes each, checked against what is left.
    fn length(&mut self, size: usize) -> Result<usize, CodecError> {
        let n = u64::from_le_bytes(self.array()?);
        let bytes = usize::try_from(n)
            .ok()
            .and_then(|n| n.checked_mul(size))
            .ok_or(CodecError::Damaged)?;
        if bytes > self.rest.len() {
            Err(CodecError::Damaged)
        } else {
            Ok(n as usize)
        }
    }

    fn text(&mut self) -> Result<&'a str, CodecError> {
        let n = self.length(1)?;
        std::str::from_utf8(self.take(n)?).map_err(|_| CodecError::Damaged)
    }

    fn words(&mut self) -> Result<Vec<u32>, CodecError> {
        let n = self.length(4)?;
        Ok(self
            .take(4 * n)?
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect())
    }

    fn longs(&mut self) -> Result<Vec<i64>, CodecError> {
        let n = self.length(8)?;
        let long = |b: &[u8]| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        Ok(self.take(8 * n)?.chunks_exact(8).map(long).collect())
    }

    fn dict(&mut self) -> Result<Dict, CodecError> {
        let n = self.length(8)?;
        let mut dict = Dict::new();
        for _ in 0..n {
            dict.intern(self.text()?);
        }
        if dict.len() == n {
            Ok(dict)
        } else {
            Err(CodecError::Damaged)
        }
    }

    fn columns(&mut self) -> Result<Vec<Column>, CodecError> {
        let n = self.length(9)?;
        let mut columns = Vec::with_capacity(n);
        for _ in 0..n {
            let name = self.text()?.to_string();
            let values = match self.take(1)?[0] {
                0 => {
                    let codes = self.words()?;
                    Values::Text {
                        codes,
                        dict: self.dict()?,
                    }
                }
                1 => Values::Int(self.longs()?),
                2 => Values::Float(
                    self.longs()?
                        .into_iter()
                        .map(|n| f64::from_bits(n as u64))
                        .collect(),
                ),
                3 => Values::Time(self.longs()?),
                4 => {
                    let n = self.length(1)?;
                    Values::Bool(self.take(n)?.to_vec())
                }
                _ => return Err(CodecError::Damaged),
            };
            columns.push(Column { name, values });
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder};
    use crate::time::MISSING;

    fn sample() -> EventLog {
        let mut b = LogBuilder::new();
        for n in 0..20 {
            let case = b.case(&format!("case {n}"));
            b.case_attribute(case, "amount", Cell::Float(f64::from(n) / 3.0));
            for step in ["a", "b", "ü"] {
                let row = b.event(case, step, i64::from(n) * 10, MISSING);
                b.event_attribute(row, "who", Cell::Text(format!("p{}", n % 3)));
                b.event_attribute(row, "n", Cell::Int(i64::from(n)));
                b.event_attribute(row, "ok", Cell::Bool(n % 2 == 0));
                b.event_attribute(row, "due", Cell::Time(7));
            }
        }
        b.finish()
    }

    fn bytes(log: &EventLog) -> Vec<u8> {
        let mut out = Vec::new();
        write(log, &mut out).unwrap();
        out
    }

    #[test]
    fn a_log_comes_back_as_it_was() {
        assert_eq!(read(&bytes(&sample())).unwrap(), sample());
        let empty = LogBuilder::new().finish();
        assert_eq!(read(&bytes(&empty)).unwrap(), empty);
    }

    #[test]
    fn a_wrong_byte_or_a_missing_end_is_noticed() {
        let good = bytes(&sample());
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            assert!(read(&bad).is_err(), "byte {at}");
            assert!(read(&good[..at]).is_err(), "cut at {at}");
        }
    }
}
