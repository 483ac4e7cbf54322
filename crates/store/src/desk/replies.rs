//! What we answer: drafts to be read first, what is on its way, and what became of it.

use super::merges::TOGETHER;
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ReplyRow {
    pub id: String,
    pub thread: String,
    pub person: String,
    pub at: Micros,
    pub body: String,
    pub reply_to: Option<String>,
    /// [`REVIEW`], [`RETURNED`], [`QUEUED`], [`SENT`], [`FAILED`] or [`WITHDRAWN`].
    pub state: String,
    pub reviewer: Option<String>,
    pub note: Option<String>,
    pub begun: Option<Micros>,
    pub due: Micros,
    pub attempts: i64,
    pub sent: Option<Micros>,
    pub error: Option<String>,
    /// What goes out behind the words, with what parts the two.
    pub signed: String,
}

impl ReplyRow {
    /// As it goes out.
    pub fn text(&self) -> String {
        format!("{}{}", self.body, self.signed)
    }
}

record!(ReplyRow {
    id,
    thread,
    person,
    at,
    body,
    reply_to,
    state,
    reviewer,
    note,
    begun,
    due,
    attempts,
    sent,
    error,
    signed
});

pub const REVIEW: &str = "review";
pub const RETURNED: &str = "returned";
pub const QUEUED: &str = "queued";
pub const SENT: &str = "sent";
pub const FAILED: &str = "failed";
pub const WITHDRAWN: &str = "withdrawn";

const REPLY: &str = "id, thread, person, at, body, reply_to, state, reviewer, note, begun, due, attempts, sent, error, signed";

/// Keeps a reply; `false` when one of this id is there.
pub async fn insert_reply(tx: &mut Tx, row: &ReplyRow) -> sqlx::Result<bool> {
    let kept = query_of(format!(
        "INSERT INTO replies ({REPLY}, held_until) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, $8, 0, NULL, NULL, $9, 0) \
         ON CONFLICT (id) DO NOTHING"
    ))
    .bind(&row.id)
    .bind(&row.thread)
    .bind(&row.person)
    .bind(row.at)
    .bind(&row.body)
    .bind(&row.reply_to)
    .bind(&row.state)
    .bind(row.due)
    .bind(&row.signed)
    .affect(tx)
    .await?;
    Ok(kept > 0)
}

