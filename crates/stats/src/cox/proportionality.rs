//! Whether effects stay the same over time, as the model has it.
//!
//! The score test for adding each covariate times a function of time (Grambsch and Therneau 1994, "Proportional
//! hazards tests and diagnostics based on weighted residuals", Biometrika 81:515-526), exact as in `cox.zph` of R's
//! survival 3.0 and later.

use super::Cox;
use super::newton::full;
use super::sweep::{sweep, triangle};
use crate::chi_square::ChiSquare;
use crate::survival::{Curve, kaplan_meier_entered};
use crate::symmetric::Cholesky;

/// What is taken for time: an effect that drifts along it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The share ended before, by Kaplan and Meier over all rows; late stragglers do not dominate. R's choice.
    #[default]
    KaplanMeier,
    /// Time as it was given.
    Time,
}

/// A small p-value says that an effect changes over time, so that one number does not tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proportionality {
    /// One per covariate, each of one degree of freedom.
    pub each: Vec<ChiSquare>,
    /// All at once.
    pub all: ChiSquare,
}

/// What the score test adds up; matrices are lower triangles.
struct Sums {
    score: Vec<f64>,
    information: Vec<f64>,
    mixed: Vec<f64>,
    squared: Vec<f64>,
}

impl Cox {
    /// Tests each effect for drifting, and all together. `None` where the ends are too few to tell.
    pub fn proportionality(&self, clock: Clock) -> Option<Proportionality> {
        let p = self.rows.covariates;
        let sums = self.sums(clock);
        let information = Cholesky::factor(&full(&sums.information, p), p, 1e-12).ok()?;
        let mixed = full(&sums.mixed, p);
        let squared = full(&sums.squared, p);
        let mut left = squared.clone();
        for (j, column) in mixed.chunks_exact(p).enumerate() {
            let mut solved = column.to_vec();
            information.solve(&mut solved);
            for k in 0..p {
                let explained: f64 = (0..p).map(|l| mixed[k * p + l] * solved[l]).sum();
                left[k * p + j] -= explained;
            }
        }
        if (0..p).any(|j| left[j * p + j] <= 1e-10 * squared[j * p + j]) {
            return None;
        }
        let one = |j: usize| sums.score[j] * sums.score[j] / left[j * p + j];
        let together = Cholesky::factor(&left, p, 1e-10).ok()?;
        Some(Proportionality {
            each: (0..p)
                .map(|j| ChiSquare {
                    statistic: one(j),
                    df: 1,
                })
                .collect(),
            all: ChiSquare {
                statistic: together.quadratic(&sums.score),
                df: p as u32,
            },
        })
    }

    fn sums(&self, clock: Clock) -> Sums {
        let (p, rows) = (self.rows.covariates, &self.rows);
        let curve = match clock {
            Clock::KaplanMeier => kaplan_meier_entered(&rows.start, &rows.stop, &rows.event),
            Clock::Time => Curve::default(),
        };
        let time = |t: f64| match clock {
            Clock::KaplanMeier => 1.0 - before(&curve, t),
            Clock::Time => t,
        };
        let ends = (0..rows.stop.len()).filter(|&i| rows.event[i]);
        let middle = ends.map(|i| time(rows.stop[i])).sum::<f64>() / self.events as f64;
        let risk: Vec<f64> = self.predictor.iter().map(|eta| eta.exp()).collect();
        let mut sums = Sums {
            score: vec![0.0; p],
            information: vec![0.0; triangle(p)],
            mixed: vec![0.0; triangle(p)],
            squared: vec![0.0; triangle(p)],
        };
        for stratum in &rows.strata {
            sweep(rows, stratum.clone(), &risk, true, |moment| {
                let g = time(moment.time) - middle;
                for i in moment.ended.clone() {
                    sums.score
                        .iter_mut()
                        .zip(rows.row(i))
                        .for_each(|(u, x)| *u += g * x);
                }
                moment.steps(self.ties, |step| {
                    for (u, mean) in sums.score.iter_mut().zip(step.mean) {
                        *u -= g * step.count * mean;
                    }
                    step.add_covariance(1.0, &mut sums.information);
                    step.add_covariance(g, &mut sums.mixed);
                    step.add_covariance(g * g, &mut sums.squared);
                });
            });
        }
        sums
    }
}

/// The curve just before a time.
fn before(curve: &Curve, time: f64) -> f64 {
    match curve.times.partition_point(|t| *t < time) {
        0 => 1.0,
        n => curve.survival[n - 1],
    }
}
