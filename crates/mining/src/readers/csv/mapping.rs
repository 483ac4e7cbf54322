//! How the columns of a table are understood: guessed, confirmed by a person, kept for the next file with that header.

use serde::{Deserialize, Serialize};

/// What a row is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One row an event.
    Events {
        activity: String,
        time: Option<String>,
        start: Option<String>,
    },
    /// One row a change of stage.
    StageHistory {
        from: Option<String>,
        to: String,
        time: String,
    },
    /// One row a case, with a date column a stage: column and name of the stage.
    Snapshot { stages: Vec<(String, String)> },
}

/// Columns by name; everything else in the table is an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub shape: Shape,
    pub case: String,
    pub resource: Option<String>,
    pub team: Option<String>,
    pub date_format: DateFormat,
    pub decimal: Decimal,
    /// IANA name of the zone of times that name none.
    pub zone: String,
    pub delimiter: char,
    /// Label of the encoding, such as `utf-8` or `windows-1252`.
    pub encoding: String,
}

/// In which order day, month and year stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// Year first: ISO 8601 and its relatives.
    #[default]
    Ymd,
    /// Day first.
    Dmy,
    /// Month first.
    Mdy,
    EpochSeconds,
    EpochMillis,
    EpochMicros,
    /// Days since the end of 1899, as spreadsheets count: 45000.5 is noon of 15 March 2023.
    Excel,
}

impl DateFormat {
    pub const ALL: [DateFormat; 7] = [
        DateFormat::Ymd,
        DateFormat::Dmy,
        DateFormat::Mdy,
        DateFormat::EpochSeconds,
        DateFormat::EpochMillis,
        DateFormat::EpochMicros,
        DateFormat::Excel,
    ];

    /// As people write it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            DateFormat::Ymd => "ymd",
            DateFormat::Dmy => "dmy",
            DateFormat::Mdy => "mdy",
            DateFormat::EpochSeconds => "epoch-s",
            DateFormat::EpochMillis => "epoch-ms",
            DateFormat::EpochMicros => "epoch-us",
            DateFormat::Excel => "excel",
        }
    }
}

impl std::str::FromStr for DateFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let word = if word == "iso" { "ymd" } else { word };
        let found = DateFormat::ALL.into_iter().find(|f| f.word() == word);
        found.ok_or_else(|| format!("\"{word}\" is no date format; use ymd, dmy, mdy, iso, epoch-s, epoch-ms, epoch-us or excel"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    #[default]
    Point,
    Comma,
}

/// What a row is, without its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    Events,
    StageHistory,
    Snapshot,
}

impl std::str::FromStr for ShapeKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "events" => Ok(ShapeKind::Events),
            "stage-history" => Ok(ShapeKind::StageHistory),
            "snapshot" => Ok(ShapeKind::Snapshot),
            _ => Err(format!(
                "a row cannot be \"{word}\"; use events, stage-history or snapshot"
            )),
        }
    }
}

impl ShapeKind {
    /// As people write it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            ShapeKind::Events => "events",
            ShapeKind::StageHistory => "stage-history",
            ShapeKind::Snapshot => "snapshot",
        }
    }
}

impl Shape {
    pub fn kind(&self) -> ShapeKind {
        match self {
            Shape::Events { .. } => ShapeKind::Events,
            Shape::StageHistory { .. } => ShapeKind::StageHistory,
            Shape::Snapshot { .. } => ShapeKind::Snapshot,
        }
    }
}

impl std::str::FromStr for Decimal {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "point" | "." => Ok(Decimal::Point),
            "comma" | "," => Ok(Decimal::Comma),
            _ => Err(format!("\"{word}\" is no decimal mark; use point or comma")),
        }
    }
}

/// What parts columns: one ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub char);

impl std::str::FromStr for Delimiter {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let one = match word {
            "tab" | "\\t" => Some('\t'),
            _ => word
                .chars()
                .next()
                .filter(|c| c.is_ascii() && word.len() == 1),
        };
        one.map(Delimiter)
            .ok_or_else(|| "use one character, or tab".into())
    }
}

/// What a person says in place of the guess. An empty column name says that there is no such column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    pub shape: Option<ShapeKind>,
    pub case: Option<String>,
    pub activity: Option<String>,
    pub time: Option<String>,
    pub start: Option<String>,
    pub resource: Option<String>,
    pub team: Option<String>,
    pub date_format: Option<DateFormat>,
    pub decimal: Option<Decimal>,
    pub zone: Option<String>,
    pub delimiter: Option<char>,
    pub encoding: Option<String>,
}

impl Mapping {
    /// The same said column by column, to be confirmed or changed by a person.
    pub fn as_said(&self) -> Overrides {
        let (activity, time, start) = match &self.shape {
            Shape::Events {
                activity,
                time,
                start,
            } => (
                Some(activity.clone()),
                Some(time.clone().unwrap_or_default()),
                Some(start.clone().unwrap_or_default()),
            ),
            Shape::StageHistory { to, time, .. } => (Some(to.clone()), Some(time.clone()), None),
            Shape::Snapshot { .. } => (None, None, None),
        };
        Overrides {
            shape: Some(self.shape.kind()),
            case: Some(self.case.clone()),
            activity,
            time,
            start,
            resource: Some(self.resource.clone().unwrap_or_default()),
            team: Some(self.team.clone().unwrap_or_default()),
            date_format: Some(self.date_format),
            decimal: Some(self.decimal),
            zone: Some(self.zone.clone()),
            delimiter: Some(self.delimiter),
            encoding: Some(self.encoding.clone()),
        }
    }
    /// The roles of its columns and the zone of its times, but nothing of how one file happens to be written.
    pub fn columns_as_said(&self) -> Overrides {
        Overrides {
            date_format: None,
            decimal: None,
            delimiter: None,
            encoding: None,
            ..self.as_said()
        }
    }
}

impl Overrides {
    /// What is said here, and where nothing is, what was said before.
    pub fn or(&self, before: &Overrides) -> Overrides {
        let column = |now: &Option<String>, then: &Option<String>| now.clone().or(then.clone());
        // Columns of another kind of row mean something else.
        let same = self.shape.is_none() || self.shape == before.shape;
        let of_row = |now: &Option<String>, then: &Option<String>| match same {
            true => column(now, then),
            false => now.clone(),
        };
        Overrides {
            shape: self.shape.or(before.shape),
            case: column(&self.case, &before.case),
            activity: of_row(&self.activity, &before.activity),
            time: of_row(&self.time, &before.time),
            start: of_row(&self.start, &before.start),
            resource: column(&self.resource, &before.resource),
            team: column(&self.team, &before.team),
            date_format: self.date_format.or(before.date_format),
            decimal: self.decimal.or(before.decimal),
            zone: column(&self.zone, &before.zone),
            delimiter: self.delimiter.or(before.delimiter),
            encoding: column(&self.encoding, &before.encoding),
        }
    }
}
