//! Distinct traces with the cases that follow them: what fit and discovery work on.

use crate::log::EventLog;
use rustc_hash::FxHashMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Activity codes in order.
    pub trace: Vec<u32>,
    /// Case numbers, ascending.
    pub cases: Vec<u32>,
}

/// The variants of the selected cases (all when `None`), most frequent first, then in order of their first case.
pub fn variants(log: &EventLog, selection: Option<&[u32]>) -> Vec<Variant> {
    let mut number: FxHashMap<&[u32], usize> = FxHashMap::default();
    let mut variants: Vec<Variant> = Vec::new();
    let mut add = |case: u32| {
        let trace = &log.activity[log.case(case as usize)];
        let at = *number.entry(trace).or_insert_with(|| {
            variants.push(Variant {
                trace: trace.to_vec(),
                cases: Vec::new(),
            });
            variants.len() - 1
        });
        variants[at].cases.push(case);
    };
    match selection {
        Some(cases) => cases.iter().copied().for_each(&mut add),
        None => (0..log.cases() as u32).for_each(&mut add),
    }
    variants.sort_by_key(|variant| std::cmp::Reverse(variant.cases.len()));
    variants
}
