//! What somebody has begun to write.

use crate::{Db, Tx, query};
use mining::Micros;

/// The text somebody has begun to write at a place.
pub async fn draft(db: &Db, person: &str, place: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = query("SELECT body FROM drafts WHERE person = $1 AND place = $2")
        .bind(person)
        .bind(place)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|(body,)| body))
}

/// Keeps a draft; an empty one is taken away.
pub async fn keep_draft(
    tx: &mut Tx,
    person: &str,
    place: &str,
    body: &str,
    at: Micros,
) -> sqlx::Result<()> {
    if body.trim().is_empty() {
        return query("DELETE FROM drafts WHERE person = $1 AND place = $2")
            .bind(person)
            .bind(place)
            .execute(tx)
            .await;
    }
    query(
        "INSERT INTO drafts (person, place, at, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (person, place) DO UPDATE SET at = excluded.at, body = excluded.body",
    )
    .bind(person)
    .bind(place)
    .bind(at)
    .bind(body)
    .execute(tx)
    .await
}

/// Moves what everybody has begun to write at a place to another, behind what she has begun there.
pub async fn move_drafts(tx: &mut Tx, from: &str, to: &str) -> sqlx::Result<()> {
    query(
        "UPDATE drafts SET body = body || $3 || (SELECT f.body FROM drafts f WHERE f.person = drafts.person AND f.place = $1) \
         WHERE place = $2 AND person IN (SELECT person FROM drafts WHERE place = $1)",
    )
    .bind(from)
    .bind(to)
    .bind("\n\n")
    .execute(tx)
    .await?;
    query("DELETE FROM drafts WHERE place = $1 AND person IN (SELECT person FROM drafts WHERE place = $2)")
        .bind(from)
        .bind(to)
        .execute(tx)
        .await?;
    query("UPDATE drafts SET place = $2 WHERE place = $1")
        .bind(from)
        .bind(to)
        .execute(tx)
        .await
}
