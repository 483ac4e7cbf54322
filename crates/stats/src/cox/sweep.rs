//! One pass over the rows, from the last time to the first, keeping sums over who is watched.

use super::Ties;
use super::data::Sorted;
use std::ops::Range;

/// Sums over rows, each weighted by its risk: of 1, of the covariates, of their products.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    pub(super) risk: f64,
    pub(super) first: Vec<f64>,
    /// Lower triangle, row by row; see [`triangle`]. Empty where products are not wanted.
    pub(super) second: Vec<f64>,
    rows: usize,
}

/// How many entries the lower triangle of a matrix has.
pub(super) fn triangle(p: usize) -> usize {
    p * (p + 1) / 2
}

impl Sums {
    fn new(p: usize, products: bool) -> Self {
        Self {
            risk: 0.0,
            first: vec![0.0; p],
            second: vec![0.0; if products { triangle(p) } else { 0 }],
            rows: 0,
        }
    }

    fn clear(&mut self) {
        self.risk = 0.0;
        self.first.fill(0.0);
        self.second.fill(0.0);
        self.rows = 0;
    }

    fn add(&mut self, x: &[f64], risk: f64) {
        self.shift(x, risk);
        self.rows += 1;
    }

    fn remove(&mut self, x: &[f64], risk: f64) {
        self.shift(x, -risk);
        self.rows -= 1;
    }

    fn shift(&mut self, x: &[f64], risk: f64) {
        self.risk += risk;
        for (sum, x) in self.first.iter_mut().zip(x) {
            *sum += risk * x;
        }
        if self.second.is_empty() {
            return;
        }
        let mut at = 0;
        for (j, xj) in x.iter().enumerate() {
            let weighted = risk * xj;
            for (sum, xk) in self.second[at..=at + j].iter_mut().zip(x) {
                *sum += weighted * xk;
            }
            at += j + 1;
        }
    }
}

/// A time at which rows ended.
pub(super) struct Moment<'a> {
    pub(super) time: f64,
    /// The sorted rows that ended then.
    pub(super) ended: Range<usize>,
    all: &'a Sums,
    tied: &'a Sums,
}

/// A part of a moment: `count` ends drawn from the same watched rows.
pub(super) struct Step<'a> {
    pub(super) count: f64,
    /// The part of the moment's own ends that has already left.
    pub(super) gone: f64,
    /// Sum of risks still watched.
    pub(super) risk: f64,
    /// Mean of the covariates over them.
    pub(super) mean: &'a [f64],
    /// Sums of products over them, a lower triangle.
    pub(super) second: &'a [f64],
}

impl Moment<'_> {
    /// Calls `visit` for each part: one by Breslow, one per end by Efron.
    pub(super) fn steps(&self, ties: Ties, mut visit: impl FnMut(&Step)) {
        let ends = self.ended.len();
        let (parts, count) = match ties {
            Ties::Efron => (ends, 1.0),
            Ties::Breslow => (1, ends as f64),
        };
        let mut mean = vec![0.0; self.all.first.len()];
        let mut second = vec![0.0; self.all.second.len()];
        for part in 0..parts {
            let gone = part as f64 / ends as f64;
            let risk = self.all.risk - gone * self.tied.risk;
            for (j, mean) in mean.iter_mut().enumerate() {
                *mean = (self.all.first[j] - gone * self.tied.first[j]) / risk;
            }
            for (j, second) in second.iter_mut().enumerate() {
                *second = self.all.second[j] - gone * self.tied.second[j];
            }
            visit(&Step {
                count,
                gone,
                risk,
                mean: &mean,
                second: &second,
            });
        }
    }
}

impl Step<'_> {
    /// Adds `weight` times the covariance of the covariates over those watched, times `count`, to a lower triangle.
    pub(super) fn add_covariance(&self, weight: f64, into: &mut [f64]) {
        let weight = weight * self.count;
        let mut at = 0;
        for (j, mj) in self.mean.iter().enumerate() {
            for mk in &self.mean[..=j] {
                into[at] += weight * (self.second[at] / self.risk - mj * mk);
                at += 1;
            }
        }
    }
}

/// Visits every time at which something ended in a stratum, latest first. `risk` has one entry per sorted row.
pub(super) fn sweep(
    rows: &Sorted,
    stratum: Range<usize>,
    risk: &[f64],
    products: bool,
    mut visit: impl FnMut(&Moment),
) {
    let mut all = Sums::new(rows.covariates, products);
    let mut tied = all.clone();
    let (mut at, mut gone, mut peak) = (stratum.start, stratum.start, 0.0_f64);
    while at < stratum.end {
        let time = rows.stop[at];
        peak = peak.max(all.risk);
        // A row that starts here or later stops later still, so it is among those added before.
        while gone < rows.leaving.len().min(stratum.end) && rows.start[rows.leaving[gone]] >= time {
            let row = rows.leaving[gone];
            all.remove(rows.row(row), risk[row]);
            gone += 1;
        }
        if all.risk < peak * CANCELLED {
            let watched = (stratum.start..at).filter(|&i| rows.start[i] < time);
            all.clear();
            watched.for_each(|i| all.add(rows.row(i), risk[i]));
            peak = all.risk;
        }
        let until = (at..stratum.end)
            .find(|&i| rows.stop[i] != time)
            .unwrap_or(stratum.end);
        let first_end = (at..until).find(|&i| rows.event[i]).unwrap_or(until);
        (at..until).for_each(|i| all.add(rows.row(i), risk[i]));
        if first_end < until {
            tied.clear();
            (first_end..until).for_each(|i| tied.add(rows.row(i), risk[i]));
            visit(&Moment {
                time,
                ended: first_end..until,
                all: &all,
                tied: &tied,
            });
        }
        at = until;
    }
}

/// When so little is left of what was once summed, the digits are gone: sum anew.
const CANCELLED: f64 = 1e-6;
