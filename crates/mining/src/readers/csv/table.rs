//! The table before its columns have a meaning: encoding, delimiter, header, rows.

use super::rows::{Rows, too_long};
use crate::error::{Place, ReadError};
use crate::readers::text::{decoded, unpacked};
use crate::source::{Progress, Source};
use encoding_rs::Encoding;
use std::io::Read;

/// How far into a file is looked before it is read, and how far when its first rows are longer than that.
pub(super) const LOOK: usize = 1 << 20;
const FARTHEST: usize = LOOK << 5;
/// Rows that are looked at.
const MOST_ROWS: usize = 5_000;

/// The first part of a table, split.
#[derive(Debug)]
pub(super) struct Head {
    pub encoding: &'static Encoding,
    pub delimiter: u8,
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// The line that each row begins in.
    pub lines: Vec<u64>,
}

/// Looks at the beginning of a file.
pub(super) fn head(
    source: &Source,
    delimiter: Option<char>,
    encoding: Option<&str>,
) -> Result<Head, ReadError> {
    let progress = Progress::default();
    let mut start = Vec::new();
    let mut bytes = unpacked(source, &progress)?;
    for far in [LOOK, FARTHEST] {
        let more = (far - start.len()) as u64;
        let read = bytes.by_ref().take(more).read_to_end(&mut start);
        read.map_err(|e| crate::readers::text::io_error(&e, 0))?;
        let whole = start.len() < far;
        if let Some(head) = split(&start, whole, far, delimiter, encoding)? {
            return Ok(head);
        }
    }
    Err(too_long(1, FARTHEST))
}

/// Splits the beginning of a file; `None` when it does not hold two rows and more can be looked at.
fn split(
    start: &[u8],
    whole: bool,
    far: usize,
    delimiter: Option<char>,
    encoding: Option<&str>,
) -> Result<Option<Head>, ReadError> {
    if start.iter().all(u8::is_ascii_whitespace) {
        return Err(error(
            "empty_file",
            "The file is empty.",
            Place::byte(0),
            "Choose a file with events.",
        ));
    }
    let encoding = match encoding {
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            error(
                "unknown_encoding",
                format!("There is no encoding \"{label}\"."),
                Place::default(),
                "Use utf-8, utf-16 or windows-1252.",
            )
        })?,
        None => sniff_encoding(start),
    };
    let (text, _, _) = encoding.decode(start);
    if text.contains('\0') {
        let at = start.iter().position(|&b| b == 0).unwrap_or(0) as u64;
        return Err(error(
            "wrong_format",
            "The file is not a table of text.",
            Place::byte(at),
            "Export the events as CSV.",
        ));
    }
    // A line cut in two at the end of what was looked at says nothing.
    let text = if whole {
        &text[..]
    } else {
        &text[..text.rfind(['\n', '\r']).unwrap_or(text.len())]
    };
    let (text, named, first_line) = match text.strip_prefix("sep=") {
        Some(rest) => (
            rest.split_once(['\n', '\r'])
                .map_or("", |(_, r)| r.trim_start_matches('\n')),
            rest.chars().next(),
            2,
        ),
        None => (text, None, 1),
    };
    let delimiter = delimiter.or(named).map_or_else(
        || sniff_delimiter(text),
        |c| u8::try_from(c).unwrap_or(b','),
    );
    let mut reader = Rows::new(text.as_bytes(), delimiter, first_line);
    let mut record = csv::ByteRecord::new();
    let (mut rows, mut lines): (Vec<Vec<String>>, Vec<u64>) = (Vec::new(), Vec::new());
    while rows.len() <= MOST_ROWS {
        match reader.next(&mut record, 0) {
            Ok(Some(line)) => {
                let field = |f: &[u8]| String::from_utf8_lossy(f).trim().to_string();
                rows.push(record.iter().map(field).collect());
                lines.push(line);
            }
            Ok(None) => break,
            // A row that goes on beyond what was looked at is no sign of anything, unless it is all that was seen.
            Err(_) if !whole && rows.len() > 1 => break,
            Err(_) if !whole && far < FARTHEST => return Ok(None),
            Err(e) => return Err(e),
        }
    }
    if rows.len() < 2 && !whole {
        return match far {
            FARTHEST => Err(too_long(first_line + rows.len() as u64, FARTHEST)),
            _ => Ok(None),
        };
    }
    if rows.is_empty() {
        return Err(error(
            "empty_file",
            "The file has no rows.",
            Place::line(1),
            "Choose a file with events.",
        ));
    }
    let names = unique(rows.remove(0));
    lines.remove(0);
    if names.len() < 2 {
        let what = "The file has only one column.";
        return Err(error(
            "one_column",
            what,
            Place::line(1),
            "Name the delimiter if it is none of comma, semicolon, tab and bar.",
        ));
    }
    if rows.is_empty() {
        return Err(error(
            "empty_log",
            "The file has a header and no rows.",
            Place::line(1),
            "Export it again with at least one event.",
        ));
    }
    Ok(Some(Head {
        encoding,
        delimiter,
        names,
        rows,
        lines,
    }))
}

