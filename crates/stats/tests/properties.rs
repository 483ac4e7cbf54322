//! What must hold for any cases.

#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;

use proptest::prelude::*;
use stats::calendar::{Calendar, DAY, Every, Micros};
use stats::cells::{Case, Cells, Outcome, Spec};
use stats::checks::Beside;
use stats::claim::Order;
use stats::imputation::Design;
use stats::lots::{Lots, Readings, read, sequence};
use stats::measure::Measure;
use stats::rollout::Rollout;
use stats::verdict::{Input, Plan, judge};

const TEAMS: usize = 6;
const PERIODS: usize = 14;

fn calendar(every: Every) -> Calendar {
    Calendar::from(every, 4 * DAY)
}

/// Counts from none to six, means of any size, and starts somewhere or never.
fn worlds() -> impl Strategy<Value = (Cells, Vec<Option<u32>>, u32)> {
    let cell = (0u8..7, -50.0..50.0f64);
    let cells = prop::collection::vec(cell, TEAMS * PERIODS);
    let starts = prop::collection::vec(prop::option::of(3u32..16), TEAMS);
    (cells, starts, 0u32..4).prop_map(|(values, starts, washout)| {
        let mut cells = Cells::empty(calendar(Every::Week), TEAMS, PERIODS);
        for (at, (n, mean)) in values.into_iter().enumerate() {
            let n = f64::from(n);
            cells.set(at / PERIODS, at % PERIODS, n, mean, n * (mean * mean + 1.0));
        }
        (cells, starts, washout)
    })
}

fn changed(cells: &Cells, by: impl Fn(usize, usize, f64) -> f64) -> Cells {
    let mut other = cells.clone();
    for team in 0..TEAMS {
        for period in 0..PERIODS {
            let mean = cells.mean(team, period).unwrap_or(0.0);
            let n = cells.n(team, period);
            other.set(team, period, n, by(team, period, mean), 0.0);
        }
    }
    other
}

fn effect(cells: &Cells, rollout: &Rollout) -> Option<f64> {
    let estimate = Design::new(cells, rollout, PERIODS).estimate();
    estimate.map(|estimate| estimate.effect)
}

fn alike(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        (None, None) => true,
        _ => false,
    }
}

/// Two pairs of teams, each compared in one period only: nothing says what the last team would have done in the period of the others.
#[test]
fn what_was_never_compared_is_not_estimated() {
    let mut cells = Cells::empty(calendar(Every::Week), TEAMS, PERIODS);
    for (team, period) in [(1, 0), (5, 0), (3, 12), (4, 12), (5, 12)] {
        cells.set(team, period, 1.0, 0.0, 1.0);
    }
    let mut starts = vec![None; TEAMS];
    starts[5] = Some(3);
    assert_eq!(effect(&cells, &Rollout::of_periods(&starts, 0)), None);
    // One team in both periods joins them.
    cells.set(2, 0, 1.0, 4.0, 17.0);
    cells.set(2, 12, 1.0, 9.0, 82.0);
    let found = effect(&cells, &Rollout::of_periods(&starts, 0));
    assert!(found.is_some(), "what is compared is estimated");
}

