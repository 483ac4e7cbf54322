//! When each team gets the tool, and what follows from it: which cells are treated by the plan, which may serve as the
//! comparison, which weeks are left out, and until when an effect can be told from the comparison at all.

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Micros};
use crate::cells::Cells;

/// Never.
pub const NEVER: u32 = u32::MAX;

/// The periods of one team: before `until` it serves as comparison, from `from` on it is treated, and what lies
/// between is left out whole, because its cases may still have been in the step on the day of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First period that is no longer comparison; [`NEVER`] for a team that is not to start.
    pub until: u32,
    /// First period that is treated whole; [`NEVER`] for a team that is not to start.
    pub from: u32,
}

impl Span {
    /// A team that does not start.
    pub const NEVER: Self = Self {
        until: NEVER,
        from: NEVER,
    };

    /// Starts at the beginning of period `from`, with `washout` whole periods before it left out.
    pub fn at(from: u32, washout: u32) -> Self {
        Self {
            until: from.saturating_sub(washout),
            from,
        }
    }

    /// Whether the team serves as comparison in this period.
    pub fn compares(self, period: usize) -> bool {
        (period as u64) < u64::from(self.until)
    }

    /// Whether the team is treated in this period.
    pub fn treated(self, period: usize) -> bool {
        period as u64 >= u64::from(self.from) && self.from != NEVER
    }
}

/// Fewest teams that must serve as comparison in a week for the week to be used.
pub const MIN_COMPARISON: usize = 2;

/// The spans of all teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// One span a team, in the order of the cells.
    pub spans: Vec<Span>,
}

impl Rollout {
    /// From start moments. A start inside a period makes that period neither treated nor comparison; `washout` before
    /// the start (usually the horizon) is left out as well.
    pub fn new(starts: &[Option<Micros>], calendar: Calendar, washout: Micros) -> Self {
        let period = |p: i64| u32::try_from(p.clamp(0, i64::from(NEVER - 1))).unwrap_or(NEVER);
        let span = |start: &Option<Micros>| match start {
            None => Span::NEVER,
            Some(start) => Span {
                until: period(calendar.period(start.saturating_sub(washout.max(0)))),
                from: period(calendar.period_from(*start)),
            },
        };
        Self {
            spans: starts.iter().map(span).collect(),
        }
    }

    /// From start periods, with `washout` whole periods before each left out.
    pub fn of_periods(starts: &[Option<u32>], washout: u32) -> Self {
        let span = |s: &Option<u32>| s.map_or(Span::NEVER, |from| Span::at(from, washout));
        Self {
            spans: starts.iter().map(span).collect(),
        }
    }

    /// The first period in which any team is treated whole; `None` when no team starts.
    pub fn first_start(&self) -> Option<usize> {
        let first = self.spans.iter().map(|s| s.from).min()?;
        (first != NEVER).then_some(first as usize)
    }

    /// The period in which the last team to start is treated whole; `None` when no team starts.
    pub fn last_start(&self) -> Option<usize> {
        let starts = self.spans.iter().map(|s| s.from).filter(|&f| f != NEVER);
        starts.max().map(|last| last as usize)
    }

    /// Start periods with the number of teams that start then, first to last; never comes last.
    pub fn cohorts(&self) -> Vec<(Span, usize)> {
        let mut sorted = self.spans.clone();
        sorted.sort_unstable();
        let mut cohorts: Vec<(Span, usize)> = Vec::new();
        for span in sorted {
            match cohorts.last_mut() {
                Some((last, count)) if *last == span => *count += 1,
                _ => cohorts.push((span, 1)),
            }
        }
        cohorts
    }

    /// For each period, whether at least two teams that have cases in it serve as comparison.
    pub fn usable(&self, cells: &Cells) -> Vec<bool> {
        let comparison = |period: usize| {
            let teams = self.spans.iter().enumerate();
            let compares = |&(team, span): &(usize, &Span)| {
                span.compares(period) && cells.n(team, period) > 0.0
            };
            teams.filter(compares).count()
        };
        (0..cells.periods())
            .map(|period| comparison(period) >= MIN_COMPARISON)
            .collect()
    }

    /// The first period in which, by the plan, fewer than two teams are left as comparison: from there on no effect
    /// can be told. `None` when at least two teams never start.
    pub fn identified_until(&self) -> Option<usize> {
        let mut until: Vec<u32> = self.spans.iter().map(|s| s.until).collect();
        until.sort_unstable_by(|a, b| b.cmp(a));
        match until.get(MIN_COMPARISON - 1) {
            Some(&NEVER) => None,
            Some(&period) => Some(period as usize),
            None => Some(0),
        }
    }

    /// The same roll-out with every start this many periods earlier, for placebo dates.
    pub fn earlier(&self, periods: u32) -> Self {
        let move_up = |p: u32| {
            if p == NEVER {
                NEVER
            } else {
                p.saturating_sub(periods)
            }
        };
        let spans = self.spans.iter();
        Self {
            spans: spans
                .map(|s| Span {
                    until: move_up(s.until),
                    from: move_up(s.from),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DAY, Every, WEEK};

    /// 2024-01-01 00:00, a Monday.
    const MONDAY: Micros = 19_723 * DAY;

    fn weeks() -> Calendar {
        Calendar::from(Every::Week, MONDAY)
    }

    #[test]
    fn a_start_on_monday_leaves_out_the_horizon_before_it() {
        let rollout = Rollout::new(&[Some(MONDAY + 16 * WEEK), None], weeks(), 14 * DAY);
        assert_eq!(
            rollout.spans,
            [
                Span {
                    until: 14,
                    from: 16
                },
                Span::NEVER
            ]
        );
    }

    #[test]
    fn a_start_within_a_week_leaves_that_week_out_too() {
        let rollout = Rollout::new(&[Some(MONDAY + 16 * WEEK + 2 * DAY)], weeks(), 14 * DAY);
        assert_eq!(
            rollout.spans,
            [Span {
                until: 14,
                from: 17
            }]
        );
        let without = Rollout::new(&[Some(MONDAY + 16 * WEEK + 2 * DAY)], weeks(), 0);
        assert_eq!(
            without.spans,
            [Span {
                until: 16,
                from: 17
            }]
        );
    }

    #[test]
    fn an_effect_is_identified_while_two_teams_wait() {
        let of = |starts: &[Option<u32>]| Rollout::of_periods(starts, 2).identified_until();
        assert_eq!(of(&[Some(10), None, None]), None);
        assert_eq!(of(&[Some(10), Some(20), None]), Some(18));
        assert_eq!(of(&[Some(10), Some(20), Some(30)]), Some(18));
        assert_eq!(of(&[Some(10), Some(10)]), Some(8));
        assert_eq!(of(&[Some(10)]), Some(0));
        assert_eq!(of(&[]), Some(0));
    }

    #[test]
    fn cohorts_are_counted_in_order() {
        let rollout = Rollout::of_periods(&[Some(9), None, Some(5), Some(9)], 0);
        let expected = [(Span::at(5, 0), 1), (Span::at(9, 0), 2), (Span::NEVER, 1)];
        assert_eq!(rollout.cohorts(), expected);
        assert_eq!(
            (rollout.first_start(), rollout.last_start()),
            (Some(5), Some(9))
        );
        let nobody = Rollout::of_periods(&[None, None], 0);
        assert_eq!((nobody.first_start(), nobody.last_start()), (None, None));
    }
}
