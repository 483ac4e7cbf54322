//! What a verdict is checked against: another step, other kinds of case, other improvements, the source itself.

use super::{Step, first_seen, stays_at, step_of};
use crate::improvements::plan::{Improvement, Team};
use crate::improvements::{Measure, talks};
use crate::processes::{Changes, Loaded, Problem};
use mining::figures::{Stay, TeamColumn};
use mining::log::{Column, NONE, Values};
use mining::time::{MISSING, Micros, WEEK};
use rustc_hash::FxHashMap;
use stats::cells::Cells;
use stats::checks::Source;
use store::desk::ConversationRow;
use store::uses::UseRow;
use store::versions::VersionRow;

/// The measure at a step where nothing was plugged in: the nearest one before, else after. Days in the step, which every
/// step has.
pub(super) fn placebo_step(
    here: &Step,
    others: &[Improvement],
    process: &Loaded,
    at: usize,
    talks: &[ConversationRow],
) -> Result<Option<(String, Cells)>, Problem> {
    let imp = here.imp;
    let steps = &process.steps.steps;
    let is_free = |step: &usize| {
        let name = &steps[*step].name;
        !others
            .iter()
            .any(|o| step_of(process, &o.step) == Some(*step))
            && name != &imp.step
    };
    // A tool may shift work to later steps, hardly to earlier ones.
    let Some(other) = (0..at).rev().chain(at + 1..steps.len()).find(is_free) else {
        return Ok(None);
    };
    let stays = stays_at(process, other)?;
    let said = talks::stays(process, talks, &steps[other].name);
    let step = Step {
        stays: &stays,
        talks: &said,
        ..*here
    };
    let measure = match imp.measure {
        m @ (Measure::FirstResponse | Measure::FirstReply) => m,
        m if m.is_days() => Measure::DaysInStep,
        m => m,
    };
    Ok(Some((steps[other].name.clone(), step.measured(measure))))
}

/// Words of columns that are only known when a case is over, or that name a person.
const NOT_ON_ENTRY: [&str; 16] = [
    "reason",
    "outcome",
    "result",
    "status",
    "stage",
    "closed",
    "lost",
    "won",
    "owner",
    "resource",
    "end",
    "duration",
    "probability",
    "id",
    "name",
    "date",
];
const MOST_COVARIATES: usize = 3;

/// Kinds of case that are known on entry: a number such as an amount, or the share of the commonest value of a text.
pub(super) fn covariates(process: &Loaded, step: &Step) -> Vec<(String, Cells)> {
    let team = match &process.options.team {
        Some(TeamColumn::Case(name)) => name.as_str(),
        _ => "",
    };
    let is_known = |c: &&Column| {
        let name = c.name.to_lowercase();
        let words = || name.split(|ch: char| !ch.is_alphanumeric());
        c.name != team && !words().any(|w| NOT_ON_ENTRY.contains(&w))
    };
    let horizon = step.imp.horizon();
    let mut found: Vec<(String, Cells)> = Vec::new();
    for column in process.log.case_columns.iter().filter(is_known) {
        let cells = match &column.values {
            Values::Float(v) => {
                let log = |x: f64| if x > 0.0 { x.ln() } else { f64::NAN };
                Some((
                    column.name.clone(),
                    step.cells(horizon, |s| log(v[s.case as usize])),
                ))
            }
            Values::Int(v) => {
                let log = |x: i64| if x > 0 { (x as f64).ln() } else { f64::NAN };
                Some((
                    column.name.clone(),
                    step.cells(horizon, |s| log(v[s.case as usize])),
                ))
            }
            _ => commonest(column, step).map(|(value, code, codes)| {
                let is_it = |s: &Stay| match codes[s.case as usize] {
                    NONE => f64::NAN,
                    c => f64::from(u8::from(c == code)),
                };
                (
                    format!("{} ({value})", column.name),
                    step.cells(horizon, is_it),
                )
            }),
        };
        // A number that hardly any case has says nothing.
        found.extend(cells.filter(|(_, c)| c.cases() * 2.0 > step.stays.stays.len() as f64 * 0.5));
        if found.len() == MOST_COVARIATES {
            break;
        }
    }
    found
}

/// The commonest value of a text column with a few values, unless nearly every case has it.
fn commonest<'a>(column: &'a Column, step: &Step) -> Option<(&'a str, u32, &'a [u32])> {
    let (codes, dict) = column.codes()?;
    if !(2..=40).contains(&dict.len()) {
        return None;
    }
    let mut counts = vec![0u64; dict.len()];
    for stay in &step.stays.stays {
        if let Some(n) = counts.get_mut(codes[stay.case as usize] as usize) {
            *n += 1;
        }
    }
    let (code, &most) = counts.iter().enumerate().max_by_key(|(_, n)| **n)?;
    let all: u64 = counts.iter().sum();
    (most * 20 < all * 19).then(|| (dict.get(code as u32), code as u32, codes))
}

/// Another improvement at the same step.
pub(super) struct Other {
    pub name: String,
    /// By team, in the order of ours.
    pub starts: Vec<Option<Micros>>,
    pub ended: Option<Micros>,
}

