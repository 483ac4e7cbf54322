//! What a roll-out can find out, before anything starts.

use crate::cells::Cells;
use crate::imputation::Design;
use crate::rollout::Rollout;
use crate::watch::Watch;

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
pub(crate) fn planned_information(cells: &Cells, rollout: &Rollout, watch: &Watch) -> f64 {
    let future = expected(cells, watch.first, watch.end);
    let planned = Design::new(&future, rollout, watch.end).estimate();
    planned.map_or(1.0, |planned| 1.0 / planned.design_variance)
}
