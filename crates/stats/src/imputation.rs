//! Difference in differences by imputation, weighted by cases.
//!
//! What an untreated cell would show is a team effect plus a period effect. Both are fitted on comparison cells only;
//! the effect is the mean, over treated cases, of what was seen less what was to be expected. It does not go wrong when
//! teams start at different times and effects grow or differ (Borusyak, Jaravel and Spiess 2024, "Revisiting event-study
//! designs", Rev. Econ. Stud. 91:3253-3285, theorem 2 and eq. 6). Only periods with at least two comparison teams count.
//! The error comes from leaving out one team at a time (Efron and Stein 1981), because cases of one team share their luck.

use serde::{Deserialize, Serialize};

use crate::cells::Cells;
use crate::dist::t_critical;
use crate::linalg::{Ldl, axpy, dot};
use crate::rollout::Rollout;

/// From `low` to `high`, in the unit of the outcome; infinite where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Interval {
    /// Lower end. Written as nothing when infinite.
    #[serde(with = "low_end")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub low: f64,
    /// Upper end. Written as nothing when infinite.
    #[serde(with = "high_end")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub high: f64,
    /// How often such intervals hold the true value: 0.95.
    pub level: f64,
}

/// JSON has no infinity: an open end is written as null.
mod low_end {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(end: &f64, to: S) -> Result<S::Ok, S::Error> {
        end.is_finite().then_some(*end).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::NEG_INFINITY))
    }
}

mod high_end {
    use serde::{Deserialize, Deserializer};

    pub(super) use super::low_end::serialize;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::INFINITY))
    }
}

impl Interval {
    /// Whether `value` lies inside, ends included.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether it lies wholly within `-zone` to `zone`.
    pub fn within(&self, zone: f64) -> bool {
        self.low >= -zone && self.high <= zone
    }
}

/// The effect and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean effect over treated cases, in the unit of the outcome.
    pub effect: f64,
    /// Variance of `effect` divided by the variance of one case, if cases were independent.
    pub design_variance: f64,
    /// Treated cases it is the mean of.
    pub treated_cases: f64,
    /// Teams those cases come from.
    pub treated_teams: usize,
    /// Cells that count: comparison and treated.
    pub cells: usize,
}

/// An effect with the error found by leaving out one team at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Jackknife {
    /// Effect with all teams.
    pub effect: f64,
    /// Standard error.
    pub se: f64,
    /// Degrees of freedom: teams that could be left out, less one.
    pub df: f64,
    /// Effect without each team; `None` where it can't be told without it.
    pub without: Vec<Option<f64>>,
    /// Cases the effect is the mean of.
    pub cases: f64,
    /// Teams those cases come from.
    pub teams: usize,
}

impl Jackknife {
    /// From the effect with all teams and those without each.
    pub(crate) fn of(effect: f64, without: Vec<Option<f64>>, cases: f64, teams: usize) -> Self {
        let n = without.iter().flatten().count() as f64;
        let squares = without.iter().flatten().map(|e| (e - effect).powi(2));
        // What one team alone shows has no error that could be known.
        let df = if teams > 1 { n - 1.0 } else { 0.0 };
        Self {
            effect,
            se: ((n - 1.0).max(0.0) / n.max(1.0) * squares.sum::<f64>()).sqrt(),
            df: df.max(0.0),
            without,
            cases,
            teams,
        }
    }

    /// The t interval. Infinitely wide when there is no error to go by.
    pub fn interval(&self, level: f64) -> Interval {
        let half = if self.df >= 1.0 {
            t_critical(level, self.df) * self.se
        } else {
            f64::INFINITY
        };
        Interval {
            low: self.effect - half,
            high: self.effect + half,
            level,
        }
    }

    /// Effect in standard errors; `None` when there is no error to go by.
    pub fn t(&self) -> Option<f64> {
        (self.df >= 1.0 && self.se > 0.0).then(|| self.effect / self.se)
    }
}

