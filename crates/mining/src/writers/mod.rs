//! Logs and models back into files others can read.

pub mod bpmn;
pub mod csv;
pub mod xes;
