//! Same, changed, or can't tell: two one-sided tests against a zone agreed beforehand (Schuirmann 1987, J.
//! Pharmacokinet. Biopharm. 15:657-680), read off the interval.

use serde::{Deserialize, Serialize};

use crate::cells::Cells;
use crate::imputation::{Design, Interval};
use crate::rollout::Rollout;

/// Three answers, never two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sameness {
    /// The interval lies inside the zone.
    Same,
    /// The 95% interval lies to one side of none, and the narrower one of level 0.9 not inside the zone.
    Changed,
    /// Neither.
    CannotTell,
}

/// How one measure of the process moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Unchanged {
    /// The measure's name.
    pub name: String,
    /// Mean of comparison cases.
    pub before: Option<f64>,
    /// Mean of treated cases.
    pub now: Option<f64>,
    /// Difference by imputation; `None` when there is none to tell.
    pub difference: Option<f64>,
    /// Its interval of level 0.9: two one-sided tests at 5% each.
    pub interval: Option<Interval>,
    /// Zone agreed beforehand, either way.
    pub zone: f64,
    /// The answer.
    pub answer: Sameness,
    /// The smallest zone inside which these cases would count as the same.
    pub certified: Option<f64>,
}

/// Level of the interval that amounts to two one-sided tests at 5% each.
pub const LEVEL: f64 = 0.9;

/// Reads the interval of level 0.9 against a zone, and the usual one of level 0.95 against none.
pub fn sameness(narrow: &Interval, usual: &Interval, zone: f64) -> Sameness {
    if narrow.within(zone) {
        Sameness::Same
    } else if usual.holds(0.0) {
        Sameness::CannotTell
    } else {
        Sameness::Changed
    }
}

/// How a measure of the process moved with the roll-out; the interval is by leaving out one team at a time.
pub fn unchanged(name: &str, cells: &Cells, rollout: &Rollout, zone: f64) -> Unchanged {
    let design = Design::new(cells, rollout, cells.periods());
    let found = design.jackknife();
    let interval = found.as_ref().map(|j| j.interval(LEVEL));
    let mean = |wanted: &dyn Fn(usize, usize) -> bool| {
        let (mut n, mut sum) = (0.0, 0.0);
        for team in 0..cells.teams().min(rollout.spans.len()) {
            for period in (0..cells.periods()).filter(|&p| wanted(team, p)) {
                n += cells.counts(team)[period];
                sum += cells.sums(team)[period];
            }
        }
        (n > 0.0).then(|| sum / n)
    };
    Unchanged {
        name: name.to_owned(),
        before: mean(&|team, period| rollout.spans[team].compares(period)),
        now: mean(&|team, period| rollout.spans[team].treated(period)),
        difference: found.as_ref().map(|j| j.effect),
        interval,
        zone,
        answer: found.as_ref().map_or(Sameness::CannotTell, |j| {
            sameness(&j.interval(LEVEL), &j.interval(0.95), zone)
        }),
        certified: interval
            .map(|i| i.high.max(-i.low))
            .filter(|c| c.is_finite()),
    }
}

/// A measure of the process and the zone agreed for it.
#[derive(Debug, Clone, Copy)]
pub struct Stays<'a> {
    /// The measure's name.
    pub name: &'a str,
    /// Its cells.
    pub cells: &'a Cells,
    /// The zone, either way.
    pub zone: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_answers() {
        let interval = |low: f64, high: f64, level: f64| Interval { low, high, level };
        let of = |low: f64, high: f64| {
            let usual = interval(low - 0.2, high + 0.2, 0.95);
            sameness(&interval(low, high, LEVEL), &usual, 2.0)
        };
        assert_eq!(of(-1.0, 1.5), Sameness::Same);
        assert_eq!(of(0.5, 1.5), Sameness::Same);
        assert_eq!(of(0.5, 2.5), Sameness::Changed);
        assert_eq!(of(-3.0, -2.5), Sameness::Changed);
        assert_eq!(of(-0.5, 2.5), Sameness::CannotTell);
        assert_eq!(of(0.1, 2.5), Sameness::CannotTell);
    }
}
