//! Estimators. Pure: no async, no SQL, no clock.
//!
//! Second readings of a verdict, by other methods than its own: [`survival`] and [`cox`] take cases one by one and
//! know about those still open, [`callaway_santanna`] takes teams by week. [`multiplicity`] is for looking at many
//! things at once.

pub mod callaway_santanna;
pub mod chi_square;
pub mod cox;
pub mod multiplicity;
pub mod strata;
pub mod survival;
mod symmetric;
