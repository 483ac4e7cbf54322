//! The room of a case: where it stands on the strip, what happened and what was said, and what there is to work with.

mod act;
mod customer;
pub(super) mod strip;
mod timeline;

pub use act::{check, guests, note};
pub use customer::reply;

use super::error::{PageError, page as render};
use super::message::{self, Said};
use super::share::here;
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::{Actor, Role};
use base::policy::may;
use mining::figures::{CaseOrder, CaseState, Selection, case_list};
use mining::fit::pipeline::deviation;
use mining::time::MISSING;
use serde::Deserialize;
use service::app::App;
use service::desk::accounts::names_company;
use service::processes::{Problem, fit};
use service::work::ask::Expert;
use service::work::playbook::Playbook;
use store::work;
use strip::Step;
use timeline::Day;

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    shell: Shell,
    slug: String,
    process: String,
    name: String,
    /// Its address, where actions lead back.
    to: String,
    state: &'static str,
    facts: Vec<(String, String, Option<String>)>,
    strip: Vec<Step>,
    days: Vec<Day>,
    pinned: Vec<Said>,
    sentence: String,
    /// The room's id, and the number behind which new things come.
    room: String,
    after: i64,
    followers: Vec<(String, String, u32)>,
    followed: usize,
    level: String,
    draft: String,
    client: String,
    /// The step it is at, when it is open.
    step: Option<String>,
    playbooks: Vec<Playbook>,
    knows: Vec<(Expert, String, u32)>,
    similar: Vec<service::work::ask::Similar>,
    is_guest: bool,
    guests: Vec<String>,
    /// What was said with the customer: address, its first words, state.
    threads: Vec<(String, String, String)>,
    /// Their ids, with spaces between.
    thread_ids: String,
    /// How she is answered from here.
    reply: customer::Reply,
    /// Why the last act did not work.
    problem: Option<&'static str>,
    /// Whose mail lands on this case.
    addresses: Vec<String>,
    /// Where a post about it is drafted, if Share is plugged in at its step.
    share_href: Option<String>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    show(app, actor, process, name, &asked.said).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    /// Why the last act did not work, as a word.
    said: String,
}

