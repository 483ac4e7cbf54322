//! What the filter of the desk knows: whom it lets through or holds, languages that are read, crowds that were held together.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::State;
use axum::response::{Html, Redirect};
use base::format;
use base::identity::{Actor, Role};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use store::listen::{ALLOWED, BLOCKED, OURS};

struct Voice {
    connection: String,
    author: String,
    handle: String,
    channel: String,
    told: String,
}

/// Many accounts at once on a tag.
pub(super) struct Crowd {
    pub id: String,
    pub told: String,
    pub is_held: bool,
    pub outcome: &'static str,
}

#[derive(Template)]
#[template(path = "voices.html")]
struct VoicesPage {
    shell: Shell,
    /// What each list is, what it means, and who is on it.
    lists: Vec<(&'static str, &'static str, Vec<Voice>)>,
    crowds: Vec<Crowd>,
    languages: String,
    may_write: bool,
}

/// Crowds of the last month, newest first.
pub(super) async fn crowds(app: &App, actor: &Actor) -> Result<Vec<Crowd>, PageError> {
    let names = app.desk.connect().list().await?;
    let all = app.desk.pile_ons(actor).await?.into_iter();
    let crowd = |p: store::listen::PileOnRow| {
        let name = names.iter().find(|c| c.row.id == p.connection);
        Crowd {
            told: format!(
                "#{} on {}: {} accounts within an hour, since {} UTC",
                p.words,
                name.map_or("a channel that was removed", |c| c.row.name.as_str()),
                p.authors,
                format::date_time(p.began)
            ),
            is_held: p.state == "held",
            outcome: match p.state.as_str() {
                "let_in" => "let through",
                "dismissed" => "dismissed",
                _ => "held",
            },
            id: p.id,
        }
    };
    Ok(all.map(crowd).collect())
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    let names = app.desk.connect().list().await?;
    let directory = app.identity.directory().await?;
    let all = app.desk.voices(&actor).await?;
    let of = |mark: &str| {
        let found = all.iter().filter(|v| v.mark == mark);
        let voice = |v: &store::listen::VoiceRow| Voice {
            channel: names
                .iter()
                .find(|c| c.row.id == v.connection)
                .map_or("removed".into(), |c| c.row.name.clone()),
            told: format!("{}, {}", directory.name(&v.by_person), format::date(v.at)),
            handle: match v.handle.as_str() {
                "" => v.author.clone(),
                handle => handle.into(),
            },
            connection: v.connection.clone(),
            author: v.author.clone(),
        };
        found.map(voice).collect::<Vec<_>>()
    };
    render(VoicesPage {
        shell: Shell::new(&app, &actor, "Filter", "desk", None).await?,
        lists: vec![
            (
                "Let through",
                "What they say is never held. Letting a held thread in puts its author here.",
                of(ALLOWED),
            ),
            ("Held", "All they say is held.", of(BLOCKED)),
            (
                "One of us",
                "Accounts of colleagues: what they say is no customer's word.",
                of(OURS),
            ),
        ],
        crowds: crowds(&app, &actor).await?,
        languages: app.desk.languages().await?,
        may_write: actor.is_at_least(Role::Manager),
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    act: String,
    id: String,
    connection: String,
    author: String,
    languages: String,
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Act>,
) -> Result<Redirect, PageError> {
    let desk = &app.desk;
    match form.act.as_str() {
        "unmark" => {
            desk.unmark(&actor, &form.connection, &form.author).await?;
        }
        "languages" => desk.set_languages(&actor, &form.languages).await?,
        "crowd-in" => desk.decide_pile_on(&actor, &form.id, Some(true)).await?,
        "crowd-out" => desk.decide_pile_on(&actor, &form.id, Some(false)).await?,
        "crowd-undo" => desk.decide_pile_on(&actor, &form.id, None).await?,
        _ => return Err(Problem::not_found("action").into()),
    }
    Ok(Redirect::to("/desk/filter"))
}
