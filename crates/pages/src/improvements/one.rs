//! The page of one improvement: the sentence first, then everything it rests on.

use super::act::of_process;
use super::charts::{self, Bar};
use super::tabs::{Beam, BeamStep, address};
use super::{check_name, sign};
use crate::error::{PageError, page as render};
use crate::shell::Shell;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use base::format;
use base::identity::{Actor, Directory};
use mining::figures::Figures;
use mining::time::Micros;
use service::app::App;
use service::improvements::adoption::Adoption;
use service::improvements::{
    Decision, Improvement, Ledger, Mark, Measure, Report, Second, State as Stage, Summary, Tool,
};
use service::processes::filter_query::Asked;
use stats::checks::Status;
use stats::equivalence::Sameness;
use stats::verdict::Answer;
use store::events::Event;

#[derive(Template)]
#[template(path = "improvement.html")]
struct ImprovementPage {
    shell: Shell,
    slug: String,
    base: String,
    imp: Improvement,
    mark: Mark,
    sign: &'static str,
    head: Head,
    beam: Beam,
    /// What was found, and what belongs to it.
    sentence: String,
    besides: String,
    counted: String,
    bar: Option<Bar>,
    scale_words: Vec<String>,
    stale: bool,
    /// It could not be computed: why, and what to do.
    trouble: Option<String>,
    waiting: Vec<String>,
    can: Can,
    chart: String,
    points: Vec<(String, String, String, String)>,
    how: String,
    roll_out: String,
    order: String,
    departures: Vec<String>,
    unchanged: Vec<Kept>,
    unchanged_title: &'static str,
    zone: String,
    checks: Vec<Check>,
    whole: Vec<Second>,
    others: Vec<Second>,
    methods: Vec<Second>,
    uses: String,
    /// The curve of those who have used it, and what is known of them.
    taken_up: String,
    adoption: Vec<(String, String)>,
    used: Vec<(&'static str, String)>,
    per_user: String,
    /// Of Listen: where it is said what is listened to, and what it brings.
    listen: Option<(String, crate::listen::Part)>,
    cost: Vec<(&'static str, String)>,
    cost_values: [String; 3],
    accumulated: String,
    history: Vec<(String, String)>,
    said: Vec<(String, String)>,
    looks: Vec<(String, String, String, String)>,
    method: Vec<String>,
}

struct Head {
    title: String,
    meta: String,
}

/// What can be done now.
struct Can {
    start: bool,
    pause: bool,
    resume: bool,
    unplug: bool,
    plug_back: bool,
    extend: bool,
    advice: String,
}

struct Kept {
    name: String,
    before: String,
    now: String,
    style: String,
    label: String,
    answer: &'static str,
}

struct Check {
    name: &'static str,
    class: &'static str,
    sign: &'static str,
    status: &'static str,
    sentence: String,
    advice: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Path((process, id)): Path<(String, String)>,
) -> Result<Html<String>, PageError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let row = &view.process.row;
    let all = &app.improvements;
    let imp = of_process(all.find(&id).await?, &row.id)?;
    // A record that runs ahead of the clock, as a simulated one may, tells what day it is.
    let now = app
        .library
        .clock()
        .now()
        .max(view.figures.counts.as_of.unwrap_or(0));
    // A kept report is shown at once; what has changed since is computed beside.
    let (report, stale, trouble) = match all.latest(&imp).await? {
        _ if imp.state == Stage::Planned => (None, false, None),
        Some((report, true)) => (Some(report), false, None),
        Some((report, false)) => {
            let (again, imp) = (all.clone(), imp.clone());
            tokio::spawn(async move {
                if let Err(problem) = again.report(&imp).await {
                    tracing::warn!(
                        improvement = imp.id,
                        code = problem.code,
                        "report not renewed"
                    );
                }
            });
            (Some(report), true, None)
        }
        None => match all.report(&imp).await {
            Ok(report) => ((*report).clone().into(), false, None),
            Err(problem) if problem.status < 500 => (None, false, Some(problem.to_string())),
            Err(problem) => return Err(problem.into()),
        },
    };
    let ledger = all.ledger(&row.id).await?;
    let goals = all.goals(&row.id).await?;
    let goal = imp
        .goal
        .as_ref()
        .and_then(|g| goals.iter().find(|x| x.id == *g));
    let events = all.events(&id).await?;
    let directory = app.identity.directory().await?;
    let (uses, adoption) = all.used(&imp).await?;
    let mark = Mark::of(&imp, report.as_ref());
    let summary = Summary {
        imp: imp.clone(),
        report: report.clone(),
        current: !stale,
        mark,
        goal: goal.map(|g| g.name.clone()),
    };
    let shown = summary.shown();
    let bar = shown.map(|s| Bar::of(imp.measure, s, None));
    let verdict = report.as_ref().map(|r| &r.verdict);
    let judged = imp.measure.judged();
    let said = sentence(&imp, report.as_ref());
    render(ImprovementPage {
        shell: Shell::new(
            &app,
            &actor,
            &imp.name,
            "improvements",
            Some((&row.name, &row.slug)),
        )
        .await?,
        base: address(&row.slug, &imp.id),
        slug: row.slug.clone(),
        sign: sign(mark),
        head: Head {
            title: format!("{}, at {}", imp.name, imp.step),
            meta: meta(&imp, goal.map(|g| g.name.as_str()), now),
        },
        beam: beam(&row.slug, &ledger, &view.figures, &summary, now),
        sentence: lead(&said).0.into(),
        besides: lead(&said).1.into(),
        counted: counted(&imp, report.as_ref()),
        scale_words: scale_words(&imp, bar.as_ref()),
        bar,
        stale,
        trouble,
        waiting: imp
            .teams
            .iter()
            .filter(|t| t.start().is_none_or(|s| s > now))
            .map(|t| t.team.clone())
            .collect(),
        can: can(&imp, mark, verdict.map(|v| v.verdict), now),
        chart: report
            .as_ref()
            .map(|r| charts::event_study(r, imp.measure))
            .unwrap_or_default(),
        points: points(&imp, report.as_ref()),
        how: how_to_read(&imp),
        roll_out: charts::roll_out(&imp, report.as_ref(), now),
        order: order_told(&imp),
        departures: imp
            .teams
            .iter()
            .filter_map(|t| {
                let moved = format::date(t.moved?);
                let planned = t
                    .planned
                    .map_or("not at all".into(), |p| format!("on {}", format::date(p)));
                Some(format!(
                    "{} started on {moved}; the plan was {planned}.",
                    t.team
                ))
            })
            .collect(),
        unchanged: verdict
            .map(|v| v.unchanged.iter().map(kept).collect())
            .unwrap_or_default(),
        unchanged_title: unchanged_title(verdict),
        zone: format!("±{:.0}", imp.plan.unchanged_zone * 100.0),
        checks: verdict
            .map(|v| v.checks.iter().map(check).collect())
            .unwrap_or_default(),
        whole: report.as_ref().map(|r| r.whole.clone()).unwrap_or_default(),
        others: report
            .as_ref()
            .map(|r| r.others.clone())
            .unwrap_or_default(),
        methods: report
            .as_ref()
            .map(|r| r.methods.clone())
            .unwrap_or_default(),
        used: used(&uses),
        uses: charts::use_by_week(&uses),
        taken_up: adoption.as_ref().map(charts::taken_up).unwrap_or_default(),
        adoption: adoption.as_ref().map(adopted).unwrap_or_default(),
        per_user: per_user(&imp, report.as_ref()),
        listen: match imp.tool {
            Tool::Listen => {
                let brought = app.desk.brought(&row.id, &imp.step).await?;
                let part = crate::listen::part(&brought);
                Some((crate::listen::address(&row.slug, &imp.step), part))
            }
            _ => None,
        },
        cost: cost(&imp, report.as_ref(), now),
        cost_values: [
            imp.plan.cost.setup_hours,
            imp.plan.cost.weekly_hours,
            imp.plan.cost.minutes_a_case,
        ]
        .map(|n| n.map(|n| n.to_string()).unwrap_or_default()),
        accumulated: accumulated(&imp, report.as_ref()),
        history: events
            .iter()
            .rev()
            .map(|e| happened(e, &directory))
            .collect(),
        said: all
            .said(&id)
            .await?
            .into_iter()
            .take(60)
            .map(|r| (format::date(r.as_of), r.verdict.sentence))
            .collect(),
        looks: verdict
            .map(|v| {
                v.looks
                    .iter()
                    .rev()
                    .map(|l| {
                        let text = |n: Option<f64>| n.map_or("–".into(), |n| format!("{n:.2}"));
                        let effect = l.effect.map_or("–".into(), |e| {
                            format!("{} {}", judged.with_unit(e, 1), judged.direction(e))
                        });
                        let crossed = if l.crossed { " (stood out)" } else { "" };
                        (
                            format::date(l.until),
                            effect,
                            text(l.statistic) + crossed,
                            text(l.boundary),
                        )
                    })
                    .collect()
            })
            .unwrap_or_default(),
        method: method(&imp, report.as_ref()),
        mark,
        imp,
    })
}

fn meta(imp: &Improvement, goal: Option<&str>, now: Micros) -> String {
    let since = match (imp.state, imp.since(), imp.ended) {
        (_, Some(since), Some(ended)) => {
            format!(
                "Plugged in from {} to {}",
                format::date(since),
                format::date(ended)
            )
        }
        (Stage::Planned, Some(first), _) => {
            format!("Planned: the first team starts on {}", format::date(first))
        }
        (_, Some(first), _) if first > now => {
            format!("The first team starts on {}", format::date(first))
        }
        (_, Some(since), _) => format!("Plugged in since {}", format::date(since)),
        _ => "Planned".into(),
    };
    let mut told = format!(
        "{since}, by {}. It should improve: {}.",
        imp.created_by,
        imp.measure.name().to_lowercase()
    );
    if let Some(goal) = goal {
        told += &format!(" Goal: {goal}.");
    }
    if imp.state == Stage::Paused {
        told += " Paused: weeks of the pause are not counted.";
    }
    told
}

fn sentence(imp: &Improvement, report: Option<&Report>) -> String {
    match report {
        Some(report) => report.verdict.sentence.clone(),
        None => imp
            .plan
            .outlook
            .clone()
            .unwrap_or_else(|| "Nothing has started yet.".into()),
    }
}

/// The first sentence, and the others.
fn lead(said: &str) -> (&str, &str) {
    said.split_once(". ")
        .map_or((said, ""), |(first, rest)| (&said[..first.len() + 1], rest))
}

fn counted(imp: &Improvement, report: Option<&Report>) -> String {
    match report {
        None => format!("{} teams", imp.teams.len()),
        Some(r) if r.verdict.treated_cases == 0 => {
            format!(
                "No case that had it can be read yet: each is read {:.0} days after it entered",
                imp.plan.horizon_days
            )
        }
        Some(r) => format!(
            "{} cases in {} teams, compared with teams that did not have it yet; record read up to {}",
            format::count(r.verdict.treated_cases as i64),
            r.verdict.treated_teams,
            format::date(r.as_of)
        ),
    }
}

/// "4 days sooner", …, "no change", …, "2 later".
fn scale_words(imp: &Improvement, bar: Option<&Bar>) -> Vec<String> {
    let Some(bar) = bar else { return Vec::new() };
    let judged = imp.measure.judged();
    let unit = imp.measure.unit().name();
    let last = bar.ticks.len() - 1;
    bar.ticks
        .iter()
        .enumerate()
        .map(|(i, t)| match i {
            0 => format!(
                "{} {unit} {}",
                t.trim_start_matches('−'),
                judged.direction(-1.0)
            ),
            _ if t == "0" => "no change".into(),
            i if i == last => format!("{} {}", t.trim_start_matches('+'), judged.direction(1.0)),
            _ => t.trim_start_matches(['−', '+']).to_string(),
        })
        .collect()
}

fn can(imp: &Improvement, mark: Mark, answer: Option<Answer>, now: Micros) -> Can {
    let stage = imp.state;
    let waiting = imp
        .teams
        .iter()
        .filter(|t| t.start().is_none_or(|s| s > now))
        .count();
    let advice = match (stage, mark) {
        (Stage::Planned, _) => "Nothing has started. Tell the teams first, then start.".into(),
        (Stage::Unplugged, _) => "It was taken out. What was measured stays here.".into(),
        (_, Mark::Worse) => {
            "It made things worse. Unplugging it takes nothing away from the process.".into()
        }
        (_, Mark::Void) => "There is no verdict. See below what failed, and what to do.".into(),
        (_, Mark::Open) if answer.is_some() => {
            "Nothing needs to be decided yet. Stopping now would leave it open for good."
                .to_string()
        }
        _ if waiting > 0 => format!(
            "{waiting} {} not have it yet. If {} join, later effects can no longer be measured this way.",
            if waiting == 1 {
                "team does"
            } else {
                "teams do"
            },
            if waiting == 1 {
                "it should"
            } else {
                "they should"
            },
        ),
        _ => "All teams have it: later effects can no longer be measured.".into(),
    };
    Can {
        start: stage == Stage::Planned,
        pause: stage == Stage::Running,
        resume: stage == Stage::Paused,
        unplug: stage != Stage::Unplugged,
        plug_back: stage == Stage::Unplugged
            && imp.ended.is_some_and(|e| now - e < mining::time::DAY),
        extend: matches!(stage, Stage::Running | Stage::Planned) && waiting > 0,
        advice,
    }
}

/// The strip with this plug named and the others at rest; before and now at its step.
fn beam(slug: &str, ledger: &Ledger, figures: &Figures, one: &Summary, now: Micros) -> Beam {
    let report = one.report.as_ref();
    let steps = figures
        .steps
        .iter()
        .map(|step| {
            let here = step.name == one.imp.step;
            let (mut tabs, more) = Beam::tabs_with_effect(slug, ledger, &step.name, now);
            let own = address(slug, &one.imp.id);
            if here && !tabs.iter().any(|t| t.href == own) {
                tabs.insert(0, super::tabs::Tab::of(slug, one));
            }
            for tab in &mut tabs {
                tab.at_rest = tab.href != own;
            }
            let mut shown = BeamStep {
                name: step.name.clone(),
                href: format!(
                    "/p/{slug}/map?{}",
                    service::processes::filter_query::encode(&[(
                        "panel".into(),
                        step.name.clone()
                    )])
                ),
                selected: here,
                tabs,
                more,
                ..BeamStep::default()
            };
            match (
                here,
                report.and_then(|r| r.median_before),
                report.and_then(|r| r.median_now),
            ) {
                (true, before, Some(after)) => {
                    shown.was = before.map(|b| format!("{b:.1}")).unwrap_or_default();
                    shown.figure = format!("{after:.1}");
                    shown.unit = "d";
                    shown.beside = "median".into();
                }
                (true, _, None) => shown.quiet = "no median yet".into(),
                _ => {
                    shown.quiet = step
                        .time
                        .median_days
                        .map_or("no change expected".into(), |d| {
                            format!("{d:.1} d, no change expected")
                        });
                }
            }
            shown
        })
        .collect();
    Beam {
        label: format!("Process strip, {} steps", figures.steps.len()),
        summary: format!(
            "{} is plugged into {}: {}.",
            one.imp.name,
            one.imp.step,
            one.mark.meaning()
        ),
        class: "strip-focus",
        steps,
        legend: false,
    }
}

fn points(imp: &Improvement, report: Option<&Report>) -> Vec<(String, String, String, String)> {
    let k = charts::scale(imp.measure);
    let Some(report) = report else {
        return Vec::new();
    };
    report
        .verdict
        .event_study
        .iter()
        .map(|p| {
            let weeks = if p.from == p.to {
                charts::signed(p.from as f64, 0)
            } else {
                format!(
                    "{} to {}",
                    charts::signed(p.from as f64, 0),
                    charts::signed(p.to as f64, 0)
                )
            };
            let interval = if p.interval.low.is_finite() && p.interval.high.is_finite() {
                format!(
                    "{} to {}",
                    charts::signed(p.interval.low * k, 1),
                    charts::signed(p.interval.high * k, 1)
                )
            } else {
                "open".into()
            };
            (
                weeks,
                charts::signed(p.effect * k, 1),
                interval,
                format::count(p.cases.round() as i64),
            )
        })
        .collect()
}

fn how_to_read(imp: &Improvement) -> String {
    match imp.measure.judged().good() {
        stats::measure::Good::Less if imp.measure == Measure::DaysInStep => {
            "below zero is sooner".into()
        }
        stats::measure::Good::Less => "below zero is less, which is better".into(),
        stats::measure::Good::More => "above zero is more, which is better".into(),
    }
}

fn order_told(imp: &Improvement) -> String {
    if imp.plan.drawn && imp.plan.given {
        "The order was given as drawn by lot, before it was planned here: the start does not depend on how a team was doing.".into()
    } else if imp.plan.drawn {
        format!(
            "The order was drawn by lot on {}, so the start does not depend on how a team was doing. Seed {}.",
            format::date(imp.created),
            imp.plan.seed
        )
    } else {
        "The order was chosen, not drawn by lot: the verdict can only be observational.".into()
    }
}

fn kept(row: &stats::equivalence::Unchanged) -> Kept {
    let points = |v: f64| v * 100.0;
    let share = |v: Option<f64>| v.map_or("–".into(), format::percent);
    let reach = points(row.zone) * 2.0;
    let inside = |v: f64| v.clamp(-reach, reach);
    let (style, label) = match (row.difference, row.interval) {
        (Some(d), Some(i)) if i.low.is_finite() && i.high.is_finite() => (
            format!(
                "--min:{:.3};--max:{reach:.3};--lo:{:.3};--est:{:.3};--hi:{:.3};--zlo:{:.3};--zhi:{:.3}",
                -reach,
                inside(points(i.low)),
                inside(points(d)),
                inside(points(i.high)),
                -points(row.zone),
                points(row.zone)
            ),
            format!(
                "{} points, 90% interval {} to {}, zone {:.0} either way",
                charts::signed(points(d), 1),
                charts::signed(points(i.low), 1),
                charts::signed(points(i.high), 1),
                points(row.zone)
            ),
        ),
        _ => (String::new(), "Nothing can be compared yet".into()),
    };
    Kept {
        name: row.name.clone(),
        before: share(row.before),
        now: share(row.now),
        style,
        label,
        answer: match row.answer {
            Sameness::Same => "same",
            Sameness::Changed => "changed",
            Sameness::CannotTell => "can't tell",
        },
    }
}

fn unchanged_title(verdict: Option<&stats::verdict::Verdict>) -> &'static str {
    let Some(verdict) = verdict else {
        return "Did the process change?";
    };
    let any = |a: Sameness| verdict.unchanged.iter().any(|u| u.answer == a);
    if any(Sameness::Changed) {
        "The process changed too"
    } else if any(Sameness::CannotTell) {
        "Whether the process changed cannot be told in full"
    } else {
        "The process did not change"
    }
}

