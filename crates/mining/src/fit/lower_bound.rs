//! A lower bound on what is left to pay in an alignment: the exact cost of aligning with each state-machine component alone,
//! added up over components after giving each activity's cost to one of them.
//!
//! Additive pattern databases (Felner, Korf, Hanan 2004) on the projections that decomposed conformance checking uses (van der
//! Aalst 2013). Admissible and consistent: a run of the net is a walk in every component, and a step's cost is counted once.

use super::component::Component;
use super::net::Net;
use crate::log::NONE;

/// More than any cost; no completion from here.
pub const DEAD: u16 = u16::MAX;

/// Costs up to here can be told from [`DEAD`].
pub const HIGHEST: usize = 65_000;

/// One component with the costs it accounts for, and its table for the suffixes of the trace at hand.
#[derive(Clone)]
pub struct Walk {
    initial: u32,
    states: usize,
    state_of: Vec<u32>,
    /// From, to, cost of the step as a model move; nearest to the end first.
    edges: Vec<(u32, u32, u16)>,
    /// Label to the edges that show it.
    by_label: Vec<Vec<(u32, u32)>>,
    /// Whether a log move of the label is paid here.
    pays: Vec<bool>,
    /// Rows of `states` costs; `row_of[r]` is the row for the suffix of length r. An activity unknown here adds no row.
    rows: Vec<u16>,
    row_of: Vec<u32>,
}

/// Gives each label to the largest component that holds all its transitions. `labels` is the size of the dictionary.
pub fn walks(net: &Net, mut components: Vec<Component>, labels: usize) -> Vec<Walk> {
    components.sort_by_key(|c| std::cmp::Reverse(c.edges.len()));
    let mut transitions_of = vec![0usize; labels];
    for t in net.transitions.iter().filter(|t| t.label != NONE) {
        transitions_of[t.label as usize] += 1;
    }
    let mut label_paid = vec![false; labels];
    let mut transition_paid = vec![false; net.transitions.len()];
    let mut walks = Vec::new();
    for component in components {
        let mut by_label = vec![Vec::new(); labels];
        for edge in component.edges.iter().filter(|e| e.label != NONE) {
            by_label[edge.label as usize].push((edge.from, edge.to));
        }
        let mut pays = vec![false; labels];
        for label in 0..labels {
            let here = by_label[label].len();
            if here > 0 && here == transitions_of[label] && !label_paid[label] {
                label_paid[label] = true;
                pays[label] = true;
            }
        }
        let mut edges = Vec::new();
        for edge in &component.edges {
            let paid = edge.label != NONE && !transition_paid[edge.transition];
            transition_paid[edge.transition] |= paid;
            edges.push((edge.from, edge.to, u16::from(paid)));
        }
        let mut walk = Walk {
            initial: component.initial,
            states: component.states,
            state_of: component.state_of,
            edges,
            by_label,
            pays,
            rows: vec![DEAD; component.states],
            row_of: vec![0],
        };
        walk.rows[component.r#final as usize] = 0;
        walk.order_edges();
        walks.push(walk);
    }
    walks
}

impl Walk {
    /// Fills row 0 (nothing left of the trace) and sorts the edges so that later rows settle in few sweeps.
    fn order_edges(&mut self) {
        settle(&self.edges, &mut self.rows);
        let mut steps: Vec<u16> = self
            .rows
            .iter()
            .map(|&c| if c == 0 { 0 } else { DEAD })
            .collect();
        let unit: Vec<(u32, u32, u16)> = self.edges.iter().map(|&(p, q, _)| (p, q, 1)).collect();
        settle(&unit, &mut steps);
        self.edges.sort_by_key(|&(_, q, _)| steps[q as usize]);
    }

    /// The state of a marking, as an index into this walk's rows.
    pub fn state(&self, marking: &[u32]) -> u32 {
        // Markings reached by firing hold exactly one token here.
        marking
            .iter()
            .map(|&p| self.state_of[p as usize])
            .find(|&s| s != NONE)
            .unwrap_or(self.initial)
    }

    /// What is left to pay from `state` with `remaining` events to go.
    pub fn cost(&self, remaining: usize, state: u32) -> u16 {
        self.rows[self.row_of[remaining] as usize * self.states + state as usize]
    }

    /// Makes the table fit a trace whose last `kept` events are those of the trace before.
    pub fn prepare(&mut self, trace: &[u32], kept: usize) {
        self.row_of.truncate(kept + 1);
        let mut last = self.row_of[kept] as usize;
        self.rows.truncate((last + 1) * self.states);
        for &activity in trace[..trace.len() - kept].iter().rev() {
            let ways = &self.by_label[activity as usize];
            if !ways.is_empty() {
                let from = last * self.states;
                let pay = u16::from(self.pays[activity as usize]);
                for state in 0..self.states {
                    let cost = self.rows[from + state].saturating_add(pay);
                    self.rows.push(cost);
                }
                last += 1;
                let (before, row) = self.rows.split_at_mut(last * self.states);
                for &(p, q) in ways {
                    let cost = before[from + q as usize];
                    row[p as usize] = row[p as usize].min(cost);
                }
                settle(&self.edges, row);
            }
            self.row_of.push(last as u32);
        }
    }
}

/// Lowers costs along edges until nothing changes (Bellman-Ford; costs are never negative).
fn settle(edges: &[(u32, u32, u16)], row: &mut [u16]) {
    loop {
        let mut changed = false;
        for &(p, q, pay) in edges {
            let through = row[q as usize].saturating_add(pay);
            if through < row[p as usize] {
                row[p as usize] = through;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
