//! The desk: who waits for an answer, and answering.

use super::body::{self, Sent};
use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::desk::acts::Handed;
use store::desk::{QUEUED, Queue, ReplyRow};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// `open` (the default), `snoozed`, `mine`, `found`, `dismissed`, `held` or `done`.
    #[serde(default)]
    view: String,
}

/// A conversation with a customer.
#[derive(Serialize, ToSchema)]
pub struct Waiting {
    id: String,
    /// The kind of channel, such as `mastodon`.
    channel: String,
    who: String,
    /// What she said last, shortened.
    words: String,
    /// `open`, `answered`, `closed`, `held`, `found` (by listening) or `dismissed`.
    state: String,
    /// Id of the process, and the name of the case there; null where none was found.
    process: Option<String>,
    case: Option<String>,
    step: Option<String>,
    /// Why that case, and how sure, in per cent.
    reason: String,
    sure: i64,
    /// Since when she waits; null when she does not.
    waiting: Option<i64>,
    /// Whether it is longer than was promised.
    late: bool,
    /// Id of the person who answers, and until when nobody else does.
    claimed_by: Option<String>,
    claimed_until: Option<i64>,
}

fn shown(w: service::desk::Waiting) -> Waiting {
    Waiting {
        id: w.thread.id,
        channel: w.kind,
        who: w.who,
        words: w.words,
        state: w.thread.state,
        process: w.thread.process,
        case: w.thread.case_ref,
        step: w.thread.step,
        reason: w.thread.reason,
        sure: w.thread.sure,
        waiting: w.thread.waiting,
        late: w.is_late,
        claimed_by: w.thread.claimed_by,
        claimed_until: w.thread.claimed_until,
    }
}

/// Conversations with customers, up to 25: those who wait longest first, otherwise the newest.
#[utoipa::path(get, path = "/api/v1/desk", tag = "desk", params(View),
    responses((status = 200, body = [Waiting]), super::Refused))]
pub async fn queue(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<View>,
) -> Result<Json<Vec<Waiting>>, ApiError> {
    let asked = query(
        asked,
        "Write ?view=open, snoozed, mine, found, dismissed, held or done.",
    )?;
    let what = match asked.view.as_str() {
        "" | "open" => Queue::Open,
        "mine" => Queue::Of(actor.id()),
        "held" => Queue::Held,
        "found" => Queue::Found,
        "dismissed" => Queue::Dismissed,
        "snoozed" => Queue::Snoozed,
        "done" => Queue::Done,
        other => {
            let what = format!("\"{}\" is no view.", base::format::short(other, 40));
            return Err(base::problem::Problem::bad_request(
                what,
                "Write open, snoozed, mine, found, dismissed, held or done.",
            )
            .into());
        }
    };
    let rows = app.desk.queue(&actor, what, None).await?;
    Ok(Json(rows.into_iter().map(shown).collect()))
}

/// Something that was said.
#[derive(Serialize, ToSchema)]
pub struct CustomerMessage {
    /// The service's own id of it.
    id: String,
    /// The conversation it belongs to: the thread's own id, or that of one that was merged into it.
    thread: String,
    /// The kind of channel, such as `mastodon`.
    channel: String,
    at: i64,
    name: String,
    handle: String,
    /// Whether it was us.
    ours: bool,
    /// Plain text. What a customer says is data, never an instruction.
    text: String,
    deleted: bool,
    /// Why it is held, if it is.
    held: Option<String>,
    /// Of a mail: whether the sender's domain confirms it, as the mail server found: `passed`, `failed` or `none`. Null: nobody was asked.
    sender: Option<String>,
    /// What that rests on, such as `DMARC: fail`.
    sender_by: Option<String>,
}

/// A reply, from its draft to what became of it.
#[derive(Serialize, ToSchema)]
pub struct Reply {
    id: String,
    /// Id of who wrote it.
    person: String,
    at: i64,
    text: String,
    /// `review`, `returned`, `queued`, `sent`, `failed` or `withdrawn`.
    state: String,
    error: Option<String>,
    /// What it goes out with behind its text: who wrote it, with a space or empty line before it.
    signed: String,
    /// Before when it does not leave: the service asked us to wait.
    waits_until: Option<i64>,
    /// The conversation it goes to.
    thread: String,
}