pub async fn reply(db: &Db, id: &str) -> sqlx::Result<Option<ReplyRow>> {
    query_of(format!("SELECT {REPLY} FROM replies WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn reply_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ReplyRow>> {
    query_of(format!("SELECT {REPLY} FROM replies WHERE id = $1"))
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
}

/// Of a thread and what was merged into it, oldest first.
pub async fn replies(db: &Db, thread: &str) -> sqlx::Result<Vec<ReplyRow>> {
    query_of(format!(
        "SELECT {REPLY} FROM replies WHERE thread IN {TOGETHER} ORDER BY at, id LIMIT 500"
    ))
    .bind(thread)
    .fetch_all(db)
    .await
}

/// Of all threads in a state, oldest first.
pub async fn replies_in_state(db: &Db, state: &str, limit: i64) -> sqlx::Result<Vec<ReplyRow>> {
    query_of(format!(
        "SELECT {REPLY} FROM replies WHERE state = $1 ORDER BY at, id LIMIT $2"
    ))
    .bind(state)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Replies of a thread and what was merged into it that are not ended: at most one is on its way, or one from each of before.
pub async fn under_way(tx: &mut Tx, thread: &str) -> sqlx::Result<Vec<ReplyRow>> {
    query_of(format!(
        "SELECT {REPLY} FROM replies WHERE thread IN {TOGETHER} AND state IN ('queued', 'failed') ORDER BY at, id"
    ))
    .bind(thread)
    .fetch_all(&mut *tx)
    .await
}

/// Changes the state of a reply that is in another one; `false` when it is not any more.
pub async fn move_reply(
    tx: &mut Tx,
    id: &str,
    (from, to): (&str, &str),
    due: Micros,
) -> sqlx::Result<bool> {
    let moved = query(
        "UPDATE replies SET state = $3, due = $4, held_until = 0 WHERE id = $1 AND state = $2",
    )
    .bind(id)
    .bind(from)
    .bind(to)
    .bind(due)
    .affect(tx)
    .await?;
    Ok(moved > 0)
}

/// What it is signed with from now on.
pub async fn sign_reply(tx: &mut Tx, id: &str, signed: &str) -> sqlx::Result<()> {
    query("UPDATE replies SET signed = $2 WHERE id = $1")
        .bind(id)
        .bind(signed)
        .execute(tx)
        .await
}

/// What a reviewer says of it, and the text she leaves it with.
pub async fn reviewed(
    tx: &mut Tx,
    id: &str,
    reviewer: &str,
    note: Option<&str>,
    body: &str,
) -> sqlx::Result<()> {
    query("UPDATE replies SET reviewer = $2, note = $3, body = $4 WHERE id = $1")
        .bind(id)
        .bind(reviewer)
        .bind(note)
        .bind(body)
        .execute(tx)
        .await
}

/// Takes one that is due, so that no other node sends it until then; none of a channel that asked to wait.
pub async fn claim_reply(
    tx: &mut Tx,
    now: Micros,
    until: Micros,
) -> sqlx::Result<Option<ReplyRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE SKIP LOCKED",
    };
    query_of(format!(
        "UPDATE replies SET held_until = $2, attempts = attempts + 1 WHERE id = (SELECT r.id FROM replies r \
         WHERE r.state = 'queued' AND r.due <= $1 AND r.held_until <= $1 AND NOT EXISTS (SELECT 1 FROM threads t \
         JOIN connections c ON c.id = t.connection WHERE t.id = r.thread AND c.sends_from > $1) ORDER BY r.due, r.id LIMIT 1{locked}) \
         RETURNING {REPLY}"
    ))
    .bind(now)
    .bind(until)
    .fetch_optional(&mut *tx)
    .await
}

/// Notes that from now on it may be there.
pub async fn begin_reply(tx: &mut Tx, id: &str, now: Micros) -> sqlx::Result<()> {
    query("UPDATE replies SET begun = COALESCE(begun, $2) WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await
}

/// It is known not to be there, or a person was told that nobody knows: the next attempt is the first one.
pub async fn unbegin_reply(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("UPDATE replies SET begun = NULL WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}

pub async fn sent_reply(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query(
        "UPDATE replies SET state = 'sent', sent = $2, held_until = 0, error = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(at)
    .execute(tx)
    .await
}

/// It did not go: in `state` from now on, tried again then.
pub async fn unsent_reply(
    tx: &mut Tx,
    id: &str,
    state: &str,
    due: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE replies SET state = $2, due = $3, error = $4, held_until = 0 WHERE id = $1 AND state = 'queued'")
        .bind(id)
        .bind(state)
        .bind(due)
        .bind(error)
        .execute(tx)
        .await
}

/// The service asked to wait: it was no attempt, and nothing of the channel goes out before then.
pub async fn reply_waits(
    tx: &mut Tx,
    (id, connection): (&str, &str),
    until: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE replies SET attempts = attempts - 1, error = $2, held_until = 0 WHERE id = $1 AND state = 'queued'")
        .bind(id)
        .bind(error)
        .execute(&mut *tx)
        .await?;
    crate::connections::send_from(tx, connection, until).await
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeskPersonRow {
    pub person: String,
    pub is_reviewed: i64,
    pub topics: String,
}

record!(DeskPersonRow {
    person,
    is_reviewed,
    topics
});

pub async fn desk_people(db: &Db) -> sqlx::Result<Vec<DeskPersonRow>> {
    query("SELECT person, is_reviewed, topics FROM desk_people ORDER BY person")
        .fetch_all(db)
        .await
}

pub async fn put_desk_person(tx: &mut Tx, row: &DeskPersonRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO desk_people (person, is_reviewed, topics) VALUES ($1, $2, $3) ON CONFLICT (person) DO UPDATE SET \
         is_reviewed = excluded.is_reviewed, topics = excluded.topics",
    )
    .bind(&row.person)
    .bind(row.is_reviewed)
    .bind(&row.topics)
    .execute(tx)
    .await
}

#[derive(Debug, Clone, PartialEq)]
pub struct CannedRow {
    pub id: String,
    pub title: String,
    pub body: String,
    pub at: Micros,
    pub by_person: String,
}

record!(CannedRow {
    id,
    title,
    body,
    at,
    by_person
});

pub async fn canned(db: &Db) -> sqlx::Result<Vec<CannedRow>> {
    query("SELECT id, title, body, at, by_person FROM canned ORDER BY lower(title), id")
        .fetch_all(db)
        .await
}

pub async fn put_canned(tx: &mut Tx, row: &CannedRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO canned (id, title, body, at, by_person) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
         title = excluded.title, body = excluded.body, at = excluded.at, by_person = excluded.by_person",
    )
    .bind(&row.id)
    .bind(&row.title)
    .bind(&row.body)
    .bind(row.at)
    .bind(&row.by_person)
    .execute(tx)
    .await
}

pub async fn remove_canned(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("DELETE FROM canned WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}
