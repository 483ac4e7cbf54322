//! One post: written on, read by a colleague, given its time, and what came of it.

use super::super::error::{PageError, page as render};
use super::super::shell::Shell;
use super::form::{Fields, Filled, as_draft, read};
use super::{figures, in_zone, letter, title, zone_of};
use crate::asked::Query;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::{Actor, Role};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::share::acts::Draft;
use service::share::{Place, Post};
use store::share::{
    APPROVED, DISCARDED, DRAFT, FAILED, PUBLISHED, QUEUED, RETURNED, REVIEW, SCHEDULED, SENT,
};

/// A post as it looks on a channel, and what became of it there.
struct There {
    id: String,
    kind: String,
    letter: String,
    title: String,
    name: String,
    handle: String,
    text: String,
    /// `212 of 500 characters`.
    length: String,
    is_too_long: bool,
    state: String,
    is_failed: bool,
    error: String,
    url: Option<String>,
    figures: String,
    read: String,
}

struct Credit {
    whose: String,
    what: &'static str,
    permission: String,
}

#[derive(Template)]
#[template(path = "share-one.html")]
struct OnePage {
    shell: Shell,
    id: String,
    heading: String,
    state: String,
    told: String,
    crumbs: (String, String),
    from: Vec<(String, String)>,
    note: Option<(String, String)>,
    lacks: Vec<String>,
    f: Option<Fields>,
    there: Vec<There>,
    credits: Vec<Credit>,
    republishes: String,
    threads: Vec<(String, String, String)>,
    seen: i64,
    zone: String,
    /// When it goes, as the field has it.
    at: String,
    may_review: bool,
    may_schedule: bool,
    may_withdraw: bool,
    may_reopen: bool,
    is_hers: bool,
    problem: Option<(String, String)>,
    is_under_way: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    said: String,
}

/// What an act met that did not work.
fn why(code: &str, post: &Post) -> Option<(String, String)> {
    let said = match code {
        "" => return None,
        "not_whole" => {
            let first = post.lacks.first()?;
            return Some((first.clone(), "It was saved and not handed in.".into()));
        }
        "moved_on" => "Somebody changed this post meanwhile, or it went.",
        _ => "That did not work.",
    };
    Some((said.into(), "This is how it is now.".into()))
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let post = app.share().post(&actor, &id).await?;
    let problem = why(&asked.said, &post);
    let draft = as_draft(&post);
    show(&app, &actor, post, draft, problem).await
}

/// The form once more, with what was filled in and why it was not taken.
pub(super) async fn again(
    app: &App,
    actor: &Actor,
    id: &str,
    form: &Filled,
    problem: Problem,
) -> Result<Response, PageError> {
    let post = app.share().post(actor, id).await?;
    let mut without_days = form.clone();
    without_days.retain(|name, _| !name.starts_with("given_on_"));
    let draft = read(form).or_else(|_| read(&without_days))?;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let told = Some((problem.what, problem.remedy));
    let page = show(app, actor, post, draft, told).await?;
    Ok((status, page).into_response())
}

