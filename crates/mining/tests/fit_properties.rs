//! What must hold for every tree, trace and log: discovery's promise, and that alignments are optimal.

#![allow(clippy::unwrap_used)]

use mining::discovery::inductive::{Options, mine};
use mining::fit::{Aligner, Limits};
use mining::log::Dict;
use mining::model::petri::PetriNet;
use mining::model::tree::ProcessTree;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn names() -> Dict {
    LETTERS.into_iter().collect()
}

fn any_tree() -> impl Strategy<Value = ProcessTree> {
    let leaf = prop_oneof![
        6 => (0..LETTERS.len()).prop_map(|i| ProcessTree::activity(LETTERS[i])),
        1 => Just(ProcessTree::Silent),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 2..4);
        prop_oneof![
            parts.clone().prop_map(ProcessTree::Sequence),
            parts.clone().prop_map(ProcessTree::Choice),
            parts.clone().prop_map(ProcessTree::Parallel),
            parts.prop_map(ProcessTree::Loop),
        ]
    })
}

fn any_trace() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..LETTERS.len() as u32, 0..9)
}

fn any_choices() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..60, 0..40)
}

/// One run of the tree; `choices` decide, and when they are used up the run heads for its end.
fn play(tree: &ProcessTree, choices: &mut Vec<usize>) -> Vec<u32> {
    fn pick(choices: &mut Vec<usize>, n: usize) -> usize {
        choices.pop().unwrap_or(0) % n
    }
    match tree {
        ProcessTree::Activity(name) => {
            vec![LETTERS.iter().position(|l| l == name).unwrap() as u32]
        }
        ProcessTree::Silent => vec![],
        ProcessTree::Choice(parts) => {
            let chosen = pick(choices, parts.len());
            play(&parts[chosen], choices)
        }
        ProcessTree::Sequence(parts) => parts.iter().flat_map(|p| play(p, choices)).collect(),
        ProcessTree::Parallel(parts) => {
            let mut left: Vec<Vec<u32>> = parts.iter().map(|p| play(p, choices)).collect();
            let mut run = Vec::new();
            left.retain(|part| !part.is_empty());
            while !left.is_empty() {
                let at = pick(choices, left.len());
                run.push(left[at].remove(0));
                left.retain(|part| !part.is_empty());
            }
            run
        }
        ProcessTree::Loop(parts) => {
            let mut run = play(&parts[0], choices);
            while pick(choices, 3) == 1 {
                let redo = 1 + pick(choices, parts.len() - 1);
                run.extend(play(&parts[redo], choices));
                run.extend(play(&parts[0], choices));
            }
            run
        }
    }
}

fn cost(net: &PetriNet, trace: &[u32]) -> u32 {
    let aligner = Aligner::new(net, &names(), Limits::default()).unwrap();
    aligner.align(trace).aligned().unwrap().cost
}

