//! What holds for the whole installation.

use super::{Db, Tx, read, write};

pub async fn get(db: &Db, name: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = read!(db, |on| sqlx::query_as(
        "SELECT value FROM settings WHERE name = $1"
    )
    .bind(name)
    .fetch_optional(on)
    .await)?;
    Ok(row.map(|(value,)| value))
}

pub async fn put(tx: &mut Tx, name: &str, value: &str) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(on)
        .await
        .map(drop)
    })
}

/// The same, as the transaction sees it.
pub async fn get_in(tx: &mut Tx, name: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = write!(tx, |on| sqlx::query_as(
        "SELECT value FROM settings WHERE name = $1"
    )
    .bind(name)
    .fetch_optional(on)
    .await)?;
    Ok(row.map(|(value,)| value))
}