/// Other improvements at the same step: when each of our teams started them.
pub(super) fn overlaps(imp: &Improvement, others: &[Improvement], teams: &[String]) -> Vec<Other> {
    let starts = |other: &Improvement| {
        let by: FxHashMap<&str, Option<Micros>> = other
            .teams
            .iter()
            .map(|t| (t.team.as_str(), Team::start(t)))
            .collect();
        teams
            .iter()
            .map(|t| by.get(t.as_str()).copied().flatten())
            .collect::<Vec<_>>()
    };
    others
        .iter()
        .filter(|o| o.step == imp.step)
        .map(|o| Other {
            name: o.name.clone(),
            starts: starts(o),
            ended: o.ended,
        })
        .filter(|o| o.starts.iter().any(Option::is_some))
        .collect()
}

/// Whether cases used the tool, by team and week: cases with use of those that entered.
pub(super) fn used(uses: &[UseRow], cells: &Cells, teams: &[String]) -> Option<Cells> {
    if uses.is_empty() {
        return None;
    }
    let mut counts: FxHashMap<(usize, usize), f64> = FxHashMap::default();
    for row in uses {
        let team = teams.iter().position(|t| *t == row.team);
        let period = usize::try_from(cells.calendar.period(row.day)).ok();
        if let (Some(team), Some(period)) = (team, period) {
            *counts.entry((team, period)).or_default() += row.cases as f64;
        }
    }
    let mut out = Cells::empty(cells.calendar, cells.teams(), cells.periods());
    for team in 0..cells.teams() {
        for period in 0..cells.periods() {
            let n = cells.n(team, period);
            let with = counts.get(&(team, period)).copied().unwrap_or(0.0);
            let share = if n > 0.0 { (with / n).min(1.0) } else { 0.0 };
            out.set(team, period, n, share, n * share);
        }
    }
    Some(out)
}

/// What the company's system says of the process since before the first start.
pub(super) fn source(versions: &[VersionRow], process: &Loaded, imp: &Improvement) -> Source {
    let Some(first) = imp.since() else {
        return Source::Unknown;
    };
    let begun = first - imp.washout();
    let changed = versions.iter().filter(|v| v.number > 1).filter_map(|v| {
        let changes: Changes = serde_json::from_str(&v.changes).ok()?;
        // What was added shows in the log when it began; what is gone or redrawn, when it was read.
        let gone = !changes.removed.is_empty() || changes.model_changed;
        let at = if gone {
            Some(v.at)
        } else {
            first_seen(process, &changes)
        };
        at.filter(|&at| at != MISSING && at >= begun && imp.ended.is_none_or(|e| at < e))
    });
    changed.min().map_or(Source::Unchanged, Source::ChangedAt)
}

pub(super) struct Kept {
    pub name: String,
    pub cells: Cells,
    pub zone: f64,
}

/// What should stay as it is: how cases run, go on, and come in.
pub(super) fn unchanged(process: &Loaded, at: usize, step: &Step) -> Vec<Kept> {
    let imp = step.imp;
    // Long enough that a step which is only quicker does not look like one that more cases go on from.
    let horizon = nearly_all(step);
    let zone = imp.plan.unchanged_zone;
    let mut rows = Vec::new();
    let mut row = |name: String, measure: Option<Measure>, value: &dyn Fn(&Stay) -> f64| {
        // What it is meant to change is not asked to stay.
        if measure != Some(imp.measure) {
            rows.push(Kept {
                name,
                cells: step.cells(horizon, value),
                zone,
            });
        }
    };
    row("Cases that run as designed".into(), None, &|s| {
        1.0 - Measure::Skips
            .of(s, horizon)
            .max(Measure::Rework.of(s, horizon))
    });
    row("Skip a step".into(), Some(Measure::Skips), &|s| {
        Measure::Skips.of(s, horizon)
    });
    row("Go back a step".into(), Some(Measure::Rework), &|s| {
        Measure::Rework.of(s, horizon)
    });
    let next = process.steps.steps.get(at + 1);
    let on = next.map_or("Go on".to_string(), |n| {
        format!("Go on to {} or further", n.name)
    });
    row(on, Some(Measure::GoesOn), &|s| {
        Measure::GoesOn.of(s, horizon)
    });
    rows.push(Kept {
        name: "Cases that come in, against usual".into(),
        cells: relative_intake(&step.measured(Measure::DaysInStep)),
        // A number of cases varies more than a share does.
        zone: (zone * 5.0).min(0.5),
    });
    rows
}

/// The horizon within which 19 in 20 stays end, in whole weeks; at least the improvement's own, at most 26 weeks.
fn nearly_all(step: &Step) -> Micros {
    let mut spans: Vec<Micros> = step
        .stays
        .stays
        .iter()
        .filter_map(|s| Some(s.left? - s.entered))
        .collect();
    spans.sort_unstable();
    let long = spans.get(spans.len() * 19 / 20).copied().unwrap_or(0);
    let weeks = (long / WEEK + 1) * WEEK;
    weeks.clamp(step.imp.horizon(), (26 * WEEK).max(step.imp.horizon()))
}

/// Cases a team and week, as a share of the team's own average.
fn relative_intake(cells: &Cells) -> Cells {
    let mut out = Cells::empty(cells.calendar, cells.teams(), cells.periods());
    for team in 0..cells.teams() {
        let counts = cells.counts(team);
        let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
        if mean <= 0.0 {
            continue;
        }
        for (period, n) in counts.iter().enumerate() {
            let share = n / mean;
            out.set(team, period, 1.0, share, share * share);
        }
    }
    out
}