fn check(c: &stats::checks::Check) -> Check {
    let (class, sign, status) = match c.status {
        Status::Holds => ("is-better", "check", "Holds"),
        Status::Caution => ("is-open", "clock", "Caution"),
        Status::Fails => ("is-worse", "warn", "Fails"),
    };
    Check {
        name: check_name(c.kind),
        class,
        sign,
        status,
        sentence: c.sentence.clone(),
        advice: c.advice.clone().unwrap_or_default(),
    }
}

fn used(uses: &[store::uses::UseRow]) -> Vec<(&'static str, String)> {
    let Some(last) = uses.iter().map(|u| u.day).max() else {
        return Vec::new();
    };
    let recent = || {
        uses.iter()
            .filter(|u| last - u.day < 28 * mining::time::DAY)
    };
    let sum = |f: fn(&store::uses::UseRow) -> i64| recent().map(f).sum::<i64>();
    vec![
        (
            "Uses in the last four weeks",
            format::count(sum(|u| u.uses)),
        ),
        (
            "Cases it was used in, by day",
            format::count(sum(|u| u.cases)),
        ),
        (
            "Uses in all",
            format::count(uses.iter().map(|u| u.uses).sum::<i64>()),
        ),
    ]
}

/// What is known of those who use it, and what they got; nobody is named.
fn adopted(found: &Adoption) -> Vec<(String, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    let share = |n: u64, of: u64| match of {
        0 => "not known".to_string(),
        of => format!("{n} of {of} ({})", format::percent(n as f64 / of as f64)),
    };
    let ever = found.ever.last().copied().unwrap_or(0);
    all.push(("Have used it", share(ever, found.people)));
    if found.people > 0 {
        all.push((
            "Used it in the last four weeks",
            share(found.active, found.people),
        ));
    }
    if let Some(got) = &found.got {
        all.push((
            "Questions answered",
            share(got.answered, got.questions.max(1)),
        ));
        all.push(("Answers accepted", format::count(got.accepted as i64)));
        if let Some(hours) = got.median_hours {
            let took = match hours {
                h if h < 48.0 => format!("{h:.1} hours"),
                h => format::days(h / 24.0),
            };
            all.push(("To the first answer, median", took));
        }
        let saved = match got.reported {
            0 => "nobody has said".into(),
            n => format!(
                "{:.1} hours, as {} said",
                got.saved_minutes as f64 / 60.0,
                format::many(n, "asker")
            ),
        };
        all.push(("Time saved by accepted answers", saved));
    }
    if let Some(shared) = &found.shared {
        let n = |n: i64| format::count(n);
        all.push(("Posts published", n(shared.posts)));
        all.push(("Likes, as channels tell", n(shared.likes)));
        all.push(("Reposts", n(shared.reposts)));
        all.push(("Replies there", n(shared.replies)));
        if shared.views > 0 {
            all.push(("Views, where they are told", n(shared.views)));
        }
        all.push(("Conversations that began with it", n(shared.conversations)));
    }
    let mut all: Vec<(String, String)> = all.into_iter().map(|(w, n)| (w.into(), n)).collect();
    for one in &found.responses {
        let team = match one.team.as_str() {
            "" => "cases of no team",
            team => team,
        };
        let fast = match one.median_minutes {
            Some(m) if m < 120.0 => format!(", median after {m:.0} minutes"),
            Some(m) => format!(", median after {:.1} hours", m / 60.0),
            None => String::new(),
        };
        let told = format!("{} of {}{fast}", one.answered, one.threads);
        all.push((format!("Customers answered, {team}"), told));
    }
    all
}

