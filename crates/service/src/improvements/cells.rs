//! Stays in a step, counted by team and week.

use mining::figures::{Stay, Stays};
use mining::time::Micros;
use rustc_hash::FxHashMap;
use stats::calendar::{Calendar, Every};
use stats::cells::{Case, Cells, Outcome, Spec};

/// Which stays are counted, and when they are read.
pub struct Scope<'a> {
    /// The order of the cells.
    pub teams: &'a [String],
    pub horizon: Micros,
    /// What happened later is not looked at.
    pub as_of: Micros,
    /// In the first week: cells that go together are counted from the same one.
    pub begin: Micros,
}

/// For each team of the log, its place among the teams of the scope.
fn places(stays: &Stays, teams: &[String]) -> Vec<Option<u32>> {
    let at: FxHashMap<&str, u32> = teams
        .iter()
        .enumerate()
        .map(|(i, t)| (t.as_str(), i as u32))
        .collect();
    stays
        .teams
        .iter()
        .map(|t| at.get(t.as_str()).copied())
        .collect()
}

/// When the first stay of all of these began.
pub fn begin<'a>(all: impl IntoIterator<Item = &'a Stays>) -> Micros {
    let entered = all.into_iter().flat_map(|s| &s.stays).map(|s| s.entered);
    entered.min().unwrap_or(0)
}

/// Cells of a number that each stay shows; stays of other teams are not counted.
pub fn of(stays: &Stays, scope: &Scope, value: impl Fn(&Stay) -> f64) -> Cells {
    let places = places(stays, scope.teams);
    let spec = Spec {
        outcome: Outcome::Value,
        teams: scope.teams.len(),
        calendar: Calendar::from(Every::Week, scope.begin),
        horizon: scope.horizon,
        as_of: scope.as_of,
    };
    let cases = stays.stays.iter().filter_map(|stay| {
        let team = (*places.get(stay.team as usize)?)?;
        Some(Case {
            team,
            entered: stay.entered,
            left: stay.left,
            went_on: stay.went_on.is_some(),
            value: value(stay),
        })
    });
    Cells::of(cases, &spec)
}
