//! What needs me now, where my cases stand, and what those I follow say.

use super::error::{PageError, page as render};
use super::improvements::tabs::{self, Tab};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::{Actor, Directory, Role};
use bytes::Bytes;
use mining::Micros;
use mining::figures::{CaseOrder, CaseState, Filter, StateFilter, case_list};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::processes::filter_query::Asked;
use service::work::feed::{PAGE, Page};
use service::work::markdown;
use service::work::updates::Update;
use std::collections::HashMap;
use store::{uses, work};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    day: String,
    headline: String,
    needs: Vec<Need>,
    beam: Vec<Step>,
    slug: String,
    posts: Vec<Post>,
    updates: Vec<Update>,
    show: &'static str,
    /// The number of the newest message shown.
    newest: i64,
    older: Option<i64>,
    may_know: Vec<(String, String, String)>,
    answers: (i64, i64),
    /// How many of her questions were answered, and how long that saved her as she says.
    received: (i64, String),
    proven: Option<(String, String)>,
    is_new: bool,
    /// Microseconds.
    now: Micros,
    /// Of a guest: the cases she was asked into.
    cases: Vec<(String, String)>,
}

struct Need {
    icon: &'static str,
    class: &'static str,
    href: String,
    what: String,
    more: String,
    when: String,
}

struct Step {
    name: String,
    href: String,
    mine: Vec<(String, String, String, bool)>,
    more: usize,
    tabs: Vec<Tab>,
}

/// My open cases of a process.
struct Mine {
    process: String,
    slug: String,
    count: usize,
    steps: Vec<Step>,
    /// Those that wait longer than is usual.
    late: Vec<Need>,
}

struct Post {
    id: i64,
    name: String,
    initials: String,
    hue: u32,
    verb: &'static str,
    time: String,
    html: String,
    place: String,
    href: String,
    conversation: String,
    is_unread: bool,
}

/// What is said and what happens, in one stream.
enum Item<'a> {
    Said(&'a Post),
    Happened(&'a Update),
}

/// The icon of an update by its kind.
fn icon(kind: &str) -> &'static str {
    match kind.split('.').next() {
        Some("improvement") => "improve",
        Some("answer") => "check",
        Some("playbook") => "playbook",
        Some("process") => "process",
        _ => "cases",
    }
}

impl Home {
    fn has_unread(&self) -> bool {
        self.posts.iter().any(|p| p.is_unread)
    }

    /// Newest first.
    fn stream(&self) -> Vec<Item<'_>> {
        let said = self.posts.iter().map(|p| (p.id, Item::Said(p)));
        let happened = self.updates.iter().map(|u| (u.seq, Item::Happened(u)));
        let mut all: Vec<(i64, Item)> = said.chain(happened).collect();
        all.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        all.into_iter().map(|(_, item)| item).collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asking {
    before: Option<i64>,
    show: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asking): Query<Asking>,
) -> Result<Response, PageError> {
    let is_plain = asking.before.is_none() && asking.show.is_empty();
    let now = app.work.clock().now();
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    if is_plain && let Some(made) = app.work.feeds().made(actor.id(), "home", now) {
        return Ok((html, made).into_response());
    }
    let newest = app.work.newest(&actor).await?;
    let older = match asking.before {
        Some(before) => Some(app.work.older(&actor, before).await?),
        None => None,
    };
    let made = show(
        &app,
        &actor,
        older.as_ref().unwrap_or(&newest),
        &asking,
        now,
    )
    .await?;
    if is_plain {
        let made = Bytes::from(made.0.clone());
        app.work
            .feeds()
            .keep_made(actor.id(), &newest, "home", made);
    }
    Ok(made.into_response())
}

