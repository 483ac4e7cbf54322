//! State-machine components of a net: places that hold exactly one token between them at all times, so that what a model does
//! there is a walk through a small graph (Desel, Esparza: "Free Choice Petri Nets", 1995, chapter 5).

use super::net::Net;
use crate::log::NONE;
use std::collections::VecDeque;

/// A walk from `initial` to `final` over `edges`; states are numbered `0..states`.
pub struct Component {
    /// Place to state, or [`NONE`] for places outside.
    pub state_of: Vec<u32>,
    pub states: usize,
    pub initial: u32,
    pub r#final: u32,
    pub edges: Vec<Edge>,
}

pub struct Edge {
    pub from: u32,
    pub to: u32,
    pub label: u32,
    pub transition: usize,
}

/// Components until every labelled transition is in one or none can be found for it. Sound block-structured nets are always
/// covered; other nets may stay uncovered in part, which costs speed and nothing else.
pub fn cover(net: &Net) -> Vec<Component> {
    let mut covered: Vec<bool> = net.transitions.iter().map(|t| t.label == NONE).collect();
    let mut components = Vec::new();
    let mut attempts = 0;
    for target in 0..net.transitions.len() {
        if covered[target] || attempts > ATTEMPTS_IN_ALL {
            continue;
        }
        let distance = distances(net, |t| t == target);
        let to_uncovered = distances(net, |t| !covered[t]);
        let prefer = |place: u32| (distance[place as usize], to_uncovered[place as usize]);
        let Some(component) = find(net, target, &prefer, &mut attempts) else {
            continue;
        };
        component
            .edges
            .iter()
            .for_each(|edge| covered[edge.transition] = true);
        components.push(component);
    }
    components
}

/// Steps from each place to the nearest wanted transition.
fn distances(net: &Net, wanted: impl Fn(usize) -> bool) -> Vec<u32> {
    let mut producers = vec![Vec::new(); net.places];
    for (i, t) in net.transitions.iter().enumerate() {
        t.outputs
            .iter()
            .for_each(|&p| producers[p as usize].push(i));
    }
    let mut distance = vec![u32::MAX; net.places];
    let mut queue: VecDeque<(usize, u32)> = (0..net.transitions.len())
        .filter(|&t| wanted(t))
        .map(|t| (t, 0))
        .collect();
    while let Some((t, steps)) = queue.pop_front() {
        for &p in &net.transitions[t].inputs {
            if distance[p as usize] == u32::MAX {
                distance[p as usize] = steps;
                queue.extend(producers[p as usize].iter().map(|&t| (t, steps + 1)));
            }
        }
    }
    distance
}

/// How many choices the search for one component may try, and the searches for all of them together.
const ATTEMPTS: usize = 1_000;
const ATTEMPTS_IN_ALL: usize = 20_000;

fn find(
    net: &Net,
    target: usize,
    prefer: &dyn Fn(u32) -> (u32, u32),
    attempts: &mut usize,
) -> Option<Component> {
    let mut search = Search {
        net,
        prefer,
        consumers: vec![Vec::new(); net.places],
        attempts: 0,
    };
    for (i, t) in net.transitions.iter().enumerate() {
        t.inputs
            .iter()
            .for_each(|&p| search.consumers[p as usize].push(i));
    }
    let mut starts = net.initial.clone();
    starts.sort_by_key(|&p| prefer(p));
    let found = starts.into_iter().find_map(|start| {
        let mut inside = vec![false; net.places];
        inside[start as usize] = true;
        let inside = search.grow(inside, vec![start])?;
        build(net, &inside).filter(|c| c.edges.iter().any(|e| e.transition == target))
    });
    *attempts += search.attempts;
    found
}

struct Search<'a> {
    net: &'a Net,
    prefer: &'a dyn Fn(u32) -> (u32, u32),
    consumers: Vec<Vec<usize>>,
    attempts: usize,
}

impl Search<'_> {
    /// Follows every way out of the places inside; where a transition gives several tokens, one of them is followed.
    fn grow(&mut self, mut inside: Vec<bool>, mut open: Vec<u32>) -> Option<Vec<bool>> {
        while let Some(place) = open.pop() {
            for i in 0..self.consumers[place as usize].len() {
                let outputs = &self.net.transitions[self.consumers[place as usize][i]].outputs;
                let taken = outputs.iter().filter(|&&p| inside[p as usize]).count();
                match (taken, outputs.as_slice()) {
                    (1, _) => {}
                    (0, &[only]) => {
                        inside[only as usize] = true;
                        open.push(only);
                    }
                    (0, several) if !several.is_empty() => {
                        let mut several = several.to_vec();
                        several.sort_by_key(|&p| (self.prefer)(p));
                        open.push(place);
                        for choice in several {
                            self.attempts += 1;
                            if self.attempts > ATTEMPTS {
                                return None;
                            }
                            let mut inside = inside.clone();
                            inside[choice as usize] = true;
                            let mut open = open.clone();
                            open.push(choice);
                            if let Some(found) = self.grow(inside, open) {
                                return Some(found);
                            }
                        }
                        return None;
                    }
                    _ => return None,
                }
            }
        }
        build(self.net, &inside).map(|_| inside)
    }
}

/// The component of exactly these places, if every transition that touches them takes one token and gives one back.
fn build(net: &Net, inside: &[bool]) -> Option<Component> {
    let within = |places: &[u32]| -> Vec<u32> {
        places
            .iter()
            .copied()
            .filter(|&p| inside[p as usize])
            .collect()
    };
    let mut state_of = vec![NONE; net.places];
    let mut states = 0;
    for (place, _) in inside.iter().enumerate().filter(|(_, inside)| **inside) {
        state_of[place] = states;
        states += 1;
    }
    let only = |places: &[u32]| match within(places).as_slice() {
        &[place] => Some(state_of[place as usize]),
        _ => None,
    };
    let mut edges = Vec::new();
    for (transition, t) in net.transitions.iter().enumerate() {
        if within(&t.inputs).is_empty() && within(&t.outputs).is_empty() {
            continue;
        }
        let (from, to) = (only(&t.inputs)?, only(&t.outputs)?);
        edges.push(Edge {
            from,
            to,
            label: t.label,
            transition,
        });
    }
    let (initial, r#final) = (only(&net.initial)?, only(&net.r#final)?);
    Some(Component {
        state_of,
        states: states as usize,
        initial,
        r#final,
        edges,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Dict;
    use crate::model::tree::ProcessTree;

    #[test]
    fn a_block_structured_net_is_covered_by_as_many_walks_as_run_beside_each_other() {
        for (tree, walks) in [
            ("->('a', X('b', 'c'), *('d', 'e'))", 1),
            ("->('a', +('b', 'c', 'd'), 'e')", 3),
            ("*(+('a', ->('b', +('c', 'd')), X('e', tau)), tau)", 4),
        ] {
            let tree: ProcessTree = tree.parse().unwrap();
            let net = Net::new(&tree.to_petri(), &mut Dict::new());
            assert_eq!(cover(&net).len(), walks, "{tree}");
        }
    }
}
