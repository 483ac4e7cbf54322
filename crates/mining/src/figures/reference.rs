//! The figures other tools print, under the same keys, so that anyone can compare.

use super::{ActivityFigures, EndRule, Figures, Options, Selection, Steps};
use crate::EventLog;
use serde::Serialize;
use std::collections::BTreeMap;

/// What `tenon look FILE --json` prints of a log.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseSeconds {
    pub median: Option<f64>,
    pub mean: Option<f64>,
    pub max: Option<f64>,
}

/// The whole log's figures. Edge seconds are of the gap between consecutive events' moments, rounded to
/// thousandths; all else is exact. Case seconds are last minus first moment.
pub fn look(log: &EventLog) -> Look {
    let options = Options {
        end: EndRule::Always,
        ..Options::default()
    };
    let steps = Steps::default();
    let Ok(figures) = Figures::of(log, &steps, &Selection::all(log), &options) else {
        // Only a calendar can fail, and there is none.
        return Look::default();
    };
    from_figures(&figures)
}

/// The same from figures already computed (on the clock, not on a calendar).
pub fn from_figures(figures: &Figures) -> Look {
    let thousandths = |x: f64| (x * 1000.0).round() / 1000.0;
    let by = |f: fn(&ActivityFigures) -> u64| {
        let some = figures.activities.iter().filter(|a| f(a) > 0);
        some.map(|a| (a.name.clone(), f(a)))
            .collect::<BTreeMap<_, _>>()
    };
    let mut edge_seconds: Vec<_> = figures
        .edges
        .iter()
        .map(|e| {
            let (mean, median) = (
                e.gap.map(|g| g.mean_seconds),
                e.gap.map(|g| g.median_seconds),
            );
            (
                e.from.clone(),
                e.to.clone(),
                mean.map(thousandths),
                median.map(thousandths),
            )
        })
        .collect();
    edge_seconds.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    Look {
        cases: figures.counts.cases,
        events: figures.counts.events,
        activities: figures.counts.activities,
        dfg: figures
            .edges
            .iter()
            .map(|e| (e.from.clone(), e.to.clone(), e.count))
            .collect(),
        start: by(|a| a.starts),
        end: by(|a| a.ends),
        edge_seconds,
        variants: figures.variants.total,
        top_variants: figures
            .variants
            .shown
            .iter()
            .take(10)
            .map(|v| (v.activities.clone(), v.cases))
            .collect(),
        case_seconds: CaseSeconds {
            median: figures.case_duration.map(|d| d.median_seconds),
            mean: figures.case_duration.map(|d| d.mean_seconds),
            max: figures.case_duration.map(|d| d.max_seconds),
        },
        rework_cases: by(|a| a.rework_cases),
    }
}

#[cfg(test)]
mod tests;
