//! What a person follows, how far she has read, and the stream that comes of it.

use super::messages::{MESSAGE, MessageRow};
use crate::{Db, Tx, query, query_of};
use mining::Micros;

/// The newest messages before a number in what a person follows: conversations, people and steps; not what she muted.
///
/// The newest `limit` messages can only be in the `limit` conversations (and of the `limit` people) that were written in
/// last, so it does not matter how much was ever written.
pub async fn stream(
    db: &Db,
    person: &str,
    before: i64,
    limit: i64,
    now: Micros,
) -> sqlx::Result<Vec<MessageRow>> {
    // The newest of each, by its index: PostgreSQL does that of a lateral join alone, SQLite of a list alone.
    let newest = |of: &str, is: &str| {
        let newest = format!(
            "SELECT y.id FROM messages y WHERE y.{of} = {is} AND y.id < $2 ORDER BY y.id DESC LIMIT $3"
        );
        match db {
            Db::Sqlite { .. } => {
                format!("JOIN messages x ON x.{of} = {is} AND x.id < $2 AND x.id IN ({newest})")
            }
            Db::Postgres(_) => format!("CROSS JOIN LATERAL ({newest}) x"),
        }
    };
    let (of_conversations, of_people) = (
        newest("conversation", "t.conversation"),
        newest("author", "f.target"),
    );
    let sql = format!(
        "SELECT {MESSAGE} FROM messages m WHERE m.id IN ( \
           SELECT x.id FROM (SELECT c.id AS conversation FROM follows f JOIN conversations c ON c.id = f.target \
             WHERE f.person = $1 AND f.kind = 'conversation' AND f.level = 'follow' AND c.last > 0 AND (f.until IS NULL OR f.until < $4) \
             ORDER BY c.last DESC LIMIT $5) t {of_conversations} \
           UNION SELECT x.id FROM follows f {of_people} WHERE f.person = $1 AND f.kind = 'person' AND f.level = 'follow') \
         AND m.deleted IS NULL AND NOT EXISTS (SELECT 1 FROM follows q WHERE q.person = $1 AND (q.until >= $4 OR (q.level = 'mute' AND q.until IS NULL)) \
           AND ((q.kind = 'conversation' AND q.target = m.conversation) OR (q.kind = 'person' AND q.target = m.author))) \
         ORDER BY m.id DESC LIMIT $3"
    );
    // Further back the last message of a conversation says less: more of them may hold the next page.
    let conversations = if before == i64::MAX { limit } else { 1_000 };
    query_of(sql)
        .bind(person)
        .bind(before)
        .bind(limit)
        .bind(now)
        .bind(conversations)
        .fetch_all(db)
        .await
}

pub async fn follow(
    tx: &mut Tx,
    person: &str,
    kind: &str,
    target: &str,
    level: Option<&str>,
    at: Micros,
    until: Option<Micros>,
) -> sqlx::Result<()> {
    match level {
        None => query(
            "DELETE FROM follows WHERE person = $1 AND kind = $2 AND target = $3"
        )
        .bind(person)
        .bind(kind)
        .bind(target)
        .execute(tx)
        .await,
        Some(level) => query(
            "INSERT INTO follows (person, kind, target, level, at, until) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (person, kind, target) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until"
        )
        .bind(person)
        .bind(kind)
        .bind(target)
        .bind(level)
        .bind(at)
        .bind(until)
        .execute(tx)
        .await,
    }
}

/// Lets those who follow a step follow a conversation that began there; returns who did not yet.
pub async fn pass_follows(
    tx: &mut Tx,
    step: &str,
    conversation: &str,
    at: Micros,
) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = query(
            "INSERT INTO follows (person, kind, target, level, at) SELECT person, 'conversation', $2, 'follow', $3 \
             FROM follows WHERE kind = 'step' AND target = $1 AND level = 'follow' AND (until IS NULL OR until < $3) \
             ON CONFLICT DO NOTHING RETURNING person",
        )
        .bind(step)
        .bind(conversation)
        .bind(at)
        .fetch_all(&mut *tx)
        .await?;
    Ok(rows.into_iter().map(|(person,)| person).collect())
}

/// Who follows a thing, and at which level: person, level, snoozed until.
pub async fn followers(
    db: &Db,
    kind: &str,
    target: &str,
) -> sqlx::Result<Vec<(String, String, Option<Micros>)>> {
    query(
        "SELECT person, level, until FROM follows WHERE kind = $1 AND target = $2 ORDER BY at, person"
    )
    .bind(kind)
    .bind(target)
    .fetch_all(db)
    .await
}

/// What a person follows or mutes: kind, target, level, snoozed until.
pub async fn follows_of(
    db: &Db,
    person: &str,
) -> sqlx::Result<Vec<(String, String, String, Option<Micros>)>> {
    query("SELECT kind, target, level, until FROM follows WHERE person = $1 ORDER BY kind, at DESC")
        .bind(person)
        .fetch_all(db)
        .await
}

/// Marks a conversation as read up to a number, and what a person was told of it.
pub async fn mark_read(
    tx: &mut Tx,
    person: &str,
    conversation: &str,
    upto: i64,
    at: Micros,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO reads (person, conversation, upto) VALUES ($1, $2, $3) \
         ON CONFLICT (person, conversation) DO UPDATE SET upto = excluded.upto WHERE reads.upto < excluded.upto"
    )
    .bind(person)
    .bind(conversation)
    .bind(upto)
    .execute(tx)
    .await?;
    query(
        "UPDATE notifications SET read = $4 WHERE person = $1 AND conversation = $2 AND event <= $3 AND read IS NULL"
    )
    .bind(person)
    .bind(conversation)
    .bind(upto)
    .bind(at)
    .execute(tx)
    .await
}

/// How far a person has read these conversations: id and number.
pub async fn reads_among(
    db: &Db,
    person: &str,
    ids: &[String],
) -> sqlx::Result<Vec<(String, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    query("SELECT conversation, upto FROM reads WHERE person = $1 AND conversation IN ")
        .bind(person)
        .list(ids)
        .fetch_all(db)
        .await
}
