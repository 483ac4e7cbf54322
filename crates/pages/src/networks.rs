//! Places of networks: choosing one for a step, taking it out again, and what was answered there.

use super::connections::when;
use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::Actor;
use connectors::Cursor;
use connectors::network::Place;
use serde::Deserialize;
use service::app::App;
use service::connect::Plugged;
use service::processes::Problem;
use service::work::known::Known;

/// A place that is plugged in, as it stands on the page of its connection.
pub(crate) struct PlugLine {
    pub id: String,
    pub name: String,
    pub url: Option<String>,
    pub step: String,
    pub process: (String, String),
    pub told: String,
    pub trouble: Option<String>,
}

pub(crate) fn line(plugged: Plugged) -> PlugLine {
    let Plugged {
        row,
        process,
        has_step,
        questions,
        answers,
    } = plugged;
    let trouble = match (&row.error, has_step) {
        (Some(error), _) => Some(format!("{}: {error}", when(row.error_at))),
        (None, false) => Some("There is no such step any more: nobody finds them.".into()),
        (None, true) => None,
    };
    let looked = match row.looked {
        Some(at) => format!("read whole {}", when(Some(at))),
        None => "being read for the first time".into(),
    };
    PlugLine {
        told: format!(
            "{} to {}; {looked}",
            format::many(answers, "answer"),
            format::many(questions, "question")
        ),
        id: row.id,
        name: row.name,
        url: row.url,
        step: row.step,
        process,
        trouble,
    }
}

/// A process with its steps, each with what the form says of it.
struct Steps {
    name: String,
    steps: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "network-places.html")]
struct PlacesPage {
    shell: Shell,
    id: String,
    name: String,
    service: String,
    words: String,
    places: Vec<Place>,
    /// Where the next page is.
    next: Option<String>,
    is_first: bool,
    processes: Vec<Steps>,
    problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    words: String,
    from: String,
}

pub async fn places(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let connect = app.desk.connect();
    let connection = connect.find(&id).await?;
    let from: Option<Cursor> = serde_json::from_str(&asked.from).ok();
    let found = connect.places(&id, &asked.words, from.as_ref()).await;
    let (places, next, problem) = match found {
        Ok(page) => {
            let next = page.has_more.then(|| next_page(&asked.words, &page.cursor));
            (page.items, next, None)
        }
        // What is not there is no network.
        Err(problem) if problem.status == 404 => return Err(problem.into()),
        Err(problem) => (Vec::new(), None, Some(problem)),
    };
    let status = problem.as_ref().map_or(StatusCode::OK, |p| {
        StatusCode::from_u16(p.status).unwrap_or(StatusCode::BAD_GATEWAY)
    });
    let mut processes = Vec::new();
    for row in app.library.list().await? {
        let steps = app.library.load(&row.id).await?.steps.steps.clone();
        processes.push(Steps {
            steps: steps
                .into_iter()
                .map(|s| (format!("{}/{}", row.slug, s.name), s.name))
                .collect(),
            name: row.name,
        });
    }
    let page = render(PlacesPage {
        shell: Shell::new(&app, &actor, "Places", "settings", None).await?,
        service: connection.about.map_or(String::new(), |a| a.title.into()),
        name: connection.row.name,
        is_first: from.is_none(),
        words: asked.words,
        id,
        places,
        next,
        processes,
        problem,
    })?;
    Ok((status, page).into_response())
}

fn next_page(words: &str, cursor: &Cursor) -> String {
    let from = serde_json::to_string(cursor).unwrap_or_default();
    let (words, from) = (format::urlencode(words), format::urlencode(&from));
    format!("?words={words}&from={from}")
}

#[derive(Template)]
#[template(path = "network-plug.html")]
struct PlugPage {
    shell: Shell,
    connection: String,
    name: String,
    service: String,
    plug: PlugLine,
    answers: String,
    questions: String,
}

/// Asks whether a place is to be taken out, and says what goes with it.
pub async fn plug(
    actor: Actor,
    State(app): State<App>,
    Path((id, plug)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    let connect = app.desk.connect();
    let connection = connect.find(&id).await?;
    let plugged = connect.plug_of(&id, &plug).await?;
    render(PlugPage {
        shell: Shell::new(&app, &actor, "Unplug a place", "settings", None).await?,
        service: connection.about.map_or(String::new(), |a| a.title.into()),
        name: connection.row.name,
        connection: id,
        answers: format::many(plugged.answers, "answer"),
        questions: format::many(plugged.questions, "question"),
        plug: line(plugged),
    })
}

#[derive(Template)]
#[template(path = "known.html")]
struct KnownPage {
    shell: Shell,
    known: Known,
    /// Slug and name.
    process: (String, String),
    asked: String,
    answered: String,
}

/// An answer of a network.
pub async fn known(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let known = app.work.known(&actor, &id).await?;
    let process = app.library.process(&known.process).await?;
    let current = (process.name.as_str(), process.slug.as_str());
    let date = |at: Option<_>| at.map_or(String::new(), format::date);
    render(KnownPage {
        shell: Shell::new(&app, &actor, &known.title, "cases", Some(current)).await?,
        asked: date(known.asked),
        answered: date(known.answered),
        process: (process.slug, process.name),
        known,
    })
}
