//! Writing a post: what it says, where it goes, and whose words or pictures it republishes.

use super::super::error::{PageError, page as render};
use super::super::shell::Shell;
use super::letter;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::Actor;
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::share::acts::{Credit, Draft, From};
use service::share::{Outlet, Place, Post, Start};
use std::collections::BTreeMap;

/// What was filled in, by the names of fields.
pub type Filled = BTreeMap<String, String>;
/// As many people can be named.
const CREDITS: usize = 10;

/// A channel to choose, and how the post looks there.
pub struct Choice {
    pub id: String,
    pub kind: String,
    pub letter: String,
    pub title: String,
    pub name: String,
    pub handle: String,
    pub is_chosen: bool,
    pub is_on: bool,
    /// Other words than the post's there.
    pub own: String,
    pub longest: usize,
    pub counts: &'static str,
    pub length: usize,
    pub is_too_long: bool,
    /// What is published there.
    pub text: String,
}

/// Whose words or picture, as it is filled in.
#[derive(Default)]
pub struct CreditFields {
    pub number: usize,
    pub whose: String,
    pub is_picture: bool,
    pub given_by: String,
    pub given_on: String,
    pub given_how: String,
}

/// The fields of a post.
pub struct Fields {
    pub body: String,
    pub republishes: String,
    pub credits: Vec<CreditFields>,
    pub channels: Vec<Choice>,
    pub client: String,
}

impl Fields {
    pub fn of(draft: &Draft, outlets: &[Outlet], client: String) -> Fields {
        let mut credits: Vec<CreditFields> = draft
            .credits
            .iter()
            .enumerate()
            .map(|(number, c)| CreditFields {
                number,
                whose: c.whose.clone(),
                is_picture: c.is_picture,
                given_by: c.given_by.clone(),
                given_on: c.given_on.map_or_else(String::new, iso_day),
                given_how: c.given_how.clone(),
            })
            .collect();
        // One more to fill in.
        if credits.len() < CREDITS {
            credits.push(CreditFields {
                number: credits.len(),
                ..CreditFields::default()
            });
        }
        let channels = outlets.iter().map(|o| {
            let chosen = draft.channels.iter().find(|(id, _)| *id == o.connection);
            let own = chosen.and_then(|(_, own)| own.clone()).unwrap_or_default();
            let text = if own.is_empty() {
                draft.body.clone()
            } else {
                own.clone()
            };
            Choice {
                id: o.connection.clone(),
                kind: o.kind.clone(),
                letter: letter(&o.kind),
                title: o.title.clone(),
                name: o.name.clone(),
                handle: o.account.handle.clone(),
                is_chosen: chosen.is_some(),
                is_on: o.is_on,
                longest: o.publishes.longest,
                counts: o.publishes.counts.word(),
                length: o.publishes.length(&text),
                is_too_long: !o.publishes.takes(&text),
                own,
                text,
            }
        });
        Fields {
            body: draft.body.clone(),
            republishes: draft.republishes.clone(),
            credits,
            channels: channels.collect(),
            client,
        }
    }

    pub fn is_somebody(&self) -> bool {
        self.republishes == "somebody"
    }

    pub fn is_nobody(&self) -> bool {
        self.republishes == "nobody"
    }
}

fn iso_day(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at);
    at.map_or_else(|_| String::new(), |t| t.strftime("%Y-%m-%d").to_string())
}

/// A post as it was written, as a draft to write on.
pub fn as_draft(post: &Post) -> Draft {
    Draft {
        body: post.row.body.clone(),
        republishes: post.row.republishes.clone(),
        credits: post
            .credits
            .iter()
            .map(|c| Credit {
                whose: c.whose.clone(),
                is_picture: c.what == "picture",
                given_by: c.given_by.clone(),
                given_on: c.given_on,
                given_how: c.given_how.clone(),
            })
            .collect(),
        channels: post
            .channels
            .iter()
            .map(|c| (c.row.connection.clone(), c.row.body.clone()))
            .collect(),
    }
}

/// Reads what was filled in; a day that is none is said.
pub fn read(form: &Filled) -> Result<Draft, Problem> {
    let get = |name: &str| form.get(name).map_or("", |v| v.trim());
    let mut credits = Vec::new();
    for n in 0..CREDITS {
        let of = |name: &str| get(&format!("{name}_{n}")).to_string();
        if of("whose").is_empty() {
            continue;
        }
        credits.push(Credit {
            whose: of("whose"),
            is_picture: of("what") == "picture",
            given_by: of("given_by"),
            given_on: day(&of("given_on"))?,
            given_how: of("given_how"),
        });
    }
    let channels = form.keys().filter_map(|name| name.strip_prefix("on_"));
    let channels = channels.map(|id| {
        let own = get(&format!("words_{id}")).to_string();
        (id.to_string(), Some(own).filter(|o| !o.is_empty()))
    });
    Ok(Draft {
        body: get("body").into(),
        republishes: get("republishes").into(),
        credits,
        channels: channels.collect(),
    })
}

