//! The shared reference files, where they are to be had.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;
use stats::calendar::{Calendar, DAY, Every, Micros};
use stats::cells::{Case, Cells, Outcome, Spec};
use stats::rollout::Rollout;

/// 2024-01-01 00:00, the Monday on which the fixture begins.
pub const MONDAY: Micros = 19_723 * DAY;

/// A file below `refs/stats`, or `None` after saying that it was skipped.
pub fn shared(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("TENON_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("refs/stats").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    text
}

/// The reference figures.
pub fn reference() -> Option<Value> {
    Some(serde_json::from_str(&shared("reference.json")?).unwrap())
}

/// Microseconds of `2024-01-03T01:22:00`.
pub fn moment(text: &str) -> Micros {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let first = Calendar::from(Every::Month, MONDAY).start((year - 2024) * 12 + month - 1);
    let seconds = (number(11..13) * 60 + number(14..16)) * 60 + number(17..19);
    first + (day - 1) * DAY + seconds * 1_000_000
}

/// The fixture's cases.
pub fn cases() -> Option<Vec<Case>> {
    let text = shared("tenon_cases.csv")?;
    let case = |line: &str| {
        let field: Vec<&str> = line.split(',').collect();
        Case {
            team: field[1][1..].parse().unwrap(),
            entered: moment(field[2]),
            left: (!field[3].is_empty()).then(|| moment(field[3])),
            went_on: field[4] == "next",
            value: f64::NAN,
        }
    };
    Some(text.lines().skip(1).map(case).collect())
}

/// When the fixture's teams start.
pub fn starts() -> Option<Vec<Option<Micros>>> {
    let text = shared("tenon_teams.csv")?;
    let start = |line: &str| {
        let date = line.split(',').nth(2).unwrap();
        (!date.is_empty()).then(|| moment(&format!("{date}T00:00:00")))
    };
    Some(text.lines().skip(1).map(start).collect())
}

/// How the fixture's cells are made.
pub fn spec(outcome: Outcome) -> Spec {
    Spec {
        outcome,
        teams: 8,
        calendar: Calendar::from(Every::Week, MONDAY),
        horizon: 14 * DAY,
        as_of: moment("2024-07-29T00:00:00"),
    }
}

/// The fixture's cells and roll-out without wash-out.
pub fn fixture(outcome: Outcome) -> Option<(Cells, Rollout)> {
    let cells = Cells::of(cases()?, &spec(outcome));
    let rollout = Rollout::new(&starts()?, cells.calendar, 0);
    Some((cells, rollout))
}

/// `name` of the fixture's two measures with the outcome it stands for.
pub const MEASURES: [(&str, Outcome); 2] = [("y", Outcome::DaysInStep), ("cv", Outcome::GoesOn)];

pub fn close(found: f64, expected: &Value, relative: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    let off = (found - expected).abs();
    assert!(
        off <= relative * expected.abs(),
        "{what}: {found} is not {expected}"
    );
}

pub fn near(found: f64, expected: &Value, absolute: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= absolute,
        "{what}: {found} is not {expected}"
    );
}
