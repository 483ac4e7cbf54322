//! What was imported, from which file, and what was passed over.

use super::{Db, Tx, query, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ImportRow {
    pub id: String,
    pub process: String,
    pub at: Micros,
    pub file_name: String,
    /// SHA-256 of the file in hexadecimal, and behind a hyphen that of how it was read.
    pub digest: String,
    pub kind: String,
    pub cases_added: i64,
    pub events_added: i64,
    pub skipped: i64,
    /// The reader's notes, kept as JSON.
    #[serde(serialize_with = "super::as_json")]
    #[schema(value_type = Vec<mining::readers::Note>)]
    pub notes: String,
    /// The rows that were skipped, as far as kept, kept as JSON.
    #[serde(serialize_with = "super::as_json")]
    #[schema(value_type = Vec<mining::readers::SkippedRow>)]
    pub skipped_rows: String,
}

record!(ImportRow {
    id,
    process,
    at,
    file_name,
    digest,
    kind,
    cases_added,
    events_added,
    skipped,
    notes,
    skipped_rows
});

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, process, at, file_name, digest, kind, cases_added, events_added, skipped, notes, skipped_rows FROM imports ",
            $rest
        )
    };
}

/// Newest first.
pub async fn of_process(db: &Db, process: &str) -> sqlx::Result<Vec<ImportRow>> {
    query(select!("WHERE process = $1 ORDER BY at DESC, id DESC"))
        .bind(process)
        .fetch_all(db)
        .await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ImportRow>> {
    query(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The import of the same file, read the same way, into a process, or into any when `process` is `None`.
pub async fn by_digest(
    db: &Db,
    digest: &str,
    process: Option<&str>,
) -> sqlx::Result<Option<ImportRow>> {
    query(select!(
        "WHERE digest = $1 AND (process = $2 OR $2 IS NULL) ORDER BY at, id LIMIT 1"
    ))
    .bind(digest)
    .bind(process)
    .fetch_optional(db)
    .await
}

/// The same for any import of a file with these bytes (SHA-256 in hexadecimal), however it was read.
pub async fn by_content(
    db: &Db,
    content: &str,
    process: Option<&str>,
) -> sqlx::Result<Option<ImportRow>> {
    query(select!(
        "WHERE substr(digest, 1, 64) = $1 AND (process = $2 OR $2 IS NULL) ORDER BY at, id LIMIT 1"
    ))
    .bind(content)
    .bind(process)
    .fetch_optional(db)
    .await
}

pub async fn insert(tx: &mut Tx, row: &ImportRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO imports (id, process, at, file_name, digest, kind, cases_added, events_added, skipped, notes, skipped_rows) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&row.id)
        .bind(&row.process)
        .bind(row.at)
        .bind(&row.file_name)
        .bind(&row.digest)
        .bind(&row.kind)
        .bind(row.cases_added)
        .bind(row.events_added)
        .bind(row.skipped)
        .bind(&row.notes)
        .bind(&row.skipped_rows)
        .execute(tx)
        .await
}
