//! What every part of the server stands on: time, numbers in words, problems, the event record, who asks and what they may,
//! and the guarded way to others.

pub mod activity;
pub mod clock;
pub mod format;
pub mod identity;
pub mod outbound;
pub mod policy;
pub mod problem;
