//! The account of the one who asks.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::account::Profile;
use base::identity::wishes::Wishes;
use base::identity::{Actor, Scopes};
use mining::Micros;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::processes::Problem;
use store::doors::TokenRow;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Me {
    id: String,
    name: String,
    email: String,
    handle: String,
    /// owner, manager, member or guest
    role: String,
    /// As the IANA names it.
    zone: String,
    /// Handles of teams.
    teams: Vec<String>,
    wishes: Wishes,
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyChanges {
    name: Option<String>,
    handle: Option<String>,
    /// As the IANA names it: Europe/Copenhagen.
    zone: Option<String>,
    wishes: Option<Wishes>,
}

#[derive(Serialize, ToSchema)]
pub struct Token {
    id: String,
    name: String,
    /// Of read, write, admin and scim.
    scopes: Vec<String>,
    created: Micros,
    ends: Option<Micros>,
    /// When it was last used, within the hour.
    used: Option<Micros>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    name: String,
    /// Of read, write, admin and scim.
    scopes: Vec<String>,
    /// Without one it works until it is revoked.
    ends: Option<Micros>,
}

#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// What a program sends: `Authorization: Bearer` and this. Told only now.
    text: String,
    token: Token,
}

impl Token {
    fn of(row: TokenRow) -> Token {
        Token {
            id: row.id,
            name: row.name,
            scopes: row.scopes.split(' ').map(String::from).collect(),
            created: row.created,
            ends: row.ends,
            used: row.used,
        }
    }
}

async fn told(app: &App, actor: &Actor) -> Result<Json<Me>, ApiError> {
    let row = app.identity.me(actor).await?;
    let directory = app.identity.directory().await?;
    let teams = directory.teams_of(&row.id);
    Ok(Json(Me {
        teams: teams.iter().map(|t| t.handle.clone()).collect(),
        wishes: Wishes::of(&row),
        id: row.id,
        name: row.name,
        email: row.email,
        handle: row.handle,
        role: row.role,
        zone: row.zone,
    }))
}

/// Who you are here.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = Me), super::Refused))]
pub async fn get(actor: Actor, State(app): State<App>) -> Result<Json<Me>, ApiError> {
    told(&app, &actor).await
}

/// MyChanges what you say of yourself, and what you want to be told.
#[utoipa::path(put, path = "/api/v1/me", tag = "account", request_body = MyChanges,
    responses((status = 200, body = Me), super::Refused))]
pub async fn put(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<MyChanges>,
) -> Result<Json<Me>, ApiError> {
    let asked = body::read(
        sent,
        "Send what is to change, such as {\"zone\": \"Europe/Copenhagen\"}.",
    )?;
    let asked = Profile {
        name: asked.name,
        handle: asked.handle,
        zone: asked.zone,
        wishes: asked.wishes,
    };
    app.identity.edit(actor.id(), asked, actor.id()).await?;
    told(&app, &actor).await
}

/// Your tokens that still work, newest first.
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "account",
    responses((status = 200, body = Vec<Token>), super::Refused))]
pub async fn tokens(actor: Actor, State(app): State<App>) -> Result<Json<Vec<Token>>, ApiError> {
    let rows = app.identity.tokens(actor.id()).await?;
    Ok(Json(rows.into_iter().map(Token::of).collect()))
}

/// Makes a token. One made with a token may not more, and works no longer, than that one.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "account", request_body = NewToken,
    responses((status = 201, body = TokenMade), super::Refused))]
pub async fn make_token(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<NewToken>,
) -> Result<(StatusCode, Json<TokenMade>), ApiError> {
    let remedy = "Send {\"name\": \"CRM push\", \"scopes\": [\"read\", \"write\"]}.";
    let asked = body::read(sent, remedy)?;
    let scopes = Scopes::parse(&asked.scopes.join(" "))
        .ok_or_else(|| Problem::bad_request("These are no scopes.", remedy))?;
    let made = app
        .identity
        .make_own_token(&actor, &asked.name, scopes, asked.ends);
    let (row, text) = made.await?;
    let token = Token::of(row);
    Ok((StatusCode::CREATED, Json(TokenMade { text, token })))
}

/// Revokes a token; it works no more at once, and on other nodes within seconds.
#[utoipa::path(delete, path = "/api/v1/me/tokens/{token}", tag = "account", params(("token" = String, Path)),
    responses((status = 204), super::Refused))]
pub async fn revoke_token(
    actor: Actor,
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.identity
        .revoke_token(actor.id(), &token, actor.id())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