fn per_user(imp: &Improvement, report: Option<&Report>) -> String {
    let Some(found) = report.and_then(|r| r.verdict.per_user) else {
        return String::new();
    };
    let judged = imp.measure.judged();
    match (found.effect, found.interval) {
        (Some(effect), Some(i)) if i.low.is_finite() && i.high.is_finite() => format!(
            "A second reading, by the plan and not by who used it: where the tool was used because of the plan ({} of cases), {} {} (95% interval {} to {}).",
            format::percent(found.use_share),
            judged.with_unit(effect, 1),
            judged.direction(effect),
            charts::signed(i.low * charts::scale(imp.measure), 1),
            charts::signed(i.high * charts::scale(imp.measure), 1)
        ),
        _ => format!(
            "Use rose by {} of cases with the plan: too little to say what it does for those who use it.",
            format::percent(found.use_share)
        ),
    }
}

fn cost(imp: &Improvement, report: Option<&Report>, now: Micros) -> Vec<(&'static str, String)> {
    let cost = imp.plan.cost;
    let mut rows = Vec::new();
    let hours = |h: f64| {
        format!(
            "{} h",
            if h < 10.0 {
                format!("{h:.1}")
            } else {
                format::count(h.round() as i64)
            }
        )
    };
    let weeks = imp.since().map_or(0.0, |s| {
        (imp.ended.unwrap_or(now) - s).max(0) as f64 / mining::time::WEEK as f64
    });
    let mut total = 0.0;
    if let Some(h) = cost.setup_hours {
        total += h;
        rows.push(("Setting up", hours(h)));
    }
    if let Some(h) = cost.weekly_hours {
        total += h * weeks;
        rows.push(("Looking after it, a week", hours(h)));
    }
    if let Some(m) = cost.minutes_a_case {
        let cases = report.map_or(0, |r| r.verdict.treated_cases) as f64;
        total += m * cases / 60.0;
        rows.push(("Working time a case", format!("{m:.0} min")));
    }
    if !rows.is_empty() {
        rows.push(("So far, in all", hours(total)));
    }
    rows
}

