//! What is said on cases and in answer to questions.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base::identity::{Actor, Directory};
use base::policy::may;
use mining::Micros;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::processes::Problem;
use service::work::markdown;
use store::work::{self, ConversationRow, MessageRow};
use utoipa::{IntoParams, ToSchema};

/// A message as programs see it.
#[derive(Serialize, ToSchema)]
pub struct Message {
    #[serde(flatten)]
    row: MessageRow,
    author_name: String,
    /// The text as HTML that holds no scripts, styles or pictures.
    html: String,
}

impl Message {
    pub fn of(row: MessageRow, directory: &Directory) -> Message {
        Message {
            author_name: directory.name(&row.author).into(),
            html: markdown::html(&row.body, directory),
            row,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// Markdown, 1 to 20,000 characters. An @ and a handle tells that person or team.
    body: String,
    /// What you call this message: sent again under the same name it is not posted again.
    client: Option<String>,
}

/// What was posted.
#[derive(Serialize, ToSchema)]
pub struct Posted {
    /// The number of the message.
    id: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Before {
    /// Only messages with smaller numbers.
    before: Option<i64>,
    /// 50 unless told, at most 200.
    limit: Option<i64>,
}

pub type Asked<T> = Result<Query<T>, QueryRejection>;

/// What a query says, or why it cannot be read.
pub fn query<T>(asked: Asked<T>, remedy: &str) -> Result<T, Problem> {
    asked
        .map(|Query(q)| q)
        .map_err(|e| Problem::bad_request(e.body_text(), remedy))
}

const SAY: &str = "Send {\"body\": \"…\"} and, if you like, \"client\".";

/// Says something in the room of a case.
#[utoipa::path(post, path = "/api/v1/processes/{process}/cases/{case}/messages", tag = "work",
    params(("process" = String, Path), ("case" = String, Path)), request_body = Say,
    responses((status = 201, body = Posted), super::Refused))]
pub async fn say(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    sent: Sent<Say>,
) -> Result<(StatusCode, Json<Posted>), ApiError> {
    let said = body::read(sent, SAY)?;
    let room = app.work.room(&actor, &process, &case).await?;
    let client = said.client.as_deref();
    let id = app.work.note(&actor, room, &said.body, client).await?;
    Ok((StatusCode::CREATED, Json(Posted { id })))
}

/// What was said in the room of a case, newest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/cases/{case}/messages", tag = "work",
    params(("process" = String, Path), ("case" = String, Path), Before),
    responses((status = 200, body = [Message]), super::Refused))]
pub async fn said(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    asked: Asked<Before>,
) -> Result<Json<Vec<Message>>, ApiError> {
    let room = app.work.room(&actor, &process, &case).await?;
    listed(&app, &room.id, asked).await
}

/// Answers a question, or says something in a room that is there.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/messages", tag = "work",
    params(("conversation" = String, Path)), request_body = Say,
    responses((status = 201, body = Posted), super::Refused))]
pub async fn answer(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
    sent: Sent<Say>,
) -> Result<(StatusCode, Json<Posted>), ApiError> {
    let said = body::read(sent, SAY)?;
    let client = said.client.as_deref();
    let done = app.work.post(&actor, &conversation, &said.body, client);
    Ok((StatusCode::CREATED, Json(Posted { id: done.await? })))
}

/// What was said in a conversation, newest first.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}/messages", tag = "work",
    params(("conversation" = String, Path), Before), responses((status = 200, body = [Message]), super::Refused))]
pub async fn answers(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
    asked: Asked<Before>,
) -> Result<Json<Vec<Message>>, ApiError> {
    let place = app.work.place(&actor, &conversation).await?;
    listed(&app, &place.id, asked).await
}

async fn listed(
    app: &App,
    conversation: &str,
    asked: Asked<Before>,
) -> Result<Json<Vec<Message>>, ApiError> {
    let asked = query(asked, "Write whole numbers for before and limit.")?;
    let (before, limit) = (asked.before.unwrap_or(i64::MAX), asked.limit.unwrap_or(50));
    let rows = work::before(app.work.db(), conversation, before, limit.clamp(1, 200)).await?;
    let directory = app.identity.directory().await?;
    let all = rows.into_iter().map(|r| Message::of(r, &directory));
    Ok(Json(all.collect()))
}

