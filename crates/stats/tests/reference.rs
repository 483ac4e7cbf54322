//! Figures that other packages give, or that were made by another program of the same method.

#![allow(clippy::unwrap_used)]

mod common;

use std::num::NonZeroUsize;

use common::{MEASURES, close, fixture, near, reference, shared};
use serde_json::Value;
use stats::calendar::{Calendar, Every};
use stats::cells::Cells;
use stats::dist::t_to_z;
use stats::imputation::Design;
use stats::lots::{Lots, interval, read, share_as_extreme};
use stats::rollout::Rollout;
use stats::spending::{Spending, boundary, mixture};

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

#[test]
fn the_lot_gives_the_exact_share_and_interval_of_the_reference() {
    let Some(reference) = reference() else {
        return;
    };
    for (name, outcome) in MEASURES {
        let expected = &reference["tenon_fixture"][name];
        let (cells, rollout) = fixture(outcome).unwrap();
        let lots = Lots::usual(&rollout, 0);
        assert_eq!((lots.orders().len(), lots.exact), (2520, true));
        let readings = read(&cells, lots.orders(), &[28], NonZeroUsize::MIN);
        let share = share_as_extreme(&readings.looks[0]).unwrap();
        let count = expected["perm_exact_p"].as_f64().unwrap() * 2520.0;
        assert_eq!((share * 2520.0).round(), count.round());
        near(share, &expected["perm_exact_p"], 1e-12, "share");
        let found = interval(&readings.looks[0], 0.95).unwrap();
        near(found.low, &expected["perm_ci95"][0], 1e-6, "low");
        near(found.high, &expected["perm_ci95"][1], 1e-6, "high");
        // Looking once is looking in sequence with a single look.
        let once = readings.interval(&[0.05], 0.95).unwrap();
        near(
            once.low,
            &expected["perm_ci95"][0],
            1e-6,
            "low, in sequence",
        );
        near(
            once.high,
            &expected["perm_ci95"][1],
            1e-6,
            "high, in sequence",
        );
    }
}

#[test]
fn boundaries_are_those_of_the_reference() {
    let Some(reference) = reference() else {
        return;
    };
    let expected = &reference["sequential"];
    let looks = |n: u32| {
        (1..=n)
            .map(|k| f64::from(k) / f64::from(n))
            .collect::<Vec<f64>>()
    };
    for (key, n) in [
        ("lan_demets_obf_two_sided_0.05_equal_looks_5", 5),
        ("lan_demets_10", 10),
    ] {
        let way = looks(n);
        let spent: Vec<f64> = way
            .iter()
            .map(|&t| Spending::ObrienFleming.spent(t, 0.05))
            .collect();
        for (k, found) in boundary(&spent, &way).into_iter().enumerate() {
            near(found, &expected[key][k], 1e-4, key);
        }
    }
    let way = looks(5);
    let spent: Vec<f64> = way
        .iter()
        .map(|&t| Spending::Power(2.0).spent(t, 0.05))
        .collect();
    for (k, found) in boundary(&spent, &way).into_iter().enumerate() {
        near(
            found,
            &expected["power_family_alpha_t2_5_looks"]["ours"][k],
            1e-4,
            "power",
        );
    }
    let mixed = expected["mixture_z_boundary_at_info_over_opt"]
        .as_object()
        .unwrap();
    for (ratio, value) in mixed {
        near(
            mixture(ratio.parse().unwrap(), 1.0, 0.05),
            value,
            1e-9,
            "mixture",
        );
    }
    near(
        t_to_z(3.0, 5.0),
        &expected["t_to_z"]["t=3,df=5"],
        1e-9,
        "t to z",
    );
    near(
        t_to_z(-2.5, 11.0),
        &expected["t_to_z"]["t=-2.5,df=11"],
        1e-9,
        "t to z",
    );
}
