//! What makes things end sooner or later, holding the rest equal, when some have not ended yet.
//!
//! Cox's proportional hazards model (Cox 1972, "Regression models and life-tables", J. R. Stat. Soc. B 34:187-220):
//! a covariate multiplies the rate of ending by `exp(coefficient)` at any time. Rows may be intervals `(start, stop]`
//! (Andersen and Gill 1982), so that a case counts as untreated until it is treated: sorting cases by whether they
//! were ever treated credits treatment with having lived to see it. Strata keep rates of their own. Ties follow Efron
//! (1977, J. Am. Stat. Assoc. 72:557-565) or Breslow (1974). Newton's method with halved steps finds the maximum.
//!
//! Agrees with R's `survival` 3.5. The cost of one pass is rows times covariates squared.

mod concordance;
mod data;
mod error;
mod newton;
mod proportionality;
mod residuals;
mod sweep;

pub use concordance::Concordance;
pub use data::Observations;
pub use error::CoxError;
pub use proportionality::{Clock, Proportionality};

use crate::chi_square::ChiSquare;
use data::Sorted;

/// How several ends at the same time are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// As if in every order at once: nearly exact, and R's choice.
    #[default]
    Efron,
    /// As if each saw all the others still going: pulls effects towards none when ties are many.
    Breslow,
}

/// A fitted model. Vectors have one entry per covariate in the order given, matrices are flat and row-major.
#[derive(Debug, Clone)]
pub struct Cox {
    /// Logarithms of hazard ratios per unit of each covariate.
    pub coefficients: Vec<f64>,
    /// Their covariance if rows are independent and the model is right: the inverse information.
    pub variance: Vec<f64>,
    /// The logarithm of the partial likelihood.
    pub log_likelihood: f64,
    /// The same with all coefficients zero.
    pub log_likelihood_null: f64,
    /// How many ends were seen.
    pub events: usize,
    /// Newton steps taken.
    pub iterations: usize,
    ties: Ties,
    rows: Sorted,
    /// Linear predictor of each sorted row, up to a constant.
    predictor: Vec<f64>,
}

impl Cox {
    /// Fits the model.
    ///
    /// # Errors
    /// When the rows cannot be read (lengths, numbers, intervals) or do not decide the coefficients (no events,
    /// covariates that do not vary or explain each other, effects without bound); see [`CoxError`].
    pub fn fit(observations: &Observations, ties: Ties) -> Result<Self, CoxError> {
        let rows = Sorted::new(observations)?;
        let found = newton::maximise(&rows, ties)?;
        let p = rows.covariates;
        let scaled = found.factor.inverse();
        let unscale = |at: usize| scaled[at] / (rows.scale[at / p] * rows.scale[at % p]);
        Ok(Self {
            coefficients: (0..p).map(|j| found.beta[j] / rows.scale[j]).collect(),
            variance: (0..p * p).map(unscale).collect(),
            log_likelihood: found.log_likelihood,
            log_likelihood_null: found.log_likelihood_null,
            events: rows.event.iter().filter(|e| **e).count(),
            iterations: found.iterations,
            ties,
            predictor: rows.predictor(&found.beta),
            rows,
        })
    }

    /// Roots of the diagonal of [`Cox::variance`].
    pub fn standard_errors(&self) -> Vec<f64> {
        roots(&self.variance, self.rows.covariates)
    }

    /// Roots of the diagonal of [`Cox::robust_variance`].
    pub fn robust_standard_errors(&self) -> Vec<f64> {
        roots(&self.robust_variance(), self.rows.covariates)
    }

    /// Roots of the diagonal of [`Cox::clustered_variance`].
    ///
    /// # Errors
    /// As there.
    pub fn clustered_standard_errors(&self, clusters: &[usize]) -> Result<Vec<f64>, CoxError> {
        Ok(roots(
            &self.clustered_variance(clusters)?,
            self.rows.covariates,
        ))
    }

    /// Whether the covariates together say anything: twice the gain in log-likelihood, as many degrees of freedom as
    /// covariates. Only for independent rows.
    pub fn likelihood_ratio(&self) -> ChiSquare {
        ChiSquare {
            statistic: 2.0 * (self.log_likelihood - self.log_likelihood_null),
            df: self.rows.covariates as u32,
        }
    }
}

fn roots(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n).map(|j| matrix[j * n + j].sqrt()).collect()
}

#[cfg(test)]
mod tests;
