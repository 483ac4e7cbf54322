//! Checks on what is around the cases: teams, the order, other improvements, the source.

use super::{Check, Ground, Kind, Overlap, Source, Status, with_interval};
use crate::claim::{MIN_TREATED, MIN_WAITING, Order, waiting};
use crate::dist::t_critical;
use crate::imputation::{Design, Jackknife};
use crate::rollout::Rollout;

/// From this many teams on, few teams are no longer worth a word.
const PLENTY: usize = 10;

fn plain(kind: Kind, status: Status, sentence: String) -> Check {
    Check {
        kind,
        status,
        sentence,
        seen: None,
        interval: None,
        smallest_visible: None,
        advice: None,
    }
}

/// Whether there are enough teams, and what the small-sample correction costs.
pub(super) fn enough_teams(ground: &Ground<'_>) -> Option<Check> {
    let found = ground.jackknife?;
    let teams = ground.rollout.spans.len();
    let waiting = waiting(ground.rollout, ground.rollout.first_start()?);
    let few = teams < PLENTY || found.teams < MIN_TREATED || waiting < MIN_WAITING;
    let status = if few { Status::Caution } else { Status::Holds };
    let widened = t_critical(0.95, found.df.max(1.0)) / t_critical(0.95, 1e6);
    let sentence = format!(
        "{} of {teams} teams have it so far, {waiting} served as comparison after the first start. So few teams make \
         an interval {widened:.2} times as wide as many would.",
        found.teams,
    );
    let mut check = plain(Kind::EnoughTeams, status, sentence);
    check.seen = Some(teams as f64);
    Some(check)
}

/// Whether the order was drawn and kept.
pub(super) fn order_kept(ground: &Ground<'_>) -> Option<Check> {
    let (status, sentence) = match ground.order {
        Order::DrawnByLot => (
            Status::Holds,
            "The order was drawn by lot and kept, so that when a team started does not depend on how it was doing.",
        ),
        Order::Departed => (
            Status::Caution,
            "The order was drawn by lot, but teams started otherwise: the result is read as observational.",
        ),
        Order::Chosen => (
            Status::Caution,
            "The order was chosen, not drawn: teams that start early may have been different anyway.",
        ),
    };
    Some(plain(Kind::OrderKept, status, sentence.to_owned()))
}

/// Whether another improvement at the step could be what is seen: the estimate without the cells that had it.
pub(super) fn nothing_else(ground: &Ground<'_>) -> Option<Check> {
    let overlaps = &ground.beside.overlaps;
    let first = overlaps.first()?;
    let with = ground.jackknife?;
    let mut worst = (first.name, None);
    let mut moved = -1.0;
    for overlap in overlaps {
        let name = overlap.name;
        match without(ground, overlap) {
            None => {
                worst = (name, None);
                break;
            }
            Some(found) => {
                let by = (found.effect - with.effect).abs();
                if by > moved {
                    moved = by;
                    worst = (name, Some(found));
                }
            }
        }
    }
    let (name, found) = worst;
    let Some(found) = found else {
        let mut check = plain(
            Kind::NothingElse,
            Status::Fails,
            format!(
                "{name} came to the same teams at the same time: the two cannot be told apart."
            ),
        );
        check.advice = Some(format!(
            "Unplug one of the two, or roll {name} out in another order."
        ));
        return Some(check);
    };
    let interval = found.interval(0.95);
    let lasting = moved <= 0.5 * with.se && interval.low.is_finite();
    let status = if lasting {
        Status::Holds
    } else {
        Status::Caution
    };
    let mut check = plain(
        Kind::NothingElse,
        status,
        format!(
            "{name} was plugged in too. Without the cells that had it: {}.",
            with_interval(ground.measure, found.effect, &interval)
        ),
    );
    check.seen = Some(found.effect);
    check.interval = Some(interval);
    Some(check)
}

/// The effect from cells that the other improvement did not touch.
fn without(ground: &Ground<'_>, overlap: &Overlap<'_>) -> Option<Jackknife> {
    let other = Rollout::new(overlap.starts, ground.cells.calendar, ground.washout);
    let calendar = ground.cells.calendar;
    let over = overlap.ended.map(|ended| calendar.period_from(ended));
    let untouched = |team: usize, period: usize| {
        let other = other.spans.get(team);
        other.is_none_or(|span| span.compares(period))
            || over.is_some_and(|over| period as i64 >= over)
    };
    let cells = ground.cells.only(untouched);
    Design::new(&cells, ground.rollout, cells.periods()).jackknife()
}

/// Whether the source says that the process itself was edited while it was measured.
pub(super) fn source(ground: &Ground<'_>) -> Option<Check> {
    match ground.beside.source {
        Source::Unknown => None,
        Source::Unchanged => Some(plain(
            Kind::SourceUnchanged,
            Status::Holds,
            "Steps, fields and approvals in the source are what they were.".to_owned(),
        )),
        Source::ChangedAt(at) => {
            let calendar = ground.cells.calendar;
            let measured = calendar.start(0)..calendar.start(ground.cells.periods() as i64);
            if !measured.contains(&at) {
                return Some(plain(
                    Kind::SourceUnchanged,
                    Status::Caution,
                    "The process was edited in the source, but outside the time that is measured."
                        .to_owned(),
                ));
            }
            let mut check = plain(
                Kind::SourceUnchanged,
                Status::Fails,
                "The process itself was edited in the source while it was measured: before and after no longer \
                 compare."
                    .to_owned(),
            );
            check.advice = Some("See what changed, and start over from that day.".to_owned());
            Some(check)
        }
    }
}
