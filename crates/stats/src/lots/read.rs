//! Estimates of many orders at many looks.
//!
//! The estimate is linear in the outcome once the order is given, so three numbers say everything about an order at a
//! look: the estimate, what one unit of a constant effect in the real order adds to it, and its design variance.
//!
//! Teams are eliminated from the normal equations in the order in which they stop being comparison. A team's row is
//! final by then, so each is eliminated once for all looks, and a look costs only the rest: the teams still waiting.

mod one;

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use crate::cells::Cells;
use crate::rollout::{MIN_COMPARISON, Rollout};

use one::Reader;

/// What one order shows at one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The estimated effect, had this been the order.
    pub effect: f64,
    /// What the estimate gains when every case treated in the real order gains one. 1 for the real order.
    pub slope: f64,
    /// Design variance.
    pub variance: f64,
}

impl Reading {
    /// How far the estimate is from none, once a constant effect has been taken off the cases treated in reality.
    pub fn statistic(&self, constant: f64) -> f64 {
        (self.effect - constant * self.slope).abs() / self.variance.sqrt()
    }

    /// How far from the real estimate, upwards (`sign` 1) or downwards (-1), a constant effect may lie while this order
    /// stays at least as extreme as the real one; infinite when it always does.
    pub(super) fn reach(&self, real: &Reading, sign: f64) -> f64 {
        // At distance x this order shows |rest - x slope| and the real one x, each over the root of its variance.
        let ratio = (self.variance / real.variance).sqrt();
        let rest = self.effect - real.effect * self.slope;
        let same = rest.abs() <= 1e-9 * self.variance.sqrt();
        if same && self.slope.abs() >= ratio * (1.0 - 1e-9) {
            return f64::INFINITY; // The real order once more, or its mirror image.
        }
        let toward = if rest < 0.0 { -sign } else { sign };
        let fall = ratio + toward * self.slope;
        if fall > 1e-12 * ratio {
            rest.abs() / fall
        } else {
            f64::INFINITY
        }
    }
}

/// What all orders show at each look; the first order of each look is the real one.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// Numbers of periods known at each look, rising.
    pub ends: Vec<usize>,
    /// One row a look, one entry an order; `None` where the order gives no estimate yet.
    pub looks: Vec<Vec<Option<Reading>>>,
}

/// The cells as flat tables by period then team, and what is common to all orders.
struct Table {
    teams: usize,
    /// Cases.
    n: Vec<f64>,
    /// Sums of the outcome.
    sum: Vec<f64>,
    /// Cases treated in reality.
    treated: Vec<f64>,
    /// The normal equations of the periods in which every order has all teams as comparison.
    common: Common,
}

/// Sums over the periods before any team can have started.
struct Common {
    /// How many periods these are.
    periods: usize,
    /// Lower and upper triangle, by rows of teams.
    matrix: Vec<f64>,
    outcome: Vec<f64>,
}

impl Table {
    fn of(cells: &Cells, real: &Rollout) -> Self {
        let teams = cells.teams().min(real.spans.len());
        let periods = cells.periods();
        let mut table = Self {
            teams,
            n: vec![0.0; teams * periods],
            sum: vec![0.0; teams * periods],
            treated: vec![0.0; teams * periods],
            common: Common {
                periods: 0,
                matrix: vec![0.0; teams * teams],
                outcome: vec![0.0; teams],
            },
        };
        for team in 0..teams {
            for period in 0..periods {
                let at = period * teams + team;
                table.n[at] = cells.counts(team)[period];
                table.sum[at] = cells.sums(team)[period];
                if real.spans[team].treated(period) {
                    table.treated[at] = table.n[at];
                }
            }
        }
        let first = real.spans.iter().map(|s| s.until as usize).min();
        table.common.periods = first.unwrap_or(0).min(periods);
        for period in 0..table.common.periods {
            table.add_common(period);
        }
        table
    }

    fn row<'a>(&self, of: &'a [f64], period: usize) -> &'a [f64] {
        &of[period * self.teams..(period + 1) * self.teams]
    }

    fn add_common(&mut self, period: usize) {
        let teams = self.teams;
        let (n, sum) = (self.row(&self.n, period), self.row(&self.sum, period));
        if n.iter().filter(|&&n| n > 0.0).count() < MIN_COMPARISON {
            return;
        }
        let (total, outcome) = (n.iter().sum::<f64>(), sum.iter().sum::<f64>());
        for team in 0..teams {
            let share = n[team] / total;
            let row = &mut self.common.matrix[team * teams..(team + 1) * teams];
            row.iter_mut().zip(n).for_each(|(m, n)| *m -= share * n);
            row[team] += n[team];
            self.common.outcome[team] += sum[team] - share * outcome;
        }
    }
}

/// Reads all orders at all looks (`ends`: numbers of periods known, rising), on as many threads. The first order must
/// be the real one.
pub fn read(cells: &Cells, orders: &[Rollout], ends: &[usize], threads: NonZeroUsize) -> Readings {
    let ends: Vec<usize> = ends.iter().map(|&e| e.min(cells.periods())).collect();
    let Some(real) = orders.first() else {
        return Readings {
            looks: vec![Vec::new(); ends.len()],
            ends,
        };
    };
    let table = Table::of(cells, real);
    let share = orders.len().div_ceil(threads.get()).max(1);
    let part = |orders: &[Rollout]| {
        let mut reader = Reader::new(&table);
        let of_order = |order: &Rollout| reader.read(order, &ends);
        orders.iter().map(of_order).collect::<Vec<_>>()
    };
    let by_order: Vec<Vec<Option<Reading>>> = if orders.len() <= share {
        part(orders)
    } else {
        std::thread::scope(|scope| {
            let parts: Vec<_> = orders
                .chunks(share)
                .map(|orders| scope.spawn(|| part(orders)))
                .collect();
            let join = |part: ScopedJoinHandle<'_, Vec<_>>| {
                part.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            parts.into_iter().flat_map(join).collect()
        })
    };
    let look = |k: usize| by_order.iter().map(|order| order[k]).collect();
    Readings {
        looks: (0..ends.len()).map(look).collect(),
        ends,
    }
}
