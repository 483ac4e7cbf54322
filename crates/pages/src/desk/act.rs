//! What is done at the desk; each act leads back to where it was done.

use super::super::error::PageError;
use crate::asked::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use base::identity::Actor;
use mining::time::{DAY, HOUR};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use store::listen::{BLOCKED, OURS};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    body: String,
    client: String,
    to: String,
    process: String,
    case: String,
    why: String,
    until: String,
    title: String,
    /// The message that was looked at.
    message: String,
}

fn back(id: &str, done: Result<(), Problem>) -> Result<Redirect, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/desk/{id}"))),
        // Said where it was tried: what was written is kept.
        Err(problem) if problem.status == 409 => {
            Ok(Redirect::to(&format!("/desk/{id}?said={}", problem.code)))
        }
        Err(problem) => Err(problem.into()),
    }
}

pub async fn next(actor: Actor, State(app): State<App>) -> Result<Redirect, PageError> {
    let to = match app.desk.take_next(&actor).await? {
        Some(id) => format!("/desk/{id}"),
        None => "/desk?said=nobody".into(),
    };
    Ok(Redirect::to(&to))
}

pub async fn thread_act(
    actor: Actor,
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<Act>,
) -> Result<Redirect, PageError> {
    let (desk, now) = (&app.desk, app.library.clock().now());
    let done = match action.as_str() {
        "claim" => desk.claim(&actor, &id).await,
        "release" => desk.give(&actor, &id, None).await,
        "give" => {
            desk.give(
                &actor,
                &id,
                Some(form.to.as_str()).filter(|t| !t.is_empty()),
            )
            .await
        }
        "take-over" => desk.take_over(&actor, &id).await,
        "reply" => desk
            .reply_to(
                &actor,
                &id,
                Some(form.to.as_str()).filter(|t| !t.is_empty()),
                &form.client,
                &form.body,
            )
            .await
            .map(drop),
        "note" => desk.note(&actor, &id, &form.body).await,
        "close" => desk.set_closed(&actor, &id, true).await,
        "open" => desk.set_closed(&actor, &id, false).await,
        "hold" => {
            desk.set_held(
                &actor,
                &id,
                Some(if form.why.is_empty() {
                    "noise"
                } else {
                    &form.why
                }),
            )
            .await
        }
        "let-in" => desk.set_held(&actor, &id, None).await,
        "queue" => desk.into_queue(&actor, &id).await,
        "dismiss" => desk.dismiss(&actor, &id, true).await,
        "look-again" => desk.dismiss(&actor, &id, false).await,
        "block" => desk.mark_voice(&actor, &id, Some(BLOCKED)).await,
        "ours" => desk.mark_voice(&actor, &id, Some(OURS)).await,
        "unmark" => desk.mark_voice(&actor, &id, None).await,
        "vouch" => desk.vouch(&actor, &id, &form.message).await,
        "case" => {
            let case = Some(form.case.trim()).filter(|c| !c.is_empty());
            desk.set_case(&actor, &id, &form.process, case).await
        }
        "snooze" => {
            let until = match form.until.as_str() {
                "hour" => Some(now + HOUR),
                "day" => Some(now + DAY),
                "week" => Some(now + 7 * DAY),
                _ => None,
            };
            desk.snooze(&actor, &id, until).await
        }
        "merge" => match desk.merge_threads(&actor, &id, &form.to).await {
            Ok(merged) => return back(&merged.into, Ok(())),
            Err(problem) => Err(problem),
        },
        "split" => desk.split_thread(&actor, &id).await,
        "canned" => desk.put_canned(&actor, None, &form.title, &form.body).await,
        _ => Err(Problem::not_found("action")),
    };
    back(&id, done)
}

pub async fn reply_act(
    actor: Actor,
    State(app): State<App>,
    Path((reply, action)): Path<(String, String)>,
    Form(form): Form<Act>,
) -> Result<Redirect, PageError> {
    let desk = &app.desk;
    let row = store::desk::reply(app.library.db(), &reply)
        .await
        .map_err(Problem::from)?;
    let thread = row.ok_or_else(|| Problem::not_found("reply"))?.thread;
    let done = match action.as_str() {
        "approve" => desk.approve(&actor, &reply, Some(&form.body)).await,
        "return" => desk.send_back(&actor, &reply, &form.why).await,
        "again" => desk.again(&actor, &reply, true).await,
        "withdraw" => desk.again(&actor, &reply, false).await,
        _ => Err(Problem::not_found("action")),
    };
    back(&thread, done)
}
