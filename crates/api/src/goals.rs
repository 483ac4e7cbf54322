//! What the business wants of a process.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use store::goals::GoalRow;
use utoipa::ToSchema;

/// All goals of a process, oldest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/goals", tag = "improvements",
    params(("process" = String, Path)), responses((status = 200, body = [GoalRow]), super::Refused))]
pub async fn list(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<GoalRow>>, ApiError> {
    let row = app.library.process(&process).await?;
    Ok(Json(app.improvements.goals(&row.id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    name: String,
    /// `days` from start to end of a case, `won` share, or `other`.
    measure: String,
    /// Days, or a share from 0 to 1.
    target: Option<f64>,
}

/// Sets a goal, or changes the one of that name.
#[utoipa::path(put, path = "/api/v1/processes/{process}/goals", tag = "improvements",
    params(("process" = String, Path)), request_body = Goal,
    responses((status = 200, body = [GoalRow]), super::Refused))]
pub async fn put(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    sent: Sent<Goal>,
) -> Result<Json<Vec<GoalRow>>, ApiError> {
    let goal = body::read(sent, "Send name, measure (days, won or other) and target.")?;
    let row = app.library.process(&process).await?;
    app.improvements
        .put_goal(&row.id, &goal.name, &goal.measure, goal.target, actor.id())
        .await?;
    Ok(Json(app.improvements.goals(&row.id).await?))
}
