//! Asking the network, and the page of a question.

use super::error::{PageError, page as render};
use super::message::{Asked, Maker, back};
use super::share::here;
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::{Actor, Role};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::work::ask::{Expert, Similar};
use store::work;

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage {
    shell: Shell,
    /// Its address, where actions lead back.
    to: String,
    q: Asked,
    process: Option<(String, String)>,
    case: Option<(String, String)>,
    /// Name, reason, picture, declined.
    asked: Vec<(String, String, String, u32, bool)>,
    was_asked: bool,
    draft: String,
    client: String,
    after: i64,
    /// Where a post is made of the accepted answer, if Share is plugged in at its step.
    share_href: Option<String>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let place = app.work.place(&actor, &id).await?;
    let db = app.work.db();
    let row = work::find(db, &id).await?.filter(|r| r.kind == "question");
    let row = row.ok_or_else(|| Problem::not_found("question"))?;
    let after = app.work.live().last().max(0);
    let directory = app.identity.directory().await?;
    let messages = work::before(db, &id, i64::MAX, 500).await?;
    let maker = Maker {
        directory: &directory,
        actor: &actor,
        reactions: work::reactions(db, &id).await?,
        files: store::attachments::of_conversation(db, &id).await?,
    };
    let whom = work::asked_of(db, &id).await?;
    let q = maker.asked(&row, &messages, whom.len());
    let q = q.ok_or_else(|| Problem::not_found("question"))?;
    // What she was told of this question counts as read too, and is recorded behind its messages.
    let newest = messages.first().map_or(0, |m| m.id);
    app.work.mark_read(&actor, &id, newest.max(after)).await?;
    let process = app.library.process(&place.process).await?;
    let is_guest = actor.role() == Role::Guest;
    let case = place.case.as_ref().map(|case| {
        let href = format!("/p/{}/case/{}", process.slug, format::urlencode(case));
        (href, case.clone())
    });
    let mut share_href = None;
    if let (Some(step), Some(_), false) = (&row.step, row.accepted, is_guest) {
        let ledger = app.improvements.ledger(&process.id).await?;
        share_href = here::is_plugged_in(&ledger, step)
            .then(|| here::new_address(&process.slug, step, &[("answer", &id)]));
    }
    let was_asked = whom.iter().any(|w| w.0 == actor.id() && w.2.is_none());
    let draft = work::draft(db, actor.id(), &format!("/q/{id}")).await?;
    let current = (process.name.as_str(), process.slug.as_str());
    render(QuestionPage {
        shell: Shell::new(&app, &actor, &row.title, "cases", Some(current)).await?,
        to: format!("/q/{id}"),
        q,
        case,
        asked: whom
            .into_iter()
            .filter(|_| !is_guest)
            .map(|(person, reason, declined)| {
                let name = directory.name(&person);
                let picture = (format::initials(name), format::hue(name));
                (
                    name.into(),
                    reason,
                    picture.0,
                    picture.1,
                    declined.is_some(),
                )
            })
            .collect(),
        share_href,
        process: Some((process.slug, process.name)).filter(|_| !is_guest),
        was_asked,
        draft: draft.unwrap_or_default(),
        client: app.library.clock().id().simple().to_string(),
        after,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Answer {
    body: String,
    client: String,
}

pub async fn answer(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Form(form): Form<Answer>,
) -> Result<Redirect, PageError> {
    let client = Some(form.client.as_str());
    app.work.post(&actor, &id, &form.body, client).await?;
    let here = format!("/q/{id}");
    app.work.keep_draft(&actor, &here, "").await?;
    Ok(back(&here))
}

pub async fn decline(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Redirect, PageError> {
    app.work.decline(&actor, &id).await?;
    Ok(back("/"))
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    shell: Shell,
    slug: String,
    process: String,
    case: Option<String>,
    step: String,
    steps: Vec<String>,
    body: String,
    client: String,
    similar: Vec<Similar>,
    knows: Vec<(Expert, String, u32)>,
    problem: Option<Problem>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Question {
    step: String,
    case: String,
    body: String,
    client: String,
}

pub async fn ask_page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    Query(form): Query<Question>,
) -> Result<Html<String>, PageError> {
    form_page(&app, &actor, &process, form, None).await
}

pub async fn ask(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    Form(form): Form<Question>,
) -> Result<Response, PageError> {
    let case = Some(form.case.as_str()).filter(|c| !c.is_empty());
    let client = Some(form.client.as_str()).filter(|c| !c.is_empty());
    let asked = app
        .work
        .ask(&actor, &process, &form.step, case, &form.body, client)
        .await;
    match asked {
        Ok(id) => Ok(Redirect::to(&format!("/q/{id}")).into_response()),
        // What was written stays.
        Err(problem) if problem.status == 400 => {
            let page = form_page(&app, &actor, &process, form, Some(problem)).await?;
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn form_page(
    app: &App,
    actor: &Actor,
    process: &str,
    form: Question,
    problem: Option<Problem>,
) -> Result<Html<String>, PageError> {
    let loaded = app.library.load(process).await?;
    let steps: Vec<String> = loaded.steps.steps.iter().map(|s| s.name.clone()).collect();
    let step = match steps.contains(&form.step) {
        true => form.step,
        false => steps.first().cloned().unwrap_or_default(),
    };
    let mut knows = app.work.experts(actor.id(), &loaded, &step).await?;
    knows.retain(|e| !e.is_busy);
    knows.truncate(3);
    let knows = knows.into_iter().map(|e| {
        let picture = (format::initials(&e.name), format::hue(&e.name));
        (e, picture.0, picture.1)
    });
    let current = (loaded.row.name.as_str(), loaded.row.slug.as_str());
    render(AskPage {
        shell: Shell::new(app, actor, "Ask the network", "cases", Some(current)).await?,
        similar: app
            .work
            .similar(&loaded.row.id, &step, &form.body, 5)
            .await?,
        knows: knows.collect(),
        slug: loaded.row.slug.clone(),
        process: loaded.row.name.clone(),
        case: Some(form.case).filter(|c| !c.is_empty()),
        client: app.library.clock().id().simple().to_string(),
        body: form.body,
        step,
        steps,
        problem,
    })
}
