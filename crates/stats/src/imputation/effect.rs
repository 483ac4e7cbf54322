//! The effect over all treated cells.

use serde::{Deserialize, Serialize};

use super::Design;
use crate::linalg::{axpy, dot};

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

impl Design<'_> {
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
}
