//! Which cases figures are computed of.

use crate::EventLog;
use serde::Serialize;

/// Cases by number, rising.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Selection {
    pub cases: Vec<u32>,
}

impl Selection {
    pub fn all(log: &EventLog) -> Self {
        Selection {
            cases: (0..log.cases() as u32).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.cases.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}
