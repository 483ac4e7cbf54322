//! The Fit tab: how far cases run as the process says, and where they do not.

use super::{Query, Scene};
use crate::error::PageError;
use crate::weeks::{self, Weeks};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use base::format;
use base::identity::Actor;
use service::app::App;

#[derive(Template)]
#[template(path = "fit.html")]
struct FitTab {
    slug: String,
    query: String,
    has_cases: bool,
    on_path: String,
    cases: String,
    steps: Vec<(String, String, String, String)>,
    backs: Vec<(String, String, String, String)>,
    weeks: Option<Weeks>,
    model: Option<ModelFit>,
    bpmn: String,
}

struct ModelFit {
    origin: &'static str,
    name: String,
    since: String,
    broken: Option<String>,
    fitness: String,
    fitting: String,
    precision: String,
    unaligned: String,
    never_seen: Vec<String>,
    unknown: Vec<String>,
    deviations: Vec<(String, String, String)>,
    activities: Vec<(String, String, String, String)>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let fit = scene.app.library.fit(&scene.view).await?;
    let pipeline = &scene.view.pipeline;
    let count = |n: u64| format::count(n as i64);
    let share = |s: Option<f64>| s.map_or("–".into(), format::percent);
    let query = if scene.filter_query.is_empty() {
        String::new()
    } else {
        format!("?{}", scene.filter_query)
    };
    let body = FitTab {
        slug: scene.slug().into(),
        bpmn: format!(
            "/api/v1/processes/{}/export/process.bpmn{query}",
            scene.slug()
        ),
        query,
        has_cases: !scene.view.selection.is_empty(),
        on_path: share(pipeline.share_on_path),
        cases: format::many(pipeline.cases, "case"),
        steps: pipeline
            .steps
            .iter()
            .map(|s| {
                (
                    s.name.clone(),
                    count(s.visited),
                    count(s.skipped),
                    count(s.repeated),
                )
            })
            .collect(),
        backs: pipeline
            .step_backs
            .iter()
            .take(8)
            .map(|b| (b.from.clone(), b.to.clone(), count(b.cases), count(b.times)))
            .collect(),
        weeks: weeks::detours(&scene.view.figures.weekly_shares),
        model: fit.model.as_ref().map(|(row, report)| {
            let mut shown = ModelFit {
                origin: if row.origin == "imported" {
                    "imported"
                } else {
                    "found in the log and confirmed"
                },
                name: row.name.clone(),
                since: format::date_time(row.at),
                broken: report.as_ref().err().cloned(),
                fitness: String::new(),
                fitting: String::new(),
                precision: String::new(),
                unaligned: String::new(),
                never_seen: Vec::new(),
                unknown: Vec::new(),
                deviations: Vec::new(),
                activities: Vec::new(),
            };
            if let Ok(report) = report {
                shown.fitness = share(report.average_trace_fitness);
                shown.fitting = share(report.fitting);
                shown.precision = share(report.precision);
                shown.unaligned = if report.not_within_limit > 0 {
                    count(report.not_within_limit)
                } else {
                    String::new()
                };
                shown.never_seen = report.never_seen.clone();
                shown.unknown = report.not_in_model.clone();
                shown.deviations = report
                    .top_deviations
                    .iter()
                    .take(10)
                    .map(|d| (d.sentence.clone(), count(d.cases), format::percent(d.share)))
                    .collect();
                let off = report
                    .per_activity
                    .iter()
                    .filter(|a| a.skipped + a.extra > 0)
                    .take(15);
                shown.activities = off
                    .map(|a| {
                        (
                            a.name.clone(),
                            count(a.synchronous),
                            count(a.skipped),
                            count(a.extra),
                        )
                    })
                    .collect();
            }
            shown
        }),
    };
    scene.render("fit", body).await
}

/// Pins the model found in the cases shown.
pub async fn confirm(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Redirect, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    scene
        .app
        .library
        .confirm_model(&scene.view, "owner")
        .await?;
    Ok(Redirect::to(&format!("/p/{}/fit", scene.slug())))
}
