//! Share: posts of our own, from their draft to what came of them.

use super::body::{self, Sent};
use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use base::problem::Problem;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::share::Post;
use service::share::acts::{Credit, Draft, From};
use store::share::View;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ShareView {
    /// `drafts` (the default), `review`, `scheduled`, `published`, `failed` or `discarded`.
    #[serde(default)]
    view: String,
}

/// Words or a picture of somebody that a post republishes, and the permission for it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareCredit {
    /// Whose they are; stands in the text, too.
    whose: String,
    /// A picture instead of words.
    #[serde(default)]
    picture: bool,
    /// Who gave the permission, on which day (its first moment in UTC, in microseconds), and by what. Without all three it is not published.
    #[serde(default)]
    given_by: String,
    #[serde(default)]
    given_on: Option<i64>,
    #[serde(default)]
    given_how: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareChannel {
    /// Id of the connection.
    connection: String,
    /// Other words than the post's there.
    #[serde(default)]
    text: Option<String>,
}

/// What is written of a post. A draft may lack anything.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareText {
    #[serde(default)]
    text: String,
    /// `nobody` or `somebody`: whether it republishes words or pictures; left out while that is not said.
    #[serde(default)]
    republishes: String,
    #[serde(default)]
    credits: Vec<ShareCredit>,
    #[serde(default)]
    channels: Vec<ShareChannel>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Your name of it: sent twice under the same it is there once. Letters, digits, - and _.
    #[schema(min_length = 1, max_length = 100)]
    key: String,
    /// Id of the process or its name in addresses, and a step of it where Share is plugged in.
    process: String,
    step: String,
    /// A case it is about.
    #[serde(default)]
    case: Option<String>,
    /// Id of a question whose accepted answer it is made of.
    #[serde(default)]
    question: Option<String>,
    post: ShareText,
}

impl ShareText {
    fn read(self) -> Draft {
        let credits = self.credits.into_iter().map(|c| Credit {
            whose: c.whose,
            is_picture: c.picture,
            given_by: c.given_by,
            given_on: c.given_on,
            given_how: c.given_how,
        });
        Draft {
            credits: credits.collect(),
            channels: self
                .channels
                .into_iter()
                .map(|c| (c.connection, c.text))
                .collect(),
            body: self.text,
            republishes: self.republishes,
        }
    }
}

/// A post on one channel.
#[derive(Serialize, ToSchema)]
pub struct SharePublication {
    id: String,
    connection: String,
    /// The kind of channel, such as `mastodon`.
    channel: String,
    /// What is published there.
    text: String,
    /// As the service counts it, and how long it may be; null when the channel takes no posts any more.
    length: u64,
    longest: Option<u64>,
    /// `chosen`, `queued`, `sent`, `failed` or `dropped`.
    state: String,
    sent: Option<i64>,
    url: Option<String>,
    error: Option<String>,
    /// What came of it, as far as the service tells; when that was read last.
    likes: Option<i64>,
    reposts: Option<i64>,
    replies: Option<i64>,
    views: Option<i64>,
    echoed: Option<i64>,
}

/// A post with its channels, and what came of it.
#[derive(Serialize, ToSchema)]
pub struct SharedPost {
    id: String,
    /// Id of the process.
    process: String,
    step: String,
    case: Option<String>,
    question: Option<String>,
    /// Id of who wrote it.
    person: String,
    text: String,
    republishes: String,
    credits: Vec<ShareCredit>,
    /// `draft`, `review`, `returned`, `approved`, `scheduled`, `published` or `discarded`.
    state: String,
    /// Id of who read it, and her note.
    reviewer: Option<String>,
    note: Option<String>,
    /// When it goes, or went.
    at: Option<i64>,
    changed: i64,
    /// What has to be done before it can be handed in.
    lacks: Vec<String>,
    channels: Vec<SharePublication>,
    /// Ids of conversations at the desk that began with an answer to it.
    threads: Vec<String>,
}