async fn show(
    app: &App,
    actor: &Actor,
    page: &Page,
    asking: &Asking,
    now: Micros,
) -> Result<Html<String>, PageError> {
    let directory = app.identity.directory().await?;
    let is_guest = actor.role() == Role::Guest;
    let mut processes = app.library.list().await?;
    let slugs: HashMap<String, String> = processes
        .iter()
        .map(|p| (p.id.clone(), p.slug.clone()))
        .collect();
    if is_guest {
        processes.clear();
    }
    let mut needs = told(app, actor, &directory, &slugs, now).await?;
    let mut beam = Vec::new();
    let mut slug = String::new();
    let mut proven = None;
    // The process with most of my open cases; without any, the first.
    let mut best: Option<Mine> = None;
    for process in processes.iter().take(20).filter(|p| p.cases > 0) {
        let found = mine(app, actor, &process.id, now).await?;
        if best.as_ref().is_none_or(|b| found.count > b.count) {
            best = Some(found);
        }
    }
    if let Some(best) = best {
        needs.extend(best.late);
        (beam, slug) = (best.steps, best.slug);
        let ledger = app.improvements.ledger(&best.process).await?;
        let mut better = ledger
            .all
            .iter()
            .filter(|s| s.mark == service::improvements::Mark::Better && s.imp.ended.is_none());
        proven = better.find_map(|s| {
            let sentence = s.report.as_ref()?.verdict.sentence.clone();
            Some((sentence, tabs::address(&slug, &s.imp.id)))
        });
    }
    let open = work::open_for(app.work.db(), actor.id(), 5).await?;
    let rows = work::by_ids(
        app.work.db(),
        &open.iter().map(|o| o.0.clone()).collect::<Vec<_>>(),
    )
    .await?;
    let may_know = open.iter().filter_map(|(id, reason)| {
        let row = rows.iter().find(|r| r.id == *id)?;
        Some((format!("/q/{id}"), row.title.clone(), reason.clone()))
    });
    let show = match asking.show.as_str() {
        "posts" => "posts",
        "updates" => "updates",
        "unread" => "unread",
        _ => "all",
    };
    let before = asking.before.unwrap_or(i64::MAX);
    let mut updates = match show {
        "all" | "updates" => app.work.updates(actor, before).await?,
        _ => Vec::new(),
    };
    let mut posts: Vec<Post> = page
        .messages
        .iter()
        .filter(|_| show != "updates")
        .filter(|m| show != "unread" || page.is_unread(m, actor.id()))
        .filter_map(|m| {
            let place = page.conversations.get(&m.conversation)?;
            let name = directory.name(&m.author);
            Some(Post {
                id: m.id,
                name: name.into(),
                initials: format::initials(name),
                hue: format::hue(name),
                verb: match m.kind.as_str() {
                    "question" => "asked the network",
                    "answer" => "answered",
                    _ => "wrote a note",
                },
                time: format::ago(m.at, now),
                html: markdown::html(&m.body, &directory),
                place: match (&place.case_ref, &place.step) {
                    (Some(case), Some(step)) => format!("{case}, {step}"),
                    (Some(case), None) => case.clone(),
                    (None, step) => step.clone().unwrap_or_default(),
                },
                href: address(place, &slugs, m.id),
                conversation: m.conversation.clone(),
                is_unread: page.is_unread(m, actor.id()),
            })
        })
        .collect();
    let older = cut(&mut posts, &mut updates, page, show);
    let mut cases = Vec::new();
    if is_guest {
        for (process, case) in work::guest_cases(app.work.db(), actor.id()).await? {
            let slug = slugs.get(&process).map_or("", String::as_str);
            cases.push((format!("/p/{slug}/case/{}", format::urlencode(&case)), case));
        }
    }
    let is_new = processes.is_empty() && !is_guest;
    let mut shell = Shell::new(app, actor, "Home", "home", None).await?;
    shell.unread = needs.iter().filter(|n| n.class != "is-late").count();
    render(Home {
        day: format::date(now),
        headline: match needs.len() {
            0 => "Nothing needs you right now".into(),
            1 => "One thing needs you".into(),
            n => format!("{n} things need you"),
        },
        shell,
        needs,
        beam,
        slug,
        newest: page.messages.first().map_or(0, |m| m.id),
        posts,
        updates,
        show,
        older,
        may_know: may_know.collect(),
        received: received(app, actor, now).await?,
        answers: work::answers_of(app.work.db(), actor.id(), now - 30 * mining::time::DAY).await?,
        proven,
        is_new,
        now,
        cases,
    })
}

