//! How the columns of a table were understood, to be used again for a table with the same header.

use super::{Db, Tx, query};
use mining::Micros;

pub async fn find(db: &Db, fingerprint: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = query("SELECT mapping FROM mappings WHERE fingerprint = $1")
        .bind(fingerprint)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|(mapping,)| mapping))
}

pub async fn put(tx: &mut Tx, fingerprint: &str, at: Micros, mapping: &str) -> sqlx::Result<()> {
    query(
        "INSERT INTO mappings (fingerprint, at, mapping) VALUES ($1, $2, $3) \
             ON CONFLICT (fingerprint) DO UPDATE SET at = excluded.at, mapping = excluded.mapping",
    )
    .bind(fingerprint)
    .bind(at)
    .bind(mapping)
    .execute(tx)
    .await
}
