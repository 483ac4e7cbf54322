//! A* over pairs of (events explained, marking).

use super::Move;
use crate::fit::lower_bound::{DEAD, Walk};
use crate::fit::state_space::StateSpace;
use crate::log::NONE;
use rustc_hash::FxHashMap;

pub enum Outcome {
    /// `run` is what the model fired, silent steps among it.
    Found {
        cost: u32,
        moves: Vec<Move>,
        run: Vec<u32>,
    },
    OverLimit {
        at_least: u32,
    },
    Impossible,
}

#[derive(Clone, Copy)]
struct Node {
    at: u32,
    marking: u32,
    cost: u32,
    parent: u32,
    /// What fired last, or [`NONE`] after a log move and at the start.
    transition: u32,
    settled: bool,
}

pub struct Search<'a> {
    space: StateSpace<'a>,
    /// Marking to its state in each walk, one row a marking.
    states: Vec<u32>,
    nodes: Vec<Node>,
    index: FxHashMap<u64, u32>,
    /// Nodes by cost so far plus lower bound, last in first out, so that the search goes deep first.
    queue: Vec<Vec<u32>>,
}

impl<'a> Search<'a> {
    pub fn new(space: StateSpace<'a>) -> Self {
        Search {
            space,
            states: Vec::new(),
            nodes: Vec::new(),
            index: FxHashMap::default(),
            queue: Vec::new(),
        }
    }

    pub fn known_markings(&self) -> usize {
        self.space.len()
    }

    pub fn run(&mut self, trace: &[u32], walks: &[Walk], limit: usize) -> Outcome {
        self.nodes.clear();
        self.index.clear();
        self.queue.iter_mut().for_each(Vec::clear);
        let start = self.space.initial;
        self.offer(trace.len(), walks, Node::new(0, start, 0, u32::MAX, NONE));
        let mut estimate = 0;
        loop {
            let Some(number) = self.queue.get_mut(estimate).and_then(Vec::pop) else {
                estimate += 1;
                if estimate >= self.queue.len() {
                    return Outcome::Impossible;
                }
                continue;
            };
            let node = self.nodes[number as usize];
            if node.settled {
                continue;
            }
            self.nodes[number as usize].settled = true;
            if node.at as usize == trace.len() && node.marking == self.space.r#final {
                return self.found(trace, number);
            }
            if self.nodes.len() > limit {
                return Outcome::OverLimit {
                    at_least: estimate as u32,
                };
            }
            self.expand(trace, walks, number, node);
        }
    }

    fn expand(&mut self, trace: &[u32], walks: &[Walk], number: u32, node: Node) {
        let next = trace.get(node.at as usize).copied();
        let steps = self.space.steps(node.marking);
        // Last in, first out: moves together are offered last.
        if next.is_some() {
            let to = Node::new(node.at + 1, node.marking, node.cost + 1, number, NONE);
            self.offer(trace.len(), walks, to);
        }
        for i in steps.clone() {
            let step = self.space.step(i);
            let pay = u32::from(step.label != NONE);
            let to = Node::new(
                node.at,
                step.target,
                node.cost + pay,
                number,
                step.transition,
            );
            self.offer(trace.len(), walks, to);
        }
        for i in steps {
            let step = self.space.step(i);
            if next == Some(step.label) {
                let to = Node::new(node.at + 1, step.target, node.cost, number, step.transition);
                self.offer(trace.len(), walks, to);
            }
        }
    }

    fn offer(&mut self, length: usize, walks: &[Walk], node: Node) {
        let key = u64::from(node.at) << 32 | u64::from(node.marking);
        if let Some(&known) = self.index.get(&key) {
            let old = &self.nodes[known as usize];
            if old.settled || old.cost <= node.cost {
                return;
            }
        }
        let Some(left) = self.lower_bound(walks, length - node.at as usize, node.marking) else {
            return;
        };
        let number = self.nodes.len() as u32;
        if let Some(old) = self.index.insert(key, number) {
            self.nodes[old as usize].settled = true;
        }
        let estimate = (node.cost + left) as usize;
        self.nodes.push(node);
        if self.queue.len() <= estimate {
            self.queue.resize_with(estimate + 1, Vec::new);
        }
        self.queue[estimate].push(number);
    }

    /// `None` when the model cannot complete from here.
    fn lower_bound(&mut self, walks: &[Walk], remaining: usize, marking: u32) -> Option<u32> {
        while self.states.len() < self.space.len() * walks.len() {
            let number = (self.states.len() / walks.len()) as u32;
            let places = self.space.marking(number);
            self.states
                .extend(walks.iter().map(|walk| walk.state(places)));
        }
        let from = marking as usize * walks.len();
        let mut sum = 0;
        for (walk, &state) in walks.iter().zip(&self.states[from..]) {
            match walk.cost(remaining, state) {
                DEAD => return None,
                cost => sum += u32::from(cost),
            }
        }
        Some(sum)
    }

    fn found(&self, trace: &[u32], goal: u32) -> Outcome {
        let cost = self.nodes[goal as usize].cost;
        let (mut moves, mut run) = (Vec::new(), Vec::new());
        let mut node = &self.nodes[goal as usize];
        while let Some(parent) = self.nodes.get(node.parent as usize) {
            let label = self.space.label(node.transition);
            if node.transition == NONE {
                moves.push(Move::Log(trace[parent.at as usize]));
            } else {
                run.push(node.transition);
                match label {
                    NONE => {}
                    label if node.at > parent.at => moves.push(Move::Synchronous(label)),
                    label => moves.push(Move::Model(label)),
                }
            }
            node = parent;
        }
        moves.reverse();
        run.reverse();
        Outcome::Found { cost, moves, run }
    }
}

impl Node {
    fn new(at: u32, marking: u32, cost: u32, parent: u32, transition: u32) -> Node {
        Node {
            at,
            marking,
            cost,
            parent,
            transition,
            settled: false,
        }
    }
}
