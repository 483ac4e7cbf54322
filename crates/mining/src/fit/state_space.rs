//! Markings, each kept once, with their successors found when first asked for and remembered.

use super::net::Net;
use rustc_hash::FxHashMap;

/// One firing: the transition's number, its label (or [`crate::log::NONE`]) and the marking after it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub transition: u32,
    pub label: u32,
    pub target: u32,
}

pub struct StateSpace<'a> {
    net: &'a Net,
    consumers: Vec<Vec<u32>>,
    source_free: Vec<u32>,
    /// Marked places in ascending order, repeated for more than one token.
    markings: Vec<Box<[u32]>>,
    number: FxHashMap<Box<[u32]>, u32>,
    steps: Vec<Step>,
    /// Marking to its range in `steps`.
    ranges: Vec<Option<(u32, u32)>>,
    pub initial: u32,
    pub r#final: u32,
}

impl<'a> StateSpace<'a> {
    pub fn new(net: &'a Net) -> Self {
        let mut consumers = vec![Vec::new(); net.places];
        for (i, t) in net.transitions.iter().enumerate() {
            if let Some(&p) = t.inputs.first() {
                consumers[p as usize].push(i as u32);
            }
        }
        let source_free = (0..net.transitions.len() as u32)
            .filter(|&i| net.transitions[i as usize].inputs.is_empty())
            .collect();
        let mut space = StateSpace {
            net,
            consumers,
            source_free,
            markings: Vec::new(),
            number: FxHashMap::default(),
            steps: Vec::new(),
            ranges: Vec::new(),
            initial: 0,
            r#final: 0,
        };
        space.initial = space.intern(net.initial.clone());
        space.r#final = space.intern(net.r#final.clone());
        space
    }

    pub fn len(&self) -> usize {
        self.markings.len()
    }

    pub fn marking(&self, number: u32) -> &[u32] {
        &self.markings[number as usize]
    }

    fn intern(&mut self, mut places: Vec<u32>) -> u32 {
        places.sort_unstable();
        if let Some(&number) = self.number.get(places.as_slice()) {
            return number;
        }
        let number = self.markings.len() as u32;
        let places = places.into_boxed_slice();
        self.markings.push(places.clone());
        self.number.insert(places, number);
        self.ranges.push(None);
        number
    }

    /// Everything that can happen in a marking, in the order of the net's transitions.
    pub fn steps(&mut self, number: u32) -> std::ops::Range<usize> {
        if let Some((from, to)) = self.ranges[number as usize] {
            return from as usize..to as usize;
        }
        let marking = self.markings[number as usize].clone();
        let mut candidates = self.source_free.clone();
        let mut before = None;
        for &p in marking.iter() {
            if before != Some(p) {
                candidates.extend(&self.consumers[p as usize]);
            }
            before = Some(p);
        }
        candidates.sort_unstable();
        let from = self.steps.len();
        for transition in candidates {
            let t = &self.net.transitions[transition as usize];
            if let Some(mut after) = take(&marking, &t.inputs) {
                after.extend(&t.outputs);
                let label = t.label;
                let target = self.intern(after);
                self.steps.push(Step {
                    transition,
                    label,
                    target,
                });
            }
        }
        self.ranges[number as usize] = Some((from as u32, self.steps.len() as u32));
        from..self.steps.len()
    }

    /// The label of a transition, [`crate::log::NONE`] for silent ones and for no transition.
    pub fn label(&self, transition: u32) -> u32 {
        self.net
            .transitions
            .get(transition as usize)
            .map_or(crate::log::NONE, |t| t.label)
    }

    /// The marking after a transition that is known to be possible.
    pub fn after(&mut self, marking: u32, transition: u32) -> u32 {
        let steps = self.steps(marking);
        let fired = self.steps[steps]
            .iter()
            .find(|step| step.transition == transition);
        fired.map_or(marking, |step| step.target)
    }

    pub fn step(&self, index: usize) -> Step {
        self.steps[index]
    }
}

/// The marking without the inputs' tokens, or `None` when one is missing.
fn take(marking: &[u32], inputs: &[u32]) -> Option<Vec<u32>> {
    let mut left = marking.to_vec();
    for p in inputs {
        let at = left.iter().position(|q| q == p)?;
        left.swap_remove(at);
    }
    Some(left)
}
