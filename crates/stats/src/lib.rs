//! Estimators, intervals, sequential tests, planning. Pure: no async, no SQL, no clock, no ambient randomness.
//!
//! The way to a verdict: cases become [`cells`], teams and their start dates become a [`rollout`], and
//! [`verdict::judge`] says what can be said. `docs/verdicts.md` is the same in plain words and in formulas.

pub mod calendar;
pub mod cells;
pub mod checks;
pub mod claim;
pub mod dist;
pub mod equivalence;
pub mod event_study;
pub mod imputation;
pub mod ledger;
mod linalg;
pub mod lots;
pub mod measure;
pub mod planning;
pub mod rng;
pub mod rollout;
pub mod segmented;
pub mod simulate;
pub mod spending;
pub mod study;
pub mod survival;
pub mod verdict;
pub mod watch;
