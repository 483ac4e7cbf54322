//! Processes, their versions, imports and history.

use super::problem::ApiError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use service::app::App;
use service::processes::{Changes, Definition, Problem};
use store::events::Event;
use store::imports::ImportRow;
use store::processes::ProcessRow;
use utoipa::{IntoParams, ToSchema};

/// All processes, by name.
#[utoipa::path(get, path = "/api/v1/processes", tag = "processes", responses((status = 200, body = [ProcessRow]), super::Refused))]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<ProcessRow>>, ApiError> {
    Ok(Json(app.library.list().await?))
}

/// One process, by id or by its name in addresses.
#[utoipa::path(get, path = "/api/v1/processes/{process}", tag = "processes",
    params(("process" = String, Path)), responses((status = 200, body = ProcessRow), super::Refused))]
pub async fn one(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<ProcessRow>, ApiError> {
    Ok(Json(app.library.process(&process).await?))
}

/// What was imported into a process, newest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/imports", tag = "processes",
    params(("process" = String, Path)), responses((status = 200, body = [ImportRow]), super::Refused))]
pub async fn imports(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<ImportRow>>, ApiError> {
    let row = app.library.process(&process).await?;
    Ok(Json(app.library.imports(&row.id).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Number of the last event that is known already.
    #[serde(default)]
    after: i64,
    /// 100 unless told, at most 1000.
    limit: Option<i64>,
}

/// What happened to a process: imports, new versions, changes of its reading. Oldest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/events", tag = "processes",
    params(("process" = String, Path), After), responses((status = 200, body = [Event]), super::Refused))]
pub async fn events(
    State(app): State<App>,
    Path(process): Path<String>,
    page: Result<Query<After>, QueryRejection>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let Query(page) = page.map_err(|e| {
        Problem::bad_request(e.body_text(), "Write whole numbers for after and limit.")
    })?;
    let row = app.library.process(&process).await?;
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    Ok(Json(app.library.events(&row.id, page.after, limit).await?))
}

#[derive(Serialize, ToSchema)]
pub struct Version {
    number: i64,
    at: mining::Micros,
    definition: Definition,
    changes: Changes,
}

/// The versions of a process, newest first: what it consisted of, and what changed.
#[utoipa::path(get, path = "/api/v1/processes/{process}/versions", tag = "processes",
    params(("process" = String, Path)), responses((status = 200, body = [Version]), super::Refused))]
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
