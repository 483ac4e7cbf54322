//! Checklists of steps, and what of them was done on a case.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct PlaybookRow {
    pub process: String,
    pub step: String,
    pub version: i64,
    pub at: Micros,
    pub by_person: String,
    pub title: String,
    /// Markdown.
    pub body: String,
}

record!(PlaybookRow {
    process,
    step,
    version,
    at,
    by_person,
    title,
    body
});

/// Something that was done on a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    pub step: String,
    pub item: String,
    pub at: Micros,
    pub by_person: String,
}

record!(CheckRow {
    step,
    item,
    at,
    by_person
});

const PLAYBOOK: &str = "process, step, version, at, by_person, title, body";

/// The newest version of each step's playbook.
pub async fn of_process(db: &Db, process: &str) -> sqlx::Result<Vec<PlaybookRow>> {
    let sql = format!(
        "SELECT {PLAYBOOK} FROM playbooks p WHERE process = $1 AND version = \
         (SELECT MAX(version) FROM playbooks q WHERE q.process = p.process AND q.step = p.step) ORDER BY step"
    );
    query_of(sql).bind(process).fetch_all(db).await
}

/// All versions of a step's playbook, newest first.
pub async fn versions(db: &Db, process: &str, step: &str) -> sqlx::Result<Vec<PlaybookRow>> {
    let sql = format!(
        "SELECT {PLAYBOOK} FROM playbooks WHERE process = $1 AND step = $2 ORDER BY version DESC"
    );
    query_of(sql).bind(process).bind(step).fetch_all(db).await
}

/// Adds a version; its number is the next one.
pub async fn add(tx: &mut Tx, row: &PlaybookRow) -> sqlx::Result<i64> {
    let (version,): (i64,) = query(
        "INSERT INTO playbooks (process, step, version, at, by_person, title, body) \
         SELECT $1, $2, COALESCE(MAX(version), 0) + 1, $3, $4, $5, $6 FROM playbooks WHERE process = $1 AND step = $2 RETURNING version"
    )
    .bind(&row.process)
    .bind(&row.step)
    .bind(row.at)
    .bind(&row.by_person)
    .bind(&row.title)
    .bind(&row.body)
    .fetch_one(&mut *tx)
    .await?;
    Ok(version)
}

/// What was done on a case.
pub async fn checks(db: &Db, process: &str, case: &str) -> sqlx::Result<Vec<CheckRow>> {
    query(
        "SELECT step, item, at, by_person FROM checks WHERE process = $1 AND case_ref = $2 ORDER BY at, item"
    )
    .bind(process)
    .bind(case)
    .fetch_all(db)
    .await
}

/// Marks an item as done, or not done after all; whether that changed anything.
pub async fn check(
    tx: &mut Tx,
    process: &str,
    case: &str,
    row: &CheckRow,
    is_done: bool,
) -> sqlx::Result<bool> {
    let changed = match is_done {
        true => query(
            "INSERT INTO checks (process, case_ref, step, item, at, by_person) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        )
        .bind(process)
        .bind(case)
        .bind(&row.step)
        .bind(&row.item)
        .bind(row.at)
        .bind(&row.by_person)
        .affect(tx)
        .await?,
        false => query(
            "DELETE FROM checks WHERE process = $1 AND case_ref = $2 AND step = $3 AND item = $4"
        )
        .bind(process)
        .bind(case)
        .bind(&row.step)
        .bind(&row.item)
        .affect(tx)
        .await?,
    };
    Ok(changed > 0)
}
