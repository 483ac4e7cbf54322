//! Who works here. Colleagues see names and teams; owners keep the rest.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::keep::Standing;
use base::identity::{Actor, Directory, NewPerson, Role, Scope};
use mining::Micros;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::processes::Problem;
use store::people::PersonRow;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct DirectoryPerson {
    id: String,
    name: String,
    handle: String,
    /// Handles of teams.
    teams: Vec<String>,
    /// What only owners see.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<PersonKept>,
}

#[derive(Serialize, ToSchema)]
pub struct PersonKept {
    email: String,
    /// owner, manager, member or guest
    role: String,
    /// active or suspended
    state: String,
    created: Micros,
    /// When she was last here, within the hour.
    last_seen: Option<Micros>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewColleague {
    name: String,
    email: String,
    /// owner, manager, member or guest; member when it is left out.
    role: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// owner, manager, member or guest
    role: Option<String>,
    /// active or suspended
    state: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SignInLink {
    /// Signs the person in once, within a day. Told only now: pass it on.
    link: String,
}

fn role(word: &str) -> Result<Role, Problem> {
    Role::parse(word).ok_or_else(|| {
        Problem::bad_request(
            format!("\"{}\" is no role.", base::format::short(word, 60)),
            "Choose owner, manager, member or guest.",
        )
    })
}

/// Whether the one who asks sees what only owners see.
fn sees_all(actor: &Actor) -> bool {
    actor.is_at_least(Role::Owner) && actor.scopes().has(Scope::Admin)
}

fn person(row: &PersonRow, directory: &Directory, kept: Option<Option<Micros>>) -> DirectoryPerson {
    let teams = directory.teams_of(&row.id);
    DirectoryPerson {
        id: row.id.clone(),
        name: row.name.clone(),
        handle: row.handle.clone(),
        teams: teams.iter().map(|t| t.handle.clone()).collect(),
        kept: kept.map(|last_seen| PersonKept {
            email: row.email.clone(),
            role: row.role.clone(),
            state: row.state.clone(),
            created: row.created,
            last_seen,
        }),
    }
}

/// A person by id or handle.
pub(super) fn find<'a>(directory: &'a Directory, key: &str) -> Result<&'a PersonRow, Problem> {
    let mut all = directory.people().iter();
    all.find(|p| (p.id == key || p.handle == key) && p.state != "erased")
        .ok_or_else(|| Problem::not_found("person"))
}

/// Colleagues, by name. Owners see everybody, with role, state and when they were last here.
#[utoipa::path(get, path = "/api/v1/people", tag = "people",
    responses((status = 200, body = Vec<DirectoryPerson>), super::Refused))]
pub async fn list(
    actor: Actor,
    State(app): State<App>,
) -> Result<Json<Vec<DirectoryPerson>>, ApiError> {
    let directory = app.identity.directory().await?;
    if !sees_all(&actor) {
        let all = directory.colleagues();
        return Ok(Json(all.map(|p| person(p, &directory, None)).collect()));
    }
    let seen = app.identity.last_seen().await?;
    let all = directory.people().iter().filter(|p| p.state != "erased");
    let all = all.map(|p| person(p, &directory, Some(seen.get(&p.id).copied())));
    Ok(Json(all.collect()))
}

/// One person, by id or handle.
#[utoipa::path(get, path = "/api/v1/people/{person}", tag = "people", params(("person" = String, Path)),
    responses((status = 200, body = DirectoryPerson), super::Refused))]
pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Json<DirectoryPerson>, ApiError> {
    let directory = app.identity.directory().await?;
    let row = find(&directory, &key)?;
    if sees_all(&actor) {
        let seen = app.identity.last_seen().await?.get(&row.id).copied();
        return Ok(Json(person(row, &directory, Some(seen))));
    }
    if !directory.colleagues().any(|p| p.id == row.id) {
        return Err(Problem::not_found("person").into());
    }
    Ok(Json(person(row, &directory, None)))
}

/// Adds somebody. She signs in by a link of hers, or by the identity provider.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewColleague,
    responses((status = 201, body = DirectoryPerson), super::Refused))]
pub async fn add(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<NewColleague>,
) -> Result<(StatusCode, Json<DirectoryPerson>), ApiError> {
    let remedy = "Send {\"name\": \"Maren Voss\", \"email\": \"maren@company.example\"}.";
    let asked = body::read(sent, remedy)?;
    let new = NewPerson {
        name: asked.name,
        email: asked.email,
        role: role(asked.role.as_deref().unwrap_or("member"))?,
        password: None,
    };
    let row = app.identity.add(new, actor.id()).await?;
    let directory = app.identity.directory().await?;
    Ok((
        StatusCode::CREATED,
        Json(person(&row, &directory, Some(None))),
    ))
}

/// Changes role or state. Who is suspended is signed out everywhere; the last owner stays one.
#[utoipa::path(patch, path = "/api/v1/people/{person}", tag = "people", params(("person" = String, Path)),
    request_body = PersonChange, responses((status = 200, body = DirectoryPerson), super::Refused))]
pub async fn change(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
    sent: Sent<PersonChange>,
) -> Result<Json<DirectoryPerson>, ApiError> {
    let remedy = "Send {\"role\": \"manager\"} or {\"state\": \"suspended\"}.";
    let asked = body::read(sent, remedy)?;
    let active = match asked.state.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("suspended") => Some(false),
        Some(_) => return Err(Problem::bad_request("This is no state.", remedy).into()),
    };
    let role = asked.role.as_deref().map(role).transpose()?;
    let directory = app.identity.directory().await?;
    let id = &find(&directory, &key)?.id;
    let asked = Standing { role, active };
    let row = app.identity.stand(id, asked, actor.id()).await?;
    let seen = app.identity.last_seen().await?.get(id).copied();
    Ok(Json(person(&row, &directory, Some(seen))))
}

/// A link that signs the person in once, within a day, to be passed on.
#[utoipa::path(post, path = "/api/v1/people/{person}/link", tag = "people", params(("person" = String, Path)),
    responses((status = 201, body = SignInLink), super::Refused))]
pub async fn link(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<(StatusCode, Json<SignInLink>), ApiError> {
    let directory = app.identity.directory().await?;
    let row = find(&directory, &key)?;
    let secret = app.identity.pass(row, actor.id()).await?;
    let link = format!("{}/in/{}", app.site.url(), secret.text());
    Ok((StatusCode::CREATED, Json(SignInLink { link })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Empty what she wrote too, and remove what she attached.
    with_messages: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Erased {
    /// Messages that were emptied.
    messages: u64,
    attachments: u64,
}

/// Forgets a person for good: her account, what is hers alone, her handle in what others wrote. Only a backup brings her back.
#[utoipa::path(post, path = "/api/v1/people/{person}/erase", tag = "people", params(("person" = String, Path)),
    request_body = Erasure, responses((status = 200, body = Erased), super::Refused))]
pub async fn erase(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
    sent: Sent<Erasure>,
) -> Result<Json<Erased>, ApiError> {
    let asked = body::read(sent, "Send {\"with_messages\": false}, or true.")?;
    let directory = app.identity.directory().await?;
    let id = &find(&directory, &key)?.id;
    let removed =
        service::keeping::erase::person(&app.identity, id, asked.with_messages, actor.id()).await?;
    Ok(Json(Erased {
        messages: removed.messages,
        attachments: removed.attachments,
    }))
}
