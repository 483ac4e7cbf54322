//! Figures that other packages give, or that were made by another program of the same method.

mod common;

use common::{MEASURES, close, fixture, reference, shared};
use serde_json::Value;
use stats::calendar::{Calendar, Every};
use stats::cells::Cells;
use stats::imputation::Design;
use stats::rollout::Rollout;

#[test]
fn cells_are_those_of_the_reference() {
    let Some(table) = shared("tenon_cells.csv") else {
        return;
    };
    for (column, outcome) in [(3, MEASURES[0].1), (4, MEASURES[1].1)] {
        let (cells, _) = fixture(outcome).unwrap();
        assert_eq!((cells.periods(), cells.cases()), (28, 972.0));
        let mut rows = 0;
        for line in table.lines().skip(1) {
            let field: Vec<&str> = line.split(',').collect();
            let (team, week) = (field[0][1..].parse().unwrap(), field[1].parse().unwrap());
            assert_eq!(
                cells.n(team, week),
                field[2].parse::<f64>().unwrap(),
                "{line}"
            );
            let mean: f64 = field[column].parse().unwrap();
            let found = cells.mean(team, week).unwrap();
            assert!((found - mean).abs() < 1e-10, "{line}: {found}");
            rows += 1;
        }
        assert_eq!(cells.filled(), rows);
    }
}

#[test]
fn estimate_and_jackknife_are_those_of_the_reference() {
    let Some(reference) = reference() else {
        return;
    };
    for (name, outcome) in MEASURES {
        let expected = &reference["tenon_fixture"][name];
        let (cells, rollout) = fixture(outcome).unwrap();
        let usable = rollout.usable(&cells);
        let dropped: Vec<usize> = (0..28).filter(|&week| !usable[week]).collect();
        assert_eq!(dropped, [22]);
        let design = Design::new(&cells, &rollout, 28);
        let estimate = design.estimate().unwrap();
        assert_eq!(estimate.cells, 211);
        close(estimate.effect, &expected["att_weighted"], 1e-9, "effect");
        close(
            estimate.design_variance,
            &expected["design_var"],
            1e-9,
            "design variance",
        );
        let jackknife = design.jackknife().unwrap();
        close(jackknife.effect, &expected["att_weighted"], 1e-9, "effect");
        close(jackknife.se, &expected["jackknife_se"], 1e-8, "jackknife");
        assert_eq!(jackknife.df, 7.0);
        let interval = jackknife.interval(0.95);
        close(interval.low, &expected["ci95"][0], 1e-8, "low");
        close(interval.high, &expected["ci95"][1], 1e-8, "high");
        for (team, effect) in jackknife.without.iter().enumerate() {
            close(
                effect.unwrap(),
                &expected["leave_one_team_out"][team],
                1e-8,
                "without",
            );
        }
    }
}

/// Counties for teams and years for periods, each cell one case.
fn mpdta() -> Option<(Cells, Rollout)> {
    let text = shared("mpdta.csv")?;
    let mut rows: Vec<(u32, usize, f64, u32)> = Vec::new();
    for line in text.lines().skip(1) {
        let field: Vec<&str> = line.split(',').collect();
        let year: usize = field[0].parse().unwrap();
        let number = |i: usize| field[i].parse().unwrap();
        rows.push((number(1), year - 2003, field[3].parse().unwrap(), number(4)));
    }
    let mut counties: Vec<u32> = rows.iter().map(|r| r.0).collect();
    counties.sort_unstable();
    counties.dedup();
    let mut cells = Cells::empty(Calendar::from(Every::Week, 0), counties.len(), 5);
    let mut starts = vec![None; counties.len()];
    for (county, year, employment, first) in rows {
        let team = counties.binary_search(&county).unwrap();
        cells.add(team, year, employment);
        starts[team] = (first > 0).then(|| first - 2003);
    }
    Some((cells, Rollout::of_periods(&starts, 0)))
}

#[test]
fn minimum_wages_and_employment_give_the_published_effect() {
    let (Some(reference), Some((cells, rollout))) = (reference(), mpdta()) else {
        return;
    };
    let expected: &Value = &reference["mpdta"]["imputation_BJS"];
    let design = Design::new(&cells, &rollout, 5);
    let estimate = design.estimate().unwrap();
    close(estimate.effect, &expected["att"], 1e-9, "effect");
    let variance = &expected["design_variance_over_sigma2"];
    close(estimate.design_variance, variance, 1e-9, "design variance");
    let jackknife = design.jackknife().unwrap();
    close(
        jackknife.se,
        &expected["se_leave_one_unit_out_jackknife"],
        1e-8,
        "jackknife",
    );
}
