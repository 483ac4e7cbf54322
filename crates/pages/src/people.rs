//! Who works here: the list that owners keep, and the page of each person.

use super::error::{PageError, page as render};
use super::following::{self, Following};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base::format;
use base::identity::keep::Standing;
use base::identity::{Actor, Directory, NewPerson, Role};
use serde::Deserialize;
use service::app::App;
use service::keeping;
use service::processes::Problem;
use store::people::PersonRow;

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    /// Whom a link was just made for, and the link.
    made: Option<(String, String)>,
    given: NewForm,
    problem: Option<Problem>,
}

struct Row {
    name: String,
    handle: String,
    email: String,
    initials: String,
    hue: u32,
    role: String,
    is_active: bool,
    teams: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    shell: Shell,
    name: String,
    handle: String,
    email: String,
    initials: String,
    hue: u32,
    role: String,
    is_active: bool,
    is_me: bool,
    /// Handle and name.
    teams: Vec<(String, String)>,
    seen: String,
    follow: Following,
    made: Option<String>,
    problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NewForm {
    name: String,
    email: String,
    role: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ActForm {
    act: String,
    role: String,
    /// Before she is erased: her handle, written out.
    confirm: String,
    /// Empty what she wrote too.
    with_messages: String,
}

fn role(word: &str) -> Result<Role, Problem> {
    Role::parse(word)
        .ok_or_else(|| Problem::bad_request("This is no role.", "Choose one of those offered."))
}

fn team_names(directory: &Directory, person: &str) -> String {
    let teams = directory.teams_of(person);
    let names: Vec<&str> = teams.iter().map(|t| t.name.as_str()).collect();
    names.join(", ")
}

pub(super) fn status(problem: Option<&Problem>) -> StatusCode {
    problem.map_or(StatusCode::OK, |p| {
        StatusCode::from_u16(p.status).unwrap_or(StatusCode::BAD_REQUEST)
    })
}

/// To the page of one, whatever letters are in the handle.
pub(super) fn to(path: &str, handle: &str) -> Redirect {
    let handle: String = form_urlencoded::byte_serialize(handle.as_bytes()).collect();
    Redirect::to(&format!("{path}{handle}"))
}

async fn show_all(
    app: &App,
    actor: &Actor,
    made: Option<(String, String)>,
    (given, problem): (NewForm, Option<Problem>),
) -> Result<Response, PageError> {
    let directory = app.identity.directory().await?;
    let seen = app.identity.last_seen().await?;
    let now = app.identity.now();
    let rows = directory.people().iter().filter(|p| p.state != "erased");
    let rows = rows.map(|p| Row {
        initials: format::initials(&p.name),
        hue: format::hue(&p.id),
        name: p.name.clone(),
        handle: p.handle.clone(),
        email: p.email.clone(),
        role: p.role.clone(),
        is_active: p.state == "active",
        teams: team_names(&directory, &p.id),
        seen: seen
            .get(&p.id)
            .map_or("never".into(), |&at| format::ago(at, now)),
    });
    let status = status(problem.as_ref());
    let page = render(PeoplePage {
        shell: Shell::new(app, actor, "People", "settings", None).await?,
        tab: "people",
        rows: rows.collect(),
        made,
        given,
        problem,
    })?;
    Ok((status, page).into_response())
}

pub async fn list(actor: Actor, State(app): State<App>) -> Result<Response, PageError> {
    show_all(&app, &actor, None, Default::default()).await
}

/// Adds somebody, and shows the link to pass on.
pub async fn add(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<NewForm>,
) -> Result<Response, PageError> {
    match added(&app, &actor, &form).await {
        Ok(made) => show_all(&app, &actor, Some(made), Default::default()).await,
        Err(problem) if problem.status < 500 => {
            show_all(&app, &actor, None, (form, Some(problem))).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn added(app: &App, actor: &Actor, form: &NewForm) -> Result<(String, String), Problem> {
    let new = NewPerson {
        name: form.name.clone(),
        email: form.email.clone(),
        role: role(&form.role)?,
        password: None,
    };
    let row = app.identity.add(new, actor.id()).await?;
    let link = link(app, actor, &row).await?;
    Ok((row.name, link))
}

async fn link(app: &App, actor: &Actor, row: &PersonRow) -> Result<String, Problem> {
    let secret = app.identity.pass(row, actor.id()).await?;
    Ok(format!("{}/in/{}", app.site.url(), secret.text()))
}

/// A person whom the one who asks may see, by handle or id: colleagues see who can sign in, owners everybody.
fn find<'a>(directory: &'a Directory, actor: &Actor, key: &str) -> Result<&'a PersonRow, Problem> {
    let mut all = directory.people().iter();
    let found = all.find(|p| (p.handle == key || p.id == key) && p.state != "erased");
    let is_seen = |p: &&PersonRow| {
        actor.role() == Role::Owner || p.state == "active" && p.role != Role::Guest.word()
    };
    found
        .filter(is_seen)
        .ok_or_else(|| Problem::not_found("person"))
}

async fn show(
    app: &App,
    actor: &Actor,
    key: &str,
    made: Option<String>,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let directory = app.identity.directory().await?;
    let row = find(&directory, actor, key)?;
    let seen = match actor.role() {
        Role::Owner => app.identity.last_seen().await?.get(&row.id).copied(),
        _ => None,
    };
    let now = app.identity.now();
    let teams = directory.teams_of(&row.id);
    let hint = "What she says and does comes to your home page";
    let things = [("person", row.id.clone(), hint)];
    let here = format!("/people/{}", format::urlencode(&row.handle));
    let [follow] = following::of(app, actor, &here, things).await?;
    let status = status(problem.as_ref());
    let page = render(PersonPage {
        shell: Shell::new(app, actor, &row.name, "", None).await?,
        initials: format::initials(&row.name),
        hue: format::hue(&row.name),
        name: row.name.clone(),
        handle: row.handle.clone(),
        email: row.email.clone(),
        role: row.role.clone(),
        is_active: row.state == "active",
        is_me: row.id == actor.id(),
        teams: teams
            .iter()
            .map(|t| (t.handle.clone(), t.name.clone()))
            .collect(),
        seen: seen.map_or("never".into(), |at| format::ago(at, now)),
        follow,
        made,
        problem,
    })?;
    Ok((status, page).into_response())
}

pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    show(&app, &actor, &key, None, None).await
}

/// What an owner does to a person: another role, out, in again, a new link.
pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path(key): Path<String>,
    Form(form): Form<ActForm>,
) -> Result<Response, PageError> {
    match acted(&app, &actor, &key, &form).await {
        Ok(None) if form.act == "erase" => Ok(Redirect::to("/people").into_response()),
        Ok(None) => Ok(to("/people/", &key).into_response()),
        Ok(made) => show(&app, &actor, &key, made, None).await,
        Err(problem) if problem.status < 500 && problem.status != 404 => {
            show(&app, &actor, &key, None, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn acted(
    app: &App,
    actor: &Actor,
    key: &str,
    form: &ActForm,
) -> Result<Option<String>, Problem> {
    let directory = app.identity.directory().await?;
    let row = find(&directory, actor, key)?;
    let mut asked = Standing::default();
    match form.act.as_str() {
        "link" => return Ok(Some(link(app, actor, row).await?)),
        "role" => asked.role = Some(role(&form.role)?),
        "suspend" => asked.active = Some(false),
        "let-in" => asked.active = Some(true),
        "erase" => {
            if form.confirm.trim().trim_start_matches('@') != row.handle {
                return Err(Problem::bad_request(
                    "Nothing was erased: the handle was not written out.",
                    format!("Write {} to erase {}.", row.handle, row.name),
                ));
            }
            let with_messages = !form.with_messages.is_empty();
            keeping::erase::person(&app.identity, &row.id, with_messages, actor.id()).await?;
            return Ok(None);
        }
        _ => {
            return Err(Problem::bad_request(
                "Nothing was chosen.",
                "Use the buttons of the page.",
            ));
        }
    }
    app.identity.stand(&row.id, asked, actor.id()).await?;
    Ok(None)
}
