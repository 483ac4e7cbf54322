//! BPMN as a Petri net: what a process model lets happen, in which order.
//!
//! The translation follows Dijkman, Dumas and Ouyang (2008), "Semantics and analysis of business process models in
//! BPMN", with these choices, each of them visible in a test:
//!
//! - Only activities are seen in a log; events, gateways and unnamed activities are silent. Call activities are activities.
//! - Several start events are alternatives. Without a start event everything without an incoming flow starts at once.
//! - A process may end in several places at once (after a parallel split): the ends that occur together are found by
//!   exploring the states, up to [`STATES`] of them. Terminate ends the rest from every state found.
//! - An inclusive split takes any subset of its flows. Where it pairs with an inclusive join (one entry, one exit, a
//!   branch each) the join waits for exactly those; any other inclusive join, and every complex one, takes any subset.
//! - An interrupting boundary event is an alternative to its task; on a sub-process it can happen from each of its
//!   states, up to [`INTERRUPTIONS`]. One that does not interrupt happens at most once, from the start of its host.
//! - Event sub-processes likewise, in the scope they stand in. Compensation is not run.
//! - Loop and multi-instance markers: once or more. Ad hoc sub-processes: their activities in any order, any number.
//! - Message flows are not run: each pool is a net of its own.

mod block;
mod inclusive;
mod scope;
#[cfg(test)]
mod tests;

use super::bpmn::{NodeIx, ProcessModel};
use super::petri::PetriNet;
use super::reduce;

/// States explored in one scope to find which ends occur together.
const STATES: usize = 20_000;
/// States from which a sub-process may be interrupted.
const INTERRUPTIONS: usize = 128;
/// Branches of an inclusive gateway that get a silent step for every subset; beyond, subsets are built one by one.
const SUBSETS: usize = 6;

/// Why a model has no net.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    #[error("The model has no process with steps.")]
    NoSteps,
    #[error("There is no process \"{0}\" in the model.")]
    NoSuchProcess(String),
    #[error("No run of \"{0}\" ends: look for a join that waits for a branch never taken.")]
    NeverEnds(String),
}

impl ProcessModel {
    /// The process with most activities (the first of those with equally many) as a net. Its initial and final
    /// marking are one token each.
    pub fn to_petri(&self) -> Result<PetriNet, ConversionError> {
        let process = self
            .main_process()
            .ok_or(ConversionError::NoSteps)?
            .to_string();
        self.to_petri_of(&process)
    }

    /// One process of the file as a net.
    pub fn to_petri_of(&self, process: &str) -> Result<PetriNet, ConversionError> {
        if !self.nodes.iter().any(|n| n.process == process) {
            return Err(ConversionError::NoSuchProcess(process.to_string()));
        }
        let block = scope::build(self, process, None)?;
        let mut net = block.net;
        net.initial = vec![block.enter];
        net.r#final = vec![block.leave];
        reduce::reduce(&mut net, &[block.leave]);
        reduce::renumber(&mut net);
        Ok(net)
    }

    /// Id of the process with most activities.
    pub fn main_process(&self) -> Option<&str> {
        let mut best: Option<(&str, usize)> = None;
        for node in &self.nodes {
            if best.is_some_and(|(id, _)| id == node.process) {
                continue;
            }
            let inside = |(ix, n): &(NodeIx, &super::bpmn::Node)| {
                n.process == node.process && self.is_activity(*ix)
            };
            let activities = self.nodes.iter().enumerate().filter(inside).count();
            if best.is_none_or(|(_, most)| activities > most) {
                best = Some((&node.process, activities));
            }
        }
        best.map(|(id, _)| id)
    }
}
