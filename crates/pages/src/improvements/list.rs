//! The ledger: all improvements of a process on one axis, and what they add up to.

use super::charts::{self, Bar};
use super::tabs::{Beam, BeamStep, address};
use super::{aside, sign};
use crate::error::{PageError, page as render};
use crate::process::Query;
use crate::shell::Shell;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::Actor;
use mining::figures::Figures;
use mining::time::Micros;
use service::app::App;
use service::improvements::{CATALOGUE, Ledger, Mark, Measure, Rethink, Sum, Summary};
use service::processes::filter_query::{Asked, encode};
use store::goals::GoalRow;

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    shell: Shell,
    slug: String,
    title: String,
    meta: String,
    beam: Beam,
    chart: String,
    goals: Vec<GoalCard>,
    filters: Vec<(String, String, bool)>,
    steps: Vec<(String, bool)>,
    tools: Vec<(&'static str, &'static str, bool)>,
    goal_names: Vec<(String, bool)>,
    verdict: String,
    rows: Vec<Row>,
    ticks: Vec<String>,
    unit: &'static str,
    rethink: Rethink,
    is_empty: bool,
}

pub struct GoalCard {
    pub href: String,
    pub name: String,
    /// How far, in percent; `None` where it cannot be said.
    pub progress: Option<u32>,
    pub told: String,
}

struct Row {
    href: String,
    name: String,
    icon: &'static str,
    mark: &'static str,
    sign: &'static str,
    said: &'static str,
    aside: String,
    step: String,
    teams: Vec<bool>,
    teams_told: String,
    since: String,
    bar: Option<Bar>,
    goal: String,
    measure: &'static str,
    stale: bool,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path(process): Path<String>,
    crate::asked::Query(query): crate::asked::Query<Query>,
) -> Result<Html<String>, PageError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let row = &view.process.row;
    let ledger = app.improvements.ledger(&row.id).await?;
    let goals = app.improvements.goals(&row.id).await?;
    let versions = app.library.versions(&row.id).await?;
    // A record that runs ahead of the clock, as a simulated one may, tells what day it is.
    let now = app
        .library
        .clock()
        .now()
        .max(view.figures.counts.as_of.unwrap_or(0));
    let asked = |key: &str| {
        let found = query.iter().find(|(k, v)| k == key && !v.is_empty());
        found.map(|(_, v)| v.clone()).unwrap_or_default()
    };
    let (verdict, step, tool, goal) = (
        asked("verdict"),
        asked("step"),
        asked("tool"),
        asked("goal"),
    );
    let fits = |s: &&Summary| {
        (verdict.is_empty() || Mark::parse(&verdict) == Some(s.mark))
            && (step.is_empty() || s.imp.step == step)
            && (tool.is_empty() || s.imp.tool.word() == tool)
            && (goal.is_empty() || s.goal.as_deref() == Some(goal.as_str()))
    };
    let chosen: Vec<&Summary> = ledger.all.iter().filter(fits).collect();
    let reach = chosen
        .iter()
        .filter(|s| s.imp.measure.is_days())
        .filter_map(|s| s.shown())
        .map(|(e, low, high)| {
            e.abs()
                .max(low.abs().min(e.abs() * 3.0))
                .max(high.abs().min(e.abs() * 3.0))
        })
        .fold(1.0, f64::max)
        .ceil();
    let link = |mark: &str| {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (key, value) in [
            ("verdict", mark),
            ("step", &step),
            ("tool", &tool),
            ("goal", &goal),
        ] {
            if !value.is_empty() {
                pairs.push((key.into(), value.into()));
            }
        }
        format!("/p/{}/improvements?{}", row.slug, encode(&pairs))
    };
    let mut filters = vec![(
        format!("All {}", ledger.all.len()),
        link(""),
        verdict.is_empty(),
    )];
    for mark in [
        Mark::Better,
        Mark::Open,
        Mark::Same,
        Mark::Worse,
        Mark::Void,
        Mark::Planned,
    ] {
        let n = ledger.count(mark);
        if n > 0 {
            filters.push((
                format!("{} {n}", mark.said()),
                link(mark.word()),
                verdict == mark.word(),
            ));
        }
    }
    let mut step_names: Vec<String> = ledger.all.iter().map(|s| s.imp.step.clone()).collect();
    step_names.sort();
    step_names.dedup();
    let goal_line = goals.iter().find_map(|g| days_to_go(g, &view.figures));
    render(LedgerPage {
        shell: Shell::new(
            &app,
            &actor,
            "Improvements",
            "improvements",
            Some((&row.name, &row.slug)),
        )
        .await?,
        title: title(&ledger),
        meta: meta(&ledger),
        beam: beam(&row.slug, &ledger, &view.figures, now),
        chart: charts::adding(
            &ledger.adding,
            goal_line
                .as_ref()
                .map(|(name, days)| (name.as_str(), *days)),
            now,
        ),
        goals: goals
            .iter()
            .map(|g| card(&row.slug, g, &ledger, &view.figures))
            .collect(),
        filters,
        steps: step_names
            .into_iter()
            .map(|s| (s.clone(), s == step))
            .collect(),
        tools: CATALOGUE
            .map(|t| (t.word(), t.name(), t.word() == tool))
            .to_vec(),
        goal_names: goals
            .iter()
            .map(|g| (g.name.clone(), g.name == goal))
            .collect(),
        rows: chosen
            .iter()
            .map(|s| self::row(&row.slug, s, reach, now))
            .collect(),
        ticks: Bar::of(Measure::DaysInStep, (0.0, -reach, reach), Some(reach)).ticks,
        unit: "d",
        rethink: Rethink::of(&view, &ledger, &versions, now),
        is_empty: ledger.all.is_empty(),
        slug: row.slug.clone(),
        verdict,
    })
}

