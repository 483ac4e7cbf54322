//! The maximum of the partial likelihood.

use super::data::Sorted;
use super::sweep::{sweep, triangle};
use super::{CoxError, Ties};
use crate::symmetric::Cholesky;

const MAX_ITERATIONS: usize = 100;
const MAX_HALVINGS: usize = 30;
/// Half the squared distance to the maximum, in standard errors, before the last step. That step squares it.
const NEAR: f64 = 1e-10;
/// A step that shifts the predictor by so much between a covariate's extremes is not the last.
const SHIFT: f64 = 1e-2;
/// When such steps gain next to nothing there will be no last one: the likelihood only levels off.
const ENDLESS: f64 = 1e-14;
/// R's `coxph.control(toler.chol)`.
const COLLINEAR: f64 = 1.818_989_403_545_856_5e-12;

pub(super) struct Maximum {
    /// Coefficients of the scaled covariates.
    pub(super) beta: Vec<f64>,
    /// Of their information matrix.
    pub(super) factor: Cholesky,
    pub(super) log_likelihood: f64,
    pub(super) log_likelihood_null: f64,
    pub(super) iterations: usize,
}

pub(super) fn maximise(rows: &Sorted, ties: Ties) -> Result<Maximum, CoxError> {
    let p = rows.covariates;
    let mut beta = vec![0.0; p];
    let mut here = Likelihood::at(rows, ties, &beta);
    let log_likelihood_null = here.value;
    identified(&here, rows)?;
    for iterations in 1..=MAX_ITERATIONS {
        let lost = |covariate| CoxError::Separation { covariate };
        let mut step = here.score.clone();
        here.factor(p).map_err(lost)?.solve(&mut step);
        let near: f64 = step
            .iter()
            .zip(&here.score)
            .map(|(s, u)| s * u)
            .sum::<f64>()
            / 2.0;
        let Some((to, there)) = climb(rows, ties, &beta, &step, &here) else {
            return Err(CoxError::NotConverged { iterations });
        };
        (beta, here) = (to, there);
        let shifts = |j: &usize| step[*j].abs() * rows.spread[*j] > SHIFT;
        match (0..p).find(shifts) {
            None if near < NEAR => {
                return Ok(Maximum {
                    factor: here.factor(p).map_err(lost)?,
                    beta,
                    log_likelihood: here.value,
                    log_likelihood_null,
                    iterations,
                });
            }
            Some(covariate) if near < ENDLESS => return Err(lost(covariate)),
            _ => {}
        }
    }
    Err(CoxError::NotConverged {
        iterations: MAX_ITERATIONS,
    })
}

/// Takes the step, or a half, a quarter of it, until the likelihood does not fall.
fn climb(
    rows: &Sorted,
    ties: Ties,
    from: &[f64],
    step: &[f64],
    here: &Likelihood,
) -> Option<(Vec<f64>, Likelihood)> {
    let rounding = 1e-12 * here.value.abs().max(1.0);
    let mut part = 1.0;
    for _ in 0..MAX_HALVINGS {
        let to: Vec<f64> = from.iter().zip(step).map(|(b, s)| b + part * s).collect();
        let there = Likelihood::at(rows, ties, &to);
        if there.value >= here.value - rounding && there.value.is_finite() {
            return Some((to, there));
        }
        part /= 2.0;
    }
    None
}

/// Whether the covariates vary among those watched together, each beside the others, before any is given an effect.
fn identified(here: &Likelihood, rows: &Sorted) -> Result<(), CoxError> {
    let p = rows.covariates;
    let events = rows.event.iter().filter(|e| **e).count() as f64;
    let varies = |j: &usize| here.information[j * (j + 3) / 2] > COLLINEAR * events;
    if let Some(covariate) = (0..p).find(|j| !varies(j)) {
        return Err(CoxError::DoesNotVary { covariate });
    }
    match here.factor(p) {
        Ok(_) => Ok(()),
        Err(covariate) => Err(CoxError::Collinear { covariate }),
    }
}

/// The logarithm of the partial likelihood, its slope and its curvature (a lower triangle) at some coefficients.
struct Likelihood {
    value: f64,
    score: Vec<f64>,
    information: Vec<f64>,
}

impl Likelihood {
    fn at(rows: &Sorted, ties: Ties, beta: &[f64]) -> Self {
        let p = rows.covariates;
        let predictor = rows.predictor(beta);
        let risk: Vec<f64> = predictor.iter().map(|eta| eta.exp()).collect();
        let (mut value, mut score) = (0.0, vec![0.0; p]);
        let mut information = vec![0.0; triangle(p)];
        for stratum in &rows.strata {
            sweep(rows, stratum.clone(), &risk, true, |moment| {
                for i in moment.ended.clone() {
                    value += predictor[i];
                    score.iter_mut().zip(rows.row(i)).for_each(|(u, x)| *u += x);
                }
                moment.steps(ties, |step| {
                    value -= step.count * step.risk.ln();
                    for (u, mean) in score.iter_mut().zip(step.mean) {
                        *u -= step.count * mean;
                    }
                    step.add_covariance(1.0, &mut information);
                });
            });
        }
        Self {
            value,
            score,
            information,
        }
    }

    fn factor(&self, p: usize) -> Result<Cholesky, usize> {
        Cholesky::factor(&full(&self.information, p), p, COLLINEAR)
    }
}

/// The whole of a symmetric matrix from its lower triangle.
pub(super) fn full(lower: &[f64], p: usize) -> Vec<f64> {
    let at = |i: usize, j: usize| lower[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
    (0..p * p).map(|k| at(k / p, k % p)).collect()
}
