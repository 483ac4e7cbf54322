//! Files in, event logs and process models out. A reader returns everything or a [`crate::ReadError`], and counts what it passed over.

pub mod bpmn;
pub mod csv;
pub mod detect;
pub mod ocel;
mod text;
pub mod xes;
mod xml_tree;

use crate::EventLog;
use serde::Serialize;

/// An event log with what the reader has to say about it.
#[derive(Debug, Default)]
pub struct Imported {
    pub log: EventLog,
    pub notes: Vec<Note>,
    pub skipped: Skipped,
}

/// Something a person should know about how the file was read, such as a guess that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Note {
    /// Stable word for programs.
    pub code: &'static str,
    /// One plain sentence.
    pub text: String,
}

/// Rows that were not imported, all counted, the first [`Skipped::KEPT`] kept word for word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Skipped {
    pub count: u64,
    pub rows: Vec<SkippedRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SkippedRow {
    pub line: u64,
    pub why: String,
    pub text: String,
}

impl Skipped {
    /// How many skipped rows are kept for download.
    pub const KEPT: usize = 10_000;

    pub fn add(&mut self, line: u64, why: impl Into<String>, text: impl Into<String>) {
        self.count += 1;
        if self.rows.len() < Self::KEPT {
            self.rows.push(SkippedRow {
                line,
                why: why.into(),
                text: text.into(),
            });
        }
    }
}
