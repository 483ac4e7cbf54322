//! Inference by the lot: the order of teams was drawn, so the same draw is repeated.
//!
//! Had the tool no effect, any other order that the lot could have given would have done as well as the one it gave.
//! The estimate of the real order is therefore one draw from the estimates of all orders, whatever the cases look like
//! (Fisher 1935; Roth and Sant'Anna 2023, "Efficient estimation for staggered rollout designs", J. Polit. Econ.
//! Microecon. 1:669-709, section 4). Nothing is assumed about distributions, seasons or the luck of teams.

mod read;
mod sequential;

use serde::{Deserialize, Serialize};

use crate::imputation::Interval;
use crate::rng::Rng;
use crate::rollout::{Rollout, Span};

pub use read::{Reading, Readings, read};
pub use sequential::{Sequence, sequence};

/// Orders are counted one by one up to this many; beyond, a sample is drawn.
pub const EXACT: u64 = 20_000;

/// How many orders a sample has, the real one among them: the more, the less chance is in the verdict itself.
pub fn sample(teams: usize) -> usize {
    if teams <= 50 { 2_000 } else { 1_000 }
}

/// The orders that are compared. The first is the real one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lots {
    orders: Vec<Rollout>,
    /// Whether these are all orders that the lot could have given.
    pub exact: bool,
    /// How many orders the lot could have given; `None` when that number does not fit.
    pub possible: Option<u64>,
}

impl Lots {
    /// All ways to give the starts of this roll-out to its teams when there are at most `exact` of them, otherwise a
    /// sample of `sample` with the real one, drawn from `seed`.
    pub fn of(rollout: &Rollout, exact: u64, sample: usize, seed: u64) -> Self {
        let possible = orders(rollout);
        if possible.is_some_and(|n| n <= exact) {
            return Self {
                orders: all(rollout),
                exact: true,
                possible,
            };
        }
        let draw = |index: u64| {
            let mut spans = rollout.spans.clone();
            Rng::stream(seed, index).shuffle(&mut spans);
            Rollout { spans }
        };
        let others = (1..sample.max(1) as u64).map(draw);
        Self {
            orders: std::iter::once(rollout.clone()).chain(others).collect(),
            exact: false,
            possible,
        }
    }

    /// The usual bounds: [`EXACT`] and [`sample`].
    pub fn usual(rollout: &Rollout, seed: u64) -> Self {
        Self::of(rollout, EXACT, sample(rollout.spans.len()), seed)
    }

    /// The orders; the first is the real one.
    pub fn orders(&self) -> &[Rollout] {
        &self.orders
    }
}

/// In how many ways the starts can be given to the teams: a multinomial coefficient. `None` when it does not fit.
pub fn orders(rollout: &Rollout) -> Option<u64> {
    let (mut ways, mut placed) = (1u128, 0u128);
    for (_, count) in rollout.cohorts() {
        for chosen in 1..=count as u128 {
            placed += 1;
            // Always whole: it is a product of binomial coefficients built up one factor at a time.
            ways = ways.checked_mul(placed)? / chosen;
            if ways > u128::from(u64::MAX) {
                return None;
            }
        }
    }
    u64::try_from(ways).ok()
}

/// All orders, the real one first.
fn all(rollout: &Rollout) -> Vec<Rollout> {
    let mut spans = rollout.spans.clone();
    spans.sort_unstable();
    let mut found = vec![rollout.clone()];
    loop {
        if spans != rollout.spans {
            found.push(Rollout {
                spans: spans.clone(),
            });
        }
        if !next_order(&mut spans) {
            return found;
        }
    }
}

/// The next order of the alphabet of orders (Narayana); false at the last.
fn next_order(spans: &mut [Span]) -> bool {
    let Some(rise) = (1..spans.len()).rev().find(|&i| spans[i - 1] < spans[i]) else {
        return false;
    };
    let pivot = rise - 1;
    if let Some(larger) = (rise..spans.len()).rev().find(|&i| spans[i] > spans[pivot]) {
        spans.swap(pivot, larger);
    }
    spans[rise..].reverse();
    true
}

/// Statistics that differ by less than this share of themselves count as equal.
const TIE: f64 = 1e-9;

/// The share of orders whose estimate is at least as far from none as the real one. `None` when the real order gives
/// no estimate.
pub fn share_as_extreme(readings: &[Option<Reading>]) -> Option<f64> {
    let real = readings.first()?.as_ref()?.statistic(0.0);
    let as_extreme = readings
        .iter()
        .flatten()
        .filter(|r| r.statistic(0.0) >= real - TIE)
        .count();
    Some(as_extreme as f64 / readings.len() as f64)
}

/// The constant effects that the lot does not rule out: those for which the share of orders at least as extreme exceeds
/// `1 - level` (Rosenbaum 2002, "Observational studies", section 2.6). `None` when the real order gives no estimate.
pub fn interval(readings: &[Option<Reading>], level: f64) -> Option<Interval> {
    let real = readings.first()?.as_ref()?;
    // For any other order the effects at which it is as extreme form a stretch around the real estimate; as far out
    // as it reaches the order counts. So the ends of the interval are order statistics of those reaches.
    let needed = ((1.0 - level) * readings.len() as f64 + 1e-9).floor() as usize;
    let end = |sign: f64| {
        let mut reaches: Vec<f64> = readings
            .iter()
            .flatten()
            .map(|other| other.reach(real, sign))
            .collect();
        reaches.sort_unstable_by(|a, b| b.total_cmp(a));
        reaches.get(needed).copied().unwrap_or(0.0)
    };
    Some(Interval {
        low: real.effect - end(-1.0),
        high: real.effect + end(1.0),
        level,
    })
}

#[cfg(test)]
mod tests;
