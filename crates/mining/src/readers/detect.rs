//! What kind of file this is: by what is in it first, by its name second.

use serde::Serialize;

/// Kinds of files that can be imported, and those that are recognised to be refused well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// XES, plain or gzipped.
    Xes,
    Csv,
    /// OCEL 1 or 2 as JSON.
    OcelJson,
    /// OCEL 1 or 2 as XML.
    OcelXml,
    OcelSqlite,
    Bpmn,
    /// A spreadsheet workbook, to be exported as CSV first.
    Spreadsheet,
    Unknown,
}

/// The kind of a file by its first bytes (some thousand are enough; unpacked ones when the file is gzipped) and name.
pub fn kind(head: &[u8], name: &str) -> FileKind {
    if head.starts_with(b"SQLite format 3\0") {
        return FileKind::OcelSqlite;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0") {
        return FileKind::Spreadsheet;
    }
    let text = encoding_rs::Encoding::for_bom(head).map_or_else(
        || match head {
            [b'<', 0, ..] => encoding_rs::UTF_16LE.decode(head).0,
            [0, b'<', ..] => encoding_rs::UTF_16BE.decode(head).0,
            _ => String::from_utf8_lossy(head),
        },
        |(encoding, _)| encoding.decode(head).0,
    );
    let text = text.trim_start();
    let name = name.to_ascii_lowercase();
    if text.starts_with('<') {
        return match root(text).unwrap_or_default() {
            "definitions" => FileKind::Bpmn,
            "log" if text.contains("ocel") && !text.contains("xes") || name.contains("ocel") => {
                FileKind::OcelXml
            }
            "ocel" => FileKind::OcelXml,
            "log" => FileKind::Xes,
            _ if name.ends_with(".bpmn") => FileKind::Bpmn,
            _ if name.ends_with(".xes") || name.ends_with(".xes.gz") => FileKind::Xes,
            _ => FileKind::Unknown,
        };
    }
    if text.starts_with('{') || text.starts_with('[') {
        return FileKind::OcelJson;
    }
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    match plain.rsplit('.').next() {
        Some("xes") => FileKind::Xes,
        Some("bpmn") => FileKind::Bpmn,
        Some("jsonocel") => FileKind::OcelJson,
        Some("xmlocel") => FileKind::OcelXml,
        _ if head.iter().filter(|&&b| b == 0).count() * 4 > head.len() * 3 => FileKind::Unknown,
        _ => FileKind::Csv,
    }
}

/// The local name of the first element.
fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')?..];
        if rest.starts_with("<!--") {
            rest = &rest[rest.find("-->")?..];
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest = &rest[1..];
        } else {
            let name = rest[1..]
                .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
                .next()?;
            return Some(name.rsplit(':').next().unwrap_or(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_counts_before_the_name() {
        let known: [(&[u8], &str, FileKind); 10] = [
            (
                b"<?xml version='1.0'?><!-- <log> --><bpmn:definitions>",
                "log.xes",
                FileKind::Bpmn,
            ),
            (b"\xef\xbb\xbf<log xes.version='1.0'>", "x", FileKind::Xes),
            (b"<log><events>", "a.xmlocel", FileKind::OcelXml),
            (b"<x:log>", "a", FileKind::Xes),
            (b" {\"ocel:events\":", "a.csv", FileKind::OcelJson),
            (b"SQLite format 3\0rest", "a", FileKind::OcelSqlite),
            (b"PK\x03\x04", "deals.xlsx", FileKind::Spreadsheet),
            (b"case,activity\n", "a.csv", FileKind::Csv),
            (b"\xff\xfe<\0l\0o\0g\0>\0", "a", FileKind::Xes),
            (b"", "a.xes", FileKind::Xes),
        ];
        for (head, name, expected) in known {
            assert_eq!(
                kind(head, name),
                expected,
                "{}",
                String::from_utf8_lossy(head)
            );
        }
    }
}
