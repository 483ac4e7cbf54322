//! How long until something happens when for some it has not happened yet.
//!
//! The product-limit estimator (Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations",
//! J. Am. Stat. Assoc. 53:457-481, eq. 1b). Quantiles follow R's `survfit`: the first time the curve falls below
//! the level, or the middle of the flat stretch where it meets the level exactly. The restricted mean is the area
//! under the curve up to the horizon (Royston and Parmar 2013).

/// A survival curve: a step down at each time at which something ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Rising distinct times with at least one end, in the unit of the durations.
    pub times: Vec<f64>,
    /// Share still going on just after each time.
    pub survival: Vec<f64>,
    /// How many were watched just before each time.
    pub at_risk: Vec<u64>,
    /// Largest duration, ended or not: nothing is known beyond it. `None` of nothing.
    pub last: Option<f64>,
}

/// Estimates the curve. `ended[i]` is false where duration `i` was cut off by the end of watching; such a one counts
/// as watched at its own duration. Both slices have one entry each; extra entries of the longer are not read, nor
/// durations that are not numbers.
pub fn kaplan_meier(durations: &[f64], ended: &[bool]) -> Curve {
    let mut rows: Vec<(f64, bool)> = durations
        .iter()
        .copied()
        .zip(ended.iter().copied())
        .filter(|(d, _)| !d.is_nan())
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut curve = Curve {
        last: rows.last().map(|r| r.0),
        ..Curve::default()
    };
    let (mut at, mut survival) = (0, 1.0);
    while at < rows.len() {
        let time = rows[at].0;
        let at_risk = rows.len() - at;
        let same = rows[at..].iter().take_while(|r| r.0 == time);
        let (count, ends) = same.fold((0, 0), |(n, e), r| (n + 1, e + usize::from(r.1)));
        if ends > 0 {
            survival *= (at_risk - ends) as f64 / at_risk as f64;
            curve.times.push(time);
            curve.survival.push(survival);
            curve.at_risk.push(at_risk as u64);
        }
        at += count;
    }
    curve
}

/// Two products that stand for the same share differ by rounding; R's `survfit` uses this tolerance too.
const EQUAL: f64 = 1.490_116_119_384_765_6e-8;

impl Curve {
    /// The time by which half have ended; `None` when the curve does not come down to a half.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The time by which a share `p` (between 0 and 1) has ended; `None` when that is not reached.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let level = 1.0 - p;
        let at = self.survival.iter().position(|&s| s <= level + EQUAL)?;
        if self.survival[at] < level - EQUAL {
            return Some(self.times[at]);
        }
        let until = self.times.get(at + 1).copied().unwrap_or(self.times[at]);
        Some((self.times[at] + until) / 2.0)
    }

    /// Mean time up to `horizon`. `None` of nothing, or when watching stopped before the horizon while some still
    /// went on: what happens after is not known and is not made up.
    pub fn restricted_mean(&self, horizon: f64) -> Option<f64> {
        let last = self.last?;
        if horizon > last && self.survival.last().copied().unwrap_or(1.0) > EQUAL {
            return None;
        }
        let (mut area, mut from, mut level) = (0.0, 0.0, 1.0);
        for (&time, &survival) in self.times.iter().zip(&self.survival) {
            if time >= horizon {
                break;
            }
            area += level * (time - from);
            (from, level) = (time, survival);
        }
        Some(area + level * (horizon - from))
    }
}

#[cfg(test)]
mod tests;