fn row(slug: &str, one: &Summary, reach: f64, now: Micros) -> Row {
    let imp = &one.imp;
    let have = imp.having(now);
    let teams: Vec<bool> = (0..imp.teams.len()).map(|i| i < have).collect();
    let reach = imp.measure.is_days().then_some(reach);
    Row {
        href: address(slug, &imp.id),
        name: imp.name.clone(),
        icon: imp.tool.icon(),
        mark: one.mark.word(),
        sign: sign(one.mark),
        said: one.mark.said(),
        aside: aside(one),
        step: imp.step.clone(),
        teams_told: format!("{have} of {} teams", imp.teams.len()),
        teams,
        since: match (imp.ended, imp.since()) {
            (Some(ended), _) => format!("out since {}", format::day_month(ended)),
            (None, Some(since)) => format::day_month(since),
            _ => String::new(),
        },
        bar: one.shown().map(|shown| Bar::of(imp.measure, shown, reach)),
        goal: one.goal.clone().unwrap_or_default(),
        measure: imp.measure.name(),
        stale: !one.current,
    }
}

pub fn sum_text(sum: &Sum) -> String {
    let days = format!("{:.1} days", sum.days.abs());
    if sum.days < 0.0 {
        format!("{days} off a case")
    } else {
        format!("{days} added to a case")
    }
}

fn title(ledger: &Ledger) -> String {
    match ledger.sum() {
        _ if ledger.all.is_empty() => "Improvements".into(),
        // Only where the interval leaves none out is a number a headline.
        Some(sum) if sum.high < 0.0 || sum.low > 0.0 => {
            let many = if ledger.all.len() > 3 {
                "Many small changes"
            } else {
                "Small changes"
            };
            format!("{many}, {}", sum_text(&sum))
        }
        _ => "Improvements: nothing proven yet in sum".into(),
    }
}

fn meta(ledger: &Ledger) -> String {
    if ledger.all.is_empty() {
        return "Nothing plugged in yet. Look for the longest wait first.".into();
    }
    let count = |mark| ledger.count(mark);
    let plural = |n: usize, one: &str, many: &str| {
        if n == 1 {
            format!("One {one}")
        } else {
            format!("{n} {many}")
        }
    };
    let started = ledger.all.len() - count(Mark::Planned);
    let mut told = format!(
        "{} of {started} plugs {} proven to help.",
        count(Mark::Better),
        if count(Mark::Better) == 1 {
            "has"
        } else {
            "have"
        }
    );
    if count(Mark::Worse) > 0 {
        told += &format!(
            " {} things worse.",
            plural(count(Mark::Worse), "made", "made")
        );
    }
    if count(Mark::Open) > 0 {
        told += &format!(
            " {} still measured.",
            plural(count(Mark::Open), "is", "are")
        );
    }
    if count(Mark::Void) > 0 {
        told += &format!(" {} no verdict.", plural(count(Mark::Void), "has", "have"));
    }
    told
}

