//! How the owner reads the process.

use super::problem::ApiError;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use mining::figures::Steps;
use service::app::App;
use service::processes::Problem;

/// The steps of a process, with the activities of each.
#[utoipa::path(get, path = "/api/v1/processes/{process}/steps", tag = "steps",
    params(("process" = String, Path)), responses((status = 200, body = Steps), super::Refused))]
pub async fn get(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Steps>, ApiError> {
    Ok(Json(app.library.load(&process).await?.steps.clone()))
}

/// Sets names, order and grouping of the steps. This changes how Tenon reads the process, not the process.
#[utoipa::path(put, path = "/api/v1/processes/{process}/steps", tag = "steps",
    params(("process" = String, Path)), request_body = Steps, responses((status = 200, body = Steps), super::Refused))]
pub async fn put(
    State(app): State<App>,
    Path(process): Path<String>,
    steps: Result<Json<Steps>, JsonRejection>,
) -> Result<Json<Steps>, ApiError> {
    let Json(steps) =
        steps.map_err(|e| Problem::bad_request(e.body_text(), "Send steps as GET gives them."))?;
    let row = app.library.process(&process).await?;
    app.library
        .set_steps(&row.id, steps.clone(), "owner")
        .await?;
    Ok(Json(steps))
}

/// Sets the steps to what they were before the last change.
#[utoipa::path(post, path = "/api/v1/processes/{process}/steps/undo", tag = "steps",
    params(("process" = String, Path)), responses((status = 200, body = Steps), super::Refused))]
pub async fn undo(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Steps>, ApiError> {
    let row = app.library.process(&process).await?;
    app.library.undo_steps(&row.id, "owner").await?;
    Ok(Json(app.library.load(&row.id).await?.steps.clone()))
}