fn accumulated(imp: &Improvement, report: Option<&Report>) -> String {
    let Some(sum) = report.and_then(|r| r.verdict.accumulated) else {
        return String::new();
    };
    if !imp.measure.is_days() || !sum.interval.low.is_finite() || !sum.interval.high.is_finite() {
        return String::new();
    }
    format!(
        "Over the {} cases that had it: {} days in all (95% interval {} to {}).",
        format::count(sum.cases.round() as i64),
        format::count(sum.total.round() as i64),
        format::count(sum.interval.low.round() as i64),
        format::count(sum.interval.high.round() as i64)
    )
}

fn happened(event: &Event, directory: &Directory) -> (String, String) {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let text = |key: &str| payload[key].as_str().unwrap_or_default().to_string();
    let said = match event.kind.as_str() {
        "improvement.planned" => "Planned".to_string(),
        "improvement.started" => match payload["moved_weeks"].as_i64() {
            Some(n) if n > 0 => format!("Started, all dates {n} weeks later"),
            _ => "Started".into(),
        },
        "improvement.paused" => "Paused".into(),
        "improvement.resumed" if payload["undone"].is_string() => "Unplugging taken back".into(),
        "improvement.resumed" => "Went on".into(),
        "improvement.extended" => {
            format!("{} got it early, a departure from the plan", text("team"))
        }
        "improvement.unplugged" => "Unplugged".into(),
        "improvement.decided" => {
            let decision = Decision::parse(&text("decision")).map_or("Decided", Decision::said);
            format!("{decision}: {}", text("why"))
        }
        "improvement.edited" => "Cost told".into(),
        other => other.into(),
    };
    (
        format::date(event.at),
        format!("{said} ({})", directory.name(&event.actor)),
    )
}

