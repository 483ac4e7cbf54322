//! What to do when no cut is found, from the most precise to the model that allows everything (Leemans, "Robust Process
//! Mining with Guarantees", 2017, section 6.1.2).

use super::Miner;
use super::cut;
use super::dfg::Dfg;
use super::sublog::SubLog;
use crate::model::tree::ProcessTree;

/// `log` has no empty trace and at least one event.
pub fn apply(miner: &Miner<'_>, log: &SubLog, dfg: &Dfg) -> ProcessTree {
    once_per_trace(miner, log, dfg)
        .or_else(|| concurrent(miner, log, dfg))
        .or_else(|| {
            repeated(miner, log, |before, next| {
                dfg_end(dfg, before) && dfg_start(dfg, next)
            })
        })
        .or_else(|| repeated(miner, log, |_, next| dfg_start(dfg, next)))
        .unwrap_or_else(|| flower(miner, dfg))
}

fn once_per_trace(miner: &Miner<'_>, log: &SubLog, dfg: &Dfg) -> Option<ProcessTree> {
    let once = |activity: u32| {
        log.variants
            .iter()
            .all(|(trace, _)| trace.iter().filter(|&&a| a == activity).count() == 1)
    };
    if dfg.len() < 2 {
        return None;
    }
    let activity = dfg.activities.iter().copied().find(|&a| once(a))?;
    let rest = miner.mine(log.project(|a| a != activity));
    Some(ProcessTree::Parallel(vec![miner.leaf(activity), rest]))
}

/// An activity whose absence lets the rest be cut runs beside it.
fn concurrent(miner: &Miner<'_>, log: &SubLog, dfg: &Dfg) -> Option<ProcessTree> {
    if dfg.len() < 3 {
        return None;
    }
    for &activity in &dfg.activities {
        let rest = log.project(|a| a != activity);
        if cut::find(&Dfg::of(&rest)).is_some() {
            let alone = miner.mine(log.project(|a| a == activity));
            return Some(ProcessTree::Parallel(vec![alone, miner.mine(rest)]));
        }
    }
    None
}

/// Cuts traces wherever one round seems to end and another to begin; a loop of rounds when any trace has several.
fn repeated(
    miner: &Miner<'_>,
    log: &SubLog,
    boundary: impl Fn(u32, u32) -> bool,
) -> Option<ProcessTree> {
    let mut rounds = Vec::new();
    for (trace, count) in &log.variants {
        rounds.extend(
            trace
                .chunk_by(|&a, &b| !boundary(a, b))
                .map(|round| (round.to_vec(), *count)),
        );
    }
    let rounds = SubLog::new(rounds);
    (rounds.traces() > log.traces())
        .then(|| ProcessTree::Loop(vec![miner.mine(rounds), ProcessTree::Silent]))
}

fn dfg_start(dfg: &Dfg, activity: u32) -> bool {
    dfg.activities
        .binary_search(&activity)
        .is_ok_and(|i| dfg.start[i] > 0)
}

fn dfg_end(dfg: &Dfg, activity: u32) -> bool {
    dfg.activities
        .binary_search(&activity)
        .is_ok_and(|i| dfg.end[i] > 0)
}

/// Any activity, any number of times, at least one.
fn flower(miner: &Miner<'_>, dfg: &Dfg) -> ProcessTree {
    let any = dfg.activities.iter().map(|&a| miner.leaf(a)).collect();
    ProcessTree::Loop(vec![ProcessTree::Choice(any), ProcessTree::Silent])
}