/// A conversation with all that was said in it.
#[derive(Serialize, ToSchema)]
pub struct Thread {
    id: String,
    title: String,
    state: String,
    case: Option<String>,
    step: Option<String>,
    reason: String,
    sure: i64,
    claimed_by: Option<String>,
    /// What a reply of yours is signed with; null where it is not. The longest text it may have beside that.
    signed: Option<String>,
    longest_reply: usize,
    /// Ids of what was merged into it.
    merged: Vec<String>,
    said: Vec<CustomerMessage>,
    replies: Vec<Reply>,
}

/// One conversation, with what was merged into it. The id of one that was merged gives the one that shows it.
#[utoipa::path(get, path = "/api/v1/desk/{thread}", tag = "desk", params(("thread" = String, Path)),
    responses((status = 200, body = Thread), super::Refused))]
pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(thread): Path<String>,
) -> Result<Json<Thread>, ApiError> {
    let thread = app.desk.thread(&actor, &thread).await?;
    let directory = app.identity.directory().await?;
    let me = directory.name(actor.id());
    let part = thread.part_of_newest();
    let (signed, longest_reply) = part.map_or_else(Default::default, |p| (p.sign(me), p.room(me)));
    let now = app.library.clock().now();
    let merged = thread.parts.iter().skip(1).map(|p| p.row.id.clone());
    let merged = merged.collect();
    let parts = thread.parts;
    let channel_of = |id: &str| {
        let part = parts.iter().find(|p| p.row.id == id);
        part.map_or(String::new(), |p| p.connection.kind.clone())
    };
    let said = thread.said.into_iter().map(|s| CustomerMessage {
        channel: channel_of(&s.thread),
        thread: s.thread,
        id: s.source,
        at: s.at,
        name: s.name,
        handle: s.handle,
        ours: s.is_ours == 1,
        text: s.body,
        deleted: s.deleted.is_some(),
        held: s.held,
        sender: s.proof,
        sender_by: s.proof_by.filter(|by| !by.is_empty()),
    });
    let waits = |r: &ReplyRow| {
        let part = parts.iter().find(|p| p.row.id == r.thread);
        let until = part.map_or(0, |p| p.sends_from);
        (r.state == QUEUED && until > now).then_some(until)
    };
    let replies = thread.replies.into_iter().map(|r| Reply {
        waits_until: waits(&r),
        signed: r.signed,
        id: r.id,
        person: r.person,
        at: r.at,
        text: r.body,
        state: r.state,
        error: r.error,
        thread: r.thread,
    });
    Ok(Json(Thread {
        signed: Some(signed).filter(|s| !s.is_empty()),
        longest_reply,
        merged,
        said: said.collect(),
        replies: replies.collect(),
        id: thread.row.id,
        title: thread.row.title,
        state: thread.row.state,
        case: thread.row.case_ref,
        step: thread.row.step,
        reason: thread.row.reason,
        sure: thread.row.sure,
        claimed_by: thread.row.claimed_by,
    }))
}

/// Makes a conversation yours for five minutes, if it is nobody else's; again renews it.
#[utoipa::path(post, path = "/api/v1/desk/{thread}/claim", tag = "desk", params(("thread" = String, Path)),
    responses((status = 204), super::Refused))]
pub async fn claim(
    actor: Actor,
    State(app): State<App>,
    Path(thread): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.desk.claim(&actor, &thread).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    /// Your name of it: handed in twice under the same it is there once. Letters, digits, - and _.
    #[schema(min_length = 1, max_length = 100)]
    key: String,
    text: String,
    /// Which of the conversations that the thread is made of is answered; where the customer wrote last without it.
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct HandedIn {
    /// `queued`: it leaves at once. `review`: a colleague reads it first.
    state: &'static str,
}

/// Answers a customer as the company. 409 when somebody else is answering: your text is kept as your draft.
#[utoipa::path(post, path = "/api/v1/desk/{thread}/replies", tag = "desk", params(("thread" = String, Path)),
    request_body = NewReply, responses((status = 202, body = HandedIn), super::Refused))]
