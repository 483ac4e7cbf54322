//! Processes and their versions.

use super::problem::ApiError;
use crate::processes::{Changes, Definition};
use crate::serve::App;
use crate::store::events::Event;
use crate::store::processes::ProcessRow;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};

pub async fn list(State(app): State<App>) -> Result<Json<Vec<ProcessRow>>, ApiError> {
    Ok(Json(app.library.list().await?))
}

pub async fn one(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<ProcessRow>, ApiError> {
    Ok(Json(app.library.process(&process).await?))
}

#[derive(Deserialize)]
pub struct Page {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

/// What happened to a process: imports, new versions, changes of its reading.
pub async fn events(
    State(app): State<App>,
    Path(process): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let row = app.library.process(&process).await?;
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    Ok(Json(app.library.events(&row.id, page.after, limit).await?))
}

#[derive(Serialize)]
pub struct Version {
    number: i64,
    at: mining::Micros,
    definition: Definition,
    changes: Changes,
}

pub async fn versions(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<Version>>, ApiError> {
    let row = app.library.process(&process).await?;
    let versions = app
        .library
        .versions(&row.id)
        .await?
        .into_iter()
        .map(|v| Version {
            number: v.number,
            at: v.at,
            definition: serde_json::from_str(&v.definition).unwrap_or_default(),
            changes: serde_json::from_str(&v.changes).unwrap_or_default(),
        });
    Ok(Json(versions.collect()))
}
