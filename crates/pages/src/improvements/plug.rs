//! Plugging in a tool: what, where, what for, which teams; the order by lot and what it can find out, before anything
//! starts.

use super::tabs::address;
use crate::asked::Form;
use crate::error::{PageError, page as render};
use crate::process::Query;
use crate::shell::Shell;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use service::app::App;
use service::improvements::{CATALOGUE, MEASURES, Outlook, Plug};
use service::processes::Problem;

#[derive(Template)]
#[template(path = "plug.html")]
struct PlugPage {
    shell: Shell,
    slug: String,
    steps: Vec<(String, bool)>,
    tools: Vec<(&'static str, &'static str, &'static str, &'static str, bool)>,
    measures: Vec<(&'static str, &'static str, &'static str, bool)>,
    goals: Vec<String>,
    teams: Vec<(String, String, bool)>,
    plug: Plug,
    problem: Option<Problem>,
    outlook: Option<Outlook>,
    drawn: Vec<(String, String)>,
    horizon: String,
    washout: String,
    ends: String,
    first: String,
    seed: String,
    looks: Vec<(String, String)>,
    certifiable: String,
    orders: String,
    zone_unit: &'static str,
}

/// The form as a request; what is empty was left out.
fn read(pairs: &Query) -> Result<Plug, Problem> {
    let get = |key: &str| {
        pairs
            .iter()
            .find(|(k, v)| k == key && !v.trim().is_empty())
            .map(|(_, v)| v.trim().to_string())
    };
    let number = |key: &str| -> Result<Option<f64>, Problem> {
        get(key)
            .map(|t| {
                t.replace(',', ".").parse().map_err(|_| {
                    Problem::bad_request(
                        format!("\"{t}\" is no number (in \"{key}\")."),
                        "Write a number, such as 14.",
                    )
                })
            })
            .transpose()
    };
    let whole = |key: &str| -> Result<Option<u64>, Problem> {
        get(key)
            .map(|t| {
                t.parse().map_err(|_| {
                    Problem::bad_request(
                        format!("\"{t}\" is no whole number (in \"{key}\")."),
                        "Write a number, such as 2.",
                    )
                })
            })
            .transpose()
    };
    let small = |key: &str| -> Result<Option<u32>, Problem> {
        Ok(whole(key)?.map(|n| u32::try_from(n).unwrap_or(u32::MAX)))
    };
    let all = |key: &str| {
        let of = pairs
            .iter()
            .filter(|(k, v)| k == key && !v.trim().is_empty());
        of.map(|(_, v)| v.trim().to_string()).collect::<Vec<_>>()
    };
    let given: Vec<String> = get("given")
        .map(|text| {
            text.lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .map(str::to_string)
                .collect()
        })
        .unwrap_or_default();
    Ok(Plug {
        step: get("step").unwrap_or_default(),
        tool: get("tool").unwrap_or_else(|| "ask".into()),
        name: get("name"),
        link: get("link"),
        // What a desk is for is answering; everything else is looked at in days.
        measure: get("measure").unwrap_or_else(|| match get("tool").as_deref() {
            Some("desk") => "first-reply".into(),
            _ => "days-in-step".into(),
        }),
        goal: get("goal"),
        teams: all("team"),
        seed: whole("seed")?,
        first: get("first"),
        every_weeks: small("every_weeks")?,
        at_once: whole("at_once")?.map(|n| n as usize),
        never: whole("never")?.map(|n| n as usize),
        given_by_lot: get("given_by_lot").is_some(),
        given,
        horizon_days: number("horizon_days")?,
        washout_days: number("washout_days")?,
        weeks_after: small("weeks_after")?,
        zone: number("zone")?,
        unchanged_points: number("unchanged_points")?,
    })
}

/// The form, with what it would give. Nothing is kept.
pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let plug = read(&query)?;
    show((app, actor), &process, plug, None).await
}

