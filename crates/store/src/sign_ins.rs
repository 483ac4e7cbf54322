//! Signing in to services, under way. Each works once, and for who began it.

use super::{Db, Tx, query, record};
use mining::Micros;

/// The browser is at the service, or came back and there are tokens.
pub const AWAY: &str = "away";
pub const BACK: &str = "back";

#[derive(Debug, Clone, PartialEq)]
pub struct SignInRow {
    /// Of what the browser carries.
    pub digest: String,
    pub person: String,
    /// Digest of her session, or the token's name.
    pub door: String,
    pub kind: String,
    pub connection: Option<String>,
    /// [`AWAY`] or [`BACK`].
    pub stage: String,
    pub sealed: String,
    pub ends: Micros,
}

record!(SignInRow {
    digest,
    person,
    door,
    kind,
    connection,
    stage,
    sealed,
    ends
});

/// Whose it is: the digest, the person, and her door. Of others nothing is found.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub digest: &'a str,
    pub person: &'a str,
    pub door: &'a str,
    pub stage: &'a str,
    pub now: Micros,
}

/// Those that are over go.
pub async fn forget_over(tx: &mut Tx, now: Micros) -> sqlx::Result<()> {
    query("DELETE FROM sign_ins WHERE ends <= $1")
        .bind(now)
        .execute(tx)
        .await
}

/// Begins one; those that are over go.
pub async fn insert(tx: &mut Tx, row: &SignInRow, now: Micros) -> sqlx::Result<()> {
    forget_over(tx, now).await?;
    query(
        "INSERT INTO sign_ins (digest, person, door, kind, connection, stage, sealed, ends) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.digest)
    .bind(&row.person)
    .bind(&row.door)
    .bind(&row.kind)
    .bind(&row.connection)
    .bind(&row.stage)
    .bind(&row.sealed)
    .bind(row.ends)
    .execute(tx)
    .await
}

/// Takes one away and tells it: of two who come with the same, one gets it.
pub async fn take(tx: &mut Tx, whose: &Whose<'_>) -> sqlx::Result<Option<SignInRow>> {
    query(
        "DELETE FROM sign_ins WHERE digest = $1 AND person = $2 AND door = $3 AND stage = $4 AND ends > $5 \
         RETURNING digest, person, door, kind, connection, stage, sealed, ends",
    )
    .bind(whose.digest)
    .bind(whose.person)
    .bind(whose.door)
    .bind(whose.stage)
    .bind(whose.now)
    .fetch_optional(tx)
    .await
}

/// The same, and it stays.
pub async fn find(db: &Db, whose: &Whose<'_>) -> sqlx::Result<Option<SignInRow>> {
    query(
        "SELECT digest, person, door, kind, connection, stage, sealed, ends FROM sign_ins \
         WHERE digest = $1 AND person = $2 AND door = $3 AND stage = $4 AND ends > $5",
    )
    .bind(whose.digest)
    .bind(whose.person)
    .bind(whose.door)
    .bind(whose.stage)
    .bind(whose.now)
    .fetch_optional(db)
    .await
}
