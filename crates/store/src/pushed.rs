//! What other programs told us of cases, before and after it went into the columns.

use super::{Db, Tx, Value, query, query_of, record};
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
    // Later than before, whatever the clock says: that it is another is known by its moment.
    let instead = "ON CONFLICT (process, case_ref, kind, id) DO UPDATE SET \
         at = CASE WHEN excluded.at > pushed.at THEN excluded.at ELSE pushed.at + 1 END, by_person = excluded.by_person, \
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

/// Where one is among those that wait, oldest first: at, place, case, kind and id.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub at: Micros,
    pub place: i64,
    pub case_ref: String,
    pub kind: String,
    pub id: String,
}

/// The oldest of what is not in the columns of a process yet, behind a place.
pub async fn of_process(
    db: &Db,
    process: &str,
    after: Option<&Place>,
    most: i64,
) -> sqlx::Result<Vec<PushedRow>> {
    const ROWS: &str = "SELECT process, kind, case_ref, id, at, place, by_person, body FROM pushed \
         WHERE process = $1 AND folded IS NULL ";
    const ORDER: &str = "ORDER BY at, place, case_ref, kind, id LIMIT $2";
    let Some(after) = after else {
        let rows = query_of(format!("{ROWS}{ORDER}")).bind(process).bind(most);
        return rows.fetch_all(db).await;
    };
    let behind = "AND (at, place, case_ref, kind, id) > ($3, $4, $5, $6, $7) ";
    query_of(format!("{ROWS}{behind}{ORDER}"))
        .bind(process)
        .bind(most)
        .bind(after.at)
        .bind(after.place)
        .bind(&after.case_ref)
        .bind(&after.kind)
        .bind(&after.id)
        .fetch_all(db)
        .await
}

/// Marks some as taken in by an import; `false` when one was changed or taken in meanwhile.
pub async fn fold(tx: &mut Tx, process: &str, taken: &[Place], import: &str) -> sqlx::Result<bool> {
    for some in taken.chunks(500) {
        let keys = some.iter().map(|one| {
            let names = [&one.case_ref, &one.kind, &one.id];
            names
                .into_iter()
                .map(Value::from)
                .chain([Value::from(one.at)])
        });
        let changed = query("UPDATE pushed SET folded = $1 FROM (VALUES ")
            .bind(import)
            .bind(process)
            .rows(keys)
            .then(
                ") AS v WHERE pushed.process = $2 AND pushed.case_ref = v.column1 AND pushed.kind = v.column2 \
                 AND pushed.id = v.column3 AND pushed.at = v.column4 AND pushed.folded IS NULL",
            )
            .affect(tx)
            .await?;
        if changed != some.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}
