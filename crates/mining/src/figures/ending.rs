//! When a case counts as ended. Everything "open" rests on this rule, so the page says it in words.

use super::Steps;
use crate::EventLog;
use serde::{Deserialize, Serialize};

/// A won or lost outcome ends a case under every rule; an event in a step after it opens the case again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndRule {
    /// Only outcomes end a case.
    #[default]
    Outcome,
    /// A case ends when its last event is one of these.
    FinalActivities { activities: Vec<String> },
    /// A case ends when nothing happened on it for so many days up to `as_of`.
    Silence { days: f64 },
    /// Every case has ended: for logs without times or ones known to be complete.
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    Open,
    /// Ended without an outcome.
    Ended,
    Won,
    Lost,
}

impl EndRule {
    /// Outcomes where the steps have them and the log shows them; else activities after which cases mostly stop, when they cover
    /// four in five case ends; else silence longer than 99 of 100 pauses within cases; else, without times, always.
    pub fn propose(log: &EventLog, steps: &Steps) -> EndRule {
        super::propose_end::propose_end(log, steps)
    }
}
