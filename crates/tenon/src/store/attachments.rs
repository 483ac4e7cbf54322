//! Files attached to messages. The same content is kept once.

use super::{Db, Tx, read, write};
use mining::Micros;

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AttachmentRow {
    pub id: String,
    pub message: Option<i64>,
    pub person: String,
    pub at: Micros,
    pub name: String,
    /// What it is, as was checked.
    pub media: String,
    pub size: i64,
    pub digest: String,
}

pub async fn insert(tx: &mut Tx, row: &AttachmentRow, content: &[u8]) -> sqlx::Result<()> {
    write!(tx, |on| sqlx::query(
        "INSERT INTO blobs (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    )
    .bind(&row.digest)
    .bind(content)
    .execute(on)
    .await
    .map(drop))?;
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO attachments (id, message, person, at, name, media, size, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    .bind(&row.id)
    .bind(row.message)
    .bind(&row.person)
    .bind(row.at)
    .bind(&row.name)
    .bind(&row.media)
    .bind(row.size)
    .bind(&row.digest)
    .execute(on)
    .await
    .map(drop)
    })
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<AttachmentRow>> {
    read!(db, |on| sqlx::query_as(
        "SELECT id, message, person, at, name, media, size, digest FROM attachments WHERE id = $1"
    )
    .bind(id)
    .fetch_optional(on)
    .await)
}

/// What is attached to the messages of a conversation, oldest first.
pub async fn of_conversation(db: &Db, conversation: &str) -> sqlx::Result<Vec<AttachmentRow>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT a.id, a.message, a.person, a.at, a.name, a.media, a.size, a.digest FROM messages m \
         JOIN attachments a ON a.message = m.id WHERE m.conversation = $1 AND m.deleted IS NULL ORDER BY a.at, a.id"
    )
    .bind(conversation)
    .fetch_all(on)
    .await
    })
}

pub async fn content(db: &Db, digest: &str) -> sqlx::Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> = read!(db, |on| sqlx::query_as(
        "SELECT content FROM blobs WHERE digest = $1"
    )
    .bind(digest)
    .fetch_optional(on)
    .await)?;
    Ok(row.map(|(content,)| content))
}
