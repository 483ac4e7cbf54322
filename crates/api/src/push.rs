//! Cases as another program tells of them: their attributes, and what happens to them.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::Deserialize;
use serde_json::Value;
use service::app::App;
use service::processes::push::{Attributes, Event, Kept};
use store::processes::ProcessRow;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    name: String,
}

/// Makes an empty process to push cases into.
#[utoipa::path(post, path = "/api/v1/processes", tag = "push", request_body = New,
    responses((status = 201, body = ProcessRow), super::Refused))]
pub async fn make(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<New>,
) -> Result<(StatusCode, Json<ProcessRow>), ApiError> {
    let new = body::read(sent, "Send {\"name\": \"…\"}.")?;
    let made = app.library.make(&new.name, actor.id()).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Text, numbers, true or false, by name; those that are not named stay as they were told before.
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: Attributes,
}

/// Tells the attributes of a case, new or known. What was told last counts; it is in the figures within seconds.
#[utoipa::path(put, path = "/api/v1/processes/{process}/cases/{case}", tag = "push",
    params(("process" = String, Path), ("case" = String, Path)), request_body = Case,
    responses((status = 202), super::Refused))]
pub async fn case(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    sent: Sent<Case>,
) -> Result<StatusCode, ApiError> {
    let told = body::read(sent, "Send {\"attributes\": {…}}.")?;
    let by = actor.id();
    app.library
        .push_case(&process, &case, &told.attributes, by)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Tells what happened to a case, up to 1,000 events at once: all are kept or none. An event told again under the same id
/// adds nothing.
#[utoipa::path(post, path = "/api/v1/processes/{process}/cases/{case}/events", tag = "push",
    params(("process" = String, Path), ("case" = String, Path)), request_body = Vec<Event>,
    responses((status = 202, body = Kept), super::Refused))]
pub async fn events(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    sent: Sent<Vec<Value>>,
) -> Result<(StatusCode, Json<Kept>), ApiError> {
    let list = body::read(
        sent,
        "Send a list of events: [{\"id\", \"activity\", \"time\"}, …].",
    )?;
    let directory = app.identity.directory().await?;
    let by = actor.id();
    let kept = app
        .library
        .push_events(&process, &case, &list, &directory, by);
    Ok((StatusCode::ACCEPTED, Json(kept.await?)))
}
