//! The desk: the queue of what customers said, and one thread of it.

mod act;
pub mod settings;
pub(super) mod thread;

pub use act::{next, reply_act, thread_act};

use super::error::{PageError, page as render};
use super::improvements::tabs::{self, Tab};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use mining::Micros;
use mining::time::{DAY, HOUR, MINUTE};
use serde::Deserialize;
use service::app::App;
use service::desk::{Desk, PAGE, Promise, Waiting};
use store::desk::{Counts, FAILED, Queue, REVIEW};
use thread::ThreadPart;

/// A line of the queue.
struct Line {
    href: String,
    kind: String,
    letter: String,
    who: String,
    words: String,
    case: String,
    age: String,
    share: i64,
    is_late: bool,
    is_here: bool,
    /// What it is about, of what this person registered for.
    topic: String,
    note: String,
}

/// A step with its open threads.
struct Step {
    name: String,
    href: String,
    open: i64,
    late: i64,
    tabs: Vec<Tab>,
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    shell: Shell,
    counts: Counts,
    told: String,
    steps: Vec<Step>,
    view: &'static str,
    lines: Vec<Line>,
    older: Option<String>,
    thread: Option<ThreadPart>,
    has_channel: bool,
    /// Many accounts at once, held together until somebody decides.
    crowds: Vec<super::voices::Crowd>,
    problem: Option<&'static str>,
    /// The number of the last event that the page shows.
    after: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    view: String,
    /// The last thread of the page before.
    after: String,
    at: Micros,
    /// Why the last act did not work, as a word: an address never brings text of its own onto the page.
    said: String,
    /// An answer to put into the box: one to use again, or a question that was answered.
    #[serde(rename = "use")]
    used: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    show(&app, &actor, &asked, None).await
}

pub async fn one(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    // What was merged is looked at, and answered, where it is shown.
    let after = app.work.live().last();
    if let Some(shown) = app.desk.shown_in(&actor, &id).await? {
        let query = query.map_or(String::new(), |q| format!("?{q}"));
        return Ok(Redirect::to(&format!("/desk/{shown}{query}")).into_response());
    }
    let page = show(&app, &actor, &asked, Some(&id)).await?;
    // Whoever was told of it has seen it now.
    if store::work::has_unread(app.work.db(), actor.id(), &id)
        .await
        .map_err(service::processes::Problem::from)?
    {
        app.work.mark_read(&actor, &id, after).await?;
    }
    Ok(page.into_response())
}

/// What an act met that did not work.
pub(super) fn why(code: &str) -> Option<&'static str> {
    Some(match code {
        "taken" => "A colleague is replying to this customer. Your text is kept as your draft.",
        "under_way" => "A reply to this customer is on its way. Your text is kept as your draft.",
        "held" => {
            "The filter holds this thread: let it into the queue first. Your text is kept as your draft."
        }
        "key_used" => {
            "This box was sent before. Your text is kept as your draft: look at it and send it again."
        }
        "objected" => {
            "She objected to being answered. Your text is kept as your draft; if she lifted it, note that on her page first."
        }
        "not_open" => "This thread does not wait for an answer. Open it again first.",
        "one_already" | "merged_already" => {
            "One of them was merged already. This is how it is now."
        }
        "not_merged" | "split" => "They were split meanwhile. This is how it is now.",
        "other_way" => {
            "The other thread has no case, or nobody is known to have written it: open that one and merge it into this one."
        }
        "nobody_known" => {
            "Nobody is known to have written either thread. Say of one who it is from."
        }
        "other_customer" => {
            "They are of two customers. If the two are one person, merge them on her page first."
        }
        "other_case" => {
            "They are about two cases. If they are about the same, set the case of one of them first."
        }
        "merge_held" => "The filter holds one of the two threads. Let it into the queue first.",
        "merge_found" => "One of the two threads was only found. Put it into the queue first.",
        "merge_taken" => {
            "A colleague has one of the two threads. Wait until her reply is out, or ask her to hand it over."
        }
        "nobody" => "Nobody waits whom no colleague has.",
        "" => return None,
        _ => "Somebody changed this thread meanwhile. This is how it is now.",
    })
}

