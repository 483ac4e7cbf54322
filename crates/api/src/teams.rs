//! Teams, and who is in them.

use super::body::{self, Sent};
use super::people::find as find_person;
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::{Actor, Directory};
use serde::{Deserialize, Serialize};
use service::app::App;
use service::processes::Problem;
use store::people::TeamRow;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct DirectoryTeam {
    id: String,
    name: String,
    handle: String,
    /// Handles of those in it who can sign in.
    members: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamName {
    name: String,
}

const REMEDY: &str = "Send {\"name\": \"North\"}.";

fn team(row: &TeamRow, directory: &Directory) -> DirectoryTeam {
    let ids = directory.members(&row.id);
    let members = directory.active().filter(|p| ids.contains(&p.id));
    DirectoryTeam {
        id: row.id.clone(),
        name: row.name.clone(),
        handle: row.handle.clone(),
        members: members.map(|p| p.handle.clone()).collect(),
    }
}

fn find<'a>(directory: &'a Directory, key: &str) -> Result<&'a TeamRow, Problem> {
    let mut all = directory.teams().iter();
    all.find(|t| t.id == key || t.handle == key)
        .ok_or_else(|| Problem::not_found("team"))
}

/// Teams, by name.
#[utoipa::path(get, path = "/api/v1/teams", tag = "people",
    responses((status = 200, body = Vec<DirectoryTeam>), super::Refused))]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<DirectoryTeam>>, ApiError> {
    let directory = app.identity.directory().await?;
    let all = directory.teams().iter().map(|t| team(t, &directory));
    Ok(Json(all.collect()))
}

/// One team, by id or handle.
#[utoipa::path(get, path = "/api/v1/teams/{team}", tag = "people", params(("team" = String, Path)),
    responses((status = 200, body = DirectoryTeam), super::Refused))]
pub async fn one(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Json<DirectoryTeam>, ApiError> {
    let directory = app.identity.directory().await?;
    Ok(Json(team(find(&directory, &key)?, &directory)))
}

/// Makes a team.
#[utoipa::path(post, path = "/api/v1/teams", tag = "people", request_body = TeamName,
    responses((status = 201, body = DirectoryTeam), super::Refused))]
pub async fn add(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<TeamName>,
) -> Result<(StatusCode, Json<DirectoryTeam>), ApiError> {
    let asked = body::read(sent, REMEDY)?;
    let row = app.identity.add_team(&asked.name, actor.id()).await?;
    let directory = app.identity.directory().await?;
    Ok((StatusCode::CREATED, Json(team(&row, &directory))))
}

/// Gives a team another name. Its handle stays.
#[utoipa::path(put, path = "/api/v1/teams/{team}", tag = "people", params(("team" = String, Path)),
    request_body = TeamName, responses((status = 200, body = DirectoryTeam), super::Refused))]
pub async fn rename(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
    sent: Sent<TeamName>,
) -> Result<Json<DirectoryTeam>, ApiError> {
    let asked = body::read(sent, REMEDY)?;
    let directory = app.identity.directory().await?;
    let id = &find(&directory, &key)?.id;
    let renamed = app.identity.rename_team(id, &asked.name, actor.id());
    Ok(Json(team(&renamed.await?, &directory)))
}

/// Puts a person into a team.
#[utoipa::path(put, path = "/api/v1/teams/{team}/members/{person}", tag = "people",
    params(("team" = String, Path), ("person" = String, Path)), responses((status = 204), super::Refused))]
pub async fn join(
    actor: Actor,
    State(app): State<App>,
    Path((key, person)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let directory = app.identity.directory().await?;
    let id = &find(&directory, &key)?.id;
    let whom = [find_person(&directory, &person)?.id.clone()];
    app.identity
        .set_members(id, (&whom, &[]), actor.id())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a person out of a team.
#[utoipa::path(delete, path = "/api/v1/teams/{team}/members/{person}", tag = "people",
    params(("team" = String, Path), ("person" = String, Path)), responses((status = 204), super::Refused))]
pub async fn leave(
    actor: Actor,
    State(app): State<App>,
    Path((key, person)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let directory = app.identity.directory().await?;
    let id = &find(&directory, &key)?.id;
    let whom = [find_person(&directory, &person)?.id.clone()];
    app.identity
        .set_members(id, (&[], &whom), actor.id())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
