//! A net with one way in and one way out, to put into a larger one.

use super::super::petri::PetriNet;
use super::super::reach::{Marking, explore};
use super::super::reduce::reduce;
use super::{INTERRUPTIONS, STATES};

pub(super) struct Block {
    pub net: PetriNet,
    pub enter: u32,
    pub leave: u32,
}

impl Block {
    /// States in which the block is running, or only the first when there are too many.
    pub fn running(&self) -> Vec<Marking> {
        running(&self.net, self.enter, |m| *m == [self.leave])
    }

    /// Copies the block into `net`; returns what to add to its place numbers.
    pub fn embed(&self, net: &mut PetriNet) -> u32 {
        let shift = net.places;
        net.places += self.net.places;
        for transition in &self.net.transitions {
            let moved = |places: &[u32]| places.iter().map(|p| p + shift).collect::<Vec<_>>();
            net.transition(
                transition.label.as_deref(),
                &moved(&transition.inputs),
                &moved(&transition.outputs),
            );
        }
        shift
    }
}

pub(super) fn running(net: &PetriNet, enter: u32, over: impl Fn(&Marking) -> bool) -> Vec<Marking> {
    let reached = explore(net, &[enter], INTERRUPTIONS, &over);
    if !reached.complete {
        return vec![vec![enter]];
    }
    reached.markings.into_iter().filter(|m| !over(m)).collect()
}

/// How a scope can end.
pub(super) struct Ends {
    pub places: Vec<u32>,
    pub terminate: Vec<u32>,
    /// Joins may have fired too early, so a place marked twice is no proper end.
    pub loose: bool,
}

/// Joins the ends that occur together into one. Returns the place after the end, or `None` when no run ends.
pub(super) fn close(net: &mut PetriNet, enter: u32, ends: &Ends) -> Option<u32> {
    let keep: Vec<u32> = ends
        .places
        .iter()
        .chain(&ends.terminate)
        .copied()
        .chain([enter])
        .collect();
    reduce(net, &keep);
    let is_end = |m: &Marking| m.iter().all(|p| ends.places.contains(p));
    let stopped = |m: &Marking| m.iter().any(|p| ends.terminate.contains(p));
    let reached = explore(net, &[enter], STATES, |m| is_end(m) || stopped(m));
    let found = reached
        .markings
        .into_iter()
        .filter(|m| is_end(m) || stopped(m));
    let mut finals: Vec<Marking> = found
        .filter(|m| !ends.loose || m.windows(2).all(|w| w[0] != w[1]))
        .collect();
    if !reached.complete {
        finals.extend(ends.places.iter().chain(&ends.terminate).map(|&p| vec![p]));
    }
    finals.sort_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    finals.dedup();
    finals.truncate(2 * INTERRUPTIONS);
    if finals.is_empty() {
        return None;
    }
    let leave = net.place();
    for marking in &finals {
        net.transition(None, marking, &[leave]);
    }
    Some(leave)
}