fn shown(post: Post) -> SharedPost {
    let credits = post.credits.into_iter().map(|c| ShareCredit {
        whose: c.whose,
        picture: c.what == "picture",
        given_by: c.given_by,
        given_on: c.given_on,
        given_how: c.given_how,
    });
    let channels = post.channels.into_iter().map(|c| SharePublication {
        id: c.row.id,
        connection: c.row.connection,
        channel: c.kind,
        text: c.body,
        length: c.length as u64,
        longest: c.outlet.map(|o| o.publishes.longest as u64),
        state: c.row.state,
        sent: c.row.sent,
        url: c.row.url,
        error: c.row.error,
        likes: c.row.likes,
        reposts: c.row.reposts,
        replies: c.row.replies,
        views: c.row.views,
        echoed: c.row.echoed,
    });
    SharedPost {
        credits: credits.collect(),
        channels: channels.collect(),
        threads: post.threads.into_iter().map(|t| t.0).collect(),
        lacks: post.lacks,
        id: post.row.id,
        process: post.row.process,
        step: post.row.step,
        case: post.row.case_ref,
        question: post.row.conversation,
        person: post.row.person,
        text: post.row.body,
        republishes: post.row.republishes,
        state: post.row.state,
        reviewer: post.row.reviewer,
        note: post.row.note,
        at: post.row.at,
        changed: post.row.changed,
    }
}

/// A post in a list.
#[derive(Serialize, ToSchema)]
pub struct ShareLine {
    id: String,
    process: String,
    step: String,
    person: String,
    text: String,
    state: String,
    at: Option<i64>,
    changed: i64,
}

/// Posts, up to 100: the newest first, those that wait for their time by it.
#[utoipa::path(get, path = "/api/v1/share", tag = "share", params(ShareView),
    responses((status = 200, body = [ShareLine]), super::Refused))]
pub async fn list(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<ShareView>,
) -> Result<Json<Vec<ShareLine>>, ApiError> {
    let remedy = "Write ?view=drafts, review, scheduled, published, failed or discarded.";
    let asked = query(asked, remedy)?;
    let view = match asked.view.as_str() {
        "" | "drafts" => View::Drafts,
        "review" => View::ToReview,
        "scheduled" => View::Scheduled,
        "published" => View::Published,
        "failed" => View::Failed,
        "discarded" => View::Discarded,
        other => {
            let what = format!("\"{}\" is no view.", base::format::short(other, 40));
            return Err(Problem::bad_request(what, remedy).into());
        }
    };
    let lines = app.share().list(&actor, view, None).await?;
    let lines = lines.into_iter().map(|line| ShareLine {
        id: line.row.id,
        process: line.row.process,
        step: line.row.step,
        person: line.row.person,
        text: line.row.body,
        state: line.row.state,
        at: line.row.at,
        changed: line.row.changed,
    });
    Ok(Json(lines.collect()))
}

async fn now(app: &App, actor: &Actor, id: &str) -> Result<Json<SharedPost>, ApiError> {
    Ok(Json(shown(app.share().post(actor, id).await?)))
}

/// Begins a draft at a step where Share is plugged in.
#[utoipa::path(post, path = "/api/v1/share", tag = "share", request_body = NewShare,
    responses((status = 201, body = SharedPost), super::Refused))]
pub async fn draft(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<NewShare>,
) -> Result<(StatusCode, Json<SharedPost>), ApiError> {
    let new = body::read(sent, "Send key, process, step and post.")?;
    let from = From {
        process: new.process,
        step: new.step,
        case: new.case,
        conversation: new.question,
    };
    let share = app.share();
    let id = share
        .draft(&actor, &new.key, &from, &new.post.read())
        .await?;
    Ok((StatusCode::CREATED, now(&app, &actor, &id).await?))
}

/// One post.
#[utoipa::path(get, path = "/api/v1/share/{share}", tag = "share", params(("share" = String, Path)),
    responses((status = 200, body = SharedPost), super::Refused))]
pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
) -> Result<Json<SharedPost>, ApiError> {
    now(&app, &actor, &share).await
}

