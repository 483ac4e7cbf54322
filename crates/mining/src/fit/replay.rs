//! Token-based replay: a fast preview of fitness, to be labelled as such wherever it is shown.
//!
//! Rozinat, van der Aalst: "Conformance checking of processes based on monitoring real behavior" (2008): with p tokens produced, c
//! consumed, m missing and r remaining, fitness is 0.5 (1 - m/c) + 0.5 (1 - r/p). Silent steps are fired along a shortest
//! silent path to a marking that enables the event; the choice is greedy, so a trace that fits may seem not to. Where it
//! matters, alignments decide.

use super::net::Net;
use super::variants::Variant;
use crate::log::{Dict, NONE};
use crate::model::petri::PetriNet;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::Serialize;

/// Percentages from 0 to 100 and shares from 0 to 1, under the names other tools use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ReplayFit {
    pub perc_fit_traces: f64,
    pub average_trace_fitness: f64,
    pub log_fitness: f64,
    pub percentage_of_fitting_traces: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tokens {
    produced: u64,
    consumed: u64,
    missing: u64,
    remaining: u64,
}

impl Tokens {
    fn fitness(self) -> f64 {
        let share = |part: u64, of: u64| {
            if of == 0 {
                0.0
            } else {
                part as f64 / of as f64
            }
        };
        0.5 * (1.0 - share(self.missing, self.consumed))
            + 0.5 * (1.0 - share(self.remaining, self.produced))
    }
}

/// `None` when there are no cases.
pub fn replay(model: &PetriNet, activities: &Dict, variants: &[Variant]) -> Option<ReplayFit> {
    let net = Net::new(model, &mut activities.clone());
    let tokens: Vec<Tokens> = variants
        .par_iter()
        .map(|v| Run::new(&net).replay(&v.trace))
        .collect();
    let (mut sum, mut cases, mut fitting, mut average) = (Tokens::default(), 0, 0, 0.0);
    for (variant, t) in variants.iter().zip(tokens) {
        let n = variant.cases.len() as u64;
        cases += n;
        fitting += if t.missing == 0 && t.remaining == 0 {
            n
        } else {
            0
        };
        average += t.fitness() * n as f64;
        sum.produced += t.produced * n;
        sum.consumed += t.consumed * n;
        sum.missing += t.missing * n;
        sum.remaining += t.remaining * n;
    }
    let percent = 100.0 * fitting as f64 / cases as f64;
    (cases > 0).then(|| ReplayFit {
        perc_fit_traces: percent,
        average_trace_fitness: average / cases as f64,
        log_fitness: sum.fitness(),
        percentage_of_fitting_traces: percent,
    })
}

/// Markings a search for a silent path may look at.
const SILENT_MARKINGS: usize = 1_000;

struct Run<'a> {
    net: &'a Net,
    marking: Vec<u32>,
    tokens: Tokens,
}

impl<'a> Run<'a> {
    fn new(net: &'a Net) -> Run<'a> {
        let produced = net.initial.len() as u64;
        let mut marking = vec![0; net.places];
        net.initial.iter().for_each(|&p| marking[p as usize] += 1);
        Run {
            net,
            marking,
            tokens: Tokens {
                produced,
                ..Tokens::default()
            },
        }
    }

    fn replay(mut self, trace: &[u32]) -> Tokens {
        for &event in trace {
            let showing: Vec<usize> = (0..self.net.transitions.len())
                .filter(|&t| self.net.transitions[t].label == event)
                .collect();
            let enabled = |marking: &[u32]| {
                showing
                    .iter()
                    .copied()
                    .find(|&t| covers(marking, &self.net.transitions[t].inputs))
            };
            let path = self.silent_path(&|marking| enabled(marking).is_some());
            path.unwrap_or_default()
                .into_iter()
                .for_each(|t| self.fire(t));
            let enabled = |marking: &[u32]| {
                showing
                    .iter()
                    .copied()
                    .find(|&t| covers(marking, &self.net.transitions[t].inputs))
            };
            // An event the model does not know counts as one missing and one remaining token.
            if let Some(t) = enabled(&self.marking).or(showing.first().copied()) {
                self.fire(t);
            } else {
                self.tokens.missing += 1;
                self.tokens.consumed += 1;
                self.tokens.produced += 1;
                self.tokens.remaining += 1;
            }
        }
        let goal = {
            let mut goal = vec![0; self.net.places];
            self.net.r#final.iter().for_each(|&p| goal[p as usize] += 1);
            goal
        };
        let path = self.silent_path(&|marking| marking == goal.as_slice());
        path.unwrap_or_default()
            .into_iter()
            .for_each(|t| self.fire(t));
        for &p in &self.net.r#final {
            self.consume(p);
        }
        self.tokens.remaining += self.marking.iter().map(|&n| u64::from(n)).sum::<u64>();
        self.tokens
    }

