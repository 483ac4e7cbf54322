//! One case: where it stands on the strip, and what happened on it.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::app::App;
use crate::format;
use crate::identity::Actor;
use crate::policy::may;
use crate::processes::filter_query::Asked;
use crate::processes::{Problem, fit};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use mining::figures::{CaseOrder, CaseState, Selection, case_list};
use mining::fit::pipeline::deviation;
use mining::time::{DAY, MISSING, days};

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    shell: Shell,
    slug: String,
    process: String,
    name: String,
    state: &'static str,
    facts: Vec<(String, String)>,
    strip: Vec<Step>,
    days: Vec<Day>,
    sentence: String,
}

struct Step {
    name: String,
    /// `is-done`, `is-now` or nothing.
    class: &'static str,
    spent: String,
    /// Said where no time was spent.
    unseen: &'static str,
    usual: String,
    href: String,
}

struct Day {
    date: String,
    events: Vec<Event>,
}

struct Event {
    name: String,
    who: String,
    time: String,
    more: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, name)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let loaded = &view.process;
    let log = &loaded.log;
    let case = log
        .case_names
        .code(&name)
        .and_then(|code| log.case_name.iter().position(|&c| c == code));
    let case = case.ok_or_else(|| Problem::not_found("case"))?;
    may::see_case(app.library.db(), &actor, &loaded.row.id, &name).await?;
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
    let mut facts: Vec<(String, String)> = log
        .case_columns
        .iter()
        .filter_map(|c| Some((c.name.clone(), c.display(case)?)))
        .collect();
    facts.truncate(10);
    let slug = &loaded.row.slug;
    let shell = Shell::new(&app, &actor, &name, "cases", Some((&loaded.row.name, slug))).await?;
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
        strip: strip(&view, &place, case, &row, as_of),
        days: timeline(log, case),
        sentence: if path.is_empty() {
            String::new()
        } else {
            deviation(&path).sentence(&names)
        },
        name,
    })
}

/// Each step with the time this case spent there, beside the usual time.
fn strip(
    view: &crate::processes::View,
    place: &[Option<usize>],
    case: usize,
    row: &mining::figures::CaseRow,
    as_of: i64,
) -> Vec<Step> {
    let log = &view.process.log;
    let mut spent = vec![0i64; view.figures.steps.len()];
    let mut seen = vec![false; spent.len()];
    let mut here: Option<(usize, i64)> = None;
    for event in log.case(case) {
        let time = log.time[event];
        let Some(step) = place[log.activity[event] as usize] else {
            if row.state != CaseState::Open
                && let Some((at, since)) = here.take()
                && time != MISSING
            {
                spent[at] += time - since;
            }
            continue;
        };
        seen[step] = true;
        if time == MISSING || here.is_some_and(|(at, _)| at == step) {
            continue;
        }
        if let Some((at, since)) = here.replace((step, time)) {
            spent[at] += time - since;
        }
    }
    if let (Some((at, since)), CaseState::Open, true) = (here, row.state, as_of != MISSING) {
        spent[at] += as_of - since;
    }
    let furthest = seen.iter().rposition(|&s| s);
    let steps = view.figures.steps.iter().enumerate().map(|(i, s)| {
        let now = row.state == CaseState::Open && row.step == Some(i);
        Step {
            name: s.name.clone(),
            class: if now {
                "is-now"
            } else if seen[i] {
                "is-done"
            } else {
                ""
            },
            spent: if now && spent[i] >= DAY {
                format!("Day {}", days(spent[i]).ceil())
            } else if seen[i] {
                format::days(days(spent[i]))
            } else {
                String::new()
            },
            unseen: if furthest.is_some_and(|f| i < f) {
                "skipped"
            } else if row.state == CaseState::Open {
                "not yet"
            } else {
                "not reached"
            },
            usual: s
                .time
                .median_days
                .map(|d| format!("usually {}", format::days(d)))
                .unwrap_or_default(),
            href: format!(
                "/p/{}/map?{}",
                view.process.row.slug,
                crate::processes::filter_query::encode(&[("panel".into(), s.name.clone())])
            ),
        }
    });
    steps.collect()
}

fn timeline(log: &mining::EventLog, case: usize) -> Vec<Day> {
    let hidden = ["org:resource", "stage", "time:timestamp"];
    let mut out: Vec<Day> = Vec::new();
    for row in log.case(case).rev() {
        let time = log.time[row];
        let date = if time == MISSING {
            "No date".to_string()
        } else {
            format::date(time)
        };
        if out.last().is_none_or(|d| d.date != date) {
            out.push(Day {
                date,
                events: Vec::new(),
            });
        }
        let more: Vec<String> = log
            .event_columns
            .iter()
            .filter(|c| !hidden.contains(&c.name.as_str()))
            .filter_map(|c| {
                Some(format!(
                    "{} {}",
                    c.name.rsplit(':').next().unwrap_or(&c.name),
                    c.display(row)?
                ))
            })
            .take(4)
            .collect();
        if let Some(day) = out.last_mut() {
            day.events.push(Event {
                name: log.activity_name(log.activity[row]).to_string(),
                who: log
                    .resource()
                    .and_then(|c| c.text(row))
                    .unwrap_or_default()
                    .to_string(),
                time: if time == MISSING {
                    String::new()
                } else {
                    format::time(time)
                },
                more: more.join(" · "),
            });
        }
    }
    out
}
