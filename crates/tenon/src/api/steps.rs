//! How the owner reads the process.

use super::problem::ApiError;
use crate::processes::Problem;
use crate::serve::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use mining::figures::Steps;

pub async fn get(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Steps>, ApiError> {
    Ok(Json(app.library.load(&process).await?.steps.clone()))
}

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
