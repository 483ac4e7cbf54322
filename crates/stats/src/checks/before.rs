//! Checks that pretend: was there a difference where there can't have been an effect?

use super::{Check, Ground, Kind, Null, Status, reading, with_interval};
use crate::calendar::Every;
use crate::cells::Cells;
use crate::claim::Order;
use crate::imputation::{Design, Jackknife};
use crate::rollout::{NEVER, Rollout, Span};

/// Periods by which the placebo date is earlier.
const EARLIER: usize = 8;
/// Fewest periods on either side of a placebo date.
const FEWEST: usize = 2;

/// Before the first start: does the difference between teams with much and with little of the tool drift?
pub(super) fn trend(ground: &Ground<'_>) -> Option<Check> {
    let untouched = untouched(ground.rollout);
    let before = ground.cells.up_to(untouched);
    if before.periods() < 2 * FEWEST {
        return None;
    }
    let found = slope(&before, &exposure(ground.rollout, ground.cells.periods()))?;
    let null = Null::of(&found)?;
    let every = match ground.cells.calendar.every() {
        Every::Week => "week",
        Every::Month => "month",
    };
    let decimals = null.decimals(ground.measure);
    let sentence = format!(
        "Before the first start, early teams drifted from late ones, each {every}, by {}; {} would have been seen.",
        with_interval(ground.measure, null.effect, &null.interval),
        ground.measure.with_unit(null.visible, decimals),
    );
    let status = null.status(ground.order != Order::DrawnByLot);
    Some(null.check(
        Kind::TrendBeforehand,
        status,
        sentence,
        "Draw the order by lot next time, or choose teams that moved alike before.",
    ))
}

/// Periods in which every team is still comparison.
fn untouched(rollout: &Rollout) -> usize {
    let first = rollout.spans.iter().map(|s| s.until).min();
    first.map_or(0, |until| until as usize)
}

/// For each team, the share of the time since the first start that it has the tool.
fn exposure(rollout: &Rollout, periods: usize) -> Vec<f64> {
    let first = rollout.first_start().unwrap_or(periods);
    let end = rollout
        .last_start()
        .map_or(periods, |last| (last + 1).max(periods)) as f64;
    let share = |span: &Span| match span.from {
        NEVER => 0.0,
        from => (end - f64::from(from)) / (end - first as f64).max(1.0),
    };
    rollout.spans.iter().map(share).collect()
}

/// Weighted regression of the outcome on exposure times period, with team and period effects taken out.
fn slope(before: &Cells, exposure: &[f64]) -> Option<Jackknife> {
    let teams = before.teams().min(exposure.len());
    let periods = before.periods();
    let mut drift = before.clone();
    for (team, exposure) in exposure.iter().enumerate().take(teams) {
        for period in 0..periods {
            let n = before.n(team, period);
            drift.set(team, period, n, exposure * period as f64, 0.0);
        }
    }
    let nobody = Rollout {
        spans: vec![Span::NEVER; teams],
    };
    let design = Design::new(&drift, &nobody, periods);
    let of = |without: Option<usize>| {
        let (mut together, mut alone) = (0.0, 0.0);
        for (at, residual) in design.residuals(without).into_iter().enumerate() {
            let (team, period) = (at / periods, at % periods);
            together += residual * before.sums(team)[period];
            alone += residual * residual * before.n(team, period);
        }
        (alone > 1e-9).then(|| together / alone)
    };
    let effect = of(None)?;
    let without: Vec<Option<f64>> = (0..teams).map(|team| of(Some(team))).collect();
    Some(Jackknife::of(effect, without, before.cases(), teams))
}

/// Pretends that every team started earlier, and looks at cells before the real start only.
pub(super) fn placebo_date(ground: &Ground<'_>) -> Option<Check> {
    let room = untouched(ground.rollout).min(ground.cells.periods());
    let by = EARLIER.min(room / 2);
    if by < FEWEST {
        return None;
    }
    let before = ground.cells.only(|team, period| {
        ground
            .rollout
            .spans
            .get(team)
            .is_some_and(|s| s.compares(period))
    });
    let pretended = ground.rollout.earlier(by as u32);
    let found = Design::new(&before, &pretended, before.periods()).jackknife()?;
    let null = Null::of(&found)?;
    let unit = match ground.cells.calendar.every() {
        Every::Week => "weeks",
        Every::Month => "months",
    };
    let what = reading(ground.measure, &null);
    let sentence = format!("Pretending a start {by} {unit} early gives {what}.");
    let status = null.status(ground.order != Order::DrawnByLot);
    Some(null.check(
        Kind::PlaceboDate,
        status,
        sentence,
        "Teams differed before they had the tool. Start over with an order drawn by lot.",
    ))
}

/// The same estimate at a step that the tool does not touch.
pub(super) fn placebo_step(ground: &Ground<'_>) -> Option<Check> {
    let (name, cells) = ground.beside.placebo_step?;
    let found = Design::new(cells, ground.rollout, cells.periods()).jackknife()?;
    let null = Null::of(&found)?;
    let what = reading(ground.measure, &null);
    let sentence =
        format!("At {name}, where nothing was plugged in, the same reckoning gives {what}.");
    let status = match null.status(true) {
        // The lot allows one in a hundred; a chosen order has no such excuse.
        Status::Fails if ground.order == Order::DrawnByLot => Status::Caution,
        status => status,
    };
    Some(null.check(
        Kind::PlaceboStep,
        status,
        sentence,
        "Something else changed in these teams at the same time. Find out what, and start over.",
    ))
}