/// Plans it.
pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    Form(form): Form<Query>,
) -> Result<Response, PageError> {
    let plug = read(&form)?;
    match app.improvements.plug(&process, &plug, actor.id()).await {
        Ok(imp) => {
            let row = app.library.process(&process).await?;
            Ok(Redirect::to(&address(&row.slug, &imp.id)).into_response())
        }
        // What was filled in stays.
        Err(problem) if problem.status == 400 => {
            let page = show((app, actor), &process, plug, Some(problem)).await?;
            Ok((axum::http::StatusCode::BAD_REQUEST, page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn show(
    (app, actor): (App, Actor),
    process: &str,
    mut plug: Plug,
    problem: Option<Problem>,
) -> Result<Html<String>, PageError> {
    let loaded = app.library.load(process).await?;
    let row = &loaded.row;
    let steps: Vec<String> = loaded.steps.steps.iter().map(|s| s.name.clone()).collect();
    if plug.step.is_empty() {
        plug.step = steps.first().cloned().unwrap_or_default();
    }
    let mut tried = plug.clone();
    // A tool of one's own that has no name yet can still be looked ahead for.
    tried.name = Some(tried.name.unwrap_or_else(|| "A tool".into()));
    let (proposed, problem) = match app.improvements.propose(process, &tried, actor.id()).await {
        Ok(proposed) => (Some(proposed), problem),
        Err(wrong) if wrong.status == 400 => (None, problem.or(Some(wrong))),
        Err(wrong) => return Err(wrong.into()),
    };
    let goals = app.improvements.goals(&row.id).await?;
    let judged = service::improvements::Measure::parse(&plug.measure).map(|m| m.judged());
    let mut page = PlugPage {
        shell: Shell::new(
            &app,
            &actor,
            "Plug in a tool",
            "improvements",
            Some((&row.name, &row.slug)),
        )
        .await?,
        slug: row.slug.clone(),
        steps: steps
            .into_iter()
            .map(|s| (s.clone(), s == plug.step))
            .collect(),
        tools: CATALOGUE
            .map(|t| {
                (
                    t.word(),
                    t.name(),
                    t.what(),
                    t.icon(),
                    t.word() == plug.tool,
                )
            })
            .to_vec(),
        measures: MEASURES
            .iter()
            .filter(|m| !loaded.steps.won.is_empty() || m.word() != "won")
            .map(|m| (m.word(), m.name(), m.wish(), m.word() == plug.measure))
            .collect(),
        goals: goals.into_iter().map(|g| g.name).collect(),
        teams: loaded
            .teams
            .iter()
            .map(|(name, cases)| {
                let on = plug.teams.is_empty() || plug.teams.contains(name);
                (name.clone(), format::count(*cases as i64), on)
            })
            .collect(),
        zone_unit: service::improvements::Measure::parse(&plug.measure)
            .map_or("days", |m| m.unit().name()),
        problem,
        outlook: None,
        drawn: Vec::new(),
        horizon: String::new(),
        washout: String::new(),
        ends: String::new(),
        first: String::new(),
        seed: plug.seed.map(|s| s.to_string()).unwrap_or_default(),
        looks: Vec::new(),
        certifiable: String::new(),
        orders: String::new(),
        plug,
    };
    if let Some(proposed) = proposed {
        let plan = &proposed.improvement.plan;
        page.horizon = format!("{:.0}", plan.horizon_days);
        page.washout = format!("{:.0}", plan.washout_days);
        page.ends = format::date(plan.ends);
        page.first = service::processes::filter_query::show_day(plan.first);
        page.seed = plan.seed.to_string();
        page.drawn = proposed
            .improvement
            .teams
            .iter()
            .map(|t| {
                let when = t
                    .planned
                    .map_or("waits, to compare with".into(), format::date);
                (t.team.clone(), when)
            })
            .collect();
        if let Some(judged) = judged {
            let amount = |e: f64| judged.with_unit(e, judged.decimals(e));
            let looks = &proposed.outlook.looks;
            let every = looks.len().div_ceil(6).max(1);
            page.looks = looks
                .iter()
                .rev()
                .step_by(every)
                .map(|(weeks, found)| {
                    (
                        format!("{:.0}", weeks.ceil()),
                        found.map_or("hardly any".into(), amount),
                    )
                })
                .collect();
            page.looks.reverse();
            page.certifiable = proposed.outlook.certifiable.map(amount).unwrap_or_default();
        }
        page.orders = match proposed.outlook.orders {
            Some(n) => format::count(n as i64),
            None => "more than can be counted".into(),
        };
        page.outlook = Some(proposed.outlook);
    }
    render(page)
}