proptest! {
    #[test]
    fn pace_of_teams_and_seasons_of_weeks_do_not_matter((cells, starts, washout) in worlds()) {
        let rollout = Rollout::of_periods(&starts, washout);
        let shifted = changed(&cells, |team, period, mean| {
            mean + 7.0 * team as f64 - 3.0 * (period as f64).sin()
        });
        prop_assert!(alike(effect(&cells, &rollout), effect(&shifted, &rollout)));
    }

    #[test]
    fn a_constant_effect_is_found_as_it_is((cells, starts, washout) in worlds()) {
        let rollout = Rollout::of_periods(&starts, washout);
        let helped = changed(&cells, |team, period, mean| {
            if rollout.spans[team].treated(period) { mean - 2.5 } else { mean }
        });
        let expected = effect(&cells, &rollout).map(|e| e - 2.5);
        prop_assert!(alike(expected, effect(&helped, &rollout)));
    }

    #[test]
    fn the_names_of_teams_do_not_matter((cells, starts, washout) in worlds()) {
        let mut other = cells.clone();
        for team in 0..TEAMS {
            for period in 0..PERIODS {
                let mean = cells.mean(team, period).unwrap_or(0.0);
                other.set(TEAMS - 1 - team, period, cells.n(team, period), mean, 0.0);
            }
        }
        let turned: Vec<_> = starts.iter().rev().copied().collect();
        let before = effect(&cells, &Rollout::of_periods(&starts, washout));
        prop_assert!(alike(before, effect(&other, &Rollout::of_periods(&turned, washout))));
    }

    #[test]
    fn of_all_orders_no_more_than_the_share_spent_are_rejected((cells, starts, washout) in worlds()) {
        let rollout = Rollout::of_periods(&starts, washout);
        let lots = Lots::of(&rollout, 200, 60, 1);
        let ends = [8, 10, 12, 14];
        let spent = [0.02, 0.1, 0.15, 0.3];
        let readings = read(&cells, lots.orders(), &ends, NonZeroUsize::MIN);
        let rejected = (0..lots.orders().len()).filter(|&order| {
            let looks = readings.looks.iter().map(|look| {
                let mut look = look.clone();
                look.swap(0, order);
                look
            });
            let readings = Readings { ends: ends.to_vec(), looks: looks.collect() };
            sequence(&readings, &spent, 0.0).rejected_at.is_some()
        });
        let share = rejected.count() as f64 / lots.orders().len() as f64;
        prop_assert!(share <= 0.3 + 1e-9, "{share}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_world_gives_a_sentence(
        (cells, starts, washout) in worlds(),
        monthly: bool,
        order in prop::sample::select(vec![Order::DrawnByLot, Order::Departed, Order::Chosen]),
        zone in prop::option::of(0.0..20.0f64),
    ) {
        let every = if monthly { Every::Month } else { Every::Week };
        let mut cells = cells;
        cells.calendar = calendar(every);
        let moments: Vec<Option<Micros>> = starts
            .iter()
            .map(|s| s.map(|s| cells.calendar.start(i64::from(s))))
            .collect();
        let verdict = judge(&Input {
            measure: Measure::GoesOn,
            step: "Propose",
            cells: &cells,
            starts: &moments,
            horizon: 14 * DAY,
            washout: i64::from(washout) * 7 * DAY,
            plan: Plan { order, zone, ..Plan::drawn(3) },
            beside: Beside::default(),
            threads: NonZeroUsize::MIN,
        });
        prop_assert!(verdict.sentence.ends_with('.'), "{}", verdict.sentence);
        prop_assert!(!verdict.sentence.contains("NaN"), "{}", verdict.sentence);
        for (number, shown) in verdict.shown.iter().map(|s| (s.effect, s.interval)) {
            prop_assert!(number.is_finite());
            prop_assert!(shown.low <= shown.high);
        }
        prop_assert!(serde_json::to_string(&verdict).is_ok());
    }

    #[test]
    fn cells_can_be_counted_in_shards(
        cases in prop::collection::vec((0u32..4, 0i64..60, prop::option::of(-1i64..40), any::<bool>()), 0..80),
        cut in 0usize..80,
    ) {
        let spec = Spec {
            outcome: Outcome::DaysInStep,
            teams: 3,
            calendar: calendar(Every::Week),
            horizon: 14 * DAY,
            as_of: 70 * DAY,
        };
        let cases: Vec<Case> = cases
            .into_iter()
            .map(|(team, entered, stayed, went_on)| Case {
                team,
                entered: entered * DAY,
                left: stayed.map(|s| (entered + s) * DAY),
                went_on,
                value: f64::NAN,
            })
            .collect();
        let (a, b) = cases.split_at(cut.min(cases.len()));
        let mut parts = Cells::of(a.iter().copied(), &spec);
        prop_assert!(parts.merge(&Cells::of(b.iter().copied(), &spec)));
        prop_assert_eq!(parts, Cells::of(cases.iter().copied(), &spec));
    }
}
