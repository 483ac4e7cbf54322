//! The Map tab: the moves between activities, as many as a person can read.

use super::{Query, Scene};
use crate::error::PageError;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::Actor;
use mining::figures::{StandOut, StandOutReason};
use mining::model::bpmn::ProcessModel;
use service::app::App;
use service::improvements::{self, frictions};
use service::map::{self, Drawn, drawing};
use service::processes::filter_query;

/// Where time or cases are lost, and what to try there.
struct Friction {
    what: String,
    cost: String,
    href: String,
    button: String,
    /// Address of the form that plugs in what is named, and why that.
    plug: Option<(String, String)>,
    taken: String,
}

impl Friction {
    fn of(scene: &Scene, found: &improvements::Friction) -> Friction {
        let (what, cost, href, button) = told(scene, &found.found);
        let plug = found.step.as_ref().map(|step| {
            let pairs = [
                ("step", step.as_str()),
                ("tool", found.tool.word()),
                ("measure", found.measure.word()),
            ]
            .map(|(k, v)| (k.to_string(), v.to_string()));
            let query = filter_query::encode(&pairs);
            let why = format!("{}: {}.", found.tool.name(), found.why);
            (format!("/p/{}/plug?{query}", scene.slug()), why)
        });
        Friction {
            what,
            cost,
            href,
            button,
            plug,
            taken: found.taken.clone().unwrap_or_default(),
        }
    }
}

/// A step with its slowest moves.
struct SlowStep {
    step: String,
    moves: Vec<SlowMove>,
}

struct SlowMove {
    name: String,
    times: String,
    wait: String,
}

