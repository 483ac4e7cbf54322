//! Precision by escaping edges on optimal alignments: of what the model allowed after each thing that was seen, how much was
//! seen to follow.
//!
//! Muñoz-Gama, Carmona: "A Fresh Look at Precision in Process Conformance" (BPM 2010); Adriansyah, Muñoz-Gama, Carmona, van
//! Dongen, van der Aalst: "Measuring precision of modeled behavior" (2015), with one optimal alignment a trace.

use super::alignment::{Aligner, Alignment};
use super::state_space::StateSpace;
use crate::log::NONE;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A point in the runs seen: everything after the same visible activities stands together.
#[derive(Default)]
struct Point {
    cases: u64,
    followed_by: FxHashMap<u32, usize>,
    allowed: BTreeSet<u32>,
}

/// From 0 to 1; `None` when there is nothing to judge by: no trace, or a model that allows nothing.
pub fn precision<'a>(
    aligner: &Aligner,
    aligned: impl IntoIterator<Item = (&'a Alignment, u64)>,
) -> Option<f64> {
    let mut space = StateSpace::new(aligner.net());
    let mut allowed_in: FxHashMap<u32, BTreeSet<u32>> = FxHashMap::default();
    let mut points = vec![Point::default()];
    for (alignment, cases) in aligned {
        let (mut at, mut marking) = (0, space.initial);
        see(
            &mut points[at],
            cases,
            allowed(&mut space, &mut allowed_in, marking),
        );
        for &transition in &alignment.run {
            marking = space.after(marking, transition);
            let label = space.label(transition);
            if label == NONE {
                continue;
            }
            let new = points.len();
            at = *points[at].followed_by.entry(label).or_insert(new);
            if at == new {
                points.push(Point::default());
            }
            see(
                &mut points[at],
                cases,
                allowed(&mut space, &mut allowed_in, marking),
            );
        }
    }
    let seen: u64 = points
        .iter()
        .map(|p| p.cases * p.followed_by.len() as u64)
        .sum();
    let could: u64 = points
        .iter()
        .map(|p| p.cases * p.allowed.len() as u64)
        .sum();
    (could > 0).then(|| seen as f64 / could as f64)
}

fn see(point: &mut Point, cases: u64, allowed: &BTreeSet<u32>) {
    point.cases += cases;
    point.allowed.extend(allowed);
}

/// More markings than silent steps can lead to in any model a person drew.
const SILENT_MARKINGS: usize = 10_000;

/// Activities that can come next in a marking, past any silent steps.
fn allowed<'a>(
    space: &mut StateSpace<'_>,
    known: &'a mut FxHashMap<u32, BTreeSet<u32>>,
    marking: u32,
) -> &'a BTreeSet<u32> {
    known.entry(marking).or_insert_with(|| {
        let mut labels = BTreeSet::new();
        let mut reached = vec![marking];
        let mut next = 0;
        while next < reached.len() && reached.len() < SILENT_MARKINGS {
            for i in space.steps(reached[next]) {
                let step = space.step(i);
                if step.label != NONE {
                    labels.insert(step.label);
                } else if !reached.contains(&step.target) {
                    reached.push(step.target);
                }
            }
            next += 1;
        }
        labels
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::alignment::Limits;
    use crate::log::Dict;
    use crate::model::tree::ProcessTree;

    fn precision_of(tree: &str, words: &[(&str, u64)]) -> Option<f64> {
        let mut names = Dict::new();
        let traces: Vec<Vec<u32>> = words
            .iter()
            .map(|(w, _)| w.chars().map(|c| names.intern(&c.to_string())).collect())
            .collect();
        let net = tree.parse::<ProcessTree>().unwrap().to_petri();
        let aligner = Aligner::new(&net, &names, Limits::default()).unwrap();
        let results = aligner.align_all(&traces);
        let aligned = results.iter().map(|r| r.aligned().unwrap());
        precision(&aligner, aligned.zip(words.iter().map(|w| w.1)))
    }

    #[test]
    fn a_model_that_allows_only_what_was_seen_is_precise() {
        assert_eq!(
            precision_of("->('a', X('b', 'c'))", &[("ab", 3), ("ac", 1)]),
            Some(1.0)
        );
    }

    #[test]
    fn what_was_never_seen_counts_against_the_model() {
        // At the start one of one, after "a" one of two; ten cases pass both.
        assert_eq!(
            precision_of("->('a', X('b', 'c'))", &[("ab", 10)]),
            Some(2.0 / 3.0)
        );
        // The flower allows three things at each of three points, one of which follows at two of them.
        let flower = "*(X('a', 'b', 'c'), tau)";
        assert_eq!(precision_of(flower, &[("ab", 10)]), Some(2.0 / 9.0));
    }

    #[test]
    fn nothing_seen_has_no_precision() {
        assert_eq!(precision_of("'a'", &[]), None);
        assert_eq!(precision_of("tau", &[("", 1)]), None);
    }
}
