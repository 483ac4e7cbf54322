//! Passkeys of people.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct PasskeyRow {
    /// Follows from the id its authenticator gave it.
    pub id: String,
    pub person: String,
    pub name: String,
    /// JSON: what is needed to check it.
    pub credential: String,
    pub created: Micros,
    pub used: Option<Micros>,
}

record!(PasskeyRow {
    id,
    person,
    name,
    credential,
    created,
    used
});

const PASSKEY: &str = "id, person, name, credential, created, used";

/// Whether it was not known before, to anybody.
pub async fn insert(tx: &mut Tx, row: &PasskeyRow) -> sqlx::Result<bool> {
    query(
        "INSERT INTO passkeys (id, person, name, credential, created) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO NOTHING",
    )
    .bind(&row.id)
    .bind(&row.person)
    .bind(&row.name)
    .bind(&row.credential)
    .bind(row.created)
    .affect(tx)
    .await
    .map(|rows| rows > 0)
}

/// Oldest first.
pub async fn of_person(db: &Db, person: &str) -> sqlx::Result<Vec<PasskeyRow>> {
    let sql = format!("SELECT {PASSKEY} FROM passkeys WHERE person = $1 ORDER BY created, id");
    query_of(sql).bind(person).fetch_all(db).await
}

/// For a change that depends on what is there: on PostgreSQL nobody else changes it meanwhile, on SQLite nobody can.
pub async fn find_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<PasskeyRow>> {
    let lock = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => "FOR UPDATE",
    };
    let sql = format!("SELECT {PASSKEY} FROM passkeys WHERE id = $1 {lock}");
    query_of(sql).bind(id).fetch_optional(&mut *tx).await
}

/// Somebody signed in with it.
pub async fn used(tx: &mut Tx, id: &str, credential: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE passkeys SET credential = $2, used = $3 WHERE id = $1")
        .bind(id)
        .bind(credential)
        .bind(at)
        .execute(tx)
        .await
}

/// Whether that person had it.
pub async fn remove(tx: &mut Tx, person: &str, id: &str) -> sqlx::Result<bool> {
    query("DELETE FROM passkeys WHERE id = $2 AND person = $1")
        .bind(person)
        .bind(id)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}
