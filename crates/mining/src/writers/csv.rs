//! A log as CSV (RFC 4180, UTF-8): one row an event, names of columns as other process mining tools know them.

use super::xes::stamp;
use crate::EventLog;
use crate::time::MISSING;
use std::io::{self, Write};

/// Writes the chosen cases, or all. Attributes of the case stand in columns that begin with `case:`. Texts are written
/// as they are: a spreadsheet may run one that begins with `=` as a formula.
pub fn write(log: &EventLog, cases: Option<&[u32]>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    let mut header = vec![
        "case:concept:name".to_string(),
        "concept:name".into(),
        "time:timestamp".into(),
    ];
    if !log.start.is_empty() {
        header.push("start_timestamp".into());
    }
    header.extend(log.event_columns.iter().map(|c| c.name.clone()));
    header.extend(log.case_columns.iter().map(|c| format!("case:{}", c.name)));
    rows.write_record(&header)?;
    let time = |t| {
        if t == MISSING {
            String::new()
        } else {
            stamp(t)
        }
    };
    let mut one = |case: usize| -> io::Result<()> {
        let of_case: Vec<String> = log
            .case_columns
            .iter()
            .map(|c| c.display(case).unwrap_or_default())
            .collect();
        for row in log.case(case) {
            rows.write_field(log.case_name(case))?;
            rows.write_field(log.activity_name(log.activity[row]))?;
            rows.write_field(time(log.time[row]))?;
            if let Some(&start) = log.start.get(row) {
                rows.write_field(time(start))?;
            }
            for column in &log.event_columns {
                rows.write_field(column.display(row).unwrap_or_default())?;
            }
            of_case
                .iter()
                .try_for_each(|value| rows.write_field(value))?;
            rows.write_record(None::<&[u8]>)?;
        }
        Ok(())
    };
    match cases {
        Some(cases) => cases.iter().try_for_each(|&c| one(c as usize))?,
        None => (0..log.cases()).try_for_each(&mut one)?,
    }
    rows.flush()
}