async fn received(app: &App, actor: &Actor, now: Micros) -> Result<(i64, String), Problem> {
    let since = now - 30 * mining::time::DAY;
    let (answers, minutes) = uses::received(app.work.db(), actor.id(), since).await?;
    let saved = match minutes {
        0 => String::new(),
        m if m < 120 => format!("{m} min"),
        m => format!("{:.0} h", m as f64 / 60.0),
    };
    Ok((answers, saved))
}

/// Keeps a page of both together; the number the next page ends before, if there may be one.
fn cut(posts: &mut Vec<Post>, updates: &mut Vec<Update>, page: &Page, show: &str) -> Option<i64> {
    let more_posts = page.older.filter(|_| show != "updates");
    let more_updates = updates.last().filter(|_| updates.len() == PAGE as usize);
    // Of what ends earlier there is more, so what lies behind its end waits for the next page.
    let end = more_posts.max(more_updates.map(|u| u.seq))?;
    posts.retain(|p| p.id >= end);
    updates.retain(|u| u.seq >= end);
    Some(end)
}

/// Where a message is read.
pub fn address(
    place: &work::ConversationRow,
    slugs: &HashMap<String, String>,
    message: i64,
) -> String {
    match (&place.case_ref, place.kind.as_str()) {
        (Some(case), "room") => {
            let slug = slugs.get(&place.process).map_or("", String::as_str);
            format!("/p/{slug}/case/{}#m{message}", format::urlencode(case))
        }
        _ => format!("/q/{}#m{message}", place.id),
    }
}

/// What I was told and have not read.
async fn told(
    app: &App,
    actor: &Actor,
    directory: &Directory,
    slugs: &HashMap<String, String>,
    now: Micros,
) -> Result<Vec<Need>, Problem> {
    let db = app.work.db();
    let rows = work::notifications(db, actor.id(), true, i64::MAX, 20).await?;
    let ids: Vec<String> = rows.iter().filter_map(|r| r.conversation.clone()).collect();
    let places = work::by_ids(db, &ids).await?;
    let mut needs = Vec::new();
    for row in rows {
        if row.kind == "piled_on" {
            needs.push(Need {
                icon: "shield",
                class: "",
                href: "/desk/filter".into(),
                what: "Many accounts at once on a hashtag".into(),
                more: "Their threads are held together: let them through, or dismiss them.".into(),
                when: format::ago(row.at, now),
            });
            continue;
        }
        if row.is_of_desk() {
            needs.extend(told_of_desk(app, &row, now).await?);
            continue;
        }
        let Some(place) = places
            .iter()
            .find(|p| Some(&p.id) == row.conversation.as_ref())
        else {
            continue;
        };
        let message = work::message_of(db, row.event).await?;
        let at = message.as_ref().map_or(row.event, |m| m.id);
        let who = message
            .as_ref()
            .map_or("Somebody", |m| directory.name(&m.author));
        let (icon, what) = match row.kind.as_str() {
            "mention" => ("people", format!("{who} mentioned you")),
            "asked" => ("ask", format!("You may know: {}", place.title)),
            "escalated" => ("ask", format!("Nobody has answered yet: {}", place.title)),
            "answered" => ("check", format!("{who} answered your question")),
            "accepted" => ("check", "Your answer was accepted".into()),
            "invited" => ("room", "You were asked into a case".into()),
            _ => continue,
        };
        let quoted = message.map(|m| format!("“{}” ", markdown::plain(&m.body, 90)));
        let case = place.case_ref.clone().unwrap_or_default();
        needs.push(Need {
            icon,
            class: "",
            href: address(place, slugs, at),
            what,
            more: format!("{}{case}", quoted.unwrap_or_default()),
            when: format::ago(row.at, now),
        });
    }
    Ok(needs)
}

