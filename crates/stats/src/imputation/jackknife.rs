//! Errors by leaving out one team at a time.

use serde::{Deserialize, Serialize};

use super::{Design, Interval};
use crate::dist::t_critical;

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

impl Design<'_> {
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
