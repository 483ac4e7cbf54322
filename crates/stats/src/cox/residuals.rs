//! How much each row pulls at the coefficients, and errors that trust rows or clusters only to be independent.
//!
//! Lin and Wei (1989, "The robust inference for the Cox proportional hazards model", J. Am. Stat. Assoc. 84:1074-1078)
//! with Efron's ties as in R's `residuals.coxph`. Sums over time are kept from the last time on, so that each row
//! takes the difference of two of them: the cost is that of sorting, however many ends there are.

use super::data::Sorted;
use super::sweep::sweep;
use super::{Cox, CoxError, Ties};
use std::collections::HashMap;
use std::ops::Range;

impl Cox {
    /// About how much the coefficients would change without each row: rows as given times covariates, row-major.
    pub fn dfbeta(&self) -> Vec<f64> {
        let (p, rows) = (self.rows.covariates, &self.rows);
        let score = score(rows, self.ties, &self.predictor);
        let mut dfbeta = vec![0.0; score.len()];
        for (i, u) in score.chunks_exact(p).enumerate() {
            let row = &mut dfbeta[rows.order[i] * p..(rows.order[i] + 1) * p];
            for (j, d) in row.iter_mut().enumerate() {
                // The score is that of scaled covariates: bring it back to the unit of the variance.
                *d = (0..p)
                    .map(|k| self.variance[j * p + k] * rows.scale[k] * u[k])
                    .sum();
            }
        }
        dfbeta
    }

    /// Covariance of the coefficients that holds when the model does not, for independent rows. Where rows belong
    /// together (a case in several intervals, cases of a team) use [`Cox::clustered_variance`].
    pub fn robust_variance(&self) -> Vec<f64> {
        squares(&self.dfbeta(), self.rows.covariates)
    }

    /// The same for rows that are independent between clusters only: `clusters` has a code per row. Nothing corrects
    /// for few clusters, as in R: with fewer than about 30 it errs on the sure side.
    ///
    /// # Errors
    /// When there is not one code per row, or only one cluster.
    pub fn clustered_variance(&self, clusters: &[usize]) -> Result<Vec<f64>, CoxError> {
        let (p, expected) = (self.rows.covariates, self.rows.order.len());
        if clusters.len() != expected {
            let found = clusters.len();
            return Err(CoxError::Lengths {
                what: "clusters",
                expected,
                found,
            });
        }
        let mut place: HashMap<usize, usize> = HashMap::new();
        let mut sums: Vec<f64> = Vec::new();
        for (row, cluster) in self.dfbeta().chunks_exact(p).zip(clusters) {
            let next = place.len();
            let at = *place.entry(*cluster).or_insert(next) * p;
            sums.resize(sums.len().max(at + p), 0.0);
            sums[at..at + p]
                .iter_mut()
                .zip(row)
                .for_each(|(sum, d)| *sum += d);
        }
        match place.len() {
            clusters @ (0 | 1) => Err(CoxError::TooFewClusters { clusters }),
            _ => Ok(squares(&sums, p)),
        }
    }
}

/// The sum over rows of each row times itself.
fn squares(rows: &[f64], p: usize) -> Vec<f64> {
    let mut sum = vec![0.0; p * p];
    for row in rows.chunks_exact(p) {
        for (at, sum) in sum.iter_mut().enumerate() {
            *sum += row[at / p] * row[at % p];
        }
    }
    sum
}

/// Score residuals of the sorted rows, in scaled covariates, row-major.
fn score(rows: &Sorted, ties: Ties, predictor: &[f64]) -> Vec<f64> {
    let risk: Vec<f64> = predictor.iter().map(|eta| eta.exp()).collect();
    let mut residuals = vec![0.0; rows.x.len()];
    for stratum in &rows.strata {
        stratum_score(rows, ties, &risk, stratum.clone(), &mut residuals);
    }
    residuals
}

fn stratum_score(rows: &Sorted, ties: Ties, risk: &[f64], stratum: Range<usize>, into: &mut [f64]) {
    let p = rows.covariates;
    // Falling times, and before each the sums from the last time on of hazard, and hazard times mean.
    let (mut times, mut hazard, mut weighted) = (Vec::new(), vec![0.0], vec![0.0; p]);
    sweep(rows, stratum.clone(), risk, false, |moment| {
        times.push(moment.time);
        let mut now = hazard[hazard.len() - 1];
        weighted.extend_from_within(weighted.len() - p..);
        let then = weighted.len() - p;
        // What those that end then are compared with, and the hazard that by Efron they have in part escaped.
        let (mut compared, mut escaped) = (vec![0.0; p], 0.0);
        let mut escaped_mean = vec![0.0; p];
        moment.steps(ties, |step| {
            let increment = step.count / step.risk;
            let share = step.count / moment.ended.len() as f64;
            now += increment;
            escaped += step.gone * increment;
            for (j, mean) in step.mean.iter().enumerate() {
                weighted[then + j] += increment * mean;
                compared[j] += share * mean;
                escaped_mean[j] += step.gone * increment * mean;
            }
        });
        hazard.push(now);
        for i in moment.ended.clone() {
            for (j, x) in rows.row(i).iter().enumerate() {
                into[i * p + j] += x - compared[j] + risk[i] * (x * escaped - escaped_mean[j]);
            }
        }
    });
    for i in stratum {
        let from = times.partition_point(|t| *t > rows.stop[i]);
        let until = times.partition_point(|t| *t > rows.start[i]);
        let passed = hazard[until] - hazard[from];
        for j in 0..p {
            let mean = weighted[until * p + j] - weighted[from * p + j];
            into[i * p + j] -= risk[i] * (rows.row(i)[j] * passed - mean);
        }
    }
}
