//! Boundaries for looking more than once on the scale of the normal curve: Lan and DeMets's spending (1983, Biometrika
//! 70:659-663) with the recursive integration of Armitage, McPherson and Rowe (1969), and the always-valid mixture of
//! Robbins (1970, Ann. Math. Stat. 41:1397-1409).

use serde::{Deserialize, Serialize};

use crate::dist::{normal_cdf, normal_isf, normal_pdf, normal_sf};

/// How much of the allowed share of false alarms may have been used up by a point of the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// Hardly any at first: Lan and DeMets's version of O'Brien and Fleming, two-sided.
    ObrienFleming,
    /// The share of the way to this power.
    Power(f64),
}

impl Spending {
    /// What may have been spent of `alpha` at the share `way` (0 to 1) of the whole; all of it from 1 on.
    pub fn spent(self, way: f64, alpha: f64) -> f64 {
        if way <= 0.0 || way.is_nan() {
            return 0.0;
        }
        let way = way.min(1.0);
        match self {
            // Twice each of two sides, so that all of alpha is spent at the end.
            Self::ObrienFleming => 4.0 * normal_sf(normal_isf(alpha / 4.0) / way.sqrt()),
            Self::Power(exponent) => alpha * way.powf(exponent),
        }
    }
}

/// Less than this is too little to spend at a look.
const NOTHING: f64 = 1e-12;
/// Points of the grid on which the density of a look is kept; odd, for Simpson's rule.
const GRID: usize = 801;

/// Two-sided critical values of z at each look. `spent` is what may have been spent by then, `information` (any scale,
/// rising) how much is known. Infinite where nothing may be spent.
pub fn boundary(spent: &[f64], information: &[f64]) -> Vec<f64> {
    let mut critical = Vec::with_capacity(spent.len());
    let mut before: Option<Density> = None;
    let mut used = 0.0;
    for (&spent, &information) in spent.iter().zip(information) {
        let more = spent - used;
        if more < NOTHING {
            critical.push(f64::INFINITY);
            continue;
        }
        used = spent;
        let c = match &before {
            None => normal_isf(more / 2.0),
            Some(density) => density.critical(information, more),
        };
        let next = match &before {
            None => Density::first(c, information),
            Some(density) => density.next(c, information),
        };
        before = Some(next);
        critical.push(c);
    }
    critical
}

/// Where the score stands at a look, of those that have not crossed.
struct Density {
    points: Vec<f64>,
    /// Density times the weight of the point in Simpson's rule.
    mass: Vec<f64>,
    information: f64,
}

impl Density {
    fn first(c: f64, information: f64) -> Self {
        let scale = information.sqrt();
        Self::on_grid(c, information, |x| normal_pdf(x / scale) / scale)
    }

    fn on_grid(c: f64, information: f64, height: impl Fn(f64) -> f64) -> Self {
        let edge = c * information.sqrt();
        let step = 2.0 * edge / (GRID - 1) as f64;
        let points: Vec<f64> = (0..GRID).map(|i| -edge + step * i as f64).collect();
        let weight = |i: usize| match i {
            0 => 1.0,
            i if i == GRID - 1 => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let mass = points.iter().enumerate();
        let mass = mass.map(|(i, &x)| height(x) * weight(i) * step / 3.0);
        Self {
            mass: mass.collect(),
            points,
            information,
        }
    }

    fn root_of_step(&self, information: f64) -> f64 {
        let more = information - self.information;
        more.max(1e-9 * information).sqrt()
    }

    /// The value that lets `more` cross at this look.
    fn critical(&self, information: f64, more: f64) -> f64 {
        let (scale, root) = (information.sqrt(), self.root_of_step(information));
        let crossing = |c: f64| {
            let tails = self.points.iter().zip(&self.mass).map(|(x, mass)| {
                mass * (normal_sf((c * scale - x) / root) + normal_cdf((-c * scale - x) / root))
            });
            tails.sum::<f64>()
        };
        let (mut low, mut high) = (0.0, 12.0);
        while high - low > 1e-9 {
            let middle = 0.5 * (low + high);
            if crossing(middle) > more {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }

    fn next(&self, c: f64, information: f64) -> Self {
        let root = self.root_of_step(information);
        Self::on_grid(c, information, |x| {
            let from = self.points.iter().zip(&self.mass);
            from.map(|(y, mass)| mass * normal_pdf((x - y) / root))
                .sum::<f64>()
                / root
        })
    }
}

/// The always-valid two-sided critical value of z: looking after every single case still keeps false alarms within
/// `alpha`. It is tightest when `information` equals `tuned_to`, which must be fixed beforehand.
pub fn mixture(information: f64, tuned_to: f64, alpha: f64) -> f64 {
    let x = -2.0 * alpha.ln();
    let prior = tuned_to / (x + (x + 1.0).ln());
    let ratio = information / prior;
    ((1.0 + 1.0 / ratio) * (ratio.ln_1p() + x)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_spent_at_the_end_and_hardly_any_at_first() {
        let family = Spending::ObrienFleming;
        assert!((family.spent(1.0, 0.05) - 0.05).abs() < 1e-12);
        assert!(family.spent(0.2, 0.05) < 3e-6);
        assert_eq!(family.spent(0.0, 0.05), 0.0);
        assert_eq!(family.spent(7.0, 0.05), family.spent(1.0, 0.05));
    }

    #[test]
    fn one_look_needs_what_one_test_needs() {
        let found = boundary(&[0.05], &[3.0]);
        assert!((found[0] - 1.959_963_984_5).abs() < 1e-9);
    }

    #[test]
    fn a_look_that_may_spend_nothing_is_not_a_look() {
        let found = boundary(&[0.0, 0.05], &[1.0, 2.0]);
        assert_eq!(found[0], f64::INFINITY);
        assert!((found[1] - 1.959_963_984_5).abs() < 1e-9);
    }
}