pub(super) fn error(
    code: &'static str,
    what: impl Into<String>,
    place: Place,
    remedy: &str,
) -> ReadError {
    ReadError::new(code, what, place, remedy)
}

/// A table of UTF-8 text; rows may have any number of fields, lines any kind of end.
pub(super) fn reader<R: Read>(text: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(text)
}

/// The whole file as UTF-8, past a `sep=` line, and the number of the line that it begins with.
pub(super) fn text<'a>(
    source: &Source,
    encoding: &'static Encoding,
    progress: &'a Progress,
) -> Result<(Box<dyn Read + Send + 'a>, u64), ReadError> {
    let mut text = decoded(unpacked(source, progress)?, Some(encoding))
        .map_err(|e| crate::readers::text::io_error(&e, 0))?;
    let mut start = Vec::new();
    text.by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|e| crate::readers::text::io_error(&e, 0))?;
    if start == b"sep=" {
        // To the end of that line, and past the second half of it.
        let mut next = || -> Result<Option<u8>, ReadError> {
            let mut byte = [0u8; 1];
            let n = text.read(&mut byte);
            let n = n.map_err(|e| crate::readers::text::io_error(&e, 0))?;
            Ok((n == 1).then_some(byte[0]))
        };
        let mut ahead = next()?;
        while ahead.is_some_and(|b| b != b'\n' && b != b'\r') {
            ahead = next()?;
        }
        let ahead = match ahead {
            Some(b'\r') => next()?.filter(|&b| b != b'\n'),
            _ => None,
        };
        let ahead: Vec<u8> = ahead.into_iter().collect();
        return Ok((Box::new(std::io::Cursor::new(ahead).chain(text)), 2));
    }
    Ok((Box::new(std::io::Cursor::new(start).chain(text)), 1))
}

fn sniff_encoding(start: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return encoding;
    }
    // Text in UTF-16 has a zero in every second byte.
    let zeros = |from: usize| {
        start
            .iter()
            .take(4096)
            .skip(from)
            .step_by(2)
            .filter(|&&b| b == 0)
            .count()
    };
    let half = start.len().min(4096) / 2;
    if half > 4 && zeros(1) * 2 > half && zeros(0) * 10 < half {
        return encoding_rs::UTF_16LE;
    }
    if half > 4 && zeros(0) * 2 > half && zeros(1) * 10 < half {
        return encoding_rs::UTF_16BE;
    }
    match std::str::from_utf8(start) {
        Ok(_) => encoding_rs::UTF_8,
        // A letter cut in two at the end is no sign of another encoding.
        Err(e) if e.error_len().is_none() && start.len() >= LOOK => encoding_rs::UTF_8,
        Err(_) => encoding_rs::WINDOWS_1252,
    }
}

/// The delimiter that splits the first rows into most fields, the same number in each.
fn sniff_delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| -> (usize, usize) {
        let mut rows = reader(text.as_bytes(), delimiter);
        let counts: Vec<usize> = rows.records().flatten().take(50).map(|r| r.len()).collect();
        let first = counts.first().copied().unwrap_or(1);
        if first < 2 {
            return (0, 0);
        }
        let alike = counts.iter().filter(|&&n| n == first).count();
        (alike * 100 / counts.len().max(1) / 10, first)
    };
    [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(|&d| score(d))
        .unwrap_or(b',')
}

/// Names of columns; one that is empty or comes twice gets a number.
pub(super) fn unique(names: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(names.len());
    let mut seen = rustc_hash::FxHashSet::default();
    for (i, name) in names.into_iter().enumerate() {
        let base = if name.is_empty() {
            format!("column {}", i + 1)
        } else {
            name
        };
        let mut name = base.clone();
        let mut n = 2;
        while !seen.insert(name.clone()) {
            name = format!("{base} ({n})");
            n += 1;
        }
        out.push(name);
    }
    out
}
