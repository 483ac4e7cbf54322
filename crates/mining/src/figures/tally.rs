//! The one pass over the cases, and the sum of two passes over different cases.

use super::grid::Grid;
use super::step_count::StepCount;
use super::steps::Slot;
use super::walk::{CaseFacts, Leave, Visit, Walker};
use super::{CalendarError, Figures, Options, Selection, Steps, Variants, finish};
use crate::EventLog;
use crate::log::NONE;
use crate::time::{MISSING, Micros};
use rayon::prelude::*;

/// What was counted over some cases of a log. Tallies of disjoint cases of the same log, steps and options add up
/// with [`Tally::merge`]; the empty one changes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally(pub(crate) Option<Box<Counted>>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counted {
    pub events: u64,
    pub activities: Vec<ActivityCount>,
    pub edges: Grid<EdgeCount>,
    pub cases: Vec<CaseFacts>,
    pub steps: Vec<StepCount>,
    /// By week.
    pub step_moves: Vec<StepMoves>,
    /// By step, in microseconds.
    pub step_work: Vec<i128>,
    /// By step and person, by person and person, by week and edge.
    pub people: Grid<u64>,
    pub handovers: Grid<HandoverCount>,
    pub week_edges: Grid<u32>,
    pub repeat_cases: u64,
    /// Cases with any of repeat, step-back or skip.
    pub rework_cases: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ActivityCount {
    pub events: u64,
    pub cases: u64,
    pub starts: u64,
    pub ends: u64,
    pub rework: u64,
    /// Events with start and end.
    pub worked: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct EdgeCount {
    pub count: u32,
    pub cases: u32,
    /// Moves with a time before and after.
    pub timed: u32,
}

/// Moves into a step from another one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct StepMoves {
    pub all: u64,
    pub skips: u64,
    pub backs: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct HandoverCount {
    pub count: u64,
    pub timed: u64,
    pub wait: i128,
}

impl Figures {
    /// The figures of the selected cases. Fails only on a calendar that makes no sense.
    pub fn of(
        log: &EventLog,
        steps: &Steps,
        selection: &Selection,
        options: &Options,
    ) -> Result<Figures, CalendarError> {
        let walker = Walker::new(log, steps, options)?;
        Ok(finish::finish(
            &walker,
            steps,
            Tally::with(&walker, selection),
        ))
    }
}

impl Variants {
    /// All variants of the selected cases, not only the most frequent. Fails only on a calendar that makes no sense.
    pub fn all(
        log: &EventLog,
        steps: &Steps,
        selection: &Selection,
        options: &Options,
    ) -> Result<Variants, CalendarError> {
        let walker = Walker::new(log, steps, options)?;
        let mut counted = Tally::with(&walker, selection)
            .0
            .map_or_else(|| Counted::new(&walker), |c| *c);
        counted.cases.sort_unstable_by_key(|c| c.case);
        Ok(finish::variants(&walker, &counted, usize::MAX).0)
    }
}

impl Tally {
    pub fn of(
        log: &EventLog,
        steps: &Steps,
        selection: &Selection,
        options: &Options,
    ) -> Result<Tally, CalendarError> {
        Ok(Tally::with(&Walker::new(log, steps, options)?, selection))
    }

    /// The figures of what was counted, with the same log, steps and options it was counted with.
    pub fn finish(
        self,
        log: &EventLog,
        steps: &Steps,
        options: &Options,
    ) -> Result<Figures, CalendarError> {
        Ok(finish::finish(
            &Walker::new(log, steps, options)?,
            steps,
            self,
        ))
    }

    fn with(walker: &Walker, selection: &Selection) -> Tally {
        let shard = selection
            .len()
            .div_ceil(rayon::current_num_threads() * 2)
            .max(512);
        let shards: Vec<Tally> = selection
            .cases
            .par_chunks(shard)
            .map(|cases| Tally(Some(Box::new(count(walker, cases)))))
            .collect();
        let mut all = shards.into_iter();
        let mut first = all.next().unwrap_or_default();
        if let Some(counted) = &mut first.0 {
            counted.cases.reserve_exact(selection.len());
        }
        all.fold(first, Tally::merge)
    }

    /// Adds up.
    pub fn merge(self, other: Tally) -> Tally {
        let (mut a, b) = match (self.0, other.0) {
            (Some(a), Some(b)) => (a, *b),
            (a, b) => return Tally(a.or(b)),
        };
        a.events += b.events;
        for (x, y) in a.activities.iter_mut().zip(b.activities) {
            x.events += y.events;
            x.cases += y.cases;
            x.starts += y.starts;
            x.ends += y.ends;
            x.rework += y.rework;
            x.worked += y.worked;
        }
        a.edges.merge(b.edges, |x, y| {
            x.count += y.count;
            x.cases += y.cases;
            x.timed += y.timed;
        });
        a.cases.extend(b.cases);
        let steps = a.steps.iter_mut().zip(b.steps);
        steps.for_each(|(x, y)| x.merge(y));
        for (x, y) in a.step_moves.iter_mut().zip(b.step_moves) {
            x.all += y.all;
            x.skips += y.skips;
            x.backs += y.backs;
        }
        a.step_work
            .iter_mut()
            .zip(b.step_work)
            .for_each(|(x, y)| *x += y);
        a.people.merge(b.people, |x, y| *x += y);
        a.handovers.merge(b.handovers, |x, y| {
            x.count += y.count;
            x.timed += y.timed;
            x.wait += y.wait;
        });
        a.week_edges.merge(b.week_edges, |x, y| *x += y);
        a.repeat_cases += b.repeat_cases;
        a.rework_cases += b.rework_cases;
        Tally(Some(a))
    }
}

impl Counted {
    pub fn new(walker: &Walker) -> Self {
        let activities = walker.log.activities.len();
        let people = walker
            .log
            .resource()
            .and_then(|c| c.codes())
            .map_or(0, |(_, dict)| dict.len());
        Counted {
            events: 0,
            activities: vec![ActivityCount::default(); activities],
            edges: Grid::new(activities, activities),
            cases: Vec::new(),
            steps: vec![StepCount::new(walker); walker.steps],
            step_moves: vec![StepMoves::default(); walker.weeks],
            step_work: vec![0; walker.steps],
            people: Grid::new(walker.steps, people),
            handovers: Grid::new(people, people),
            week_edges: Grid::new(walker.weeks, activities * activities),
            repeat_cases: 0,
            rework_cases: 0,
        }
    }
}

fn count(walker: &Walker, cases: &[u32]) -> Counted {
    let mut counted = Counted::new(walker);
    let width = walker.log.activities.len();
    let mut scratch = Scratch {
        seen: vec![(u32::MAX, false); width],
        edge_seen: Grid::new(width, width),
        visited: Vec::new(),
        went_on: vec![false; walker.steps],
        visits: Vec::new(),
    };
    counted.cases.reserve(cases.len());
    for step in &mut counted.steps {
        // Room is cheap until it is written to; growing leaves holes behind.
        step.lengths.push(Vec::with_capacity(cases.len()));
    }
    for &case in cases {
        count_case(walker, &mut counted, &mut scratch, case);
        stays(walker, &mut counted, &mut scratch);
    }
    counted
}

struct Scratch {
    /// By activity: the last case it was seen in, and whether twice.
    seen: Vec<(u32, bool)>,
    /// By edge: one more than the last case it was seen in.
    edge_seen: Grid<u32>,
    /// By step.
    visited: Vec<bool>,
    went_on: Vec<bool>,
    /// Of this case.
    visits: Vec<Visit>,
}

fn count_case(walker: &Walker, counted: &mut Counted, scratch: &mut Scratch, case: u32) {
    let log = walker.log;
    let events = log.case(case as usize);
    scratch.visits.clear();
    let facts = walker.case(case as usize, &mut scratch.visits, &mut scratch.visited);
    counted.events += events.len() as u64;
    counted.cases.push(facts);
    let mut repeats = false;
    for (at, &activity) in log.activity[events.clone()].iter().enumerate() {
        let a = &mut counted.activities[activity as usize];
        a.events += 1;
        a.starts += u64::from(at == 0);
        a.ends += u64::from(at + 1 == events.len());
        let seen = &mut scratch.seen[activity as usize];
        if seen.0 != case {
            *seen = (case, false);
            a.cases += 1;
        } else if !seen.1 {
            seen.1 = true;
            a.rework += 1;
            repeats = true;
        }
    }
    counted.repeat_cases += u64::from(repeats);
    counted.rework_cases += u64::from(repeats || facts.backs > 0 || facts.skips > 0);
    moves(walker, counted, scratch, case);
    if !log.start.is_empty() {
        work(walker, counted, case);
    }
    if let Some((codes, _)) = log.resource().and_then(|c| c.codes()) {
        people(walker, counted, codes, case);
    }
}

/// The stays of one case, and its moves between steps in the weeks they were made in.
fn stays(walker: &Walker, counted: &mut Counted, scratch: &mut Scratch) {
    scratch.visited.fill(false);
    scratch.went_on.fill(false);
    let mut before: Option<u16> = None;
    for visit in &scratch.visits {
        let step = visit.step;
        let passed = before.map_or(0..0, |b| b as usize + 1..step as usize);
        let is_skip = passed.into_iter().any(|s| !scratch.visited[s]);
        scratch.visited[step as usize] = true;
        scratch.went_on[step as usize] |= match visit.leave() {
            Leave::Step(to) => to > step,
            leave => leave == Leave::Won,
        };
        counted.steps[step as usize].stay(walker, visit);
        if let (Some(b), false) = (before, visit.entered == MISSING) {
            let moves = &mut counted.step_moves[walker.week(visit.entered)];
            moves.all += 1;
            moves.skips += u64::from(is_skip);
            moves.backs += u64::from(step < b);
        }
        before = Some(step);
    }
    for last in scratch.visits.iter().rev() {
        let step = last.step as usize;
        if std::mem::take(&mut scratch.visited[step]) {
            counted.steps[step].case(last, scratch.went_on[step]);
        }
    }
}

/// Directly-follows moves. Their times are read from the log again at the end, when it is known how many each has.
fn moves(walker: &Walker, counted: &mut Counted, scratch: &mut Scratch, case: u32) {
    let log = walker.log;
    let width = log.activities.len();
    let events = log.case(case as usize);
    for event in events.start + 1..events.end {
        let (from, to) = (
            log.activity[event - 1] as usize,
            log.activity[event] as usize,
        );
        let edge = counted.edges.at(from, to);
        edge.count += 1;
        let seen = scratch.edge_seen.at(from, to);
        if *seen != case + 1 {
            *seen = case + 1;
            edge.cases += 1;
        }
        let (t0, t1) = (log.time[event - 1], log.time[event]);
        if t1 == MISSING {
            continue;
        }
        edge.timed += u32::from(t0 != MISSING);
        *counted.week_edges.at(walker.week(t1), from * width + to) += 1;
    }
}

/// Working time, by activity and by step.
fn work(walker: &Walker, counted: &mut Counted, case: u32) {
    let log = walker.log;
    for event in log.case(case as usize) {
        let (start, end) = (log.start[event], log.time[event]);
        if start == MISSING || end == MISSING {
            continue;
        }
        let worked = walker.span(start, end);
        let activity = log.activity[event];
        counted.activities[activity as usize].worked += 1;
        if let Slot::Step(step) = walker.slots[activity as usize] {
            counted.step_work[step as usize] += worked as i128;
        }
    }
}

fn people(walker: &Walker, counted: &mut Counted, codes: &[u32], case: u32) {
    let log = walker.log;
    let mut before: Option<(u32, Micros)> = None;
    for event in log.case(case as usize) {
        let person = codes[event];
        if person == NONE {
            before = None;
            continue;
        }
        if let Slot::Step(step) = walker.slots[log.activity[event] as usize] {
            *counted.people.at(step as usize, person as usize) += 1;
        }
        match before {
            Some((other, then)) if other != person => {
                let cell = counted.handovers.at(other as usize, person as usize);
                cell.count += 1;
                let now = walker.begin(event);
                if then != MISSING && now != MISSING {
                    cell.timed += 1;
                    cell.wait += walker.span(then, now) as i128;
                }
            }
            _ => {}
        }
        before = Some((person, log.time[event]));
    }
}
