//! Connecting systems of record and channels, and how each of them is.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use connectors::{About, Account, Field, Pipeline, Settings};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::connect::{Connection, Writing};
use service::processes::Problem;
use std::collections::BTreeMap;
use store::connections::{CHANNEL, ON, PAUSED, SIGNED_OUT};

/// A connection as it stands in the list.
struct Line {
    id: String,
    name: String,
    title: String,
    handle: String,
    state: &'static str,
    is_ill: bool,
    told: String,
    verified: &'static str,
}

#[derive(Template)]
#[template(path = "connections.html")]
struct ListPage {
    shell: Shell,
    sources: Vec<Line>,
    channels: Vec<Line>,
    kinds: Vec<(About, bool)>,
}

fn state(connection: &Connection) -> &'static str {
    match connection.row.state.as_str() {
        ON if connection.row.error.is_some() => "trying again",
        ON if connection.row.synced.is_none() => "reading the history",
        ON => "on",
        PAUSED => "paused",
        SIGNED_OUT => "signed out",
        _ => "removed",
    }
}

fn when(at: Option<Micros>) -> String {
    at.map_or("not yet".into(), |at| {
        format!("{} UTC", format::date_time(at))
    })
}

fn line(c: Connection) -> Line {
    let taken = format::count(c.row.taken.max(0) as u64);
    let what = if c.row.what == CHANNEL {
        "messages"
    } else {
        "stage changes"
    };
    Line {
        told: match &c.row.error {
            Some(error) => error.clone(),
            None => format!("{taken} {what}, last looked at {}", when(c.row.looked)),
        },
        state: state(&c),
        is_ill: c.row.error.is_some() || c.row.state == SIGNED_OUT,
        title: c.about.map_or(c.row.kind.clone(), |a| a.title.into()),
        verified: c.about.map_or("", |a| a.verified.word()),
        handle: c.account.handle,
        name: c.row.name,
        id: c.row.id,
    }
}

pub async fn list(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    let connect = app.desk.connect();
    let (channels, sources): (Vec<_>, Vec<_>) = connect
        .list()
        .await?
        .into_iter()
        .partition(|c| c.row.what == CHANNEL);
    let kinds = connect.sources().iter().map(|s| (s.about(), true));
    let kinds = kinds.chain(connect.channels().iter().map(|c| (c.about(), false)));
    render(ListPage {
        shell: Shell::new(&app, &actor, "Connections", "settings", None).await?,
        sources: sources.into_iter().map(line).collect(),
        channels: channels.into_iter().map(line).collect(),
        kinds: kinds.collect(),
    })
}

