//! What was said with the customer of a case, and the way to answer her from there.

use crate::asked::Form;
use crate::desk::thread::{self, Post, Target};
use crate::desk::{age, letter};
use crate::error::PageError;
use axum::extract::{Path, State};
use axum::response::Redirect;
use base::format;
use base::identity::{Actor, Directory};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::desk::Thread;
use service::processes::Problem;
use store::desk::{ANSWERED, FAILED, FOUND, HELD, OPEN, QUEUED, REVIEW, ThreadRow};

/// Threads whose words are shown; the others are named.
const SHOWN: usize = 5;
/// What of a thread is shown: the newest of it.
const POSTS: usize = 6;

/// A conversation with the customer, in the order of what happened.
pub struct Spoken {
    pub at: Micros,
    pub href: String,
    pub kind: String,
    pub letter: String,
    pub channel: String,
    /// Whether everybody can read it, in words.
    pub seen: &'static str,
    pub title: String,
    pub state: String,
    pub is_waiting: bool,
    pub posts: Vec<Post>,
    /// How many older ones there are.
    pub more: usize,
    /// What is not out yet: how it stands, and the words.
    pub pending: Vec<(String, String)>,
}

/// The box that leaves the house.
#[derive(Default)]
pub struct Reply {
    pub targets: Vec<Target>,
    /// The thread that is chosen, for its draft.
    pub thread: String,
    pub draft: String,
    pub longest: usize,
    pub is_reviewed: bool,
    /// Where nothing can be said just now: the thread, and why.
    pub locked: Vec<(String, String)>,
}

/// How a thread stands, in words.
pub fn state(row: &ThreadRow, now: Micros) -> String {
    let waits = row.waiting.map(|since| age(now - since));
    match (row.state.as_str(), waits) {
        (OPEN, _) if row.snoozed.is_some_and(|until| until > now) => "put off for a while".into(),
        (OPEN, Some(age)) => format!("waits for us, {age}"),
        (OPEN, None) => "open".into(),
        (ANSWERED, _) => "answered".into(),
        (FOUND, _) => "found, not said to us".into(),
        (HELD, _) => "held by the filter".into(),
        _ => "closed".into(),
    }
}

/// Reads what was said, and where it can be answered.
pub async fn read(
    app: &App,
    actor: &Actor,
    directory: &Directory,
    threads: &[ThreadRow],
) -> Result<(Vec<Spoken>, Reply), PageError> {
    let now = app.library.clock().now();
    let (mut spoken, mut reply) = (Vec::new(), Reply::default());
    reply.is_reviewed = app.desk.is_reviewed(actor.id()).await?;
    for row in threads.iter().take(SHOWN) {
        let thread = app.desk.thread(actor, &row.id).await?;
        let channel_of = |kind: &str| thread::channel(app, kind);
        match thread::locked(app, actor, directory, &thread).await? {
            Some(why) => reply.locked.push((thread.row.title.clone(), why)),
            None => {
                let about = app.desk.draft_about(actor, &thread.row.id).await?;
                let draft = app.desk.draft(actor, &thread.row.id).await?;
                // What was begun is gone on with, where it was begun; otherwise whoever wrote last is answered.
                let is_begun = reply.draft.is_empty() && !draft.is_empty();
                let is_chosen = is_begun || reply.targets.is_empty();
                if is_chosen {
                    reply.thread = thread.row.id.clone();
                    reply.draft = draft;
                    reply.targets.iter_mut().for_each(|t| t.is_chosen = false);
                }
                let me = directory.name(actor.id());
                let targets = thread::targets(&thread, (me, about.as_deref()), &channel_of);
                let longest = targets.iter().map(|t| t.longest).max();
                reply.longest = reply.longest.max(longest.unwrap_or(0));
                reply.targets.extend(targets.into_iter().map(|t| Target {
                    is_chosen: is_chosen && t.is_chosen,
                    ..t
                }));
            }
        }
        spoken.push(one(&thread, directory, &channel_of, now));
    }
    Ok((spoken, reply))
}

fn one(
    thread: &Thread,
    directory: &Directory,
    channel_of: &impl Fn(&str) -> String,
    now: Micros,
) -> Spoken {
    let row = &thread.row;
    let mut posts = thread::posts(thread, directory, channel_of);
    let more = posts.len().saturating_sub(POSTS);
    posts.drain(..more);
    let pending = thread.replies.iter().filter_map(|r| {
        let by = directory.name(&r.person);
        let how = match r.state.as_str() {
            QUEUED => format!("On its way, by {by}"),
            REVIEW => format!("Draft by {by}, to approve"),
            FAILED => format!("Not sent: reply by {by}"),
            _ => return None,
        };
        Some((how, r.body.clone()))
    });
    Spoken {
        at: row.last,
        href: format!("/desk/{}", row.id),
        kind: thread.connection.kind.clone(),
        letter: letter(&thread.connection.kind),
        channel: channel_of(&thread.connection.kind),
        seen: match row.seen.as_str() {
            "direct" => "Direct message",
            _ => "Public conversation",
        },
        title: row.title.clone(),
        state: state(row, now),
        is_waiting: row.state == OPEN && row.waiting.is_some(),
        pending: pending.collect(),
        posts,
        more,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Answer {
    /// The conversation that it goes to.
    thread: String,
    body: String,
    client: String,
    to: String,
}

/// Answers the customer of a case, on a thread of hers.
pub async fn reply(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    Form(form): Form<Answer>,
) -> Result<Redirect, PageError> {
    let id = app.library.process(&process).await?.id;
    let thread = app.desk.thread(&actor, &form.thread).await?;
    let is_of_it = |row: &ThreadRow| {
        row.process.as_deref() == Some(&id) && row.case_ref.as_deref() == Some(&case)
    };
    if !thread.parts.iter().any(|p| is_of_it(&p.row)) {
        return Err(Problem::not_found("thread").into());
    }
    let sent = app
        .desk
        .reply_to(
            &actor,
            &form.thread,
            Some(&form.thread),
            &form.client,
            &form.body,
        )
        .await;
    let here = match crate::door::within(&form.to) {
        "/" => format!("/p/{process}/case/{}", format::urlencode(&case)),
        to => to.to_string(),
    };
    match sent {
        Ok(_) => Ok(Redirect::to(&here)),
        // Said where it was tried: what was written is kept.
        Err(problem) if problem.status == 409 => {
            Ok(Redirect::to(&format!("{here}?said={}", problem.code)))
        }
        Err(problem) => Err(problem.into()),
    }
}
