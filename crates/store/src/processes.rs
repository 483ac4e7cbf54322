//! Processes and where their columns are.

use super::{Db, On, Tx, query, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProcessRow {
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    pub name: String,
    pub created: Micros,
    /// File that holds its log, in the folder of columns; `None` while there is only a model.
    #[serde(skip)]
    pub columns_file: Option<String>,
    pub cases: i64,
    pub events: i64,
    pub version: i64,
    /// Revision of its steps.
    pub revision: i64,
    pub team_column: Option<String>,
}

record!(ProcessRow {
    id,
    slug,
    name,
    created,
    columns_file,
    cases,
    events,
    version,
    revision,
    team_column
});

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, slug, name, created, columns_file, cases, events, version, revision, team_column FROM processes ", $rest)
    };
}

pub async fn list(db: &Db) -> sqlx::Result<Vec<ProcessRow>> {
    query(select!("ORDER BY name, id")).fetch_all(db).await
}

/// A process by its id or by its name in addresses.
pub async fn find(on: impl Into<On<'_>>, key: &str) -> sqlx::Result<Option<ProcessRow>> {
    query(select!("WHERE id = $1 OR slug = $1"))
        .bind(key)
        .fetch_optional(on)
        .await
}

pub async fn insert(tx: &mut Tx, row: &ProcessRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO processes (id, slug, name, created, columns_file, cases, events, version, revision, team_column) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&row.id)
        .bind(&row.slug)
        .bind(&row.name)
        .bind(row.created)
        .bind(&row.columns_file)
        .bind(row.cases)
        .bind(row.events)
        .bind(row.version)
        .bind(row.revision)
        .bind(&row.team_column)
        .execute(tx)
        .await
}

/// Until the transaction ends nobody else changes a process.
pub async fn hold(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("UPDATE processes SET revision = revision WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}

/// Writes all that can change of a process.
pub async fn update(tx: &mut Tx, row: &ProcessRow) -> sqlx::Result<()> {
    query(
            "UPDATE processes SET name = $2, columns_file = $3, cases = $4, events = $5, version = $6, revision = $7, team_column = $8 WHERE id = $1",
        )
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.columns_file)
        .bind(row.cases)
        .bind(row.events)
        .bind(row.version)
        .bind(row.revision)
        .bind(&row.team_column)
        .execute(tx)
        .await
}

/// Column files that processes point to.
pub async fn columns_files(on: impl Into<On<'_>>) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> =
        query("SELECT columns_file FROM processes WHERE columns_file IS NOT NULL")
            .fetch_all(on)
            .await?;
    Ok(rows.into_iter().map(|(file,)| file).collect())
}
