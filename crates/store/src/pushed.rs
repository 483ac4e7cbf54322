//! What other programs told us of cases, before and after it went into the columns.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

pub const EVENT: &str = "event";
pub const CASE: &str = "case";

#[derive(Debug, Clone, PartialEq)]
pub struct PushedRow {
    pub process: String,
    /// [`EVENT`] or [`CASE`].
    pub kind: String,
    pub case_ref: String,
    pub id: String,
    pub at: Micros,
    pub place: i64,
    pub by_person: String,
    /// JSON
    pub body: String,
}

record!(PushedRow {
    process,
    kind,
    case_ref,
    id,
    at,
    place,
    by_person,
    body
});

/// Keeps an event unless one of this id is kept for the case; whether it was new.
pub async fn keep_event(tx: &mut Tx, row: &PushedRow) -> sqlx::Result<bool> {
    keep(
        tx,
        row,
        "ON CONFLICT (process, case_ref, kind, id) DO NOTHING",
    )
    .await
}

/// Keeps the attributes of a case in place of what was kept before; whether they differ from that.
pub async fn keep_case(tx: &mut Tx, row: &PushedRow) -> sqlx::Result<bool> {
    let instead = "ON CONFLICT (process, case_ref, kind, id) DO UPDATE SET at = excluded.at, by_person = excluded.by_person, \
         body = excluded.body, folded = NULL WHERE pushed.body <> excluded.body";
    keep(tx, row, instead).await
}

async fn keep(tx: &mut Tx, row: &PushedRow, conflict: &str) -> sqlx::Result<bool> {
    let sql = format!(
        "INSERT INTO pushed (process, kind, case_ref, id, at, place, by_person, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) {conflict}"
    );
    let changed = query_of(sql)
        .bind(&row.process)
        .bind(&row.kind)
        .bind(&row.case_ref)
        .bind(&row.id)
        .bind(row.at)
        .bind(row.place)
        .bind(&row.by_person)
        .bind(&row.body)
        .affect(tx)
        .await?;
    Ok(changed > 0)
}

/// Processes with something that is not in their columns yet.
pub async fn waiting(db: &Db) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> =
        query("SELECT DISTINCT process FROM pushed WHERE folded IS NULL ORDER BY process")
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|(process,)| process).collect())
}

/// The oldest of what is not in the columns of a process yet.
pub async fn of_process(db: &Db, process: &str, most: i64) -> sqlx::Result<Vec<PushedRow>> {
    query(
        "SELECT process, kind, case_ref, id, at, place, by_person, body FROM pushed \
         WHERE process = $1 AND folded IS NULL ORDER BY at, place, case_ref, kind, id LIMIT $2",
    )
    .bind(process)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Marks one as taken in by an import; `false` when it was changed or taken in meanwhile.
pub async fn fold(tx: &mut Tx, row: &PushedRow, import: &str) -> sqlx::Result<bool> {
    let changed = query(
        "UPDATE pushed SET folded = $1 WHERE process = $2 AND case_ref = $3 AND kind = $4 AND id = $5 AND at = $6 AND body = $7 AND folded IS NULL"
    )
    .bind(import)
    .bind(&row.process)
    .bind(&row.case_ref)
    .bind(&row.kind)
    .bind(&row.id)
    .bind(row.at)
    .bind(&row.body)
    .affect(tx)
    .await?;
    Ok(changed == 1)
}
