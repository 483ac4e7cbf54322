//! The figures of one step.

use super::steps::Slot;
use super::tally::Counted;
use super::walk::{Leave, Visit, Walker};
use super::*;
use crate::log::{Column, NONE};
use crate::time::{MISSING, Micros, days};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

const BINS: usize = 30;
/// Restricted means look at most so far.
const HORIZON_DAYS: f64 = 90.0;
const WAITING_SHOWN: usize = 10;
const PEOPLE_SHOWN: usize = 10;

pub(crate) fn step_figures(walker: &Walker, steps: &Steps, counted: &Counted) -> Vec<StepFigures> {
    let reason = reason_column(walker);
    // One step's stays at a time are copied, not all, and each thread takes the same room for one step after the other.
    let share = steps
        .steps
        .len()
        .div_ceil(rayon::current_num_threads())
        .max(1);
    let all = steps.steps.par_iter().enumerate().with_min_len(share);
    all.map_init(Stays::default, |stays, (at, step)| {
        stays.fill(walker, counted, at);
        one(walker, counted, at, &step.name, stays, reason.as_ref())
    })
    .collect()
}

/// The stays in one step, and when each began and ended: looked up once, where they lie far apart.
#[derive(Default)]
struct Stays {
    visits: Vec<Visit>,
    times: Vec<(Micros, Micros)>,
    /// Room to sort lengths in.
    sorted: Vec<u64>,
}

impl Stays {
    fn fill(&mut self, walker: &Walker, counted: &Counted, step: usize) {
        self.visits.clear();
        for part in &counted.visits {
            let here = part.iter().filter(|v| v.step as usize == step);
            self.visits.extend(here);
        }
        // Tallies merged in another order hold the cases in another order.
        if !self.visits.is_sorted_by_key(|v| v.case) {
            self.visits.sort_by_key(|v| v.case);
        }
        self.times.clear();
        let times = self.visits.iter();
        self.times
            .extend(times.map(|v| (walker.entered(v), walker.left(v))));
    }

    /// How long each lasted, or has lasted so far, where that is known.
    fn lengths<'a>(&'a self, walker: &'a Walker) -> impl Iterator<Item = (&'a Visit, Micros)> {
        let all = self.visits.iter().zip(&self.times);
        all.filter_map(|(visit, &(entered, left))| {
            let until = match visit.leave() {
                Leave::Open => walker.as_of?,
                _ => left,
            };
            (entered != MISSING && until != MISSING).then(|| (visit, walker.span(entered, until)))
        })
    }
}

fn one(
    walker: &Walker,
    counted: &Counted,
    step: usize,
    name: &str,
    stays: &mut Stays,
    reason: Option<&ReasonColumn>,
) -> StepFigures {
    let time = time(walker, counted, step, stays);
    let visits = &stays.visits;
    let (mut cases, mut open, mut went_on, mut open_only) = (0, 0, 0, 0);
    let (mut lost, mut ended, mut went_back) = (0, 0, 0);
    let mut gone: Vec<&Visit> = Vec::new();
    let (mut to_step, mut to_end) = (vec![0; walker.steps], [0; 3]);
    for stays in visits.chunk_by(|a, b| a.case == b.case) {
        cases += 1;
        let forward = |v: &Visit| match v.leave() {
            Leave::Step(s) => s as usize > step,
            leave => leave == Leave::Won,
        };
        let on = stays.iter().any(forward);
        went_on += u64::from(on);
        let Some(last) = stays.last() else { continue };
        open += u64::from(last.leave() == Leave::Open);
        match last.leave() {
            _ if on => {}
            Leave::Open => open_only += 1,
            Leave::Lost => {
                lost += 1;
                gone.push(last);
            }
            Leave::Ended => {
                ended += 1;
                gone.push(last);
            }
            Leave::Step(_) | Leave::Won => went_back += 1,
        }
        for stay in stays {
            match stay.leave() {
                Leave::Open => {}
                Leave::Step(s) => to_step[s as usize] += 1,
                Leave::Won => to_end[0] += 1,
                Leave::Lost => to_end[1] += 1,
                Leave::Ended => to_end[2] += 1,
            }
        }
    }
    let ends = [Destination::Won, Destination::Lost, Destination::Ended];
    let steps = to_step.into_iter().enumerate();
    let mut went_to: Vec<WentTo> = steps
        .map(|(step, visits)| (Destination::Step(step), visits))
        .chain(ends.into_iter().zip(to_end))
        .filter(|(_, visits)| *visits > 0)
        .map(|(to, visits)| WentTo { to, visits })
        .collect();
    went_to.sort_by_key(|w| (Reverse(w.visits), w.to));
    let settled = cases - open_only;
    let leads_on = step + 1 < walker.steps || walker.slots.contains(&Slot::Won);
    let (people, people_total) = people(walker, counted, step);
    StepFigures {
        name: name.to_string(),
        cases,
        visits: visits.len() as u64,
        open,
        went_on,
        went_to,
        lost,
        ended,
        went_back,
        conversion: (settled > 0 && leads_on).then(|| went_on as f64 / settled as f64),
        time,
        reasons: reasons(walker, &gone, reason),
        reason_source: reason.map_or(ReasonSource::LastActivity, |r| {
            ReasonSource::Column(r.column().name.clone())
        }),
        waiting: waiting(walker, stays),
        people,
        people_total,
        weeks: weekly::step_weeks(&stays.times),
    }
}