pub(super) async fn show(
    app: App,
    actor: Actor,
    process: String,
    name: String,
    said: &str,
) -> Result<Html<String>, PageError> {
    let id = app.library.process(&process).await?.id;
    may::see_case(app.work.db(), &actor, &id, &name).await?;
    let view = app.library.view(&process, &Default::default()).await?;
    let loaded = &view.process;
    let log = &loaded.log;
    let case = log
        .case_names
        .code(&name)
        .and_then(|code| log.case_name.iter().position(|&c| c == code));
    let case = case.ok_or_else(|| Problem::not_found("case"))?;
    let selection = Selection {
        cases: vec![case as u32],
    };
    let row = case_list(
        log,
        &loaded.steps,
        &selection,
        &loaded.options,
        CaseOrder::Name,
        0,
        1,
    )
    .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?
    .rows
    .into_iter()
    .next()
    .ok_or_else(|| Problem::not_found("case"))?;
    let place = fit::step_of(log, &loaded.steps);
    let path = fit::path(log, &place, case);
    let as_of = view.figures.counts.as_of.unwrap_or(MISSING);
    let names: Vec<&str> = loaded.steps.steps.iter().map(|s| s.name.as_str()).collect();
    let mut facts: Vec<(String, String, Option<String>)> = log
        .case_columns
        .iter()
        .filter_map(|c| {
            let value = c.display(case)?;
            let is_account = names_company(&c.name) && actor.role() > Role::Guest;
            let href = is_account.then(|| crate::contacts::address(value.trim()));
            Some((c.name.clone(), value, href))
        })
        .collect();
    facts.truncate(10);
    let step = row
        .step
        .filter(|_| row.state == CaseState::Open)
        .and_then(|i| names.get(i))
        .map(|n| n.to_string());

    let db = app.work.db();
    let room = app.work.room(&actor, &process, &name).await?;
    let after = app.work.live().last().max(0);
    let directory = app.identity.directory().await?;
    let talk = message::of_case(&app, &actor, &directory, &room).await?;
    let is_guest = actor.role() == Role::Guest;
    let followers = work::followers(db, "conversation", &room.id).await?;
    let level = followers.iter().find(|f| f.0 == actor.id());
    let level = level.map(|f| f.1.clone()).unwrap_or_default();
    let following = followers.iter().filter(|f| f.1 == "follow" && !is_guest);
    let following: Vec<&str> = following.map(|f| directory.name(&f.0)).collect();
    let mut playbooks = app.work.playbooks_of_case(&id, &name).await?;
    // The checklist of the step it is at comes first.
    playbooks.sort_by_key(|p| Some(&p.step) != step.as_ref());
    let (mut knows, mut similar) = (Vec::new(), Vec::new());
    if let Some(step) = step.as_deref().filter(|_| !is_guest) {
        knows = app.work.experts(actor.id(), loaded, step).await?;
        knows.truncate(3);
        similar = app.work.similar(&id, step, "", 3).await?;
    }
    let knows = knows.into_iter().map(|e| {
        let picture = (format::initials(&e.name), format::hue(&e.name));
        (e, picture.0, picture.1)
    });
    let here_at = format!("/p/{}/case/{}", loaded.row.slug, format::urlencode(&name));
    let draft = work::draft(db, actor.id(), &here_at)
        .await?
        .unwrap_or_default();
    let rows = app.desk.of_case(&actor, &id, &name).await?;
    let (spoken, reply) = customer::read(&app, &actor, &directory, &rows).await?;
    let now = app.library.clock().now();
    let threads = rows.iter().map(|t| {
        let href = format!("/desk/{}", t.id);
        (href, t.title.clone(), customer::state(t, now))
    });
    let threads = threads.collect();
    let addresses = app.desk.addresses(&actor, &id, &name).await?;
    let ledger = app.improvements.ledger(&id).await?;
    let slug = &loaded.row.slug;
    let plugged = step
        .as_deref()
        .filter(|s| !is_guest && here::is_plugged_in(&ledger, s));
    let share_href = plugged.map(|step| here::new_address(slug, step, &[("case", &name)]));
    let current = Some((loaded.row.name.as_str(), slug.as_str()));
    let shell = Shell::new(&app, &actor, &name, "cases", current).await?;
    // What she was told of this case counts as read too, and may be recorded behind its messages.
    let newest = talk.last().unwrap_or(0);
    app.work
        .mark_read(&actor, &room.id, newest.max(after))
        .await?;
    render(CasePage {
        shell,
        slug: slug.clone(),
        process: loaded.row.name.clone(),
        state: match row.state {
            CaseState::Open => "Open",
            CaseState::Ended => "Ended",
            CaseState::Won => "Won",
            CaseState::Lost => "Lost",
        },
        facts,
        strip: match is_guest {
            true => Vec::new(),
            false => strip::strip(&view, &place, case, &row, as_of, &ledger, now),
        },
        pinned: talk.pinned(),
        guests: talk.guests(&app, &directory, &room).await?,
        days: timeline::days(log, case, talk, spoken),
        sentence: if path.is_empty() || is_guest {
            String::new()
        } else {
            deviation(&path).sentence(&names)
        },
        followed: following.len(),
        followers: following
            .iter()
            .take(4)
            .map(|n| (n.to_string(), format::initials(n), format::hue(n)))
            .collect(),
        level,
        draft,
        client: app.library.clock().id().simple().to_string(),
        room: room.id,
        after,
        step,
        playbooks,
        knows: knows.collect(),
        similar,
        is_guest,
        threads,
        thread_ids: rows
            .iter()
            .map(|t| t.id.as_str())
            .collect::<Vec<_>>()
            .join(" "),
        reply,
        problem: crate::desk::why(said),
        addresses,
        share_href,
        to: here_at,
        name,
    })
}