async fn show(
    app: &App,
    actor: &Actor,
    post: Post,
    draft: Draft,
    problem: Option<(String, String)>,
) -> Result<Html<String>, PageError> {
    let share = app.share();
    let row = &post.row;
    let directory = app.identity.directory().await?;
    let zone = zone_of(&directory, actor);
    let process = app.library.process(&row.process).await?;
    let is_hers = row.person == actor.id();
    let is_draft = matches!(row.state.as_str(), DRAFT | RETURNED);
    let place = Place {
        process: process.id.clone(),
        slug: process.slug.clone(),
        process_name: process.name.clone(),
        step: row.step.clone(),
        improvement: row.improvement.clone(),
    };
    let mut from = Vec::new();
    if let Some(case) = &row.case_ref {
        let href = format!("/p/{}/case/{}", process.slug, format::urlencode(case));
        from.push((href, format!("Case {case}")));
    }
    if let Some(question) = &row.conversation {
        from.push((format!("/q/{question}"), "The answer it was made of".into()));
    }
    let f = match is_draft && is_hers {
        true => Some(Fields::of(&draft, &share.outlets().await?, String::new())),
        false => None,
    };
    let there = post.channels.iter().map(|c| {
        let of = c.outlet.as_ref();
        There {
            id: c.row.id.clone(),
            letter: letter(&c.kind),
            title: of.map_or_else(|| c.kind.clone(), |o| o.title.clone()),
            name: c.name.clone(),
            handle: of.map_or_else(String::new, |o| o.account.handle.clone()),
            text: c.body.clone(),
            length: of.map_or_else(String::new, |o| {
                format!("{} of {} characters", c.length, o.publishes.longest)
            }),
            is_too_long: c.is_too_long,
            state: match c.row.state.as_str() {
                SENT => format!("published {}", in_zone(c.row.sent.unwrap_or(0), &zone)),
                QUEUED if c.row.error.is_some() => {
                    format!("tried again {}", in_zone(c.row.due, &zone))
                }
                QUEUED => "on its way".into(),
                FAILED => "failed".into(),
                "dropped" => "not published here".into(),
                _ => String::new(),
            },
            is_failed: c.row.state == FAILED,
            error: c
                .row
                .error
                .clone()
                .or(c.row.echo_error.clone())
                .unwrap_or_default(),
            url: c.row.url.clone(),
            figures: figures(&c.row),
            read: c
                .row
                .echoed
                .map_or_else(String::new, |at| in_zone(at, &zone)),
            kind: c.kind.clone(),
        }
    });
    let there: Vec<There> = there.collect();
    let is_under_way = row.state == PUBLISHED
        && post
            .channels
            .iter()
            .any(|c| c.row.state == QUEUED && c.row.error.is_none());
    let credits = post.credits.iter().map(|c| Credit {
        whose: c.whose.clone(),
        what: if c.what == "picture" {
            "a picture"
        } else {
            "words"
        },
        permission: match (c.given_by.is_empty(), c.given_on) {
            (false, Some(day)) => format!(
                "{} said yes on {}, {}",
                c.given_by,
                format::date(day),
                c.given_how
            ),
            _ => "no permission yet".into(),
        },
    });
    let by = directory.name(&row.person).to_string();
    let current = (process.name.as_str(), process.slug.as_str());
    render(OnePage {
        shell: Shell::new(app, actor, &title(row), "desk", Some(current)).await?,
        heading: title(row),
        state: state(&post),
        told: match (row.state.as_str(), row.at) {
            (SCHEDULED, Some(at)) => format!(
                "By {by}. It goes on {} ({zone}), unless it is moved or withdrawn.",
                in_zone(at, &zone)
            ),
            (PUBLISHED, Some(at)) => {
                let has_gone = post.channels.iter().any(|c| c.row.sent.is_some());
                let went = if has_gone {
                    "It went on"
                } else {
                    "Its time was"
                };
                format!("By {by}. {went} {} ({zone}).", in_zone(at, &zone))
            }
            (REVIEW, _) => format!("By {by}. A colleague reads it, then it can be given a time."),
            (APPROVED, _) => match &row.reviewer {
                Some(who) => format!(
                    "By {by}. {} let it go; it has no time yet.",
                    directory.name(who)
                ),
                None => format!("By {by}. It has no time yet."),
            },
            (DISCARDED, _) => format!("By {by}. It was laid aside."),
            _ => format!("By {by}. Nobody outside sees it."),
        },
        crumbs: (
            super::address("drafts", Some(&place)).replace("view=drafts&", ""),
            format!("{}, {}", row.step, process.name),
        ),
        from,
        note: row.note.clone().map(|note| {
            let who = match &row.reviewer {
                Some(who) => directory.name(who).to_string(),
                None => "Tenon".into(),
            };
            (who, note)
        }),
        lacks: if is_draft {
            post.lacks.clone()
        } else {
            Vec::new()
        },
        f,
        there,
        credits: credits.collect(),
        republishes: row.republishes.clone(),
        threads: post.threads.clone(),
        seen: row.changed,
        at: field(
            row.at.unwrap_or(app.library.clock().now() + 3_600_000_000),
            &zone,
        ),
        zone,
        may_review: row.state == REVIEW && !is_hers,
        may_schedule: matches!(row.state.as_str(), APPROVED | SCHEDULED),
        may_withdraw: row.state == SCHEDULED,
        may_reopen: (is_hers || actor.is_at_least(Role::Manager))
            && matches!(
                row.state.as_str(),
                REVIEW | APPROVED | SCHEDULED | DISCARDED
            ),
        is_hers,
        problem,
        is_under_way,
        id: row.id.clone(),
    })
}

fn state(post: &Post) -> String {
    let has_failed = post.channels.iter().any(|c| c.row.state == FAILED);
    match post.row.state.as_str() {
        DRAFT => "Draft",
        RETURNED => "Sent back",
        REVIEW => "To review",
        APPROVED => "Approved",
        SCHEDULED => "Scheduled",
        PUBLISHED if has_failed => "Failed on a channel",
        PUBLISHED => "Published",
        _ => "Laid aside",
    }
    .into()
}

/// A moment as the field for date and time has it.
fn field(at: i64, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_microsecond(at).map(|t| t.to_zoned_datetime(zone));
    at.map_or_else(
        |_| String::new(),
        |t| t.strftime("%Y-%m-%dT%H:%M").to_string(),
    )
}
