//! What a verdict rests on, as code. A check never passes: it says what it saw, and the smallest violation that it could
//! have seen four times in five. Small samples make weak checks, and the sentence shows it.

mod around;
mod before;
mod cases;

use serde::{Deserialize, Serialize};

use crate::calendar::Micros;
use crate::cells::Cells;
use crate::claim::Order;
use crate::dist::{t_critical, t_isf};
use crate::equivalence::Stays;
use crate::imputation::{Interval, Jackknife};
use crate::measure::Measure;
use crate::rollout::Rollout;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = CheckKind))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Early and late teams did not drift apart before the first start.
    TrendBeforehand,
    /// Pretending an earlier start shows nothing.
    PlaceboDate,
    /// Another step, where nothing was plugged in, shows nothing.
    PlaceboStep,
    /// Teams with the tool get the same kind of case.
    SameKindOfCase,
    /// Teams with the tool get as many cases.
    SameNumberOfCases,
    /// There are enough teams.
    EnoughTeams,
    /// The order that was drawn was kept.
    OrderKept,
    /// Nothing else started at the same step.
    NothingElse,
    /// Few cases are unreadable.
    NothingMissing,
    /// The source's own definition of the process stayed.
    SourceUnchanged,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = CheckStatus))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was seen that speaks against it.
    Holds,
    /// Read the verdict with care.
    Caution,
    /// No verdict.
    Fails,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Check {
    /// What is checked.
    pub kind: Kind,
    /// How it stands.
    pub status: Status,
    /// What it saw and what it could have seen, in one sentence.
    pub sentence: String,
    /// What it saw, as a number.
    pub seen: Option<f64>,
    /// The 95% interval of what it saw.
    pub interval: Option<Interval>,
    /// The smallest violation it could have seen four times in five.
    pub smallest_visible: Option<f64>,
    /// What to do when it fails.
    pub advice: Option<String>,
}

/// What the company's system says about the process itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nobody asked.
    #[default]
    Unknown,
    /// Steps, fields and approvals are what they were since before the first start.
    Unchanged,
    /// They were edited at this moment.
    ChangedAt(Micros),
}

/// Another improvement at the same step.
#[derive(Debug, Clone, Copy)]
pub struct Overlap<'a> {
    /// Its name.
    pub name: &'a str,
    /// When each team started it, in the order of the cells.
    pub starts: &'a [Option<Micros>],
    /// When it was taken out, if it was.
    pub ended: Option<Micros>,
}

/// What else is known. All of it may be absent; absent checks are not made, and are not held to hold.
#[derive(Debug, Clone, Default)]
pub struct Beside<'a> {
    /// The measure at another step, which the tool should not touch, and that step's name.
    pub placebo_step: Option<(&'a str, &'a Cells)>,
    /// Kinds of case: cells of a number that is known on entry (an amount, a source), with its name.
    pub covariates: Vec<(&'a str, &'a Cells)>,
    /// Other improvements at the same step.
    pub overlaps: Vec<Overlap<'a>>,
    /// What is known of the source.
    pub source: Source,
    /// Cells of whether a case used the tool.
    pub used: Option<&'a Cells>,
    /// Measures of the process that should stay as they are.
    pub stays: Vec<Stays<'a>>,
}

/// What the checks work on.
pub(crate) struct Ground<'a> {
    pub(crate) measure: &'a Measure,
    pub(crate) cells: &'a Cells,
    pub(crate) rollout: &'a Rollout,
    pub(crate) washout: Micros,
    pub(crate) order: Order,
    pub(crate) jackknife: Option<&'a Jackknife>,
    pub(crate) beside: &'a Beside<'a>,
}

/// Makes all checks that can be made, in the order of [`Kind`].
pub(crate) fn all(ground: &Ground<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(before::trend(ground));
    checks.extend(before::placebo_date(ground));
    checks.extend(before::placebo_step(ground));
    checks.extend(cases::same_kind(ground));
    checks.extend(cases::same_number(ground));
    checks.extend(around::enough_teams(ground));
    checks.extend(around::order_kept(ground));
    checks.extend(around::nothing_else(ground));
    checks.push(cases::nothing_missing(ground));
    checks.extend(around::source(ground));
    checks
}

/// An effect that should be none: its interval, and the smallest it could have seen.
struct Null {
    effect: f64,
    interval: Interval,
    visible: f64,
    /// Whether it stands out even at 99%.
    clear: bool,
}

impl Null {
    fn of(found: &Jackknife) -> Option<Self> {
        (found.df >= 1.0 && found.se > 0.0).then(|| Self {
            effect: found.effect,
            interval: found.interval(0.95),
            visible: (t_critical(0.95, found.df) + t_isf(0.2, found.df)) * found.se,
            clear: !found.interval(0.99).holds(0.0),
        })
    }

    fn decimals(&self, measure: &Measure) -> usize {
        measure.decimals(self.interval.high - self.interval.low)
    }

    /// Holds when none is among the likely values; fails when it clearly is not and `refuses`.
    fn status(&self, refuses: bool) -> Status {
        if self.interval.holds(0.0) {
            Status::Holds
        } else if self.clear && refuses {
            Status::Fails
        } else {
            Status::Caution
        }
    }

    fn check(self, kind: Kind, status: Status, sentence: String, advice: &str) -> Check {
        Check {
            kind,
            status,
            sentence,
            seen: Some(self.effect),
            interval: Some(self.interval),
            smallest_visible: Some(self.visible),
            advice: (status == Status::Fails).then(|| advice.to_owned()),
        }
    }
}

/// "+0.1 days (95% interval −0.7 to 0.9); a difference of 1.2 days would have been seen".
fn reading(measure: &Measure, null: &Null) -> String {
    let decimals = null.decimals(measure);
    format!(
        "{}; a difference of {} would have been seen",
        with_interval(measure, null.effect, &null.interval),
        measure.with_unit(null.visible, decimals),
    )
}

/// "+0.1 days (95% interval −0.7 to 0.9)".
fn with_interval(measure: &Measure, effect: f64, interval: &Interval) -> String {
    let decimals = measure.decimals(interval.high - interval.low);
    format!(
        "{} (95% interval {} to {})",
        signed(
            measure.with_unit(effect, decimals),
            effect > 0.0,
            effect < 0.0
        ),
        signed(
            measure.amount(interval.low, decimals),
            false,
            interval.low < 0.0
        ),
        signed(
            measure.amount(interval.high, decimals),
            false,
            interval.high < 0.0
        ),
    )
}

/// With its sign, the minus a real minus; zero has none.
fn signed(amount: String, plus: bool, minus: bool) -> String {
    let zero = amount.contains('0') && !amount.contains(|c: char| ('1'..='9').contains(&c));
    match (zero, plus, minus) {
        (false, _, true) => format!("−{amount}"),
        (false, true, _) => format!("+{amount}"),
        _ => amount,
    }
}
