use crate::shared::{Table, close, close_relative, lifelines, r, table};
use serde_json::Value;
use stats::cox::{Clock, Cox, CoxError, Observations, Ties};
use stats::strata::strata;

const TOLERANCE: f64 = 1e-7;
const ROSSI: [&str; 7] = ["fin", "age", "race", "wexp", "mar", "paro", "prio"];

/// Fits `names` to rows that end at `stop` when `event` is 1.
struct Model<'a> {
    data: &'a Table,
    stop: &'a str,
    event: &'a str,
    start: Option<&'a str>,
    strata: Option<&'a str>,
    ties: Ties,
}

impl<'a> Model<'a> {
    fn of(data: &'a Table, stop: &'a str, event: &'a str) -> Self {
        Self {
            data,
            stop,
            event,
            start: None,
            strata: None,
            ties: Ties::Efron,
        }
    }

    fn fit(&self, names: &[&str]) -> Result<Cox, CoxError> {
        let columns: Vec<Vec<f64>> = names.iter().map(|n| self.data.numbers(n)).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let strata = self.strata.map(|s| strata(self.data.text(s)).codes);
        let start = self.start.map(|s| self.data.numbers(s));
        let observations = Observations {
            start: start.as_deref(),
            stop: &self.data.numbers(self.stop),
            event: &self.data.flags(self.event),
            covariates: &columns,
            strata: strata.as_deref(),
        };
        Cox::fit(&observations, self.ties)
    }
}

#[track_caller]
fn same(got: &[f64], expected: &Value, names: &[&str], tolerance: f64) {
    assert_eq!(expected.as_object().unwrap().len(), names.len());
    for (got, name) in got.iter().zip(names) {
        close(name, *got, &expected[name], tolerance);
    }
}

#[test]
fn rossi_with_either_ties_is_that_of_r() {
    let (Some(data), Some(r)) = (table("rossi.csv"), r()) else {
        return;
    };
    for (key, ties) in [
        ("rossi_cox_efron", Ties::Efron),
        ("rossi_cox_breslow", Ties::Breslow),
    ] {
        let expected = &r[key];
        let fit = Model {
            ties,
            ..Model::of(&data, "week", "arrest")
        }
        .fit(&ROSSI)
        .unwrap();
        same(&fit.coefficients, &expected["coef"], &ROSSI, TOLERANCE);
        same(&fit.standard_errors(), &expected["se"], &ROSSI, TOLERANCE);
        close_relative(
            "null",
            fit.log_likelihood_null,
            &expected["loglik"][0],
            1e-9,
        );
        close_relative("fitted", fit.log_likelihood, &expected["loglik"][1], 1e-9);
        if ties == Ties::Efron {
            close(
                "concordance",
                fit.concordance().share().unwrap(),
                &expected["conc"],
                1e-9,
            );
        }
    }
}

#[test]
fn rossi_is_that_of_lifelines() {
    let (Some(data), Some(lifelines)) = (table("rossi.csv"), lifelines()) else {
        return;
    };
    let expected = &lifelines["cox"];
    let fit = Model::of(&data, "week", "arrest").fit(&ROSSI).unwrap();
    same(&fit.coefficients, &expected["coef"], &ROSSI, TOLERANCE);
    same(&fit.standard_errors(), &expected["se"], &ROSSI, TOLERANCE);
    close_relative("fitted", fit.log_likelihood, &expected["ll"], 1e-9);
    close(
        "concordance",
        fit.concordance().share().unwrap(),
        &expected["conc"],
        1e-9,
    );
}

#[test]
fn rossi_robust_errors_are_those_of_r() {
    let (Some(data), Some(r)) = (table("rossi.csv"), r()) else {
        return;
    };
    let names = ["fin", "age", "prio"];
    let fit = Model::of(&data, "week", "arrest").fit(&names).unwrap();
    let expected = &r["rossi_cox_robust"];
    same(&fit.coefficients, &expected["coef"], &names, TOLERANCE);
    same(
        &fit.robust_standard_errors(),
        &expected["robust_se"],
        &names,
        TOLERANCE,
    );
}

