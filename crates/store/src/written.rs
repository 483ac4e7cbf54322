//! Links to cases that are written back to the systems they are of.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct WrittenRow {
    pub connection: String,
    pub process: String,
    pub case_ref: String,
    pub made: Micros,
    pub due: Micros,
    pub attempts: i64,
    pub written: Option<Micros>,
    /// What the service calls it.
    pub place: Option<String>,
    /// When it was given up.
    pub failed: Option<Micros>,
    pub error: Option<String>,
}

record!(WrittenRow {
    connection,
    process,
    case_ref,
    made,
    due,
    attempts,
    written,
    place,
    failed,
    error
});

const WRITTEN: &str =
    "connection, process, case_ref, made, due, attempts, written, place, failed, error";

/// What is written and what is not, of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub written: i64,
    pub waiting: i64,
    pub failed: i64,
    /// When the last was written.
    pub last: Option<Micros>,
}

record!(Counts {
    written,
    waiting,
    failed,
    last
});

/// Since when links are written back; `None`: nothing is.
pub async fn since(db: &Db, connection: &str) -> sqlx::Result<Option<Micros>> {
    let found: Option<(Option<Micros>,)> =
        query("SELECT writes_back FROM connections WHERE id = $1")
            .bind(connection)
            .fetch_optional(db)
            .await?;
    Ok(found.and_then(|(since,)| since))
}

