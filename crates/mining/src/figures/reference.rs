//! The figures other tools print, under the same keys, so that anyone can compare.

use crate::EventLog;
use serde::Serialize;
use std::collections::BTreeMap;

/// What `tenon look FILE --json` prints of a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    pub cases: u64,
    pub events: u64,
    pub activities: u64,
    /// From, to, count; most first, ties by name.
    pub dfg: Vec<(String, String, u64)>,
    pub start: BTreeMap<String, u64>,
    pub end: BTreeMap<String, u64>,
    /// From, to, mean, median; by name. `None` without times.
    pub edge_seconds: Vec<(String, String, Option<f64>, Option<f64>)>,
    pub variants: u64,
    pub top_variants: Vec<(Vec<String>, u64)>,
    pub case_seconds: CaseSeconds,
    pub rework_cases: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct CaseSeconds {
    pub median: Option<f64>,
    pub mean: Option<f64>,
    pub max: Option<f64>,
}

pub fn look(log: &EventLog) -> Look {
    let _ = log;
    unimplemented!()
}
