//! The Steps tab: the steps with their figures, how the owner reads them, and what changed in the process.

use super::imports::{Brought, brought};
use super::{Query, Scene};
use crate::asked::Form;
use crate::error::PageError;
use crate::weeks::{self, Weeks};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::{Actor, Role};
use mining::figures::{Step, StepRule, Steps};
use service::app::App;
use service::processes::{Changes, Problem};
use store::connections::SOURCE;

#[derive(Template)]
#[template(path = "steps.html")]
struct StepsTab {
    slug: String,
    rows: Vec<Row>,
    rule: &'static str,
    end_rule: String,
    choices: Vec<(usize, String)>,
    activities: Vec<Assigned>,
    can_undo: bool,
    versions: Vec<(i64, String, String)>,
    weeks: Option<Weeks>,
    handovers: Vec<Handed>,
    handovers_total: String,
    imports: Vec<Brought>,
    csv: String,
    /// Systems of record that it comes from, for whoever may say how they are read.
    sources: Vec<(String, String)>,
}

/// How often one person's work went on with another.
struct Handed {
    from: String,
    to: String,
    href: String,
    times: String,
    wait: String,
}

/// Hand-overs told.
const HANDOVERS: usize = 10;

struct Row {
    name: String,
    cases: String,
    open: String,
    median: String,
    p90: String,
    conversion: String,
    went_on: String,
    stopped: String,
    back: String,
}

struct Assigned {
    name: String,
    cases: String,
    /// Number of the step, or `won`, `lost`, `none`.
    place: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let figures = &scene.view.figures;
    let process = &scene.view.process;
    let steps = &process.steps;
    let days = |d: Option<f64>| d.map_or("not reached".into(), format::days);
    let versions = scene.app.library.versions(&process.row.id).await?;
    let imports = scene.app.library.imports(&process.row.id).await?;
    let query = if scene.filter_query.is_empty() {
        String::new()
    } else {
        format!("?{}", scene.filter_query)
    };
    let sources = sources(&scene.app, &scene.actor, &process.row.id).await?;
    let body = StepsTab {
        slug: scene.slug().into(),
        rows: figures
            .steps
            .iter()
            .map(|s| Row {
                name: s.name.clone(),
                cases: format::count(s.cases as i64),
                open: format::count(s.open as i64),
                median: days(s.time.median_days),
                p90: days(s.time.p90_days),
                conversion: s
                    .conversion
                    .map(format::percent)
                    .unwrap_or_else(|| "–".into()),
                went_on: format::count(s.went_on as i64),
                stopped: format::count((s.lost + s.ended) as i64),
                back: format::count(s.went_back as i64),
            })
            .collect(),
        rule: match steps.rule {
            StepRule::Stages => "Proposed: each stage is a step.",
            StepRule::Lanes => "Proposed from the lanes of the model.",
            StepRule::Order => "Proposed from the order in which activities usually come.",
            StepRule::Owner => "As set here.",
        },
        end_rule: end_rule(&process.options.end),
        choices: steps
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| (i, s.name.clone()))
            .collect(),
        activities: figures
            .activities
            .iter()
            .map(|a| Assigned {
                name: a.name.clone(),
                cases: format::many(a.cases, "case"),
                place: place_of(steps, &a.name),
            })
            .collect(),
        can_undo: process.row.revision > 1,
        versions: versions
            .iter()
            .map(|v| {
                (
                    v.number,
                    format::date_time(v.at),
                    told(&v.changes, v.number),
                )
            })
            .collect(),
        weeks: weeks::throughput(&figures.weeks),
        handovers: figures
            .handovers
            .iter()
            .filter(|_| scene.individual.is_shown())
            .take(HANDOVERS)
            .map(|h| Handed {
                from: h.from.clone(),
                to: h.to.clone(),
                href: scene.link("cases", &[("person", &h.from)]),
                times: format::count(h.count),
                wait: h
                    .mean_wait_seconds
                    .map(format::span_text)
                    .unwrap_or_else(|| "–".into()),
            })
            .collect(),
        handovers_total: format::many(figures.handovers_total, "hand-over"),
        imports: imports.into_iter().map(brought).collect(),
        csv: format!("/api/v1/processes/{}/export/steps.csv{query}", scene.slug()),
        sources,
    };
    scene.render("steps", body).await
}

