//! Process trees: block-structured models that are sound by construction (Leemans, Fahland, van der Aalst 2013).

/// `Loop` has the do part first and the redo parts after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProcessTree {
    Activity(String),
    Silent,
    Sequence(Vec<ProcessTree>),
    Choice(Vec<ProcessTree>),
    Parallel(Vec<ProcessTree>),
    Loop(Vec<ProcessTree>),
}
