//! The figures of one step.

use super::step_count::StepCount;
use super::steps::Slot;
use super::tally::Counted;
use super::walk::Walker;
use super::*;
use crate::log::{Column, NONE};
use crate::time::{Micros, days};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

const BINS: usize = 30;
/// Restricted means look at most so far.
const HORIZON_DAYS: f64 = 90.0;
const PEOPLE_SHOWN: usize = 10;

pub(crate) fn step_figures(walker: &Walker, steps: &Steps, counted: &Counted) -> Vec<StepFigures> {
    let reason = reason_column(walker);
    // Each thread takes the same room for one step after the other.
    let share = steps
        .steps
        .len()
        .div_ceil(rayon::current_num_threads())
        .max(1);
    let all = steps.steps.par_iter().enumerate().with_min_len(share);
    all.map_init(Vec::new, |room, (at, step)| {
        let step = (at, step.name.as_str());
        one(
            walker,
            &counted.steps[at],
            step,
            counted,
            room,
            reason.as_ref(),
        )
    })
    .collect()
}

fn one(
    walker: &Walker,
    count: &StepCount,
    (step, name): (usize, &str),
    counted: &Counted,
    room: &mut Vec<u64>,
    reason: Option<&ReasonColumn>,
) -> StepFigures {
    let ends = [Destination::Won, Destination::Lost, Destination::Ended];
    let to_end = [count.won, count.to_lost, count.to_end];
    let steps = count.to_step.iter().copied().enumerate();
    let mut went_to: Vec<WentTo> = steps
        .map(|(step, visits)| (Destination::Step(step), visits))
        .chain(ends.into_iter().zip(to_end))
        .filter(|(_, visits)| *visits > 0)
        .map(|(to, visits)| WentTo { to, visits })
        .collect();
    went_to.sort_by_key(|w| (Reverse(w.visits), w.to));
    let settled = count.cases - count.open_only;
    let leads_on = step + 1 < walker.steps || walker.slots.contains(&Slot::Won);
    let (people, people_total) = people(walker, counted, step);
    StepFigures {
        name: name.to_string(),
        cases: count.cases,
        visits: count.visits,
        open: count.open,
        went_on: count.went_on,
        went_to,
        lost: count.lost,
        ended: count.ended,
        went_back: count.went_back,
        conversion: (settled > 0 && leads_on).then(|| count.went_on as f64 / settled as f64),
        time: time(walker, count, counted.step_work[step], room),
        reasons: reasons(walker, &count.gone, reason),
        reason_source: reason.map_or(ReasonSource::LastActivity, |r| {
            ReasonSource::Column(r.column().name.clone())
        }),
        waiting: waiting(walker, count),
        people,
        people_total,
        weeks: weekly::step_weeks(walker, &count.weeks),
    }
}

fn time(walker: &Walker, count: &StepCount, work: i128, timed: &mut Vec<u64>) -> StepTime {
    // Sorted once: the curve and the quantiles want it, and a sum in this order does not depend on how cases were split.
    timed.clear();
    timed.extend(count.lengths.iter().flatten());
    timed.par_sort_unstable();
    if timed.is_empty() {
        return StepTime::default();
    }
    let durations: Vec<f64> = timed.iter().map(|t| days((t >> 1) as Micros)).collect();
    let ended: Vec<bool> = timed.iter().map(|t| t & 1 == 1).collect();
    let curve = stats::survival::kaplan_meier(&durations, &ended);
    let horizon = curve.last.map(|last| last.min(HORIZON_DAYS));
    let both = durations.iter().zip(&ended);
    let completed: Vec<f64> = both.filter(|(_, e)| **e).map(|(d, _)| *d).collect();
    let place = |q: f64| {
        completed
            .get((q * completed.len().saturating_sub(1) as f64).round() as usize)
            .copied()
    };
    let slow_from_days = place(0.75);
    let working_share = || {
        let total: f64 = durations.iter().sum();
        let worked = days(work.clamp(0, i64::MAX as i128) as i64);
        (total > 0.0).then(|| (worked / total).min(1.0))
    };
    StepTime {
        visits: durations.len() as u64,
        censored: (durations.len() - completed.len()) as u64,
        median_days: curve.median(),
        p90_days: curve.quantile(0.9),
        restricted_mean_days: horizon.and_then(|h| curve.restricted_mean(h)),
        horizon_days: horizon,
        working_share: match walker.log.start.is_empty() {
            true => None,
            false => working_share(),
        },
        histogram: histogram(&completed, place(0.95), slow_from_days),
        slow_from_days,
    }
}

