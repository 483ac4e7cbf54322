//! How sure a survival curve is.
//!
//! Greenwood (1926, "The natural duration of cancer", Reports on Public Health and Medical Subjects 33): the variance
//! of the curve at `t` is `S(t)^2` times the sum up to `t` of `d / (n (n - d))`, with `d` ends among `n` watched. A
//! step to zero adds nothing, as in R's `survfit`. The restricted mean weighs each step by the squared area after it
//! (Klein and Moeschberger 2003, "Survival Analysis", eq. 4.5.2, without the factor of the largest-duration rule).

use super::Curve;

impl Curve {
    /// Greenwood's standard error of the share still going on, one for each of `times`. 0 once nobody goes on.
    pub fn standard_errors(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let step = |(i, s): (usize, &f64)| {
            sum += self.greenwood(i);
            s * sum.sqrt()
        };
        self.survival.iter().enumerate().map(step).collect()
    }

    /// The standard error of [`Curve::survival_at`]; 0 before the first end. `None` where that is `None`.
    pub fn standard_error_at(&self, time: f64) -> Option<f64> {
        let survival = self.survival_at(time)?;
        let sum: f64 = (0..self.steps_until(time)).map(|i| self.greenwood(i)).sum();
        Some(survival * sum.sqrt())
    }

    /// The standard error of [`Curve::restricted_mean`], in the unit of the durations. `None` where that is `None`.
    /// It is not the spread of the durations, which is many times larger.
    pub fn restricted_mean_standard_error(&self, horizon: f64) -> Option<f64> {
        self.restricted_mean(horizon)?;
        let (mut area, mut until, mut variance) = (0.0, horizon, 0.0);
        for i in (0..self.steps_until(horizon)).rev() {
            area += self.survival[i] * (until - self.times[i]);
            until = self.times[i];
            variance += area * area * self.greenwood(i);
        }
        Some(variance.sqrt())
    }

    fn greenwood(&self, i: usize) -> f64 {
        let (n, d) = (self.at_risk[i] as f64, self.ends[i] as f64);
        if n > d { d / (n * (n - d)) } else { 0.0 }
    }
}
