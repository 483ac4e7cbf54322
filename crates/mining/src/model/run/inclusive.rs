//! Inclusive gateways: any non-empty subset of the branches.

use super::super::bpmn::{GatewayKind, NodeIx, NodeKind, ProcessModel};
use super::super::petri::PetriNet;
use super::SUBSETS;
use super::scope::Graph;
use rustc_hash::{FxHashMap, FxHashSet};

/// Splits with the join they pair with: for each branch of the split the edge by which it comes to the join.
#[derive(Default)]
pub(super) struct Pairs {
    pub skips: FxHashMap<NodeIx, Vec<usize>>,
    pub joins: FxHashSet<NodeIx>,
}

pub(super) fn pairs(model: &ProcessModel, graph: &Graph) -> Pairs {
    let inclusive =
        |&&n: &&NodeIx| model.nodes[n].kind == NodeKind::Gateway(GatewayKind::Inclusive);
    let mut pairs = Pairs::default();
    for &split in graph
        .members
        .iter()
        .filter(inclusive)
        .filter(|n| graph.outs(**n).len() > 1)
    {
        for &join in graph.members.iter().filter(inclusive) {
            if join == split
                || pairs.joins.contains(&join)
                || graph.ins(join).len() != graph.outs(split).len()
            {
                continue;
            }
            if let Some(arrivals) = arrivals(graph, split, join) {
                pairs.skips.insert(split, arrivals);
                pairs.joins.insert(join);
                break;
            }
        }
    }
    pairs
}

/// The edge into `join` for each branch of `split`, when every branch leads there and nowhere else.
fn arrivals(graph: &Graph, split: NodeIx, join: NodeIx) -> Option<Vec<usize>> {
    let mut arrivals = Vec::new();
    for &branch in graph.outs(split) {
        let mut inside: FxHashSet<NodeIx> = FxHashSet::default();
        let mut edges = vec![branch];
        let mut arrival = None;
        let mut at = 0;
        while at < edges.len() {
            let edge = edges[at];
            at += 1;
            let node = graph.edges[edge].1;
            if node == join {
                if arrival.replace(edge).is_some_and(|other| other != edge) {
                    return None;
                }
            } else if node == split {
                return None;
            } else if inside.insert(node) {
                let guards = graph.guards(node);
                let onward = graph
                    .outs(node)
                    .iter()
                    .chain(guards.iter().flat_map(|&g| graph.outs(g)));
                let before = edges.len();
                edges.extend(onward);
                if edges.len() == before {
                    return None;
                }
            }
        }
        let known = |edge: &usize| edges.contains(edge);
        if !inside.iter().all(|&n| graph.ins(n).iter().all(known)) {
            return None;
        }
        arrivals.push(arrival?);
    }
    let distinct: FxHashSet<_> = arrivals.iter().collect();
    (distinct.len() == arrivals.len()).then_some(arrivals)
}

/// From `from`, tokens on any non-empty subset of `outs`; where `skips` are given, on the skip of each other branch.
pub(super) fn split(net: &mut PetriNet, from: u32, outs: &[u32], skips: Option<&[u32]>) {
    let chosen = |k: usize, taken: bool| {
        if taken {
            Some(outs[k])
        } else {
            skips.map(|s| s[k])
        }
    };
    if outs.len() <= SUBSETS {
        for subset in 1u32..1 << outs.len() {
            let places: Vec<u32> = (0..outs.len())
                .filter_map(|k| chosen(k, subset & (1 << k) != 0))
                .collect();
            net.transition(None, &[from], &places);
        }
        return;
    }
    let open: Vec<u32> = outs.iter().map(|_| net.place()).collect();
    for first in 0..outs.len() {
        let places: Vec<u32> = (0..outs.len())
            .map(|k| if k == first { outs[k] } else { open[k] })
            .collect();
        net.transition(None, &[from], &places);
        net.transition(None, &[open[first]], &[outs[first]]);
        net.transition(
            None,
            &[open[first]],
            &chosen(first, false).into_iter().collect::<Vec<_>>(),
        );
    }
}

/// Any non-empty subset of `ins` to `to`; past the bound on subsets, one or all.
pub(super) fn join(net: &mut PetriNet, ins: &[u32], to: u32) {
    if ins.len() <= SUBSETS {
        for subset in 1u32..1 << ins.len() {
            let places: Vec<u32> = (0..ins.len())
                .filter(|k| subset & (1 << k) != 0)
                .map(|k| ins[k])
                .collect();
            net.transition(None, &places, &[to]);
        }
        return;
    }
    for &place in ins {
        net.transition(None, &[place], &[to]);
    }
    net.transition(None, ins, &[to]);
}
