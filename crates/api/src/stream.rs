//! What a person follows, is told and has read, and what happens as it happens.

use super::body::{self, Sent};
use super::problem::ApiError;
use super::talk::{Asked, Message, query};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::identity::Actor;
use bytes::Bytes;
use mining::Micros;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::work::feed::Page;
use service::work::presence::{Doing, Present};
use service::work::talk::Followed;
use service::work::updates::Update;
use store::work::{self, ConversationRow, NotificationRow};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Older {
    /// Only messages with smaller numbers: the last one of the page before.
    before: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct Streamed {
    #[serde(flatten)]
    message: Message,
    /// Where it was said.
    place: ConversationRow,
    unread: bool,
}

fn streamed(page: &Page, actor: &Actor, directory: &base::identity::Directory) -> Vec<Streamed> {
    let messages = page.messages.iter().filter_map(|m| {
        Some(Streamed {
            place: page.conversations.get(&m.conversation)?.clone(),
            unread: page.is_unread(m, actor.id()),
            message: Message::of(m.clone(), directory),
        })
    });
    messages.collect()
}

/// The newest messages in what you follow, 20 a page.
#[utoipa::path(get, path = "/api/v1/stream", tag = "work", params(Older),
    responses((status = 200, body = [Streamed]), super::Refused))]
pub async fn stream(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Older>,
) -> Result<Response, ApiError> {
    let asked = query(asked, "Write a whole number for before.")?;
    let json = |made: Bytes| ([(header::CONTENT_TYPE, "application/json")], made).into_response();
    let feeds = app.work.feeds();
    if asked.before.is_none()
        && let Some(made) = feeds.made(actor.id(), "json", app.work.clock().now())
    {
        return Ok(json(made));
    }
    let directory = app.identity.directory().await?;
    if let Some(before) = asked.before {
        let page = app.work.older(&actor, before).await?;
        return Ok(Json(streamed(&page, &actor, &directory)).into_response());
    }
    let page = app.work.newest(&actor).await?;
    let made = serde_json::to_vec(&streamed(&page, &actor, &directory));
    let made = Bytes::from(made.map_err(anyhow::Error::from)?);
    feeds.keep_made(actor.id(), &page, "json", made.clone());
    Ok(json(made))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Told {
    /// Only what you have not read yet.
    #[serde(default)]
    unread: bool,
    /// Only what has smaller numbers.
    before: Option<i64>,
}

/// What you were told: mentions, questions put to you, answers, newest first.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "work", params(Told),
    responses((status = 200, body = [NotificationRow]), super::Refused))]
pub async fn notifications(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Told>,
) -> Result<Json<Vec<NotificationRow>>, ApiError> {
    let asked = query(asked, "Write ?unread=true, and a whole number for before.")?;
    let before = asked.before.unwrap_or(i64::MAX);
    let found = work::notifications(app.work.db(), actor.id(), asked.unread, before, 100);
    Ok(Json(found.await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Upto {
    /// The number of the last message that was read.
    upto: i64,
}

/// Marks a conversation as read, here and on every other device.
#[utoipa::path(put, path = "/api/v1/conversations/{conversation}/read", tag = "work",
    params(("conversation" = String, Path)), request_body = Upto, responses((status = 204), super::Refused))]
pub async fn mark_read(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
    sent: Sent<Upto>,
) -> Result<StatusCode, ApiError> {
    let read = body::read(sent, "Send {\"upto\": number of a message}.")?;
    let place = app.work.place(&actor, &conversation).await?;
    app.work.mark_read(&actor, &place.id, read.upto).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Here {
    doing: Doing,
}

/// Says that you have a conversation open, or write there, and answers with who else is there. Say it again every 20 seconds;
/// who says nothing for 45 is taken to have gone.
#[utoipa::path(put, path = "/api/v1/conversations/{conversation}/here", tag = "work",
    params(("conversation" = String, Path)), request_body = Here, responses((status = 200, body = [Present]), super::Refused))]
pub async fn here(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
    sent: Sent<Here>,
) -> Result<Json<Vec<Present>>, ApiError> {
    let here = body::read(sent, "Send {\"doing\": \"reading\"}, writing or gone.")?;
    let room = app.work.place_or_room(&actor, &conversation).await?;
    app.work.say_here(&actor, &room, here.doing).await?;
    Ok(Json(app.work.others_here(&actor, &room).await?))
}

/// What happened in what you follow beside what was said, newest first, 20 a page.
#[utoipa::path(get, path = "/api/v1/updates", tag = "work", params(Older),
    responses((status = 200, body = [Update]), super::Refused))]
pub async fn updates(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Older>,
) -> Result<Json<Vec<Update>>, ApiError> {
    let asked = query(asked, "Write a whole number for before.")?;
    let before = asked.before.unwrap_or(i64::MAX);
    Ok(Json(app.work.updates(&actor, before).await?))
}

#[derive(Serialize, ToSchema)]
pub struct Follow {
    /// `conversation`, `person`, `step` or `process`.
    kind: String,
    target: String,
    /// `follow` or `mute`.
    level: String,
    /// Snoozed until.
    until: Option<Micros>,
}

/// What you follow and what you muted.
#[utoipa::path(get, path = "/api/v1/follows", tag = "work", responses((status = 200, body = [Follow]), super::Refused))]
pub async fn follows(actor: Actor, State(app): State<App>) -> Result<Json<Vec<Follow>>, ApiError> {
    let rows = work::follows_of(app.work.db(), actor.id()).await?;
    let all = rows.into_iter().map(|(kind, target, level, until)| Follow {
        kind,
        target,
        level,
        until,
    });
    Ok(Json(all.collect()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    kind: Followed,
    /// Id of a conversation, person or process; of a step the process's id, a slash and the step's name.
    target: String,
    /// `follow`, `mute` or `none`.
    level: String,
    /// Quiet until then.
    until: Option<Micros>,
}

/// Follows something, mutes it, or neither.
#[utoipa::path(put, path = "/api/v1/follows", tag = "work", request_body = Wanted,
    responses((status = 204), super::Refused))]
pub async fn follow(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<Wanted>,
) -> Result<StatusCode, ApiError> {
    let w = body::read(sent, "Send kind, target and level.")?;
    let thing = (w.kind, w.target.as_str());
    let done = app.work.follow(&actor, thing, Some(&w.level), w.until);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Where {
    /// An address within Tenon, such as /p/deals/case/7.
    #[serde(default)]
    place: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    place: String,
    /// Empty: there is none.
    body: String,
    /// At the desk, where threads were merged: the one that it answers. It goes with that one when they are split.
    #[serde(default)]
    about: Option<String>,
}

/// What you have begun to write at a place.
#[utoipa::path(get, path = "/api/v1/drafts", tag = "work", params(Where), responses((status = 200, body = Draft), super::Refused))]
pub async fn draft(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Where>,
) -> Result<Json<Draft>, ApiError> {
    let place = query(asked, "Name a place: ?place=…")?.place;
    let body = work::draft(app.work.db(), actor.id(), &place).await?;
    let body = body.unwrap_or_default();
    let about = work::draft_about(app.work.db(), actor.id(), &place).await?;
    Ok(Json(Draft { place, body, about }))
}

/// Keeps what you have begun to write; an empty text takes it away.
#[utoipa::path(put, path = "/api/v1/drafts", tag = "work", request_body = Draft, responses((status = 204), super::Refused))]
pub async fn keep_draft(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<Draft>,
) -> Result<StatusCode, ApiError> {
    let draft = body::read(sent, "Send place and body.")?;
    app.work
        .keep_draft_about(&actor, &draft.place, &draft.body, draft.about.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
