//! A panel as given, and as comparisons want it.

use super::{Controls, Options, PanelError};

/// Units seen over and over.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// Rising: years, weeks, whatever starts are given in.
    pub periods: &'a [i64],
    /// Units times periods, row-major. Not a number: not seen then.
    pub outcomes: &'a [f64],
    /// When each unit started; `None`: never. After the last period is as good as never.
    pub starts: &'a [Option<i64>],
    /// How much each unit counts, on any scale. `None`: all the same.
    pub weights: Option<&'a [f64]>,
    /// Covariates known before any start, a slice of one entry per unit each.
    pub covariates: &'a [&'a [f64]],
}

/// The units that can be used.
#[derive(Debug, Clone)]
pub(super) struct Units {
    pub(super) periods: Vec<i64>,
    /// Starts that occur within the panel, rising.
    pub(super) groups: Vec<i64>,
    /// `i64::MAX` for those that do not start within the panel.
    pub(super) starts: Vec<i64>,
    /// Mean 1.
    pub(super) weights: Vec<f64>,
    /// Periods times units: a comparison reads two rows.
    outcomes: Vec<f64>,
    /// Units times covariates, scaled, with a leading 1. Empty without covariates.
    pub(super) covariates: Vec<f64>,
    pub(super) columns: usize,
    pub(super) left_out: usize,
}

impl Units {
    pub(super) fn new(panel: &Panel, options: Options) -> Result<Self, PanelError> {
        check(panel)?;
        let (first, last) = (panel.periods[0], panel.periods[panel.periods.len() - 1]);
        let start = |u: usize| panel.starts[u].unwrap_or(i64::MAX);
        let weight = |u: usize| panel.weights.map_or(1.0, |w| w[u]);
        let counts = (0..panel.starts.len()).filter(|&u| weight(u) > 0.0);
        let (kept, left_out): (Vec<usize>, Vec<usize>) =
            counts.partition(|&u| start(u).saturating_sub(i64::from(options.anticipation)) > first);
        let starts: Vec<i64> = kept.iter().map(|&u| start(u)).collect();
        let mut groups: Vec<i64> = starts.iter().copied().filter(|s| *s <= last).collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.is_empty() {
            return Err(PanelError::NobodyStarts);
        }
        let never = |s: &i64| s.saturating_sub(i64::from(options.anticipation)) > last;
        if options.controls == Controls::NeverTreated && !starts.iter().any(never) {
            return Err(PanelError::NobodyToCompareWith);
        }
        let mean = kept.iter().map(|&u| weight(u)).sum::<f64>() / kept.len() as f64;
        let wide = panel.periods.len();
        let cell = |t: usize| kept.iter().map(move |&u| panel.outcomes[u * wide + t]);
        Ok(Self {
            periods: panel.periods.to_vec(),
            groups,
            weights: kept.iter().map(|&u| weight(u) / mean).collect(),
            outcomes: (0..wide).flat_map(cell).collect(),
            covariates: scaled(panel, &kept),
            columns: panel.covariates.len() + 1,
            left_out: left_out.len(),
            starts,
        })
    }

    /// What each unit showed in a period.
    pub(super) fn seen(&self, period: usize) -> &[f64] {
        let n = self.starts.len();
        &self.outcomes[period * n..(period + 1) * n]
    }
}

/// Mean 0 and mean absolute deviation 1: no estimate depends on it, but its digits do.
fn scaled(panel: &Panel, kept: &[usize]) -> Vec<f64> {
    if panel.covariates.is_empty() {
        return Vec::new();
    }
    let (n, columns) = (kept.len() as f64, panel.covariates.len() + 1);
    let mut scaled = vec![1.0; kept.len() * columns];
    for (j, column) in panel.covariates.iter().enumerate() {
        let mean = kept.iter().map(|&u| column[u]).sum::<f64>() / n;
        let spread = kept.iter().map(|&u| (column[u] - mean).abs()).sum::<f64>() / n;
        for (i, &u) in kept.iter().enumerate() {
            scaled[i * columns + j + 1] =
                (column[u] - mean) / if spread > 0.0 { spread } else { 1.0 };
        }
    }
    scaled
}

fn check(panel: &Panel) -> Result<(), PanelError> {
    let units = panel.starts.len();
    let length = |what, expected, found| match found == expected {
        true => Ok(()),
        false => Err(PanelError::Lengths {
            what,
            expected,
            found,
        }),
    };
    length(
        "outcomes",
        units * panel.periods.len(),
        panel.outcomes.len(),
    )?;
    length("weights", units, panel.weights.map_or(units, <[f64]>::len))?;
    for (covariate, column) in panel.covariates.iter().enumerate() {
        length("a covariate", units, column.len())?;
        if let Some(unit) = column.iter().position(|v| !v.is_finite()) {
            return Err(PanelError::Covariate { unit, covariate });
        }
    }
    if panel.periods.len() < 2 || panel.periods.windows(2).any(|p| p[0] >= p[1]) {
        return Err(PanelError::Periods);
    }
    let bad = |w: &f64| !(w.is_finite() && *w >= 0.0);
    match panel.weights.and_then(|w| w.iter().position(bad)) {
        Some(unit) => Err(PanelError::Weight { unit }),
        None => Ok(()),
    }
}
