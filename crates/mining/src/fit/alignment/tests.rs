use super::*;
use crate::model::tree::ProcessTree;

fn aligned(tree: &str, trace: &str) -> (u32, f64) {
    let tree: ProcessTree = tree.parse().unwrap();
    let mut names = Dict::new();
    let trace: Vec<u32> = trace
        .chars()
        .map(|c| names.intern(&c.to_string()))
        .collect();
    let aligner = Aligner::new(&tree.to_petri(), &names, Limits::default()).unwrap();
    let result = aligner.align(&trace);
    let alignment = result.aligned().unwrap();
    (alignment.cost, alignment.fitness)
}

#[test]
fn costs_are_the_fewest_moves_on_one_side_only() {
    for (tree, trace, cost, fitness) in [
        ("->('a', 'b', 'c')", "abc", 0, 1.0),
        ("->('a', 'b', 'c')", "ac", 1, 0.8),
        ("->('a', 'b', 'c')", "", 3, 0.0),
        ("->('a', 'b', 'c')", "xyz", 6, 0.0),
        ("->('a', +('b', 'c'), 'd')", "acbd", 0, 1.0),
        ("->('a', +('b', 'c'), 'd')", "abcbd", 1, 1.0 - 1.0 / 9.0),
        ("*(+('a', 'b'), tau)", "aab", 1, 0.8),
        ("*('a', 'b')", "aba", 0, 1.0),
        ("*('a', 'b')", "ab", 1, 1.0 - 1.0 / 3.0),
        ("X(->('a', 'b'), ->('c', 'd'))", "ad", 2, 0.5),
        ("tau", "", 0, 1.0),
    ] {
        assert_eq!(aligned(tree, trace), (cost, fitness), "{tree} on {trace:?}");
    }
}

#[test]
fn a_model_that_cannot_end_is_refused() {
    let mut net = PetriNet::default();
    let (p, q, r) = (net.place(), net.place(), net.place());
    net.transition(Some("a"), &[p], &[q]);
    (net.initial, net.r#final) = (vec![p], vec![r]);
    let refused = Aligner::new(&net, &Dict::new(), Limits::default()).err();
    assert_eq!(refused, Some(ModelError::NeverCompletes));
}

#[test]
fn over_the_limit_is_said_with_what_is_known() {
    let tree: ProcessTree = "+('a', 'b', 'c', 'd', 'e', 'f')".parse().unwrap();
    let aligner = Aligner::new(&tree.to_petri(), &Dict::new(), Limits { states: 1_000 }).unwrap();
    let tight = Aligner {
        limits: Limits { states: 2 },
        ..aligner
    };
    assert_eq!(
        tight.align(&[]),
        AlignmentResult::NotWithinLimit { at_least: 6 }
    );
}
