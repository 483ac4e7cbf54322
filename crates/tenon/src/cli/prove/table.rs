//! A CSV file with named columns, read row by row. What is wrong is told with file, line and column.

use anyhow::{Context, anyhow};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

pub struct Table {
    name: String,
    columns: Vec<String>,
    reader: csv::Reader<Box<dyn Read>>,
    row: csv::ByteRecord,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Table {
    /// Opens a file, packed with gzip or not. Commas, semicolons or tabs part its columns; the header tells.
    pub fn open(path: &Path) -> anyhow::Result<Table> {
        let name = path.display().to_string();
        let cannot = || format!("cannot open {name}");
        let mut file = BufReader::with_capacity(1 << 18, File::open(path).with_context(cannot)?);
        let is_packed = file
            .fill_buf()
            .with_context(cannot)?
            .starts_with(&[0x1f, 0x8b]);
        let mut bytes: Box<dyn BufRead> = match is_packed {
            true => Box::new(BufReader::with_capacity(
                1 << 18,
                flate2::bufread::MultiGzDecoder::new(file),
            )),
            false => Box::new(file),
        };
        let head = bytes.fill_buf().with_context(cannot)?;
        let skip = if head.starts_with(BOM) { BOM.len() } else { 0 };
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        let most = [b',', b';', b'\t']
            .into_iter()
            .rev()
            .max_by_key(|mark| line.iter().filter(|b| *b == mark).count());
        bytes.consume(skip);
        let reader = csv::ReaderBuilder::new()
            .delimiter(most.unwrap_or(b','))
            .flexible(true)
            .has_headers(false)
            .from_reader(bytes as Box<dyn Read>);
        let mut table = Table {
            name,
            columns: Vec::new(),
            reader,
            row: csv::ByteRecord::new(),
        };
        anyhow::ensure!(
            table.next()?,
            "{} is empty. It needs a line with the names of its columns.",
            table.name
        );
        table.columns = table
            .row
            .iter()
            .map(|c| String::from_utf8_lossy(c).trim().to_lowercase())
            .collect();
        Ok(table)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    pub fn needed(&self, name: &str) -> anyhow::Result<usize> {
        self.column(name).ok_or_else(|| {
            anyhow!(
                "{}, line 1: there is no column \"{name}\" among {}. Add it, or rename the column that holds it.",
                self.name,
                self.columns.join(", ")
            )
        })
    }

    /// Goes to the next row; false at the end.
    pub fn next(&mut self) -> anyhow::Result<bool> {
        self.reader
            .read_byte_record(&mut self.row)
            .with_context(|| format!("{} cannot be read further", self.name))
    }

    /// A cell of the row; nothing where the row is too short.
    pub fn bytes(&self, column: usize) -> &[u8] {
        self.row.get(column).unwrap_or_default().trim_ascii()
    }

    pub fn text(&self, column: usize) -> anyhow::Result<&str> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| {
            self.wrong(
                column,
                "the text is not UTF-8.",
                "Save the file as UTF-8 and try again.",
            )
        })
    }

    /// A moment; nothing where the cell is empty. Times that name no zone are in UTC.
    pub fn moment(&self, column: usize) -> anyhow::Result<Option<i64>> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        moment(text).map(Some).ok_or_else(|| {
            self.wrong(
                column,
                &format!("\"{text}\" is no moment."),
                "Write it as 2024-01-31 or 2024-01-31T14:05:00.",
            )
        })
    }

    /// A number; nothing where the cell is empty.
    pub fn number(&self, column: usize) -> anyhow::Result<Option<f64>> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let number: Option<f64> = text.parse().ok();
        number.filter(|n| n.is_finite()).map(Some).ok_or_else(|| {
            self.wrong(
                column,
                &format!("\"{text}\" is no number."),
                "Write it with a point, such as 12.5.",
            )
        })
    }

    /// What is wrong in a cell of this row.
    pub fn wrong(&self, column: usize, what: &str, remedy: &str) -> anyhow::Error {
        let line = self.row.position().map_or(0, csv::Position::line);
        let column = self.columns.get(column).map_or("?", String::as_str);
        anyhow!(
            "{}, line {line}, column {column}: {what} {remedy}",
            self.name
        )
    }
}

/// Microseconds since 1970 of a date, with or without a time of day, with or without a zone.
pub fn moment(text: &str) -> Option<i64> {
    let names_zone = text
        .bytes()
        .skip("2024-01-01".len())
        .any(|b| matches!(b, b'Z' | b'z' | b'+' | b'-'));
    let moment = if names_zone {
        text.parse::<jiff::Timestamp>().ok()
    } else {
        let civil = text.parse::<jiff::civil::DateTime>().ok();
        civil.and_then(|c| jiff::tz::Offset::UTC.to_timestamp(c).ok())
    };
    moment.map(|t| t.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_time_and_zone() {
        let day = 19_723 * mining::time::DAY;
        let hour = mining::time::HOUR;
        for (text, expected) in [
            ("2024-01-01", Some(day)),
            ("2024-01-01T01:00:00", Some(day + hour)),
            ("2024-01-01 01:00", Some(day + hour)),
            ("2024-01-01T01:00:00.5Z", Some(day + hour + 500_000)),
            ("2024-01-01T01:00:00+01:00", Some(day)),
            ("01.02.2024", None),
            ("2024-02-30", None),
            ("soon", None),
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
    }
}