/// What a colleague did with a thread of the desk that is for me to look at.
async fn told_of_desk(
    app: &App,
    row: &work::NotificationRow,
    now: Micros,
) -> Result<Option<Need>, Problem> {
    let id = row.conversation.as_deref().unwrap_or_default();
    let Some(thread) = store::desk::thread(app.work.db(), id).await? else {
        return Ok(None);
    };
    let (icon, what) = match row.kind.as_str() {
        "desk_given" => ("desk", "Handed over to you at the desk"),
        "desk_returned" => ("desk", "Your reply came back with a note"),
        "desk_failed" => ("warn", "Your reply could not be sent"),
        _ => ("desk", "A reply waits to be read"),
    };
    Ok(Some(Need {
        icon,
        class: "",
        href: format!("/desk/{}", thread.id),
        what: what.into(),
        more: format!(
            "“{}” {}",
            format::short(&thread.title, 90),
            thread.case_ref.unwrap_or_default()
        ),
        when: format::ago(row.at, now),
    }))
}

/// My open cases by step, and those that wait longer than is usual there.
async fn mine(app: &App, actor: &Actor, process: &str, now: Micros) -> Result<Mine, Problem> {
    let view = app.library.view(process, &Asked::default()).await?;
    let loaded = &view.process;
    let (log, slug) = (&loaded.log, &loaded.row.slug);
    let ledger = app.improvements.ledger(&loaded.row.id).await?;
    let as_of = view.figures.counts.as_of;
    // Mine are those whose owner I am; where the record names no owner, those I worked on last.
    let owner = log.case_columns.iter().find(|c| {
        let name = c.name.rsplit(':').next().unwrap_or(&c.name).to_lowercase();
        matches!(name.as_str(), "owner" | "account executive" | "sales rep")
    });
    let is_mine = |case: usize| match owner {
        Some(column) => is_me(actor, column.display(case).as_deref()),
        None => {
            let last = log.case(case).next_back();
            let who = last.and_then(|row| log.resource()?.text(row));
            is_me(actor, who)
        }
    };
    let filter = Filter {
        state: Some(StateFilter::Open),
        ..Filter::default()
    };
    let mut selection = filter.select(log, &loaded.steps, &loaded.options)?;
    selection.cases.retain(|&c| is_mine(c as usize));
    let count = selection.len();
    let rows = case_list(
        log,
        &loaded.steps,
        &selection,
        &loaded.options,
        CaseOrder::Waiting,
        0,
        200,
    )
    .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?
    .rows;
    let mut steps: Vec<Step> = view
        .figures
        .steps
        .iter()
        .map(|s| Step {
            name: s.name.clone(),
            href: format!("/p/{slug}/map?panel={}", format::urlencode(&s.name)),
            mine: Vec::new(),
            more: 0,
            tabs: tabs::at(slug, &ledger, &s.name, now).0,
        })
        .collect();
    let mut late = Vec::new();
    for row in rows.iter().filter(|r| r.state == CaseState::Open) {
        let (Some(step), Some(_)) = (row.step, as_of) else {
            continue;
        };
        let waited = row.waiting_days.unwrap_or(0.0);
        let usual = view.figures.steps[step].time.median_days;
        let is_late = usual.is_some_and(|u| waited > 2.0 * u);
        let href = format!("/p/{slug}/case/{}", format::urlencode(&row.name));
        if is_late && late.len() < 5 {
            late.push(Need {
                icon: "clock",
                class: "is-late",
                href: href.clone(),
                what: format!(
                    "{} has not moved for {}",
                    format::short(&row.name, 60),
                    format::days(waited)
                ),
                more: format!(
                    "{}, usually {}",
                    steps[step].name,
                    usual.map(format::days).unwrap_or_default()
                ),
                when: String::new(),
            });
        }
        match steps[step].mine.len() {
            n if n < 4 => steps[step].mine.push((
                href,
                format::short(&row.name, 24),
                format::days(waited),
                is_late,
            )),
            _ => steps[step].more += 1,
        }
    }
    Ok(Mine {
        process: loaded.row.id.clone(),
        slug: slug.clone(),
        count,
        steps,
        late,
    })
}

fn is_me(actor: &Actor, name: Option<&str>) -> bool {
    name.is_some_and(|n| n == actor.name() || n.eq_ignore_ascii_case(actor.email()))
}
