//! What opens the door: sessions, tokens, links that work once. Digests only.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    pub digest: String,
    pub person: String,
    pub created: Micros,
    pub seen: Micros,
    pub ends: Micros,
    pub agent: String,
}

record!(SessionRow {
    digest,
    person,
    created,
    seen,
    ends,
    agent
});

#[derive(Debug, Clone, PartialEq)]
pub struct TokenRow {
    pub id: String,
    pub digest: String,
    pub person: String,
    pub name: String,
    pub scopes: String,
    pub created: Micros,
    pub ends: Option<Micros>,
    pub used: Option<Micros>,
    pub revoked: Option<Micros>,
}

record!(TokenRow {
    id,
    digest,
    person,
    name,
    scopes,
    created,
    ends,
    used,
    revoked
});

#[derive(Debug, Clone, PartialEq)]
pub struct OneTimeRow {
    pub digest: String,
    pub purpose: String,
    pub person: Option<String>,
    pub payload: String,
    pub created: Micros,
    pub ends: Micros,
    pub used: Option<Micros>,
}

record!(OneTimeRow {
    digest,
    purpose,
    person,
    payload,
    created,
    ends,
    used
});

pub async fn open_session(tx: &mut Tx, row: &SessionRow) -> sqlx::Result<()> {
    query("INSERT INTO sessions (digest, person, created, seen, ends, agent) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&row.digest)
            .bind(&row.person)
            .bind(row.created)
            .bind(row.seen)
            .bind(row.ends)
            .bind(&row.agent)
            .execute(tx)
            .await
}

pub async fn session(db: &Db, digest: &str) -> sqlx::Result<Option<SessionRow>> {
    query("SELECT digest, person, created, seen, ends, agent FROM sessions WHERE digest = $1")
        .bind(digest)
        .fetch_optional(db)
        .await
}

/// Newest first.
pub async fn sessions_of(db: &Db, person: &str) -> sqlx::Result<Vec<SessionRow>> {
    query("SELECT digest, person, created, seen, ends, agent FROM sessions WHERE person = $1 ORDER BY created DESC")
            .bind(person)
            .fetch_all(db)
            .await
}

/// When each person was last seen, by session or token.
pub async fn last_seen(db: &Db) -> sqlx::Result<Vec<(String, Micros)>> {
    query(
        "SELECT person, MAX(at) FROM (SELECT person, seen AS at FROM sessions UNION ALL \
         SELECT person, used AS at FROM tokens WHERE used IS NOT NULL) AS doors GROUP BY person",
    )
    .fetch_all(db)
    .await
}

pub async fn close_session(tx: &mut Tx, digest: &str) -> sqlx::Result<()> {
    query("DELETE FROM sessions WHERE digest = $1")
        .bind(digest)
        .execute(tx)
        .await
}

/// Closes all sessions of a person but one, or all of them.
pub async fn close_sessions(tx: &mut Tx, person: &str, but: Option<&str>) -> sqlx::Result<()> {
    query("DELETE FROM sessions WHERE person = $1 AND digest <> $2")
        .bind(person)
        .bind(but.unwrap_or_default())
        .execute(tx)
        .await
}

pub async fn seen(tx: &mut Tx, digest: &str, at: Micros, ends: Micros) -> sqlx::Result<()> {
    query("UPDATE sessions SET seen = $2, ends = $3 WHERE digest = $1")
        .bind(digest)
        .bind(at)
        .bind(ends)
        .execute(tx)
        .await
}

const TOKEN: &str = "id, digest, person, name, scopes, created, ends, used, revoked";

pub async fn add_token(tx: &mut Tx, row: &TokenRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO tokens (id, digest, person, name, scopes, created, ends) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&row.id)
        .bind(&row.digest)
        .bind(&row.person)
        .bind(&row.name)
        .bind(&row.scopes)
        .bind(row.created)
        .bind(row.ends)
        .execute(tx)
        .await
}

pub async fn token(db: &Db, digest: &str) -> sqlx::Result<Option<TokenRow>> {
    let sql = format!("SELECT {TOKEN} FROM tokens WHERE digest = $1");
    query_of(sql).bind(digest).fetch_optional(db).await
}

/// Newest first, revoked ones too.
pub async fn tokens_of(db: &Db, person: &str) -> sqlx::Result<Vec<TokenRow>> {
    let sql = format!("SELECT {TOKEN} FROM tokens WHERE person = $1 ORDER BY created DESC");
    query_of(sql).bind(person).fetch_all(db).await
}

/// Whether there was such a token of that person, not yet revoked.
pub async fn revoke_token(tx: &mut Tx, person: &str, id: &str, at: Micros) -> sqlx::Result<bool> {
    query("UPDATE tokens SET revoked = $3 WHERE id = $2 AND person = $1 AND revoked IS NULL")
        .bind(person)
        .bind(id)
        .bind(at)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

pub async fn token_used(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE tokens SET used = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await
}

const ONE_TIME: &str = "digest, purpose, person, payload, created, ends, used";

pub async fn add_one_time(tx: &mut Tx, row: &OneTimeRow) -> sqlx::Result<()> {
    query("INSERT INTO one_time (digest, purpose, person, payload, created, ends) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&row.digest)
            .bind(&row.purpose)
            .bind(&row.person)
            .bind(&row.payload)
            .bind(row.created)
            .bind(row.ends)
            .execute(tx)
            .await
}

/// Looks without using it up.
pub async fn one_time(db: &Db, digest: &str, now: Micros) -> sqlx::Result<Option<OneTimeRow>> {
    let sql =
        format!("SELECT {ONE_TIME} FROM one_time WHERE digest = $1 AND used IS NULL AND ends > $2");
    query_of(sql)
        .bind(digest)
        .bind(now)
        .fetch_optional(db)
        .await
}

/// Uses it up; `None` when it was used before, is over or never was.
pub async fn use_one_time(
    tx: &mut Tx,
    digest: &str,
    now: Micros,
) -> sqlx::Result<Option<OneTimeRow>> {
    let sql = format!(
        "UPDATE one_time SET used = $2 WHERE digest = $1 AND used IS NULL AND ends > $2 RETURNING {ONE_TIME}"
    );
    query_of(sql)
        .bind(digest)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await
}

/// Forgets what was made for a purpose and ended before a moment.
pub async fn sweep_one_time(tx: &mut Tx, purpose: &str, before: Micros) -> sqlx::Result<()> {
    query("DELETE FROM one_time WHERE purpose = $1 AND ends < $2")
        .bind(purpose)
        .bind(before)
        .execute(tx)
        .await
}
