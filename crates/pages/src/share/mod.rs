//! Share: posts of our own in their states, and one of them.

mod act;
mod form;
pub(crate) mod here;
mod one;

pub use act::{act, people};
pub use form::{make, new};
pub use one::page as one;

use super::desk::letter;
use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::State;
use axum::response::Html;
use base::format;
use base::identity::{Actor, Directory, Role};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::share::{Outlet, Place};
use std::collections::HashMap;
use store::share::{CameOf, FAILED, PublicationRow, RETURNED, SCHEDULED, SENT, ShareRow, View};

/// A moment as a person reads it in her zone.
pub(crate) fn in_zone(at: Micros, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_microsecond(at).map(|t| t.to_zoned_datetime(zone));
    at.map_or_else(
        |_| String::new(),
        |t| t.strftime("%-d %B %Y, %H:%M").to_string(),
    )
}

/// The zone she set for herself.
pub(super) fn zone_of(directory: &Directory, actor: &Actor) -> String {
    let person = directory.person(actor.id());
    person.map_or_else(|| "UTC".into(), |p| p.zone.clone())
}

/// What a post is called: its first words.
pub(super) fn title(row: &ShareRow) -> String {
    match row.body.trim() {
        "" => "A post without words".into(),
        words => format::short(words.lines().next().unwrap_or_default(), 80),
    }
}

/// Likes and the rest of one post, in words; nothing where nothing is told.
pub(crate) fn figures(of: &PublicationRow) -> String {
    let f = of.figures();
    counted([
        (f.likes, "like"),
        (f.reposts, "repost"),
        (f.replies, "reply"),
        (f.views, "view"),
    ])
}

pub(crate) fn came_of(sum: &CameOf) -> String {
    counted([
        (Some(sum.likes), "like"),
        (Some(sum.reposts), "repost"),
        (Some(sum.replies), "reply"),
        (Some(sum.views).filter(|n| *n > 0), "view"),
    ])
}

/// Conversations that began with answers, as the end of a sentence.
fn counted_conversations(n: i64) -> String {
    match n {
        0 => String::new(),
        n => format!("; {} at the desk", format::many(n, "conversation")),
    }
}

fn counted(all: [(Option<i64>, &str); 4]) -> String {
    let told = all.into_iter().filter_map(|(n, what)| {
        let n = n?;
        Some(match (what, n) {
            ("reply", n) if n != 1 => format!("{} replies", format::count(n)),
            _ => format::many(n, what),
        })
    });
    told.collect::<Vec<_>>().join(", ")
}

/// A post in the list.
struct Line {
    href: String,
    title: String,
    who: String,
    step: String,
    when: String,
    /// What stands for it, its kind, its name, and what became of it there.
    channels: Vec<(String, String, String, String)>,
    chip: &'static str,
    is_ill: bool,
}

