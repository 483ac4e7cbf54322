use crate::shared::{Table, close, number, reference, table};
use serde_json::Value;
use stats::callaway_santanna::{Cell, Controls, Effects, Estimate, Grid, Options, Panel};

/// R's `mpdta`: teen employment (log) in 500 counties, 2003 to 2007, by when they raised their minimum wage.
struct Counties {
    periods: Vec<i64>,
    employment: Vec<f64>,
    starts: Vec<Option<i64>>,
    population: Vec<f64>,
}

fn counties(data: &Table) -> Counties {
    let years: Vec<i64> = (2003..=2007).collect();
    let whole = |column: &str| {
        data.numbers(column)
            .into_iter()
            .map(|v| v as i64)
            .collect::<Vec<_>>()
    };
    let (year, county, first) = (whole("year"), whole("countyreal"), whole("first.treat"));
    let mut ids = county.clone();
    ids.sort_unstable();
    ids.dedup();
    let mut all = Counties {
        employment: vec![f64::NAN; ids.len() * years.len()],
        starts: vec![None; ids.len()],
        population: vec![f64::NAN; ids.len()],
        periods: years,
    };
    let (employment, population) = (data.numbers("lemp"), data.numbers("lpop"));
    for i in 0..year.len() {
        let unit = ids.partition_point(|id| *id < county[i]);
        all.employment[unit * 5 + (year[i] - 2003) as usize] = employment[i];
        all.starts[unit] = Some(first[i]).filter(|g| *g > 0);
        all.population[unit] = population[i];
    }
    all
}

impl Counties {
    fn panel<'a>(&'a self, covariates: &'a [&'a [f64]]) -> Panel<'a> {
        Panel {
            periods: &self.periods,
            outcomes: &self.employment,
            starts: &self.starts,
            weights: None,
            covariates,
        }
    }
}

fn options(controls: Controls) -> Options {
    Options {
        controls,
        ..Options::default()
    }
}

#[track_caller]
fn same(what: &str, got: Estimate, expected: &Value, tolerance: f64) {
    close(what, got.value, &expected[0], tolerance);
    close(
        &format!("error of {what}"),
        got.standard_error,
        &expected[1],
        tolerance,
    );
}

#[track_caller]
fn aggregates(effects: &Effects, expected: &Value, tolerance: f64) {
    same(
        "simple",
        effects.simple().unwrap(),
        &expected["simple"],
        tolerance,
    );
    same(
        "group",
        effects.by_group().unwrap().overall,
        &expected["group"],
        tolerance,
    );
    same(
        "dynamic",
        effects.by_exposure().unwrap().overall,
        &expected["dynamic"],
        tolerance,
    );
    same(
        "calendar",
        effects.by_period().unwrap().overall,
        &expected["calendar"],
        tolerance,
    );
}

#[test]
fn counties_without_covariates_are_those_of_three_packages() {
    let (Some(data), Some(reference)) = (table("mpdta.csv"), reference()) else {
        return;
    };
    let expected =
        &reference["mpdta"]["csdid_0.4.3__diff-diff_3.13.0__differences_0.3.0__no_covariates"];
    let counties = counties(&data);
    let never = Effects::estimate(&counties.panel(&[]), options(Controls::NeverTreated)).unwrap();
    let by_hand = expected["never_treated"]["att_gt"].as_array().unwrap();
    assert_eq!(never.effects.len(), by_hand.len());
    for (effect, expected) in never.effects.iter().zip(by_hand) {
        assert_eq!(Some(effect.group), expected[0].as_i64());
        assert_eq!(Some(effect.period), expected[1].as_i64());
        let what = format!("{} in {}", effect.group, effect.period);
        close(&what, effect.estimate.value, &expected[2], 1e-9);
        close(&what, effect.estimate.standard_error, &expected[3], 1e-9);
    }
    aggregates(&never, &expected["never_treated"], 1e-9);
    let later = Effects::estimate(&counties.panel(&[]), options(Controls::NotYetTreated)).unwrap();
    aggregates(&later, &expected["not_yet_treated"], 1e-9);
}

#[test]
fn counties_by_population_are_those_of_csdid() {
    let (Some(data), Some(reference)) = (table("mpdta.csv"), reference()) else {
        return;
    };
    let counties = counties(&data);
    let covariates: [&[f64]; 1] = [&counties.population];
    let effects = Effects::estimate(
        &counties.panel(&covariates),
        options(Controls::NeverTreated),
    );
    let expected = &reference["mpdta"]["dr_with_lpop__csdid_0.4.3"]["never_treated"];
    aggregates(&effects.unwrap(), expected, 1e-6);
}

#[test]
fn counties_as_cells_are_the_same() {
    let Some(data) = table("mpdta.csv") else {
        return;
    };
    let counties = counties(&data);
    let cell = |(i, &mean): (usize, &f64)| Cell {
        team: i / 5,
        week: 2003 + (i % 5) as i64,
        mean,
        cases: 3.0,
    };
    let cells: Vec<Cell> = counties.employment.iter().enumerate().map(cell).collect();
    let grid = Grid::new(&cells, &counties.starts).unwrap();
    for controls in [Controls::NeverTreated, Controls::NotYetTreated] {
        let one = Effects::estimate(&counties.panel(&[]), options(controls)).unwrap();
        let other = Effects::estimate(&grid.panel(), options(controls)).unwrap();
        assert_eq!(one.effects, other.effects);
        assert_eq!(one.simple(), other.simple());
    }
}

/// There is no reference for these cells by this method. It reads the same cells as the verdict, so both must lie
/// within what the two of them leave open.
#[test]
fn the_verdicts_cells_are_read_within_its_interval() {
    let (Some(data), Some(reference)) = (table("tenon_cells.csv"), reference()) else {
        return;
    };
    let teams = stats::strata::strata(data.text("team"));
    let mut starts = vec![None; teams.labels.len()];
    for outcome in ["y", "cv"] {
        let (week, n, mean, g) = (
            data.numbers("week"),
            data.numbers("n"),
            data.numbers(outcome),
            data.numbers("g"),
        );
        let mut cells = Vec::new();
        for (i, &team) in teams.codes.iter().enumerate() {
            starts[team] = Some(g[i] as i64);
            cells.push(Cell {
                team,
                week: week[i] as i64,
                mean: mean[i],
                cases: n[i],
            });
        }
        let grid = Grid::new(&cells, &starts).unwrap();
        let options = options(Controls::NotYetTreated);
        let simple = Effects::estimate(&grid.panel(), options)
            .unwrap()
            .simple()
            .unwrap();
        let jackknife = grid.jackknife(options).unwrap();
        println!("{outcome}: {simple:?}, leaving teams out {jackknife:?}");
        let verdict = &reference["tenon_fixture"][outcome];
        let apart = (simple.value - number(&verdict["att_weighted"])).abs();
        assert!(
            apart
                < 2.0
                    * simple
                        .standard_error
                        .hypot(number(&verdict["jackknife_se"]))
        );
    }
}