/// Writes a draft of yours anew.
#[utoipa::path(put, path = "/api/v1/share/{share}", tag = "share", params(("share" = String, Path)),
    request_body = ShareText, responses((status = 200, body = SharedPost), super::Refused))]
pub async fn edit(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
    sent: Sent<ShareText>,
) -> Result<Json<SharedPost>, ApiError> {
    let text = body::read(sent, "Send text, republishes, credits and channels.")?;
    app.share().edit(&actor, &share, &text.read()).await?;
    now(&app, &actor, &share).await
}

/// Hands a draft in. A colleague reads it, unless a manager said that yours need nobody. 422 says what it lacks.
#[utoipa::path(post, path = "/api/v1/share/{share}/hand-in", tag = "share", params(("share" = String, Path)),
    responses((status = 200, body = SharedPost), super::Refused))]
pub async fn hand_in(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
) -> Result<Json<SharedPost>, ApiError> {
    app.share().hand_in(&actor, &share).await?;
    now(&app, &actor, &share).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareReview {
    /// Lets it go; otherwise it goes back to who wrote it, with the note.
    approve: bool,
    #[serde(default)]
    note: String,
    /// `changed` of what you read: 409 when it was changed since.
    #[serde(default)]
    seen: Option<i64>,
}

/// Says what you think of a colleague's post; never of your own.
#[utoipa::path(post, path = "/api/v1/share/{share}/review", tag = "share", params(("share" = String, Path)),
    request_body = ShareReview, responses((status = 200, body = SharedPost), super::Refused))]
pub async fn review(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
    sent: Sent<ShareReview>,
) -> Result<Json<SharedPost>, ApiError> {
    let said = body::read(sent, "Send approve, and a note where it is false.")?;
    app.share()
        .review(&actor, &share, said.seen, said.approve, &said.note)
        .await?;
    now(&app, &actor, &share).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareTime {
    /// When it goes, in microseconds since 1970 in UTC; null or left out for at once.
    #[serde(default)]
    at: Option<i64>,
}

/// Gives a post its time, or another.
#[utoipa::path(put, path = "/api/v1/share/{share}/time", tag = "share", params(("share" = String, Path)),
    request_body = ShareTime, responses((status = 200, body = SharedPost), super::Refused))]
pub async fn schedule(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
    sent: Sent<ShareTime>,
) -> Result<Json<SharedPost>, ApiError> {
    let time = body::read(sent, "Send at, or nothing for at once.")?;
    app.share().schedule(&actor, &share, time.at).await?;
    now(&app, &actor, &share).await
}

/// Takes a post out of those that wait for their time. 409 when it went.
#[utoipa::path(delete, path = "/api/v1/share/{share}/time", tag = "share", params(("share" = String, Path)),
    responses((status = 200, body = SharedPost), super::Refused))]
pub async fn withdraw(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
) -> Result<Json<SharedPost>, ApiError> {
    app.share().withdraw(&actor, &share).await?;
    now(&app, &actor, &share).await
}

/// Makes a draft of a post again, until it goes.
#[utoipa::path(post, path = "/api/v1/share/{share}/reopen", tag = "share", params(("share" = String, Path)),
    responses((status = 200, body = SharedPost), super::Refused))]
pub async fn reopen(
    actor: Actor,
    State(app): State<App>,
    Path(share): Path<String>,
) -> Result<Json<SharedPost>, ApiError> {
    app.share().reopen(&actor, &share).await?;
    now(&app, &actor, &share).await
}

/// Publishes once more on a channel where it failed; what may be there already is not sent twice.
#[utoipa::path(post, path = "/api/v1/share/{share}/channels/{publication}/retry", tag = "share",
    params(("share" = String, Path), ("publication" = String, Path)),
    responses((status = 200, body = SharedPost), super::Refused))]
pub async fn retry(
    actor: Actor,
    State(app): State<App>,
    Path((share, publication)): Path<(String, String)>,
) -> Result<Json<SharedPost>, ApiError> {
    app.share()
        .again(&actor, &share, &publication, true)
        .await?;
    now(&app, &actor, &share).await
}
