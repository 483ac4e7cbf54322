//! The simulation study: how often verdicts are right and wrong where the truth is known.
//!
//! Replications are seeded by number, so any of them can be looked at again, and results do not depend on threads.

mod measures;
mod scenarios;
mod table;

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

pub use measures::Finding;
pub use scenarios::{Scenario, scenarios};
pub use table::{Cell, Gate, Table};

/// How much to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Replications of each scenario that is held to a gate; the others get a quarter.
    pub replications: usize,
    /// Threads to use.
    pub threads: NonZeroUsize,
    /// First seed.
    pub seed: u64,
}

/// Runs the scenarios whose name contains `wanted`; `progress` hears of each when it is done.
pub fn run(effort: &Effort, wanted: &str, mut progress: impl FnMut(&str)) -> Table {
    let mut table = Table::new(effort);
    for scenario in scenarios().into_iter().filter(|s| s.name.contains(wanted)) {
        let replications = if scenario.gated {
            effort.replications
        } else {
            effort.replications.div_ceil(4)
        };
        let findings = replicate(&scenario, replications, effort);
        table.add(&scenario, &findings);
        progress(scenario.name);
    }
    table
}

/// Findings of all replications of one scenario, in order.
pub fn replicate(scenario: &Scenario, replications: usize, effort: &Effort) -> Vec<Finding> {
    let numbers: Vec<u64> = (0..replications as u64).collect();
    let share = replications.div_ceil(effort.threads.get()).max(1);
    let part = |numbers: &[u64]| {
        let one = |&number: &u64| scenario.find(effort.seed.wrapping_add(number));
        numbers.iter().map(one).collect::<Vec<Finding>>()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = numbers
            .chunks(share)
            .map(|numbers| scope.spawn(|| part(numbers)))
            .collect();
        let join = |part: ScopedJoinHandle<'_, Vec<Finding>>| {
            part.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        parts.into_iter().flat_map(join).collect()
    })
}

#[cfg(test)]
mod tests;
