//! The Variants tab: the ways cases take, most usual first.

use super::{Query, Scene};
use crate::error::PageError;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::Actor;
use service::app::App;

#[derive(Template)]
#[template(path = "variants.html")]
struct VariantsTab {
    rows: Vec<Row>,
    shown: String,
    total: String,
    has_outcome: bool,
    all: Option<String>,
}

struct Row {
    href: String,
    id: String,
    cases: String,
    told: String,
    share: String,
    width: f64,
    duration: String,
    won: String,
    open: String,
    chips: Vec<(String, String, u32)>,
    more: usize,
}

/// Activities of a variant shown at most.
const CHIPS: usize = 16;
/// Variants on a page, and with `all=1`.
const ROWS: usize = 40;

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let figures = &scene.view.figures;
    let most = figures.variants.shown.first().map_or(1, |v| v.cases).max(1) as f64;
    let step_of = |name: &str| {
        figures
            .activities
            .iter()
            .find(|a| a.name == name)
            .and_then(|a| a.step)
    };
    let rows = figures
        .variants
        .shown
        .iter()
        .take(if scene.asked("all").is_some() {
            usize::MAX
        } else {
            ROWS
        })
        .map(|v| {
            let mut chips: Vec<(String, u32, u32)> = Vec::new();
            for activity in &v.activities {
                match chips.last_mut() {
                    Some((name, _, times)) if name == activity => *times += 1,
                    _ => chips.push((
                        activity.clone(),
                        step_of(activity).map_or(9, |s| s as u32 % 5),
                        1,
                    )),
                }
            }
            Row {
                href: scene.link("cases", &[("variant", &v.id)]),
                id: v.id[..6].to_string(),
                cases: format::count(v.cases as i64),
                told: format::many(v.cases, "case"),
                share: format::percent(v.share),
                width: v.cases as f64 / most * 100.0,
                duration: v
                    .duration
                    .as_ref()
                    .map(|d| format::span_text(d.median_seconds))
                    .unwrap_or_else(|| "–".into()),
                won: v
                    .won_share
                    .map(format::percent)
                    .unwrap_or_else(|| "–".into()),
                open: format::count(v.open as i64),
                more: chips.len().saturating_sub(CHIPS),
                chips: chips
                    .into_iter()
                    .take(CHIPS)
                    .map(|(name, step, times)| {
                        (
                            name,
                            if times > 1 {
                                format!("×{times}")
                            } else {
                                String::new()
                            },
                            step,
                        )
                    })
                    .collect(),
            }
        });
    let body = VariantsTab {
        rows: rows.collect(),
        all: (scene.asked("all").is_none() && figures.variants.shown.len() > ROWS)
            .then(|| scene.link("variants", &[("all", "1")])),
        shown: format::count(
            figures
                .variants
                .shown
                .len()
                .min(if scene.asked("all").is_some() {
                    usize::MAX
                } else {
                    ROWS
                }) as i64,
        ),
        total: format::count(figures.variants.total as i64),
        has_outcome: figures.counts.won > 0,
    };
    scene.render("variants", body).await
}
