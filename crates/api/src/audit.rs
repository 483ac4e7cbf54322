//! The record of all that happened, for owners.

use super::problem::ApiError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use store::events::{self, Event, Sought};
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Looked {
    /// A kind such as `person.added`, or the beginning of some with a dot at its end: `person.`
    kind: Option<String>,
    /// Id of the person who did it.
    actor: Option<String>,
    /// Only events before this number: the last one of the page before.
    before: Option<i64>,
    /// 100 unless told, at most 1000.
    limit: Option<i64>,
}

/// Everything that happened, newest first: who did what, and when.
#[utoipa::path(get, path = "/api/v1/audit", tag = "people", params(Looked),
    responses((status = 200, body = [Event]), super::Refused))]
pub async fn list(
    State(app): State<App>,
    asked: Result<Query<Looked>, QueryRejection>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let Query(asked) = asked.map_err(|e| {
        Problem::bad_request(e.body_text(), "Write whole numbers for before and limit.")
    })?;
    let sought = Sought {
        kind: asked.kind,
        actor: asked.actor,
        before: asked.before,
    };
    let limit = asked.limit.unwrap_or(100).clamp(1, 1000);
    let db = app.identity.db();
    Ok(Json(events::sought(db, &sought, limit).await?))
}
