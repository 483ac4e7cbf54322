//! Improvements and their roll-outs.

use super::{Db, Tx, query, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ImprovementRow {
    pub id: String,
    pub process: String,
    pub goal: Option<String>,
    pub created: Micros,
    pub created_by: String,
    pub tool: String,
    pub name: String,
    pub link: Option<String>,
    pub step: String,
    pub measure: String,
    pub state: String,
    /// JSON of [`service::improvements::Plan`].
    pub plan: String,
    pub ended: Option<Micros>,
}

record!(ImprovementRow {
    id,
    process,
    goal,
    created,
    created_by,
    tool,
    name,
    link,
    step,
    measure,
    state,
    plan,
    ended
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRow {
    pub team: String,
    /// Place in the order that was drawn.
    pub turn: i64,
    /// `None`: by the plan this team never starts while it is measured.
    pub planned: Option<Micros>,
    /// When it starts instead; a departure from the plan.
    pub moved: Option<Micros>,
}

record!(RolloutRow {
    team,
    turn,
    planned,
    moved
});

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, process, goal, created, created_by, tool, name, link, step, measure, state, plan, ended FROM improvements ", $rest)
    };
}

/// Oldest first.
pub async fn of_process(db: &Db, process: &str) -> sqlx::Result<Vec<ImprovementRow>> {
    query(select!("WHERE process = $1 ORDER BY created, id"))
        .bind(process)
        .fetch_all(db)
        .await
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ImprovementRow>> {
    query(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The same, as the transaction sees it.
pub async fn find_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ImprovementRow>> {
    query(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
}

pub async fn insert(tx: &mut Tx, row: &ImprovementRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO improvements (id, process, goal, created, created_by, tool, name, link, step, measure, state, plan, ended) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&row.id)
        .bind(&row.process)
        .bind(&row.goal)
        .bind(row.created)
        .bind(&row.created_by)
        .bind(&row.tool)
        .bind(&row.name)
        .bind(&row.link)
        .bind(&row.step)
        .bind(&row.measure)
        .bind(&row.state)
        .bind(&row.plan)
        .bind(row.ended)
        .execute(tx)
        .await
}

/// Writes all that can change of an improvement.
pub async fn update(tx: &mut Tx, row: &ImprovementRow) -> sqlx::Result<()> {
    query("UPDATE improvements SET goal = $2, name = $3, link = $4, state = $5, plan = $6, ended = $7 WHERE id = $1")
            .bind(&row.id)
            .bind(&row.goal)
            .bind(&row.name)
            .bind(&row.link)
            .bind(&row.state)
            .bind(&row.plan)
            .bind(row.ended)
            .execute(tx)
            .await
}

/// In the order that was drawn.
pub async fn rollout(db: &Db, improvement: &str) -> sqlx::Result<Vec<RolloutRow>> {
    query(
        "SELECT team, turn, planned, moved FROM rollouts WHERE improvement = $1 ORDER BY turn, team"
    )
    .bind(improvement)
    .fetch_all(db)
    .await
}

/// Adds a team, or moves it.
pub async fn put_rollout(tx: &mut Tx, improvement: &str, row: &RolloutRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO rollouts (improvement, team, turn, planned, moved) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (improvement, team) DO UPDATE SET planned = excluded.planned, moved = excluded.moved",
        )
        .bind(improvement)
        .bind(&row.team)
        .bind(row.turn)
        .bind(row.planned)
        .bind(row.moved)
        .execute(tx)
        .await
}
