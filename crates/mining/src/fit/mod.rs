//! How far cases run as a model says.
//!
//! - [`alignment`] explains each trace by the nearest complete run of the model: the measure of fit.
//! - [`precision`] says how much of what the model allows was seen: fitness alone proves little.
//! - [`check`] does both for an event log and says where it deviates, in sentences.
//! - [`pipeline`] does the same for an ordered list of steps.
//! - [`replay`] is a fast preview of fitness, and no more than that.

pub mod alignment;
mod check;
mod component;
mod lower_bound;
mod net;
pub mod pipeline;
pub mod precision;
pub mod replay;
mod report;
pub mod sentence;
mod state_space;
mod variants;

pub use alignment::{Aligner, Alignment, AlignmentResult, Limits, ModelError, Move};
pub use check::check;
pub use report::{
    ActivityFit, DeviationKind, FitReport, MoveKind, NamedMove, TopDeviation, VariantCases,
    VariantFit,
};
pub use variants::{Variant, variants};
