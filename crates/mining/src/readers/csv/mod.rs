//! The reader of tables (CSV, TSV): whatever encoding, delimiter, line end and date format they come in.
//!
//! [`preview`] guesses what the columns mean and says why; [`read`] reads by a [`Mapping`], one pass, into columns. Rows
//! that cannot be used are skipped and counted; when more than half cannot be used, nothing is read.

mod collect;
mod dates;
mod formats;
mod guess;
mod lines;
mod mapping;
mod rows;
mod stages;
mod table;
#[cfg(test)]
mod tests;

pub use guess::{Ambiguity, ColumnGuess, ColumnKind, Preview, header, preview, preview_like};
pub use mapping::{DateFormat, Decimal, Delimiter, Mapping, Overrides, Shape, ShapeKind};

use crate::error::{Place, ReadError};
use crate::readers::Imported;
use crate::source::{Progress, Source};
use collect::Collector;
use rows::Rows;
use table::error;

/// Reads a table by a mapping, or nothing at all.
pub fn read(
    source: &Source,
    mapping: &Mapping,
    progress: &Progress,
) -> Result<Imported, ReadError> {
    let encoding =
        encoding_rs::Encoding::for_label(mapping.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let (text, first_line) = table::text(source, encoding, progress)?;
    let delimiter = u8::try_from(mapping.delimiter).map_err(|_| {
        error(
            "bad_delimiter",
            format!("\"{}\" cannot part columns.", mapping.delimiter),
            Place::default(),
            "Use , ; tab or |.",
        )
    })?;
    let mut rows = Rows::new(text, delimiter, first_line);
    let mut record = csv::ByteRecord::new();
    if rows.next(&mut record, progress.done())?.is_none() {
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
    while let Some(line) = rows.next(&mut record, progress.done())? {
        if total.is_multiple_of(4096) && progress.is_cancelled() {
            return Err(error(
                "cancelled",
                "The import was stopped.",
                Place::default(),
                "Nothing of it was kept.",
            ));
        }
        total += 1;
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        collector.row(line, &record)?;
    }
    collector.finish(total)
}
