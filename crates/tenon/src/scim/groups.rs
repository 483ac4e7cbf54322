//! Teams, as SCIM knows them.

use super::filter::{Asked, in_path};
use super::users::cannot_look;
use super::{Patch, Scim, ScimError, listed, moment, read};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base::identity::provision::external_of;
use base::identity::{Actor, Directory};
use base::problem::Problem;
use serde_json::{Value, json};
use service::app::App;
use store::people::TeamRow;

pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn shown(app: &App, row: &TeamRow, directory: &Directory, with_members: bool) -> Value {
    let mut group = json!({
        "schemas": [SCHEMA],
        "id": row.id,
        "displayName": row.name,
        "meta": {
            "resourceType": "Group",
            "created": moment(row.created),
            "location": format!("{}/scim/v2/Groups/{}", app.site.url(), row.id),
        },
    });
    if let Some(external) = external_of(row) {
        group["externalId"] = external.into();
    }
    if with_members {
        let members = directory.members(&row.id).iter();
        let members = members.map(|id| json!({ "value": id, "display": directory.name(id) }));
        group["members"] = members.collect();
    }
    group
}

async fn answer(app: &App, status: StatusCode, row: &TeamRow) -> Result<Scim, ScimError> {
    let directory = app.identity.directory().await?;
    Ok(Scim(status, shown(app, row, &directory, true)))
}

pub async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Scim, ScimError> {
    let directory = app.identity.directory().await?;
    let with_members = !asked.leaves_out("members");
    let all = directory.teams().iter();
    let mut all: Vec<Value> = all
        .map(|t| shown(&app, t, &directory, with_members))
        .collect();
    if let Some(wanted) = asked.filter()? {
        let attribute = match wanted.attribute.as_str() {
            "displayname" => "displayName",
            "externalid" => "externalId",
            "id" => "id",
            _ => return Err(cannot_look(&wanted.attribute).into()),
        };
        all.retain(|group| group[attribute] == wanted.value.as_str());
    }
    Ok(listed(all, &asked))
}

pub async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Scim, ScimError> {
    let directory = app.identity.directory().await?;
    let row = directory.teams().iter().find(|t| t.id == id);
    let row = row.ok_or_else(|| Problem::not_found("team"))?;
    let group = shown(&app, row, &directory, !asked.leaves_out("members"));
    Ok(Scim(StatusCode::OK, group))
}

/// Ids in a list of members, or in one member.
fn ids(members: &Value) -> Vec<String> {
    let id = |m: &Value| m["value"].as_str().or(m.as_str()).map(String::from);
    match members {
        Value::Array(all) => all.iter().filter_map(id).collect(),
        one => id(one).into_iter().collect(),
    }
}

fn name(group: &Value) -> Result<&str, Problem> {
    group["displayName"]
        .as_str()
        .ok_or_else(|| Problem::bad_request("displayName is missing.", "Send one."))
}

pub async fn add(actor: Actor, State(app): State<App>, body: Bytes) -> Result<Scim, ScimError> {
    let group: Value = read(&body)?;
    let (external, members) = (group["externalId"].as_str(), ids(&group["members"]));
    let made = app
        .identity
        .provision_team(name(&group)?, external, &members, actor.id());
    answer(&app, StatusCode::CREATED, &made.await?).await
}

/// Who of those that are in a team is not to stay, when these are to be in it.
fn leaving(directory: &Directory, team: &str, stay: &[String]) -> Vec<String> {
    let all = directory.members(team).iter();
    all.filter(|id| !stay.contains(id)).cloned().collect()
}

pub async fn replace(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Scim, ScimError> {
    let group: Value = read(&body)?;
    let add = ids(&group["members"]);
    let directory = app.identity.directory().await?;
    let remove = leaving(&directory, &id, &add);
    let name = Some(name(&group)?);
    let changed = app
        .identity
        .change_team(&id, name, (&add, &remove), actor.id());
    answer(&app, StatusCode::OK, &changed.await?).await
}

pub async fn patch(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Scim, ScimError> {
    let patch: Patch = read(&body)?;
    let directory = app.identity.directory().await?;
    let mut name: Option<String> = None;
    let before = directory.members(&id).to_vec();
    let mut members = before.clone();
    for operation in &patch.operations {
        let op = operation.op.to_lowercase();
        let path = operation.path.as_deref().unwrap_or_default().to_lowercase();
        let value = &operation.value;
        let named = if path.is_empty() {
            &value["displayName"]
        } else {
            value
        };
        if path.is_empty() || path == "displayname" {
            name = named.as_str().map(String::from).or(name);
        }
        let sent = match path.as_str() {
            "" => &value["members"],
            _ => value,
        };
        match op.as_str() {
            "add" if path.is_empty() || path == "members" => members.extend(ids(sent)),
            "replace" if path == "members" || path.is_empty() && sent.is_array() => {
                members = ids(sent);
            }
            "remove" if path.starts_with("members") => {
                // One by the path, those in the value, or all.
                let path = operation.path.as_deref().unwrap_or_default();
                let out = match in_path(path) {
                    Some(one) => vec![one.value],
                    None if sent.is_null() => members.clone(),
                    None => ids(sent),
                };
                members.retain(|m| !out.contains(m));
            }
            "add" | "replace" | "remove" => {}
            _ => {
                return Err(Problem::new(
                    400,
                    "bad_syntax",
                    format!("{} is no operation.", base::format::short(&op, 30)),
                    "Use add, replace or remove.",
                )
                .into());
            }
        }
    }
    let add: Vec<String> = members
        .iter()
        .filter(|m| !before.contains(m))
        .cloned()
        .collect();
    let remove = leaving(&directory, &id, &members);
    let changed = app
        .identity
        .change_team(&id, name.as_deref(), (&add, &remove), actor.id());
    answer(&app, StatusCode::OK, &changed.await?).await
}

pub async fn remove(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, ScimError> {
    app.identity.remove_team(&id, actor.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}
