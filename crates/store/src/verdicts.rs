//! What was said of an improvement on which day.

use super::{Db, Tx, query, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRow {
    pub improvement: String,
    /// First moment of the UTC day up to which the record was read.
    pub day: Micros,
    pub at: Micros,
    /// Fingerprint of what it was computed from.
    pub source: String,
    /// JSON of [`service::improvements::Report`].
    pub body: String,
}

record!(VerdictRow {
    improvement,
    day,
    at,
    source,
    body
});

/// Newest day first, at most `limit`.
pub async fn of_improvement(
    db: &Db,
    improvement: &str,
    limit: i64,
) -> sqlx::Result<Vec<VerdictRow>> {
    query(
        "SELECT improvement, day, at, source, body FROM verdicts WHERE improvement = $1 ORDER BY day DESC, at DESC LIMIT $2"
    )
    .bind(improvement)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The verdict that was computed from exactly this.
pub async fn find(
    db: &Db,
    improvement: &str,
    day: Micros,
    source: &str,
) -> sqlx::Result<Option<VerdictRow>> {
    query(
        "SELECT improvement, day, at, source, body FROM verdicts WHERE improvement = $1 AND day = $2 AND source = $3"
    )
    .bind(improvement)
    .bind(day)
    .bind(source)
    .fetch_optional(db)
    .await
}

/// Keeps a verdict; one that is kept stays as it is.
pub async fn keep(tx: &mut Tx, row: &VerdictRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO verdicts (improvement, day, at, source, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&row.improvement)
        .bind(row.day)
        .bind(row.at)
        .bind(&row.source)
        .bind(&row.body)
        .execute(tx)
        .await
}

/// Changes whenever anything about the improvements of a process does: its last event, and how many verdicts and uses
/// are kept.
pub async fn stamp(db: &Db, process: &str) -> sqlx::Result<(i64, i64, i64)> {
    query(
        "SELECT (SELECT COALESCE(MAX(seq), 0) FROM events WHERE process = $1), \
         (SELECT COUNT(*) FROM verdicts v JOIN improvements i ON i.id = v.improvement WHERE i.process = $1), \
         (SELECT CAST(COALESCE(SUM(u.uses + u.people + u.cases), 0) AS BIGINT) FROM uses u JOIN improvements i ON i.id = u.improvement WHERE i.process = $1)"
    )
    .bind(process)
    .fetch_one(db)
    .await
}
