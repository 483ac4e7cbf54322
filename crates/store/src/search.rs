//! Words of messages, and which messages have them. SQLite and PostgreSQL each have their own index for it.

use super::work::MessageRow;
use super::{Db, Tx, query_of, settings};

/// Up to which event the words are known.
const UPTO: &str = "search.upto";
/// How many events are taken at once.
const AT_ONCE: i64 = 500;

/// Takes in the words of what was written, changed and taken away since the last time; whether there may be more.
pub async fn take_in(db: &Db) -> sqlx::Result<bool> {
    let upto: i64 = match settings::get(db, UPTO).await? {
        Some(upto) => upto.parse().unwrap_or(0),
        None => 0,
    };
    // What can be read beforehand is, so that those who write wait no longer than they must.
    let events = super::events::after(db, upto, AT_ONCE).await?;
    let Some(last) = events.last().map(|e| e.seq) else {
        return Ok(false);
    };
    let mut changed: Vec<i64> = events.iter().filter_map(changes).collect();
    changed.sort_unstable();
    changed.dedup();
    let texts = texts_of(db, &changed).await?;
    let mut tx = db.begin().await?;
    if let Tx::Postgres(tx) = &mut tx {
        // One node at a time.
        sqlx::query("SELECT pg_advisory_xact_lock(7072)")
            .execute(&mut **tx)
            .await?;
    }
    let now = settings::get(&mut tx, UPTO).await?;
    if now.map_or(0, |u| u.parse().unwrap_or(0)) != upto {
        // Another node was here meanwhile.
        return Ok(true);
    }
    if !changed.is_empty() {
        put(&mut tx, &changed, &texts).await?;
    }
    settings::put(&mut tx, UPTO, &last.to_string()).await?;
    tx.commit().await?;
    Ok(events.len() as i64 == AT_ONCE)
}

/// What these messages say, but for those that were taken away.
async fn texts_of(db: &Db, ids: &[i64]) -> sqlx::Result<Vec<(i64, String)>> {
    match db {
        Db::Sqlite { readers, .. } => {
            sqlx::query_as(
                "SELECT m.id, m.body FROM json_each($1) j JOIN messages m ON m.id = j.value WHERE m.deleted IS NULL ORDER BY m.id",
            )
            .bind(serde_json::json!(ids).to_string())
            .fetch_all(readers)
            .await
        }
        Db::Postgres(pool) => {
            sqlx::query_as("SELECT id, body FROM messages WHERE id = ANY ($1) AND deleted IS NULL ORDER BY id")
                .bind(ids)
                .fetch_all(pool)
                .await
        }
    }
}

/// The message whose words an event changed.
fn changes(event: &super::events::Event) -> Option<i64> {
    match event.kind.as_str() {
        _ if event.is_said() => Some(event.seq),
        "message.edited" | "message.deleted" => {
            let payload: serde_json::Value = serde_json::from_str(&event.payload).ok()?;
            payload["message"].as_i64()
        }
        _ => None,
    }
}

/// Keeps the words of messages as they are now; of those that were taken away none.
async fn put(tx: &mut Tx, changed: &[i64], texts: &[(i64, String)]) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(tx) => {
            let json = |value: serde_json::Value| value.to_string();
            sqlx::query("DELETE FROM words WHERE rowid IN (SELECT value FROM json_each($1))")
                .bind(json(serde_json::json!(changed)))
                .execute(&mut **tx)
                .await?;
            sqlx::query(
                "INSERT INTO words (rowid, text) SELECT value->>0, value->>1 FROM json_each($1)",
            )
            .bind(json(serde_json::json!(texts)))
            .execute(&mut **tx)
            .await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query("DELETE FROM words WHERE message = ANY ($1)")
                .bind(changed)
                .execute(&mut **tx)
                .await?;
            let (ids, bodies): (Vec<i64>, Vec<&str>) =
                texts.iter().map(|(id, body)| (*id, body.as_str())).unzip();
            sqlx::query(
                "INSERT INTO words (message, words) SELECT id, to_tsvector('simple', body) \
                 FROM unnest($1::bigint[], $2::text[]) j (id, body)",
            )
            .bind(ids)
            .bind(bodies)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// Keeps the words of one message whose text was changed past the record.
pub async fn put_text(tx: &mut Tx, id: i64, text: Option<&str>) -> sqlx::Result<()> {
    let texts: Vec<(i64, String)> = text.map(|t| (id, t.to_string())).into_iter().collect();
    put(tx, &[id], &texts).await
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
    query_of(sql)
        .bind(asked)
        .bind(guest.unwrap_or_default())
        .bind(limit)
        .fetch_all(db)
        .await
}
