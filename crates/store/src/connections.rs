//! Channels and systems of record that are connected, and how far each was read.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    pub id: String,
    pub kind: String,
    /// [`CHANNEL`], [`SOURCE`] or [`NETWORK`].
    pub what: String,
    pub name: String,
    pub created: Micros,
    pub created_by: String,
    /// What was filled in, sealed.
    pub sealed: String,
    /// JSON
    pub account: String,
    /// [`ON`], [`PAUSED`], [`SIGNED_OUT`] or [`REMOVED`].
    pub state: String,
    /// Digest.
    pub hook: Option<String>,
    /// JSON
    pub pipeline: Option<String>,
    pub process: Option<String>,
    /// JSON
    pub cursor: Option<String>,
    pub due: Micros,
    pub synced: Option<Micros>,
    pub looked: Option<Micros>,
    pub taken: i64,
    pub expected: Option<i64>,
    pub error: Option<String>,
    pub error_at: Option<Micros>,
    pub failures: i64,
}

record!(ConnectionRow {
    id,
    kind,
    what,
    name,
    created,
    created_by,
    sealed,
    account,
    state,
    hook,
    pipeline,
    process,
    cursor,
    due,
    synced,
    looked,
    taken,
    expected,
    error,
    error_at,
    failures
});

pub const CHANNEL: &str = "channel";
pub const SOURCE: &str = "source";
pub const NETWORK: &str = "network";
pub const ON: &str = "on";
pub const PAUSED: &str = "paused";
pub const SIGNED_OUT: &str = "signed_out";
pub const REMOVED: &str = "removed";

const CONNECTION: &str = "id, kind, what, name, created, created_by, sealed, account, state, hook, pipeline, process, cursor, due, \
     synced, looked, taken, expected, error, error_at, failures";

pub async fn insert(tx: &mut Tx, row: &ConnectionRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO connections ({CONNECTION}, holder, held_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, $13, NULL, NULL, 0, $14, NULL, NULL, 0, '', 0)"
    ))
    .bind(&row.id)
    .bind(&row.kind)
    .bind(&row.what)
    .bind(&row.name)
    .bind(row.created)
    .bind(&row.created_by)
    .bind(&row.sealed)
    .bind(&row.account)
    .bind(&row.state)
    .bind(&row.hook)
    .bind(&row.pipeline)
    .bind(&row.process)
    .bind(row.due)
    .bind(row.expected)
    .execute(tx)
    .await
}

/// All that are not removed, by name.
pub async fn list(db: &Db) -> sqlx::Result<Vec<ConnectionRow>> {
    query_of(format!(
        "SELECT {CONNECTION} FROM connections WHERE state <> 'removed' ORDER BY what, name, id"
    ))
    .fetch_all(db)
    .await
}

/// Also one that was removed: what came by it is still told of.
pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ConnectionRow>> {
    query_of(format!(
        "SELECT {CONNECTION} FROM connections WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(db)
    .await
}

pub async fn by_hook(db: &Db, digest: &str) -> sqlx::Result<Option<ConnectionRow>> {
    query_of(format!(
        "SELECT {CONNECTION} FROM connections WHERE hook = $1 AND state <> 'removed'"
    ))
    .bind(digest)
    .fetch_optional(db)
    .await
}

/// Takes one that is due, so that no other node looks at it until then.
pub async fn claim(
    tx: &mut Tx,
    holder: &str,
    now: Micros,
    until: Micros,
) -> sqlx::Result<Option<ConnectionRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        // A thread that is being written holds the key of its connection, and is no reason to pass the connection by.
        Tx::Postgres(_) => " FOR NO KEY UPDATE SKIP LOCKED",
    };
    query_of(format!(
        "UPDATE connections SET holder = $1, held_until = $3 WHERE id = (SELECT id FROM connections \
         WHERE state = 'on' AND due <= $2 AND held_until <= $2 ORDER BY due, id LIMIT 1{locked}) RETURNING {CONNECTION}"
    ))
    .bind(holder)
    .bind(now)
    .bind(until)
    .fetch_optional(&mut *tx)
    .await
}

/// What a look brought, beside what it told.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked<'a> {
    pub id: &'a str,
    pub holder: &'a str,
    pub cursor: &'a str,
    pub taken: i64,
    /// All there was is taken in.
    pub is_whole: bool,
    pub due: Micros,
    pub held_until: Micros,
}

/// Moves on, in the transaction of what came; `false` when another node has it by now, or somebody paused it, and nothing of the look counts.
pub async fn move_on(tx: &mut Tx, looked: &Looked<'_>, now: Micros) -> sqlx::Result<bool> {
    let moved = query(
        "UPDATE connections SET cursor = $3, taken = taken + $4, due = $5, held_until = $6, failures = 0, error = NULL, error_at = NULL, \
         looked = CASE WHEN $7 = 1 THEN $8 ELSE looked END, synced = CASE WHEN $7 = 1 THEN COALESCE(synced, $8) ELSE synced END \
         WHERE id = $1 AND holder = $2 AND held_until > 0 AND state = 'on'",
    )
    .bind(looked.id)
    .bind(looked.holder)
    .bind(looked.cursor)
    .bind(looked.taken)
    .bind(looked.due)
    .bind(looked.held_until)
    .bind(i64::from(looked.is_whole))
    .bind(now)
    .affect(tx)
    .await?;
    Ok(moved > 0)
}

