//! Mean, median, 90th percentile of exact spans.

use crate::time::{Micros, seconds};
use rayon::prelude::*;
use serde::Serialize;

/// Exact figures of a number of spans, in seconds. An even count takes the mean of the middle two; the 90th
/// percentile is linear between order statistics (Hyndman and Fan 1996, type 7), as numpy and pm4py do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Spread {
    pub count: u64,
    pub mean_seconds: f64,
    pub median_seconds: f64,
    pub p90_seconds: f64,
    pub max_seconds: f64,
}

impl Spread {
    /// `None` of nothing. Reorders the spans.
    pub fn of(spans: &mut [Micros]) -> Option<Spread> {
        let max = *spans.iter().max()?;
        let sum: i128 = spans.iter().map(|&s| s as i128).sum();
        let p90 = quantile(spans, 0.9);
        // Below the 90th percentile's place everything is smaller already, so the median searches less.
        let median = quantile(spans, 0.5);
        Some(Spread {
            count: spans.len() as u64,
            mean_seconds: sum as f64 / spans.len() as f64 / 1e6,
            median_seconds: median / 1e6,
            p90_seconds: p90 / 1e6,
            max_seconds: seconds(max),
        })
    }
}

/// Type 7 quantile, in the unit of the spans. `spans` must not be empty.
pub(crate) fn quantile(spans: &mut [Micros], q: f64) -> f64 {
    let place = q * (spans.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let (_, &mut at, above) = spans.select_nth_unstable(low);
    match above.iter().min() {
        Some(&next) if part > 0.0 => at as f64 + part * (next - at) as f64,
        _ => at as f64,
    }
}

/// Spans by group in one vector, without one for each group: how many each has is known beforehand.
#[derive(Clone)]
pub(crate) struct Groups {
    spans: Vec<Micros>,
    /// By group: one past its last place.
    ends: Vec<usize>,
    next: Vec<usize>,
}

impl Groups {
    pub fn new(sizes: impl Iterator<Item = usize>) -> Self {
        let mut total = 0;
        let next: Vec<usize> = sizes
            .map(|size| {
                total += size;
                total - size
            })
            .chain([0])
            .collect();
        let mut ends = next.clone();
        ends.rotate_left(1);
        ends.pop();
        if let Some(last) = ends.last_mut() {
            *last = total;
        }
        Groups {
            spans: vec![0; total],
            ends,
            next,
        }
    }

    #[inline]
    pub fn put(&mut self, group: usize, span: Micros) {
        let at = &mut self.next[group];
        self.spans[*at] = span;
        *at += 1;
    }

    /// The figures of each group.
    pub fn spreads(&mut self) -> Vec<Option<Spread>> {
        let groups = parts(&mut self.spans, self.ends.iter().copied());
        groups.into_par_iter().map(Spread::of).collect()
    }

    /// The figures of neighbouring groups together that are for the same thing, by that thing.
    pub fn joined(mut self, of: &[usize]) -> Vec<(usize, Option<Spread>)> {
        let mut things: Vec<(usize, usize)> = Vec::new();
        for (&thing, &end) in of.iter().zip(&self.ends) {
            match things.last_mut() {
                Some(last) if last.0 == thing => last.1 = end,
                _ => things.push((thing, end)),
            }
        }
        let groups = parts(&mut self.spans, things.iter().map(|t| t.1));
        let named = things.par_iter().zip(groups);
        named.map(|(t, group)| (t.0, Spread::of(group))).collect()
    }

    /// The figures of all together.
    pub fn overall(mut self) -> Option<Spread> {
        Spread::of(&mut self.spans)
    }
}

/// What lies between the ends, one after the other.
fn parts(spans: &mut [Micros], ends: impl Iterator<Item = usize>) -> Vec<&mut [Micros]> {
    let (mut rest, mut begun) = (spans, 0);
    let part = |end| {
        let (part, more) = std::mem::take(&mut rest).split_at_mut(end - begun);
        (rest, begun) = (more, end);
        part
    };
    ends.map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_order_statistics() {
        assert_eq!(quantile(&mut [4, 1, 3, 2], 0.5), 2.5);
        assert_eq!(quantile(&mut [10, 0], 0.9), 9.0);
        assert_eq!(quantile(&mut [7], 0.9), 7.0);
        assert_eq!(Spread::of(&mut []), None);
    }

    #[test]
    fn groups_keep_their_spans_apart() {
        let mut groups = Groups::new([1, 0, 2].into_iter());
        for (group, span) in [(2, 5), (0, 1), (2, 7)] {
            groups.put(group, span);
        }
        let counts: Vec<_> = groups
            .spreads()
            .iter()
            .map(|s| s.map(|s| (s.count, s.median_seconds)))
            .collect();
        assert_eq!(counts, [Some((1, 1e-6)), None, Some((2, 6e-6))]);
        let joined: Vec<_> = (groups.clone().joined(&[4, 7, 7]).into_iter())
            .map(|(thing, s)| (thing, s.map(|s| (s.count, s.max_seconds))))
            .collect();
        assert_eq!(joined, [(4, Some((1, 1e-6))), (7, Some((2, 7e-6)))]);
        assert_eq!(groups.overall().map(|s| s.count), Some(3));
        assert!(Groups::new([].into_iter()).spreads().is_empty());
    }
}
