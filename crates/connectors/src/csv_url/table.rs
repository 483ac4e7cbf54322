//! The rows of the file. A row that cannot be read stops the sync with its line: leaving it out would bend the figures unseen.

use crate::source::History;
use crate::text::line;
use crate::{Change, Fault, Field, Micros, Settings};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub case: String,
    pub stage: String,
    pub at: Micros,
    pub name: String,
    pub by: String,
    /// Columns of other names.
    pub more: Vec<(String, String)>,
}

/// Which column is what; chosen when connecting, and before there was a choice they had these names.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    pub case: &'a str,
    pub stage: &'a str,
    pub time: &'a str,
}

/// The settings that name the columns.
pub const COLUMNS: [&str; 3] = ["case_column", "stage_column", "time_column"];

/// How often it is looked, as it is chosen, and how long that is.
pub const EVERY: [(&str, Micros); 4] = [
    ("minute", 60_000_000),
    ("15 minutes", 900_000_000),
    ("hour", 3_600_000_000),
    ("day", 86_400_000_000),
];

const fn column(name: &'static str, label: &'static str) -> Field {
    Field {
        name,
        label,
        hint: "As its header says. Empty: it is guessed",
        is_secret: false,
        is_required: false,
    }
}

pub const CASE: Field = column(COLUMNS[0], "Column of the case");
pub const STAGE: Field = column(COLUMNS[1], "Column of the stage");
pub const TIME: Field = column(COLUMNS[2], "Column of the time");

pub const EVERY_FIELD: Field = Field {
    name: "every",
    label: "Look every",
    hint: "minute, 15 minutes, hour or day. Empty is a minute",
    is_secret: false,
    is_required: false,
};

/// How often it is looked.
pub fn every(settings: &Settings) -> Result<Micros, Fault> {
    let said = settings.get("every").trim();
    let found = EVERY.iter().find(|(name, _)| *name == said);
    match found {
        Some((_, every)) => Ok(*every),
        None if said.is_empty() => Ok(EVERY[0].1),
        None => Err(Fault::Refused(format!(
            "look every {said:?}: choose minute, 15 minutes, hour or day"
        ))),
    }
}

impl<'a> Columns<'a> {
    pub fn of(settings: &'a Settings) -> Columns<'a> {
        let [case, stage, time] = COLUMNS;
        let named = |setting: &str, usual: &'a str| match settings.get(setting).trim() {
            "" => usual,
            name => name,
        };
        Columns {
            case: named(case, "case"),
            stage: named(stage, "stage"),
            time: named(time, "time"),
        }
    }
}

/// Other columns that are kept of a row.
const MORE: usize = 20;

impl Row {
    pub fn change(&self) -> Change {
        let name = if self.name.is_empty() {
            &self.case
        } else {
            &self.name
        };
        let at = self.at.to_string();
        Change {
            id: digest(&[self.case.as_bytes(), self.stage.as_bytes(), at.as_bytes()]),
            case: self.case.clone(),
            case_name: name.clone(),
            case_url: None,
            stage: self.stage.clone(),
            at: self.at,
            by: Some(self.by.clone()).filter(|by| !by.is_empty()),
            history: History::Native,
            attributes: self.more.clone(),
        }
    }
}

pub fn digest(parts: &[&[u8]]) -> String {
    use base64::Engine;
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&digest.finish().as_ref()[..18])
}

pub fn rows(file: &[u8], columns: Columns) -> Result<Vec<Row>, Fault> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(file))
        .trim(csv::Trim::All)
        .from_reader(file);
    let header = reader.headers().map_err(strange)?.clone();
    let all = line(&header.iter().collect::<Vec<_>>().join(", "));
    let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
    let needed = |name: &str| {
        let missing = || format!("line 1: there is no column {name}; the columns are: {all}");
        column(name).ok_or_else(|| Fault::Strange(missing()))
    };
    let (case, stage, time) = (
        needed(columns.case)?,
        needed(columns.stage)?,
        needed(columns.time)?,
    );
    let (name, by) = (column("name"), column("by"));
    let others: Vec<usize> = (0..header.len())
        .filter(|i| ![Some(case), Some(stage), Some(time), name, by].contains(&Some(*i)))
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(strange)?;
        let number = record.position().map_or(0, csv::Position::line);
        let text = |i: usize| line(record.get(i).unwrap_or_default());
        let at = moment(record.get(time).unwrap_or_default());
        let wrong = |what: &str| Fault::Strange(format!("line {number}: {what}"));
        let row = Row {
            case: text(case),
            stage: text(stage),
            at: at.ok_or_else(|| {
                wrong(&format!(
                    "column {}: {:?} is no time; write it as 2026-01-31 14:05:00",
                    columns.time,
                    text(time)
                ))
            })?,
            name: name.map(text).unwrap_or_default(),
            by: by.map(text).unwrap_or_default(),
            more: others
                .iter()
                .take(MORE)
                .map(|i| (line(&header[*i]), text(*i)))
                .filter(|(_, v)| !v.is_empty())
                .collect(),
        };
        for (value, name) in [(&row.case, columns.case), (&row.stage, columns.stage)] {
            if value.is_empty() {
                return Err(wrong(&format!("column {name} is empty")));
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

fn strange(error: csv::Error) -> Fault {
    let at = error.position().map(|p| format!("line {}: ", p.line()));
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("it has {len} fields, and the header has {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".into(),
        _ => "not a table with commas".into(),
    };
    Fault::Strange(format!("{}{what}", at.unwrap_or_default()))
}

/// The one of the usual separators that the header has most of.
fn separator(file: &[u8]) -> u8 {
    let header = file.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|b| **b == separator).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|s| count(*s))
        .unwrap_or(b',')
}

/// With a zone, or else in UTC; a day alone is its beginning.
fn moment(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let german = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"].into_iter();
    let german = || {
        german
            .clone()
            .find_map(|f| DateTime::strptime(f, text).ok())
    };
    let at = text.parse::<DateTime>().ok().or_else(german);
    let at = at.or_else(|| text.parse::<Date>().ok().map(|d| d.at(0, 0, 0, 0)));
    let at = at.or_else(|| Some(Date::strptime("%d.%m.%Y", text).ok()?.at(0, 0, 0, 0)));
    Some(TimeZone::UTC.to_timestamp(at?).ok()?.as_microsecond())
}

/// The stages in the order in which cases mostly come to them: by how many stages a case had before, in the middle.
pub fn stages(rows: &[Row]) -> Vec<String> {
    let mut cases: BTreeMap<&str, Vec<(Micros, &str)>> = BTreeMap::new();
    for row in rows {
        cases
            .entry(&row.case)
            .or_default()
            .push((row.at, &row.stage));
    }
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for case in cases.values_mut() {
        case.sort();
        for (place, (_, stage)) in case.iter().enumerate() {
            places.entry(stage).or_default().push(place);
        }
    }
    let mut stages: Vec<(usize, &str)> = Vec::new();
    for (stage, mut places) in places {
        places.sort_unstable();
        stages.push((places[places.len() / 2], stage));
    }
    stages.sort();
    stages.into_iter().map(|(_, stage)| stage.into()).collect()
}
