//! Several improvements together: what they gain in all, with an interval that is not a sum of wishes.
//!
//! Effects at different steps come from different cases and are taken as independent: the distances from effect to end
//! of interval add up like the sides of a right angle (MOVER: Zou and Donner 2008, Stat. Med. 27:1693-1702, eq. 2).
//! Effects that share cases (the same step) may err together, so their distances are added in full. Put in every
//! improvement that was measured, not only those that were found to help: choosing the winners overstates the sum.

use serde::{Deserialize, Serialize};

use crate::imputation::Interval;

/// One improvement's share in a sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Effect a case (or a total), with the sign of the measure.
    pub effect: f64,
    /// Its interval, as shown.
    pub interval: Interval,
    /// How many times too large an effect found early is on average; 1 for one measured to its end.
    pub overstatement: f64,
    /// Improvements with the same number share cases: those at one step.
    pub step: u32,
}

/// What several improvements gain together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// Sum of effects; those found early count for less.
    pub effect: f64,
    /// Interval of the sum.
    pub interval: Interval,
    /// How many improvements.
    pub parts: usize,
}

/// Adds up improvements measured on the same scale. `None` of nothing.
pub fn together(parts: &[Part]) -> Option<Together> {
    let level = parts.first()?.interval.level;
    let mut steps: Vec<u32> = parts.iter().map(|part| part.step).collect();
    steps.sort_unstable();
    steps.dedup();
    let shrunk = |part: &Part| part.effect / part.overstatement.max(1.0);
    let effect: f64 = parts.iter().map(shrunk).sum();
    let reach = |distance: &dyn Fn(&Part) -> f64| {
        let of_step = |step: &u32| {
            let own = parts.iter().filter(|part| part.step == *step);
            own.map(distance).sum::<f64>().powi(2)
        };
        steps.iter().map(of_step).sum::<f64>().sqrt()
    };
    Some(Together {
        effect,
        interval: Interval {
            low: effect - reach(&|part| (shrunk(part) - part.interval.low).max(0.0)),
            high: effect + reach(&|part| (part.interval.high - shrunk(part)).max(0.0)),
            level,
        },
        parts: parts.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(effect: f64, low: f64, high: f64, step: u32) -> Part {
        Part {
            effect,
            interval: Interval {
                low,
                high,
                level: 0.95,
            },
            overstatement: 1.0,
            step,
        }
    }

    #[test]
    fn one_alone_stays_as_it_is() {
        let sum = together(&[part(-2.0, -3.0, -1.0, 1)]).unwrap();
        assert_eq!(
            (sum.effect, sum.interval.low, sum.interval.high),
            (-2.0, -3.0, -1.0)
        );
        assert_eq!(together(&[]), None);
    }

    #[test]
    fn different_steps_add_like_a_right_angle_and_one_step_in_full() {
        let apart = together(&[part(-2.0, -5.0, -1.0, 1), part(1.0, -3.0, 2.0, 2)]).unwrap();
        assert_eq!((apart.effect, apart.interval.low), (-1.0, -6.0));
        assert!((apart.interval.high - (2f64.sqrt() - 1.0)).abs() < 1e-12);
        let same = together(&[part(-2.0, -5.0, -1.0, 1), part(1.0, -3.0, 2.0, 1)]).unwrap();
        assert_eq!((same.interval.low, same.interval.high), (-8.0, 1.0));
    }

    #[test]
    fn what_was_found_early_counts_for_less_and_open_stays_open() {
        let mut early = part(-1.18, -2.0, -0.5, 1);
        early.overstatement = 1.18;
        let sum = together(&[early, part(0.0, f64::NEG_INFINITY, 1.0, 2)]).unwrap();
        assert!((sum.effect + 1.0).abs() < 1e-12);
        assert_eq!(sum.interval.low, f64::NEG_INFINITY);
    }
}
