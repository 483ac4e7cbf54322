//! The model that the cases of a process are held against.

use super::{On, Tx, query, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRow {
    pub at: Micros,
    /// `imported` or `confirmed`.
    pub origin: String,
    pub name: String,
    /// BPMN 2.0 XML.
    pub bpmn: String,
}

record!(ModelRow {
    at,
    origin,
    name,
    bpmn
});

pub async fn find(on: impl Into<On<'_>>, process: &str) -> sqlx::Result<Option<ModelRow>> {
    query("SELECT at, origin, name, bpmn FROM models WHERE process = $1")
        .bind(process)
        .fetch_optional(on)
        .await
}

/// Pins a model in place of the one before.
pub async fn put(tx: &mut Tx, process: &str, row: &ModelRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO models (process, at, origin, name, bpmn) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (process) DO UPDATE SET at = excluded.at, origin = excluded.origin, name = excluded.name, bpmn = excluded.bpmn",
        )
        .bind(process)
        .bind(row.at)
        .bind(&row.origin)
        .bind(&row.name)
        .bind(&row.bpmn)
        .execute(tx)
        .await
}