async fn sources(
    app: &App,
    actor: &Actor,
    process: &str,
) -> Result<Vec<(String, String)>, Problem> {
    if !actor.is_at_least(Role::Owner) {
        return Ok(Vec::new());
    }
    let all = app.desk.connect().list().await?.into_iter();
    let of = all.filter(|c| c.row.what == SOURCE && c.row.process.as_deref() == Some(process));
    Ok(of.map(|c| (c.row.id, c.row.name)).collect())
}

fn end_rule(rule: &mining::figures::EndRule) -> String {
    use mining::figures::EndRule;
    match rule {
        EndRule::Outcome => "A case is open until it is won or lost.".into(),
        EndRule::FinalActivities { activities } => format!(
            "A case is over when its last activity is {}.",
            activities.join(" or ")
        ),
        EndRule::Silence { days } => format!(
            "A case is over when nothing happened on it for {}.",
            format::days(*days)
        ),
        EndRule::Always => "The log has no times, so every case counts as over.".into(),
    }
}

fn place_of(steps: &Steps, activity: &str) -> String {
    let has = |list: &[String]| list.iter().any(|a| a == activity);
    if has(&steps.won) {
        "won".into()
    } else if has(&steps.lost) {
        "lost".into()
    } else {
        steps
            .steps
            .iter()
            .position(|s| has(&s.activities))
            .map_or("none".into(), |i| i.to_string())
    }
}

fn told(changes: &str, number: i64) -> String {
    let changes: Changes = serde_json::from_str(changes).unwrap_or_default();
    match (changes.told(), number) {
        (told, 1) if told.is_empty() => "First imported.".into(),
        (told, _) if told.is_empty() => "Changed.".into(),
        (told, _) => told,
    }
}

/// Reads the form: `name.N`, `order.N` for steps, `place.ACTIVITY` for activities.
pub async fn save(
    State(app): State<App>,
    Path(process): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    let loaded = app.library.load(&process).await?;
    let get = |key: &str| form.iter().find(|(k, _)| k == key).map(|(_, v)| v.trim());
    let mut order: Vec<(i64, usize, String)> = Vec::new();
    for i in 0..=loaded.steps.steps.len() {
        let Some(name) = get(&format!("name.{i}")).filter(|n| !n.is_empty()) else {
            continue;
        };
        let position = get(&format!("order.{i}"))
            .and_then(|o| o.parse().ok())
            .unwrap_or(i as i64 + 1);
        order.push((position, i, name.to_string()));
    }
    order.sort();
    let mut steps = Steps {
        rule: StepRule::Owner,
        ..Steps::default()
    };
    steps.steps = order
        .iter()
        .map(|(_, _, name)| Step {
            name: name.clone(),
            activities: Vec::new(),
        })
        .collect();
    for activity in loaded.log.activities.iter() {
        let place = get(&format!("place.{activity}"))
            .map_or_else(|| place_of(&loaded.steps, activity), str::to_string);
        match place.as_str() {
            "won" => steps.won.push(activity.into()),
            "lost" => steps.lost.push(activity.into()),
            number => {
                let at = number
                    .parse::<usize>()
                    .ok()
                    .and_then(|n| order.iter().position(|(_, i, _)| *i == n));
                if let Some(at) = at {
                    steps.steps[at].activities.push(activity.into());
                }
            }
        }
    }
    if steps.steps.is_empty() {
        return Err(Problem::bad_request(
            "A process needs at least one step.",
            "Give a step a name.",
        )
        .into());
    }
    app.library
        .set_steps(&loaded.row.id, steps, "owner")
        .await?;
    Ok(Redirect::to(&format!("/p/{}/steps", loaded.row.slug)))
}

pub async fn undo(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Redirect, PageError> {
    let row = app.library.process(&process).await?;
    app.library.undo_steps(&row.id, "owner").await?;
    Ok(Redirect::to(&format!("/p/{}/steps", row.slug)))
}