#[derive(Template)]
#[template(path = "map.html")]
struct MapTab {
    /// The process as its author drew it, when that is what is asked for.
    as_drawn: Option<String>,
    /// Both ways to see it, when there is a drawing: name, address, whether it is this one.
    views: Vec<(&'static str, String, bool)>,
    has_cases: bool,
    slug: String,
    detail: u32,
    hidden: Vec<(String, String)>,
    drawn: Drawn,
    rework: String,
    standouts: Vec<Friction>,
    phone: Vec<SlowStep>,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let detail = scene
        .asked("detail")
        .and_then(|d| d.parse().ok())
        .unwrap_or_else(|| map::default_detail(&scene.view.figures))
        .min(100);
    let link = |from: &str, to: &str| scene.link("cases", &[("edge_from", from), ("edge_to", to)]);
    let drawn = map::draw(
        &scene.view.figures,
        detail,
        Some(scene.selected()),
        Some(&link),
    );
    let drawing = drawing_of(&scene).await?;
    let ledger = scene
        .app
        .improvements
        .ledger(&scene.view.process.row.id)
        .await?;
    let has_cases = !scene.view.process.log.case_name.is_empty();
    let wants_drawing = drawing.is_some() && (scene.asked("view") == Some("drawn") || !has_cases);
    let body = MapTab {
        views: match (&drawing, has_cases) {
            (Some(_), true) => vec![
                ("As it runs", scene.link("map", &[]), !wants_drawing),
                (
                    "As drawn",
                    scene.link("map", &[("view", "drawn")]),
                    wants_drawing,
                ),
            ],
            _ => Vec::new(),
        },
        as_drawn: drawing.filter(|_| wants_drawing),
        has_cases,
        slug: scene.slug().into(),
        detail,
        hidden: scene.pairs(),
        rework: format::percent(
            scene.view.figures.rework.repeat_cases as f64
                / scene.view.figures.counts.cases.max(1) as f64,
        ),
        standouts: frictions(&scene.view.figures, &ledger, 12)
            .iter()
            .filter(|f| {
                let of_people = matches!(f.found.reason, StandOutReason::HandOver { .. });
                scene.individual.is_shown() || !of_people
            })
            .take(5)
            .map(|f| Friction::of(&scene, f))
            .collect(),
        phone: slowest(&scene),
        drawn,
    };
    scene.render("map", body).await
}

/// The pinned model as it was drawn, with the figures of the cases shown.
async fn drawing_of(scene: &Scene) -> Result<Option<String>, PageError> {
    let link = |activity: &str| scene.link("cases", &[("activity", activity)]);
    let model = model_of(scene).await?;
    Ok(model.and_then(|m| drawing::draw(&m, &scene.view.figures, Some(&link))))
}

async fn model_of(scene: &Scene) -> Result<Option<ProcessModel>, PageError> {
    let Some(row) = scene.app.library.model(&scene.view.process.row.id).await? else {
        return Ok(None);
    };
    let source = mining::source::Source::bytes(row.bpmn.as_bytes());
    let read = mining::readers::bpmn::read(&source, &mining::source::Progress::default());
    Ok(Some(read?))
}

/// The map as a picture that stands alone.
pub async fn svg_file(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Response, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let detail = scene
        .asked("detail")
        .and_then(|d| d.parse().ok())
        .unwrap_or_else(|| map::default_detail(&scene.view.figures))
        .min(100);
    // Without cases there are no moves to draw; what its author drew is the picture then.
    let has_cases = !scene.view.process.log.case_name.is_empty();
    let drawn = match model_of(&scene).await? {
        Some(model) if !has_cases => drawing::file(&model, &scene.view.figures),
        _ => None,
    };
    let svg = drawn.unwrap_or_else(|| map::file(&scene.view.figures, detail));
    let name = format!(
        "attachment; filename=\"{}-map.svg\"",
        scene
            .slug()
            .chars()
            .filter(char::is_ascii)
            .collect::<String>()
    );
    Ok((
        [
            (header::CONTENT_TYPE, "image/svg+xml".to_string()),
            (header::CONTENT_DISPOSITION, name),
        ],
        svg,
    )
        .into_response())
}

/// For narrow screens: each step with its slowest moves.
fn slowest(scene: &Scene) -> Vec<SlowStep> {
    let figures = &scene.view.figures;
    let steps = figures.steps.iter().enumerate().map(|(i, step)| {
        let mut moves: Vec<_> = figures
            .edges
            .iter()
            .filter(|e| {
                figures.activities[e.from_activity as usize].step == Some(i) && e.wait.is_some()
            })
            .collect();
        moves.sort_by(|a, b| {
            let cost = |e: &mining::figures::EdgeFigures| {
                e.wait.as_ref().map_or(0.0, |w| w.median_seconds) * (e.count as f64).sqrt()
            };
            cost(b).total_cmp(&cost(a))
        });
        let moves = moves.iter().take(3).map(|e| SlowMove {
            name: format!("{} → {}", e.from, e.to),
            times: format::count(e.count as i64),
            wait: e
                .wait
                .as_ref()
                .map(|w| format::span_text(w.median_seconds))
                .unwrap_or_default(),
        });
        SlowStep {
            step: step.name.clone(),
            moves: moves.collect(),
        }
    });
    steps.collect()
}

/// A friction in words: what, how much, where to look, and what the button says.
fn told(scene: &Scene, s: &StandOut) -> (String, String, String, String) {
    let edge = |from: &str, to: &str| scene.link("cases", &[("edge_from", from), ("edge_to", to)]);
    let times = |n: u64| format::many(n, "time");
    let (what, link) = match &s.reason {
        StandOutReason::LongWait {
            from,
            to,
            median_days,
            ..
        } => (
            format!("{to} comes {} after {from}.", format::days(*median_days)),
            edge(from, to),
        ),
        StandOutReason::Repeated { activity, times: n } => (
            format!("{activity} is repeated {}.", times(*n)),
            edge(activity, activity),
        ),
        StandOutReason::GoesBack { from, to, times: n } => (
            format!("A case goes back from {from} to {to} {}.", times(*n)),
            edge(from, to),
        ),
        StandOutReason::Losses { step, lost, share } => (
            format!(
                "{} stopped at {step}, {} of those that were there.",
                format::many(*lost, "case"),
                format::percent(*share)
            ),
            scene.link("cases", &[("step", step)]),
        ),
        StandOutReason::HandOver {
            from,
            to,
            times: n,
            mean_days,
        } => (
            format!(
                "{from} hands over to {to} {}, with {} between.",
                times(*n),
                format::days(*mean_days)
            ),
            scene.link("cases", &[("person", from)]),
        ),
    };
    let cost = format!(
        "{}, {} in all.",
        format::many(s.cases, "case"),
        format::many(s.cost_case_days.round() as i64, "case-day")
    );
    (what, cost, link, "See the cases".into())
}
