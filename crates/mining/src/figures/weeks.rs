//! The weeks of some moments.

use super::walk::week_of;
use crate::time::{Micros, WEEK};

/// Weeks by their Mondays, in order: all from the first to the last of some moments; only those of the moments when that would be
/// more than twenty years of them.
pub(crate) struct Weeks {
    mondays: Vec<Micros>,
    is_whole: bool,
}

impl Weeks {
    pub fn of(moments: impl Iterator<Item = Micros> + Clone) -> Self {
        let widen = |(a, b): (Micros, Micros), t: Micros| (a.min(t), b.max(t));
        let span = moments.clone().fold((Micros::MAX, Micros::MIN), widen);
        if span.0 > span.1 {
            return Weeks {
                mondays: Vec::new(),
                is_whole: false,
            };
        }
        let (first, last) = (week_of(span.0), week_of(span.1));
        let is_whole = (last - first) / WEEK <= 1040;
        let mondays = match is_whole {
            true => (0..=(last - first) / WEEK)
                .map(|w| first + w * WEEK)
                .collect(),
            false => {
                let mut mondays: Vec<Micros> = moments.map(week_of).collect();
                mondays.sort_unstable();
                mondays.dedup();
                mondays
            }
        };
        Weeks { mondays, is_whole }
    }

    /// The place of a moment's week.
    #[inline]
    pub fn at(&self, t: Micros) -> Option<usize> {
        if self.is_whole {
            let at = (t - self.mondays[0]).div_euclid(WEEK);
            return usize::try_from(at)
                .ok()
                .filter(|&at| at < self.mondays.len());
        }
        self.mondays.binary_search(&week_of(t)).ok()
    }

    pub fn len(&self) -> usize {
        self.mondays.len()
    }

    pub fn mondays(&self) -> &[Micros] {
        &self.mondays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn weeks_between_are_filled_unless_there_are_too_many() {
        // A Thursday, and the Sunday and Monday after it.
        let weeks = Weeks::of([0, 3 * DAY, 4 * DAY, 20 * DAY].into_iter());
        assert_eq!(weeks.mondays(), [-3 * DAY, 4 * DAY, 11 * DAY, 18 * DAY]);
        let at = [-4, 0, 3, 4, 24, 25].map(|day| weeks.at(day * DAY));
        assert_eq!(at, [None, Some(0), Some(0), Some(1), Some(3), None]);
        let far = 10_000 * WEEK;
        let weeks = Weeks::of([far, 0].into_iter());
        assert_eq!(weeks.mondays(), [-3 * DAY, far - 3 * DAY]);
        assert_eq!(
            [0, WEEK, far].map(|t| weeks.at(t)),
            [Some(0), None, Some(1)]
        );
        assert_eq!(Weeks::of(std::iter::empty()).len(), 0);
        assert_eq!(Weeks::of(std::iter::empty()).at(0), None);
    }
}
