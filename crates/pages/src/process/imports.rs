//! What was imported into a process, as the Steps tab tells it.

use base::format;
use service::processes::import::BPMN;
use store::imports::ImportRow;

/// An import: what it brought, and what it passed over.
pub struct Brought {
    pub file: String,
    pub at: String,
    pub told: String,
    pub notes: Vec<String>,
    pub skipped: String,
    pub skipped_href: String,
}

pub fn brought(row: ImportRow) -> Brought {
    let notes: Vec<serde_json::Value> = serde_json::from_str(&row.notes).unwrap_or_default();
    let text = |note: &serde_json::Value| note["text"].as_str().map(str::to_string);
    Brought {
        told: match row.kind == BPMN {
            true => "the model".into(),
            false => format!(
                "{}, {}",
                format::many(row.cases_added, "case"),
                format::many(row.events_added, "event")
            ),
        },
        file: row.file_name,
        at: format::date_time(row.at),
        notes: notes.iter().filter_map(text).collect(),
        skipped: match row.skipped {
            0 => String::new(),
            n => format::many(n, "row"),
        },
        skipped_href: format!("/api/v1/imports/{}/skipped.csv", row.id),
    }
}
