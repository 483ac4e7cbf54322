//! Improvements: look at them, look ahead, plug a tool in.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::Serialize;
use service::app::App;
use service::improvements::{Improvement, Outlook, Plug};
use store::events::Event;
use utoipa::ToSchema;

const REMEDY: &str =
    "Send at least step, tool and measure; the description of the API has the rest.";

/// All improvements of a process, oldest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/improvements", tag = "improvements",
    params(("process" = String, Path)), responses((status = 200, body = [Improvement]), super::Refused))]
pub async fn list(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<Improvement>>, ApiError> {
    let row = app.library.process(&process).await?;
    Ok(Json(app.improvements.of_process(&row.id).await?))
}

/// Plugs a tool into a step: draws the order of teams by lot unless it is given, and keeps the plan. It starts when it is
/// started; roll-outs whose first day has gone by run at once.
#[utoipa::path(post, path = "/api/v1/processes/{process}/improvements", tag = "improvements",
    params(("process" = String, Path)), request_body = Plug,
    responses((status = 201, body = Improvement), super::Refused))]
pub async fn plan(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    plug: Sent<Plug>,
) -> Result<(StatusCode, Json<Improvement>), ApiError> {
    let plug = body::read(plug, REMEDY)?;
    let row = app.library.process(&process).await?;
    let made = app.improvements.plug(&row.id, &plug, actor.id()).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Serialize, ToSchema)]
pub struct Proposal {
    /// As it would be kept; send its `plan.seed` to draw the same order again.
    improvement: Improvement,
    outlook: Outlook,
}

/// Draws and looks ahead as plugging in would, and keeps nothing.
#[utoipa::path(post, path = "/api/v1/processes/{process}/improvements/outlook", tag = "improvements",
    params(("process" = String, Path)), request_body = Plug,
    responses((status = 200, body = Proposal), super::Refused))]
pub async fn outlook(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    plug: Sent<Plug>,
) -> Result<Json<Proposal>, ApiError> {
    let plug = body::read(plug, REMEDY)?;
    let row = app.library.process(&process).await?;
    let proposed = app.improvements.propose(&row.id, &plug, actor.id()).await?;
    Ok(Json(Proposal {
        improvement: proposed.improvement,
        outlook: proposed.outlook,
    }))
}

/// One improvement: plan, roll-out and state.
#[utoipa::path(get, path = "/api/v1/improvements/{improvement}", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn one(
    State(app): State<App>,
    Path(improvement): Path<String>,
) -> Result<Json<Improvement>, ApiError> {
    Ok(Json(app.improvements.find(&improvement).await?))
}

/// What happened to an improvement, oldest first.
#[utoipa::path(get, path = "/api/v1/improvements/{improvement}/events", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = [Event]), super::Refused))]
pub async fn events(
    State(app): State<App>,
    Path(improvement): Path<String>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let found = app.improvements.find(&improvement).await?;
    Ok(Json(app.improvements.events(&found.id).await?))
}
