use super::*;
use crate::calendar::{Every, WEEK};
use crate::rng::Rng;

fn calendar() -> Calendar {
    Calendar::from(Every::Week, 0)
}

/// Cells of cases with spread 4, and luck of teams with spread 0.4 of which 0.6 lasts.
fn history(teams: usize, periods: usize, seed: u64) -> Cells {
    let mut rng = Rng::new(seed);
    let mut cells = Cells::empty(calendar(), teams, periods);
    for team in 0..teams {
        let mut shock = 0.4 * rng.normal();
        for period in 0..periods {
            for _ in 0..rng.poisson(20.0) {
                cells.add(team, period, 6.0 + shock + 4.0 * rng.normal());
            }
            shock = 0.6 * shock + 0.4 * 0.8 * rng.normal();
        }
    }
    cells
}

fn proposal(teams: usize, from: i64, every: i64) -> Proposal {
    let waves = Waves::propose(teams);
    Proposal {
        starts: draw(&waves, calendar().start(from), every * WEEK, 4),
        horizon: 2 * WEEK,
        washout: 2 * WEEK,
        ends: calendar().start(from + 24),
        order: Order::DrawnByLot,
        alpha: 0.05,
    }
}

#[test]
fn luck_is_learnt_from_history() {
    let learnt = luck(&history(60, 100, 1)).unwrap();
    assert!((learnt.of_cases - 16.0).abs() < 0.5, "{learnt:?}");
    assert!((learnt.of_teams - 0.16).abs() < 0.05, "{learnt:?}");
    assert!((learnt.lasting - 0.6).abs() < 0.15, "{learnt:?}");
    assert_eq!(luck(&history(60, 3, 1)), None);
}

#[test]
fn influence_adds_up_to_the_effect() {
    let cells = history(8, 30, 2);
    let rollout = Rollout::of_periods(
        &[
            Some(15),
            Some(15),
            Some(20),
            Some(20),
            None,
            None,
            Some(25),
            None,
        ],
        2,
    );
    let design = Design::new(&cells, &rollout, 30);
    let weights = design.influence().unwrap();
    let sum: f64 = (0..8 * 30)
        .map(|at| weights[at] * cells.mean(at / 30, at % 30).unwrap_or(0.0))
        .sum();
    let estimate = design.estimate().unwrap();
    assert!((sum - estimate.effect).abs() < 1e-9);
    let variance: f64 = (0..8 * 30)
        .map(|at| weights[at].powi(2) / cells.n(at / 30, at % 30).max(1.0))
        .sum();
    assert!((variance - estimate.design_variance).abs() < 1e-9);
}

#[test]
fn more_time_and_more_teams_see_smaller_effects() {
    let twelve = forecast(&history(12, 30, 3), &proposal(12, 30, 4)).unwrap();
    assert_eq!(
        (twelve.claim, twelve.orders),
        (Claim::DrawnByLot, Some(369_600))
    );
    let seen: Vec<f64> = twelve.looks.iter().filter_map(|l| l.detectable).collect();
    assert!(seen.windows(2).all(|w| w[1] <= w[0] * 1.02), "{seen:?}");
    let forty = forecast(&history(40, 30, 3), &proposal(40, 30, 4)).unwrap();
    assert!(forty.detectable() < twelve.detectable());
    let effect = twelve.detectable().unwrap();
    assert_eq!(twelve.known_after(effect).unwrap().periods, 22);
    assert!(twelve.known_after(2.0 * effect).unwrap().periods < 22);
    assert_eq!(twelve.known_after(0.1 * effect), None);
    assert!(twelve.certifiable.unwrap() > twelve.looks[21].se);
}

#[test]
fn the_plan_is_said_in_one_sentence() {
    let planned = forecast(&history(12, 30, 3), &proposal(12, 30, 4)).unwrap();
    let said = planned.sentence(&crate::measure::Measure::DaysInStep);
    let expected = "With 12 teams and about 241 cases a week you will likely know after 22 weeks whether it makes a \
                    difference of more than 0.6 days.";
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_answered_is_said_when_planning() {
    let mut planned = proposal(5, 30, 4);
    let start = calendar().start(30);
    planned.starts = vec![Some(start), Some(start), None, None, None];
    let forecast = forecast(&history(5, 30, 3), &planned).unwrap();
    assert_eq!(forecast.claim, Claim::CannotBeAnswered);
    assert_eq!((forecast.orders, forecast.smallest_share), (Some(10), 0.1));
    let said = forecast.sentence(&crate::measure::Measure::DaysInStep);
    assert!(said.contains("cannot be answered"), "{said}");
}

#[test]
fn waves_use_all_teams_and_the_draw_repeats() {
    for teams in 0..60 {
        assert_eq!(Waves::propose(teams).teams(), teams);
    }
    let waves = Waves::propose(12);
    assert_eq!((waves.sizes.clone(), waves.never), (vec![3, 3, 3], 3));
    assert_eq!(draw(&waves, 0, WEEK, 5), draw(&waves, 0, WEEK, 5));
    assert_ne!(draw(&waves, 0, WEEK, 5), draw(&waves, 0, WEEK, 6));
}
