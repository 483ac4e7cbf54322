//! The teams: the list that owners keep, and the page of each.

use super::error::{PageError, page as render};
use super::people::{status, to};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base::format;
use base::identity::{Actor, Directory};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use store::people::TeamRow;

#[derive(Template)]
#[template(path = "teams.html")]
struct TeamsPage {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    given: String,
    problem: Option<Problem>,
}

struct Row {
    name: String,
    handle: String,
    people: String,
}

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPage {
    shell: Shell,
    name: String,
    handle: String,
    is_provisioned: bool,
    members: Vec<Member>,
    /// Who could be put into it.
    others: Vec<(String, String)>,
    is_kept: bool,
    problem: Option<Problem>,
}

struct Member {
    name: String,
    handle: String,
    initials: String,
    hue: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TeamForm {
    act: String,
    name: String,
    person: String,
}

async fn show_all(
    app: &App,
    actor: &Actor,
    given: String,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let directory = app.identity.directory().await?;
    let rows = directory.teams().iter().map(|t| Row {
        name: t.name.clone(),
        handle: t.handle.clone(),
        people: match directory
            .active()
            .filter(|p| directory.members(&t.id).contains(&p.id))
            .count()
        {
            0 => "nobody yet".into(),
            1 => "1 person".into(),
            n => format!("{n} people"),
        },
    });
    let status = status(problem.as_ref());
    let page = render(TeamsPage {
        shell: Shell::new(app, actor, "Teams", "settings", None).await?,
        tab: "teams",
        rows: rows.collect(),
        given,
        problem,
    })?;
    Ok((status, page).into_response())
}

pub async fn list(actor: Actor, State(app): State<App>) -> Result<Response, PageError> {
    show_all(&app, &actor, String::new(), None).await
}

pub async fn add(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<TeamForm>,
) -> Result<Response, PageError> {
    match app.identity.add_team(&form.name, actor.id()).await {
        Ok(row) => Ok(to("/teams/", &row.handle).into_response()),
        Err(problem) if problem.status < 500 => {
            show_all(&app, &actor, form.name, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn find<'a>(directory: &'a Directory, key: &str) -> Result<&'a TeamRow, Problem> {
    let mut all = directory.teams().iter();
    all.find(|t| t.handle == key || t.id == key)
        .ok_or_else(|| Problem::not_found("team"))
}

async fn show(
    app: &App,
    actor: &Actor,
    key: &str,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let directory = app.identity.directory().await?;
    let row = find(&directory, key)?;
    let ids = directory.members(&row.id);
    let is_kept = actor.role() == base::identity::Role::Owner;
    // Guests are in no directory, so only owners see that one is in a team.
    let members = directory
        .active()
        .filter(|p| ids.contains(&p.id) && (is_kept || p.role != "guest"))
        .map(|p| Member {
            name: p.name.clone(),
            handle: p.handle.clone(),
            initials: format::initials(&p.name),
            hue: format::hue(&p.id),
        });
    let others = directory
        .active()
        .filter(|p| is_kept && !ids.contains(&p.id));
    let status = status(problem.as_ref());
    let page = render(TeamPage {
        shell: Shell::new(app, actor, &row.name, "", None).await?,
        name: row.name.clone(),
        handle: row.handle.clone(),
        is_provisioned: row.external.is_some(),
        members: members.collect(),
        others: others.map(|p| (p.handle.clone(), p.name.clone())).collect(),
        is_kept,
        problem,
    })?;
    Ok((status, page).into_response())
}

pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    show(&app, &actor, &key, None).await
}

/// What an owner does to a team: another name, somebody in, somebody out.
pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
    Form(form): Form<TeamForm>,
) -> Result<Response, PageError> {
    match acted(&app, &actor, &key, &form).await {
        Ok(handle) => Ok(to("/teams/", &handle).into_response()),
        Err(problem) if problem.status < 500 && problem.status != 404 => {
            show(&app, &actor, &key, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn acted(app: &App, actor: &Actor, key: &str, form: &TeamForm) -> Result<String, Problem> {
    let directory = app.identity.directory().await?;
    let team = find(&directory, key)?;
    if form.act == "rename" {
        let renamed = app.identity.rename_team(&team.id, &form.name, actor.id());
        return Ok(renamed.await?.handle);
    }
    let mut all = directory.people().iter();
    let person = all
        .find(|p| p.handle == form.person)
        .ok_or_else(|| Problem::bad_request("Nobody was chosen.", "Choose a person."))?;
    let whom = [person.id.clone()];
    let (add, remove): (&[String], &[String]) = match form.act.as_str() {
        "add" => (&whom, &[]),
        "remove" => (&[], &whom),
        _ => {
            return Err(Problem::bad_request(
                "Nothing was chosen.",
                "Use the buttons of the page.",
            ));
        }
    };
    app.identity
        .set_members(&team.id, (add, remove), actor.id())
        .await?;
    Ok(team.handle.clone())
}
