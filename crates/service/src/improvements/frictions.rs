//! Where to plug: the costliest frictions of a process, each with a tool that may ease it.

use super::ledger::{Ledger, Mark};
use super::{Measure, Tool};
use mining::figures::{Figures, StandOut, StandOutReason, stand_outs};
use serde::Serialize;

/// A place where the process loses time or cases, and what to try there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Friction {
    pub found: StandOut,
    /// The step to plug something into.
    pub step: Option<String>,
    pub tool: Tool,
    pub measure: Measure,
    /// Why this tool: because it helped at such a place here, or because it is made for it.
    pub why: String,
    /// It has helped here before.
    pub proven: bool,
    /// Something is plugged in there already.
    pub taken: Option<String>,
}

/// What is made for a friction of this kind.
fn made_for(reason: &StandOutReason) -> (Tool, Measure, &'static str) {
    match reason {
        StandOutReason::LongWait { .. } => (
            Tool::Ask,
            Measure::DaysInStep,
            "asking those who know shortens waits",
        ),
        StandOutReason::Repeated { .. } => (
            Tool::Playbook,
            Measure::Rework,
            "a checklist spares doing things twice",
        ),
        StandOutReason::GoesBack { .. } => (
            Tool::Playbook,
            Measure::Rework,
            "a checklist spares ways back",
        ),
        StandOutReason::Losses { .. } => (
            Tool::Room,
            Measure::GoesOn,
            "a room brings in those who can keep the case",
        ),
        StandOutReason::HandOver { .. } => (
            Tool::Room,
            Measure::DaysInStep,
            "a room keeps the history at hand-overs",
        ),
    }
}

/// The costliest first, at most `limit`. A tool that has helped in this company with the same aim comes before one that
/// is only made for it.
pub fn frictions(figures: &Figures, ledger: &Ledger, limit: usize) -> Vec<Friction> {
    stand_outs(figures, limit)
        .into_iter()
        .map(|found| {
            let (tool, measure, why) = made_for(&found.reason);
            let step = found
                .step
                .and_then(|s| figures.steps.get(s))
                .map(|s| s.name.clone());
            let helped = ledger
                .all
                .iter()
                .filter(|s| s.mark == Mark::Better && s.imp.measure == measure)
                // Best known first: at this very step, then the surest.
                .max_by(|a, b| {
                    let here = |s: &super::Summary| Some(&s.imp.step) == step.as_ref();
                    let sure = |s: &super::Summary| {
                        s.shown()
                            .map_or(0.0, |(e, low, high)| e.abs() / (high - low).max(1e-9))
                    };
                    here(a).cmp(&here(b)).then(sure(a).total_cmp(&sure(b)))
                });
            let taken = step.as_ref().and_then(|name| {
                let mut there = ledger
                    .all
                    .iter()
                    .filter(|s| s.imp.step == *name && s.imp.ended.is_none());
                there.next_back().map(|s| s.imp.name.clone())
            });
            match helped {
                Some(best) => Friction {
                    why: format!("{} helped at {} here", best.imp.name, best.imp.step),
                    tool: best.imp.tool,
                    measure,
                    proven: true,
                    step,
                    taken,
                    found,
                },
                None => Friction {
                    why: why.into(),
                    tool,
                    measure,
                    proven: false,
                    step,
                    taken,
                    found,
                },
            }
        })
        .collect()
}
