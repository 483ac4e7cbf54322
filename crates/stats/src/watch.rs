//! When a running improvement is looked at: every period, or a few of them together when there would be too many looks.

use serde::{Deserialize, Serialize};

use crate::spending::Spending;

/// Looks there are at most.
pub const MOST_LOOKS: usize = 26;

/// The planned looks, as numbers of mature periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Periods that are mature when the first team starts; nothing is seen by then.
    pub first: usize,
    /// Periods that are mature at the planned end.
    pub end: usize,
    /// Periods from look to look.
    pub every: usize,
}

impl Watch {
    /// From the first start to the planned end; at least one look.
    pub fn new(first: usize, end: usize) -> Self {
        let end = end.max(first + 1);
        Self {
            first,
            end,
            every: (end - first).div_ceil(MOST_LOOKS),
        }
    }

    /// The looks up to `now`, rising. They are counted back from the planned end, so that it is one of them.
    pub fn looks(&self, now: usize) -> Vec<usize> {
        let mut looks: Vec<usize> = (self.first + 1..=self.end)
            .rev()
            .step_by(self.every)
            .filter(|&end| end <= now)
            .collect();
        looks.reverse();
        looks
    }

    /// How much of the way a look is, by the calendar: the same for every order that the lot could have given, and
    /// known beforehand.
    pub fn way(&self, look: usize) -> f64 {
        let from_start = look.saturating_sub(self.first) as f64;
        (from_start / (self.end - self.first) as f64).min(1.0)
    }

    /// What may have been spent of `alpha` by a look.
    pub fn spent(&self, look: usize, alpha: f64) -> f64 {
        Spending::ObrienFleming.spent(self.way(look), alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_weekly_and_end_at_the_planned_end() {
        let watch = Watch::new(18, 40);
        assert_eq!(watch.looks(21), [19, 20, 21]);
        assert_eq!(watch.looks(99).len(), 22);
        assert_eq!(watch.looks(99).last(), Some(&40));
        assert_eq!(
            (watch.way(18), watch.way(29), watch.way(60)),
            (0.0, 0.5, 1.0)
        );
    }

    #[test]
    fn a_long_watch_looks_less_often() {
        let watch = Watch::new(10, 88);
        assert_eq!(watch.every, 3);
        assert_eq!(watch.looks(88).len(), 26);
        assert_eq!(watch.looks(88).last(), Some(&88));
    }

    #[test]
    fn there_is_always_one_look() {
        assert_eq!(Watch::new(5, 0).looks(9), [6]);
    }
}
