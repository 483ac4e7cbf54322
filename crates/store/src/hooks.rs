//! Addresses outside that are told, addresses here that are written to, and feeds.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct HookRow {
    pub id: String,
    /// Whose it is.
    pub person: String,
    pub name: String,
    pub url: String,
    #[serde(skip)]
    pub secret: String,
    /// Kinds of events, or beginnings of kinds such as `question.`, with blanks between them; empty for all.
    pub kinds: String,
    /// `json`, or `chat`: a line of text.
    pub form: String,
    /// `on` or `off`.
    pub state: String,
    pub created: Micros,
    /// The last event that was looked at for it.
    pub upto: i64,
}

record!(HookRow {
    id,
    person,
    name,
    url,
    secret,
    kinds,
    form,
    state,
    created,
    upto
});

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DeliveryRow {
    pub hook: String,
    /// The number of the event.
    pub seq: i64,
    pub kind: String,
    /// `waiting`, `sent` or `failed`.
    pub status: String,
    pub attempts: i64,
    /// When it was queued or last tried.
    pub at: Micros,
    pub error: Option<String>,
    /// HTTP status of the last answer.
    pub code: Option<i64>,
    /// How long the last answer took, milliseconds.
    pub ms: Option<i64>,
}

record!(DeliveryRow {
    hook,
    seq,
    kind,
    status,
    attempts,
    at,
    error,
    code,
    ms
});

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IncomingRow {
    pub id: String,
    #[serde(skip)]
    pub digest: String,
    /// Who writes what comes in.
    pub person: String,
    pub process: String,
    pub name: String,
    pub created: Micros,
    pub used: Option<Micros>,
    pub revoked: Option<Micros>,
}

record!(IncomingRow {
    id,
    digest,
    person,
    process,
    name,
    created,
    used,
    revoked
});

const HOOK: &str = "id, person, name, url, secret, kinds, form, state, created, upto";
const DELIVERY: &str = "hook, seq, kind, status, attempts, at, error, code, ms";
const INCOMING: &str = "id, digest, person, process, name, created, used, revoked";

/// Adds a hook, or changes name, address, kinds and state of the one with that id.
pub async fn put(tx: &mut Tx, row: &HookRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO hooks (id, person, name, url, secret, kinds, state, created, upto, form) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, url = excluded.url, kinds = excluded.kinds, state = excluded.state, form = excluded.form",
        )
        .bind(&row.id)
        .bind(&row.person)
        .bind(&row.name)
        .bind(&row.url)
        .bind(&row.secret)
        .bind(&row.kinds)
        .bind(&row.state)
        .bind(row.created)
        .bind(row.upto)
        .bind(&row.form)
        .execute(tx)
        .await
}

