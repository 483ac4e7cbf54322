use crate::shared::{Table, close, close_relative, lifelines, number, numbers, r, table};
use stats::strata::strata;
use stats::survival::{Curve, LogRank, kaplan_meier_by, log_rank};

const TOLERANCE: f64 = 1e-9;

/// One curve for each label of `by`, labels rising.
fn curves(data: &Table, time: &str, end: &str, by: &str) -> Vec<Curve> {
    let groups = strata(data.text(by));
    kaplan_meier_by(&data.numbers(time), &data.flags(end), &groups.codes)
}

fn compare(data: &Table, time: &str, end: &str, by: &str) -> LogRank {
    let groups = strata(data.text(by));
    log_rank(&data.numbers(time), &data.flags(end), &groups.codes, None).unwrap()
}

#[test]
fn rossi_curves_are_those_of_r() {
    let (Some(data), Some(r)) = (table("rossi.csv"), r()) else {
        return;
    };
    let curves = curves(&data, "week", "arrest", "fin");
    let expected = &r["rossi_km"];
    for (i, time) in numbers(&expected["time"]).into_iter().enumerate() {
        let curve = &curves[usize::from(expected["strata"][i] == "fin=1")];
        let what = format!("{} at {time}", expected["strata"][i]);
        close_relative(
            &what,
            curve.survival_at(time).unwrap(),
            &expected["surv"][i],
            TOLERANCE,
        );
        let se = curve.standard_error_at(time).unwrap();
        close_relative(&what, se, &expected["se"][i], TOLERANCE);
        // Nobody is cut off before week 52: who did not end before is still watched.
        let last = curve.times.iter().rposition(|t| *t < time).unwrap();
        let watched = curve.at_risk[last] - curve.ends[last];
        assert_eq!(Some(watched), expected["n_risk"][i].as_u64(), "{what}");
    }
    for (fin, curve) in curves.iter().enumerate() {
        let expected = &r["rossi_rmst52"][format!("fin{fin}")];
        close_relative(
            "mean",
            curve.restricted_mean(52.0).unwrap(),
            &expected["rmst"],
            TOLERANCE,
        );
        let se = curve.restricted_mean_standard_error(52.0).unwrap();
        close_relative("its error", se, &expected["se"], TOLERANCE);
    }
}

#[test]
fn waltons_curves_are_those_of_r() {
    let (Some(data), Some(r)) = (table("waltons.csv"), r()) else {
        return;
    };
    let curves = curves(&data, "T", "E", "group");
    for (curve, key) in curves.iter().zip(["control", "mir137"]) {
        let expected = &r["waltons_rmst60"][key];
        close_relative(
            key,
            curve.restricted_mean(60.0).unwrap(),
            &expected[0],
            TOLERANCE,
        );
        let se = curve.restricted_mean_standard_error(60.0).unwrap();
        close_relative(key, se, &expected[1], TOLERANCE);
        assert_eq!(curve.median().unwrap(), number(&r["waltons_median"][key]));
    }
}

#[test]
fn log_rank_tests_are_those_of_r_and_lifelines() {
    let (Some(rossi), Some(waltons)) = (table("rossi.csv"), table("waltons.csv")) else {
        return;
    };
    let (Some(r), Some(lifelines)) = (r(), lifelines()) else {
        return;
    };
    let rossi = compare(&rossi, "week", "arrest", "fin").test;
    close_relative(
        "R",
        rossi.statistic,
        &r["rossi_logrank"]["chisq"],
        TOLERANCE,
    );
    close_relative("R, p", rossi.p(), &r["rossi_logrank"]["p"], TOLERANCE);
    close_relative("lifelines", rossi.statistic, &lifelines["lr"], TOLERANCE);
    let waltons = compare(&waltons, "T", "E", "group").test;
    close_relative(
        "R",
        waltons.statistic,
        &r["waltons_logrank"]["chisq"],
        TOLERANCE,
    );
}

/// lifelines' "variance" of the restricted mean is how much min(T, horizon) itself varies, and its root. It integrates
/// a step function by quadrature and misses by up to 0.07%; for rossi fin=0 the exact figure is 181.898.
#[test]
fn curves_are_those_of_lifelines() {
    let (Some(rossi), Some(waltons)) = (table("rossi.csv"), table("waltons.csv")) else {
        return;
    };
    let Some(lifelines) = lifelines() else { return };
    for (fin, curve) in curves(&rossi, "week", "arrest", "fin").iter().enumerate() {
        let expected = &lifelines["km_rmst"][fin.to_string()];
        let mean = curve.restricted_mean(52.0).unwrap();
        close_relative("mean", mean, &expected[0], TOLERANCE);
        let variance = second_moment(curve, 52.0) - mean * mean;
        close_relative("spread", variance, &expected[1], 1e-3);
        close_relative("spread", variance.sqrt(), &expected[2], 1e-3);
        for (i, time) in [10.0, 20.0, 30.0, 40.0, 52.0].into_iter().enumerate() {
            close(
                "curve",
                curve.survival_at(time).unwrap(),
                &expected[3][i],
                TOLERANCE,
            );
        }
    }
    for (curve, key) in curves(&waltons, "T", "E", "group")
        .iter()
        .zip(["control", "miR-137"])
    {
        let expected = &lifelines["wal"][key];
        close_relative(
            key,
            curve.restricted_mean(60.0).unwrap(),
            &expected[0],
            TOLERANCE,
        );
        assert_eq!(curve.median().unwrap(), number(&expected[1]));
    }
}

/// Of min(T, horizon): twice the integral of t S(t).
fn second_moment(curve: &Curve, horizon: f64) -> f64 {
    let (mut from, mut level, mut sum) = (0.0, 1.0, 0.0);
    for (&time, &survival) in curve.times.iter().zip(&curve.survival) {
        let until = time.min(horizon);
        sum += level * (until * until - from * from);
        (from, level) = (until, survival);
    }
    sum + level * (horizon * horizon - from * from)
}
