//! What is counted of the stays in one step.

use super::walk::{Leave, Visit, Walker};
use crate::time::{MISSING, Micros};
use std::cmp::Reverse;

const WAITING_KEPT: usize = 10;

/// Stays in one step; those of disjoint cases add up.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StepCount {
    pub cases: u64,
    pub visits: u64,
    pub open: u64,
    pub went_on: u64,
    /// Cases that never went on, by how their last stay ended.
    pub open_only: u64,
    pub lost: u64,
    pub ended: u64,
    pub went_back: u64,
    pub to_step: Vec<u64>,
    pub won: u64,
    pub to_lost: u64,
    pub to_end: u64,
    /// Stays that began and that ended, by week of the log.
    pub weeks: Vec<(u32, u32)>,
    /// By part of the cases, how long each lasted or has lasted so far, where that is known; in the lowest bit whether it ended:
    /// sorting plain numbers takes a third of sorting pairs.
    pub lengths: Vec<Vec<u64>>,
    /// Cases that left here for good.
    pub gone: Vec<u32>,
    /// The stays that have lasted longest of those that go on.
    pub waiting: Vec<(Reverse<Micros>, u32)>,
}

impl StepCount {
    pub fn new(walker: &Walker) -> Self {
        StepCount {
            to_step: vec![0; walker.steps],
            weeks: vec![(0, 0); walker.weeks],
            ..StepCount::default()
        }
    }

    /// One stay, as it is come upon.
    pub fn stay(&mut self, walker: &Walker, visit: &Visit) {
        self.visits += 1;
        match visit.leave() {
            Leave::Open => {}
            Leave::Step(to) => self.to_step[to as usize] += 1,
            Leave::Won => self.won += 1,
            Leave::Lost => self.to_lost += 1,
            Leave::Ended => self.to_end += 1,
        }
        if visit.entered != MISSING {
            self.weeks[walker.week(visit.entered)].0 += 1;
        }
        if visit.left != MISSING {
            self.weeks[walker.week(visit.left)].1 += 1;
        }
        let is_open = visit.leave() == Leave::Open;
        let until = match is_open {
            true => walker.as_of.unwrap_or(MISSING),
            false => visit.left,
        };
        if visit.entered == MISSING || until == MISSING {
            return;
        }
        let length = walker.span(visit.entered, until);
        if let Some(lengths) = self.lengths.last_mut() {
            lengths.push((length as u64) << 1 | u64::from(!is_open));
        }
        if is_open {
            self.wait(Reverse(length), visit.case);
        }
    }

    fn wait(&mut self, length: Reverse<Micros>, case: u32) {
        let at = self.waiting.partition_point(|w| *w < (length, case));
        if at < WAITING_KEPT {
            self.waiting.truncate(WAITING_KEPT - 1);
            self.waiting.insert(at, (length, case));
        }
    }

    /// One case, by the last of its stays here and whether any of them led on.
    pub fn case(&mut self, last: &Visit, went_on: bool) {
        self.cases += 1;
        self.open += u64::from(last.leave() == Leave::Open);
        self.went_on += u64::from(went_on);
        match last.leave() {
            _ if went_on => {}
            Leave::Open => self.open_only += 1,
            Leave::Lost => {
                self.lost += 1;
                self.gone.push(last.case);
            }
            Leave::Ended => {
                self.ended += 1;
                self.gone.push(last.case);
            }
            Leave::Step(_) | Leave::Won => self.went_back += 1,
        }
    }

    pub fn merge(&mut self, other: StepCount) {
        self.cases += other.cases;
        self.visits += other.visits;
        self.open += other.open;
        self.went_on += other.went_on;
        self.open_only += other.open_only;
        self.lost += other.lost;
        self.ended += other.ended;
        self.went_back += other.went_back;
        let steps = self.to_step.iter_mut().zip(other.to_step);
        steps.for_each(|(x, y)| *x += y);
        self.won += other.won;
        self.to_lost += other.to_lost;
        self.to_end += other.to_end;
        for (x, y) in self.weeks.iter_mut().zip(other.weeks) {
            *x = (x.0 + y.0, x.1 + y.1);
        }
        self.lengths.extend(other.lengths);
        self.gone.extend(other.gone);
        for (length, case) in other.waiting {
            self.wait(length, case);
        }
    }
}
