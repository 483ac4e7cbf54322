//! Process models: what a process is said to be. BPMN as people draw it, Petri nets to compute with, trees from discovery.

pub mod bpmn;
pub mod petri;
pub mod tree;