pub async fn delete(tx: &mut Tx, id: &str) -> sqlx::Result<bool> {
    for sql in [
        "DELETE FROM deliveries WHERE hook = $1",
        "DELETE FROM jobs WHERE kind = 'hook' AND payload LIKE '%\"' || $1 || '\"%'",
    ] {
        query(sql).bind(id).execute(tx).await?;
    }
    query("DELETE FROM hooks WHERE id = $1")
        .bind(id)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Oldest first.
pub async fn all(db: &Db) -> sqlx::Result<Vec<HookRow>> {
    let sql = format!("SELECT {HOOK} FROM hooks ORDER BY created, id");
    query_of(sql).fetch_all(db).await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<HookRow>> {
    let sql = format!("SELECT {HOOK} FROM hooks WHERE id = $1");
    query_of(sql).bind(id).fetch_optional(db).await
}

/// Moves a hook's place in the record on; whether it still stood where it was read.
pub async fn move_on(tx: &mut Tx, id: &str, from: i64, to: i64) -> sqlx::Result<bool> {
    query("UPDATE hooks SET upto = $3 WHERE id = $1 AND upto = $2")
        .bind(id)
        .bind(from)
        .bind(to)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// An event is to be told; whether it was not known to be.
pub async fn add_delivery(
    tx: &mut Tx,
    hook: &str,
    (seq, kind): (i64, &str),
    at: Micros,
) -> sqlx::Result<bool> {
    query(
            "INSERT INTO deliveries (hook, seq, kind, status, attempts, at) VALUES ($1, $2, $3, 'waiting', 0, $4) \
             ON CONFLICT (hook, seq) DO NOTHING",
        )
        .bind(hook)
        .bind(seq)
        .bind(kind)
        .bind(at)
        .affect(tx)
        .await.map(|rows| rows > 0)
}

/// What came of an attempt; without one (`status` waiting again) the count stays.
pub async fn tried(tx: &mut Tx, row: &DeliveryRow) -> sqlx::Result<()> {
    query(
        "UPDATE deliveries SET status = $3, attempts = $4, at = $5, error = $6, code = $7, ms = $8 \
             WHERE hook = $1 AND seq = $2",
    )
    .bind(&row.hook)
    .bind(row.seq)
    .bind(&row.status)
    .bind(row.attempts)
    .bind(row.at)
    .bind(&row.error)
    .bind(row.code)
    .bind(row.ms)
    .execute(tx)
    .await
}

pub async fn delivery(db: &Db, hook: &str, seq: i64) -> sqlx::Result<Option<DeliveryRow>> {
    let sql = format!("SELECT {DELIVERY} FROM deliveries WHERE hook = $1 AND seq = $2");
    query_of(sql).bind(hook).bind(seq).fetch_optional(db).await
}

/// Newest first.
pub async fn deliveries(db: &Db, hook: &str, limit: i64) -> sqlx::Result<Vec<DeliveryRow>> {
    let sql =
        format!("SELECT {DELIVERY} FROM deliveries WHERE hook = $1 ORDER BY seq DESC LIMIT $2");
    query_of(sql).bind(hook).bind(limit).fetch_all(db).await
}

/// How many of a hook's deliveries wait.
pub async fn waiting(db: &Db, hook: &str) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        query("SELECT COUNT(*) FROM deliveries WHERE hook = $1 AND status = 'waiting'")
            .bind(hook)
            .fetch_one(db)
            .await?;
    Ok(n)
}

/// The one event of a number.
pub async fn event(db: &Db, seq: i64) -> sqlx::Result<Option<super::events::Event>> {
    let found = super::events::after(db, seq - 1, 1).await?;
    Ok(found.into_iter().next().filter(|e| e.seq == seq))
}

pub async fn add_incoming(tx: &mut Tx, row: &IncomingRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO incoming (id, digest, person, process, name, created) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&row.id)
        .bind(&row.digest)
        .bind(&row.person)
        .bind(&row.process)
        .bind(&row.name)
        .bind(row.created)
        .execute(tx)
        .await
}

/// Those that still work, oldest first.
pub async fn incoming(db: &Db) -> sqlx::Result<Vec<IncomingRow>> {
    let sql = format!("SELECT {INCOMING} FROM incoming WHERE revoked IS NULL ORDER BY created, id");
    query_of(sql).fetch_all(db).await
}

pub async fn incoming_by_digest(db: &Db, digest: &str) -> sqlx::Result<Option<IncomingRow>> {
    let sql = format!("SELECT {INCOMING} FROM incoming WHERE digest = $1 AND revoked IS NULL");
    query_of(sql).bind(digest).fetch_optional(db).await
}

pub async fn revoke_incoming(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<bool> {
    query("UPDATE incoming SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
        .bind(id)
        .bind(at)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

pub async fn incoming_used(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE incoming SET used = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await
}

/// Sets a person's feed token, instead of the one before; `None` takes it away.
pub async fn put_feed(
    tx: &mut Tx,
    person: &str,
    digest: Option<&str>,
    at: Micros,
) -> sqlx::Result<()> {
    query("DELETE FROM feed_tokens WHERE person = $1")
        .bind(person)
        .execute(tx)
        .await?;
    let Some(digest) = digest else {
        return Ok(());
    };
    query("INSERT INTO feed_tokens (person, digest, created) VALUES ($1, $2, $3)")
        .bind(person)
        .bind(digest)
        .bind(at)
        .execute(tx)
        .await
}

/// Whose feed token this is.
pub async fn feed_of(db: &Db, digest: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = query("SELECT person FROM feed_tokens WHERE digest = $1")
        .bind(digest)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|(person,)| person))
}

/// Since when a person has a feed token.
pub async fn has_feed(db: &Db, person: &str) -> sqlx::Result<Option<Micros>> {
    let row: Option<(Micros,)> = query("SELECT created FROM feed_tokens WHERE person = $1")
        .bind(person)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|(at,)| at))
}