/// A view and how many are in it.
struct Tab {
    href: String,
    name: &'static str,
    count: i64,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage {
    shell: Shell,
    told: String,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    empty: &'static str,
    /// Of one step: what it is, its process and address, and what came of its posts.
    at: Option<(String, String, String, String)>,
    new_href: String,
    is_plugged_in: bool,
    has_outlet: bool,
    plug_href: Option<String>,
    /// For managers: people, and whether nobody reads theirs first.
    people: Vec<(String, String, bool)>,
    may_say: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    view: String,
    process: String,
    step: String,
}

const VIEWS: [(&str, &str, View); 6] = [
    ("drafts", "Drafts", View::Drafts),
    ("review", "To review", View::ToReview),
    ("scheduled", "Scheduled", View::Scheduled),
    ("published", "Published", View::Published),
    ("failed", "Failed", View::Failed),
    ("discarded", "Laid aside", View::Discarded),
];

fn count_of(counts: &HashMap<String, i64>, view: View) -> i64 {
    let states: &[&str] = match view {
        View::Drafts => &["draft", "returned"],
        View::ToReview => &["review"],
        View::Scheduled => &["approved", "scheduled"],
        View::Published => &["published"],
        View::Failed => &["failed"],
        View::Discarded => &["discarded"],
    };
    states.iter().filter_map(|s| counts.get(*s)).sum()
}

fn address(view: &str, at: Option<&Place>) -> String {
    let at = at.map_or_else(String::new, |p| {
        format!(
            "&process={}&step={}",
            format::urlencode(&p.slug),
            format::urlencode(&p.step)
        )
    });
    format!("/share?view={view}{at}")
}

fn is_known(word: &str) -> Option<(&'static str, View)> {
    let found = VIEWS.iter().find(|(w, ..)| *w == word);
    found.map(|(w, _, view)| (*w, *view))
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let share = app.share();
    let places = share.places().await?;
    let at = place_asked(&app, &asked, &places).await?;
    let key = at.as_ref().map(|p| (p.process.as_str(), p.step.as_str()));
    let counts = share.counts(&actor, key).await?;
    // Unless told, the first view in which there is something to do.
    let busy = [
        View::ToReview,
        View::Drafts,
        View::Scheduled,
        View::Published,
    ];
    let busy = busy.into_iter().find(|v| count_of(&counts, *v) > 0);
    let busy = busy.and_then(|v| VIEWS.iter().find(|(.., of)| *of == v));
    let usual = busy.map_or(("drafts", View::Drafts), |(w, _, v)| (*w, *v));
    let (word, view) = is_known(&asked.view).unwrap_or(usual);
    let directory = app.identity.directory().await?;
    let zone = zone_of(&directory, &actor);
    let kinds: HashMap<String, (String, String)> = app
        .desk
        .connect()
        .list()
        .await?
        .into_iter()
        .map(|c| (c.row.id.clone(), (c.row.kind, c.row.name)))
        .collect();
    let outlets: Vec<Outlet> = share.outlets().await?;
    let rows = share.list(&actor, view, key).await?;
    let lines = rows.into_iter().map(|line| {
        let mut channels: Vec<_> = line
            .channels
            .iter()
            .map(|p| {
                let gone = || ("?".to_string(), "a channel that was removed".to_string());
                let (kind, name) = kinds.get(&p.connection).cloned().unwrap_or_else(gone);
                let told = match p.state.as_str() {
                    SENT => figures(p),
                    FAILED => "failed".into(),
                    "queued" => "on its way".into(),
                    "dropped" => "dropped".into(),
                    _ => String::new(),
                };
                (letter(&kind), kind, name, told)
            })
            .collect();
        channels.sort();
        let is_ill = line.channels.iter().any(|p| p.state == FAILED);
        Line {
            href: format!("/share/{}", line.row.id),
            title: title(&line.row),
            who: directory.name(&line.row.person).into(),
            step: line.row.step.clone(),
            when: when(&line.row, &zone),
            chip: match line.row.state.as_str() {
                RETURNED => "sent back",
                "approved" => "no time yet",
                "published" if is_ill => "failed",
                _ => "",
            },
            is_ill: is_ill || line.row.state == RETURNED,
            channels,
        }
    });
    let lines: Vec<Line> = lines.collect();
    let mut told = told(&counts);
    let mut shown_at = None;
    if let Some(place) = &at {
        let (sum, threads) = share.came_of(&place.process, &place.step).await?;
        if sum.posts > 0 {
            told = format!(
                "{} published: {}{}.",
                format::many(sum.posts, "post"),
                came_of(&sum),
                counted_conversations(threads)
            );
        }
        shown_at = Some((
            place.step.clone(),
            place.process_name.clone(),
            format!(
                "/p/{}/map?{}",
                place.slug,
                service::processes::filter_query::encode(&[("panel".into(), place.step.clone())])
            ),
            address(word, None),
        ));
    }
    let tabs = VIEWS.iter().map(|(w, name, v)| Tab {
        href: address(w, at.as_ref()),
        name,
        count: count_of(&counts, *v),
        is_here: *w == word,
    });
    let tabs =
        tabs.filter(|t| t.count > 0 || t.is_here || !matches!(t.name, "Failed" | "Laid aside"));
    let is_plugged_in = match &at {
        Some(place) => !place.improvement.is_empty(),
        None => !places.is_empty(),
    };
    let slug = match &at {
        Some(place) => Some(place.slug.clone()),
        None => app.library.list().await?.first().map(|p| p.slug.clone()),
    };
    let free = share.free_people().await?;
    let may_say = actor.is_at_least(Role::Manager);
    let people = directory
        .active()
        .filter(|p| may_say && p.id != actor.id() && Role::parse(&p.role) >= Some(Role::Member));
    let people = people.map(|p| (p.id.clone(), p.name.clone(), free.contains(&p.id)));
    let people = people.collect();
    let current = at
        .as_ref()
        .map(|p| (p.process_name.as_str(), p.slug.as_str()));
    render(SharePage {
        shell: Shell::new(&app, &actor, "Share", "desk", current).await?,
        told,
        tabs: tabs.collect(),
        lines,
        empty: match view {
            View::Drafts => "No drafts.",
            View::ToReview => "Nothing waits to be read.",
            View::Scheduled => "Nothing waits for its time.",
            View::Published => "Nothing was published yet.",
            View::Failed => "Nothing failed.",
            View::Discarded => "Nothing was laid aside.",
        },
        new_href: match &at {
            Some(p) => format!(
                "/share/new?process={}&step={}",
                format::urlencode(&p.slug),
                format::urlencode(&p.step)
            ),
            None => "/share/new".into(),
        },
        at: shown_at,
        is_plugged_in,
        has_outlet: !outlets.is_empty(),
        plug_href: slug
            .filter(|_| may_say)
            .map(|slug| format!("/p/{slug}/plug?tool=share")),
        people,
        may_say,
    })
}

/// The step whose posts are asked for, also one where Share is not plugged in any more.
async fn place_asked(
    app: &App,
    asked: &Asked,
    places: &[Place],
) -> Result<Option<Place>, PageError> {
    if asked.process.is_empty() || asked.step.is_empty() {
        return Ok(None);
    }
    let process = app.library.process(&asked.process).await?;
    let found = places
        .iter()
        .find(|p| p.process == process.id && p.step == asked.step);
    Ok(Some(found.cloned().unwrap_or(Place {
        process: process.id,
        slug: process.slug,
        process_name: process.name,
        step: asked.step.clone(),
        improvement: String::new(),
    })))
}

fn when(row: &ShareRow, zone: &str) -> String {
    match (row.state.as_str(), row.at) {
        (SCHEDULED, Some(at)) => format!("goes {}", in_zone(at, zone)),
        ("published", Some(at)) => in_zone(at, zone),
        _ => format!("changed {}", in_zone(row.changed, zone)),
    }
}

/// The state of sharing in a sentence or two.
fn told(counts: &HashMap<String, i64>) -> String {
    let n = |view| count_of(counts, view);
    let mut all = Vec::new();
    match n(View::ToReview) {
        0 => {}
        1 => all.push("One post waits to be read by a colleague.".to_string()),
        n => all.push(format!("{n} posts wait to be read by a colleague.")),
    }
    let waiting = counts.get("approved").copied().unwrap_or(0);
    match waiting {
        0 => {}
        1 => all.push("One was approved and has no time yet.".to_string()),
        n => all.push(format!("{n} were approved and have no time yet.")),
    }
    match n(View::Failed) {
        0 => {}
        1 => all.push("One failed on a channel.".to_string()),
        n => all.push(format!("{n} failed on a channel.")),
    }
    match all.is_empty() {
        true => "What is worth telling is drafted at its step, read by a colleague, and published."
            .into(),
        false => all.join(" "),
    }
}
