//! Who works here, and in which teams.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    pub id: String,
    /// In small letters.
    pub email: String,
    pub handle: String,
    pub name: String,
    pub role: String,
    pub state: String,
    pub created: Micros,
    pub password: Option<String>,
    pub subject: Option<String>,
    pub external: Option<String>,
    pub zone: String,
    /// JSON.
    pub settings: String,
}

record!(PersonRow {
    id,
    email,
    handle,
    name,
    role,
    state,
    created,
    password,
    subject,
    external,
    zone,
    settings
});

#[derive(Debug, Clone, PartialEq)]
pub struct TeamRow {
    pub id: String,
    pub name: String,
    pub handle: String,
    pub created: Micros,
    pub external: Option<String>,
}

record!(TeamRow {
    id,
    name,
    handle,
    created,
    external
});

const PERSON: &str =
    "id, email, handle, name, role, state, created, password, subject, external, zone, settings";

/// A query for people: all columns of a person and then what the caller adds.
fn people(rest: &str) -> String {
    format!("SELECT {PERSON} FROM people {rest}")
}

pub async fn insert(tx: &mut Tx, row: &PersonRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO people (id, email, handle, name, role, state, created, password, subject, external, zone, settings) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&row.id)
        .bind(&row.email)
        .bind(&row.handle)
        .bind(&row.name)
        .bind(&row.role)
        .bind(&row.state)
        .bind(row.created)
        .bind(&row.password)
        .bind(&row.subject)
        .bind(&row.external)
        .bind(&row.zone)
        .bind(&row.settings)
        .execute(tx)
        .await
}

/// Changes everything but the id and the day of joining.
pub async fn update(tx: &mut Tx, row: &PersonRow) -> sqlx::Result<()> {
    query(
            "UPDATE people SET email = $2, handle = $3, name = $4, role = $5, state = $6, password = $7, subject = $8, \
             external = $9, zone = $10, settings = $11 WHERE id = $1",
        )
        .bind(&row.id)
        .bind(&row.email)
        .bind(&row.handle)
        .bind(&row.name)
        .bind(&row.role)
        .bind(&row.state)
        .bind(&row.password)
        .bind(&row.subject)
        .bind(&row.external)
        .bind(&row.zone)
        .bind(&row.settings)
        .execute(tx)
        .await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn by_email(db: &Db, email: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE email = $1"))
        .bind(email)
        .fetch_optional(db)
        .await
}

/// By name.
pub async fn all(db: &Db) -> sqlx::Result<Vec<PersonRow>> {
    query_of(people("ORDER BY name, id")).fetch_all(db).await
}

/// The same person as the transaction sees her; for a change that depends on what is there.
pub async fn find_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE id = $1"))
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
}

/// Active owners, as the transaction sees them.
pub async fn owners_in(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> =
        query("SELECT id FROM people WHERE role = 'owner' AND state = 'active'")
            .fetch_all(&mut *tx)
            .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub async fn insert_team(tx: &mut Tx, row: &TeamRow) -> sqlx::Result<()> {
    query("INSERT INTO teams (id, name, handle, created, external) VALUES ($1, $2, $3, $4, $5)")
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.handle)
        .bind(row.created)
        .bind(&row.external)
        .execute(tx)
        .await
}

/// From here to its end this transaction alone changes who may what. SQLite has one writer anyway.
pub async fn lock(tx: &mut Tx) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock(7072)")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Whether another person or a team has this handle.
pub async fn is_handle_taken(tx: &mut Tx, handle: &str, but: &str) -> sqlx::Result<bool> {
    let (n,): (i64,) = query(
        "SELECT (SELECT COUNT(*) FROM people WHERE handle = $1 AND id <> $2) + \
         (SELECT COUNT(*) FROM teams WHERE handle = $1 AND id <> $2)",
    )
    .bind(handle)
    .bind(but)
    .fetch_one(&mut *tx)
    .await?;
    Ok(n > 0)
}

/// By one of what is unique: the address, the subject, or what the directory that provisions calls her.
pub async fn by_external_in(tx: &mut Tx, external: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE external = $1"))
        .bind(external)
        .fetch_optional(&mut *tx)
        .await
}

pub async fn by_email_in(tx: &mut Tx, email: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE email = $1"))
        .bind(email)
        .fetch_optional(&mut *tx)
        .await
}

pub async fn by_subject_in(tx: &mut Tx, subject: &str) -> sqlx::Result<Option<PersonRow>> {
    query_of(people("WHERE subject = $1"))
        .bind(subject)
        .fetch_optional(&mut *tx)
        .await
}

/// The teams as the transaction sees them.
pub async fn teams_in(tx: &mut Tx) -> sqlx::Result<Vec<TeamRow>> {
    query("SELECT id, name, handle, created, external FROM teams ORDER BY name")
        .fetch_all(&mut *tx)
        .await
}

/// Ids of the teams of a person, as the transaction sees them.
pub async fn teams_of_in(tx: &mut Tx, person: &str) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = query("SELECT team FROM members WHERE person = $1 ORDER BY team")
        .bind(person)
        .fetch_all(&mut *tx)
        .await?;
    Ok(rows.into_iter().map(|(team,)| team).collect())
}

/// Changes name and external name.
pub async fn update_team(tx: &mut Tx, row: &TeamRow) -> sqlx::Result<()> {
    query("UPDATE teams SET name = $2, external = $3 WHERE id = $1")
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.external)
        .execute(tx)
        .await
}

/// A team and who was in it.
pub async fn delete_team(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM members WHERE team = $1",
        "DELETE FROM teams WHERE id = $1",
    ] {
        query(sql).bind(id).execute(tx).await?;
    }
    Ok(())
}

/// By name.
pub async fn teams(db: &Db) -> sqlx::Result<Vec<TeamRow>> {
    query("SELECT id, name, handle, created, external FROM teams ORDER BY name")
        .fetch_all(db)
        .await
}

/// Pairs of team and person.
pub async fn members(db: &Db) -> sqlx::Result<Vec<(String, String)>> {
    query("SELECT team, person FROM members ORDER BY team, person")
        .fetch_all(db)
        .await
}

pub async fn join(tx: &mut Tx, team: &str, person: &str) -> sqlx::Result<()> {
    query(
        "INSERT INTO members (team, person) VALUES ($1, $2) ON CONFLICT (team, person) DO NOTHING",
    )
    .bind(team)
    .bind(person)
    .execute(tx)
    .await
}

pub async fn leave(tx: &mut Tx, team: &str, person: &str) -> sqlx::Result<()> {
    query("DELETE FROM members WHERE team = $1 AND person = $2")
        .bind(team)
        .bind(person)
        .execute(tx)
        .await
}