/// How long somebody waits, short.
pub(super) fn age(time: Micros) -> String {
    match time.max(0) {
        t if t < HOUR => format!("{} min", t / MINUTE),
        t if t < DAY => format!("{} h {:02}", t / HOUR, t % HOUR / MINUTE),
        t => format!("{} days", t / DAY),
    }
}

/// What stands for a channel in its little square.
pub(super) fn letter(kind: &str) -> String {
    match kind {
        "linkedin" => "in".into(),
        "mail" => "@".into(),
        "x" => "X".into(),
        kind => kind.chars().take(1).collect(),
    }
}

async fn show(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    id: Option<&str>,
) -> Result<Html<String>, PageError> {
    let now = app.library.clock().now();
    let desk = &app.desk;
    // Before anything is read, so that nothing falls between.
    let after = app.work.live().last();
    let topics = desk.topics_of(actor.id()).await?;
    let counts = desk.counts(actor).await?;
    let view = match asked.view.as_str() {
        "mine" => "mine",
        "held" => "held",
        "found" => "found",
        "dismissed" => "dismissed",
        "snoozed" => "snoozed",
        "done" => "done",
        "review" => "review",
        "failed" => "failed",
        _ => "open",
    };
    let what = match view {
        "mine" => Queue::Of(actor.id()),
        "held" => Queue::Held,
        "found" => Queue::Found,
        "dismissed" => Queue::Dismissed,
        "snoozed" => Queue::Snoozed,
        "done" => Queue::Done,
        _ => Queue::Open,
    };
    let behind = (!asked.after.is_empty()).then_some((asked.at, asked.after.as_str()));
    let rows = match view {
        "review" => of_replies(app, actor, REVIEW).await?,
        "failed" => of_replies(app, actor, FAILED).await?,
        _ => desk.queue(actor, what, behind).await?,
    };
    let older = rows
        .last()
        .filter(|_| rows.len() as i64 == PAGE)
        .map(|last| {
            let at = match view {
                "open" | "mine" | "snoozed" => last.thread.waiting.unwrap_or(last.thread.last),
                _ => last.thread.last,
            };
            format!(
                "/desk?view={view}&at={at}&after={}",
                format::urlencode(&last.thread.id)
            )
        });
    let directory = app.identity.directory().await?;
    let lines = rows.into_iter().map(|w| {
        let claimed = w.thread.claimed_by.as_deref();
        let claimed = claimed.filter(|_| w.thread.claimed_until.is_some_and(|until| until > now));
        let since = w.thread.waiting.unwrap_or(w.thread.last);
        Line {
            href: format!("/desk/{}?view={view}", w.thread.id),
            letter: letter(&w.kind),
            case: match (&w.thread.case_ref, &w.thread.step) {
                (Some(case), Some(step)) => format!("{case}, {step}"),
                (Some(case), None) => case.clone(),
                (None, Some(step)) => format!("no case yet, {step}"),
                _ => "no case yet".into(),
            },
            age: age(now - since),
            share: w.age,
            topic: Desk::topic_of(&topics, &w).unwrap_or_default().to_string(),
            is_late: w.is_late,
            is_here: Some(w.thread.id.as_str()) == id,
            note: match claimed {
                Some(by) if by == actor.id() => "you have it".into(),
                Some(by) => format!("{} is replying", directory.name(by)),
                None => w.thread.held.clone().unwrap_or_default(),
            },
            who: if w.who.is_empty() {
                "Somebody".into()
            } else {
                w.who
            },
            words: if w.words.is_empty() {
                w.thread.title.clone()
            } else {
                w.words
            },
            kind: w.kind,
        }
    });
    let lines = lines.collect();
    let thread = match id {
        Some(id) => Some(thread::part(app, actor, id, &asked.used).await?),
        None => None,
    };
    let connections = desk.connect().list().await?;
    let channels: Vec<_> = connections
        .iter()
        .filter(|c| c.row.what == "channel")
        .collect();
    // The strip is that of the thread's process, or of the one whose customers are listened to.
    let process = match thread.as_ref().and_then(|t| t.process.clone()) {
        Some(process) => Some(process),
        None => channels.iter().find_map(|c| c.row.process.clone()),
    };
    let (mut steps, mut current) = (Vec::new(), None);
    if let Some(process) = process {
        let loaded = app.library.load(&process).await?;
        let open = desk.by_step(&loaded.row.id).await?;
        let ledger = app.improvements.ledger(&loaded.row.id).await?;
        let slug = &loaded.row.slug;
        steps = loaded
            .steps
            .steps
            .iter()
            .map(|s| {
                let (open, late) = open.get(&s.name).copied().unwrap_or_default();
                let panel =
                    service::processes::filter_query::encode(&[("panel".into(), s.name.clone())]);
                Step {
                    href: format!("/p/{slug}/map?{panel}"),
                    tabs: tabs::at(slug, &ledger, &s.name, now).0,
                    name: s.name.clone(),
                    open,
                    late,
                }
            })
            .collect();
        current = Some((loaded.row.name.clone(), slug.clone()));
    }
    let current = current
        .as_ref()
        .map(|(name, slug)| (name.as_str(), slug.as_str()));
    let title = thread
        .as_ref()
        .map_or("Desk", |t| t.title.as_str())
        .to_string();
    render(DeskPage {
        told: told(&counts, &desk.promise().await?),
        after,
        shell: Shell::new(app, actor, &title, "desk", current).await?,
        counts,
        steps,
        view,
        lines,
        older,
        has_channel: !channels.is_empty(),
        crowds: super::voices::crowds(app, actor)
            .await?
            .into_iter()
            .filter(|c| c.is_held)
            .collect(),
        thread,
        problem: why(&asked.said),
    })
}

