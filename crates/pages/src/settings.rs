//! What holds for the whole installation.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::keeping::retention::{self, Retention};
use service::processes::Problem;
use service::settings::{Individual, individual, set_individual};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    tab: &'static str,
    choices: Vec<(&'static str, &'static str, &'static str, bool)>,
    locked: bool,
    /// Days, as written; empty for ever.
    messages: String,
    audit: String,
    problem: Option<Problem>,
    /// Sites that may hold the panel, and whether it has a key.
    embed: (String, bool),
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    let kept = retention::kept(app.library.db()).await?;
    let text = |days: Option<i64>| days.map_or(String::new(), |d| d.to_string());
    let written = RetentionForm {
        messages: text(kept.messages),
        audit: text(kept.audit),
    };
    show(&app, &actor, written, None).await
}

async fn show(
    app: &App,
    actor: &Actor,
    written: RetentionForm,
    problem: Option<Problem>,
) -> Result<Html<String>, PageError> {
    let now = individual(app.library.db()).await;
    let choice = |value: Individual, name, told| (value.word(), name, told, value == now);
    render(SettingsPage {
        shell: Shell::new(app, actor, "Settings", "settings", None).await?,
        tab: "settings",
        choices: vec![
            choice(
                Individual::Off,
                "Off",
                "Pages and exports tell of teams and steps. Names stand at what somebody did in a case, never in a count.",
            ),
            choice(
                Individual::On,
                "On",
                "Hand-overs between people and cases by person can be looked at. Nothing ranks people.",
            ),
            choice(
                Individual::Locked,
                "Locked off",
                "Off, and no page brings it back: only a command on the machine does, tenon settings unlock.",
            ),
        ],
        locked: now == Individual::Locked,
        messages: written.messages,
        audit: written.audit,
        problem,
        embed: super::embed::set::now(app).await?,
    })
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    let asked = form
        .iter()
        .find(|(k, _)| k == "individual")
        .and_then(|(_, v)| Individual::parse(v))
        .ok_or_else(|| Problem::bad_request("Nothing was chosen.", "Choose off, on or locked."))?;
    set_individual(&app.library, asked, actor.id()).await?;
    Ok(Redirect::to("/settings"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RetentionForm {
    messages: String,
    audit: String,
}

/// Sets how long things are kept.
pub async fn save_retention(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<RetentionForm>,
) -> Result<Response, PageError> {
    let read = || -> Result<Retention, Problem> {
        Ok(Retention {
            messages: retention::days(&form.messages)?,
            audit: retention::days(&form.audit)?,
        })
    };
    match read() {
        Ok(to) => {
            retention::set(app.library.db(), app.library.clock(), to, actor.id()).await?;
            Ok(Redirect::to("/settings").into_response())
        }
        Err(problem) => {
            let page = show(&app, &actor, form, Some(problem)).await?;
            Ok((StatusCode::BAD_REQUEST, page).into_response())
        }
    }
}
