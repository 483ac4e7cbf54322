use super::*;
use crate::calendar::{Every, WEEK};

/// 2024-01-01 00:00, a Monday.
const MONDAY: Micros = 19_723 * DAY;

fn spec(outcome: Outcome, as_of: Micros) -> Spec {
    Spec {
        outcome,
        teams: 2,
        calendar: Calendar::from(Every::Week, MONDAY),
        horizon: 14 * DAY,
        as_of,
    }
}

fn case(team: u32, entered: Micros, stayed: Option<Micros>) -> Case {
    Case {
        team,
        entered,
        left: stayed.map(|s| entered + s),
        went_on: true,
        value: f64::NAN,
    }
}

#[test]
fn a_week_counts_once_all_its_cases_entered_a_horizon_ago() {
    assert_eq!(
        spec(Outcome::DaysInStep, MONDAY + 3 * WEEK).mature_periods(),
        1
    );
    assert_eq!(
        spec(Outcome::DaysInStep, MONDAY + 3 * WEEK - 1).mature_periods(),
        0
    );
    assert_eq!(
        spec(Outcome::DaysInStep, MONDAY - 9 * WEEK).mature_periods(),
        0
    );
}

#[test]
fn a_case_is_read_at_the_horizon_whether_open_or_closed_later() {
    let as_of = MONDAY + 6 * WEEK;
    let cases = [
        case(0, MONDAY, Some(3 * DAY)),
        case(0, MONDAY + DAY, None),
        case(0, MONDAY + DAY, Some(20 * DAY)),
        case(1, MONDAY, Some(60 * DAY)),
    ];
    let days = Cells::of(cases, &spec(Outcome::DaysInStep, as_of));
    assert_eq!((days.n(0, 0), days.mean(0, 0)), (3.0, Some(31.0 / 3.0)));
    assert_eq!(days.mean(1, 0), Some(14.0));
    let on = Cells::of(cases, &spec(Outcome::GoesOn, as_of));
    assert_eq!(on.mean(0, 0), Some(1.0 / 3.0));
    assert_eq!(on.mean(1, 1), None);
}

#[test]
fn what_is_left_out_is_counted_by_reason() {
    let as_of = MONDAY + 6 * WEEK;
    let cases = [
        case(0, MONDAY - 1, Some(DAY)),
        case(7, MONDAY, Some(DAY)),
        case(1, MONDAY, Some(-DAY)),
        case(1, MONDAY + 4 * WEEK, None),
    ];
    let cells = Cells::of(cases, &spec(Outcome::DaysInStep, as_of));
    assert_eq!(cells.cases(), 0.0);
    let expected = LeftOut {
        immature: 1,
        early: 1,
        unreadable: 2,
    };
    assert_eq!(cells.left_out, expected);
}

#[test]
fn what_came_after_a_stop_is_dropped_for_that_team() {
    let mut cells = Cells::empty(Calendar::from(Every::Week, MONDAY), 2, 4);
    for (team, period) in [(0, 0), (0, 1), (0, 2), (1, 3)] {
        cells.add(team, period, 1.0);
    }
    let before = cells.before_stops(&[Some(MONDAY + WEEK + DAY), None]);
    assert_eq!(
        (before.counts(0), before.counts(1)),
        (&[1.0, 0.0, 0.0, 0.0][..], &[0.0, 0.0, 0.0, 1.0][..])
    );
}

#[test]
fn shards_merge_to_the_whole() {
    let cases: Vec<Case> = (0..100)
        .map(|i| {
            case(
                i % 2,
                MONDAY + i64::from(i) * DAY / 3,
                Some(i64::from(i) * DAY / 7),
            )
        })
        .collect();
    let spec = spec(Outcome::DaysInStep, MONDAY + 9 * WEEK);
    let whole = Cells::of(cases.iter().copied(), &spec);
    let mut parts = Cells::of(cases[..40].iter().copied(), &spec);
    assert!(parts.merge(&Cells::of(cases[40..].iter().copied(), &spec)));
    assert_eq!(parts.left_out, whole.left_out);
    for team in 0..2 {
        assert_eq!(parts.counts(team), whole.counts(team));
        for (a, b) in parts.sums(team).iter().zip(whole.sums(team)) {
            assert!((a - b).abs() < 1e-12);
        }
    }
    assert!(!parts.merge(&whole.up_to(3)), "another shape is refused");
}
