//! What the business wants.

use super::{Db, Tx, query, record};
use mining::Micros;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct GoalRow {
    pub id: String,
    pub process: String,
    pub at: Micros,
    pub name: String,
    /// What it is measured by: `days` from start to end of a case, `won` share, or `other`.
    pub measure: String,
    /// Days, or a share from 0 to 1.
    pub target: Option<f64>,
}

record!(GoalRow {
    id,
    process,
    at,
    name,
    measure,
    target
});

/// Oldest first.
pub async fn of_process(db: &Db, process: &str) -> sqlx::Result<Vec<GoalRow>> {
    query("SELECT id, process, at, name, measure, target FROM goals WHERE process = $1 ORDER BY at, id")
            .bind(process)
            .fetch_all(db)
            .await
}

/// Adds a goal, or changes the one of that name; returns its id.
pub async fn put(tx: &mut Tx, row: &GoalRow) -> sqlx::Result<String> {
    let (id,): (String,) = query(
            "INSERT INTO goals (id, process, at, name, measure, target) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (process, name) DO UPDATE SET measure = excluded.measure, target = excluded.target RETURNING id",
        )
        .bind(&row.id)
        .bind(&row.process)
        .bind(row.at)
        .bind(&row.name)
        .bind(&row.measure)
        .bind(row.target)
        .fetch_one(&mut *tx)
        .await?;
    Ok(id)
}