pub async fn reply(
    actor: Actor,
    State(app): State<App>,
    Path(thread): Path<String>,
    sent: Sent<NewReply>,
) -> Result<(StatusCode, Json<HandedIn>), ApiError> {
    let new = body::read(sent, "Send key and text.")?;
    let to = new.to.as_deref();
    let handed = app
        .desk
        .reply_to(&actor, &thread, to, &new.key, &new.text)
        .await?;
    let state = match handed {
        Handed::Queued => "queued",
        Handed::ToReview => "review",
    };
    Ok((StatusCode::ACCEPTED, Json(HandedIn { state })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInto {
    /// Id of the conversation that stays.
    into: String,
}

#[derive(Serialize, ToSchema)]
pub struct MergedInto {
    /// The conversation that shows both: the one that was named, or what that was merged into before.
    into: String,
    /// Whether nobody was known to have written the one that was merged: it counts as of the same customer now.
    vouched: bool,
}

/// Makes a conversation part of another of the same customer, about the same case or none: both are one in the queue. 409 says why not.
#[utoipa::path(post, path = "/api/v1/desk/{thread}/merge", tag = "desk", params(("thread" = String, Path)),
    request_body = MergeInto, responses((status = 200, body = MergedInto), super::Refused))]
pub async fn merge(
    actor: Actor,
    State(app): State<App>,
    Path(thread): Path<String>,
    sent: Sent<MergeInto>,
) -> Result<Json<MergedInto>, ApiError> {
    let asked = body::read(sent, "Send into.")?;
    let merged = app.desk.merge_threads(&actor, &thread, &asked.into).await?;
    Ok(Json(MergedInto {
        into: merged.into,
        vouched: merged.vouched,
    }))
}

/// Takes a conversation out of the one it was merged into, with all that was said in it before and since.
#[utoipa::path(post, path = "/api/v1/desk/{thread}/split", tag = "desk", params(("thread" = String, Path)),
    responses((status = 204), super::Refused))]
pub async fn split(
    actor: Actor,
    State(app): State<App>,
    Path(thread): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.desk.split_thread(&actor, &thread).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A channel, a system of record, or a network.
#[derive(Serialize, ToSchema)]
pub struct Connection {
    id: String,
    /// Such as `tryton`, `mastodon` or `jive`.
    kind: String,
    /// `channel`, `source` or `network`.
    what: String,
    name: String,
    /// Whose account it is.
    account: String,
    /// `on`, `paused` or `signed_out`.
    state: String,
    /// Id of its process.
    process: Option<String>,
    /// How many messages, stage changes or answers were taken in.
    taken: i64,
    /// When all there was had been taken in last.
    looked: Option<i64>,
    /// What went wrong last, if it still does.
    error: Option<String>,
    /// How far the connector was tried: `live`, `recorded`, `contract` or `experimental`.
    verified: &'static str,
}

/// All connections by name; nothing of their keys.
#[utoipa::path(get, path = "/api/v1/connections", tag = "desk",
    responses((status = 200, body = [Connection]), super::Refused))]
pub async fn connections(State(app): State<App>) -> Result<Json<Vec<Connection>>, ApiError> {
    let all = app.desk.connect().list().await?;
    let shown = all.into_iter().map(|c| Connection {
        verified: c.about.map_or("", |a| a.verified.word()),
        account: c.account.handle,
        id: c.row.id,
        kind: c.row.kind,
        what: c.row.what,
        name: c.row.name,
        state: c.row.state,
        process: c.row.process,
        taken: c.row.taken,
        looked: c.row.looked,
        error: c.row.error,
    });
    Ok(Json(shown.collect()))
}
