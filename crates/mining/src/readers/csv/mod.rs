//! The reader of tables (CSV, TSV): whatever encoding, delimiter, line end and date format they come in.
//!
//! [`preview`] guesses what the columns mean and says why; [`read`] reads by a [`Mapping`], one pass, into columns. Rows
//! that cannot be used are skipped and counted; when more than half cannot be used, nothing is read.

mod collect;
mod dates;
mod guess;
mod mapping;
mod table;
#[cfg(test)]
mod tests;

pub use guess::{Ambiguity, ColumnGuess, ColumnKind, Preview, preview};
pub use mapping::{DateFormat, Decimal, Delimiter, Mapping, Overrides, Shape, ShapeKind};

use crate::error::{Place, ReadError};
use crate::readers::Imported;
use crate::source::{Progress, Source};
use collect::Collector;
use std::io::Read;
use table::error;

/// Reads a table by a mapping, or nothing at all.
pub fn read(
    source: &Source,
    mapping: &Mapping,
    progress: &Progress,
) -> Result<Imported, ReadError> {
    let encoding =
        encoding_rs::Encoding::for_label(mapping.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let text = table::text(source, encoding, progress)?;
    let delimiter = u8::try_from(mapping.delimiter).map_err(|_| {
        error(
            "bad_delimiter",
            format!("\"{}\" cannot part columns.", mapping.delimiter),
            Place::default(),
            "Use , ; tab or |.",
        )
    })?;
    let mut rows = table::reader(Tail::new(text), delimiter);
    let mut record = csv::ByteRecord::new();
    let broken = |e: csv::Error| match e.into_kind() {
        csv::ErrorKind::Io(e) => crate::readers::text::io_error(&e, progress.done()),
        other => error(
            "broken_csv",
            format!("The table cannot be read: {other:?}."),
            Place::default(),
            "Export it again.",
        ),
    };
    if !rows.read_byte_record(&mut record).map_err(broken)? {
        return Err(error(
            "empty_file",
            "The file has no rows.",
            Place::line(1),
            "Choose a file with events.",
        ));
    }
    let header: Vec<String> = record
        .iter()
        .map(|f| String::from_utf8_lossy(f).trim().to_string())
        .collect();
    let mut collector = Collector::new(&table::unique(header), mapping)?;
    let mut total = 0u64;
    let mut last_line = 1;
    let mut ends_in_lines = false;
    loop {
        if total.is_multiple_of(4096) && progress.is_cancelled() {
            return Err(error(
                "cancelled",
                "The import was stopped.",
                Place::default(),
                "Nothing of it was kept.",
            ));
        }
        if !rows.read_byte_record(&mut record).map_err(broken)? {
            break;
        }
        total += 1;
        last_line = record.position().map_or(0, csv::Position::line);
        let last = record.get(record.len().saturating_sub(1)).unwrap_or(b"");
        ends_in_lines = memchr::memchr2(b'\n', b'\r', last).is_some();
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        collector.row(last_line, &record)?;
    }
    // A quote that is never closed makes the rest of the file one field, whose last letter is no quote.
    if ends_in_lines && rows.get_ref().last != b'"' {
        return Err(error(
            "open_quote",
            "A quote is opened and never closed.",
            Place::line(last_line),
            "Close it, or double the quotes inside the text.",
        ));
    }
    collector.finish(total)
}

/// Remembers the last byte that was read, line ends aside.
struct Tail<R> {
    inner: R,
    last: u8,
}

impl<R> Tail<R> {
    fn new(inner: R) -> Self {
        Tail { inner, last: 0 }
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let letter = buffer[..n].iter().rfind(|b| !b.is_ascii_whitespace());
        self.last = letter.copied().unwrap_or(self.last);
        Ok(n)
    }
}
