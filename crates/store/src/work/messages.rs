//! What was said, and what became of it.

use crate::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct MessageRow {
    /// The number of the event that brought it; grows.
    pub id: i64,
    pub conversation: String,
    /// Id of a person.
    pub author: String,
    pub at: Micros,
    /// `note`, `question` or `answer`.
    pub kind: String,
    /// Markdown as it was written; empty when deleted.
    pub body: String,
    #[serde(skip)]
    pub client: Option<String>,
    pub edited: Option<Micros>,
    pub deleted: Option<Micros>,
    pub pinned: Option<Micros>,
}

record!(MessageRow {
    id,
    conversation,
    author,
    at,
    kind,
    body,
    client,
    edited,
    deleted,
    pinned
});

pub(crate) const MESSAGE: &str =
    "m.id, m.conversation, m.author, m.at, m.kind, m.body, m.client, m.edited, m.deleted, m.pinned";

fn messages(rest: &str) -> String {
    format!("SELECT {MESSAGE} FROM messages m {rest}")
}

pub async fn message(db: &Db, id: i64) -> sqlx::Result<Option<MessageRow>> {
    query_of(messages("WHERE m.id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The message an event brought or changed.
pub async fn message_of(db: &Db, event: i64) -> sqlx::Result<Option<MessageRow>> {
    if let Some(brought) = message(db, event).await? {
        return Ok(Some(brought));
    }
    let changed: Option<(String,)> =
        query("SELECT payload FROM events WHERE seq = $1 AND kind = 'message.edited'")
            .bind(event)
            .fetch_optional(db)
            .await?;
    let payload = changed.and_then(|(p,)| serde_json::from_str::<serde_json::Value>(&p).ok());
    match payload.and_then(|p| p["message"].as_i64()) {
        Some(id) => message(db, id).await,
        None => Ok(None),
    }
}

/// Messages of a conversation before a number, newest first.
pub async fn before(
    db: &Db,
    conversation: &str,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    query_of(messages(
        "WHERE m.conversation = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3",
    ))
    .bind(conversation)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Changes what a message says and keeps what it said.
pub async fn edit(
    tx: &mut Tx,
    id: i64,
    was: &MessageRow,
    body: &str,
    at: Micros,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO message_versions (message, at, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    )
    .bind(id)
    .bind(was.edited.unwrap_or(was.at))
    .bind(&was.body)
    .execute(tx)
    .await?;
    query("UPDATE messages SET body = $2, edited = $3 WHERE id = $1")
        .bind(id)
        .bind(body)
        .bind(at)
        .execute(tx)
        .await
}

/// What a message said before, oldest first.
pub async fn versions(db: &Db, id: i64) -> sqlx::Result<Vec<(Micros, String)>> {
    query("SELECT at, body FROM message_versions WHERE message = $1 ORDER BY at")
        .bind(id)
        .fetch_all(db)
        .await
}

/// Takes a message away: its text moves into its history, which only its author and managers see.
pub async fn delete(tx: &mut Tx, was: &MessageRow, at: Micros) -> sqlx::Result<()> {
    edit(tx, was.id, was, "", at).await?;
    query("UPDATE messages SET deleted = $2, edited = $3 WHERE id = $1")
        .bind(was.id)
        .bind(at)
        .bind(was.edited)
        .execute(tx)
        .await
}

/// Brings a deleted message back.
pub async fn restore(tx: &mut Tx, id: i64) -> sqlx::Result<()> {
    query(
        "UPDATE messages SET deleted = NULL, body = (SELECT v.body FROM message_versions v WHERE v.message = $1 ORDER BY v.at DESC LIMIT 1) \
         WHERE id = $1 AND deleted IS NOT NULL AND EXISTS (SELECT 1 FROM message_versions v WHERE v.message = $1)"
    )
    .bind(id)
    .execute(tx)
    .await
}

pub async fn pin(tx: &mut Tx, id: i64, at: Option<Micros>) -> sqlx::Result<()> {
    query("UPDATE messages SET pinned = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await
}

/// Adds a reaction, or takes it back when it is there; returns whether it is there now.
pub async fn react(
    tx: &mut Tx,
    id: i64,
    person: &str,
    emoji: &str,
    at: Micros,
) -> sqlx::Result<bool> {
    let gone = query("DELETE FROM reactions WHERE message = $1 AND person = $2 AND emoji = $3")
        .bind(id)
        .bind(person)
        .bind(emoji)
        .affect(tx)
        .await?;
    if gone > 0 {
        return Ok(false);
    }
    query("INSERT INTO reactions (message, person, emoji, at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(person)
        .bind(emoji)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(true)
}

/// Reactions to the messages of a conversation: message, emoji, person.
pub async fn reactions(db: &Db, conversation: &str) -> sqlx::Result<Vec<(i64, String, String)>> {
    query(
        "SELECT r.message, r.emoji, r.person FROM reactions r JOIN messages m ON m.id = r.message \
         WHERE m.conversation = $1 ORDER BY r.message, r.at",
    )
    .bind(conversation)
    .fetch_all(db)
    .await
}
