use super::*;
use proptest::prelude::*;

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

/// By the definition: at each time, of those still watched, the share that did not end then, multiplied up.
fn naive(rows: &[(u32, bool)], time: u32) -> f64 {
    (0..=time).fold(1.0, |s, t| {
        let risk = rows.iter().filter(|r| r.0 >= t).count();
        let ends = rows.iter().filter(|r| r.0 == t && r.1).count();
        if risk == 0 {
            s
        } else {
            s * (1.0 - ends as f64 / risk as f64)
        }
    })
}

proptest! {
    #[test]
    fn the_order_of_the_durations_does_not_show(rows in proptest::collection::vec((0u32..20, any::<bool>()), 0..60)) {
        let curve = |rows: &[(u32, bool)]| {
            let (durations, ended): (Vec<f64>, Vec<bool>) = rows.iter().map(|r| (f64::from(r.0), r.1)).unzip();
            kaplan_meier(&durations, &ended)
        };
        let mut rising = rows.clone();
        rising.sort_by_key(|r| r.0);
        let falling: Vec<_> = rising.iter().rev().copied().collect();
        prop_assert_eq!(curve(&rising), curve(&rows));
        prop_assert_eq!(curve(&falling), curve(&rows));
    }

    #[test]
    fn the_curve_is_the_product_of_conditional_shares(rows in proptest::collection::vec((0u32..20, any::<bool>()), 1..60)) {
        let durations: Vec<f64> = rows.iter().map(|r| r.0 as f64).collect();
        let ended: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let curve = kaplan_meier(&durations, &ended);
        for (time, s) in curve.times.iter().zip(&curve.survival) {
            prop_assert!((naive(&rows, *time as u32) - s).abs() < 1e-12);
        }
        let last = rows.iter().map(|r| r.0).max().unwrap();
        let area: f64 = (0..last).map(|t| naive(&rows, t)).sum();
        prop_assert!((curve.restricted_mean(last as f64).unwrap() - area).abs() < 1e-9);
    }

    #[test]
    fn without_censoring_it_is_the_share_still_going(durations in proptest::collection::vec(0u32..20, 1..60)) {
        let d: Vec<f64> = durations.iter().map(|&d| d as f64).collect();
        let curve = kaplan_meier(&d, &vec![true; d.len()]);
        for (time, s) in curve.times.iter().zip(&curve.survival) {
            let longer = d.iter().filter(|x| *x > time).count() as f64 / d.len() as f64;
            prop_assert!((longer - s).abs() < 1e-12);
        }
    }
}

#[test]
fn what_is_not_known_is_none() {
    assert_eq!(kaplan_meier(&[], &[]).median(), None);
    let one_of_three = kaplan_meier(&[1.0, 2.0, 2.0], &[true, false, false]);
    assert_eq!(one_of_three.median(), None);
    assert_eq!(one_of_three.restricted_mean(3.0), None);
}

/// Four cases by hand: two of four end at 1, one of the two left is cut off at 2, the other ends at 3.
#[test]
fn standard_errors_by_hand() {
    let curve = kaplan_meier(&[1.0, 1.0, 2.0, 3.0], &[true, true, false, true]);
    assert_eq!(
        (curve.at_risk.clone(), curve.ends.clone()),
        (vec![4, 1], vec![2, 1])
    );
    assert_eq!(curve.standard_errors(), [0.25, 0.0]);
    assert_eq!(curve.survival_at(0.5), Some(1.0));
    assert_eq!(curve.standard_error_at(0.5), Some(0.0));
    assert_eq!(curve.standard_error_at(2.0), Some(0.25));
    assert_eq!(curve.survival_at(9.0), Some(0.0));
    assert_eq!(curve.restricted_mean(3.0), Some(2.0));
    assert_eq!(curve.restricted_mean_standard_error(3.0), Some(0.5));
    assert_eq!(curve.restricted_mean_standard_error(1.0), Some(0.0));
    let open = kaplan_meier(&[1.0, 2.0], &[true, false]);
    assert_eq!(open.survival_at(2.5), None);
    assert_eq!(open.restricted_mean_standard_error(2.5), None);
}

#[test]
fn who_enters_late_is_not_watched_before() {
    let late = kaplan_meier_entered(&[0.0, 1.0, 0.0, 5.0], &[1.0, 2.0, 3.0, 4.0], &[true; 4]);
    assert_eq!(late.at_risk, [2, 2, 1]);
    assert_eq!(late.survival, [0.5, 0.25, 0.0]);
}

/// Two groups by hand: expected of the first 1/2 + 2/3 + 1 (times 2, 3 and 5 see ends).
#[test]
fn log_rank_by_hand() {
    let durations = [2.0, 3.0, 5.0, 2.0, 4.0, 5.0];
    let ended = [true, true, true, false, false, false];
    let groups = [0, 0, 0, 1, 1, 1];
    let test = log_rank(&durations, &ended, &groups, None).unwrap();
    let expected = 0.5 + 0.5 + 0.5;
    let variance = 0.25 + 0.25 + 0.25;
    close(test.observed[0], 3.0);
    close(test.expected[0], expected);
    close(test.test.statistic, (3.0 - expected).powi(2) / variance);
    assert_eq!(test.test.df, 1);
}

#[test]
fn strata_are_compared_within() {
    let durations = [1.0, 2.0, 3.0, 4.0];
    let apart = log_rank(&durations, &[true; 4], &[0, 0, 1, 1], Some(&[0, 0, 1, 1]));
    assert_eq!(apart, None);
    let doubled: Vec<f64> = durations.iter().chain(&durations).copied().collect();
    let one = log_rank(&durations, &[true; 4], &[0, 1, 1, 0], None).unwrap();
    let groups = [0, 1, 1, 0, 0, 1, 1, 0];
    let two = log_rank(
        &doubled,
        &[true; 8],
        &groups,
        Some(&[0, 0, 0, 0, 1, 1, 1, 1]),
    )
    .unwrap();
    close(two.test.statistic, 2.0 * one.test.statistic);
}

#[test]
fn nothing_to_compare_is_none() {
    assert_eq!(log_rank(&[], &[], &[], None), None);
    assert_eq!(log_rank(&[1.0, 2.0], &[false; 2], &[0, 1], None), None);
    assert_eq!(log_rank(&[1.0, 2.0], &[true; 2], &[1, 1], None), None);
}

#[test]
fn one_curve_for_each_group() {
    let curves = kaplan_meier_by(&[1.0, 2.0, 3.0], &[true; 3], &[2, 0, 2]);
    assert_eq!(curves[0], kaplan_meier(&[2.0], &[true]));
    assert_eq!(curves[1], Curve::default());
    assert_eq!(curves[2], kaplan_meier(&[1.0, 3.0], &[true; 2]));
}
