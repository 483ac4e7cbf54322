//! Files of columns kept in PostgreSQL, so that every node has them. With SQLite they are files and nothing else.

use super::{On, Tx, query};
use mining::Micros;

/// So much of a file is in one row.
const PART: usize = 8 << 20;

/// Keeps a file; one that is there already stays.
pub async fn put(tx: &mut Tx, name: &str, at: Micros, content: &[u8]) -> sqlx::Result<()> {
    for (number, part) in content.chunks(PART).enumerate() {
        query(
                "INSERT INTO column_files (name, part, at, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            )
            .bind(name)
            .bind(number as i64)
            .bind(at)
            .bind(part)
            .execute(tx)
            .await?;
    }
    Ok(())
}

pub async fn is_kept(tx: &mut Tx, name: &str) -> sqlx::Result<bool> {
    let found: Option<(i64,)> = query("SELECT part FROM column_files WHERE name = $1 AND part = 0")
        .bind(name)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(found.is_some())
}

/// Keeps a file from being removed as an old one; whether it is there.
pub async fn renew(tx: &mut Tx, name: &str, at: Micros) -> sqlx::Result<bool> {
    let found: Option<(i64,)> =
        query("UPDATE column_files SET at = $2 WHERE name = $1 RETURNING part")
            .bind(name)
            .bind(at)
            .fetch_optional(&mut *tx)
            .await?;
    Ok(found.is_some())
}

pub async fn get(on: impl Into<On<'_>>, name: &str) -> sqlx::Result<Option<Vec<u8>>> {
    let parts: Vec<(Vec<u8>,)> =
        query("SELECT content FROM column_files WHERE name = $1 ORDER BY part")
            .bind(name)
            .fetch_all(on)
            .await?;
    Ok((!parts.is_empty()).then(|| parts.into_iter().flat_map(|(part,)| part).collect()))
}

/// Removes those that no process points to and that were kept before a moment.
pub async fn sweep(tx: &mut Tx, before: Micros) -> sqlx::Result<()> {
    query(
            "DELETE FROM column_files WHERE at < $1 AND name NOT IN (SELECT columns_file FROM processes WHERE columns_file IS NOT NULL)",
        )
        .bind(before)
        .execute(tx)
        .await
}

/// Removes one to which nothing points any more.
pub async fn remove(tx: &mut Tx, name: &str) -> sqlx::Result<()> {
    query(
        "DELETE FROM column_files WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM processes WHERE columns_file = $1)"
    )
    .bind(name)
    .execute(tx)
    .await
}

/// Removes one to which nothing points any more and that was not kept after a moment.
pub async fn remove_older(tx: &mut Tx, name: &str, moment: Micros) -> sqlx::Result<()> {
    query(
        "DELETE FROM column_files WHERE name = $1 AND at <= $2 AND NOT EXISTS (SELECT 1 FROM processes WHERE columns_file = $1)"
    )
    .bind(name)
    .bind(moment)
    .execute(tx)
    .await
}
