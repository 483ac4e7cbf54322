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
