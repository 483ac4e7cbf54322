//! Where people talk: the room of a case, a question at a step.

use crate::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ConversationRow {
    pub id: String,
    /// `room` of a case, or `question`.
    pub kind: String,
    pub process: String,
    pub case_ref: Option<String>,
    pub step: Option<String>,
    /// Of a question its first line; empty otherwise.
    pub title: String,
    pub created: Micros,
    pub created_by: String,
    /// The number of its newest message.
    pub last: i64,
    /// Of a question: the number of the answer that was accepted.
    pub accepted: Option<i64>,
    pub accepted_at: Option<Micros>,
    /// Of a question: how often it was passed on because nobody answered.
    pub escalated: i64,
}

record!(ConversationRow {
    id,
    kind,
    process,
    case_ref,
    step,
    title,
    created,
    created_by,
    last,
    accepted,
    accepted_at,
    escalated
});

pub(super) const CONVERSATION: &str = "id, kind, process, case_ref, step, title, created, created_by, last, accepted, accepted_at, escalated";

fn conversations(rest: &str) -> String {
    format!("SELECT {CONVERSATION} FROM conversations {rest}")
}

/// Adds a conversation; a second room of a case is not made.
pub async fn insert(tx: &mut Tx, row: &ConversationRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO conversations (id, kind, process, case_ref, step, title, created, created_by, last, escalated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT DO NOTHING",
        )
        .bind(&row.id)
        .bind(&row.kind)
        .bind(&row.process)
        .bind(&row.case_ref)
        .bind(&row.step)
        .bind(&row.title)
        .bind(row.created)
        .bind(&row.created_by)
        .bind(row.last)
        .execute(tx)
        .await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ConversationRow>> {
    query_of(conversations("WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Questions asked on a case, oldest first.
pub async fn questions_of_case(
    db: &Db,
    process: &str,
    case: &str,
) -> sqlx::Result<Vec<ConversationRow>> {
    query_of(conversations(
        "WHERE process = $1 AND case_ref = $2 AND kind = 'question' ORDER BY created, id",
    ))
    .bind(process)
    .bind(case)
    .fetch_all(db)
    .await
}

/// Questions at a step, newest activity first.
pub async fn questions_of_step(
    db: &Db,
    process: &str,
    step: &str,
    limit: i64,
) -> sqlx::Result<Vec<ConversationRow>> {
    query_of(conversations(
        "WHERE process = $1 AND step = $2 AND kind = 'question' ORDER BY last DESC LIMIT $3",
    ))
    .bind(process)
    .bind(step)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Conversations by id, in any order.
pub async fn by_ids(db: &Db, ids: &[String]) -> sqlx::Result<Vec<ConversationRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    query_of(format!(
        "SELECT {CONVERSATION} FROM conversations WHERE id IN "
    ))
    .list(ids)
    .fetch_all(db)
    .await
}
