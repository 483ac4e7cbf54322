//! The Cases tab: one row a case, those that wait longest first.

use super::panel::urlencode;
use super::{Query, Scene};
use crate::error::PageError;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::Actor;
use mining::figures::{CaseOrder, CaseState, case_list};
use service::app::App;

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesTab {
    rows: Vec<Row>,
    total: String,
    from: String,
    to: String,
    previous: Option<String>,
    next: Option<String>,
    orders: Vec<(&'static str, String, bool)>,
    search: String,
    hidden: Vec<(String, String)>,
    slug: String,
    csv: String,
    has_teams: bool,
}

struct Row {
    href: String,
    name: String,
    state: &'static str,
    step: String,
    waiting: String,
    started: String,
    duration: String,
    events: String,
    team: String,
}

const PAGE: usize = 50;
const ORDERS: [(&str, &str, CaseOrder); 4] = [
    ("waiting", "Waiting longest", CaseOrder::Waiting),
    ("age", "Oldest", CaseOrder::Age),
    ("duration", "Longest", CaseOrder::Duration),
    ("name", "Name", CaseOrder::Name),
];

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let scene = Scene::open((app, actor), &process, query).await?;
    let asked = scene.asked("sort").unwrap_or("waiting");
    let (sort, _, order) = ORDERS
        .into_iter()
        .find(|(key, _, _)| *key == asked)
        .unwrap_or(ORDERS[0]);
    let offset: usize = scene
        .asked("offset")
        .and_then(|o| o.parse().ok())
        .unwrap_or(0);
    let search = scene.asked("q").unwrap_or_default().to_string();
    let process = &scene.view.process;
    let mut selection = scene.view.selection.clone();
    if !search.is_empty() {
        let wanted = search.to_lowercase();
        selection.cases.retain(|&case| {
            process
                .log
                .case_name(case as usize)
                .to_lowercase()
                .contains(&wanted)
        });
    }
    let list = case_list(
        &process.log,
        &process.steps,
        &selection,
        &scene.view.options,
        order,
        offset,
        PAGE,
    )
    .map_err(|e| service::processes::Problem::bad_request(e.to_string(), "Change the calendar."))?;
    let steps = &scene.view.figures.steps;
    let rows: Vec<Row> = list
        .rows
        .iter()
        .map(|r| Row {
            href: format!("/p/{}/case/{}", scene.slug(), urlencode(&r.name)),
            name: r.name.clone(),
            state: match r.state {
                CaseState::Open => "Open",
                CaseState::Ended => "Ended",
                CaseState::Won => "Won",
                CaseState::Lost => "Lost",
            },
            step: r
                .step
                .and_then(|s| steps.get(s))
                .map(|s| s.name.clone())
                .unwrap_or_default(),
            waiting: r.waiting_days.map(format::days).unwrap_or_default(),
            started: r.started.map(format::date).unwrap_or_default(),
            duration: r
                .duration_seconds
                .map(format::span_text)
                .unwrap_or_default(),
            events: format::count(r.events as i64),
            team: r.team.clone().unwrap_or_default(),
        })
        .collect();
    let total = list.total as usize;
    let at = |offset: usize| {
        scene.link(
            "cases",
            &[
                ("sort", sort),
                ("offset", &offset.to_string()),
                ("q", &search),
            ],
        )
    };
    let query = if scene.filter_query.is_empty() {
        String::new()
    } else {
        format!("?{}", scene.filter_query)
    };
    let body = CasesTab {
        total: format::count(total as i64),
        from: format::count((offset + 1).min(total) as i64),
        to: format::count((offset + rows.len()) as i64),
        previous: (offset > 0).then(|| at(offset.saturating_sub(PAGE))),
        next: (offset + rows.len() < total).then(|| at(offset + PAGE)),
        orders: ORDERS
            .into_iter()
            .map(|(key, name, _)| {
                (
                    name,
                    scene.link("cases", &[("sort", key), ("q", &search)]),
                    key == sort,
                )
            })
            .collect(),
        search,
        hidden: scene.pairs(),
        slug: scene.slug().into(),
        csv: format!("/api/v1/processes/{}/export/cases.csv{query}", scene.slug()),
        has_teams: !process.teams.is_empty(),
        rows,
    };
    scene.render("cases", body).await
}
