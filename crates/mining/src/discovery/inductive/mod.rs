//! The Inductive Miner and its variant for infrequent behaviour.
//!
//! Leemans, Fahland, van der Aalst: "Discovering Block-Structured Process Models from Event Logs - A Constructive
//! Approach" (Petri Nets 2013) and "... from Event Logs Containing Infrequent Behaviour" (BPM Workshops 2013).
//!
//! Promises: the result is sound (it is a tree), the same input gives the same tree, and with `noise: 0.0` every trace
//! of the log fits the tree.

mod cut;
mod dfg;
mod fall_through;
mod split;
mod sublog;

use crate::log::Dict;
use crate::model::tree::ProcessTree;
use cut::{Cut, CutKind};
use dfg::Dfg;
use sublog::SubLog;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// From 0 to 1: what follows an activity less often than this share of its most frequent follower is left out when
    /// nothing else gives structure. 0 keeps everything.
    pub noise: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { noise: 0.2 }
    }
}

/// Mines a tree from distinct traces with their number of cases. Activities are named by `names`.
pub fn mine(variants: &[(Vec<u32>, u64)], names: &Dict, options: Options) -> ProcessTree {
    let log = SubLog::new(variants.iter().filter(|v| v.1 > 0).cloned().collect());
    let miner = Miner {
        names,
        noise: options.noise.clamp(0.0, 1.0),
    };
    miner.mine(log).simplify()
}

struct Miner<'a> {
    names: &'a Dict,
    noise: f64,
}

impl Miner<'_> {
    fn mine(&self, log: SubLog) -> ProcessTree {
        let empty = log.empty_traces();
        if log.events() == 0 {
            return ProcessTree::Silent;
        }
        if empty > 0 {
            let infrequent = (empty as f64) < self.noise * log.traces() as f64;
            let rest = self.mine(log.without_empty());
            return if infrequent {
                rest
            } else {
                ProcessTree::Choice(vec![rest, ProcessTree::Silent])
            };
        }
        let dfg = Dfg::of(&log);
        if let Some(leaf) = self.single_activity(&log, &dfg) {
            return leaf;
        }
        let cut = cut::find(&dfg).or_else(|| {
            (self.noise > 0.0)
                .then(|| cut::find(&dfg.without_infrequent(self.noise)))
                .flatten()
        });
        match cut {
            Some(cut) => self.divide(&log, &dfg, cut),
            None => fall_through::apply(self, &log, &dfg),
        }
    }

    fn leaf(&self, activity: u32) -> ProcessTree {
        ProcessTree::activity(self.names.get(activity))
    }

    /// One activity, once a trace; with noise allowed, once a trace as a rule (BPM Workshops 2013, section 3.3).
    fn single_activity(&self, log: &SubLog, dfg: &Dfg) -> Option<ProcessTree> {
        let &[activity] = dfg.activities.as_slice() else {
            return None;
        };
        let (traces, events) = (log.traces() as f64, log.events() as f64);
        let as_a_rule =
            self.noise > 0.0 && (traces / (traces + events) - 0.5).abs() <= self.noise / 2.0;
        (traces == events || as_a_rule).then(|| self.leaf(activity))
    }

    fn divide(&self, log: &SubLog, dfg: &Dfg, cut: Cut) -> ProcessTree {
        let parts = split::split(log, dfg, &cut)
            .into_iter()
            .map(|part| self.mine(part))
            .collect();
        match cut.kind {
            CutKind::Choice => ProcessTree::Choice(parts),
            CutKind::Sequence => ProcessTree::Sequence(parts),
            CutKind::Parallel => ProcessTree::Parallel(parts),
            CutKind::Loop => ProcessTree::Loop(parts),
        }
    }
}

#[cfg(test)]
mod tests;
