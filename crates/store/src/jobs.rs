//! Work to be done later, or again.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct JobRow {
    pub id: String,
    pub kind: String,
    /// The same work is queued once.
    pub key: String,
    #[serde(skip)]
    pub payload: String,
    pub created: Micros,
    pub due: Micros,
    pub attempts: i64,
    /// Until when a worker has it.
    pub claimed: Option<Micros>,
    /// When it was begun to hand over what cannot be taken back. Not done and begun: nobody here knows whether it arrived.
    pub begun: Option<Micros>,
    pub done: Option<Micros>,
    /// When it was given up; `error` says why.
    pub dead: Option<Micros>,
    pub error: Option<String>,
}

record!(JobRow {
    id,
    kind,
    key,
    payload,
    created,
    due,
    attempts,
    claimed,
    begun,
    done,
    dead,
    error
});

/// How many jobs wait, are with a worker, were given up, and were set aside.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct JobCounts {
    pub waiting: i64,
    pub running: i64,
    pub dead: i64,
    /// Those of which nobody here knows whether they were done.
    pub unknown: i64,
}

record!(JobCounts {
    waiting,
    running,
    dead,
    unknown
});

const JOB: &str =
    "id, kind, key, payload, created, due, attempts, claimed, begun, done, dead, error";

/// Queues work in the transaction of what causes it; whether it was not queued before.
pub async fn enqueue(tx: &mut Tx, row: &JobRow) -> sqlx::Result<bool> {
    query(
            "INSERT INTO jobs (id, kind, key, payload, created, due, attempts) VALUES ($1, $2, $3, $4, $5, $6, 0) \
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(&row.id)
        .bind(&row.kind)
        .bind(&row.key)
        .bind(&row.payload)
        .bind(row.created)
        .bind(row.due)
        .affect(tx)
        .await.map(|rows| rows > 0)
}

/// Takes jobs that are due and that no worker has, until `until`; counts the attempt.
pub async fn claim(
    tx: &mut Tx,
    now: Micros,
    until: Micros,
    most: i64,
) -> sqlx::Result<Vec<JobRow>> {
    // SQLite has one writer, and this is its transaction. On PostgreSQL others' rows are passed over, not waited for.
    let lock = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "UPDATE jobs SET claimed = $2, attempts = attempts + 1 WHERE id IN ( \
           SELECT id FROM jobs WHERE due <= $1 AND done IS NULL AND dead IS NULL AND (claimed IS NULL OR claimed <= $1) \
           ORDER BY due, id LIMIT $3 {lock}) RETURNING {JOB}"
    );
    let mut rows: Vec<JobRow> = query_of(sql)
        .bind(now)
        .bind(until)
        .bind(most)
        .fetch_all(&mut *tx)
        .await?;
    rows.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    Ok(rows)
}