/// Threads of the replies in a state, each once.
async fn of_replies(app: &App, actor: &Actor, state: &str) -> Result<Vec<Waiting>, PageError> {
    let mut all = Vec::new();
    for reply in app.desk.in_state(actor, state).await? {
        let thread = app.desk.thread(actor, &reply.thread).await?;
        if all.iter().any(|w: &Waiting| w.thread.id == thread.row.id) {
            continue;
        }
        let last = thread.said.iter().rev().find(|s| s.is_ours == 0);
        all.push(Waiting {
            kind: thread.connection.kind.clone(),
            who: last.map_or(String::new(), |s| s.name.clone()),
            words: last.map_or(String::new(), |s| format::short(&s.body, 140)),
            age: 0,
            is_late: false,
            thread: thread.row,
        });
    }
    Ok(all)
}

/// The state of the desk in a sentence or two.
fn told(counts: &Counts, promise: &Promise) -> String {
    let mut promised = match promise.minutes {
        m if m % 60 == 0 => format!("{} h", m / 60),
        m => format!("{m} min"),
    };
    if promise.hours.is_some() {
        promised.push_str(" of opening hours");
    }
    let waits = match counts.open {
        0 => {
            return format!(
                "Nobody waits for an answer. A first reply is promised within {promised}."
            );
        }
        1 => "One customer waits for an answer".into(),
        n => format!("{} customers wait for an answer", format::count(n as u64)),
    };
    let late = match counts.late {
        0 => String::new(),
        n => format!(
            ", {} of them for longer than the {promised} that are promised",
            format::count(n as u64)
        ),
    };
    let unmatched = match counts.unmatched {
        0 => String::new(),
        1 => " One has no case yet.".into(),
        n => format!(" {} have no case yet.", format::count(n as u64)),
    };
    format!("{waits}{late}.{unmatched}")
}
