//! People, as SCIM knows them.

use super::filter::Asked;
use super::{Operation, Patch, Scim, ScimError, listed, moment, read};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base::identity::provision::Provisioned;
use base::identity::{Actor, Directory};
use base::problem::Problem;
use serde_json::{Value, json};
use service::app::App;
use store::people::PersonRow;

pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn shown(app: &App, row: &PersonRow, directory: &Directory) -> Option<Value> {
    let told = Provisioned::of(row)?;
    let teams = directory.teams_of(&row.id);
    let groups = teams
        .iter()
        .map(|t| json!({ "value": t.id, "display": t.name }));
    let mut user = json!({
        "schemas": [SCHEMA],
        "id": row.id,
        "userName": told.user_name,
        "displayName": told.name,
        "name": { "formatted": told.name },
        "active": told.active,
        "emails": [{ "value": told.email, "type": "work", "primary": true }],
        "groups": groups.collect::<Vec<_>>(),
        "meta": {
            "resourceType": "User",
            "created": moment(row.created),
            "location": format!("{}/scim/v2/Users/{}", app.site.url(), row.id),
        },
    });
    if let Some(external) = told.external_id {
        user["externalId"] = external.into();
    }
    Some(user)
}

async fn answer(app: &App, status: StatusCode, row: &PersonRow) -> Result<Scim, ScimError> {
    let directory = app.identity.directory().await?;
    let user = shown(app, row, &directory).ok_or_else(|| Problem::not_found("person"))?;
    Ok(Scim(status, user))
}

async fn find(app: &App, id: &str) -> Result<PersonRow, Problem> {
    let directory = app.identity.directory().await?;
    let found = directory.person(id).cloned();
    found
        .filter(|row| Provisioned::of(row).is_some())
        .ok_or_else(|| Problem::not_found("person"))
}

pub async fn list(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Scim, ScimError> {
    let directory = app.identity.directory().await?;
    let all = directory
        .people()
        .iter()
        .filter_map(|p| shown(&app, p, &directory));
    let mut all: Vec<Value> = all.collect();
    if let Some(wanted) = asked.filter()? {
        let attribute = match wanted.attribute.as_str() {
            "username" => "userName",
            "externalid" => "externalId",
            "displayname" => "displayName",
            "id" => "id",
            "emails" | "emails.value" => "email",
            _ => return Err(cannot_look(&wanted.attribute).into()),
        };
        // Only what the directory itself made up is told apart by capitals.
        let same = |value: &str| match attribute {
            "externalId" | "id" => value == wanted.value,
            _ => value.to_lowercase() == wanted.value.to_lowercase(),
        };
        all.retain(|user| {
            let value = match attribute {
                "email" => &user["emails"][0]["value"],
                name => &user[name],
            };
            value.as_str().is_some_and(same)
        });
    }
    Ok(listed(all, &asked))
}

pub(super) fn cannot_look(attribute: &str) -> Problem {
    let attribute = base::format::short(attribute, 60);
    Problem::new(
        400,
        "bad_filter",
        format!("Nothing is found by {attribute}."),
        "Look by userName, externalId, displayName or id.",
    )
}

pub async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Scim, ScimError> {
    let row = find(&app, &id).await?;
    answer(&app, StatusCode::OK, &row).await
}

pub async fn add(actor: Actor, State(app): State<App>, body: Bytes) -> Result<Scim, ScimError> {
    let asked = sent(&read(&body)?)?;
    let row = app.identity.provision(&asked, actor.id()).await?;
    answer(&app, StatusCode::CREATED, &row).await
}

pub async fn replace(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Scim, ScimError> {
    let asked = sent(&read(&body)?)?;
    let row = app.identity.replace(&id, &asked, actor.id()).await?;
    answer(&app, StatusCode::OK, &row).await
}

pub async fn patch(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Scim, ScimError> {
    let patch: Patch = read(&body)?;
    let row = find(&app, &id).await?;
    let mut told = Provisioned::of(&row).ok_or_else(|| Problem::not_found("person"))?;
    for operation in &patch.operations {
        apply(&mut told, operation)?;
    }
    let row = app.identity.replace(&id, &told, actor.id()).await?;
    answer(&app, StatusCode::OK, &row).await
}

/// Suspends: what the person did and wrote stays.
pub async fn remove(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, ScimError> {
    app.identity.deprovision(&id, actor.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|t| !t.is_empty())
}

/// Some directories write truth as a text.
fn truth(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        other => Err(Problem::bad_request(
            format!("active is {other}."),
            "Send true or false.",
        )),
    }
}

fn full_name(user: &Value) -> Option<String> {
    let name = &user["name"];
    let parts = [text(&name["givenName"]), text(&name["familyName"])];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let joined = Some(parts.join(" ")).filter(|n| !n.is_empty());
    let whole = text(&user["displayName"]).or(text(&name["formatted"]));
    whole.map(String::from).or(joined)
}

fn email(user: &Value) -> Option<&str> {
    let all = user["emails"].as_array()?;
    let primary = all.iter().find(|e| e["primary"] == true);
    text(&primary.or(all.first())?["value"])
}

/// A whole person, as POST and PUT send her.
fn sent(user: &Value) -> Result<Provisioned, Problem> {
    let user_name = text(&user["userName"])
        .ok_or_else(|| Problem::bad_request("userName is missing.", "Send one."))?;
    Ok(Provisioned {
        user_name: user_name.into(),
        external_id: text(&user["externalId"]).map(String::from),
        email: email(user).unwrap_or(user_name).into(),
        name: full_name(user).unwrap_or_else(|| user_name.into()),
        active: match &user["active"] {
            Value::Null => true,
            given => truth(given)?,
        },
    })
}

/// One change. Without a path the value holds attributes; their names may be paths too.
fn apply(told: &mut Provisioned, operation: &Operation) -> Result<(), Problem> {
    let op = operation.op.to_lowercase();
    let Some(path) = &operation.path else {
        let Value::Object(all) = &operation.value else {
            return Err(Problem::new(
                400,
                "bad_syntax",
                "The change names no path and holds no attributes.",
                "Send a path, or an object as the value.",
            ));
        };
        let name = full_name(&operation.value);
        for (path, value) in all {
            set(told, path, value)?;
        }
        told.name = name.unwrap_or_else(|| told.name.clone());
        return Ok(());
    };
    match op.as_str() {
        "add" | "replace" => set(told, path, &operation.value),
        "remove" if path.eq_ignore_ascii_case("externalId") => {
            told.external_id = None;
            Ok(())
        }
        "remove" => Ok(()),
        _ => Err(Problem::new(
            400,
            "bad_syntax",
            format!("{} is no operation.", base::format::short(&op, 30)),
            "Use add, replace or remove.",
        )),
    }
}

fn set(told: &mut Provisioned, path: &str, value: &Value) -> Result<(), Problem> {
    let path = path.to_lowercase();
    let path = path
        .strip_prefix("urn:ietf:params:scim:schemas:core:2.0:user:")
        .unwrap_or(&path);
    match (path, text(value)) {
        ("active", _) => told.active = truth(value)?,
        ("username", Some(text)) => told.user_name = text.into(),
        ("externalid", Some(text)) => told.external_id = Some(text.into()),
        ("displayname" | "name.formatted", Some(text)) => told.name = text.into(),
        ("emails", _) => {
            let user = json!({ "emails": value });
            told.email = email(&user).unwrap_or(&told.email).into();
        }
        (path, Some(text)) if path.starts_with("emails[") && path.ends_with("].value") => {
            told.email = text.into();
        }
        // What is not kept here.
        _ => {}
    }
    Ok(())
}
