//! How long a verdict takes: `cargo run --release -p stats --example speed [cases] [teams] [weeks]`.

use std::num::NonZeroUsize;
use std::time::Instant;

use stats::calendar::{Calendar, DAY, Every, WEEK};
use stats::cells::{Case, Cells, Outcome, Spec};
use stats::checks::{Beside, Overlap};
use stats::equivalence::Stays;
use stats::measure::Measure;
use stats::rng::Rng;
use stats::verdict::{Input, Plan, judge};

fn main() {
    let mut given = std::env::args().skip(1).map_while(|text| text.parse().ok());
    let (cases, teams, weeks) = (
        given.next().unwrap_or(1_000_000u64),
        given.next().unwrap_or(200u64),
        given.next().unwrap_or(104u64),
    );
    let calendar = Calendar::from(Every::Week, 0);
    let mut rng = Rng::new(1);
    // One team in five never starts; the others start in ten waves in the middle half.
    let starts: Vec<_> = (0..teams)
        .map(|team| {
            (team % 5 > 0).then(|| calendar.start((weeks / 4 + team % 10 * weeks / 20) as i64))
        })
        .collect();
    let table: Vec<Case> = (0..cases)
        .map(|_| {
            let team = rng.below(teams) as u32;
            let entered = calendar.start(0) + rng.below(weeks * WEEK as u64) as i64;
            let treated = starts[team as usize].is_some_and(|start| start <= entered);
            let stay = (1.3 + 0.8 * rng.normal() - if treated { 0.05 } else { 0.0 }).exp();
            Case {
                team,
                entered,
                left: Some(entered + (stay * DAY as f64) as i64),
                went_on: rng.below(3) > 0,
                value: rng.normal(),
            }
        })
        .collect();
    let spec = |outcome: Outcome| Spec {
        outcome,
        teams: teams as usize,
        calendar,
        horizon: 2 * WEEK,
        as_of: calendar.start(weeks as i64 + 2),
    };
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let begun = Instant::now();
    let of = |outcome: Outcome| Cells::of(table.iter().copied(), &spec(outcome));
    let (days, on, value) = (
        of(Outcome::DaysInStep),
        of(Outcome::GoesOn),
        of(Outcome::Value),
    );
    let counted = begun.elapsed();
    let late: Vec<_> = starts.iter().map(|s| s.map(|s| s + 20 * WEEK)).collect();
    let verdict = judge(&Input {
        measure: Measure::DaysInStep,
        step: "Propose",
        cells: &days,
        starts: &starts,
        horizon: 2 * WEEK,
        washout: 2 * WEEK,
        plan: Plan::drawn(1),
        beside: Beside {
            placebo_step: Some(("Negotiate", &value)),
            covariates: vec![("amount", &value)],
            overlaps: vec![Overlap {
                name: "Lesson",
                ended: None,
                starts: &late,
            }],
            stays: vec![Stays {
                name: "goes on",
                cells: &on,
                zone: 0.02,
            }],
            ..Beside::default()
        },
        threads,
    });
    println!("{}", verdict.sentence);
    println!(
        "{cases} cases, {teams} teams, {weeks} weeks, {} orders, {} looks, {} checks: cells of three outcomes {:.0} ms, \
         in all {:.0} ms on {threads} threads",
        verdict.lot.map_or(0, |lot| lot.compared),
        verdict.looks.len(),
        verdict.checks.len(),
        counted.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3,
    );
}
