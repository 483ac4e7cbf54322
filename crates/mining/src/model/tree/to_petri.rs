//! A process tree as a workflow net: one source, one sink, sound because every block is.

use super::ProcessTree;
use crate::model::petri::PetriNet;

impl ProcessTree {
    pub fn to_petri(&self) -> PetriNet {
        let mut net = PetriNet::default();
        let (source, sink) = (net.place(), net.place());
        net.initial = vec![source];
        net.r#final = vec![sink];
        block(&mut net, self, source, sink);
        net
    }
}

/// Adds `tree` so that it takes a token from `from` and leaves one in `to`.
fn block(net: &mut PetriNet, tree: &ProcessTree, from: u32, to: u32) {
    match tree {
        ProcessTree::Activity(name) => {
            net.transition(Some(name), &[from], &[to]);
        }
        ProcessTree::Silent => {
            net.transition(None, &[from], &[to]);
        }
        ProcessTree::Sequence(parts) => {
            if parts.is_empty() {
                net.transition(None, &[from], &[to]);
            }
            let mut at = from;
            for (i, part) in parts.iter().enumerate() {
                let next = if i + 1 == parts.len() {
                    to
                } else {
                    net.place()
                };
                block(net, part, at, next);
                at = next;
            }
        }
        ProcessTree::Choice(parts) => parts.iter().for_each(|part| block(net, part, from, to)),
        ProcessTree::Parallel(parts) => {
            let ends: Vec<(u32, u32)> = parts.iter().map(|_| (net.place(), net.place())).collect();
            let starts: Vec<u32> = ends.iter().map(|e| e.0).collect();
            let stops: Vec<u32> = ends.iter().map(|e| e.1).collect();
            if parts.is_empty() {
                net.transition(None, &[from], &[to]);
                return;
            }
            net.transition(None, &[from], &starts);
            for (part, (start, stop)) in parts.iter().zip(&ends) {
                block(net, part, *start, *stop);
            }
            net.transition(None, &stops, &[to]);
        }
        ProcessTree::Loop(parts) => {
            // Places of its own, so that a choice around the loop cannot be left by way of the loop's inside.
            let (enter, leave) = (net.place(), net.place());
            net.transition(None, &[from], &[enter]);
            match parts.split_first() {
                None => {
                    net.transition(None, &[enter], &[leave]);
                }
                Some((body, redo)) => {
                    block(net, body, enter, leave);
                    redo.iter().for_each(|part| block(net, part, leave, enter));
                }
            }
            net.transition(None, &[leave], &[to]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_a_chain() {
        let net = "->('a', 'b')".parse::<ProcessTree>().unwrap().to_petri();
        assert_eq!((net.places, net.transitions.len()), (3, 2));
        assert_eq!(net.transitions[0].outputs, net.transitions[1].inputs);
    }

    #[test]
    fn a_parallel_block_splits_and_joins_silently() {
        let net = "+('a', 'b')".parse::<ProcessTree>().unwrap().to_petri();
        let silent: Vec<_> = net
            .transitions
            .iter()
            .filter(|t| t.label.is_none())
            .collect();
        assert_eq!(silent.len(), 2);
        assert_eq!((silent[0].outputs.len(), silent[1].inputs.len()), (2, 2));
    }
}
