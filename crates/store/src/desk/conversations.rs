//! Conversations as a verdict reads them.

use crate::{Db, query_of, record};
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

/// What is held is no conversation; what was closed without a word needed none.
const COUNTED: &str =
    "process = $1 AND (state = 'open' OR replied IS NOT NULL) AND state <> 'held'";

pub async fn conversations(db: &Db, process: &str) -> sqlx::Result<Vec<ConversationRow>> {
    query_of(format!(
        "SELECT step, team, case_ref, created, replied FROM threads WHERE {COUNTED} ORDER BY created, id"
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
        "SELECT COUNT(*), COUNT(replied), COUNT(step), COUNT(team), MAX(created), MAX(replied) FROM threads WHERE {COUNTED}"
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