/// Writes from a moment on, or not any more: what was not written yet is forgotten then, but for what is just being written.
pub async fn set(
    tx: &mut Tx,
    connection: &str,
    since: Option<Micros>,
    now: Micros,
) -> sqlx::Result<()> {
    query("UPDATE connections SET writes_back = $2 WHERE id = $1")
        .bind(connection)
        .bind(since)
        .execute(tx)
        .await?;
    if since.is_none() {
        query("DELETE FROM written WHERE connection = $1 AND written IS NULL AND held_until <= $2")
            .bind(connection)
            .bind(now)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Finds the cases of a connection that colleagues worked on since it writes back and whose link is neither written nor waits: something was
/// said or asked on them, or a customer answered. Only cases that the connection itself brought. Returns how many there are.
pub async fn gather(tx: &mut Tx, connection: &str, now: Micros) -> sqlx::Result<u64> {
    let worked_on = |from: &str, is_new: &str| {
        format!(
            "SELECT c.id, c.process, x.case_ref, CAST($2 AS BIGINT), CAST($2 AS BIGINT), 0, 0 FROM c JOIN {from} x ON x.process = c.process \
             WHERE x.case_ref IS NOT NULL AND {is_new} \
             AND EXISTS (SELECT 1 FROM pushed p WHERE p.process = c.process AND p.case_ref = x.case_ref AND p.kind = 'event' AND p.by_person = c.id) \
             AND NOT EXISTS (SELECT 1 FROM written w WHERE w.connection = c.id AND w.case_ref = x.case_ref)"
        )
    };
    let said = worked_on(
        "conversations",
        "EXISTS (SELECT 1 FROM messages m WHERE m.conversation = x.id AND m.deleted IS NULL AND m.at >= c.writes_back)",
    );
    let answered = worked_on(
        "threads",
        "EXISTS (SELECT 1 FROM replies r WHERE r.thread = x.id AND r.state = 'sent' AND r.sent >= c.writes_back)",
    );
    query_of(format!(
        "WITH c AS (SELECT id, process, writes_back FROM connections WHERE id = $1 AND writes_back IS NOT NULL) \
         INSERT INTO written (connection, process, case_ref, made, due, held_until, attempts) {said} UNION {answered} \
         ON CONFLICT (connection, case_ref) DO NOTHING"
    ))
    .bind(connection)
    .bind(now)
    .affect(tx)
    .await
}

/// Of connections that are on and write back.
const DUE: &str = "SELECT w.connection, w.case_ref FROM written w JOIN connections c ON c.id = w.connection \
     WHERE w.written IS NULL AND w.failed IS NULL AND w.due <= $1 AND w.held_until <= $1 AND c.state = 'on' AND c.writes_back IS NOT NULL \
     ORDER BY w.due, w.connection, w.case_ref LIMIT 1";

/// Takes one that is due, so that no other node writes it until then; counts the attempt.
pub async fn claim(db: &Db, now: Micros, until: Micros) -> sqlx::Result<Option<WrittenRow>> {
    // Looking takes no lock; most of the time nothing is due.
    let is_due: Option<(String, String)> =
        query_of(DUE.into()).bind(now).fetch_optional(db).await?;
    if is_due.is_none() {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE OF w SKIP LOCKED",
    };
    let row = query_of(format!(
        "UPDATE written SET held_until = $2, attempts = attempts + 1 WHERE (connection, case_ref) = ({DUE}{locked}) RETURNING {WRITTEN}"
    ))
    .bind(now)
    .bind(until)
    .fetch_optional(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(row)
}

/// It is there, under this name.
pub async fn done(tx: &mut Tx, row: &WrittenRow, at: Micros, place: &str) -> sqlx::Result<()> {
    query("UPDATE written SET written = $3, place = $4, held_until = 0, failed = NULL, error = NULL WHERE connection = $1 AND case_ref = $2")
        .bind(&row.connection)
        .bind(&row.case_ref)
        .bind(at)
        .bind(place)
        .execute(tx)
        .await
}

/// It is not there: tried again when it is due, or given up.
pub async fn not_done(
    tx: &mut Tx,
    row: &WrittenRow,
    due: Micros,
    failed: Option<Micros>,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE written SET due = $3, failed = $4, error = $5, held_until = 0 WHERE connection = $1 AND case_ref = $2")
        .bind(&row.connection)
        .bind(&row.case_ref)
        .bind(due)
        .bind(failed)
        .bind(error)
        .execute(tx)
        .await
}

/// The service asked to wait: nothing of the connection before then, and it was no attempt.
pub async fn wait(tx: &mut Tx, row: &WrittenRow, until: Micros, error: &str) -> sqlx::Result<()> {
    query("UPDATE written SET attempts = attempts - 1, held_until = 0, error = $3 WHERE connection = $1 AND case_ref = $2")
        .bind(&row.connection)
        .bind(&row.case_ref)
        .bind(error)
        .execute(tx)
        .await?;
    query("UPDATE written SET due = $2 WHERE connection = $1 AND written IS NULL AND due < $2")
        .bind(&row.connection)
        .bind(until)
        .execute(tx)
        .await
}

/// Tries again what was given up; returns how many.
pub async fn again(tx: &mut Tx, connection: &str, now: Micros) -> sqlx::Result<u64> {
    query("UPDATE written SET failed = NULL, attempts = 0, due = $2 WHERE connection = $1 AND failed IS NOT NULL AND written IS NULL")
        .bind(connection)
        .bind(now)
        .affect(tx)
        .await
}

pub async fn counts(db: &Db, connection: &str) -> sqlx::Result<Counts> {
    query(
        "SELECT COUNT(written) AS written, COUNT(failed) AS failed, COUNT(*) - COUNT(written) - COUNT(failed) AS waiting, \
         MAX(written) AS last FROM written WHERE connection = $1",
    )
    .bind(connection)
    .fetch_one(db)
    .await
}

/// What could not be written, also what is tried again; the last first.
pub async fn unwritten(db: &Db, connection: &str, most: i64) -> sqlx::Result<Vec<WrittenRow>> {
    query_of(format!(
        "SELECT {WRITTEN} FROM written WHERE connection = $1 AND written IS NULL AND error IS NOT NULL \
         ORDER BY CASE WHEN failed IS NULL THEN 1 ELSE 0 END, failed DESC, case_ref LIMIT $2"
    ))
    .bind(connection)
    .bind(most)
    .fetch_all(db)
    .await
}

/// The link of a case, where there is one.
pub async fn of_case(db: &Db, connection: &str, case: &str) -> sqlx::Result<Option<WrittenRow>> {
    query_of(format!(
        "SELECT {WRITTEN} FROM written WHERE connection = $1 AND case_ref = $2"
    ))
    .bind(connection)
    .bind(case)
    .fetch_optional(db)
    .await
}
