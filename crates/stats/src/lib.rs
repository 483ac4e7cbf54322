//! Estimators, intervals, sequential tests and planning. Pure: no async, no SQL, no clock.

pub mod survival;
