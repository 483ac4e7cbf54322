//! When many things are looked at, some stand out by chance. What to report instead of the raw figures.
//!
//! Adjusted values: compare one with the level wanted and the whole list keeps its promise at that level. Holm (1979,
//! "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6:65-70) bounds the chance of any false
//! alarm; Benjamini and Hochberg (1995, "Controlling the false discovery rate", J. R. Stat. Soc. B 57:289-300) the
//! expected share of false ones among those reported, for independent or positively dependent p-values; e-BH (Wang and
//! Ramdas 2022, "False discovery rate control with e-values", J. R. Stat. Soc. B 84:822-852) that share whatever the
//! dependence, and at any moment of looking.
//!
//! One value out per value in, in the same order, between 0 and 1. A value that is not a number is no evidence: it
//! counts as one that was looked at and comes back as 1.

/// Holm's adjusted p-values. Report those at or below the level.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let p = evidence(p, 1.0);
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &at) in order.iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted p-values. Report those at or below the level.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(&evidence(p, 1.0))
}

/// e-BH: adjusted values from e-values (evidence that is large when something is going on, with expectation at most 1
/// when nothing is). Report those at or below the level.
pub fn e_benjamini_hochberg(e: &[f64]) -> Vec<f64> {
    let inverse: Vec<f64> = evidence(e, 0.0).iter().map(|e| 1.0 / e).collect();
    step_up(&inverse)
}

/// From the largest down, the smallest so far of `m p / rank`.
fn step_up(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut smallest: f64 = 1.0;
    for (rank, &at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p.len() as f64 / (rank + 1) as f64 * p[at]);
        adjusted[at] = smallest;
    }
    adjusted
}

fn evidence(values: &[f64], none: f64) -> Vec<f64> {
    let known = |v: &f64| if v.is_nan() { none } else { v.max(0.0) };
    values.iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_is_kept_and_what_is_not_a_number_is_no_evidence() {
        assert_eq!(holm(&[0.5, f64::NAN, 0.01]), [1.0, 1.0, 0.03]);
        assert_eq!(
            benjamini_hochberg(&[0.5, f64::NAN, 0.01]),
            [0.75, 1.0, 0.03]
        );
        assert_eq!(
            e_benjamini_hochberg(&[2.0, f64::NAN, 100.0]),
            [0.75, 1.0, 0.03]
        );
        assert_eq!(e_benjamini_hochberg(&[0.0, f64::INFINITY]), [1.0, 0.0]);
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        /// Reporting what is at or below the level is the procedure as it was published.
        #[test]
        fn adjusted_values_reject_what_the_procedures_reject(
            p in proptest::collection::vec(0.0f64..1.0, 1..30), level in 0.001f64..0.5,
        ) {
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let m = p.len();
            let bh = (1..=m).rev().find(|&k| sorted[k - 1] <= level * k as f64 / m as f64).unwrap_or(0);
            let holm_count = (1..=m).take_while(|&k| sorted[k - 1] * (m + 1 - k) as f64 <= level).count();
            prop_assert_eq!(benjamini_hochberg(&p).iter().filter(|a| **a <= level).count(), bh);
            prop_assert_eq!(holm(&p).iter().filter(|a| **a <= level).count(), holm_count);
            for ((raw, bh), holm) in p.iter().zip(benjamini_hochberg(&p)).zip(holm(&p)) {
                prop_assert!(*raw <= bh && bh <= holm);
            }
        }
    }
}
