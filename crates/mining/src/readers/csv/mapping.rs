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
}

impl DateFormat {
    pub const ALL: [DateFormat; 6] = [
        DateFormat::Ymd,
        DateFormat::Dmy,
        DateFormat::Mdy,
        DateFormat::EpochSeconds,
        DateFormat::EpochMillis,
        DateFormat::EpochMicros,
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
        }
    }
}

impl std::str::FromStr for DateFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let word = if word == "iso" { "ymd" } else { word };
        let found = DateFormat::ALL.into_iter().find(|f| f.word() == word);
        found.ok_or_else(|| format!("\"{word}\" is no date format; use ymd, dmy, mdy, iso, epoch-s, epoch-ms or epoch-us"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    #[default]
    Point,
    Comma,
}

/// What a person says in place of the guess.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
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
