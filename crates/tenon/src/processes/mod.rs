//! Import, versions, steps and figures of processes.
