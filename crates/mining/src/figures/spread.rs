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

/// Spans with a key each, gathered without a vector for each key.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Samples {
    pub keys: Vec<u32>,
    pub spans: Vec<Micros>,
}

impl Samples {
    pub fn push(&mut self, key: u32, span: Micros) {
        self.keys.push(key);
        self.spans.push(span);
    }

    pub fn reserve(&mut self, more: usize) {
        self.keys.reserve(more);
        self.spans.reserve(more);
    }

    pub fn append(&mut self, mut other: Samples) {
        self.keys.append(&mut other.keys);
        self.spans.append(&mut other.spans);
    }
}

/// The spans by the number `group` gives their key, by counting sort, summed up in parallel.
pub(crate) fn spreads(
    samples: &Samples,
    groups: usize,
    group: impl Fn(u32) -> u32,
) -> Vec<Option<Spread>> {
    let keys = groups;
    let mut ends = vec![0usize; keys + 1];
    for &key in &samples.keys {
        ends[group(key) as usize + 1] += 1;
    }
    for key in 0..keys {
        ends[key + 1] += ends[key];
    }
    let mut flat = vec![0; ends[keys]];
    let mut next = ends.clone();
    for (&key, &span) in samples.keys.iter().zip(&samples.spans) {
        let slot = &mut next[group(key) as usize];
        flat[*slot] = span;
        *slot += 1;
    }
    let mut groups: Vec<&mut [Micros]> = Vec::with_capacity(keys);
    let mut rest: &mut [Micros] = &mut flat;
    for key in 0..keys {
        let (group, more) = rest.split_at_mut(ends[key + 1] - ends[key]);
        groups.push(group);
        rest = more;
    }
    groups.into_par_iter().map(Spread::of).collect()
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
}