#[derive(Template)]
#[template(path = "connection-new.html")]
struct NewPage {
    shell: Shell,
    about: About,
    is_source: bool,
    fields: Vec<(Field, String)>,
    name: String,
    /// Whose account it is, once it was tried.
    account: Option<Account>,
    pipelines: Vec<Pipeline>,
    problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Kind {
    kind: String,
}

fn is_source(app: &App, kind: &str) -> bool {
    app.desk
        .connect()
        .sources()
        .iter()
        .any(|s| s.about().name == kind)
}

pub async fn new(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Kind>,
) -> Result<Html<String>, PageError> {
    let about = app.desk.connect().about(&asked.kind)?;
    render(NewPage {
        shell: Shell::new(&app, &actor, about.title, "settings", None).await?,
        is_source: is_source(&app, about.name),
        fields: about.fields.iter().map(|f| (*f, String::new())).collect(),
        name: String::new(),
        account: None,
        pipelines: Vec::new(),
        problem: None,
        about,
    })
}

/// What was filled in for the fields of a kind; nothing else is taken.
fn filled(about: &About, form: &BTreeMap<String, String>) -> Settings {
    let taken = about.fields.iter().filter_map(|f| {
        let value = form.get(f.name)?.trim();
        (!value.is_empty()).then(|| (f.name.to_string(), value.to_string()))
    });
    Settings(taken.collect())
}

#[derive(Template)]
#[template(path = "connection-made.html")]
struct Made {
    shell: Shell,
    name: String,
    id: String,
    /// Where it sends webhooks, if it has any.
    address: Option<String>,
}

/// Tries it out, shows whose account it is and what there is to choose, and connects when that was chosen.
pub async fn make(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Kind>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    let about = connect.about(&asked.kind)?;
    let settings = filled(&about, &form);
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let is_source = is_source(&app, about.name);
    let mut page = NewPage {
        shell: Shell::new(&app, &actor, about.title, "settings", None).await?,
        is_source,
        fields: about
            .fields
            .iter()
            .map(|f| (*f, get(f.name).to_string()))
            .collect(),
        name: get("name").into(),
        account: None,
        pipelines: Vec::new(),
        problem: None,
        about,
    };
    let tried = async {
        if get("act") != "connect" {
            page.account = Some(connect.try_out(about.name, &settings).await?);
            if is_source {
                page.pipelines = connect.pipelines(about.name, &settings).await?;
            }
            return Ok(None);
        }
        if is_source {
            let made = connect
                .add_source(&actor, about.name, get("name"), &settings, get("pipeline"))
                .await?;
            return Ok(Some(
                Redirect::to(&format!("/connections/{}", made.0)).into_response(),
            ));
        }
        let (id, address) = connect
            .add_channel(
                &actor,
                about.name,
                get("name"),
                &settings,
                Some(get("process")),
            )
            .await?;
        let shell = Shell::new(&app, &actor, about.title, "settings", None).await?;
        let name = connect.find(&id).await?.row.name;
        let made = render(Made {
            shell,
            name,
            id,
            address: Some(address).filter(|_| connect.takes_webhooks(about.name)),
        })
        .map_err(|_| Problem::not_found("page"))?;
        Ok(Some(made.into_response()))
    };
    match tried.await {
        Ok(Some(made)) => Ok(made),
        Ok(None) => Ok(render(page)?.into_response()),
        Err(problem) => {
            let problem: Problem = problem;
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            page.problem = Some(problem);
            Ok((status, render(page)?).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "connection.html")]
struct OnePage {
    shell: Shell,
    id: String,
    name: String,
    about: Option<About>,
    account: Account,
    state: &'static str,
    is_on: bool,
    is_source: bool,
    error: Option<String>,
    taken: String,
    expected: Option<String>,
    share: Option<i64>,
    is_syncing: bool,
    created: String,
    looked: String,
    process: Option<(String, String)>,
    pipeline: Option<Pipeline>,
    fields: Vec<Field>,
    /// Days that messages and payloads are kept, as written.
    kept: (String, String),
    /// Of a source that can be written to.
    back: Option<Back>,
}

/// How links are written back.
struct Back {
    what: &'static str,
    right: &'static str,
    title: &'static str,
    address: String,
    since: Option<String>,
    written: i64,
    waiting: i64,
    failed: i64,
    last: String,
    unwritten: Vec<Unwritten>,
}

/// A link that could not be written.
struct Unwritten {
    case: String,
    href: String,
    is_dead: bool,
    why: String,
}

fn back(writing: Writing, slug: &str) -> Back {
    let unwritten = writing.unwritten.into_iter().map(|w| Unwritten {
        href: format!("/p/{slug}/case/{}", format::urlencode(&w.case_ref)),
        case: w.case_ref,
        is_dead: w.failed.is_some(),
        why: w.error.unwrap_or_default(),
    });
    Back {
        what: writing.writes.what,
        right: writing.writes.right,
        title: writing.title,
        address: writing.address,
        since: writing.since.map(|at| when(Some(at))),
        written: writing.counts.written,
        waiting: writing.counts.waiting,
        failed: writing.counts.failed,
        last: when(writing.counts.last),
        unwritten: unwritten.collect(),
    }
}

pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let c = app.desk.connect().find(&id).await?;
    let process = match &c.row.process {
        Some(process) => Some(app.library.process(process).await?),
        None => None,
    };
    let share = c
        .row
        .expected
        .filter(|n| *n > 0)
        .map(|n| (c.row.taken * 100 / n).clamp(0, 100));
    let is_syncing = c.row.state == ON && c.row.synced.is_none();
    let kept = app.desk.connect().kept(&id).await?;
    let slug = process.as_ref().map_or("", |p| &p.slug);
    let writing = app.desk.connect().writing(&id).await?;
    let back = writing.map(|w| back(w, slug));
    let written = |days: Option<i64>| days.map_or(String::new(), |d| d.to_string());
    render(OnePage {
        shell: Shell::new(&app, &actor, &c.row.name, "settings", None).await?,
        id,
        state: state(&c),
        is_on: c.row.state == ON,
        is_source: c.row.what != CHANNEL,
        error: c
            .row
            .error
            .clone()
            .map(|e| format!("{}: {e}", when(c.row.error_at))),
        taken: format::count(c.row.taken.max(0) as u64),
        expected: c.row.expected.map(|n| format::count(n.max(0) as u64)),
        share: share.filter(|_| is_syncing),
        is_syncing,
        created: when(Some(c.row.created)),
        looked: when(c.row.looked),
        process: process.map(|p| (p.slug, p.name)),
        fields: c.about.map(|a| a.fields.to_vec()).unwrap_or_default(),
        about: c.about,
        account: c.account,
        pipeline: c.pipeline,
        name: c.row.name,
        kept: (written(kept.said), written(kept.raw)),
        back,
    })
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Redirect, PageError> {
    let connect = app.desk.connect();
    match action.as_str() {
        "pause" => connect.set_on(&actor, &id, false).await?,
        "resume" => connect.set_on(&actor, &id, true).await?,
        "write-on" => connect.set_writing(&actor, &id, true).await?,
        "write-off" => connect.set_writing(&actor, &id, false).await?,
        "write-again" => connect.write_again(&actor, &id).await?,
        "keep" => {
            let days = |name: &str| form.get(name).map_or("", String::as_str);
            let days = (days("said"), days("raw"));
            connect.set_kept(&actor, &id, days).await?;
        }
        "remove" => {
            connect.remove(&actor, &id).await?;
            return Ok(Redirect::to("/connections"));
        }
        "key" => {
            let about = connect
                .find(&id)
                .await?
                .about
                .ok_or_else(|| Problem::not_found("kind"))?;
            connect.rekey(&actor, &id, &filled(&about, &form)).await?;
        }
        _ => return Err(Problem::not_found("action").into()),
    }
    Ok(Redirect::to(&format!("/connections/{id}")))
}
