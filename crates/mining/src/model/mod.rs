//! Process models: what a process is said to be. BPMN as people draw it, Petri nets to compute with, trees from discovery.

pub mod bpmn;
pub mod petri;
mod reach;
mod reduce;
mod run;
pub mod tree;

pub use run::ConversionError;
