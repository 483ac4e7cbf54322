//! What holds for the whole installation.

use super::{On, Tx, query};

pub async fn get(on: impl Into<On<'_>>, name: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = query("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(on)
        .await?;
    Ok(row.map(|(value,)| value))
}

pub async fn put(tx: &mut Tx, name: &str, value: &str) -> sqlx::Result<()> {
    query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(tx)
        .await
}