/// What a statistician asks first.
fn method(imp: &Improvement, report: Option<&Report>) -> Vec<String> {
    let mut rows = vec![
        format!(
            "A case counts as treated when its team had the tool on the day it entered {}. Whoever used it is never the comparison.",
            imp.step
        ),
        format!(
            "Each case is read {:.0} days after it entered, so open cases bias nothing. Entries in the {:.0} days before a start are left out.",
            imp.plan.horizon_days, imp.plan.washout_days
        ),
    ];
    if let Some(r) = report {
        let v = &r.verdict;
        rows.push(format!(
            "{} cells of team and week with {} cases, {} of the cells count; imputation difference-in-differences, weighted by cases.",
            format::count(v.cells as i64),
            format::count(v.mature_cases as i64),
            format::count(v.usable_cells as i64)
        ));
        if let Some(lot) = v.lot {
            rows.push(format!(
                "Inference by the lot: {} orders compared{}. The interval shown holds however often one looks; the false alarms of all looks together are held to 5%.",
                format::count(lot.compared as i64),
                if lot.exact { ", all that could have been drawn" } else { ", drawn from all that could have been" }
            ));
        }
        if let (Some(se), Some(i)) = (v.jackknife_se, v.jackknife_interval) {
            let k = charts::scale(imp.measure);
            rows.push(format!(
                "Leaving out one team at a time, looked at once: standard error {:.2}, interval {} to {}.",
                se * k,
                charts::signed(i.low * k, 1),
                charts::signed(i.high * k, 1)
            ));
        }
        if let Some(until) = v.identified_until {
            rows.push(format!(
                "From {} on too few teams are left to compare with.",
                format::date(until)
            ));
        }
        if let Some(ends) = v.ends {
            rows.push(format!(
                "Cases that enter until {} count; the last look is on {}.",
                format::date(ends),
                format::date(imp.plan.ends)
            ));
        }
        if !r.compared_by.is_empty() {
            rows.push(format!(
                "Kinds of case compared: {}.",
                r.compared_by.join(", ")
            ));
        }
    }
    rows
}