    fn consume(&mut self, place: u32) {
        self.tokens.consumed += 1;
        match self.marking[place as usize].checked_sub(1) {
            Some(left) => self.marking[place as usize] = left,
            None => self.tokens.missing += 1,
        }
    }

    fn fire(&mut self, transition: usize) {
        let net = self.net;
        let t = &net.transitions[transition];
        t.inputs.iter().for_each(|&p| self.consume(p));
        for &p in &t.outputs {
            self.tokens.produced += 1;
            self.marking[p as usize] += 1;
        }
    }

    /// Silent transitions, fewest first, that lead to a marking that is good; breadth first.
    fn silent_path(&self, good: &dyn Fn(&[u32]) -> bool) -> Option<Vec<usize>> {
        let mut reached: Vec<(Vec<u32>, usize, usize)> = vec![(self.marking.clone(), 0, 0)];
        let mut known: FxHashSet<Vec<u32>> = FxHashSet::default();
        known.insert(self.marking.clone());
        let mut next = 0;
        while next < reached.len() {
            if good(&reached[next].0) {
                let mut path = Vec::new();
                while next > 0 {
                    path.push(reached[next].2);
                    next = reached[next].1;
                }
                path.reverse();
                return Some(path);
            }
            for (i, t) in self
                .net
                .transitions
                .iter()
                .enumerate()
                .filter(|(_, t)| t.label == NONE)
            {
                if reached.len() >= SILENT_MARKINGS || !covers(&reached[next].0, &t.inputs) {
                    continue;
                }
                let mut after = reached[next].0.clone();
                t.inputs.iter().for_each(|&p| after[p as usize] -= 1);
                t.outputs.iter().for_each(|&p| after[p as usize] += 1);
                if known.insert(after.clone()) {
                    reached.push((after, next, i));
                }
            }
            next += 1;
        }
        None
    }
}

fn covers(marking: &[u32], inputs: &[u32]) -> bool {
    inputs.iter().all(|&p| marking[p as usize] > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::ProcessTree;

    fn replayed(tree: &str, word: &str) -> ReplayFit {
        let mut names = Dict::new();
        let trace = word.chars().map(|c| names.intern(&c.to_string())).collect();
        let net = tree.parse::<ProcessTree>().unwrap().to_petri();
        replay(
            &net,
            &names,
            &[Variant {
                trace,
                cases: vec![0],
            }],
        )
        .unwrap()
    }

    #[test]
    fn a_fitting_trace_leaves_nothing_missing_or_remaining() {
        for (tree, word) in [
            ("->('a', +('b', 'c'), X('d', tau))", "acb"),
            ("*(->('a', X('b', tau)), 'c')", "acab"),
            ("+(*(tau, 'a'), 'b')", "aab"),
        ] {
            assert_eq!(
                replayed(tree, word).average_trace_fitness,
                1.0,
                "{tree} {word}"
            );
        }
    }

    #[test]
    fn a_skipped_activity_costs_a_token_on_each_side() {
        // Tokens: produced 3, consumed 3, missing 1, remaining 1.
        let fit = replayed("->('a', 'b', 'c')", "ac");
        assert!((fit.average_trace_fitness - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(fit.perc_fit_traces, 0.0);
    }
}