/// So much more came by it.
pub async fn count(tx: &mut Tx, id: &str, taken: i64) -> sqlx::Result<()> {
    query("UPDATE connections SET taken = taken + $2 WHERE id = $1")
        .bind(id)
        .bind(taken)
        .execute(tx)
        .await
}

/// Says what went wrong, and when to try again; `state` is what it is in from then on.
pub async fn failed(
    tx: &mut Tx,
    (id, holder): (&str, &str),
    state: &str,
    now: Micros,
    due: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query(
        "UPDATE connections SET state = CASE WHEN state = 'on' THEN $3 ELSE state END, error = $4, error_at = $5, due = $6, \
         held_until = 0, failures = failures + 1 WHERE id = $1 AND holder = $2",
    )
    .bind(id)
    .bind(holder)
    .bind(state)
    .bind(error)
    .bind(now)
    .bind(due)
    .execute(tx)
    .await
}

/// Its key does not open any more, in the words of the service.
pub async fn signed_out(tx: &mut Tx, id: &str, now: Micros, error: &str) -> sqlx::Result<()> {
    query(
        "UPDATE connections SET state = 'signed_out', error = $3, error_at = $2, due = $2, held_until = 0, failures = failures + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(now)
    .bind(error)
    .execute(tx)
    .await
}

pub async fn set_state(tx: &mut Tx, id: &str, state: &str, due: Micros) -> sqlx::Result<()> {
    query("UPDATE connections SET state = $2, due = $3, held_until = 0, failures = 0 WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(due)
        .execute(tx)
        .await
}

/// Makes the key somebody's to change until then; `false` when another one changes it, or when there is none.
pub async fn hold_key(
    tx: &mut Tx,
    (id, renewer): (&str, &str),
    now: Micros,
    until: Micros,
) -> sqlx::Result<bool> {
    let held = query(
        "UPDATE connections SET renewer = $2, renewed_until = $4 WHERE id = $1 AND renewed_until <= $3 AND state <> 'removed'",
    )
    .bind(id)
    .bind(renewer)
    .bind(now)
    .bind(until)
    .affect(tx)
    .await?;
    Ok(held > 0)
}

/// Lets others change the key.
pub async fn let_key_go(tx: &mut Tx, (id, renewer): (&str, &str)) -> sqlx::Result<()> {
    query("UPDATE connections SET renewed_until = 0 WHERE id = $1 AND renewer = $2")
        .bind(id)
        .bind(renewer)
        .execute(tx)
        .await
}

/// Another key, of who holds it and lets it go; `account` where it was looked at anew. `false` when another one holds it by now, and nothing was changed.
pub async fn set_key(
    tx: &mut Tx,
    (id, renewer): (&str, &str),
    sealed: &str,
    account: Option<&str>,
) -> sqlx::Result<bool> {
    let set = query(
        "UPDATE connections SET sealed = $3, account = COALESCE($4, account), renewed_until = 0 WHERE id = $1 AND renewer = $2 AND renewed_until > 0 \
         AND state <> 'removed'",
    )
    .bind(id)
    .bind(renewer)
    .bind(sealed)
    .bind(account)
    .affect(tx)
    .await?;
    Ok(set > 0)
}

/// The same key sealed anew, where nobody changed it and nobody is about to.
pub async fn seal_anew(
    tx: &mut Tx,
    id: &str,
    (old, new): (&str, &str),
    now: Micros,
) -> sqlx::Result<()> {
    query(
        "UPDATE connections SET sealed = $3 WHERE id = $1 AND sealed = $2 AND renewed_until <= $4",
    )
    .bind(id)
    .bind(old)
    .bind(new)
    .bind(now)
    .execute(tx)
    .await
}

/// The source's definition as it was last seen.
pub async fn set_pipeline(tx: &mut Tx, id: &str, pipeline: &str) -> sqlx::Result<()> {
    query("UPDATE connections SET pipeline = $2 WHERE id = $1")
        .bind(id)
        .bind(pipeline)
        .execute(tx)
        .await
}

/// Another address of its webhook, by its digest, or none.
pub async fn set_hook(tx: &mut Tx, id: &str, hook: Option<&str>) -> sqlx::Result<()> {
    query("UPDATE connections SET hook = $2 WHERE id = $1 AND state <> 'removed'")
        .bind(id)
        .bind(hook)
        .execute(tx)
        .await
}

/// Forgets the key and the address of the webhook; what came by it stays.
pub async fn remove(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("DELETE FROM internal_rooms WHERE connection = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    query("UPDATE connections SET state = 'removed', sealed = '', hook = NULL, held_until = 0 WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}

/// Makes a stream a node's until then; `false` when another one has it, or when the channel has another key by now or is not on.
pub async fn listen(
    tx: &mut Tx,
    (id, listener): (&str, &str),
    sealed: &str,
    now: Micros,
    until: Micros,
) -> sqlx::Result<bool> {
    let taken = query(
        "UPDATE connections SET listener = $2, listened_until = $5 WHERE id = $1 AND state = 'on' AND sealed = $3 \
         AND (listener = $2 OR listened_until <= $4)",
    )
    .bind(id)
    .bind(listener)
    .bind(sealed)
    .bind(now)
    .bind(until)
    .affect(tx)
    .await?;
    Ok(taken > 0)
}

/// How much a stream told in a month, such as `2026-11`.
pub async fn told(db: &Db, id: &str, month: &str) -> sqlx::Result<i64> {
    let found: Option<(i64,)> =
        query("SELECT told FROM connections WHERE id = $1 AND told_month = $2")
            .bind(id)
            .bind(month)
            .fetch_optional(db)
            .await?;
    Ok(found.map_or(0, |(told,)| told))
}

/// Counts what a stream told; a month that is new begins at nothing.
pub async fn count_told(tx: &mut Tx, id: &str, month: &str, more: i64) -> sqlx::Result<()> {
    query(
        "UPDATE connections SET told = CASE WHEN told_month = $2 THEN told + $3 ELSE $3 END, told_month = $2 WHERE id = $1",
    )
    .bind(id)
    .bind(month)
    .bind(more)
    .execute(tx)
    .await
}

/// For how many days what was said on a channel is kept, and what came with it as it came; nothing is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Kept {
    pub said: Option<i64>,
    pub raw: Option<i64>,
}

pub async fn kept(db: &Db, id: &str) -> sqlx::Result<Kept> {
    let found: Option<(Option<i64>, Option<i64>)> =
        query("SELECT keep_days, raw_days FROM connections WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?;
    let (said, raw) = found.unwrap_or_default();
    Ok(Kept { said, raw })
}

pub async fn set_kept(tx: &mut Tx, id: &str, kept: Kept) -> sqlx::Result<()> {
    query("UPDATE connections SET keep_days = $2, raw_days = $3 WHERE id = $1")
        .bind(id)
        .bind(kept.said)
        .bind(kept.raw)
        .execute(tx)
        .await
}

/// What replies on a channel are signed with, where an owner said so; and the moment before which the service asked to be sent nothing.
pub async fn sending(db: &Db, id: &str) -> sqlx::Result<(Option<String>, Micros)> {
    let found: Option<(Option<String>, Micros)> =
        query("SELECT signature, sends_from FROM connections WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?;
    Ok(found.unwrap_or_default())
}

pub async fn set_signature(tx: &mut Tx, id: &str, signature: Option<&str>) -> sqlx::Result<()> {
    query("UPDATE connections SET signature = $2 WHERE id = $1")
        .bind(id)
        .bind(signature)
        .execute(tx)
        .await
}

/// Channels that do not keep everything, also those that were removed.
pub async fn forgetful(db: &Db) -> sqlx::Result<Vec<(String, Option<i64>, Option<i64>)>> {
    query("SELECT id, keep_days, raw_days FROM connections WHERE keep_days IS NOT NULL OR raw_days IS NOT NULL ORDER BY id")
        .fetch_all(db)
        .await
}

/// There is something to be looked at; one that was told to wait, for longer than until `most`, is left alone.
pub async fn hurry(tx: &mut Tx, id: &str, now: Micros, most: Micros) -> sqlx::Result<()> {
    query("UPDATE connections SET due = $2 WHERE id = $1 AND state = 'on' AND failures = 0 AND due > $2 AND due <= $3")
        .bind(id)
        .bind(now)
        .bind(most)
        .execute(tx)
        .await
}

/// The service asked that nothing more is sent until then.
pub async fn send_from(tx: &mut Tx, id: &str, until: Micros) -> sqlx::Result<()> {
    query("UPDATE connections SET sends_from = $2 WHERE id = $1 AND sends_from < $2")
        .bind(id)
        .bind(until)
        .execute(tx)
        .await
}

/// A server over SQLite is the only one: who was looking when it starts is dead.
pub async fn release(tx: &mut Tx) -> sqlx::Result<()> {
    if matches!(tx, Tx::Sqlite(_)) {
        query("UPDATE connections SET held_until = 0, listened_until = 0, renewed_until = 0")
            .execute(tx)
            .await?;
        query("UPDATE replies SET held_until = 0")
            .execute(tx)
            .await?;
        query("UPDATE internal_rooms SET held_until = 0")
            .execute(tx)
            .await?;
        query("UPDATE written SET held_until = 0")
            .execute(tx)
            .await?;
    }
    Ok(())
}
