//! The one event record.

use super::{Db, Tx, read, write};
use mining::Micros;
use serde::Serialize;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Event {
    /// Grows by every event; what readers resume from.
    pub seq: i64,
    pub at: Micros,
    pub kind: String,
    pub actor: String,
    pub process: Option<String>,
    /// What it is about beside its process: the id of an improvement, say.
    pub subject: Option<String>,
    /// What there is to say of it, kept as JSON.
    #[serde(serialize_with = "super::as_json")]
    #[schema(value_type = Object)]
    pub payload: String,
}

/// Appends an event in the transaction of what it tells of.
pub async fn append(
    tx: &mut Tx,
    at: Micros,
    kind: &str,
    actor: &str,
    process: Option<&str>,
    subject: Option<&str>,
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    let (seq,): (i64,) = write!(tx, |on| {
        sqlx::query_as("INSERT INTO events (at, kind, actor, process, subject, payload) VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq")
            .bind(at)
            .bind(kind)
            .bind(actor)
            .bind(process)
            .bind(subject)
            .bind(payload.to_string())
            .fetch_one(on)
            .await
    })?;
    Ok(seq)
}

/// Events of a process after `after`, oldest first.
pub async fn of_process(
    db: &Db,
    process: &str,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    read!(db, |on| {
        sqlx::query_as("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE process = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(process)
            .bind(after)
            .bind(limit)
            .fetch_all(on)
            .await
    })
}

/// Events about one thing, oldest first.
pub async fn of_subject(db: &Db, subject: &str) -> sqlx::Result<Vec<Event>> {
    read!(db, |on| {
        sqlx::query_as("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE subject = $1 ORDER BY seq")
            .bind(subject)
            .fetch_all(on)
            .await
    })
}

/// The number of the last event of each process.
pub async fn last_of_processes(db: &Db) -> sqlx::Result<Vec<(String, i64)>> {
    read!(db, |on| {
        sqlx::query_as("SELECT process, MAX(seq) FROM events WHERE process IS NOT NULL GROUP BY process ORDER BY process")
            .fetch_all(on)
            .await
    })
}
