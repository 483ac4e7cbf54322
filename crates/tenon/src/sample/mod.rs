//! A deterministic simulator of a company, for trying things out and for tests. docs/sample.md has the model.
//!
//! Pure given a [`Plan`]: the same plan gives the same cases on any machine, and each case depends on its own number
//! and not on those before it.

mod calendar;
pub mod company;
pub mod files;
mod improvement;
mod random;
mod simulate;

pub use improvement::Improvement;
pub use simulate::{Case, Simulation};

use mining::Micros;
use mining::time::WEEK;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub seed: u64,
    pub cases: u64,
    /// Nothing is known after this moment; cases under way then are open.
    pub until: Micros,
    /// Weeks over which cases begin, up to `until`.
    pub weeks: u32,
    pub teams: usize,
    /// Improvements with a true effect.
    pub improvements: Vec<Improvement>,
}

impl Plan {
    /// A small company for tests.
    #[cfg(test)]
    pub fn usual(until: Micros) -> Plan {
        Plan {
            seed: 1,
            cases: 1_284,
            until,
            weeks: 26,
            teams: 7,
            improvements: Vec::new(),
        }
    }

    pub fn from(&self) -> Micros {
        self.until - Micros::from(self.weeks) * WEEK
    }
}