/// The comparison cells of a roll-out, ready to be fitted with all teams or without one.
pub struct Design<'a> {
    cells: &'a Cells,
    rollout: &'a Rollout,
    periods: usize,
    usable: Vec<bool>,
    /// Cases of comparison cells in usable periods, by team then period.
    weights: Vec<f64>,
    team_weight: Vec<f64>,
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

    fn weights(&self, team: usize) -> &[f64] {
        &self.weights[team * self.periods..(team + 1) * self.periods]
    }

    /// The factored normal equations, without a team if asked. Also whether all periods hang together.
    fn factor(&self, without: Option<usize>) -> (Ldl, bool) {
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
        let pinned = ldl.factor();
        (ldl, pinned <= 1)
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
    fn imputed(
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

    /// The effect over all treated cells; `None` when no treated cell has a comparison.
    pub fn estimate(&self) -> Option<Estimate> {
        let mut team_target = vec![0.0; self.teams()];
        let mut target = vec![0.0; self.periods];
        let (mut cases, mut gain) = (0.0, 0.0);
        let mut cells = self.weights.iter().filter(|&&w| w > 0.0).count();
        let treated = |team: usize, period: usize| self.rollout.spans[team].treated(period);
        self.imputed(None, treated, |team, period, n, sum, level| {
            team_target[team] += n;
            target[period] += n;
            cases += n;
            gain += sum - n * level;
            cells += 1;
        });
        if cases <= 0.0 {
            return None;
        }
        // x' M^-1 x for the target x, by the same elimination.
        let mut spread = cases;
        for (team, &xa) in team_target.iter().enumerate() {
            if xa > 0.0 {
                spread += xa * xa / self.team_weight[team];
                axpy(
                    -xa / self.team_weight[team],
                    self.weights(team),
                    &mut target,
                );
            }
        }
        let right = target.clone();
        let (ldl, _) = self.factor(None);
        ldl.solve(&mut target);
        spread += dot(&right, &target);
        Some(Estimate {
            effect: gain / cases,
            design_variance: spread / (cases * cases),
            treated_cases: cases,
            treated_teams: team_target.iter().filter(|&&x| x > 0.0).count(),
            cells,
        })
    }

    /// What each cell's mean adds to the effect, by team then period: the effect is the sum of weight times mean. `None`
    /// when no treated cell has a comparison.
    pub fn influence(&self) -> Option<Vec<f64>> {
        let mut influence = vec![0.0; self.weights.len()];
        let mut team_target = vec![0.0; self.teams()];
        let mut target = vec![0.0; self.periods];
        let mut cases = 0.0;
        let treated = |team: usize, period: usize| self.rollout.spans[team].treated(period);
        self.imputed(None, treated, |team, period, n, _, _| {
            influence[team * self.periods + period] = n;
            team_target[team] += n;
            target[period] += n;
            cases += n;
        });
        if cases <= 0.0 {
            return None;
        }
        for (team, &xa) in team_target.iter().enumerate() {
            if xa > 0.0 {
                axpy(
                    -xa / self.team_weight[team],
                    self.weights(team),
                    &mut target,
                );
            }
        }
        self.factor(None).0.solve(&mut target);
        for (team, xa) in team_target.iter().enumerate() {
            let weight = self.team_weight[team];
            if weight > 0.0 {
                let level = (xa - dot(self.weights(team), &target)) / weight;
                for (period, at) in target.iter().enumerate() {
                    let cell = team * self.periods + period;
                    influence[cell] -= self.weights[cell] * (level + at);
                }
            }
        }
        influence.iter_mut().for_each(|weight| *weight /= cases);
        Some(influence)
    }

    /// The effect over all treated cells with its error; `None` when no treated cell has a comparison.
    pub fn jackknife(&self) -> Option<Jackknife> {
        let treated =
            |team: usize, period: usize| self.rollout.spans[team].treated(period).then_some(0);
        self.jackknife_by(1, treated).pop().flatten()
    }

    /// Effects over groups of cells outside the comparison: `group(team, period)` names the group, below `groups`, or
    /// none. One fit for each team left out serves all groups.
    pub fn jackknife_by(
        &self,
        groups: usize,
        group: impl Fn(usize, usize) -> Option<usize>,
    ) -> Vec<Option<Jackknife>> {
        let sums = |without: Option<usize>| {
            let mut sums = vec![Sum::default(); groups];
            let in_group = |team: usize, period: usize| group(team, period).is_some();
            self.imputed(without, in_group, |team, period, n, sum, level| {
                if let Some(g) = group(team, period) {
                    sums[g].add(team, n, sum - n * level);
                }
            });
            sums
        };
        let all = sums(None);
        let without: Vec<_> = (0..self.teams()).map(|team| sums(Some(team))).collect();
        let of_group = |(g, sum): (usize, &Sum)| {
            let effect = sum.mean()?;
            let without: Vec<Option<f64>> = without.iter().map(|sums| sums[g].mean()).collect();
            let n = without.iter().flatten().count() as f64;
            let spread: f64 = without.iter().flatten().map(|e| (e - effect).powi(2)).sum();
            // What one team alone shows has no error that could be known.
            let df = if sum.teams > 1 { n - 1.0 } else { 0.0 };
            Some(Jackknife {
                effect,
                se: ((n - 1.0).max(0.0) / n.max(1.0) * spread).sqrt(),
                df: df.max(0.0),
                without,
                cases: sum.cases,
                teams: sum.teams,
            })
        };
        all.iter().enumerate().map(of_group).collect()
    }
}

/// What a group of cells shows; teams come one after the other.
#[derive(Debug, Clone, Default)]
struct Sum {
    cases: f64,
    gain: f64,
    teams: usize,
    last: Option<usize>,
}

impl Sum {
    fn add(&mut self, team: usize, cases: f64, gain: f64) {
        self.cases += cases;
        self.gain += gain;
        if self.last != Some(team) {
            self.last = Some(team);
            self.teams += 1;
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.cases > 0.0).then(|| self.gain / self.cases)
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

/// Connected parts of the graph of teams and periods with a comparison cell between them.
struct Parts {
    team: Vec<usize>,
    period: Vec<usize>,
}

impl Parts {
    fn of(design: &Design<'_>, without: Option<usize>) -> Self {
        let (teams, periods) = (design.teams(), design.periods);
        let mut parent: Vec<usize> = (0..teams + periods).collect();
        fn root(parent: &mut [usize], mut at: usize) -> usize {
            while parent[at] != at {
                parent[at] = parent[parent[at]];
                at = parent[at];
            }
            at
        }
        for team in (0..teams).filter(|&team| without != Some(team)) {
            for (period, &weight) in design.weights(team).iter().enumerate() {
                if weight > 0.0 {
                    let (a, b) = (root(&mut parent, team), root(&mut parent, teams + period));
                    parent[a] = b;
                }
            }
        }
        let of = |at| root(&mut parent, at);
        let all: Vec<usize> = (0..teams + periods).map(of).collect();
        Self {
            team: all[..teams].to_vec(),
            period: all[teams..].to_vec(),
        }
    }

    fn linked(&self, team: usize, period: usize) -> bool {
        self.team[team] == self.period[period]
    }
}
