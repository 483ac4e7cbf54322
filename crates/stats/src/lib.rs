//! Estimators, intervals, sequential tests, planning. Pure: no async, no SQL, no clock, no ambient randomness.
//!
//! The way to a verdict: cases become [`cells`], teams and their start dates become a [`rollout`], and
//! [`verdict::judge`] says what can be said. `docs/verdicts.md` is the same in plain words and in formulas.
//!
//! Second readings of a verdict, by other methods than its own: [`survival`] and [`cox`] take cases one by one and
//! know about those still open, [`callaway_santanna`] takes teams by week. [`multiplicity`] is for looking at many
//! things at once.

pub mod calendar;
pub mod callaway_santanna;
pub mod cells;
pub mod checks;
pub mod chi_square;
pub mod claim;
pub mod cox;
pub mod dist;
pub mod equivalence;
pub mod event_study;
pub mod imputation;
pub mod ledger;
mod linalg;
pub mod lots;
pub mod measure;
pub mod multiplicity;
pub mod planning;
pub mod rng;
pub mod rollout;
pub mod segmented;
pub mod simulate;
pub mod spending;
pub mod strata;
pub mod study;
pub mod survival;
mod symmetric;
pub mod verdict;
pub mod watch;
