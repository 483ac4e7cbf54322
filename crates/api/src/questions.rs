//! Asking the network, and the playbooks of the steps.

use super::body::{self, Sent};
use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::work::ask::{Expert, Similar};
use service::work::known::Known;
use service::work::playbook::Playbook;
use store::work::{self, ConversationRow};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Name of a step.
    step: String,
    /// Name of the case it is about, if any.
    case: Option<String>,
    /// Markdown; the first line is its title.
    body: String,
    /// What you call this question: sent again under the same name it is not asked again.
    client: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Put {
    /// Id of the conversation.
    id: String,
}

/// Asks a question at a step; those who may know are told.
#[utoipa::path(post, path = "/api/v1/processes/{process}/questions", tag = "work", params(("process" = String, Path)),
    request_body = Question, responses((status = 201, body = Put), super::Refused))]
pub async fn ask(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    sent: Sent<Question>,
) -> Result<(StatusCode, Json<Put>), ApiError> {
    let q = body::read(
        sent,
        "Send step and body and, if you like, case and client.",
    )?;
    let (case, client) = (q.case.as_deref(), q.client.as_deref());
    let asked = app
        .work
        .ask(&actor, &process, &q.step, case, &q.body, client);
    Ok((StatusCode::CREATED, Json(Put { id: asked.await? })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AtStep {
    /// Name of a step.
    #[serde(default)]
    step: String,
    /// What is being written.
    #[serde(default)]
    text: String,
}

const STEP: &str = "Name a step: ?step=…";

/// Questions asked at a step, those with the newest messages first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/questions", tag = "work",
    params(("process" = String, Path), AtStep), responses((status = 200, body = [ConversationRow]), super::Refused))]
pub async fn list(
    State(app): State<App>,
    Path(process): Path<String>,
    asked: Asked<AtStep>,
) -> Result<Json<Vec<ConversationRow>>, ApiError> {
    let asked = query(asked, STEP)?;
    let row = app.library.process(&process).await?;
    let found = work::questions_of_step(app.work.db(), &row.id, &asked.step, 200);
    Ok(Json(found.await?))
}

/// An answer of a network that is plugged in at a step, with its question.
#[utoipa::path(get, path = "/api/v1/known/{answer}", tag = "work", params(("answer" = String, Path)),
    responses((status = 200, body = Known), super::Refused))]
pub async fn known(
    actor: Actor,
    State(app): State<App>,
    Path(answer): Path<String>,
) -> Result<Json<Known>, ApiError> {
    Ok(Json(app.work.known(&actor, &answer).await?))
}

/// Questions with an accepted answer, here or in a network, that are like what is being written.
#[utoipa::path(get, path = "/api/v1/processes/{process}/questions/similar", tag = "work",
    params(("process" = String, Path), AtStep), responses((status = 200, body = [Similar]), super::Refused))]
pub async fn similar(
    State(app): State<App>,
    Path(process): Path<String>,
    asked: Asked<AtStep>,
) -> Result<Json<Vec<Similar>>, ApiError> {
    let asked = query(asked, STEP)?;
    let row = app.library.process(&process).await?;
    let found = app.work.similar(&row.id, &asked.step, &asked.text, 5);
    Ok(Json(found.await?))
}

/// Who may know at a step, with the reason; best first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/experts", tag = "work",
    params(("process" = String, Path), AtStep), responses((status = 200, body = [Expert]), super::Refused))]
pub async fn experts(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    asked: Asked<AtStep>,
) -> Result<Json<Vec<Expert>>, ApiError> {
    let asked = query(asked, STEP)?;
    let loaded = app.library.load(&process).await?;
    let found = app.work.experts(actor.id(), &loaded, &asked.step);
    Ok(Json(found.await?))
}

/// Says that you cannot answer; the next who may know is asked.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/decline", tag = "work",
    params(("conversation" = String, Path)), responses((status = 204), super::Refused))]
pub async fn decline(
    actor: Actor,
    State(app): State<App>,
    Path(conversation): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.work.decline(&actor, &conversation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The playbook of each step that has one.
#[utoipa::path(get, path = "/api/v1/processes/{process}/playbooks", tag = "work", params(("process" = String, Path)),
    responses((status = 200, body = [Playbook]), super::Refused))]
pub async fn playbooks(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<Playbook>>, ApiError> {
    let row = app.library.process(&process).await?;
    Ok(Json(app.work.playbooks(&row.id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    title: String,
    /// Markdown; each line of a list is an item. Without items the step has no playbook.
    body: String,
}

#[derive(Serialize, ToSchema)]
pub struct NewVersion {
    version: i64,
}

/// Writes a new version of a step's playbook.
#[utoipa::path(put, path = "/api/v1/processes/{process}/playbooks/{step}", tag = "work",
    params(("process" = String, Path), ("step" = String, Path)), request_body = Written,
    responses((status = 200, body = NewVersion), super::Refused))]
pub async fn write_playbook(
    actor: Actor,
    State(app): State<App>,
    Path((process, step)): Path<(String, String)>,
    sent: Sent<Written>,
) -> Result<Json<NewVersion>, ApiError> {
    let w = body::read(sent, "Send title and body.")?;
    let done = app
        .work
        .write_playbook(&actor, &process, &step, &w.title, &w.body);
    Ok(Json(NewVersion {
        version: done.await?,
    }))
}

/// The playbooks with what was done on a case.
#[utoipa::path(get, path = "/api/v1/processes/{process}/cases/{case}/playbooks", tag = "work",
    params(("process" = String, Path), ("case" = String, Path)), responses((status = 200, body = [Playbook]), super::Refused))]
pub async fn of_case(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
) -> Result<Json<Vec<Playbook>>, ApiError> {
    let room = app.work.room(&actor, &process, &case).await?;
    Ok(Json(
        app.work.playbooks_of_case(&room.process, &case).await?,
    ))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemDone {
    step: String,
    /// The item's name.
    item: String,
    done: bool,
}

/// Marks an item of a playbook as done on a case, or takes that back.
#[utoipa::path(put, path = "/api/v1/processes/{process}/cases/{case}/playbooks", tag = "work",
    params(("process" = String, Path), ("case" = String, Path)), request_body = ItemDone,
    responses((status = 204), super::Refused))]
pub async fn check(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    sent: Sent<ItemDone>,
) -> Result<StatusCode, ApiError> {
    let c = body::read(sent, "Send step, item and done.")?;
    let item = (c.step.as_str(), c.item.as_str());
    app.work
        .check(&actor, &process, &case, item, c.done)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
