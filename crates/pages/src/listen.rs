//! What is listened to at a step, on which channels, and what it brings.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use connectors::Wanted;
use serde::Deserialize;
use service::app::App;
use service::desk::listen::{Brought, Ear, shown};
use service::processes::Problem;
use std::fmt::Write;
use store::listen::{MENTION, WishRow};

/// Something that is listened to.
struct Wish {
    id: String,
    words: String,
    told: String,
}

/// A channel, and what is listened to on it.
struct Channel {
    id: String,
    name: String,
    title: &'static str,
    kind: String,
    letter: String,
    /// How it is, where it does not work.
    trouble: Option<&'static str>,
    note: &'static str,
    /// What has been spent, where reading costs.
    budget: Option<String>,
    is_spent: bool,
    wishes: Vec<Wish>,
    removed: Vec<Wish>,
    own: String,
    /// What can be wished for: its word, and what it is called.
    kinds: Vec<(&'static str, &'static str)>,
    follows_mentions: bool,
    /// What was filled in and did not work.
    what: String,
    words: String,
}

/// What listening brought, drawn and in words.
pub struct Part {
    pub svg: String,
    pub figures: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "listen.html")]
struct ListenPage {
    shell: Shell,
    slug: String,
    process: String,
    step: String,
    is_on: bool,
    channels: Vec<Channel>,
    brought: Part,
    may_write: bool,
    problem: Option<Problem>,
}

/// Where it is said what is listened to at a step.
pub fn address(slug: &str, step: &str) -> String {
    format!("/p/{slug}/listen/{}", format::urlencode(step))
}

/// What listening brought, as it is shown on several pages.
pub fn part(brought: &Brought) -> Part {
    let sum = brought.sum;
    let share = |n: i64| match sum.found {
        0 => "–".to_string(),
        all => format!(
            "{} ({})",
            format::count(n),
            format::percent(n as f64 / all as f64)
        ),
    };
    let weeks = brought.weeks.len().max(1) as f64;
    Part {
        svg: drawn(brought),
        figures: vec![
            ("Found", format::count(sum.found)),
            ("A week", format!("{:.1}", sum.found as f64 / weeks)),
            ("Matched to a case", share(sum.matched)),
            ("Answered", share(sum.answered)),
            ("Noise", share(sum.noise)),
        ],
    }
}

/// Finds a week as bars, with what of them is noise.
fn drawn(brought: &Brought) -> String {
    let Some((first, _)) = brought.weeks.first() else {
        return String::new();
    };
    let most = brought.weeks.iter().map(|(_, r)| r.found).max();
    let most = most.unwrap_or(0).max(1) as f64;
    let wide = 286.0 / brought.weeks.len().max(4) as f64;
    let last = brought.weeks.last().map_or(0, |(_, r)| r.found);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 -12 286 106\" role=\"img\" aria-label=\"Finds a week: {last} this week, {most:.0} at most\">"
    );
    for (i, (_, row)) in brought.weeks.iter().enumerate() {
        let tall = row.found as f64 / most * 66.0;
        let noise = row.noise as f64 / most * 66.0;
        let (x, bar) = (i as f64 * wide, (wide - 2.0).max(1.0));
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{tall:.1}\"/>\
             <rect class=\"lost-bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{noise:.1}\"/>",
            76.0 - tall,
            76.0 - noise,
        );
    }
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M0 76.5h286\"/><text class=\"mark-text\" x=\"0\" y=\"-2\">{most:.0} at most; what is noise of them in red</text>\
         <text x=\"0\" y=\"92\">week of {}</text><text x=\"286\" y=\"92\" text-anchor=\"end\">this week</text></svg>",
        format::day_month(*first)
    );
    svg
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, step)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    show(&app, &actor, (&process, &step), None).await
}

async fn show(
    app: &App,
    actor: &Actor,
    (process, step): (&str, &str),
    failed: Option<(Problem, &Act)>,
) -> Result<Html<String>, PageError> {
    let loaded = app.library.load(process).await?;
    if !loaded.steps.steps.iter().any(|s| s.name == step) {
        return Err(Problem::not_found("step").into());
    }
    let id = &loaded.row.id;
    let (ears, is_on) = app.desk.listening(actor, id, step).await?;
    let directory = app.identity.directory().await?;
    let wish = |w: WishRow| Wish {
        words: shown(&w.what, &w.words),
        told: format!("{}, {}", directory.name(&w.by_person), format::date(w.at)),
        id: w.id,
    };
    let channel = |ear: Ear| {
        let tried = failed.as_ref().map(|(_, act)| *act);
        let tried = tried.filter(|act| act.connection == ear.row.id);
        let kinds = [
            (Wanted::Tag, "Hashtag"),
            (Wanted::Phrase, "Search phrase"),
            (Wanted::Account, "Account"),
        ];
        Channel {
            letter: super::desk::letter(&ear.row.kind),
            trouble: match ear.row.state.as_str() {
                "on" if ear.row.error.is_some() => Some("trying again"),
                "on" => None,
                "signed_out" => Some("signed out"),
                _ => Some("paused"),
            },
            note: ear.follows.note,
            is_spent: ear.budget.as_ref().is_some_and(|b| b.found >= b.most),
            budget: ear.budget.map(|b| {
                format!(
                    "{} posts read in {}, {} of them by listening, which may read {} a month.",
                    format::count(b.read as i64),
                    b.month,
                    format::count(b.found as i64),
                    format::count(b.most as i64)
                )
            }),
            follows_mentions: ear.wishes.iter().any(|w| w.what == MENTION),
            kinds: kinds
                .into_iter()
                .filter(|(what, _)| ear.follows.can(*what))
                .map(|(what, name)| (what.word(), name))
                .collect(),
            wishes: ear.wishes.into_iter().map(wish).collect(),
            removed: ear.removed.into_iter().map(wish).collect(),
            own: ear.own.join(", "),
            what: tried.map_or(String::new(), |a| a.what.clone()),
            words: tried.map_or(String::new(), |a| a.words.clone()),
            kind: ear.row.kind,
            name: ear.row.name,
            id: ear.row.id,
            title: ear.title,
        }
    };
    let current = (loaded.row.name.as_str(), loaded.row.slug.as_str());
    render(ListenPage {
        shell: Shell::new(app, actor, "Listen", "process", Some(current)).await?,
        slug: loaded.row.slug.clone(),
        process: loaded.row.name.clone(),
        channels: ears.into_iter().map(channel).collect(),
        brought: part(&app.desk.brought(id, step).await?),
        may_write: actor.is_at_least(base::identity::Role::Manager),
        problem: failed.as_ref().map(|(problem, _)| problem.clone()),
        step: step.into(),
        is_on,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    /// `remove` or `put-back`; otherwise something is wished for.
    act: String,
    id: String,
    connection: String,
    what: String,
    words: String,
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path((process, step)): Path<(String, String)>,
    Form(form): Form<Act>,
) -> Result<Response, PageError> {
    let at = (process.as_str(), step.as_str());
    let desk = &app.desk;
    let done = match form.act.as_str() {
        "remove" => desk.unwish(&actor, &form.id, true).await,
        "put-back" => desk.unwish(&actor, &form.id, false).await,
        _ => {
            let wish = (form.what.as_str(), form.words.as_str());
            desk.wish(&actor, at, &form.connection, wish).await
        }
    };
    match done {
        Ok(()) => Ok(Redirect::to(&address(&process, &step)).into_response()),
        Err(problem) if matches!(problem.status, 400 | 422 | 502 | 503) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let page = show(&app, &actor, at, Some((problem, &form))).await?;
            Ok((status, page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}
