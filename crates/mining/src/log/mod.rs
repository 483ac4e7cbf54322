//! The event log as columns: what every reader fills and every figure reads.
//!
//! Cases are numbered `0..cases()`, events `0..events()`. The events of one case stand together, in time order
//! (ties and missing times keep the order of the file). Attributes are columns beside them.

mod arrange;
mod builder;
pub mod codec;
mod column;
mod dict;
mod kept;
mod merge;
mod reread;
mod stack;

pub(crate) use builder::sort_by_time;
pub use builder::{Cell, LogBuilder};
pub use column::{Column, Values};
pub use dict::{Dict, NONE};
pub use kept::merge_kept;
pub use merge::{Added, merge};
pub use reread::Who;

use crate::time::{MISSING, Micros};
use rayon::prelude::*;
use std::ops::Range;

/// Standard attribute names (IEEE 1849, XES).
pub const RESOURCE: &str = "org:resource";
pub const GROUP: &str = "org:group";
pub const LIFECYCLE: &str = "lifecycle:transition";

/// An immutable event log in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventLog {
    /// Case names, in case order; the code of a name is not its case number when names repeat, so use [`EventLog::case_name`].
    pub case_names: Dict,
    /// Case number to code in `case_names`.
    pub case_name: Vec<u32>,
    /// Case number to first event; one longer than the number of cases.
    pub offsets: Vec<u32>,
    /// Event to activity.
    pub activity: Vec<u32>,
    pub activities: Dict,
    /// Event to moment (of completion where start times are known), or [`MISSING`].
    pub time: Vec<Micros>,
    /// Event to the moment work began; empty when the log has no start times.
    pub start: Vec<Micros>,
    /// One value a case.
    pub case_columns: Vec<Column>,
    /// One value an event. `org:resource`, `org:group` and `lifecycle:transition` are among them when given.
    pub event_columns: Vec<Column>,
}

impl EventLog {
    pub fn cases(&self) -> usize {
        self.case_name.len()
    }

    pub fn events(&self) -> usize {
        self.activity.len()
    }

    /// The events of a case.
    pub fn case(&self, case: usize) -> Range<usize> {
        self.offsets[case] as usize..self.offsets[case + 1] as usize
    }

    pub fn case_name(&self, case: usize) -> &str {
        self.case_names.get(self.case_name[case])
    }

    pub fn activity_name(&self, activity: u32) -> &str {
        self.activities.get(activity)
    }

    pub fn event_column(&self, name: &str) -> Option<&Column> {
        self.event_columns.iter().find(|c| c.name == name)
    }

    pub fn case_column(&self, name: &str) -> Option<&Column> {
        self.case_columns.iter().find(|c| c.name == name)
    }

    /// Who did each event, where the log says so.
    pub fn resource(&self) -> Option<&Column> {
        self.event_column(RESOURCE)
    }

    /// First and last moment in the log, or `None` when no event has a time.
    pub fn span(&self) -> Option<(Micros, Micros)> {
        // A fold without branches, so that many are compared at once. MISSING is below every moment.
        let widen = |(a, b): (Micros, Micros), &t: &Micros| {
            let begun = if t == MISSING { Micros::MAX } else { t };
            (a.min(begun), b.max(t))
        };
        let none = || (Micros::MAX, MISSING);
        let parts = self.time.par_chunks(1 << 16);
        let (first, last) = (parts.chain(self.start.par_chunks(1 << 16)))
            .fold(none, |so_far, part| part.iter().fold(so_far, widen))
            .reduce(none, |a, b| (a.0.min(b.0), a.1.max(b.1)));
        (last != MISSING).then_some((first, last))
    }

    /// Which activities follow each other in its cases, and nothing else of the log: steps are proposed by that.
    pub fn moves(self) -> EventLog {
        EventLog {
            case_name: self.case_name,
            offsets: self.offsets,
            activity: self.activity,
            activities: self.activities,
            ..EventLog::default()
        }
    }

    /// Bytes held by the columns themselves.
    pub fn bytes(&self) -> usize {
        let columns = self
            .case_columns
            .iter()
            .chain(&self.event_columns)
            .map(Column::bytes)
            .sum::<usize>();
        self.case_names.bytes()
            + self.activities.bytes()
            + 4 * (self.case_name.len() + self.offsets.len() + self.activity.len())
            + 8 * (self.time.len() + self.start.len())
            + columns
    }
}
