//! The Cases tab: one row a case, in pages.

use super::{CaseState, Options, Selection, Steps};
use crate::EventLog;
use crate::time::Micros;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOrder {
    /// Oldest start first.
    Age,
    /// Open cases by time in their step, longest first; then the rest.
    #[default]
    Waiting,
    /// First to last event, longest first.
    Duration,
    Name,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseRow {
    pub case: u32,
    pub name: String,
    pub state: CaseState,
    /// Index of the step it is in, or was in last.
    pub step: Option<usize>,
    pub events: u64,
    pub started: Option<Micros>,
    pub last: Option<Micros>,
    pub duration_seconds: Option<f64>,
    /// Open cases: since it entered its step up to `as_of`.
    pub waiting_days: Option<f64>,
    pub team: Option<String>,
    pub variant: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseList {
    pub total: u64,
    pub offset: u64,
    pub rows: Vec<CaseRow>,
}

/// Rows `offset..offset + limit` of the selected cases in the given order; ties by case number.
pub fn case_list(
    log: &EventLog,
    steps: &Steps,
    selection: &Selection,
    options: &Options,
    order: CaseOrder,
    offset: usize,
    limit: usize,
) -> CaseList {
    let _ = (log, steps, selection, options, order, offset, limit);
    unimplemented!()
}