/// A room of a case, or a question.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}", tag = "work",
    params(("conversation" = String, Path)), responses((status = 200, body = ConversationRow), super::Refused))]
pub async fn conversation(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
) -> Result<Json<ConversationRow>, ApiError> {
    let place = app.work.place(&actor, &conversation).await?;
    let row = work::find(app.work.db(), &place.id).await?;
    Ok(Json(row.ok_or_else(|| Problem::not_found("conversation"))?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    body: String,
}

/// Changes what a message of yours says; what it said is kept.
#[utoipa::path(put, path = "/api/v1/messages/{message}", tag = "work", params(("message" = i64, Path)),
    request_body = Changed, responses((status = 204), super::Refused))]
pub async fn edit(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
    sent: Sent<Changed>,
) -> Result<StatusCode, ApiError> {
    let changed = body::read(sent, "Send {\"body\": \"…\"}.")?;
    app.work.edit(&actor, message.0, &changed.body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a message away; it can be brought back.
#[utoipa::path(delete, path = "/api/v1/messages/{message}", tag = "work", params(("message" = i64, Path)),
    responses((status = 204), super::Refused))]
pub async fn delete(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
) -> Result<StatusCode, ApiError> {
    app.work.delete(&actor, message.0, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a message back that was taken away.
#[utoipa::path(post, path = "/api/v1/messages/{message}/restore", tag = "work", params(("message" = i64, Path)),
    responses((status = 204), super::Refused))]
pub async fn restore(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
) -> Result<StatusCode, ApiError> {
    app.work.delete(&actor, message.0, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    pinned: bool,
}

/// Keeps a message at the top of its room, or lets go of it.
#[utoipa::path(put, path = "/api/v1/messages/{message}/pin", tag = "work", params(("message" = i64, Path)),
    request_body = Pinned, responses((status = 204), super::Refused))]
pub async fn pin(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
    sent: Sent<Pinned>,
) -> Result<StatusCode, ApiError> {
    let wanted = body::read(sent, "Send {\"pinned\": true} or false.")?;
    app.work.pin(&actor, message.0, wanted.pinned).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// One of 👍 🎉 ❤️ 👀 ✅.
    emoji: String,
}

#[derive(Serialize, ToSchema)]
pub struct Reacted {
    /// Whether you react so now.
    reacted: bool,
}

/// Reacts to a message; the same again takes it back.
#[utoipa::path(post, path = "/api/v1/messages/{message}/reactions", tag = "work", params(("message" = i64, Path)),
    request_body = Reaction, responses((status = 200, body = Reacted), super::Refused))]
pub async fn react(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
    sent: Sent<Reaction>,
) -> Result<Json<Reacted>, ApiError> {
    let wanted = body::read(sent, "Send {\"emoji\": \"👍\"}.")?;
    let reacted = app.work.react(&actor, message.0, &wanted.emoji).await?;
    Ok(Json(Reacted { reacted }))
}

#[derive(Serialize, ToSchema)]
pub struct Wording {
    at: Micros,
    body: String,
}

/// What a message said before it was changed, oldest first. Of a deleted one: for its author and managers.
#[utoipa::path(get, path = "/api/v1/messages/{message}/versions", tag = "work", params(("message" = i64, Path)),
    responses((status = 200, body = [Wording]), super::Refused))]
pub async fn versions(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
) -> Result<Json<Vec<Wording>>, ApiError> {
    let (row, _) = app.work.message(&actor, message.0).await?;
    if row.deleted.is_some() {
        may::delete_message(&actor, &row.author)?;
    }
    let all = work::versions(app.work.db(), row.id).await?.into_iter();
    Ok(Json(all.map(|(at, body)| Wording { at, body }).collect()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Saved {
    /// About how many minutes the answer saved you.
    saved_minutes: Option<i64>,
}

/// Accepts an answer; it is offered to the next who asks at the step.
#[utoipa::path(post, path = "/api/v1/messages/{message}/accept", tag = "work", params(("message" = i64, Path), Saved),
    responses((status = 204), super::Refused))]
pub async fn accept(
    actor: Actor,
    State(app): State<App>,
    message: super::Number,
    asked: Asked<Saved>,
) -> Result<StatusCode, ApiError> {
    let saved = query(asked, "Write whole minutes for saved_minutes.")?.saved_minutes;
    app.work.accept(&actor, message.0, saved).await?;
    Ok(StatusCode::NO_CONTENT)
}
