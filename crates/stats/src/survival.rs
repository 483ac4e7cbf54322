//! Time until something happens, when for some it has not happened yet.
//!
//! Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958).

/// A survival curve: a step function that falls at each time at which something happened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Times of falls, growing; the unit is that of the durations given.
    pub times: Vec<f64>,
    /// Share still waiting just after each time.
    pub survival: Vec<f64>,
    /// How many were still waiting just before each time.
    pub at_risk: Vec<usize>,
    /// The longest duration seen, whether it ended or not.
    pub last: f64,
}

/// The Kaplan-Meier curve of `durations`; `ended[i]` is false where the i-th was still waiting when last seen.
/// Ties of an end and a last look count the end first, as is usual. Durations below zero or NaN are left out.
pub fn kaplan_meier(durations: &[f64], ended: &[bool]) -> Curve {
    let mut pairs: Vec<(f64, bool)> = durations
        .iter()
        .zip(ended)
        .filter(|(d, _)| **d >= 0.0)
        .map(|(d, e)| (*d, *e))
        .collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut curve = Curve {
        last: pairs.last().map_or(0.0, |p| p.0),
        ..Curve::default()
    };
    let mut waiting = pairs.len();
    let mut share = 1.0;
    let mut i = 0;
    while i < pairs.len() {
        let time = pairs[i].0;
        let (mut ends, mut seen) = (0usize, 0usize);
        while i < pairs.len() && pairs[i].0 == time {
            ends += usize::from(pairs[i].1);
            seen += 1;
            i += 1;
        }
        if ends > 0 {
            share *= 1.0 - ends as f64 / waiting as f64;
            curve.times.push(time);
            curve.survival.push(share);
            curve.at_risk.push(waiting);
        }
        waiting -= seen;
    }
    curve
}

impl Curve {
    /// The time by which the share `q` has ended, or `None` when that was not reached yet. Where the curve is flat at
    /// exactly `1 - q`, the middle of the flat part, as R's `survfit` has it.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let left = 1.0 - q;
        let tolerance = 1e-9;
        let i = self.survival.iter().position(|&s| s <= left + tolerance)?;
        if (self.survival[i] - left).abs() <= tolerance {
            let next = self.times.get(i + 1).copied().unwrap_or(self.last);
            return Some((self.times[i] + next) / 2.0);
        }
        Some(self.times[i])
    }

    /// The median time.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The restricted mean up to `horizon`: the area under the curve, in units of time.
    pub fn restricted_mean(&self, horizon: f64) -> f64 {
        let (mut area, mut from, mut share) = (0.0, 0.0, 1.0);
        for (&time, &after) in self.times.iter().zip(&self.survival) {
            if time >= horizon {
                break;
            }
            area += share * (time - from);
            (from, share) = (time, after);
        }
        area + share * (horizon - from).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_open_cases_it_is_the_plain_median() {
        let curve = kaplan_meier(&[3.0, 1.0, 2.0], &[true; 3]);
        assert_eq!(
            (curve.times.clone(), curve.median()),
            (vec![1.0, 2.0, 3.0], Some(2.0))
        );
        assert!((curve.restricted_mean(10.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn open_cases_lengthen_the_median_and_may_leave_it_open() {
        // By hand: at 1, 4 of 4 wait; at 3, 2 wait (one was last seen at 2).
        let curve = kaplan_meier(&[1.0, 2.0, 3.0, 4.0], &[true, false, true, false]);
        assert_eq!(curve.survival, [0.75, 0.375]);
        assert_eq!(curve.median(), Some(3.0));
        assert_eq!(
            kaplan_meier(&[1.0, 2.0, 3.0], &[true, false, false]).median(),
            None
        );
    }

    #[test]
    fn nothing_gives_an_empty_curve() {
        assert_eq!(kaplan_meier(&[], &[]).median(), None);
    }
}
