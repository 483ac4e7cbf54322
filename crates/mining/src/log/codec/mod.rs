//! An event log as bytes, to keep and to read back fast.
//!
//! Little endian. A header (magic, version, length and checksum of the body), then the columns, each with its length
//! in front. A file of another version or with a single wrong bit is refused, never guessed at. It is written and read column
//! by column, so that a log need not be in memory to be added to ([`super::merge_kept`]).

mod reader;
mod sum;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::{Rows, Writer};

use super::{EventLog, NONE};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 8] = b"TENONCOL";
const VERSION: u32 = 1;
/// What stands in front of the values of a column of texts: codes, then the texts.
pub(super) const TEXT: u8 = 0;
pub(super) const HEADER: usize = 8 + 4 + 8 + 8;

/// Why bytes are not a kept log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("The file does not hold columns of an event log.")]
    NotColumns,
    #[error("The columns were written by another version ({0}).")]
    Version(u32),
    #[error("The columns are damaged or cut short.")]
    Damaged,
    #[error("The columns could not be read or written ({0}).")]
    Io(io::ErrorKind),
}

impl From<io::Error> for CodecError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => CodecError::Damaged,
            kind => CodecError::Io(kind),
        }
    }
}

/// What stands in front of a body.
pub(super) struct Header {
    len: u64,
    sum: u64,
}

impl Header {
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&self.len.to_le_bytes())?;
        out.write_all(&self.sum.to_le_bytes())
    }

    fn read(from: &mut impl Read) -> Result<Header, CodecError> {
        let magic: [u8; 8] = array(from).map_err(not_columns)?;
        if &magic != MAGIC {
            return Err(CodecError::NotColumns);
        }
        let version = u32::from_le_bytes(array(from).map_err(not_columns)?);
        if version != VERSION {
            return Err(CodecError::Version(version));
        }
        Ok(Header {
            len: u64::from_le_bytes(array(from).map_err(not_columns)?),
            sum: u64::from_le_bytes(array(from).map_err(not_columns)?),
        })
    }
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// What ends within the header holds no columns.
fn not_columns(error: io::Error) -> CodecError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CodecError::NotColumns,
        kind => CodecError::Io(kind),
    }
}

/// Writes a log. It is gone through twice: the length and the checksum of the body come before it.
pub fn write(log: &EventLog, out: &mut dyn Write) -> io::Result<()> {
    let mut measured = Writer::new(io::sink());
    measured.log(log)?;
    measured.finish().0.write(out)?;
    Writer::new(out).log(log)
}

/// Reads a log that [`write()`] wrote.
pub fn read(bytes: &[u8]) -> Result<EventLog, CodecError> {
    read_from(bytes)
}

/// The same, as the bytes come.
pub fn read_from(from: impl Read) -> Result<EventLog, CodecError> {
    let mut reader = Reader::open(from)?;
    let mut log = reader.frame()?;
    log.case_columns = reader.all(log.cases())?;
    log.event_columns = reader.all(log.events())?;
    reader.finish()?;
    Ok(log)
}

/// Reads the [`moves`](EventLog::moves) of a log that [`write()`] wrote.
pub fn read_moves(from: impl Read) -> Result<EventLog, CodecError> {
    let mut reader = Reader::open(from)?;
    let log = reader.moves()?;
    reader.pass_columns()?;
    reader.pass_columns()?;
    reader.finish()?;
    Ok(log)
}

pub(super) fn is_coded(codes: &[u32], texts: usize, may_be_none: bool) -> bool {
    let is_known = |&code: &u32| (code as usize) < texts || (may_be_none && code == NONE);
    codes.iter().all(is_known)
}

/// Whether names, cases and events fit each other, so that no figure reads past an end.
fn is_whole(log: &EventLog, names: usize) -> bool {
    has_cases(log)
        && log.time.len() == log.events()
        && (log.start.is_empty() || log.start.len() == log.events())
        && is_coded(&log.case_name, names, false)
}

fn has_cases(log: &EventLog) -> bool {
    log.offsets.len() == log.cases() + 1
        && log.offsets[0] == 0
        && log.offsets.windows(2).all(|w| w[0] <= w[1])
        && log.offsets[log.cases()] as usize == log.events()
        && is_coded(&log.activity, log.activities.len(), false)
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
        let moves = read_moves(&bytes(&sample())[..]).unwrap();
        assert_eq!(moves, sample().moves());
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
