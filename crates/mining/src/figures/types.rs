//! The result types: what the pages show and the API returns.

use super::{Calendar, EndRule, Spread, TeamColumn};
use crate::time::Micros;
use serde::Serialize;

/// What [`Figures::of`] is computed by, beside log, steps and selection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    pub end: EndRule,
    /// The moment open cases are judged at; the last moment of the whole log when `None`.
    pub as_of: Option<Micros>,
    /// Count all spans on this calendar instead of the clock.
    pub calendar: Option<Calendar>,
    pub team: Option<TeamColumn>,
}

/// Everything the process page shows of the selected cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Figures {
    pub counts: Counts,
    /// First event to last event of a case.
    pub case_duration: Option<Spread>,
    /// One entry for each activity of the log, by its code, also those the selection never reaches.
    pub activities: Vec<ActivityFigures>,
    /// Most frequent first.
    pub edges: Vec<EdgeFigures>,
    pub variants: Variants,
    pub rework: Rework,
    /// In the order of the steps.
    pub steps: Vec<StepFigures>,
    /// Moves of a case from one person to another, most frequent first, at most [`HANDOVERS_SHOWN`].
    pub handovers: Vec<Handover>,
    pub handovers_total: u64,
    /// Every week from the first to the last with a case started or ended.
    pub weeks: Vec<Week>,
    pub weekly_shares: WeeklyShares,
    /// Whether the spans are working time on a calendar.
    pub on_calendar: bool,
}

