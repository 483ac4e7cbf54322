//! How much a plugged-in tool was used, by team and day. Never by person.

use super::{Db, Tx, read, write};
use mining::Micros;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize, utoipa::ToSchema)]
pub struct UseRow {
    pub team: String,
    /// First moment of the UTC day.
    pub day: Micros,
    pub uses: i64,
    /// How many people used it that day.
    pub people: i64,
    /// In how many cases.
    pub cases: i64,
}

/// Oldest first.
pub async fn of_improvement(db: &Db, improvement: &str) -> sqlx::Result<Vec<UseRow>> {
    read!(db, |on| sqlx::query_as(
        "SELECT team, day, uses, people, cases FROM uses WHERE improvement = $1 ORDER BY day, team"
    )
    .bind(improvement)
    .fetch_all(on)
    .await)
}

/// Says how much a tool was used on a day; said again, the last word counts.
pub async fn put(tx: &mut Tx, improvement: &str, row: &UseRow) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
            "INSERT INTO uses (improvement, team, day, uses, people, cases) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (improvement, team, day) DO UPDATE SET uses = excluded.uses, people = excluded.people, cases = excluded.cases",
        )
        .bind(improvement)
        .bind(&row.team)
        .bind(row.day)
        .bind(row.uses)
        .bind(row.people)
        .bind(row.cases)
        .execute(on)
        .await
        .map(drop)
    })
}
