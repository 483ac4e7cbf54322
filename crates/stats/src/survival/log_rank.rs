//! Whether groups go on for equally long.
//!
//! The log-rank test (Mantel 1966; Peto and Peto 1972, "Asymptotically efficient rank invariant test procedures",
//! J. R. Stat. Soc. A 135:185-207), with the hypergeometric variance and strata as in R's `survdiff`.

use crate::chi_square::ChiSquare;
use crate::symmetric::Cholesky;

/// Ends seen and ends to be expected if all groups were alike, and how unlikely the difference is.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRank {
    /// Ends seen, one per group code.
    pub observed: Vec<f64>,
    /// Ends expected if all groups were alike, one per group code.
    pub expected: Vec<f64>,
    /// Degrees of freedom: the groups that were ever watched at an end, less one.
    pub test: ChiSquare,
}

/// Compares groups within strata. All slices have one entry per row (extra entries of the longer are not read, nor
/// durations that are not numbers); groups and strata are codes, see [`crate::strata`]. Without strata pass `None`.
/// `None` when fewer than two groups can be told apart: no ends, or only one group watched when they came.
pub fn log_rank(
    durations: &[f64],
    ended: &[bool],
    groups: &[usize],
    strata: Option<&[usize]>,
) -> Option<LogRank> {
    let mut rows: Vec<Row> = durations
        .iter()
        .zip(ended)
        .zip(groups)
        .map(|((&time, &end), &group)| Row {
            stratum: 0,
            time,
            end,
            group,
        })
        .collect();
    if let Some(codes) = strata {
        rows.truncate(codes.len());
        rows.iter_mut()
            .zip(codes)
            .for_each(|(r, &code)| r.stratum = code);
    }
    rows.retain(|r| !r.time.is_nan());
    rows.sort_unstable_by(|a, b| a.stratum.cmp(&b.stratum).then(a.time.total_cmp(&b.time)));
    let mut sums = Sums::new(rows.iter().map(|r| r.group + 1).max()?);
    rows.chunk_by(|a, b| a.stratum == b.stratum)
        .for_each(|stratum| sums.add(stratum));
    sums.test()
}

struct Row {
    stratum: usize,
    time: f64,
    end: bool,
    group: usize,
}

struct Sums {
    groups: usize,
    observed: Vec<f64>,
    expected: Vec<f64>,
    covariance: Vec<f64>,
}

impl Sums {
    fn new(groups: usize) -> Self {
        Self {
            groups,
            observed: vec![0.0; groups],
            expected: vec![0.0; groups],
            covariance: vec![0.0; groups * groups],
        }
    }

    fn add(&mut self, stratum: &[Row]) {
        let mut watched = vec![0.0; self.groups];
        stratum.iter().for_each(|r| watched[r.group] += 1.0);
        let mut all = stratum.len() as f64;
        for same in stratum.chunk_by(|a, b| a.time == b.time) {
            let ends = same.iter().filter(|r| r.end).count() as f64;
            if ends > 0.0 {
                same.iter()
                    .filter(|r| r.end)
                    .for_each(|r| self.observed[r.group] += 1.0);
                self.expect(&watched, all, ends);
            }
            same.iter().for_each(|r| watched[r.group] -= 1.0);
            all -= same.len() as f64;
        }
    }

    fn expect(&mut self, watched: &[f64], all: f64, ends: f64) {
        let spread = if all > 1.0 {
            ends * (all - ends) / (all - 1.0)
        } else {
            0.0
        };
        for g in 0..self.groups {
            let share = watched[g] / all;
            self.expected[g] += ends * share;
            self.covariance[g * self.groups + g] += spread * share;
            for (h, other) in watched.iter().enumerate() {
                self.covariance[g * self.groups + h] -= spread * share * other / all;
            }
        }
    }

    /// The groups' differences add up to nothing, so the first is left out.
    fn test(self) -> Option<LogRank> {
        let kept: Vec<usize> = (0..self.groups)
            .filter(|&g| self.expected[g] > 0.0)
            .collect();
        let kept = kept.get(1..).filter(|k| !k.is_empty())?;
        let differ: Vec<f64> = kept
            .iter()
            .map(|&g| self.observed[g] - self.expected[g])
            .collect();
        let mut covariance = Vec::with_capacity(kept.len() * kept.len());
        for g in kept {
            covariance.extend(kept.iter().map(|h| self.covariance[g * self.groups + h]));
        }
        let factor = Cholesky::factor(&covariance, kept.len(), 1e-12).ok()?;
        Some(LogRank {
            test: ChiSquare {
                statistic: factor.quadratic(&differ),
                df: kept.len() as u32,
            },
            observed: self.observed,
            expected: self.expected,
        })
    }
}
