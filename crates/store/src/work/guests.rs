//! Who was asked into a case.

use crate::{Db, Tx, query};
use mining::Micros;

/// Whether a guest was asked into a case.
pub async fn is_guest_of(db: &Db, person: &str, process: &str, case: &str) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        query("SELECT at FROM case_guests WHERE person = $1 AND process = $2 AND case_ref = $3")
            .bind(person)
            .bind(process)
            .bind(case)
            .fetch_optional(db)
            .await?;
    Ok(row.is_some())
}

/// The cases a guest was asked into: process and case.
pub async fn guest_cases(db: &Db, person: &str) -> sqlx::Result<Vec<(String, String)>> {
    query("SELECT process, case_ref FROM case_guests WHERE person = $1 ORDER BY at DESC")
        .bind(person)
        .fetch_all(db)
        .await
}

pub async fn invite(
    tx: &mut Tx,
    process: &str,
    case: &str,
    person: &str,
    by: &str,
    at: Micros,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO case_guests (process, case_ref, person, at, by_person) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    )
    .bind(process)
    .bind(case)
    .bind(person)
    .bind(at)
    .bind(by)
    .execute(tx)
    .await
}

/// Who was asked into a case.
pub async fn guests_of_case(db: &Db, process: &str, case: &str) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = query(
        "SELECT person FROM case_guests WHERE process = $1 AND case_ref = $2 ORDER BY at, person",
    )
    .bind(process)
    .bind(case)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(person,)| person).collect())
}
