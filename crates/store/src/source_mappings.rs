//! How what a source tells of its cases is read, and who here is somebody whom it names.

use super::pushed::PushedRow;
use super::{Db, Tx, Value, erase, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct MappingRow {
    pub connection: String,
    /// One more with every change.
    pub version: i64,
    pub at: Micros,
    pub by_person: String,
    /// JSON
    pub fields: String,
}

record!(MappingRow {
    connection,
    version,
    at,
    by_person,
    fields
});

/// Whom somebody is here.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// As the source tells her.
    pub told: String,
    pub person: String,
    pub name: String,
}

record!(PersonRow { told, person, name });

const MAPPING: &str = "SELECT connection, version, at, by_person, fields FROM source_mappings";
const PEOPLE: &str = "SELECT told, person, name FROM source_people WHERE connection = $1";

pub async fn find(db: &Db, connection: &str) -> sqlx::Result<Option<MappingRow>> {
    query_of(format!("{MAPPING} WHERE connection = $1"))
        .bind(connection)
        .fetch_optional(db)
        .await
}

/// The same, as the transaction sees it.
pub async fn find_in(tx: &mut Tx, connection: &str) -> sqlx::Result<Option<MappingRow>> {
    query_of(format!("{MAPPING} WHERE connection = $1"))
        .bind(connection)
        .fetch_optional(tx)
        .await
}

pub async fn people(db: &Db, connection: &str) -> sqlx::Result<Vec<PersonRow>> {
    query_of(format!("{PEOPLE} ORDER BY told"))
        .bind(connection)
        .fetch_all(db)
        .await
}

/// The same, as the transaction sees it.
pub async fn people_in(tx: &mut Tx, connection: &str) -> sqlx::Result<Vec<PersonRow>> {
    query_of(format!("{PEOPLE} ORDER BY told"))
        .bind(connection)
        .fetch_all(tx)
        .await
}

/// Until the transaction ends nobody else takes in what a connection tells, or changes how it is read. `false` where there is no such
/// connection.
pub async fn hold(tx: &mut Tx, connection: &str) -> sqlx::Result<bool> {
    let held = query("UPDATE connections SET taken = taken WHERE id = $1")
        .bind(connection)
        .affect(tx)
        .await?;
    Ok(held > 0)
}

pub async fn put(tx: &mut Tx, row: &MappingRow, people: &[PersonRow]) -> sqlx::Result<()> {
    query(
        "INSERT INTO source_mappings (connection, version, at, by_person, fields) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (connection) DO UPDATE SET version = excluded.version, at = excluded.at, by_person = excluded.by_person, \
         fields = excluded.fields",
    )
    .bind(&row.connection)
    .bind(row.version)
    .bind(row.at)
    .bind(&row.by_person)
    .bind(&row.fields)
    .execute(tx)
    .await?;
    query("DELETE FROM source_people WHERE connection = $1")
        .bind(&row.connection)
        .execute(tx)
        .await?;
    for person in people {
        query("INSERT INTO source_people (connection, told, person, name) VALUES ($1, $2, $3, $4)")
            .bind(&row.connection)
            .bind(&person.told)
            .bind(&person.person)
            .bind(&person.name)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// What a person is called elsewhere.
pub async fn told_of(tx: &mut Tx, person: &str) -> sqlx::Result<Vec<String>> {
    let all: Vec<(String,)> = query("SELECT DISTINCT told FROM source_people WHERE person = $1")
        .bind(person)
        .fetch_all(tx)
        .await?;
    Ok(all.into_iter().map(|(told,)| told).collect())
}

/// Forgets who somebody is whom sources name like this.
pub async fn forget_told(tx: &mut Tx, told: &str) -> sqlx::Result<()> {
    // SQLite knows small letters of ASCII alone.
    query("DELETE FROM source_people WHERE told = $1 OR LOWER(told) = $2")
        .bind(told)
        .bind(told.to_lowercase())
        .execute(tx)
        .await
}

/// The place of a row among those of a process.
pub type After = (String, String, String);

const TOLD: &str = "SELECT process, kind, case_ref, id, at, place, by_person, body FROM pushed \
     WHERE process = $1 AND by_person = $2 AND (case_ref, kind, id) > ($3, $4, $5) ORDER BY case_ref, kind, id LIMIT $6";

/// What a connection told of a process, case by case and of each its attributes before its events; the first `most` after a place.
pub async fn told(
    db: &Db,
    (process, connection): (&str, &str),
    after: &After,
    most: i64,
) -> sqlx::Result<Vec<PushedRow>> {
    query(TOLD)
        .bind(process)
        .bind(connection)
        .bind(&after.0)
        .bind(&after.1)
        .bind(&after.2)
        .bind(most)
        .fetch_all(db)
        .await
}

/// The same, as the transaction sees it.
pub async fn told_in(
    tx: &mut Tx,
    (process, connection): (&str, &str),
    after: &After,
    most: i64,
) -> sqlx::Result<Vec<PushedRow>> {
    query(TOLD)
        .bind(process)
        .bind(connection)
        .bind(&after.0)
        .bind(&after.1)
        .bind(&after.2)
        .bind(most)
        .fetch_all(tx)
        .await
}

/// Replaces what is kept of rows, as far as they are there; what was there before is overwritten.
pub async fn rewrite(tx: &mut Tx, rows: &[PushedRow]) -> sqlx::Result<()> {
    erase::thoroughly(tx).await?;
    for some in rows.chunks(500) {
        let values = some.iter().map(|row| {
            let all = [&row.process, &row.case_ref, &row.kind, &row.id, &row.body];
            all.into_iter().map(Value::from)
        });
        query("UPDATE pushed SET body = v.column5 FROM (VALUES ")
            .rows(values)
            .then(
                ") AS v WHERE pushed.process = v.column1 AND pushed.case_ref = v.column2 AND pushed.kind = v.column3 \
                 AND pushed.id = v.column4",
            )
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Begins to read a source from the beginning: what is known already adds nothing. A look that is under way counts no more.
pub async fn read_anew(tx: &mut Tx, connection: &str, now: Micros) -> sqlx::Result<()> {
    query("UPDATE connections SET cursor = NULL, due = $2, held_until = 0 WHERE id = $1")
        .bind(connection)
        .bind(now)
        .execute(tx)
        .await
}

#[cfg(test)]
mod tests;
