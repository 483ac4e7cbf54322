//! What somebody has begun to write.

use crate::{Db, Tx, query, query_of};
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

/// Says which of the threads that are worked on as one a draft is for; nothing: the whole.
pub async fn set_draft_about(
    tx: &mut Tx,
    person: &str,
    place: &str,
    about: Option<&str>,
) -> sqlx::Result<()> {
    query("UPDATE drafts SET about = $3 WHERE person = $1 AND place = $2")
        .bind(person)
        .bind(place)
        .bind(about)
        .execute(tx)
        .await
}

/// Which of the threads that are worked on as one a draft is for, if it is for one.
pub async fn draft_about(db: &Db, person: &str, place: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(Option<String>,)> =
        query("SELECT about FROM drafts WHERE person = $1 AND place = $2")
            .bind(person)
            .bind(place)
            .fetch_optional(db)
            .await?;
    Ok(row.and_then(|(about,)| about))
}

/// Moves what everybody has begun to write at a place to another, where it is about `about` unless it is about something else.
pub async fn move_drafts(tx: &mut Tx, from: &str, to: &str, about: &str) -> sqlx::Result<()> {
    query("UPDATE drafts SET about = COALESCE(about, $2) WHERE place = $1")
        .bind(from)
        .bind(about)
        .execute(&mut *tx)
        .await?;
    put_behind(tx, "place = $1", (from, to), &[]).await
}

/// Moves of what everybody has begun to write at a place what is about any of these.
pub async fn move_drafts_about(
    tx: &mut Tx,
    from: &str,
    to: &str,
    about: &[String],
) -> sqlx::Result<()> {
    for one in about {
        put_behind(tx, "place = $1 AND about = $3", (from, to), &[one]).await?;
    }
    Ok(())
}

/// Moves drafts behind what their writers have begun there; what was begun in both is about the whole.
async fn put_behind(
    tx: &mut Tx,
    which: &str,
    (from, to): (&str, &str),
    values: &[&str],
) -> sqlx::Result<()> {
    let sql = [
        format!(
            "UPDATE drafts SET about = NULL, body = body || '\n\n' || (SELECT f.body FROM drafts f WHERE f.person = drafts.person AND f.place = $1) \
             WHERE place = $2 AND person IN (SELECT person FROM drafts WHERE {which})"
        ),
        format!(
            "DELETE FROM drafts WHERE {which} AND person IN (SELECT person FROM drafts WHERE place = $2)"
        ),
        format!("UPDATE drafts SET place = $2 WHERE {which}"),
    ];
    for sql in sql {
        let bound = query_of(sql).bind(from).bind(to);
        bound.bind_all(values).execute(&mut *tx).await?;
    }
    Ok(())
}
