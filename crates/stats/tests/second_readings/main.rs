//! What R's survival, lifelines, csdid, differences and diff-diff say of data sets they ship must come out here too.
//!
//! The data and the figures lie beside the project (see `shared`); without them these tests say so and pass.

#![allow(clippy::unwrap_used)]

mod callaway_santanna;
mod cox;
mod multiplicity;
mod shared;
mod survival;
