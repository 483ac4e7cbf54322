//! Revisions of how the owner reads a process.

use super::{On, Tx, query};
use mining::Micros;

/// The JSON of a revision.
pub async fn find(
    on: impl Into<On<'_>>,
    process: &str,
    revision: i64,
) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> =
        query("SELECT steps FROM steps WHERE process = $1 AND revision = $2")
            .bind(process)
            .bind(revision)
            .fetch_optional(on)
            .await?;
    Ok(row.map(|(steps,)| steps))
}

pub async fn insert(
    tx: &mut Tx,
    process: &str,
    revision: i64,
    at: Micros,
    steps: &str,
) -> sqlx::Result<()> {
    query("INSERT INTO steps (process, revision, at, steps) VALUES ($1, $2, $3, $4)")
        .bind(process)
        .bind(revision)
        .bind(at)
        .bind(steps)
        .execute(tx)
        .await
}
