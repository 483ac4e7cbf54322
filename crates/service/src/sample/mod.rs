//! A deterministic simulator of a company, for trying things out and for tests. docs/sample.md has the model.
//!
//! [`Simulation`] is pure given a [`Plan`]: the same plan gives the same cases on any machine, and each case depends on
//! its own number and not on those before it. So a company that is [`Kept`] can go on day by day: up to a later moment
//! its cases are the same, only further. [`past`] is what it tried before a new installation sees it.

pub mod advance;
pub mod asked;
mod calendar;
pub mod company;
pub mod files;
mod improvement;
mod kept;
pub mod past;
pub mod people;
mod random;
mod simulate;
mod treated;

pub use improvement::Improvement;
pub use kept::Kept;
pub use simulate::{Case, Simulation};
pub use treated::{Rule, Treated};

use mining::Micros;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub seed: u64,
    /// First moment of the first day.
    pub from: Micros,
    /// Cases that begin in the first `weeks`; where it goes on longer, they come at the same pace.
    pub cases: u64,
    pub weeks: u32,
    /// Nothing is known after this moment; cases under way then are open.
    pub until: Micros,
    pub teams: usize,
    /// Improvements with a true effect, with an order of teams of their own.
    pub improvements: Vec<Improvement>,
    /// Tools with a true effect, rolled out as they say.
    pub tools: Vec<Treated>,
    /// Contracts need an approval from here on.
    pub approval: Option<Micros>,
}

impl Plan {
    /// A small company for tests.
    pub fn usual(until: Micros) -> Plan {
        Plan {
            seed: 1,
            from: until - 26 * mining::time::WEEK,
            cases: 1_284,
            weeks: 26,
            until,
            teams: 7,
            improvements: Vec::new(),
            tools: Vec::new(),
            approval: None,
        }
    }
}
