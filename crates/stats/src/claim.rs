//! How strong a claim a design allows, whatever the cases will show.

use serde::{Deserialize, Serialize};

use crate::lots::orders;
use crate::rollout::{MIN_COMPARISON, NEVER, Rollout};

/// How the order of teams came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Drawn by lot, and kept.
    DrawnByLot,
    /// Drawn by lot, but teams started otherwise.
    Departed,
    /// Chosen by someone.
    Chosen,
}

/// The strongest thing that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The order was drawn by lot: improved, or made worse.
    DrawnByLot,
    /// Chosen, at least four teams with it and three without: improved, but observational.
    Observational,
    /// One to three teams with it: indicative, by pretending that other teams had it.
    Indicative,
    /// All at one date, or one team: consistent with a change at that date, never more.
    ConsistentWith,
    /// Nothing could be told even from the clearest cases.
    CannotBeAnswered,
}

/// Teams with the tool that an observational verdict needs.
pub const MIN_TREATED: usize = 4;
/// Teams still without it that an observational verdict needs.
pub const MIN_WAITING: usize = 3;

/// What a roll-out allows; `alpha` is the share of false alarms that is accepted.
pub fn claim(rollout: &Rollout, order: Order, alpha: f64) -> Claim {
    let treated = rollout.spans.iter().filter(|s| s.from != NEVER).count();
    let Some(first) = rollout.first_start() else {
        return Claim::CannotBeAnswered;
    };
    let waiting = waiting(rollout, first);
    if waiting < MIN_COMPARISON {
        return Claim::ConsistentWith;
    }
    match order {
        Order::DrawnByLot if smallest_share(rollout) > alpha => Claim::CannotBeAnswered,
        Order::DrawnByLot => Claim::DrawnByLot,
        _ if treated >= MIN_TREATED && waiting >= MIN_WAITING => Claim::Observational,
        _ => Claim::Indicative,
    }
}

/// Teams that still serve as comparison in this period.
pub fn waiting(rollout: &Rollout, period: usize) -> usize {
    let spans = rollout.spans.iter();
    spans.filter(|span| span.compares(period)).count()
}

/// The smallest share of orders that could be as extreme as the real one: below it, no verdict by lot is possible.
/// Where one half starts at one date and the other never, each order has a mirror image that is as extreme.
pub fn smallest_share(rollout: &Rollout) -> f64 {
    let cohorts = rollout.cohorts();
    let mirrored = matches!(cohorts[..], [(_, a), (_, b)] if a == b);
    let alike = if mirrored { 2.0 } else { 1.0 };
    orders(rollout).map_or(0.0, |n| alike / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(starts: &[Option<u32>], order: Order) -> Claim {
        claim(&Rollout::of_periods(starts, 2), order, 0.05)
    }

    #[test]
    fn the_claim_follows_from_the_design() {
        use Order::{Chosen, DrawnByLot};
        let (a, b) = (Some(10), Some(20));
        let six = [a, a, b, b, None, None];
        let nine = [a, a, a, b, b, b, None, None, None];
        for (starts, order, expected) in [
            (&six[..], DrawnByLot, Claim::DrawnByLot),
            (&six, Chosen, Claim::Observational),
            (&nine, Order::Departed, Claim::Observational),
            (
                &[a, a, None, None, None],
                DrawnByLot,
                Claim::CannotBeAnswered,
            ),
            (&[a, a, None, None, None], Chosen, Claim::Indicative),
            (
                &[a, a, a, None, None, None],
                DrawnByLot,
                Claim::CannotBeAnswered,
            ),
            (&[a; 6], DrawnByLot, Claim::ConsistentWith),
            (&[a], Chosen, Claim::ConsistentWith),
            (&[None, None], DrawnByLot, Claim::CannotBeAnswered),
            (&[], Chosen, Claim::CannotBeAnswered),
        ] {
            assert_eq!(of(starts, order), expected, "{starts:?}");
        }
    }
}