pub const HANDOVERS_SHOWN: usize = 50;
pub const VARIANTS_SHOWN: usize = 200;
pub const WEEKLY_VARIANTS: usize = 10;
pub const WEEKLY_EDGES: usize = 50;

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Counts {
    pub cases: u64,
    pub events: u64,
    /// Activities that occur in the selection.
    pub activities: u64,
    pub open: u64,
    /// All that are not open, won and lost among them.
    pub ended: u64,
    pub won: u64,
    pub lost: u64,
    /// First and last moment in the selection; `None` when its events have no times.
    pub first: Option<Micros>,
    pub last: Option<Micros>,
    /// The moment open cases are judged at; `None` when the log has no times.
    pub as_of: Option<Micros>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivityFigures {
    pub name: String,
    /// Index into `Figures::steps`; `None` for outcomes and for activities in no step.
    pub step: Option<usize>,
    pub events: u64,
    pub cases: u64,
    /// Cases that begin, and that stop so far, with it.
    pub starts: u64,
    pub ends: u64,
    /// Start to completion, where start times are known.
    pub work: Option<Spread>,
    /// End of the event before it to its start (or its moment where no start is known).
    pub wait_before: Option<Spread>,
    /// Cases in which it occurs more than once.
    pub rework_cases: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EdgeFigures {
    pub from: String,
    pub to: String,
    /// Indices into `Figures::activities`.
    pub from_activity: u32,
    pub to_activity: u32,
    pub count: u64,
    pub cases: u64,
    /// Between the two events' moments; what other tools call the edge's performance.
    pub gap: Option<Spread>,
    /// End of the first to start of the second; equals `gap` where no starts are known. Overlaps count as zero.
    pub wait: Option<Spread>,
    pub kind: EdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    Forward,
    /// Within one step, or where an activity is in no step.
    Within,
    /// An activity directly after itself.
    SelfLoop,
    /// To an earlier step.
    Back,
    /// To a later step, over at least one between.
    Skip,
    Won,
    Lost,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Variants {
    pub total: u64,
    /// Most frequent first, ties by id; at most [`VARIANTS_SHOWN`].
    pub shown: Vec<VariantFigures>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VariantFigures {
    /// 16 hex digits, the same for the same activity names in any log.
    pub id: String,
    pub activities: Vec<String>,
    pub cases: u64,
    /// Of the selected cases.
    pub share: f64,
    pub duration: Option<Spread>,
    pub open: u64,
    pub won: u64,
    pub lost: u64,
    /// Won of those ended; `None` when none ended or the process has no won outcome.
    pub won_share: Option<f64>,
}

/// Cases that do not run straight through the steps.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rework {
    /// Cases in which any activity occurs more than once, with a step-back, or with a skip.
    pub cases: u64,
    pub share: f64,
    pub repeat_cases: u64,
    pub back_cases: u64,
    /// Moves to an earlier step.
    pub backs: u64,
    pub skip_cases: u64,
    /// Moves over at least one step the case has not been in.
    pub skips: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepFigures {
    pub name: String,
    /// Cases that were in the step, and stays in it (a case may come back).
    pub cases: u64,
    pub visits: u64,
    /// Cases in it now.
    pub open: u64,
    /// Cases that moved from it to a later step or were won from it, at any visit.
    pub went_on: u64,
    /// Moves out of the step by where they went, most frequent first; counted by visit.
    pub went_to: Vec<WentTo>,
    /// Of those that never went on: lost from it, ended in it without an outcome, or went back and never on.
    pub lost: u64,
    pub ended: u64,
    pub went_back: u64,
    /// `went_on` of the cases that are not still open in it without having gone on. `None` for a last step
    /// without a won outcome: there is nowhere to go on to.
    pub conversion: Option<f64>,
    pub time: StepTime,
    pub reasons: Vec<Reason>,
    pub reason_source: ReasonSource,
    /// Open cases, longest in the step first, at most 10.
    pub waiting: Vec<WaitingCase>,
    /// Most events first, at most 10.
    pub people: Vec<PersonShare>,
    pub people_total: u64,
    pub weeks: Vec<StepWeek>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WentTo {
    pub to: Destination,
    pub visits: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    Step(usize),
    Won,
    Lost,
    Ended,
}

/// Time from entering the step to leaving it, a visit each; open visits are censored at `as_of` (Kaplan-Meier).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepTime {
    pub visits: u64,
    pub censored: u64,
    /// `None`: fewer than half have left within the time seen (or no times).
    pub median_days: Option<f64>,
    pub p90_days: Option<f64>,
    /// Mean days in step up to the horizon.
    pub restricted_mean_days: Option<f64>,
    pub horizon_days: Option<f64>,
    /// Share of the time in step in which somebody worked; `None` without start times.
    pub working_share: Option<f64>,
    /// Completed visits; 30 bins of equal width, the last takes all that is longer.
    pub histogram: Vec<Bin>,
    /// Upper quartile of completed visits.
    pub slow_from_days: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bin {
    pub from_days: f64,
    pub to_days: f64,
    pub count: u64,
    /// The whole bin is over the upper quartile.
    pub slow: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Reason {
    /// `None`: no reason recorded.
    pub text: Option<String>,
    pub cases: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReasonSource {
    /// A case or event column that reads like a reason.
    Column(String),
    /// No such column: the last activity before the outcome stands in.
    LastActivity,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingCase {
    pub case: u32,
    pub name: String,
    pub days: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonShare {
    pub name: String,
    pub events: u64,
}

/// `week` is the Monday, 00:00 UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepWeek {
    pub week: Micros,
    pub entered: u64,
    pub left: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Handover {
    pub from: String,
    pub to: String,
    pub count: u64,
    pub mean_wait_seconds: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Week {
    pub week: Micros,
    pub started: u64,
    pub ended: u64,
    pub won: u64,
    pub lost: u64,
}

/// Counts by week, kept so that a before and an after can be compared later. Variants count in the week the case
/// started, moves in the week they arrived.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WeeklyShares {
    pub weeks: Vec<Micros>,
    /// Denominators, one a week.
    pub cases: Vec<u64>,
    pub moves: Vec<u64>,
    /// Moves between steps.
    pub step_moves: Vec<u64>,
    pub variants: Vec<WeeklySeries>,
    pub edges: Vec<WeeklySeries>,
    pub skips: Vec<u64>,
    pub step_backs: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WeeklySeries {
    /// Variant id, or "from → to".
    pub name: String,
    pub counts: Vec<u64>,
}
