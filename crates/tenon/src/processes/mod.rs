//! Import, versions, steps and figures of processes.
pub mod ocel_sqlite;
