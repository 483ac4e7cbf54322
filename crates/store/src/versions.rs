//! What a process was said to be, each time that changed.

use super::{On, Tx, query, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionRow {
    pub number: i64,
    pub at: Micros,
    /// JSON of [`service::processes::Definition`].
    pub definition: String,
    /// JSON of [`service::processes::Changes`].
    pub changes: String,
}

record!(VersionRow {
    number,
    at,
    definition,
    changes
});

/// Newest first.
pub async fn of_process(on: impl Into<On<'_>>, process: &str) -> sqlx::Result<Vec<VersionRow>> {
    query("SELECT number, at, definition, changes FROM versions WHERE process = $1 ORDER BY number DESC")
            .bind(process)
            .fetch_all(on)
            .await
}

/// The definition of the last one.
pub async fn last(on: impl Into<On<'_>>, process: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> =
        query("SELECT definition FROM versions WHERE process = $1 ORDER BY number DESC LIMIT 1")
            .bind(process)
            .fetch_optional(on)
            .await?;
    Ok(row.map(|(text,)| text))
}

/// More is known of what a version was.
pub async fn complete(
    tx: &mut Tx,
    process: &str,
    number: i64,
    definition: &str,
) -> sqlx::Result<()> {
    query("UPDATE versions SET definition = $3 WHERE process = $1 AND number = $2")
        .bind(process)
        .bind(number)
        .bind(definition)
        .execute(tx)
        .await
}

pub async fn insert(tx: &mut Tx, process: &str, row: &VersionRow) -> sqlx::Result<()> {
    query("INSERT INTO versions (process, number, at, definition, changes) VALUES ($1, $2, $3, $4, $5)")
            .bind(process)
            .bind(row.number)
            .bind(row.at)
            .bind(&row.definition)
            .bind(&row.changes)
            .execute(tx)
            .await
}