/// The effect proven at each step, and what is plugged in.
fn beam(slug: &str, ledger: &Ledger, figures: &Figures, now: Micros) -> Beam {
    let mut told = Vec::new();
    let steps = figures
        .steps
        .iter()
        .map(|step| {
            let proven: Vec<&Summary> = ledger
                .all
                .iter()
                .filter(|s| s.imp.step == step.name && s.imp.measure == Measure::DaysInStep)
                .filter(|s| s.mark == Mark::Better && s.imp.ended.is_none())
                .collect();
            let (tabs, more) = Beam::tabs_with_effect(slug, ledger, &step.name, now);
            let mut shown = BeamStep {
                name: step.name.clone(),
                href: format!(
                    "/p/{slug}/map?{}",
                    encode(&[("panel".into(), step.name.clone())])
                ),
                mortise: tabs.is_empty().then(|| plug_address(slug, &step.name)),
                tabs,
                more,
                ..BeamStep::default()
            };
            match proven.as_slice() {
                [] => shown.quiet = "nothing proven yet".into(),
                all => {
                    let parts: Vec<(f64, f64, f64)> =
                        all.iter().filter_map(|s| s.shown()).collect();
                    let sum: f64 = parts.iter().map(|p| p.0).sum();
                    told.push(format!("{:.1} days at {}", sum.abs(), step.name));
                    shown.figure = charts::signed(sum, 1);
                    shown.unit = "d";
                    // At one step the errors may go together, so the ends are added.
                    let (low, high) = parts.iter().fold((0.0, 0.0), |a, p| (a.0 + p.1, a.1 + p.2));
                    shown.beside = if high <= 0.0 {
                        format!("{:.1} to {:.1}", -high, -low)
                    } else {
                        format!("{} to {}", charts::signed(low, 1), charts::signed(high, 1))
                    };
                }
            }
            shown
        })
        .collect();
    Beam {
        label: format!("Process strip, {} steps", figures.steps.len()),
        summary: if told.is_empty() {
            "Nothing is proven at any step yet.".into()
        } else {
            format!("Proven to save: {}.", told.join(", "))
        },
        class: "strip-sum",
        steps,
        legend: true,
    }
}

pub fn plug_address(slug: &str, step: &str) -> String {
    format!("/p/{slug}/plug?{}", encode(&[("step".into(), step.into())]))
}

/// Median days of a case from start to end now, for goals in days.
fn days_now(figures: &Figures) -> Option<f64> {
    figures
        .case_duration
        .as_ref()
        .map(|d| d.median_seconds / 86_400.0)
}

/// How far a goal in days still is: negative days to take off.
fn days_to_go(goal: &GoalRow, figures: &Figures) -> Option<(String, f64)> {
    let target = goal.target.filter(|_| goal.measure == "days")?;
    let go = target - days_now(figures)?;
    (go < 0.0).then(|| (format!("goal {} d", charts::signed(go, 1)), go))
}

pub fn card(slug: &str, goal: &GoalRow, ledger: &Ledger, figures: &Figures) -> GoalCard {
    let serving: Vec<&Summary> = ledger
        .all
        .iter()
        .filter(|s| s.imp.goal.as_deref() == Some(goal.id.as_str()))
        .collect();
    let plugs = match serving.len() {
        0 => "No plug serves it yet.".to_string(),
        1 => "One plug serves it.".to_string(),
        n => format!("{n} plugs serve it."),
    };
    let won = figures.counts.won as f64 / (figures.counts.won + figures.counts.lost).max(1) as f64;
    let (progress, told) = match (goal.measure.as_str(), goal.target) {
        ("days", Some(target)) => match days_now(figures) {
            Some(now) => (
                Some((target / now.max(1e-9) * 100.0).min(100.0) as u32),
                format!(
                    "{now:.1} days now (median of cases that ended), target {target:.0}. {plugs}"
                ),
            ),
            None => (None, format!("No case has ended yet. {plugs}")),
        },
        ("won", Some(target)) => {
            let share = if target > 1.0 { target / 100.0 } else { target };
            (
                Some((won / share.max(1e-9) * 100.0).min(100.0) as u32),
                format!(
                    "{} won now, target {}. {plugs}",
                    format::percent(won),
                    format::percent(share)
                ),
            )
        }
        _ => (None, plugs),
    };
    GoalCard {
        href: format!("/p/{slug}/goals/{}", goal.id),
        name: goal.name.clone(),
        progress,
        told,
    }
}