/// Bins up to the 95th percentile; everything longer falls into the last.
fn histogram(completed: &[f64], cap: Option<f64>, slow: Option<f64>) -> Vec<Bin> {
    let (Some(cap), Some(slow)) = (cap.filter(|c| *c > 0.0), slow) else {
        return Vec::new();
    };
    let width = cap / BINS as f64;
    let mut counts = [0u64; BINS];
    // They are sorted: each bin ends where the next one begins.
    let mut begin = 0;
    for (bin, count) in counts.iter_mut().enumerate() {
        let is_here = |d: &f64| ((d / width) as usize).min(BINS - 1) <= bin;
        let end = begin + completed[begin..].partition_point(is_here);
        *count = (end - begin) as u64;
        begin = end;
    }
    let longest = completed.last().copied().unwrap_or(cap).max(cap);
    let bin = |(i, &count): (usize, &u64)| Bin {
        from_days: i as f64 * width,
        to_days: if i + 1 == BINS {
            longest
        } else {
            (i + 1) as f64 * width
        },
        count,
        slow: i as f64 * width >= slow,
    };
    counts.iter().enumerate().map(bin).collect()
}

fn waiting(walker: &Walker, count: &StepCount) -> Vec<WaitingCase> {
    let row = |&(length, case): &(Reverse<Micros>, u32)| WaitingCase {
        case,
        name: walker.log.case_name(case as usize).to_string(),
        days: days(length.0),
    };
    count.waiting.iter().map(row).collect()
}

fn people(walker: &Walker, counted: &Counted, step: usize) -> (Vec<PersonShare>, u64) {
    let Some((_, dict)) = walker.log.resource().and_then(|c| c.codes()) else {
        return (Vec::new(), 0);
    };
    let here = counted
        .people
        .touched()
        .into_iter()
        .filter(|(s, _, _)| *s == step);
    let mut people: Vec<(usize, u64)> = here.map(|(_, person, n)| (person, *n)).collect();
    people.sort_by_key(|&(person, n)| (Reverse(n), person));
    let total = people.len() as u64;
    let shown = people.into_iter().take(PEOPLE_SHOWN);
    (
        shown
            .map(|(p, events)| PersonShare {
                name: dict.get(p as u32).to_string(),
                events,
            })
            .collect(),
        total,
    )
}

enum ReasonColumn<'a> {
    Case(&'a Column),
    Event(&'a Column),
}

impl ReasonColumn<'_> {
    fn column(&self) -> &Column {
        match self {
            ReasonColumn::Case(c) | ReasonColumn::Event(c) => c,
        }
    }
}

/// A text column named like a reason; names that speak of losing come first.
fn reason_column<'a>(walker: &Walker<'a>) -> Option<ReasonColumn<'a>> {
    const REASON: [&str; 8] = [
        "reason", "grund", "motif", "motiv", "razon", "razón", "raison", "reden",
    ];
    const LOSS: [&str; 7] = ["los", "clos", "verl", "perd", "pérd", "reject", "declin"];
    let log = walker.log;
    for loss in [true, false] {
        let fits = |c: &&Column| {
            let name = c.name.to_lowercase();
            REASON.iter().any(|w| name.contains(w))
                && (!loss || LOSS.iter().any(|w| name.contains(w)))
                && c.codes().is_some()
        };
        let case = log.case_columns.iter().find(fits).map(ReasonColumn::Case);
        if let Some(found) =
            case.or_else(|| log.event_columns.iter().find(fits).map(ReasonColumn::Event))
        {
            return Some(found);
        }
    }
    None
}

/// Why cases left here for good, most frequent first: the case's value, the last value among its events, or the last
/// activity before the outcome.
fn reasons(walker: &Walker, gone: &[u32], column: Option<&ReasonColumn>) -> Vec<Reason> {
    let log = walker.log;
    let codes = column.and_then(|c| c.column().codes());
    let mut counts: FxHashMap<u32, u64> = FxHashMap::default();
    for &case in gone {
        let case = case as usize;
        let code = match (column, codes) {
            (Some(ReasonColumn::Case(_)), Some((codes, _))) => codes[case],
            (Some(ReasonColumn::Event(_)), Some((codes, _))) => log
                .case(case)
                .rev()
                .map(|e| codes[e])
                .find(|&c| c != NONE)
                .unwrap_or(NONE),
            _ => {
                let outcome = |a: u32| matches!(walker.slots[a as usize], Slot::Won | Slot::Lost);
                let last = log
                    .case(case)
                    .rev()
                    .map(|e| log.activity[e])
                    .find(|&a| !outcome(a));
                // A stay begins with an event of a step.
                last.unwrap_or(NONE)
            }
        };
        *counts.entry(code).or_default() += 1;
    }
    let text = |code: u32| match codes {
        _ if code == NONE => None,
        Some((_, dict)) => Some(dict.get(code).to_string()).filter(|t| !t.trim().is_empty()),
        None => Some(log.activity_name(code).to_string()),
    };
    let mut reasons: Vec<Reason> = Vec::new();
    for (code, cases) in counts {
        let text = text(code);
        match reasons
            .iter_mut()
            .find(|r| r.text == text && text.is_none())
        {
            Some(r) => r.cases += cases,
            None => reasons.push(Reason { text, cases }),
        }
    }
    reasons.sort_by(|a, b| b.cases.cmp(&a.cases).then_with(|| a.text.cmp(&b.text)));
    reasons
}
