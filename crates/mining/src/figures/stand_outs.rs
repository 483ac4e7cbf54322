//! "What stands out": where the process loses most time or cases, as facts for the page to word.

use super::{EdgeKind, Figures};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StandOut {
    /// What the list is ranked by: case-days spent on it.
    pub cost_case_days: f64,
    pub cases: u64,
    /// The step to plug something into.
    pub step: Option<usize>,
    pub reason: StandOutReason,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StandOutReason {
    /// The wait before `to` after `from`.
    LongWait {
        from: String,
        to: String,
        median_days: f64,
        mean_days: f64,
    },
    /// The activity is done again directly.
    Repeated { activity: String, times: u64 },
    /// Cases go back a step.
    GoesBack {
        from: String,
        to: String,
        times: u64,
    },
    /// Cases lost or ended in a step; cost is the time they had spent in it.
    Losses { step: String, lost: u64, share: f64 },
    /// Waits at changes of hands from one person to another.
    HandOver {
        from: String,
        to: String,
        times: u64,
        mean_days: f64,
    },
}

/// The costliest frictions first, at most `limit`. Without times nothing can be ranked and the list is empty.
pub fn stand_outs(figures: &Figures, limit: usize) -> Vec<StandOut> {
    const DAY: f64 = 86_400.0;
    let mut found = Vec::new();
    for e in &figures.edges {
        let Some(wait) = e.wait else { continue };
        let reason = match e.kind {
            EdgeKind::SelfLoop => StandOutReason::Repeated {
                activity: e.to.clone(),
                times: e.count,
            },
            EdgeKind::Back => StandOutReason::GoesBack {
                from: e.from.clone(),
                to: e.to.clone(),
                times: e.count,
            },
            _ => StandOutReason::LongWait {
                from: e.from.clone(),
                to: e.to.clone(),
                median_days: wait.median_seconds / DAY,
                mean_days: wait.mean_seconds / DAY,
            },
        };
        let step = figures.activities[e.from_activity as usize].step;
        let cost_case_days = wait.mean_seconds / DAY * wait.count as f64;
        found.push(StandOut {
            cost_case_days,
            cases: e.cases,
            step,
            reason,
        });
    }
    for (at, s) in figures.steps.iter().enumerate() {
        let gone = s.lost + s.ended;
        // A last step is where cases are meant to end.
        if gone == 0 || (at + 1 == figures.steps.len() && s.lost == 0) {
            continue;
        }
        let Some(mean) = s.time.restricted_mean_days else {
            continue;
        };
        let reason = StandOutReason::Losses {
            step: s.name.clone(),
            lost: gone,
            share: gone as f64 / s.cases.max(1) as f64,
        };
        found.push(StandOut {
            cost_case_days: gone as f64 * mean,
            cases: gone,
            step: Some(at),
            reason,
        });
    }
    for h in &figures.handovers {
        let Some(mean) = h.mean_wait_seconds else {
            continue;
        };
        let mean_days = mean / DAY;
        let reason = StandOutReason::HandOver {
            from: h.from.clone(),
            to: h.to.clone(),
            times: h.count,
            mean_days,
        };
        found.push(StandOut {
            cost_case_days: mean_days * h.count as f64,
            cases: h.count,
            step: None,
            reason,
        });
    }
    found.retain(|s| s.cost_case_days > 0.0);
    found.sort_by(|a, b| b.cost_case_days.total_cmp(&a.cost_case_days));
    found.truncate(limit);
    found
}
