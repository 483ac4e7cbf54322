//! Whom a question was put to, who answered, and which answer was accepted.

use super::conversations::{CONVERSATION, ConversationRow};
use crate::{Db, Tx, query, query_of};
use mining::Micros;

/// Accepts an answer of a question.
pub async fn accept(tx: &mut Tx, conversation: &str, answer: i64, at: Micros) -> sqlx::Result<()> {
    query("UPDATE conversations SET accepted = $2, accepted_at = $3 WHERE id = $1")
        .bind(conversation)
        .bind(answer)
        .bind(at)
        .execute(tx)
        .await
}

/// Puts a question to a person, saying why her.
pub async fn ask(
    tx: &mut Tx,
    conversation: &str,
    person: &str,
    reason: &str,
    at: Micros,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO asked (conversation, person, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    )
    .bind(conversation)
    .bind(person)
    .bind(reason)
    .bind(at)
    .execute(tx)
    .await
}

/// Whom a question was put to: person, reason, when she declined.
pub async fn asked_of(
    db: &Db,
    conversation: &str,
) -> sqlx::Result<Vec<(String, String, Option<Micros>)>> {
    query("SELECT person, reason, declined FROM asked WHERE conversation = $1 ORDER BY at, person")
        .bind(conversation)
        .fetch_all(db)
        .await
}

/// Answers at a step, by who gave them: person, how many, how many were accepted.
pub async fn answers_at(
    db: &Db,
    process: &str,
    step: &str,
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    query(
        "SELECT m.author, COUNT(*), COUNT(CASE WHEN c.accepted = m.id THEN 1 END) FROM conversations c \
         JOIN messages m ON m.conversation = c.id AND m.kind = 'answer' AND m.deleted IS NULL \
         WHERE c.process = $1 AND c.step = $2 AND c.kind = 'question' GROUP BY m.author"
    )
    .bind(process)
    .bind(step)
    .fetch_all(db)
    .await
}

/// How many open questions each person was asked since a moment.
pub async fn asked_since(db: &Db, since: Micros) -> sqlx::Result<Vec<(String, i64)>> {
    query(
        "SELECT a.person, COUNT(*) FROM asked a JOIN conversations c ON c.id = a.conversation \
         WHERE a.at >= $1 AND a.declined IS NULL AND c.accepted IS NULL GROUP BY a.person",
    )
    .bind(since)
    .fetch_all(db)
    .await
}

/// Questions without an accepted answer that were put to a person and not declined by her, newest first.
pub async fn open_for(db: &Db, person: &str, limit: i64) -> sqlx::Result<Vec<(String, String)>> {
    query(
        "SELECT a.conversation, a.reason FROM asked a JOIN conversations c ON c.id = a.conversation \
         WHERE a.person = $1 AND a.declined IS NULL AND c.accepted IS NULL AND NOT EXISTS \
         (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.author = $1 AND m.kind = 'answer') \
         ORDER BY a.at DESC LIMIT $2"
    )
    .bind(person)
    .bind(limit)
    .fetch_all(db)
    .await
}

pub async fn decline(
    tx: &mut Tx,
    conversation: &str,
    person: &str,
    at: Micros,
) -> sqlx::Result<()> {
    query("UPDATE asked SET declined = $3 WHERE conversation = $1 AND person = $2")
        .bind(conversation)
        .bind(person)
        .bind(at)
        .execute(tx)
        .await
}

/// Questions nobody answered that were last put to somebody before a moment, and were passed on fewer than so many times.
pub async fn unanswered(db: &Db, before: Micros, times: i64) -> sqlx::Result<Vec<ConversationRow>> {
    let sql = format!(
        "SELECT {CONVERSATION} FROM conversations c WHERE c.kind = 'question' AND c.accepted IS NULL AND c.escalated < $2 \
         AND c.created < $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.kind = 'answer') \
         AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.conversation = c.id AND a.at >= $1) ORDER BY c.created LIMIT 100"
    );
    query_of(sql).bind(before).bind(times).fetch_all(db).await
}

pub async fn escalate(tx: &mut Tx, conversation: &str) -> sqlx::Result<()> {
    query("UPDATE conversations SET escalated = escalated + 1 WHERE id = $1")
        .bind(conversation)
        .execute(tx)
        .await
}

/// How many answers a person gave since a moment, and how many of them were accepted.
pub async fn answers_of(db: &Db, person: &str, since: Micros) -> sqlx::Result<(i64, i64)> {
    query(
        "SELECT COUNT(*), COUNT(CASE WHEN c.accepted = m.id THEN 1 END) FROM messages m \
         JOIN conversations c ON c.id = m.conversation WHERE m.author = $1 AND m.kind = 'answer' AND m.at >= $2 AND m.deleted IS NULL"
    )
    .bind(person)
    .bind(since)
    .fetch_one(db)
    .await
}
