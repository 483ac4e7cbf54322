//! Models proposed from logs.

pub mod inductive;
