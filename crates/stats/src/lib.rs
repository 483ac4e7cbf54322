//! Estimators. Pure: no async, no SQL, no clock. Survival so far; the verdict arrives with improvements.

pub mod survival;
