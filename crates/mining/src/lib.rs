//! Event logs, process models, figures, discovery and fit.
//!
//! Pure by promise: no async, no SQL, no clock, no randomness of its own. What depends on "now" takes it as an
//! argument. Everything here works on one value, [`log::EventLog`], held as columns.
//!
//! - [`readers`] turn files into an [`log::EventLog`] or a [`model::bpmn::ProcessModel`], all or nothing.
//! - [`figures`] reads an event log and a selection of its cases and returns numbers that add up over cases.
//! - [`discovery`] proposes models from logs, [`fit`] says how far cases run as a model says.
//! - [`writers`] turn logs and models back into files others can read.

pub mod discovery;
pub mod error;
pub mod figures;
pub mod fit;
pub mod log;
pub mod model;
pub mod readers;
pub mod source;
pub mod time;
pub mod writers;

pub use error::{Place, ReadError};
pub use log::EventLog;
pub use time::Micros;
