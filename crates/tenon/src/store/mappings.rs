//! How the columns of a table were understood, to be used again for a table with the same header.

use super::{Db, Tx, read, write};
use mining::Micros;

pub async fn find(db: &Db, fingerprint: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = read!(db, |on| sqlx::query_as(
        "SELECT mapping FROM mappings WHERE fingerprint = $1"
    )
    .bind(fingerprint)
    .fetch_optional(on)
    .await)?;
    Ok(row.map(|(mapping,)| mapping))
}

pub async fn put(tx: &mut Tx, fingerprint: &str, at: Micros, mapping: &str) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
            "INSERT INTO mappings (fingerprint, at, mapping) VALUES ($1, $2, $3) \
             ON CONFLICT (fingerprint) DO UPDATE SET at = excluded.at, mapping = excluded.mapping",
        )
        .bind(fingerprint)
        .bind(at)
        .bind(mapping)
        .execute(on)
        .await
        .map(drop)
    })
}
