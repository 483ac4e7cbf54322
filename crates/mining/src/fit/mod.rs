//! How far cases run as a model says.

pub mod alignment;
mod component;
mod lower_bound;
mod net;
mod state_space;
