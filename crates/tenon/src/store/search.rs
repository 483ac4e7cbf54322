//! Words of messages, and which messages have them. SQLite and PostgreSQL each have their own index for it.

use super::work::MessageRow;
use super::{Db, Tx, read, settings};

/// Up to which event the words are known.
const UPTO: &str = "search.upto";
/// How many events are taken at once.
const AT_ONCE: i64 = 1_000;

/// Takes in the words of what was written, changed and taken away since the last time; whether there may be more.
pub async fn take_in(db: &Db) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    if let Tx::Postgres(tx) = &mut tx {
        // One node at a time.
        sqlx::query("SELECT pg_advisory_xact_lock(7072)")
            .execute(&mut **tx)
            .await?;
    }
    let upto = settings::get_in(&mut tx, UPTO).await?;
    let upto: i64 = upto.and_then(|u| u.parse().ok()).unwrap_or(0);
    let events = super::events::after(db, upto, AT_ONCE).await?;
    let Some(last) = events.last().map(|e| e.seq) else {
        return Ok(false);
    };
    for event in &events {
        let changed = match event.kind.as_str() {
            "message.posted" | "question.asked" | "question.answered" => Some(event.seq),
            "message.edited" | "message.deleted" => {
                let payload: serde_json::Value =
                    serde_json::from_str(&event.payload).unwrap_or_default();
                payload["message"].as_i64()
            }
            _ => None,
        };
        if let Some(id) = changed {
            put(&mut tx, id, super::work::message(db, id).await?).await?;
        }
    }
    settings::put(&mut tx, UPTO, &last.to_string()).await?;
    tx.commit().await?;
    Ok(events.len() as i64 == AT_ONCE)
}

/// Keeps the words of a message as it is now; of one that was taken away none.
async fn put(tx: &mut Tx, id: i64, message: Option<MessageRow>) -> sqlx::Result<()> {
    let text = message.filter(|m| m.deleted.is_none()).map(|m| m.body);
    put_text(tx, id, text.as_deref()).await
}

/// The same of a text.
pub async fn put_text(tx: &mut Tx, id: i64, text: Option<&str>) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query("DELETE FROM words WHERE rowid = $1")
                .bind(id)
                .execute(&mut **tx)
                .await?;
            if let Some(text) = text {
                sqlx::query("INSERT INTO words (rowid, text) VALUES ($1, $2)")
                    .bind(id)
                    .bind(text)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        Tx::Postgres(tx) => {
            sqlx::query("DELETE FROM words WHERE message = $1")
                .bind(id)
                .execute(&mut **tx)
                .await?;
            if let Some(text) = text {
                sqlx::query(
                    "INSERT INTO words (message, words) VALUES ($1, to_tsvector('simple', $2))",
                )
                .bind(id)
                .bind(text)
                .execute(&mut **tx)
                .await?;
            }
        }
    }
    Ok(())
}

/// Messages that have all these words (letters and digits only; the last may be a beginning), newest first. With `guest`:
/// only those on cases that person was asked into.
pub async fn find(
    db: &Db,
    words: &[String],
    guest: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let Some((last, others)) = words.split_last() else {
        return Ok(Vec::new());
    };
    let asked = match db {
        Db::Sqlite { .. } => {
            let whole = others.iter().map(|w| format!("\"{w}\""));
            let all = whole.chain([format!("\"{last}\"*")]);
            all.collect::<Vec<_>>().join(" ")
        }
        Db::Postgres(_) => {
            let whole = others.iter().cloned();
            let all = whole.chain([format!("{last}:*")]);
            all.collect::<Vec<_>>().join(" & ")
        }
    };
    let (from, order) = match db {
        Db::Sqlite { .. } => (
            "words w JOIN messages m ON m.id = w.rowid WHERE w.text MATCH $1",
            "w.rowid",
        ),
        Db::Postgres(_) => (
            "words w JOIN messages m ON m.id = w.message WHERE w.words @@ to_tsquery('simple', $1)",
            "w.message",
        ),
    };
    let sql = format!(
        "SELECT m.id, m.conversation, m.author, m.at, m.kind, m.body, m.client, m.edited, m.deleted, m.pinned FROM {from} \
         AND m.deleted IS NULL AND ($2 = '' OR EXISTS (SELECT 1 FROM conversations c JOIN case_guests g \
         ON g.process = c.process AND g.case_ref = c.case_ref WHERE c.id = m.conversation AND g.person = $2)) \
         ORDER BY {order} DESC LIMIT $3"
    );
    read!(db, |on| sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(asked)
        .bind(guest.unwrap_or_default())
        .bind(limit)
        .fetch_all(on)
        .await)
}