fn day(text: &str) -> Result<Option<Micros>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let none = || {
        let what = format!("\"{}\" is no day.", format::short(text, 40));
        Problem::bad_request(what, "Write it as 2026-03-02.")
    };
    let date: jiff::civil::Date = text.parse().map_err(|_| none())?;
    let at = date
        .at(0, 0, 0, 0)
        .to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let at = at.map_err(|_| none())?;
    Ok(Some(at.timestamp().as_microsecond()))
}

#[derive(Template)]
#[template(path = "share-new.html")]
struct NewPage {
    shell: Shell,
    places: Vec<(String, String, bool)>,
    case: String,
    answer: String,
    f: Fields,
    start: Start,
    has_outlet: bool,
    plug_href: Option<String>,
    problem: Option<Problem>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Asked {
    process: String,
    step: String,
    case: String,
    /// A question whose answer was accepted.
    answer: String,
}

pub async fn new(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let share = app.share();
    let place = share.place(&asked.process, &asked.step).await?;
    let mut draft = Draft::default();
    if let Some(place) = place {
        let start = start(&app, &actor, &place.process, &asked).await?;
        if let Some(whose) = start.whose.clone() {
            draft.republishes = "somebody".into();
            draft.credits.push(Credit {
                whose,
                ..Credit::default()
            });
        }
        draft.body = start.body;
    }
    // Where there is one channel, that is the one.
    if let [only] = &share.outlets().await?[..] {
        draft.channels.push((only.connection.clone(), None));
    }
    let client = app.library.clock().id().simple().to_string();
    show(&app, &actor, &asked, &draft, client, None).await
}

async fn start(app: &App, actor: &Actor, process: &str, asked: &Asked) -> Result<Start, Problem> {
    let set = |text: &'_ str| Some(text.to_string()).filter(|t| !t.is_empty());
    let (case, answer) = (set(&asked.case), set(&asked.answer));
    let share = app.share();
    share
        .start(actor, process, case.as_deref(), answer.as_deref())
        .await
}

async fn show(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    draft: &Draft,
    client: String,
    problem: Option<Problem>,
) -> Result<Html<String>, PageError> {
    let share = app.share();
    let places: Vec<Place> = share.places().await?;
    let outlets = share.outlets().await?;
    let is_it =
        |p: &Place| (p.slug == asked.process || p.process == asked.process) && p.step == asked.step;
    let current = places.iter().find(|p| is_it(p)).or(places.first()).cloned();
    let start = match &current {
        Some(place) => start(app, actor, &place.process, asked).await?,
        None => Start::default(),
    };
    let shown = places.iter().map(|p| {
        let name = format!("{}: {}", p.process_name, p.step);
        (format!("{}/{}", p.slug, p.step), name, is_it(p))
    });
    let shown: Vec<_> = shown.collect();
    let process = app.library.list().await?.first().map(|p| p.slug.clone());
    let of = current
        .as_ref()
        .map(|p| (p.process_name.as_str(), p.slug.as_str()));
    render(NewPage {
        shell: Shell::new(app, actor, "A new post", "desk", of).await?,
        places: shown,
        case: asked.case.clone(),
        answer: asked.answer.clone(),
        f: Fields::of(draft, &outlets, client),
        start,
        has_outlet: !outlets.is_empty(),
        plug_href: process
            .filter(|_| actor.is_at_least(base::identity::Role::Manager))
            .map(|slug| format!("/p/{slug}/plug?tool=share")),
        problem,
    })
}

pub async fn make(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Filled>,
) -> Result<Response, PageError> {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let (process, step) = get("place").split_once('/').unwrap_or_default();
    let asked = Asked {
        process: process.into(),
        step: step.into(),
        case: get("case").into(),
        answer: get("answer").into(),
    };
    let from = From {
        process: asked.process.clone(),
        step: asked.step.clone(),
        case: Some(asked.case.clone()).filter(|c| !c.is_empty()),
        conversation: Some(asked.answer.clone()).filter(|a| !a.is_empty()),
    };
    let share = app.share();
    let made = match read(&form) {
        Ok(draft) => share.draft(&actor, get("client"), &from, &draft).await,
        Err(problem) => Err(problem),
    };
    let id = match made {
        Ok(id) => id,
        // What was written stays.
        Err(problem) if matches!(problem.status, 400 | 404 | 409) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut without_days = form.clone();
            without_days.retain(|name, _| !name.starts_with("given_on_"));
            let draft = read(&form).or_else(|_| read(&without_days))?;
            let client = get("client").to_string();
            let page = show(&app, &actor, &asked, &draft, client, Some(problem)).await?;
            return Ok((status, page).into_response());
        }
        Err(problem) => return Err(problem.into()),
    };
    super::act::handed(&app, &actor, &id, get("then")).await
}
