//! How long until something happens when for some it has not happened yet.
//!
//! The product-limit estimator (Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations",
//! J. Am. Stat. Assoc. 53:457-481, eq. 1b). Quantiles follow R's `survfit`: the first time the curve falls below
//! the level, or the middle of the flat stretch where it meets the level exactly. The restricted mean is the area
//! under the curve up to the horizon (Royston and Parmar 2013, "Restricted mean survival time", BMC Med. Res.
//! Methodol. 13:152). Standard errors are Greenwood's (1926); groups are compared by the log-rank test.

mod curve;
mod greenwood;
mod log_rank;

pub use curve::Curve;
pub use log_rank::{LogRank, log_rank};

#[cfg(test)]
mod tests;

/// Estimates the curve. `ended[i]` is false where duration `i` was cut off by the end of watching; such a one counts
/// as watched at its own duration. Both slices have one entry each; extra entries of the longer are not read, nor
/// durations that are not numbers.
///
/// Durations in rising order are read where they stand; others are copied and sorted.
pub fn kaplan_meier(durations: &[f64], ended: &[bool]) -> Curve {
    let watched = durations.len().min(ended.len());
    if is_rising(&durations[..watched]) {
        return estimate_rising(&durations[..watched], &ended[..watched]);
    }
    let rows = durations.iter().zip(ended);
    estimate(rows.map(|(&stop, &end)| (f64::NEG_INFINITY, stop, end)))
}

/// The same where watching began late: row `i` counts as watched after `entered[i]`, up to and with `durations[i]`.
/// Rows that enter at or after their own end are not read.
pub fn kaplan_meier_entered(entered: &[f64], durations: &[f64], ended: &[bool]) -> Curve {
    let rows = entered.iter().zip(durations).zip(ended);
    estimate(rows.map(|((&start, &stop), &end)| (start, stop, end)))
}

/// One curve for each code from 0 to the largest, of the rows that carry it; see [`crate::strata`].
pub fn kaplan_meier_by(durations: &[f64], ended: &[bool], groups: &[usize]) -> Vec<Curve> {
    let mut parts = vec![(Vec::new(), Vec::new()); groups.iter().max().map_or(0, |g| g + 1)];
    for ((&duration, &end), &group) in durations.iter().zip(ended).zip(groups) {
        parts[group].0.push(duration);
        parts[group].1.push(end);
    }
    let curves = parts.iter().map(|(d, e)| kaplan_meier(d, e));
    curves.collect()
}

/// Whether these are numbers in rising order, totally: what is no number would stand at either end.
fn is_rising(durations: &[f64]) -> bool {
    let is_number = |d: Option<&f64>| d.is_none_or(|d| !d.is_nan() && *d > f64::NEG_INFINITY);
    durations.is_sorted_by(|a, b| a.total_cmp(b).is_le())
        && is_number(durations.first())
        && is_number(durations.last())
}

fn estimate_rising(durations: &[f64], ended: &[bool]) -> Curve {
    let mut curve = Curve {
        last: durations.last().copied(),
        ..Curve::default()
    };
    let (mut at, mut survival) = (0, 1.0);
    while at < durations.len() {
        let time = durations[at];
        let at_risk = durations.len() - at;
        let count = durations[at..].iter().take_while(|d| **d == time).count();
        let ends = ended[at..at + count].iter().filter(|e| **e).count();
        if ends > 0 {
            survival *= (at_risk - ends) as f64 / at_risk as f64;
            curve.times.push(time);
            curve.survival.push(survival);
            curve.at_risk.push(at_risk as u64);
            curve.ends.push(ends as u64);
        }
        at += count;
    }
    curve
}

fn estimate(rows: impl Iterator<Item = (f64, f64, bool)>) -> Curve {
    let watched = |r: &(f64, f64, bool)| r.0 < r.1;
    let mut rows: Vec<(f64, f64, bool)> = rows.filter(watched).collect();
    rows.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    let mut starts: Vec<f64> = rows.iter().map(|r| r.0).collect();
    starts.sort_unstable_by(f64::total_cmp);
    let mut curve = Curve {
        last: rows.last().map(|r| r.1),
        ..Curve::default()
    };
    let (mut at, mut entered, mut survival) = (0, 0, 1.0);
    while at < rows.len() {
        let time = rows[at].1;
        entered += starts[entered..].iter().take_while(|s| **s < time).count();
        let at_risk = entered - at;
        let same = rows[at..].iter().take_while(|r| r.1 == time);
        let (count, ends) = same.fold((0, 0), |(n, e), r| (n + 1, e + usize::from(r.2)));
        if ends > 0 {
            survival *= (at_risk - ends) as f64 / at_risk as f64;
            curve.times.push(time);
            curve.survival.push(survival);
            curve.at_risk.push(at_risk as u64);
            curve.ends.push(ends as u64);
        }
        at += count;
    }
    curve
}
