//! What can be said about one improvement on one day.
//!
//! [`judge`] takes cells, starts and a plan and gives a [`Verdict`]: plain values that can be kept and shown later.

mod inference;
mod judge;
mod second;
mod sentence;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::calendar::Micros;
use crate::cells::Cells;
use crate::checks::{Beside, Check};
use crate::claim::{Claim, Order};
use crate::equivalence::Unchanged;
use crate::event_study::Point;
use crate::imputation::Interval;
use crate::measure::Measure;

pub use judge::judge;

/// What was agreed before the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How the order of teams came about, and whether it was kept.
    pub order: Order,
    /// The moment of the last look; `None`: sixteen weeks (four months) after the last team starts.
    pub ends: Option<Micros>,
    /// Effects smaller than this, either way, make no meaningful difference. In the unit of the measure.
    pub zone: Option<f64>,
    /// Share of false alarms that is accepted over all looks together: 0.05.
    pub alpha: f64,
    /// The seed of the lot; it also draws the orders that are compared when there are too many to count.
    pub seed: u64,
}

impl Plan {
    /// Drawn by lot from this seed, to the usual end, without an agreed zone.
    pub fn drawn(seed: u64) -> Self {
        Self {
            order: Order::DrawnByLot,
            ends: None,
            zone: None,
            alpha: 0.05,
            seed,
        }
    }
}

/// Everything a verdict is made from.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// What should improve.
    pub measure: Measure,
    /// The step's name, for the sentence.
    pub step: &'a str,
    /// Cells of the measure.
    pub cells: &'a Cells,
    /// When each team starts, in the order of the cells; a planned start counts too.
    pub starts: &'a [Option<Micros>],
    /// How long after entry a case is read.
    pub horizon: Micros,
    /// What is left out before each start; the horizon unless there is a reason.
    pub washout: Micros,
    /// What was agreed beforehand.
    pub plan: Plan,
    /// What else is known; [`Beside::default`] is nothing.
    pub beside: Beside<'a>,
    /// Threads to use.
    pub threads: NonZeroUsize,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It helps.
    Improved,
    /// It does harm.
    MadeWorse,
    /// The interval lies inside the zone agreed beforehand.
    NoMeaningfulDifference,
    /// It can't be told yet.
    NoEvidenceYet,
    /// An assumption failed, or the design cannot answer.
    NoVerdict,
}

/// What the numbers lean to when the design allows no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lean {
    /// Toward better.
    Better,
    /// Toward worse.
    Worse,
}

/// An effect with the interval it is said with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Shown {
    /// Effect.
    pub effect: f64,
    /// Interval that holds at any number of looks, where there is a plan of looks.
    pub interval: Interval,
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Look {
    /// Mature periods at the look.
    pub periods: usize,
    /// First moment after the last mature period.
    pub until: Micros,
    /// Effect then; `None` when there was none to tell.
    pub effect: Option<f64>,
    /// Share of false alarms that may have been used up by then; nothing for an always-valid sequence.
    pub spent: Option<f64>,
    /// The statistic then: effect over the root of its design variance (by lot), or as a normal deviate.
    pub statistic: Option<f64>,
    /// What the statistic had to exceed; nothing when no look could have told anything yet.
    pub boundary: Option<f64>,
    /// Whether the effect stood out.
    pub crossed: bool,
}

/// The lot that the verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Lot {
    /// Orders compared, the real one among them.
    pub compared: usize,
    /// Orders that could have been drawn; nothing when the number does not fit.
    pub possible: Option<u64>,
    /// Whether all were compared.
    pub exact: bool,
}

/// The effect for those who use the tool: a second reading, instrumented by the plan, never the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PerUser {
    /// Effect of the plan divided by the rise in use it brought (Wald 1940). `None` when use hardly rose.
    pub effect: Option<f64>,
    /// Values of the effect per user that fit effect and use together (Fieller 1954); may be unbounded.
    pub interval: Option<Interval>,
    /// Share of cases that used the tool because of the plan.
    pub use_share: f64,
}

/// Days (or cases, or units) gained so far by all treated cases together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Accumulated {
    /// Effect times treated cases, so that less is negative.
    pub total: f64,
    /// The same for the ends of the interval shown.
    pub interval: Interval,
    /// Treated cases.
    pub cases: f64,
}

/// The verdict of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// The answer.
    pub verdict: Answer,
    /// How strong a claim the design allows.
    pub claim: Claim,
    /// What the numbers lean to, for designs that allow no verdict.
    pub lean: Option<Lean>,
    /// The one sentence.
    pub sentence: String,
    /// The effect over all treated cases; `None` when there is none to tell.
    pub estimate: Option<f64>,
    /// Interval when looked at once: by the lot where the order was drawn, else by leaving out teams.
    pub interval: Option<Interval>,
    /// Effect and interval that go with the answer: they hold however often one looks. Show these.
    pub shown: Option<Shown>,
    /// Share of the orders that could have been drawn with an effect at least as far from none.
    pub permutation_p: Option<f64>,
    /// The lot behind it.
    pub lot: Option<Lot>,
    /// Standard error by leaving out one team at a time.
    pub jackknife_se: Option<f64>,
    /// The t interval that goes with it.
    pub jackknife_interval: Option<Interval>,
    /// Design variance of the estimate.
    pub design_variance: Option<f64>,
    /// Teams in the table.
    pub teams: usize,
    /// Teams with treated cases that count.
    pub treated_teams: usize,
    /// Mature cells with cases.
    pub cells: usize,
    /// Cells that count: comparison and treated, in usable periods.
    pub usable_cells: usize,
    /// Mature cases.
    pub mature_cases: u64,
    /// Treated cases that count.
    pub treated_cases: u64,
    /// Mature periods: weeks, or months.
    pub weeks: usize,
    /// What it rests on.
    pub checks: Vec<Check>,
    /// Whether the process stayed the same, measure by measure.
    pub unchanged: Vec<Unchanged>,
    /// Effect by time since the start, and before it.
    pub event_study: Vec<Point>,
    /// The looks so far.
    pub looks: Vec<Look>,
    /// The moment of the look at which the effect first stood out.
    pub decided: Option<Micros>,
    /// Moment from which, by the plan, too few teams are left to compare with; nothing when that never comes.
    pub identified_until: Option<Micros>,
    /// The planned end.
    pub ends: Option<Micros>,
    /// Periods left to the planned end.
    pub periods_left: usize,
    /// An effect found before the planned end is about this many times too large on average; 1 at the end.
    pub overstatement: f64,
    /// Second reading: effect per user.
    pub per_user: Option<PerUser>,
    /// What all treated cases together gained.
    pub accumulated: Option<Accumulated>,
}
