use std::num::NonZeroUsize;

use super::*;
use crate::calendar::{Calendar, Every};
use crate::cells::Cells;
use crate::imputation::Design;

const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// Cells of noise; some are empty.
fn noise(teams: usize, periods: usize, seed: u64) -> Cells {
    let mut rng = Rng::new(seed);
    let mut cells = Cells::empty(Calendar::from(Every::Week, 0), teams, periods);
    for team in 0..teams {
        for period in 0..periods {
            let n = f64::from(rng.poisson(3.0));
            cells.set(team, period, n, rng.normal(), 0.0);
        }
    }
    cells
}

#[test]
fn orders_are_counted() {
    let of = |starts: &[Option<u32>]| Rollout::of_periods(starts, 0);
    assert_eq!(orders(&of(&[Some(1), Some(2), Some(3), None])), Some(24));
    assert_eq!(orders(&of(&[Some(1), Some(1), None, None, None])), Some(10));
    assert_eq!(orders(&of(&[])), Some(1));
    let many: Vec<Option<u32>> = (0..40).map(Some).collect();
    assert_eq!(orders(&of(&many)), None);
    let lots = Lots::usual(&of(&[Some(1), Some(1), None, None, None]), 1);
    assert_eq!(
        (lots.orders().len(), lots.exact, lots.possible),
        (10, true, Some(10))
    );
    let mut distinct: Vec<_> = lots.orders().iter().map(|o| o.spans.clone()).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 10);
}

#[test]
fn a_sample_begins_with_the_real_order_and_repeats_by_seed() {
    let starts: Vec<Option<u32>> = (0..30).map(Some).collect();
    let rollout = Rollout::of_periods(&starts, 0);
    let lots = Lots::usual(&rollout, 5);
    assert_eq!((lots.orders().len(), lots.exact), (2_000, false));
    assert_eq!(lots.orders()[0], rollout);
    assert_eq!(lots, Lots::usual(&rollout, 5));
    assert_ne!(lots, Lots::usual(&rollout, 6));
}

#[test]
fn readings_agree_with_the_estimator_at_every_look() {
    for seed in 0..40 {
        let cells = noise(9, 30, seed);
        let starts = [12, 12, 15, 15, 17, 20, 28, 40].map(Some);
        let starts: Vec<_> = starts.into_iter().chain([None]).collect();
        let rollout = Rollout::of_periods(&starts, (seed % 4) as u32);
        let lots = Lots::of(&rollout, 10, 20, seed);
        let ends = [9, 13, 16, 21, 22, 29, 30];
        let readings = read(&cells, lots.orders(), &ends, ONE);
        for (look, &end) in readings.looks.iter().zip(&ends) {
            let known = cells.up_to(end);
            for (reading, order) in look.iter().zip(lots.orders()) {
                let design = Design::new(&known, order, end);
                let expected = design.estimate();
                assert_eq!(reading.is_some(), expected.is_some());
                let (Some(reading), Some(expected)) = (reading, expected) else {
                    continue;
                };
                assert!((reading.effect - expected.effect).abs() < 1e-9);
                assert!((reading.variance - expected.design_variance).abs() < 1e-9);
            }
            if let Some(real) = &look[0] {
                assert!((real.slope - 1.0).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn the_slope_is_what_a_constant_effect_adds() {
    let cells = noise(7, 24, 3);
    let rollout = Rollout::of_periods(&[Some(9), Some(9), Some(14), Some(18), None, None, None], 2);
    let mut shifted = cells.clone();
    for team in 0..7 {
        for period in (0..24).filter(|&p| rollout.spans[team].treated(p)) {
            let mean = cells.mean(team, period).unwrap_or(0.0);
            shifted.set(team, period, cells.n(team, period), mean + 2.5, 0.0);
        }
    }
    let lots = Lots::usual(&rollout, 0);
    let before = read(&cells, lots.orders(), &[24], ONE);
    let after = read(&shifted, lots.orders(), &[24], ONE);
    for (b, a) in before.looks[0]
        .iter()
        .flatten()
        .zip(after.looks[0].iter().flatten())
    {
        assert!((b.effect + 2.5 * b.slope - a.effect).abs() < 1e-10);
    }
}

#[test]
fn threads_change_nothing() {
    let cells = noise(8, 20, 4);
    let rollout = Rollout::of_periods(
        &[Some(9), Some(9), Some(14), Some(16), None, None, None, None],
        1,
    );
    let lots = Lots::usual(&rollout, 0);
    let two = NonZeroUsize::new(2).unwrap();
    let ends = [12, 20];
    assert_eq!(
        read(&cells, lots.orders(), &ends, ONE),
        read(&cells, lots.orders(), &ends, two)
    );
}

#[test]
fn teams_without_common_weeks_give_no_estimate() {
    // Teams 0 and 1 only have cases early, teams 2 and 3 only late: nothing links them.
    let cells = noise(4, 20, 5).only(|team, period| (team < 2) == (period < 10));
    let rollout = Rollout::of_periods(&[Some(15), None, None, None], 0);
    assert_eq!(Design::new(&cells, &rollout, 20).estimate(), None);
    let readings = read(&cells, &[rollout], &[20], ONE);
    assert_eq!(readings.looks, [[None]]);
}

#[test]
fn among_no_more_orders_than_a_share_allows_none_is_rejected() {
    let reading = |effect: f64| {
        Some(Reading {
            effect,
            slope: 1.0,
            variance: 1.0,
        })
    };
    let look: Vec<_> = (0..100).rev().map(|e| reading(f64::from(e))).collect();
    let readings = Readings {
        ends: vec![1, 2, 3],
        looks: vec![look.clone(), look.clone(), look],
    };
    let first = sequence(&readings, &[0.0, 0.0099, 0.01], 0.0);
    assert_eq!(first.rejected_at, Some(2));
    assert_eq!(first.boundary, [None, None, Some(99.0)]);
    let none = sequence(&readings, &[0.0, 0.0, 0.0], 0.0);
    assert_eq!(none.rejected_at, None);
}

#[test]
fn of_orders_that_tie_all_or_none_are_rejected() {
    let tied = Some(Reading {
        effect: 1.0,
        slope: 0.0,
        variance: 1.0,
    });
    let readings = Readings {
        ends: vec![1],
        looks: vec![vec![tied; 10]],
    };
    assert_eq!(sequence(&readings, &[0.5], 0.0).rejected_at, None);
    assert_eq!(sequence(&readings, &[1.0], 0.0).rejected_at, Some(0));
}