fn time(walker: &Walker, counted: &Counted, step: usize, stays: &mut Stays) -> StepTime {
    // The length, and in the lowest bit whether the visit ended: sorting plain numbers takes a third of sorting pairs.
    // Sorted once: the curve and the quantiles want it, and a sum in this order does not depend on how cases were split.
    let mut timed = std::mem::take(&mut stays.sorted);
    timed.clear();
    timed.extend(stays.lengths(walker).map(|(visit, length)| {
        let ended = u64::from(visit.leave() != Leave::Open);
        (length as u64) << 1 | ended
    }));
    timed.par_sort_unstable();
    let durations: Vec<f64> = timed.iter().map(|t| days((t >> 1) as Micros)).collect();
    let ended: Vec<bool> = timed.iter().map(|t| t & 1 == 1).collect();
    stays.sorted = timed;
    if durations.is_empty() {
        return StepTime::default();
    }
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
    let total: f64 = durations.iter().sum();
    let worked = days(counted.step_work[step].clamp(0, i64::MAX as i128) as i64);
    StepTime {
        visits: durations.len() as u64,
        censored: ended.iter().filter(|e| !**e).count() as u64,
        median_days: curve.median(),
        p90_days: curve.quantile(0.9),
        restricted_mean_days: horizon.and_then(|h| curve.restricted_mean(h)),
        horizon_days: horizon,
        working_share: (!walker.log.start.is_empty() && total > 0.0)
            .then(|| (worked / total).min(1.0)),
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
    for d in completed {
        counts[((d / width) as usize).min(BINS - 1)] += 1;
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

fn waiting(walker: &Walker, stays: &Stays) -> Vec<WaitingCase> {
    let open = (stays.lengths(walker)).filter(|(v, _)| v.leave() == Leave::Open);
    let mut waiting: Vec<(Reverse<Micros>, u32)> =
        open.map(|(v, length)| (Reverse(length), v.case)).collect();
    if waiting.len() > WAITING_SHOWN {
        waiting.select_nth_unstable(WAITING_SHOWN);
        waiting.truncate(WAITING_SHOWN);
    }
    waiting.sort_unstable();
    let row = |(length, case): (Reverse<Micros>, u32)| WaitingCase {
        case,
        name: walker.log.case_name(case as usize).to_string(),
        days: days(length.0),
    };
    waiting.into_iter().map(row).collect()
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
fn reasons(walker: &Walker, gone: &[&Visit], column: Option<&ReasonColumn>) -> Vec<Reason> {
    let log = walker.log;
    let codes = column.and_then(|c| c.column().codes());
    let mut counts: FxHashMap<u32, u64> = FxHashMap::default();
    for visit in gone {
        let case = visit.case as usize;
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
