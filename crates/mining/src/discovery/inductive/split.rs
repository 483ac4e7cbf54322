//! Dividing a log along a cut. What a cut of a filtered graph cannot explain is left out, as little as possible.

use super::cut::{Cut, CutKind};
use super::dfg::Dfg;
use super::sublog::SubLog;

/// One log for each part of the cut, in order.
pub fn split(log: &SubLog, dfg: &Dfg, cut: &Cut) -> Vec<SubLog> {
    let local = dfg.local();
    let group = |activity: u32| cut.group[local[activity as usize]];
    let mut parts: Vec<Vec<(Vec<u32>, u64)>> = vec![Vec::new(); cut.groups];
    for (trace, count) in &log.variants {
        match cut.kind {
            CutKind::Choice => {
                let chosen = most_frequent(trace, group, cut.groups);
                let kept = trace
                    .iter()
                    .copied()
                    .filter(|&a| group(a) == chosen)
                    .collect();
                parts[chosen].push((kept, *count));
            }
            CutKind::Parallel => {
                for (g, part) in parts.iter_mut().enumerate() {
                    part.push((
                        trace.iter().copied().filter(|&a| group(a) == g).collect(),
                        *count,
                    ));
                }
            }
            CutKind::Sequence => {
                let bounds = best_bounds(trace, group, cut.groups);
                for (g, part) in parts.iter_mut().enumerate() {
                    let piece = &trace[bounds[g]..bounds[g + 1]];
                    part.push((
                        piece.iter().copied().filter(|&a| group(a) == g).collect(),
                        *count,
                    ));
                }
            }
            CutKind::Loop => split_rounds(trace, *count, group, &mut parts),
        }
    }
    parts.into_iter().map(SubLog::new).collect()
}

fn most_frequent(trace: &[u32], group: impl Fn(u32) -> usize, groups: usize) -> usize {
    let mut counts = vec![0u32; groups];
    trace.iter().for_each(|&a| counts[group(a)] += 1);
    (0..groups)
        .max_by_key(|&g| (counts[g], std::cmp::Reverse(g)))
        .unwrap_or(0)
}

/// Where to cut a trace into `groups` consecutive pieces so that the fewest events stand in a piece not their own.
/// Dynamic programming over positions; ties cut late.
fn best_bounds(trace: &[u32], group: impl Fn(u32) -> usize, groups: usize) -> Vec<usize> {
    let n = trace.len();
    // kept[g][i]: most events kept of the first i, using pieces 0..=g.
    let mut kept = vec![vec![0u32; n + 1]; groups];
    for g in 0..groups {
        for i in 0..=n {
            let skip = if g > 0 { kept[g - 1][i] } else { 0 };
            let stay = if i > 0 {
                kept[g][i - 1] + u32::from(group(trace[i - 1]) == g)
            } else {
                0
            };
            kept[g][i] = skip.max(stay);
        }
    }
    let mut bounds = vec![0; groups + 1];
    bounds[groups] = n;
    let mut i = n;
    for g in (1..groups).rev() {
        while i > 0 && kept[g][i] != kept[g - 1][i] {
            i -= 1;
        }
        bounds[g] = i;
    }
    bounds
}

/// Do and redo parts must alternate, beginning and ending with do; where the trace lacks a do part it was empty.
fn split_rounds(
    trace: &[u32],
    count: u64,
    group: impl Fn(u32) -> usize,
    parts: &mut [Vec<(Vec<u32>, u64)>],
) {
    let mut expects_do = true;
    for piece in trace.chunk_by(|&a, &b| group(a) == group(b)) {
        let g = group(piece[0]);
        if g != 0 && expects_do {
            parts[0].push((Vec::new(), count));
        }
        parts[g].push((piece.to_vec(), count));
        expects_do = g != 0;
    }
    if expects_do {
        parts[0].push((Vec::new(), count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_cut_where_least_is_lost() {
        let group = |a: u32| a as usize;
        assert_eq!(best_bounds(&[0, 0, 1, 1, 2], group, 3), [0, 2, 4, 5]);
        assert_eq!(best_bounds(&[0, 1, 0, 0, 2], group, 3), [0, 4, 4, 5]);
        assert_eq!(best_bounds(&[2], group, 3), [0, 0, 0, 1]);
        assert_eq!(best_bounds(&[], group, 2), [0, 0, 0]);
    }

    #[test]
    fn rounds_begin_and_end_with_the_do_part() {
        let mut parts = vec![Vec::new(); 3];
        split_rounds(&[1, 0, 1, 2, 0], 5, |a| a as usize, &mut parts);
        assert_eq!(
            parts[0],
            [(vec![], 5), (vec![0], 5), (vec![], 5), (vec![0], 5)]
        );
        assert_eq!(parts[1], [(vec![1], 5), (vec![1], 5)]);
        assert_eq!(parts[2], [(vec![2], 5)]);
    }
}
