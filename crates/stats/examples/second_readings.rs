//! How long the second readings take: `cargo run --release -p stats --example second_readings`.
//!
//! Cox with errors by cluster on 200,000 rows, Callaway and Sant'Anna on the cells of a million cases and on a panel of
//! a million rows. Seeds are fixed; peak memory is the shell's to measure.

use stats::callaway_santanna::{Cell, Controls, Effects, Grid, Options, Panel};
use stats::cox::{Clock, Cox, Observations, Ties};
use stats::strata::strata;
use stats::survival::{kaplan_meier, log_rank};
use std::time::Instant;

/// A small generator, good enough to time with: Knuth's multiplier, the high bits.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Nearly normal: enough uniform ones added up.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = run();
    println!("{what}: {:.3} s", begin.elapsed().as_secs_f64());
    result
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cox(200_000, 40)?;
    cells(1_000_000, 40, 104)?;
    panel(100_000, 10)?;
    Ok(())
}

/// Times in tenths of days, so that many are tied; each case one interval before its team started and one after.
fn cox(rows: usize, clusters: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut noise = Noise(1);
    let (mut start, mut stop, mut event, mut team) = (vec![], vec![], vec![], vec![]);
    let mut columns = vec![Vec::new(); 5];
    while stop.len() < rows {
        let (case_team, early) = (noise.below(clusters), noise.below(100) as f64 / 10.0);
        let traits: Vec<f64> = (0..4).map(|_| noise.normal()).collect();
        let rate = 0.1 * (0.3 * traits[0] - 0.2 * traits[1]).exp();
        let length = (-noise.uniform().ln() / rate * 10.0).ceil() / 10.0;
        for (from, until, used) in [(0.0, early, 0.0), (early, 30.0, 1.0)] {
            if from < until && from < length {
                start.push(from);
                stop.push(length.min(until));
                event.push(length <= until);
                team.push(case_team);
                columns[4].push(used);
                columns
                    .iter_mut()
                    .zip(&traits)
                    .for_each(|(c, t)| c.push(*t));
            }
        }
    }
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let whole = Observations {
        start: None,
        stop: &stop,
        event: &event,
        covariates: &covariates,
        strata: None,
    };
    let ends = event.iter().filter(|e| **e).count();
    println!(
        "{} rows, {ends} ends, 5 covariates, {clusters} clusters",
        stop.len()
    );
    timed("Kaplan-Meier", || kaplan_meier(&stop, &event));
    timed("log-rank", || log_rank(&stop, &event, &team, None));
    let fit = timed("Cox, Efron", || Cox::fit(&whole, Ties::Efron))?;
    timed("errors by cluster", || fit.clustered_standard_errors(&team))?;
    timed("concordance", || fit.concordance());
    timed("proportionality", || {
        fit.proportionality(Clock::KaplanMeier)
    });
    let cut = Observations {
        start: Some(&start),
        ..whole
    };
    let fit = timed("Cox, intervals", || Cox::fit(&cut, Ties::Efron))?;
    timed("errors by cluster", || fit.clustered_standard_errors(&team))?;
    let stratified = Observations {
        strata: Some(&team),
        ..cut
    };
    timed("Cox, intervals, strata", || {
        Cox::fit(&stratified, Ties::Efron)
    })?;
    println!(
        "coefficients {:.4?} in {} steps",
        fit.coefficients, fit.iterations
    );
    Ok(())
}

fn cells(cases: usize, teams: usize, weeks: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut noise = Noise(2);
    let start = |team: usize| (!team.is_multiple_of(5)).then_some(40 + (team % 5 * 10) as i64);
    let starts: Vec<Option<i64>> = (0..teams).map(start).collect();
    let rows: Vec<(usize, i64, f64)> = (0..cases)
        .map(|_| {
            let (team, week) = (noise.below(teams), noise.below(weeks) as i64);
            let effect = if starts[team].is_some_and(|s| s <= week) {
                -0.5
            } else {
                0.0
            };
            (
                team,
                week,
                5.0 + team as f64 / 10.0 + effect + noise.normal(),
            )
        })
        .collect();
    println!("{cases} cases, {teams} teams, {weeks} weeks");
    let grid = timed("cells", || {
        let mut sums = vec![(0.0, 0.0); teams * weeks];
        for (team, week, y) in &rows {
            let (sum, count) = &mut sums[team * weeks + *week as usize];
            (*sum, *count) = (*sum + y, *count + 1.0);
        }
        let cell = |(i, (sum, cases)): (usize, &(f64, f64))| Cell {
            team: i / weeks,
            week: (i % weeks) as i64,
            mean: sum / cases,
            cases: *cases,
        };
        Grid::new(
            &sums.iter().enumerate().map(cell).collect::<Vec<_>>(),
            &starts,
        )
    })?;
    let options = Options::default();
    let effects = timed("effects", || Effects::estimate(&grid.panel(), options))?;
    let simple = timed("four aggregates", || {
        let others = (
            effects.by_group(),
            effects.by_exposure(),
            effects.by_period(),
        );
        (effects.simple(), others).0
    });
    let jackknife = timed("leaving teams out", || grid.jackknife(options))?;
    println!(
        "{} effects, {simple:.4?}, jackknife {jackknife:.4?}",
        effects.effects.len()
    );
    Ok(())
}

fn panel(units: usize, periods: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut noise = Noise(3);
    let years: Vec<i64> = (0..periods as i64).collect();
    let (mut outcomes, mut starts, mut size) = (Vec::new(), Vec::new(), Vec::new());
    for u in 0..units {
        let start = [None, Some(4), Some(6), Some(8)][u % 4];
        let x = noise.normal();
        for &t in &years {
            let effect = if start.is_some_and(|s| s <= t) {
                1.0
            } else {
                0.0
            };
            outcomes.push(x * 0.1 * t as f64 + effect + noise.normal());
        }
        starts.push(start);
        size.push(x);
    }
    println!("{} rows, {units} units", outcomes.len());
    let covariates: [&[f64]; 1] = [&size];
    let with = Panel {
        periods: &years,
        outcomes: &outcomes,
        starts: &starts,
        weights: None,
        covariates: &covariates,
    };
    let options = Options {
        controls: Controls::NeverTreated,
        ..Options::default()
    };
    for (what, panel) in [
        (
            "no covariates",
            Panel {
                covariates: &[],
                ..with
            },
        ),
        ("doubly robust", with),
    ] {
        let effects = timed(what, || Effects::estimate(&panel, options))?;
        let simple = timed("four aggregates", || {
            let others = (
                effects.by_group(),
                effects.by_exposure(),
                effects.by_period(),
            );
            (effects.simple(), others).0
        });
        println!(
            "{} effects of {} starts, {simple:.4?}",
            effects.effects.len(),
            strata(&starts).labels.len() - 1
        );
    }
    Ok(())
}
