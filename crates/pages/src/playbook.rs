//! Writing the playbook of a step.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::{Actor, Role};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;

#[derive(Template)]
#[template(path = "playbook.html")]
struct PlaybookPage {
    shell: Shell,
    slug: String,
    process: String,
    step: String,
    title: String,
    body: String,
    html: String,
    /// Number, day, who, items.
    versions: Vec<(i64, String, String, usize)>,
    may_write: bool,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, step)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    let loaded = app.library.load(&process).await?;
    if !loaded.steps.steps.iter().any(|s| s.name == step) {
        return Err(Problem::not_found("step").into());
    }
    let versions = app.work.playbook_versions(&loaded.row.id, &step).await?;
    let directory = app.identity.directory().await?;
    let newest = versions.first();
    let current = (loaded.row.name.as_str(), loaded.row.slug.as_str());
    let title = newest.map_or("Playbook", |p| &p.title).to_string();
    render(PlaybookPage {
        shell: Shell::new(&app, &actor, &title, "process", Some(current)).await?,
        slug: loaded.row.slug.clone(),
        process: loaded.row.name.clone(),
        body: newest.map(|p| p.body.clone()).unwrap_or_default(),
        html: newest
            .map(|p| service::work::markdown::html(&p.body, &directory))
            .unwrap_or_default(),
        title,
        versions: versions
            .iter()
            .map(|p| {
                let who = directory.name(&p.by).to_string();
                (p.version, format::date(p.at), who, p.items.len())
            })
            .collect(),
        may_write: actor.is_at_least(Role::Manager),
        step,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Written {
    title: String,
    body: String,
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path((process, step)): Path<(String, String)>,
    Form(form): Form<Written>,
) -> Result<Redirect, PageError> {
    let all = &app.work;
    all.write_playbook(&actor, &process, &step, &form.title, &form.body)
        .await?;
    let here = format!("/p/{process}/playbook/{}", format::urlencode(&step));
    Ok(Redirect::to(&here))
}
