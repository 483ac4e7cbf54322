//! What a roll-out can find out, before anything starts: how large an effect it would see, when, and what "unchanged"
//! could be certified.
//!
//! The number of cases and the luck of teams are learnt from history (cells before any start). From them follow the
//! error of the planned estimate at each look and, with it, the effect that would be found four times in five.

mod order;
mod sentence;
mod variance;

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Every, Micros};
use crate::cells::Cells;
use crate::claim::{Claim, Order, claim, smallest_share};
use crate::dist::t_isf;
use crate::equivalence;
use crate::imputation::Design;
use crate::lots::orders;
use crate::rollout::Rollout;
use crate::watch::Watch;

pub use order::{Waves, draw};
pub use variance::{Luck, luck};

/// How likely an effect should be found.
pub const POWER: f64 = 0.8;

/// A roll-out that is being considered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// When each team would start, in the order of the cells.
    pub starts: Vec<Option<Micros>>,
    /// How long after entry a case is read.
    pub horizon: Micros,
    /// What is left out before each start.
    pub washout: Micros,
    /// Moment of the last look.
    pub ends: Micros,
    /// How the order comes about.
    pub order: Order,
    /// Share of false alarms that is accepted.
    pub alpha: f64,
}

/// What could be known at a look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ahead {
    /// Mature periods since the first start.
    pub periods: usize,
    /// The day on which that much is known: a horizon after the last entry that counts.
    pub on: Micros,
    /// Expected standard error of the effect.
    pub se: f64,
    /// Effect, either way, that would be found at this look or before, four times in five. `None` when hardly any.
    pub detectable: Option<f64>,
}

/// What a roll-out can find out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The claim that the design allows; [`Claim::CannotBeAnswered`] says: do not start like this.
    pub claim: Claim,
    /// Number of orders that could be drawn; `None` when it does not fit.
    pub orders: Option<u64>,
    /// Smallest share of orders that could be as extreme as the real one; above `alpha`, nothing can be told.
    pub smallest_share: f64,
    /// Number of teams.
    pub teams: usize,
    /// Cases a period, all teams together, as history has them.
    pub cases_a_period: f64,
    /// Weeks or months.
    pub every: Every,
    /// The day of the first start; `None` when no team starts.
    pub first_start: Option<Micros>,
    /// What the error was reckoned from.
    pub luck: Luck,
    /// Look by look.
    pub looks: Vec<Ahead>,
    /// The smallest zone in which "no difference" would be certified at the end, four times in five, if there is none.
    pub certifiable: Option<f64>,
    /// From this moment on too few teams are left to compare with.
    pub identified_until: Option<Micros>,
}

impl Forecast {
    /// What would be found by the end.
    pub fn detectable(&self) -> Option<f64> {
        self.looks.last()?.detectable
    }

    /// The first look by which an effect of this size would be found four times in five.
    pub fn known_after(&self, effect: f64) -> Option<&Ahead> {
        let found = |look: &&Ahead| look.detectable.is_some_and(|d| d <= effect.abs());
        self.looks.iter().find(found)
    }
}

/// Looks ahead. `None` when history is too short to learn from: fewer than four periods or two teams.
pub fn forecast(history: &Cells, proposal: &Proposal) -> Option<Forecast> {
    let calendar = history.calendar;
    let rollout = Rollout::new(&proposal.starts, calendar, proposal.washout);
    let luck = luck(history)?;
    let first = rollout.first_start().unwrap_or(0);
    let mature = calendar.period(proposal.ends.saturating_sub(proposal.horizon));
    let watch = Watch::new(first, usize::try_from(mature).unwrap_or(0));
    let known = history.periods().min(first);
    let future = expected(history, known, watch.end);
    let df = degrees(&rollout, proposal.order);
    let ahead = |end: usize| {
        let design = Design::new(&future, &rollout, end);
        let se = design.influence().map(|w| luck.error(&future, &w, end))?;
        let spent = watch.spent(end, proposal.alpha);
        let needed = t_isf(spent / 2.0, df) + t_isf(1.0 - POWER, df);
        Some(Ahead {
            periods: end - first,
            on: calendar.start(end as i64) + proposal.horizon,
            se,
            detectable: Some(needed * se).filter(|d| d.is_finite()),
        })
    };
    let looks: Vec<Ahead> = watch
        .looks(watch.end)
        .into_iter()
        .filter_map(ahead)
        .collect();
    let at_end = looks.last().map(|look| look.se);
    let one_sided = (1.0 - equivalence::LEVEL) / 2.0;
    Some(Forecast {
        claim: claim(&rollout, proposal.order, proposal.alpha),
        orders: orders(&rollout),
        smallest_share: smallest_share(&rollout),
        teams: history.teams(),
        every: calendar.every(),
        first_start: rollout.first_start().map(|p| calendar.start(p as i64)),
        cases_a_period: history.cases() / history.periods() as f64,
        luck,
        certifiable: at_end.map(|se| se * (t_isf(one_sided, df) + t_isf((1.0 - POWER) / 2.0, df))),
        identified_until: rollout.identified_until().map(|p| calendar.start(p as i64)),
        looks,
    })
}

/// Degrees of freedom with which the error is reckoned: teams less one, and twice that for the lot, whose own spread
/// is known exactly (agrees with simulated power at 6 to 20 teams).
fn degrees(rollout: &Rollout, order: Order) -> f64 {
    let teams = rollout.spans.len().max(2) as f64 - 1.0;
    match order {
        Order::DrawnByLot => 2.0 * teams,
        Order::Departed | Order::Chosen => teams,
    }
}

/// Cells as they are expected to be: before `known` as they are, then up to `end` with as many cases as each team had
/// on average before, and no outcome. Design variances depend on nothing else.
pub fn expected(cells: &Cells, known: usize, end: usize) -> Cells {
    let known = known.min(cells.periods());
    let mut future = Cells::empty(cells.calendar, cells.teams(), end);
    for team in 0..cells.teams() {
        let counts = &cells.counts(team)[..known];
        let usual = counts.iter().sum::<f64>() / (known.max(1)) as f64;
        for period in 0..end {
            let n = counts.get(period).copied().unwrap_or(usual);
            future.set(team, period, n, 0.0, 0.0);
        }
    }
    future
}

/// The information at the planned end, the inverse of the design variance, reckoned from the cases before the first
/// start only, so that it is the same at every look. 1 when there is none.
pub fn planned_information(cells: &Cells, rollout: &Rollout, watch: &Watch) -> f64 {
    let future = expected(cells, watch.first, watch.end);
    let planned = Design::new(&future, rollout, watch.end).estimate();
    planned.map_or(1.0, |planned| 1.0 / planned.design_variance)
}

/// The Monday (or first of the month) at or after a moment: starts should lie on one, so that no week is lost.
pub fn next_start(calendar: Calendar, moment: Micros) -> Micros {
    calendar.start(calendar.period_from(moment))
}

#[cfg(test)]
mod tests;
