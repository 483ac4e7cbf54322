//! The rows of a table one by one, each with the line it begins in, and an error where a quote goes astray.

use super::lines::{LONGEST, Lined, Stray, breaks, stray_quote};
use super::table::{error, reader};
use crate::error::{Place, ReadError};
use csv::{ByteRecord, ErrorKind};
use std::io::Read;

pub(super) struct Rows<R> {
    reader: csv::Reader<Lined<R>>,
    delimiter: u8,
    /// Fields of the first row.
    width: usize,
}

impl<R: Read> Rows<R> {
    pub fn new(text: R, delimiter: u8, first_line: u64) -> Self {
        Rows {
            reader: reader(Lined::new(text, first_line), delimiter),
            delimiter,
            width: 0,
        }
    }

    /// The next row and the line it begins in. `done` are the bytes of the file taken so far, for errors of reading.
    pub fn next(&mut self, record: &mut ByteRecord, done: u64) -> Result<Option<u64>, ReadError> {
        let from = self.reader.position().byte();
        self.reader.get_mut().begin(from);
        match self.reader.read_byte_record(record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) => return Err(self.broken(e, from, done)),
        }
        let to = self.reader.position().byte();
        let line = self.reader.get_mut().line_at(from);
        if self.width == 0 {
            self.width = record.len();
        }
        if let Some(text) = self.reader.get_ref().suspect(from, to)
            && let Some(stray) = stray_quote(text, self.delimiter, self.width)
        {
            return Err(open_quote(text, stray, line));
        }
        Ok(Some(line))
    }

    fn broken(&mut self, e: csv::Error, from: u64, done: u64) -> ReadError {
        let line = self.reader.get_mut().line_at(from);
        match e.into_kind() {
            ErrorKind::Io(e) if e.kind() == std::io::ErrorKind::FileTooLarge => {
                let text = self.reader.get_ref().since(from);
                match stray_quote(text, self.delimiter, self.width) {
                    Some(stray) => open_quote(text, stray, line),
                    None => too_long(line, LONGEST),
                }
            }
            ErrorKind::Io(e) => crate::readers::text::io_error(&e, done),
            other => error(
                "broken_csv",
                format!("The table cannot be read: {other:?}."),
                Place::line(line),
                "Export it again.",
            ),
        }
    }
}

/// A stray quote of a text whose first line with content has this number.
fn open_quote(text: &[u8], stray: Stray, line: u64) -> ReadError {
    let blank = text
        .iter()
        .take_while(|b| matches!(b, b'\n' | b'\r'))
        .count();
    let line = line + breaks(text.get(blank..stray.byte()).unwrap_or_default());
    let what = match stray {
        Stray::Open(_) => "A quote is opened here and never closed.",
        Stray::Swallows(_) => "A quote is opened here and not closed before the next row.",
    };
    error(
        "open_quote",
        what,
        Place::line(line),
        "Close it, or write two quotes where the text itself has one.",
    )
}

pub(super) fn too_long(line: u64, longest: usize) -> ReadError {
    error(
        "too_long",
        format!("The row goes on for more than {} MB.", longest >> 20),
        Place::line(line),
        "Check that the file is a table with one event a line.",
    )
}