/// Cheapest alignment by Dijkstra on the net as it stands: no fusion, no lower bound.
fn cost_by_dijkstra(net: &PetriNet, trace: &[u32]) -> u32 {
    let names = names();
    let marking = |places: &[u32]| {
        let mut marking = vec![0u8; net.places as usize];
        places.iter().for_each(|&p| marking[p as usize] += 1);
        marking
    };
    let goal = (trace.len(), marking(&net.r#final));
    let mut best: HashMap<(usize, Vec<u8>), u32> = HashMap::new();
    let mut queue = BinaryHeap::from([(Reverse(0), (0, marking(&net.initial)))]);
    while let Some((Reverse(paid), state)) = queue.pop() {
        if state == goal {
            return paid;
        }
        if best.get(&state).is_some_and(|&known| known <= paid) {
            continue;
        }
        best.insert(state.clone(), paid);
        let (at, marking) = state;
        if at < trace.len() {
            queue.push((Reverse(paid + 1), (at + 1, marking.clone())));
        }
        for t in &net.transitions {
            if t.inputs.iter().any(|&p| marking[p as usize] == 0) {
                continue;
            }
            let mut after = marking.clone();
            t.inputs.iter().for_each(|&p| after[p as usize] -= 1);
            t.outputs.iter().for_each(|&p| after[p as usize] += 1);
            let label = t.label.as_deref().map(|l| names.code(l).unwrap());
            if label.is_some() && label == trace.get(at).copied() {
                queue.push((Reverse(paid), (at + 1, after.clone())));
            }
            queue.push((Reverse(paid + u32::from(label.is_some())), (at, after)));
        }
    }
    panic!("the net cannot complete");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_tree_plays_out_costs_nothing(tree in any_tree(), mut choices in any_choices()) {
        let run = play(&tree, &mut choices);
        prop_assert_eq!(cost(&tree.to_petri(), &run), 0, "{} on {:?}", tree, run);
    }

    #[test]
    fn simplifying_a_tree_keeps_its_runs(tree in any_tree(), mut choices in any_choices()) {
        let simple = tree.clone().simplify();
        let run = play(&tree, &mut choices.clone());
        prop_assert_eq!(cost(&simple.to_petri(), &run), 0, "{} from {} on {:?}", simple, tree, run);
        let run = play(&simple, &mut choices);
        prop_assert_eq!(cost(&tree.to_petri(), &run), 0, "{} for {} on {:?}", tree, simple, run);
    }

    #[test]
    fn an_edit_costs_at_most_one_move(
        tree in any_tree(),
        mut choices in any_choices(),
        edits in prop::collection::vec((any::<bool>(), 0usize..50, 0..LETTERS.len() as u32), 0..5),
    ) {
        let mut run = play(&tree, &mut choices);
        for &(insert, at, activity) in &edits {
            let at = at % (run.len() + 1);
            if insert {
                run.insert(at, activity);
            } else if at < run.len() {
                run.remove(at);
            }
        }
        prop_assert!(cost(&tree.to_petri(), &run) as usize <= edits.len());
    }

    #[test]
    fn the_search_finds_what_dijkstra_finds(tree in any_tree(), trace in any_trace()) {
        let net = tree.to_petri();
        prop_assert_eq!(cost(&net, &trace), cost_by_dijkstra(&net, &trace), "{} on {:?}", tree, trace);
    }

    #[test]
    fn sharing_the_ends_of_traces_changes_nothing(
        tree in any_tree(),
        traces in prop::collection::vec(any_trace(), 0..12),
    ) {
        let aligner = Aligner::new(&tree.to_petri(), &names(), Limits::default()).unwrap();
        let alone: Vec<_> = traces.iter().map(|t| aligner.align(t)).collect();
        prop_assert_eq!(aligner.align_all(&traces), alone);
    }

    #[test]
    fn a_log_fits_the_tree_mined_from_it_without_noise(
        log in prop::collection::vec((any_trace(), 1u64..5), 1..12),
    ) {
        let net = mine(&log, &names(), Options { noise: 0.0 }).to_petri();
        for (trace, _) in &log {
            prop_assert_eq!(cost(&net, trace), 0, "{:?}", trace);
        }
    }

    #[test]
    fn a_tree_is_found_for_any_log_with_noise(
        log in prop::collection::vec((any_trace(), 1u64..50), 1..12),
        noise in 0.0f64..1.0,
    ) {
        let net = mine(&log, &names(), Options { noise }).to_petri();
        prop_assert!(Aligner::new(&net, &names(), Limits::default()).is_ok());
    }

    #[test]
    fn a_tree_drawn_as_bpmn_allows_the_same(tree in any_tree(), trace in any_trace()) {
        // Without a single activity there is nothing to draw.
        prop_assume!(!tree.activities().is_empty());
        let drawn = tree.clone().simplify().to_bpmn("drawn").to_petri().unwrap();
        prop_assert_eq!(cost(&drawn, &trace), cost(&tree.to_petri(), &trace), "{} on {:?}", tree, trace);
    }
}
