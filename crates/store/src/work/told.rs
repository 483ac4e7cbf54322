//! What a person is told.

use crate::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

/// Who is told of the events after a number up to another: event and person, by event.
pub async fn told_between(db: &Db, after: i64, upto: i64) -> sqlx::Result<Vec<(i64, String)>> {
    query("SELECT event, person FROM notifications WHERE event > $1 AND event <= $2 ORDER BY event")
        .bind(after)
        .bind(upto)
        .fetch_all(db)
        .await
}

/// Something a person is told.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NotificationRow {
    #[serde(skip)]
    pub person: String,
    /// The number of the event it tells of.
    pub event: i64,
    /// `mention`, `asked`, `answered`, `accepted`, `escalated`, `invited` or `piled_on`; of a thread of the desk, which is
    /// its conversation, `desk_given`, `desk_returned`, `desk_failed` or `desk_review`.
    pub kind: String,
    pub conversation: Option<String>,
    pub at: Micros,
    pub read: Option<Micros>,
    #[serde(skip)]
    pub mailed: Option<Micros>,
}

record!(NotificationRow {
    person,
    event,
    kind,
    conversation,
    at,
    read,
    mailed
});

impl NotificationRow {
    /// Whether it tells of a thread of the desk.
    pub fn is_of_desk(&self) -> bool {
        is_of_desk(&self.kind)
    }
}

/// Whether what is told is of a thread of the desk.
pub fn is_of_desk(kind: &str) -> bool {
    kind.starts_with("desk_")
}

/// Whether a person was told of a conversation and has not looked.
pub async fn has_unread(db: &Db, person: &str, conversation: &str) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM notifications WHERE person = $1 AND conversation = $2 AND read IS NULL";
    let (unread,): (i64,) = query(sql)
        .bind(person)
        .bind(conversation)
        .fetch_one(db)
        .await?;
    Ok(unread > 0)
}

/// What a person was told before an event, newest first; only what is unread when asked so.
pub async fn notifications(
    db: &Db,
    person: &str,
    unread: bool,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<NotificationRow>> {
    let only = if unread { "AND read IS NULL" } else { "" };
    let sql = format!(
        "SELECT person, event, kind, conversation, at, read, mailed FROM notifications \
         WHERE person = $1 AND event < $2 {only} ORDER BY event DESC LIMIT $3"
    );
    query_of(sql)
        .bind(person)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
}

pub async fn notify(tx: &mut Tx, row: &NotificationRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO notifications (person, event, kind, conversation, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    )
    .bind(&row.person)
    .bind(row.event)
    .bind(&row.kind)
    .bind(&row.conversation)
    .bind(row.at)
    .execute(tx)
    .await
}
