//! Two periods (or any two selections) side by side. Counts and figures only: whether a difference means anything is for the verdict.

use super::{EdgeFigures, Figures, StepFigures};
use serde::Serialize;

/// Both values of one figure; `None` where a side does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Pair {
    pub a: Option<f64>,
    pub b: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StepPair {
    pub name: String,
    pub cases: Pair,
    pub open: Pair,
    pub conversion: Pair,
    pub median_days: Pair,
    pub restricted_mean_days: Pair,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EdgePair {
    pub from: String,
    pub to: String,
    pub count: Pair,
    /// Of all moves of its side.
    pub share: Pair,
    pub median_seconds: Pair,
    pub mean_seconds: Pair,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Comparison {
    pub cases: Pair,
    pub won: Pair,
    pub lost: Pair,
    pub open: Pair,
    pub median_case_seconds: Pair,
    pub rework_share: Pair,
    /// Steps by name, in the order of `a`, then those only in `b`.
    pub steps: Vec<StepPair>,
    /// By the larger of both counts.
    pub edges: Vec<EdgePair>,
}

pub fn compare(a: &Figures, b: &Figures) -> Comparison {
    let step = |s: Option<&StepFigures>, f: &dyn Fn(&StepFigures) -> Option<f64>| s.and_then(f);
    let both = |x: Option<f64>, y: Option<f64>| Pair { a: x, b: y };
    let mut names: Vec<&str> = a.steps.iter().map(|s| s.name.as_str()).collect();
    for s in &b.steps {
        if !names.contains(&s.name.as_str()) {
            names.push(&s.name);
        }
    }
    let steps = names.iter().map(|&name| {
        let (x, y) = (
            a.steps.iter().find(|s| s.name == name),
            b.steps.iter().find(|s| s.name == name),
        );
        let pair = |f: &dyn Fn(&StepFigures) -> Option<f64>| both(step(x, f), step(y, f));
        StepPair {
            name: name.to_string(),
            cases: pair(&|s| Some(s.cases as f64)),
            open: pair(&|s| Some(s.open as f64)),
            conversion: pair(&|s| s.conversion),
            median_days: pair(&|s| s.time.median_days),
            restricted_mean_days: pair(&|s| s.time.restricted_mean_days),
        }
    });
    let rest = |f: &dyn Fn(&Figures) -> Option<f64>| both(f(a), f(b));
    Comparison {
        cases: rest(&|f| Some(f.counts.cases as f64)),
        won: rest(&|f| Some(f.counts.won as f64)),
        lost: rest(&|f| Some(f.counts.lost as f64)),
        open: rest(&|f| Some(f.counts.open as f64)),
        median_case_seconds: rest(&|f| f.case_duration.map(|d| d.median_seconds)),
        rework_share: rest(&|f| (f.counts.cases > 0).then_some(f.rework.share)),
        steps: steps.collect(),
        edges: edges(a, b),
    }
}

fn edges(a: &Figures, b: &Figures) -> Vec<EdgePair> {
    let total = |f: &Figures| f.edges.iter().map(|e| e.count).sum::<u64>() as f64;
    let totals = (total(a), total(b));
    type Both<'a> = (Option<&'a EdgeFigures>, Option<&'a EdgeFigures>);
    let mut by_name: std::collections::BTreeMap<(&str, &str), Both> = Default::default();
    for e in &a.edges {
        by_name.entry((&e.from, &e.to)).or_default().0 = Some(e);
    }
    for e in &b.edges {
        by_name.entry((&e.from, &e.to)).or_default().1 = Some(e);
    }
    let mut edges: Vec<EdgePair> = by_name
        .into_iter()
        .map(|((from, to), (x, y))| {
            let count = |e: Option<&EdgeFigures>| e.map_or(0.0, |e| e.count as f64);
            let pair = |f: &dyn Fn(&EdgeFigures) -> Option<f64>| Pair {
                a: x.and_then(f),
                b: y.and_then(f),
            };
            EdgePair {
                from: from.to_string(),
                to: to.to_string(),
                count: Pair {
                    a: Some(count(x)),
                    b: Some(count(y)),
                },
                share: Pair {
                    a: (totals.0 > 0.0).then(|| count(x) / totals.0),
                    b: (totals.1 > 0.0).then(|| count(y) / totals.1),
                },
                median_seconds: pair(&|e| e.gap.map(|g| g.median_seconds)),
                mean_seconds: pair(&|e| e.gap.map(|g| g.mean_seconds)),
            }
        })
        .collect();
    let larger = |e: &EdgePair| e.count.a.unwrap_or(0.0).max(e.count.b.unwrap_or(0.0));
    edges.sort_by(|p, q| larger(q).total_cmp(&larger(p)));
    edges
}
