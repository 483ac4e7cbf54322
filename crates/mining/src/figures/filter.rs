//! Filters: what the address of a view says, turned into the cases it means.

use super::{Selection, Steps};
use crate::EventLog;
use crate::time::Micros;
use serde::{Deserialize, Serialize};

/// Which cases to look at. All parts must hold; an absent part holds always.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// The case's first event is at or after `from` and before `to`. Cases without times are left out when either is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Micros>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Micros>,
    /// Any of these values of the team column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// Column and value as displayed, of the case or of any of its events. Several values of one column: any of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
    /// 16 hex digits, see [`super::variant_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Name of a step the case was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// The second activity directly after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFilter>,
    /// Any event of the case was done by this person (`org:resource`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    Open,
    /// Ended in any way.
    Closed,
    Won,
    Lost,
}

/// A filter that names what the log does not have. The sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error(
        "This log has no column that says which team a case belongs to. Choose one in the settings of the process."
    )]
    NoTeamColumn,
    #[error("There is no team \"{0}\". {1}")]
    NoTeam(String, String),
    #[error("This log has no column \"{0}\". Take the filter away or choose another column.")]
    NoColumn(String),
    #[error("\"{0}\" is not a variant: write the 16 digits shown beside it.")]
    BadVariant(String),
    #[error("There is no step \"{0}\". Steps may have been renamed: choose one from the strip.")]
    NoStep(String),
    #[error("There is no activity \"{0}\" in this log. Choose one from the map.")]
    NoActivity(String),
    #[error("This log does not say who did what, so it cannot be filtered by a person.")]
    NoPeople,
    #[error("The period ends before it begins. Swap its two dates.")]
    BackwardPeriod,
    #[error("This log has no times, so it cannot be filtered by a period.")]
    NoTimes,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// The same text for the same filter, for cache keys: teams and attributes in order, nothing twice.
    pub fn canonical(&self) -> String {
        let mut filter = self.clone();
        filter.teams.sort();
        filter.teams.dedup();
        filter.attributes.sort();
        filter.attributes.dedup();
        // Strings, numbers and enums only: serialising cannot fail.
        serde_json::to_string(&filter).unwrap_or_default()
    }

    /// The cases that pass, in order. `end` and `as_of` decide which cases are open.
    pub fn select(
        &self,
        log: &EventLog,
        steps: &Steps,
        options: &super::Options,
    ) -> Result<Selection, FilterError> {
        super::filter_select::select(self, log, steps, options)
    }
}
