//! One start, one period, with covariates.
//!
//! Sant'Anna and Zhao (2020, "Doubly robust difference-in-differences estimators", J. Econometrics 219:101-122), the
//! estimator with a logit for who started and least squares for how the others changed (eqs. 3.1 and B.3), right when
//! either is; as `drdid_panel` of R's DRDID, down to its trimming.

use super::Reason;
use super::compare::Sample;
use super::panel::Units;
use crate::symmetric::Cholesky;

/// Those compared with whose chance of starting is this high are not compared with (DRDID's `trim.level`).
const TRIM: f64 = 0.995;
const CERTAIN: f64 = 1.0 - 1e-6;
const COLLINEAR: f64 = 1e-11;
const MAX_ITERATIONS: usize = 40;

/// A sample with its covariates in a row each.
struct Rows<'a> {
    n: f64,
    columns: usize,
    x: Vec<&'a [f64]>,
    weight: Vec<f64>,
    treated: &'a [bool],
    change: &'a [f64],
}

/// The effect, and the influence of every unit of the sample on it.
pub(super) fn doubly_robust(units: &Units, sample: &Sample) -> Result<(f64, Vec<f64>), Reason> {
    let columns = units.columns;
    let rows = Rows {
        n: sample.units.len() as f64,
        columns,
        x: sample
            .units
            .iter()
            .map(|u| &units.covariates[u * columns..(u + 1) * columns])
            .collect(),
        weight: sample.units.iter().map(|&u| units.weights[u]).collect(),
        treated: &sample.treated,
        change: &sample.change,
    };
    let outcome = rows.outcome()?;
    let chance = rows.chance()?;
    let left: Vec<f64> = rows.each(|i| rows.change[i] - dot(rows.x[i], &outcome.coefficients));
    let treated = rows.each(|i| if rows.treated[i] { rows.weight[i] } else { 0.0 });
    let likely: Vec<f64> =
        rows.each(|i| logistic(dot(rows.x[i], &chance.coefficients)).min(CERTAIN));
    let alike = rows.each(|i| match rows.treated[i] || likely[i] >= TRIM {
        true => 0.0,
        false => rows.weight[i] * likely[i] / (1.0 - likely[i]),
    });
    if alike.iter().all(|w| *w == 0.0) {
        return Err(Reason::NoOverlap);
    }
    let (of_treated, of_alike) = (weighted_mean(&left, &treated), weighted_mean(&left, &alike));
    let (mass_treated, mass_alike) = (mean(&treated), mean(&alike));

    // What uncertain coefficients add: how the means move with them, through the inverse information.
    let by_outcome_treated = outcome.solve(rows.mean_of(&treated));
    let by_outcome_alike = outcome.solve(rows.mean_of(&alike));
    let pull = rows.each(|i| alike[i] * (left[i] - of_alike));
    let by_chance = chance.solve(rows.mean_of(&pull));
    let influence = |i: usize| {
        let control = if rows.treated[i] {
            0.0
        } else {
            rows.weight[i] * left[i]
        };
        let score = rows.weight[i] * (f64::from(u8::from(rows.treated[i])) - likely[i]);
        let one =
            treated[i] * (left[i] - of_treated) - control * dot(rows.x[i], &by_outcome_treated);
        let other = pull[i] + score * dot(rows.x[i], &by_chance)
            - control * dot(rows.x[i], &by_outcome_alike);
        one / mass_treated - other / mass_alike
    };
    Ok((of_treated - of_alike, rows.each(influence)))
}

/// Coefficients and the mean information about them.
struct Regression {
    coefficients: Vec<f64>,
    information: Cholesky,
}

impl Regression {
    fn solve(&self, mut b: Vec<f64>) -> Vec<f64> {
        self.information.solve(&mut b);
        b
    }
}

impl Rows<'_> {
    fn each<T>(&self, f: impl FnMut(usize) -> T) -> Vec<T> {
        (0..self.x.len()).map(f).collect()
    }

    /// How those compared with changed, by covariates: weighted least squares.
    fn outcome(&self) -> Result<Regression, Reason> {
        let weight = self.each(|i| if self.treated[i] { 0.0 } else { self.weight[i] });
        let mut coefficients = self.mean_of(&self.each(|i| weight[i] * self.change[i]));
        let information = self.information(&weight).map_err(|_| Reason::Collinear)?;
        information.solve(&mut coefficients);
        Ok(Regression {
            coefficients,
            information,
        })
    }

    /// Who started, by covariates: a logit by Newton's method.
    fn chance(&self) -> Result<Regression, Reason> {
        let mut coefficients = vec![0.0; self.columns];
        for _ in 0..MAX_ITERATIONS {
            let likely = self.each(|i| logistic(dot(self.x[i], &coefficients)));
            let spread = self.each(|i| self.weight[i] * likely[i] * (1.0 - likely[i]));
            let wrong =
                |i: usize| self.weight[i] * (f64::from(u8::from(self.treated[i])) - likely[i]);
            let score = self.mean_of(&self.each(wrong));
            let information = self.information(&spread).map_err(|_| Reason::NoOverlap)?;
            let mut step = score.clone();
            information.solve(&mut step);
            if dot(&step, &score) < 1e-20 && step.iter().all(|s| s.abs() < 1e-6) {
                return Ok(Regression {
                    coefficients,
                    information,
                });
            }
            coefficients
                .iter_mut()
                .zip(&step)
                .for_each(|(c, s)| *c += s);
        }
        Err(Reason::NoOverlap)
    }

    /// The mean over rows of `of` times the covariates.
    fn mean_of(&self, of: &[f64]) -> Vec<f64> {
        let mut mean = vec![0.0; self.columns];
        for (x, of) in self.x.iter().zip(of) {
            mean.iter_mut()
                .zip(*x)
                .for_each(|(m, x)| *m += of * x / self.n);
        }
        mean
    }

    /// The mean over rows of `weight` times the products of covariates.
    fn information(&self, weight: &[f64]) -> Result<Cholesky, usize> {
        let c = self.columns;
        let mut products = vec![0.0; c * c];
        for (x, weight) in self.x.iter().zip(weight) {
            for (at, product) in products.iter_mut().enumerate() {
                *product += weight * x[at / c] * x[at % c] / self.n;
            }
        }
        Cholesky::factor(&products, c, COLLINEAR)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn logistic(eta: f64) -> f64 {
    1.0 / (1.0 + (-eta).exp())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    dot(values, weights) / weights.iter().sum::<f64>()
}