#[test]
fn rossi_proportionality_is_that_of_r() {
    let (Some(data), Some(r)) = (table("rossi.csv"), r()) else {
        return;
    };
    let fit = Model::of(&data, "week", "arrest").fit(&ROSSI).unwrap();
    let tests = fit.proportionality(Clock::KaplanMeier).unwrap();
    let expected = &r["rossi_zph_km"];
    for (test, name) in tests
        .each
        .iter()
        .chain([&tests.all])
        .zip(ROSSI.iter().chain(&["GLOBAL"]))
    {
        close(name, test.statistic, &expected["chisq"][name], TOLERANCE);
        close(name, test.p(), &expected["p"][name], TOLERANCE);
    }
}

#[test]
fn lung_by_institution_is_that_of_r() {
    let (Some(data), Some(r)) = (table("lung_inst.csv"), r()) else {
        return;
    };
    let names = ["age", "sex", "ph.ecog"];
    let fit = Model::of(&data, "time", "event").fit(&names).unwrap();
    let institutions = strata(data.text("inst"));
    let clustered = fit.clustered_standard_errors(&institutions.codes).unwrap();
    let expected = &r["lung_cox_cluster_inst"];
    assert_eq!(Some(data.text("inst").len() as u64), expected["n"].as_u64());
    assert_eq!(
        Some(institutions.labels.len() as u64),
        expected["clusters"].as_u64()
    );
    same(&fit.coefficients, &expected["coef"], &names, TOLERANCE);
    same(
        &fit.standard_errors(),
        &expected["naive_se"],
        &names,
        TOLERANCE,
    );
    same(&clustered, &expected["cluster_se"], &names, TOLERANCE);
}

/// lifelines stops a little early here, and its errors by cluster differ from R's by 0.1% where ends are tied.
#[test]
fn lung_by_institution_is_near_that_of_lifelines() {
    let (Some(data), Some(lifelines)) = (table("lung_inst.csv"), lifelines()) else {
        return;
    };
    let fit = Model::of(&data, "time", "event")
        .fit(&["age", "sex", "ph.ecog"])
        .unwrap();
    let clustered = fit
        .clustered_standard_errors(&strata(data.text("inst")).codes)
        .unwrap();
    let expected = &lifelines["lung_cluster"];
    for (j, name) in ["age", "sex", "ecog"].iter().enumerate() {
        close(name, fit.coefficients[j], &expected["coef"][name], 3e-6);
        close_relative(name, clustered[j], &expected["se"][name], 2e-3);
    }
}

#[test]
fn lung_within_strata_is_that_of_r() {
    let (Some(data), Some(r)) = (table("lung_inst.csv"), r()) else {
        return;
    };
    let names = ["age", "sex"];
    let model = Model {
        strata: Some("ph.ecog"),
        ..Model::of(&data, "time", "event")
    };
    let fit = model.fit(&names).unwrap();
    same(
        &fit.coefficients,
        &r["lung_cox_strata"]["coef"],
        &names,
        TOLERANCE,
    );
    same(
        &fit.standard_errors(),
        &r["lung_cox_strata"]["se"],
        &names,
        TOLERANCE,
    );
}

/// Sorted by whether they ever got a new heart, patients seem to gain by it; counted as waiting until they got it, not.
#[test]
fn stanford_hearts_are_those_of_r_and_lifelines() {
    let (Some(ever), Some(until)) = (table("jasa.csv"), table("stanford_heart.csv")) else {
        return;
    };
    let (Some(r), Some(lifelines)) = (r(), lifelines()) else {
        return;
    };
    let names = ["transplant", "age"];
    let fit = Model::of(&ever, "futime", "fustat").fit(&names).unwrap();
    let expected = &r["heart_immortal"]["naive_ever_transplanted"];
    same(&fit.coefficients, &expected["coef"], &names, TOLERANCE);
    same(&fit.standard_errors(), &expected["se"], &names, TOLERANCE);

    let model = Model {
        start: Some("start"),
        ..Model::of(&until, "stop", "event")
    };
    let fit = model.fit(&names).unwrap();
    let expected = &r["heart_immortal"]["time_dependent"];
    same(
        &fit.coefficients,
        &expected["coef"],
        &["transplant1", "age"],
        TOLERANCE,
    );
    same(
        &fit.standard_errors(),
        &expected["se"],
        &["transplant1", "age"],
        TOLERANCE,
    );
    same(
        &fit.coefficients,
        &lifelines["heart"]["coef"],
        &names,
        TOLERANCE,
    );
    same(
        &fit.standard_errors(),
        &lifelines["heart"]["se"],
        &names,
        TOLERANCE,
    );
}
