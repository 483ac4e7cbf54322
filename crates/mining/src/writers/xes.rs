//! A log as XES (IEEE 1849-2016), one case after another, so that memory does not grow with the log.

use crate::EventLog;
use crate::log::{Column, Values};
use crate::time::{MISSING, Micros};
use std::io::{self, Write};

/// Writes the chosen cases, or all.
pub fn write(log: &EventLog, cases: Option<&[u32]>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    out.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\" xmlns=\"http://www.xes-standard.org/\">\n\
        <extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n\
        <extension name=\"Time\" prefix=\"time\" uri=\"http://www.xes-standard.org/time.xesext\"/>\n\
        <extension name=\"Organizational\" prefix=\"org\" uri=\"http://www.xes-standard.org/org.xesext\"/>\n\
        <classifier name=\"Activity\" keys=\"concept:name\"/>\n",
    )?;
    let mut one = |case: usize| -> io::Result<()> {
        out.write_all(b"<trace>\n")?;
        text(&mut out, "string", "concept:name", log.case_name(case))?;
        log.case_columns
            .iter()
            .try_for_each(|c| cell(&mut out, c, case))?;
        for row in log.case(case) {
            out.write_all(b"<event>\n")?;
            text(
                &mut out,
                "string",
                "concept:name",
                log.activity_name(log.activity[row]),
            )?;
            if log.time[row] != MISSING {
                text(&mut out, "date", "time:timestamp", &stamp(log.time[row]))?;
            }
            if let Some(&start) = log.start.get(row)
                && start != MISSING
            {
                text(&mut out, "date", "start_timestamp", &stamp(start))?;
            }
            log.event_columns
                .iter()
                .try_for_each(|c| cell(&mut out, c, row))?;
            out.write_all(b"</event>\n")?;
        }
        out.write_all(b"</trace>\n")
    };
    match cases {
        Some(cases) => cases.iter().try_for_each(|&c| one(c as usize))?,
        None => (0..log.cases()).try_for_each(&mut one)?,
    }
    out.write_all(b"</log>\n")?;
    out.flush()
}

fn cell(out: &mut dyn Write, column: &Column, row: usize) -> io::Result<()> {
    let element = match column.values {
        Values::Text { .. } => "string",
        Values::Int(_) => "int",
        Values::Float(_) => "float",
        Values::Time(_) => "date",
        Values::Bool(_) => "boolean",
    };
    column
        .display(row)
        .map_or(Ok(()), |value| text(out, element, &column.name, &value))
}

fn text(out: &mut dyn Write, element: &str, key: &str, value: &str) -> io::Result<()> {
    write!(out, "<{element} key=\"")?;
    escaped(out, key)?;
    out.write_all(b"\" value=\"")?;
    escaped(out, value)?;
    out.write_all(b"\"/>\n")
}

fn escaped(out: &mut dyn Write, value: &str) -> io::Result<()> {
    let mut from = 0;
    for (at, b) in value.bytes().enumerate() {
        let with: &[u8] = match b {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\n' => b"&#10;",
            b'\r' => b"&#13;",
            b'\t' => b"&#9;",
            // XML has no way to write other control characters.
            0..=31 => b"\xef\xbf\xbd",
            _ => continue,
        };
        out.write_all(&value.as_bytes()[from..at])?;
        out.write_all(with)?;
        from = at + 1;
    }
    out.write_all(&value.as_bytes()[from..])
}

/// RFC 3339 in UTC.
pub(crate) fn stamp(time: Micros) -> String {
    jiff::Timestamp::from_microsecond(time)
        .map(|t| t.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder};
    use crate::readers::xes::{XesOptions, read};
    use crate::source::{Progress, Source};

    #[test]
    fn what_is_written_reads_back_the_same() {
        let mut b = LogBuilder::new();
        let case = b.case("<a> & \"b\"");
        b.case_attribute(case, "amount", Cell::Float(1.25));
        b.case_attribute(case, "city", Cell::Text("Köln\n\t'x'".into()));
        let row = b.event(case, "ask & answer", 1_700_000_000_123_456, MISSING);
        b.event_attribute(row, "n", Cell::Int(-3));
        b.event_attribute(row, "ok", Cell::Bool(true));
        b.event_attribute(row, "due", Cell::Time(1_600_000_000_000_000));
        let row = b.event(case, "done", MISSING, MISSING);
        b.event_attribute(row, "n", Cell::Int(4));
        let log = b.finish();
        let mut bytes = Vec::new();
        write(&log, None, &mut bytes).unwrap();
        let again = read(
            &Source::bytes(bytes),
            &XesOptions::default(),
            &Progress::default(),
        )
        .unwrap()
        .log;
        assert_eq!(again.time, log.time);
        assert_eq!(again.case_name(0), log.case_name(0));
        for column in &log.event_columns {
            assert_eq!(again.event_column(&column.name), Some(column));
        }
        for column in &log.case_columns {
            assert_eq!(again.case_column(&column.name), Some(column));
        }
    }
}