/// Gives back what workers had, where there can be no other worker but the one that starts: on SQLite.
pub async fn release(tx: &mut Tx) -> sqlx::Result<()> {
    let Tx::Sqlite(tx) = tx else {
        return Ok(());
    };
    sqlx::query("UPDATE jobs SET claimed = NULL WHERE claimed IS NOT NULL AND done IS NULL AND dead IS NULL")
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// When the next job can be taken.
pub async fn next_due(db: &Db) -> sqlx::Result<Option<Micros>> {
    let (next,): (Option<Micros>,) = query(
        "SELECT MIN(CASE WHEN claimed IS NULL OR claimed < due THEN due ELSE claimed END) FROM jobs \
         WHERE done IS NULL AND dead IS NULL"
    )
    .fetch_one(db)
    .await?;
    Ok(next)
}

/// Ends a job; whether it was still with this worker.
pub async fn done(tx: &mut Tx, job: &JobRow, at: Micros) -> sqlx::Result<bool> {
    query("UPDATE jobs SET done = $3, claimed = NULL, error = NULL WHERE id = $1 AND claimed = $2")
        .bind(&job.id)
        .bind(job.claimed)
        .bind(at)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Notes that a job is begun, if it is still with this worker for as long as it takes.
pub async fn begin(tx: &mut Tx, job: &JobRow, at: Micros, until: Micros) -> sqlx::Result<bool> {
    query("UPDATE jobs SET begun = $3 WHERE id = $1 AND claimed = $2 AND claimed >= $4")
        .bind(&job.id)
        .bind(job.claimed)
        .bind(at)
        .bind(until)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Sets a job aside of which nobody here knows whether it was done; whether it was still with this worker.
pub async fn set_aside(tx: &mut Tx, job: &JobRow, at: Micros, why: &str) -> sqlx::Result<bool> {
    query("UPDATE jobs SET dead = $3, error = $4, claimed = NULL WHERE id = $1 AND claimed = $2")
        .bind(&job.id)
        .bind(job.claimed)
        .bind(at)
        .bind(why)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Gives a job back to be tried again when it is due.
pub async fn retry(tx: &mut Tx, job: &JobRow, due: Micros, error: &str) -> sqlx::Result<()> {
    query(
        "UPDATE jobs SET due = $3, error = $4, claimed = NULL, begun = NULL WHERE id = $1 AND claimed = $2"
    )
    .bind(&job.id)
    .bind(job.claimed)
    .bind(due)
    .bind(error)
    .execute(tx)
    .await
}

/// Gives a job up.
pub async fn bury(tx: &mut Tx, job: &JobRow, at: Micros, error: &str) -> sqlx::Result<()> {
    query(
        "UPDATE jobs SET dead = $3, error = $4, claimed = NULL, begun = NULL WHERE id = $1 AND claimed = $2"
    )
    .bind(&job.id)
    .bind(job.claimed)
    .bind(at)
    .bind(error)
    .execute(tx)
    .await
}

/// Brings back what was given up or set aside; whether there was such a job.
pub async fn requeue(tx: &mut Tx, id: &str, due: Micros) -> sqlx::Result<bool> {
    query(
        "UPDATE jobs SET dead = NULL, begun = NULL, attempts = 0, due = $2 WHERE id = $1 AND dead IS NOT NULL"
    )
    .bind(id)
    .bind(due)
    .affect(tx)
    .await.map(|rows| rows > 0)
}

/// Queues again what was done or given up, under the key it has; whether there was such a job.
pub async fn again(tx: &mut Tx, key: &str, due: Micros) -> sqlx::Result<bool> {
    query(
        "UPDATE jobs SET done = NULL, dead = NULL, attempts = 0, due = $2 \
         WHERE key = $1 AND (done IS NOT NULL OR dead IS NOT NULL)",
    )
    .bind(key)
    .bind(due)
    .affect(tx)
    .await
    .map(|rows| rows > 0)
}

/// Forgets a job that was given up or set aside; whether there was one.
pub async fn drop_dead(tx: &mut Tx, id: &str) -> sqlx::Result<bool> {
    query("DELETE FROM jobs WHERE id = $1 AND dead IS NOT NULL")
        .bind(id)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Forgets jobs that were done before a moment.
pub async fn sweep(tx: &mut Tx, before: Micros) -> sqlx::Result<()> {
    query("DELETE FROM jobs WHERE done < $1")
        .bind(before)
        .execute(tx)
        .await
}

/// What waits, runs and was given up; the dead first, then by when they are due.
pub async fn open(db: &Db, limit: i64) -> sqlx::Result<Vec<JobRow>> {
    let sql = format!(
        "SELECT {JOB} FROM jobs WHERE done IS NULL ORDER BY CASE WHEN dead IS NULL THEN 1 ELSE 0 END, due, id LIMIT $1"
    );
    query_of(sql).bind(limit).fetch_all(db).await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<JobRow>> {
    let sql = format!("SELECT {JOB} FROM jobs WHERE id = $1");
    query_of(sql).bind(id).fetch_optional(db).await
}

pub async fn counts(db: &Db, now: Micros) -> sqlx::Result<JobCounts> {
    query(
        "SELECT COALESCE(SUM(CASE WHEN dead IS NULL AND (claimed IS NULL OR claimed <= $1) THEN 1 ELSE 0 END), 0) AS waiting, \
           COALESCE(SUM(CASE WHEN dead IS NULL AND claimed > $1 THEN 1 ELSE 0 END), 0) AS running, \
           COALESCE(SUM(CASE WHEN dead IS NOT NULL AND begun IS NULL THEN 1 ELSE 0 END), 0) AS dead, \
           COALESCE(SUM(CASE WHEN dead IS NOT NULL AND begun IS NOT NULL THEN 1 ELSE 0 END), 0) AS unknown FROM jobs WHERE done IS NULL"
    )
    .bind(now)
    .fetch_one(db)
    .await
}
