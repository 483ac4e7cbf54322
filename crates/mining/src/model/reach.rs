//! States a net can be in, up to a bound.

use super::petri::PetriNet;
use rustc_hash::FxHashSet;

/// A marking: marked places, sorted, repeated for more than one token.
pub(crate) type Marking = Vec<u32>;

/// More tokens than any bounded model of a person's process holds at once.
const MAX_TOKENS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Reached {
    /// In order of discovery, breadth first.
    pub markings: Vec<Marking>,
    /// Whether these are all.
    pub complete: bool,
}

/// Explores from `from`; where `stop` says so, nothing further happens.
pub(crate) fn explore(
    net: &PetriNet,
    from: &[u32],
    limit: usize,
    stop: impl Fn(&Marking) -> bool,
) -> Reached {
    let mut consumers: Vec<Vec<u32>> = vec![Vec::new(); net.places as usize];
    for (t, transition) in net.transitions.iter().enumerate() {
        // One input is enough to find the transition.
        if let Some(&p) = transition.inputs.first() {
            consumers[p as usize].push(t as u32);
        }
    }
    let mut first = from.to_vec();
    first.sort_unstable();
    let mut seen = FxHashSet::from_iter([first.clone()]);
    let mut reached = Reached {
        markings: vec![first],
        complete: true,
    };
    let mut at = 0;
    while at < reached.markings.len() {
        let marking = reached.markings[at].clone();
        at += 1;
        if stop(&marking) {
            continue;
        }
        let mut places = marking.clone();
        places.dedup();
        for &t in places.iter().flat_map(|&p| &consumers[p as usize]) {
            let Some(next) = fire(net, t as usize, &marking) else {
                continue;
            };
            if next.len() > MAX_TOKENS || reached.markings.len() >= limit {
                reached.complete = false;
                return reached;
            }
            if seen.insert(next.clone()) {
                reached.markings.push(next);
            }
        }
    }
    reached
}

/// The marking after a transition, or `None` when it is not enabled.
pub(crate) fn fire(net: &PetriNet, transition: usize, marking: &Marking) -> Option<Marking> {
    let transition = &net.transitions[transition];
    let mut next = marking.clone();
    for place in &transition.inputs {
        let at = next.binary_search(place).ok()?;
        next.remove(at);
    }
    next.extend(&transition.outputs);
    next.sort_unstable();
    Some(next)
}
