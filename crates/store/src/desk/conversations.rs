//! Conversations as a verdict reads them.

use super::merges::{ANSWERED_FIRST, AS_ONE, BEGAN};
use crate::{Db, query, query_of, record};
use mining::Micros;

/// One conversation with a customer: its step and team when it began, and when she was first answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationRow {
    pub step: Option<String>,
    pub team: Option<String>,
    pub case_ref: Option<String>,
    pub created: Micros,
    pub replied: Option<Micros>,
}

record!(ConversationRow {
    step,
    team,
    case_ref,
    created,
    replied
});

/// What is held is no conversation; what was closed without a word needed none; what was merged is one with where it went.
fn counted() -> String {
    format!(
        "t.process = $1 AND (t.state = 'open' OR {ANSWERED_FIRST} IS NOT NULL) AND t.state NOT IN ('held', 'merged')"
    )
}

pub async fn conversations(db: &Db, process: &str) -> sqlx::Result<Vec<ConversationRow>> {
    query_of(format!(
        "SELECT t.step, t.team, t.case_ref, {BEGAN} AS created, {ANSWERED_FIRST} AS replied FROM {AS_ONE} WHERE {} ORDER BY 4, t.id",
        counted()
    ))
    .bind(process)
    .fetch_all(db)
    .await
}

/// Changes when conversations of a process do: how many, answered, with a step and with a team; and their last moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Print {
    pub all: i64,
    pub answered: i64,
    pub with_step: i64,
    pub with_team: i64,
    pub last: Micros,
}

pub async fn conversations_print(db: &Db, process: &str) -> sqlx::Result<Print> {
    type Found = (i64, i64, i64, i64, Option<i64>, Option<i64>);
    let found: Found = query_of(format!(
        "SELECT COUNT(*), COUNT({ANSWERED_FIRST}), COUNT(t.step), COUNT(t.team), MAX({BEGAN}), MAX({ANSWERED_FIRST}) FROM {AS_ONE} WHERE {}",
        counted()
    ))
    .bind(process)
    .fetch_one(db)
    .await?;
    let (all, answered, with_step, with_team, created, replied) = found;
    Ok(Print {
        all,
        answered,
        with_step,
        with_team,
        last: created.max(replied).unwrap_or(0),
    })
}

/// Changes when threads of a process are merged or split: how many are, and when the last was.
pub async fn merges_print(db: &Db, process: &str) -> sqlx::Result<(i64, i64)> {
    query(
        "SELECT COUNT(*), COALESCE(MAX(g.at), 0) FROM thread_merges g JOIN threads t ON t.id = g.thread LEFT JOIN threads r ON r.id = t.merged_into \
         WHERE t.process = $1 OR r.process = $1",
    )
    .bind(process)
    .fetch_one(db)
    .await
}
