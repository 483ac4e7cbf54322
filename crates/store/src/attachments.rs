//! Files attached to messages. The same content is kept once.

use super::{Db, Tx, query, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
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

record!(AttachmentRow {
    id,
    message,
    person,
    at,
    name,
    media,
    size,
    digest
});

pub async fn insert(tx: &mut Tx, row: &AttachmentRow, content: &[u8]) -> sqlx::Result<()> {
    query("INSERT INTO blobs (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(&row.digest)
        .bind(content)
        .execute(tx)
        .await?;
    query(
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
    .execute(tx)
    .await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<AttachmentRow>> {
    query(
        "SELECT id, message, person, at, name, media, size, digest FROM attachments WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// What is attached to the messages of a conversation, oldest first.
pub async fn of_conversation(db: &Db, conversation: &str) -> sqlx::Result<Vec<AttachmentRow>> {
    query(
        "SELECT a.id, a.message, a.person, a.at, a.name, a.media, a.size, a.digest FROM messages m \
         JOIN attachments a ON a.message = m.id WHERE m.conversation = $1 AND m.deleted IS NULL ORDER BY a.at, a.id"
    )
    .bind(conversation)
    .fetch_all(db)
    .await
}

pub async fn content(db: &Db, digest: &str) -> sqlx::Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> = query("SELECT content FROM blobs WHERE digest = $1")
        .bind(digest)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|(content,)| content))
}
