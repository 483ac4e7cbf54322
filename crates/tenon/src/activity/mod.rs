//! The one event record: everything that happens is appended here once, in the transaction that makes it happen.

use crate::store::{Tx, events};
use mining::Micros;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ProcessImported,
    VersionMade,
    StepsEdited,
    ReferencePinned,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::ProcessImported => "process.imported",
            Kind::VersionMade => "process.version_made",
            Kind::StepsEdited => "process.steps_edited",
            Kind::ReferencePinned => "process.reference_pinned",
        }
    }
}

/// Appends to the record.
pub async fn record(
    tx: &mut Tx,
    at: Micros,
    kind: Kind,
    actor: &str,
    process: &str,
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    events::append(tx, at, kind.word(), actor, Some(process), payload).await
}
