//! Figures of an event log: how often, how long, how far, and where it goes wrong.
//!
//! The order of use: [`Steps::propose`] (or the owner's own), [`EndRule::propose`], a [`Filter`] that makes a
//! [`Selection`], then [`Figures::of`]. Every figure adds up over cases: a [`Tally`] of one part of the cases
//! merged with a [`Tally`] of the rest gives the figures of the whole.
//!
//! Units: fields ending in `_seconds` are seconds, in `_days` days of 24 hours (or of working time where a
//! [`Calendar`] was given: then a day is still 24 hours of it), moments are microseconds since 1970 in UTC.
//! What a log does not say is `None`, never zero.

mod calendar;
mod case_list;
mod compare;
mod ending;
mod filter;
mod filter_select;
mod finish;
mod grid;
mod outcomes;
mod propose;
mod propose_end;
pub mod reference;
mod selection;
mod spread;
mod stand_outs;
mod stays;
mod step_count;
mod step_figures;
mod steps;
mod tally;
mod team;
mod types;
mod variant;
mod walk;
mod weekly;
mod weeks;

pub use calendar::{Calendar, CalendarError};
pub use case_list::{CaseList, CaseOrder, CaseRow, case_list};
pub use compare::{Comparison, EdgePair, Pair, StepPair, compare};
pub use ending::{CaseState, EndRule};
pub use filter::{Filter, FilterError, StateFilter};
pub use selection::Selection;
pub use spread::Spread;
pub use stand_outs::{StandOut, StandOutReason, stand_outs};
pub use stays::{Stay, Stays};
pub use steps::{Check, Step, StepRule, Steps};
pub use tally::Tally;
pub use team::{TeamColumn, guess_team, team_values, teams_by_case};
pub use types::*;
pub use variant::{variant_hash, variant_id};

#[cfg(test)]
mod tests;
