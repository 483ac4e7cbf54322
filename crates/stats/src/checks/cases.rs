//! Checks on the cases themselves: same kind, same number, readable.

use super::{Check, Ground, Kind, Null, Status, reading};
use crate::calendar::Every;
use crate::cells::Cells;
use crate::imputation::Design;
use crate::measure::{Good, Measure};

/// A shift of this many standard deviations in the kind of case forbids a verdict when it is clear.
const KIND: f64 = 0.25;
/// A change of this share in the number of cases forbids a verdict when it is clear.
const NUMBER: f64 = 0.25;
/// Shares of unreadable cases from which on care is due, and from which on there is no verdict.
const MISSING: (f64, f64) = (0.02, 0.10);

/// Whether what is known on entry moved with the roll-out.
pub(super) fn same_kind(ground: &Ground<'_>) -> Option<Check> {
    let number = ground.beside.covariates.len();
    let mut shifts: Vec<Shift<'_>> = Vec::new();
    for &(name, cells) in &ground.beside.covariates {
        let spread = spread(cells);
        let found = Design::new(cells, ground.rollout, cells.periods()).jackknife();
        let null = found.as_ref().and_then(Null::of);
        shifts.extend(
            null.filter(|_| spread > 0.0)
                .map(|null| Shift { name, null, spread }),
        );
    }
    let worst = shifts.into_iter().max_by(|a, b| {
        let by = |s: &Shift<'_>| s.size().abs();
        a.standing()
            .cmp(&b.standing())
            .then(by(a).total_cmp(&by(b)))
    })?;
    let by = worst.size();
    let Shift { name, null, spread } = worst;
    let status = match null.status(by.abs() >= KIND) {
        // One of several may well stand out by chance.
        Status::Caution if number > 1 && !null.clear => Status::Holds,
        status => status,
    };
    let sentence = format!(
        "Of {number} kinds of case looked at, {name} moved most in teams with the tool: by {by:+.2} standard \
         deviations (95% interval {:+.2} to {:+.2}); {:.2} would have been seen.",
        null.interval.low / spread,
        null.interval.high / spread,
        null.visible / spread,
    )
    .replace('-', "−");
    Some(null.check(
        Kind::SameKindOfCase,
        status,
        sentence,
        "Teams with the tool now get other cases. Measure within one kind of case, or start over.",
    ))
}

/// How one kind of case moved.
struct Shift<'a> {
    name: &'a str,
    null: Null,
    /// Standard deviation of a case.
    spread: f64,
}

impl Shift<'_> {
    /// In standard deviations.
    fn size(&self) -> f64 {
        self.null.effect / self.spread
    }

    /// Whether it forbids a verdict, and whether it stands out at all.
    fn standing(&self) -> (bool, bool) {
        let outside = !self.null.interval.holds(0.0);
        (
            outside && self.null.clear && self.size().abs() >= KIND,
            outside,
        )
    }
}

/// Standard deviation of a case.
fn spread(cells: &Cells) -> f64 {
    let total = |of: &dyn Fn(usize) -> f64| (0..cells.teams()).map(of).sum::<f64>();
    let n = cells.cases();
    let sum = total(&|team| cells.sums(team).iter().sum());
    let squares = total(&|team| cells.squares(team).iter().sum());
    (squares / n - (sum / n).powi(2)).max(0.0).sqrt()
}

/// Whether teams with the tool get more or fewer cases than they would have.
pub(super) fn same_number(ground: &Ground<'_>) -> Option<Check> {
    let intake = ground.cells.intake();
    let found = Design::new(&intake, ground.rollout, intake.periods()).jackknife()?;
    let null = Null::of(&found)?;
    let usual = ground.cells.cases() / intake.cases().max(1.0);
    let share = null.effect / usual;
    let status = null.status(share.abs() >= NUMBER);
    let cases = Measure::Number {
        name: "cases".to_owned(),
        unit: "cases".to_owned(),
        good: Good::More,
    };
    let every = match ground.cells.calendar.every() {
        Every::Week => "week",
        Every::Month => "month",
    };
    let what = reading(&cases, &null);
    let sentence = format!("A team usually gets {usual:.1} cases a {every}; with the tool {what}.");
    Some(null.check(
        Kind::SameNumberOfCases,
        status,
        sentence,
        "Cases moved between teams when the tool came. Fix who gets which case, and start over.",
    ))
}

/// Whether cases can be read.
pub(super) fn nothing_missing(ground: &Ground<'_>) -> Check {
    let left_out = ground.cells.left_out;
    let read = ground.cells.cases();
    let unreadable = left_out.unreadable as f64;
    let share = unreadable / (read + unreadable).max(1.0);
    let status = if share < MISSING.0 {
        Status::Holds
    } else if share < MISSING.1 {
        Status::Caution
    } else {
        Status::Fails
    };
    let waits = if left_out.immature > 0 {
        let late = left_out.immature;
        format!(" {late} entered too lately to be read and are counted later.")
    } else {
        String::new()
    };
    Check {
        kind: Kind::NothingMissing,
        status,
        sentence: format!(
            "{unreadable:.0} of {:.0} cases could not be read ({:.1}%): no team, no value, or left before they \
             came.{waits}",
            read + unreadable,
            100.0 * share,
        ),
        seen: Some(share),
        interval: None,
        smallest_visible: None,
        advice: (status == Status::Fails).then(|| {
            "Mend the import: too many cases have no team, no value or impossible times.".to_owned()
        }),
    }
}
