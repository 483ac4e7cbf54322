//! Optimal alignments: the cheapest way to explain a trace by a complete run of the model.
//!
//! Adriansyah, van Dongen, van der Aalst: "Conformance Checking Using Cost-Based Fitness Analysis" (EDOC 2011). Costs are the
//! standard ones, in whole units: 1 for an event the model does not follow (log move), 1 for an activity of the model that the
//! trace lacks (model move), 0 for moves together and for silent steps.
//!
//! Found by A* on the synchronous product. The lower bound is this crate's own choice ([`super::lower_bound`]): for nets
//! covered by state machines it needs no linear program, and is mostly exact.

mod search;

use super::component;
use super::lower_bound::{self, Walk};
use super::net::Net;
use super::state_space::StateSpace;
use crate::log::Dict;
use crate::model::petri::PetriNet;
use rayon::prelude::*;
use search::Search;
use serde::Serialize;

/// One move of an alignment; numbers are codes in [`Aligner::names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// Trace and model do the same.
    Synchronous(u32),
    /// The trace has an event the model does not expect here.
    Log(u32),
    /// The model expects an activity the trace lacks. Silent steps are not listed.
    Model(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Alignment {
    /// Number of log and model moves.
    pub cost: u32,
    /// 1 - cost / (events of the trace + cost of the model's shortest run); 1 when both are empty.
    pub fitness: f64,
    pub moves: Vec<Move>,
    /// Transitions fired, silent ones among them, in the numbering of the searched net.
    #[serde(skip)]
    pub(super) run: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlignmentResult {
    Aligned(Alignment),
    /// Not found within the limit; the cost is at least this.
    NotWithinLimit {
        at_least: u32,
    },
}

impl AlignmentResult {
    pub fn aligned(&self) -> Option<&Alignment> {
        match self {
            AlignmentResult::Aligned(alignment) => Some(alignment),
            AlignmentResult::NotWithinLimit { .. } => None,
        }
    }
}

/// How much work one trace may take. Counted in states rather than time, so that results do not depend on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// States of the synchronous product kept for one trace; about 60 bytes each.
    pub states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { states: 1_000_000 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ModelError {
    #[error(
        "The model cannot come to its end: no run leads from its start to exactly its final marking."
    )]
    NeverCompletes,
    #[error("The model has too many states to find its shortest run within the limit.")]
    TooLarge,
}

/// A model made ready for aligning any number of traces.
pub struct Aligner {
    /// The log's activities with their codes, and the model's labels after them.
    pub names: Dict,
    net: Net,
    walks: Vec<Walk>,
    shortest: u32,
    limits: Limits,
}

impl Aligner {
    pub fn new(model: &PetriNet, activities: &Dict, limits: Limits) -> Result<Aligner, ModelError> {
        let mut names = activities.clone();
        let net = Net::new(model, &mut names);
        let walks = lower_bound::walks(&net, component::cover(&net), names.len());
        let mut aligner = Aligner {
            names,
            net,
            walks,
            shortest: 0,
            limits,
        };
        let found = {
            let mut worker = aligner.worker();
            worker.search.run(&[], &worker.walks, limits.states)
        };
        aligner.shortest = match found {
            search::Outcome::Found { cost, .. } => cost,
            search::Outcome::Impossible => return Err(ModelError::NeverCompletes),
            search::Outcome::OverLimit { .. } => return Err(ModelError::TooLarge),
        };
        Ok(aligner)
    }

    /// Cost of the model's shortest run: the fewest activities a complete case shows.
    pub fn shortest_run(&self) -> u32 {
        self.shortest
    }

    pub fn align(&self, trace: &[u32]) -> AlignmentResult {
        self.worker().align(trace)
    }

    /// One result a trace, in order. Runs on all cores; the result does not depend on how many there are.
    pub fn align_all<T: AsRef<[u32]> + Sync>(&self, traces: &[T]) -> Vec<AlignmentResult> {
        // Traces that end alike stand together and share what was computed for their ends.
        let mut order: Vec<usize> = (0..traces.len()).collect();
        order.sort_by(|&a, &b| {
            traces[a]
                .as_ref()
                .iter()
                .rev()
                .cmp(traces[b].as_ref().iter().rev())
        });
        let mut done: Vec<(usize, AlignmentResult)> = order
            .par_chunks(64)
            .map_init(
                || self.worker(),
                |worker, chunk| -> Vec<(usize, AlignmentResult)> {
                    chunk
                        .iter()
                        .map(|&i| (i, worker.align(traces[i].as_ref())))
                        .collect()
                },
            )
            .flatten_iter()
            .collect();
        done.sort_unstable_by_key(|(i, _)| *i);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn worker(&self) -> Worker<'_> {
        Worker {
            aligner: self,
            walks: self.walks.clone(),
            search: Search::new(StateSpace::new(&self.net)),
            before: Vec::new(),
        }
    }

    pub(super) fn net(&self) -> &Net {
        &self.net
    }
}

struct Worker<'a> {
    aligner: &'a Aligner,
    walks: Vec<Walk>,
    search: Search<'a>,
    before: Vec<u32>,
}

impl Worker<'_> {
    fn align(&mut self, trace: &[u32]) -> AlignmentResult {
        if trace.len() + self.aligner.shortest as usize >= lower_bound::HIGHEST {
            return AlignmentResult::NotWithinLimit { at_least: 0 };
        }
        // Markings are remembered from trace to trace, within reason.
        if self.search.known_markings() > self.aligner.limits.states {
            self.search = Search::new(StateSpace::new(&self.aligner.net));
        }
        let pairs = self.before.iter().rev().zip(trace.iter().rev());
        let kept = pairs.take_while(|(a, b)| a == b).count();
        self.walks
            .iter_mut()
            .for_each(|walk| walk.prepare(trace, kept));
        self.before.clear();
        self.before.extend_from_slice(trace);
        match self
            .search
            .run(trace, &self.walks, self.aligner.limits.states)
        {
            search::Outcome::Found { cost, moves, run } => {
                let worst = trace.len() as u32 + self.aligner.shortest;
                let fitness = if worst == 0 {
                    1.0
                } else {
                    1.0 - f64::from(cost) / f64::from(worst)
                };
                AlignmentResult::Aligned(Alignment {
                    cost,
                    fitness,
                    moves,
                    run,
                })
            }
            search::Outcome::OverLimit { at_least } => AlignmentResult::NotWithinLimit { at_least },
            // The model completes, so leaving out every event and running it is always possible.
            search::Outcome::Impossible => AlignmentResult::NotWithinLimit { at_least: 0 },
        }
    }
}

#[cfg(test)]
mod tests;
