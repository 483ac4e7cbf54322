//! Fitting what untreated cells show.

use super::parts::Parts;
use crate::cells::Cells;
use crate::linalg::{Ldl, axpy, dot};
use crate::rollout::Rollout;

/// The comparison cells of a roll-out, ready to be fitted with all teams or without one.
pub struct Design<'a> {
    pub(super) cells: &'a Cells,
    pub(super) rollout: &'a Rollout,
    pub(super) periods: usize,
    usable: Vec<bool>,
    /// Cases of comparison cells in usable periods, by team then period.
    pub(super) weights: Vec<f64>,
    pub(super) team_weight: Vec<f64>,
    period_weight: Vec<f64>,
    team_sum: Vec<f64>,
    period_sum: Vec<f64>,
    /// Lower triangle of the normal equations of the period effects once team effects are eliminated.
    schur: Vec<f64>,
}

/// What untreated cells are expected to show: team effect plus period effect.
struct Expected {
    team: Vec<f64>,
    period: Vec<f64>,
    /// Which teams and periods hang together through comparison cells; `None` when all do.
    parts: Option<Parts>,
}

impl<'a> Design<'a> {
    /// Uses the first `periods` periods. Teams of the roll-out beyond those of the cells are ignored.
    pub fn new(cells: &'a Cells, rollout: &'a Rollout, periods: usize) -> Self {
        let t = periods.min(cells.periods());
        let teams = cells.teams().min(rollout.spans.len());
        let mut design = Self {
            cells,
            rollout,
            periods: t,
            usable: rollout.usable(cells),
            weights: vec![0.0; teams * t],
            team_weight: vec![0.0; teams],
            period_weight: vec![0.0; t],
            team_sum: vec![0.0; teams],
            period_sum: vec![0.0; t],
            schur: vec![0.0; t * t],
        };
        for team in 0..teams {
            let (counts, sums) = (cells.counts(team), cells.sums(team));
            for period in 0..t {
                if design.usable[period] && rollout.spans[team].compares(period) {
                    design.weights[team * t + period] = counts[period];
                    design.team_weight[team] += counts[period];
                    design.period_weight[period] += counts[period];
                    design.team_sum[team] += sums[period];
                    design.period_sum[period] += sums[period];
                }
            }
        }
        for team in 0..teams {
            let weights = &design.weights[team * t..(team + 1) * t];
            subtract_outer(&mut design.schur, weights, design.team_weight[team]);
        }
        for period in 0..t {
            design.schur[period * t + period] += design.period_weight[period];
        }
        design
    }

    /// Teams, in the order of the cells.
    pub fn teams(&self) -> usize {
        self.team_weight.len()
    }

    pub(super) fn weights(&self, team: usize) -> &[f64] {
        &self.weights[team * self.periods..(team + 1) * self.periods]
    }

    /// The factored normal equations, without a team if asked. Also whether all periods hang together.
    pub(super) fn factor(&self, without: Option<usize>) -> (Ldl, bool) {
        let t = self.periods;
        let mut ldl = Ldl::default();
        let matrix = ldl.start(t);
        matrix.copy_from_slice(&self.schur);
        if let Some(team) = without {
            // The opposite of what this team had put in.
            let weights = self.weights(team);
            let total = self.team_weight[team];
            if total > 0.0 {
                for i in 0..t {
                    if weights[i] != 0.0 {
                        axpy(
                            weights[i] / total,
                            &weights[..=i],
                            &mut matrix[i * t..=i * t + i],
                        );
                        matrix[i * t + i] -= weights[i];
                    }
                }
            }
            for (period, &weight) in weights.iter().enumerate() {
                if self.period_weight[period] - weight <= 0.0 {
                    matrix[period * t..=period * t + period].fill(0.0);
                    (period..t).for_each(|later| matrix[later * t + period] = 0.0);
                }
            }
        }
        ldl.factor();
        // Each part pins one of its periods, also one whose teams are compared in that period alone and which has an empty row.
        let compared = |period: usize| {
            let own = without.map_or(0.0, |team| self.weights(team)[period]);
            self.period_weight[period] - own > 0.0
        };
        let pinned = (0..t).filter(|&p| compared(p) && ldl.is_pinned(p));
        let connected = pinned.count() <= 1;
        (ldl, connected)
    }

    fn expect(&self, without: Option<usize>) -> Expected {
        let (ldl, connected) = self.factor(without);
        let left_out = |team: usize| without == Some(team);
        let mut period = self.period_sum.clone();
        if let Some(out) = without {
            for (p, sum) in period.iter_mut().enumerate() {
                if self.weights(out)[p] > 0.0 {
                    *sum -= self.cells.sums(out)[p];
                }
            }
        }
        for team in 0..self.teams() {
            if self.team_weight[team] > 0.0 && !left_out(team) {
                let mean = self.team_sum[team] / self.team_weight[team];
                axpy(-mean, self.weights(team), &mut period);
            }
        }
        ldl.solve(&mut period);
        let team = (0..self.teams())
            .map(|team| {
                let weight = self.team_weight[team];
                if weight > 0.0 {
                    (self.team_sum[team] - dot(self.weights(team), &period)) / weight
                } else {
                    0.0
                }
            })
            .collect();
        let parts = (!connected).then(|| Parts::of(self, without));
        Expected {
            team,
            period,
            parts,
        }
    }

    /// Calls `with(team, period, cases, sum, expected)` for each cell outside the comparison that can be imputed.
    pub(super) fn imputed(
        &self,
        without: Option<usize>,
        wanted: impl Fn(usize, usize) -> bool,
        mut with: impl FnMut(usize, usize, f64, f64, f64),
    ) {
        let expected = self.expect(without);
        for team in 0..self.teams() {
            if without == Some(team) || self.team_weight[team] <= 0.0 {
                continue;
            }
            let (counts, sums) = (self.cells.counts(team), self.cells.sums(team));
            for period in 0..self.periods {
                let linked = || {
                    expected
                        .parts
                        .as_ref()
                        .is_none_or(|p| p.linked(team, period))
                };
                if self.usable[period] && counts[period] > 0.0 && wanted(team, period) && linked() {
                    let level = expected.team[team] + expected.period[period];
                    with(team, period, counts[period], sums[period], level);
                }
            }
        }
    }

    /// How far each comparison cell is from what the fit expects, by team then period; 0 elsewhere.
    pub(crate) fn residuals(&self, without: Option<usize>) -> Vec<f64> {
        let expected = self.expect(without);
        let mut residuals = vec![0.0; self.weights.len()];
        for team in (0..self.teams()).filter(|&team| without != Some(team)) {
            let sums = self.cells.sums(team);
            for (period, sum) in sums.iter().enumerate().take(self.periods) {
                let at = team * self.periods + period;
                if self.weights[at] > 0.0 {
                    let level = expected.team[team] + expected.period[period];
                    residuals[at] = sum / self.weights[at] - level;
                }
            }
        }
        residuals
    }
}

/// `lower -= v v' / total`, the lower triangle only.
fn subtract_outer(lower: &mut [f64], v: &[f64], total: f64) {
    if total > 0.0 {
        let t = v.len();
        for i in 0..t {
            if v[i] != 0.0 {
                axpy(-v[i] / total, &v[..=i], &mut lower[i * t..=i * t + i]);
            }
        }
    }
}
