//! Rows as given, and as the passes over them want them.

use super::CoxError;
use std::ops::Range;

/// What was seen: one entry per row in every slice.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a> {
    /// When watching of the row begins; it counts after that. `None`: all are watched from the beginning.
    pub start: Option<&'a [f64]>,
    /// When watching of the row ends; it counts up to and with that. Any unit.
    pub stop: &'a [f64],
    /// Whether it ended at `stop`.
    pub event: &'a [bool],
    /// The covariates, one slice each.
    pub covariates: &'a [&'a [f64]],
    /// Codes of strata with rates of their own, see [`crate::strata`].
    pub strata: Option<&'a [usize]>,
}

/// Rows by stratum, stop falling, ends after those cut off at the same time; covariates with mean 0 and mean absolute
/// deviation 1, so that one tolerance suits all.
#[derive(Debug, Clone)]
pub(super) struct Sorted {
    pub(super) covariates: usize,
    /// Row-major.
    pub(super) x: Vec<f64>,
    /// Minus infinity where rows have no start.
    pub(super) start: Vec<f64>,
    pub(super) stop: Vec<f64>,
    pub(super) event: Vec<bool>,
    pub(super) strata: Vec<Range<usize>>,
    /// Sorted row to row as given.
    pub(super) order: Vec<usize>,
    /// Within each stratum's range, its rows with start falling. Empty where rows have no start.
    pub(super) leaving: Vec<usize>,
    pub(super) scale: Vec<f64>,
    /// Largest less smallest of each scaled covariate.
    pub(super) spread: Vec<f64>,
}

impl Sorted {
    pub(super) fn new(rows: &Observations) -> Result<Self, CoxError> {
        check(rows)?;
        let n = rows.stop.len();
        let stratum = |i: usize| rows.strata.map_or(0, |s| s[i]);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| {
            // Adding zero makes minus zero plain zero.
            let falling = (rows.stop[b] + 0.0).total_cmp(&(rows.stop[a] + 0.0));
            let ends_last = rows.event[a].cmp(&rows.event[b]);
            stratum(a).cmp(&stratum(b)).then(falling).then(ends_last)
        });
        let strata = ranges(&order, stratum);
        let start: Vec<f64> = match rows.start {
            Some(start) => order.iter().map(|&i| start[i]).collect(),
            None => vec![f64::NEG_INFINITY; n],
        };
        let mut leaving = Vec::new();
        if rows.start.is_some() {
            leaving = (0..n).collect();
            for range in &strata {
                leaving[range.clone()].sort_by(|&a, &b| start[b].total_cmp(&start[a]));
            }
        }
        let mut sorted = Self {
            covariates: rows.covariates.len(),
            x: vec![0.0; n * rows.covariates.len()],
            start,
            stop: order.iter().map(|&i| rows.stop[i]).collect(),
            event: order.iter().map(|&i| rows.event[i]).collect(),
            strata,
            order,
            leaving,
            scale: Vec::new(),
            spread: Vec::new(),
        };
        for (j, column) in rows.covariates.iter().enumerate() {
            sorted.take(j, column)?;
        }
        Ok(sorted)
    }

    fn take(&mut self, j: usize, column: &[f64]) -> Result<(), CoxError> {
        let n = column.len() as f64;
        let (low, high) = column
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
                (l.min(v), h.max(v))
            });
        if low == high {
            return Err(CoxError::DoesNotVary { covariate: j });
        }
        // From the lowest, so that large numbers close together keep their digits.
        let mean = column.iter().map(|v| v - low).sum::<f64>() / n;
        let scale = column.iter().map(|v| (v - low - mean).abs()).sum::<f64>() / n;
        for (i, &row) in self.order.iter().enumerate() {
            self.x[i * self.covariates + j] = (column[row] - low - mean) / scale;
        }
        self.scale.push(scale);
        self.spread.push((high - low) / scale);
        Ok(())
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.covariates..(i + 1) * self.covariates]
    }

    /// The sum of covariates times coefficients (scaled) of each row.
    pub(super) fn predictor(&self, beta: &[f64]) -> Vec<f64> {
        let dot = |x: &[f64]| x.iter().zip(beta).map(|(x, b)| x * b).sum();
        self.x.chunks_exact(self.covariates).map(dot).collect()
    }
}

fn ranges(order: &[usize], stratum: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let mut begin = 0;
    order
        .chunk_by(|&a, &b| stratum(a) == stratum(b))
        .map(|rows| {
            let range = begin..begin + rows.len();
            begin = range.end;
            range
        })
        .collect()
}

fn check(rows: &Observations) -> Result<(), CoxError> {
    let expected = rows.stop.len();
    let length = |what, found| match found == expected {
        true => Ok(()),
        false => Err(CoxError::Lengths {
            what,
            expected,
            found,
        }),
    };
    length("event", rows.event.len())?;
    length("start", rows.start.map_or(expected, <[f64]>::len))?;
    length("strata", rows.strata.map_or(expected, <[usize]>::len))?;
    for (covariate, column) in rows.covariates.iter().enumerate() {
        length("a covariate", column.len())?;
        if let Some(row) = column.iter().position(|v| !v.is_finite()) {
            return Err(CoxError::Covariate { row, covariate });
        }
    }
    for (row, stop) in rows.stop.iter().enumerate() {
        let start = rows.start.map_or(f64::NEG_INFINITY, |s| s[row]);
        if stop.is_nan() || start.is_nan() {
            return Err(CoxError::Time { row });
        }
        if start >= *stop {
            return Err(CoxError::EmptyInterval { row });
        }
    }
    if rows.covariates.is_empty() {
        return Err(CoxError::NoCovariates);
    }
    if !rows.event.contains(&true) {
        return Err(CoxError::NoEvents);
    }
    Ok(())
}
