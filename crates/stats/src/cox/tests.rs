use super::*;
use proptest::prelude::*;

mod refusals;

/// Rows that need no data beside the project: times with ties, two covariates, made by a small generator.
struct Made {
    stop: Vec<f64>,
    event: Vec<bool>,
    treated: Vec<f64>,
    size: Vec<f64>,
}

fn made(rows: usize, mut seed: u64) -> Made {
    let mut next = |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut made = Made {
        stop: vec![],
        event: vec![],
        treated: vec![],
        size: vec![],
    };
    for _ in 0..rows {
        let treated = next(2);
        made.stop.push((1 + next(20 + 10 * treated)) as f64);
        made.event.push(next(4) > 0);
        made.treated.push(treated as f64);
        made.size.push(next(1000) as f64 / 100.0);
    }
    made
}

impl Made {
    fn fit(&self, ties: Ties) -> Cox {
        let covariates: [&[f64]; 2] = [&self.treated, &self.size];
        let rows = observations(&self.stop, &self.event, &covariates);
        Cox::fit(&rows, ties).unwrap()
    }
}

fn observations<'a>(
    stop: &'a [f64],
    event: &'a [bool],
    covariates: &'a [&'a [f64]],
) -> Observations<'a> {
    Observations {
        start: None,
        stop,
        event,
        covariates,
        strata: None,
    }
}

#[track_caller]
fn close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (g, e) in got.iter().zip(expected) {
        assert!(
            (g - e).abs() <= tolerance * e.abs().max(1.0),
            "{got:?} is not {expected:?}"
        );
    }
}

/// Rows 0 (treated) and 1, 2 (not): ends at 1 untreated, at 2 treated. With h the hazard ratio the likelihood is
/// 1/(2 + h) times h/(1 + h), greatest at h = sqrt(2).
#[test]
fn three_rows_by_hand() {
    let fit = Cox::fit(
        &observations(&[2.0, 1.0, 3.0], &[true, true, false], &[&[1.0, 0.0, 0.0]]),
        Ties::Efron,
    )
    .unwrap();
    let h = 2.0_f64.sqrt();
    close(&fit.coefficients, &[h.ln()], 1e-10);
    close(
        &[fit.log_likelihood],
        &[(h / ((2.0 + h) * (1.0 + h))).ln()],
        1e-12,
    );
    close(&[fit.log_likelihood_null], &[(1.0_f64 / 6.0).ln()], 1e-12);
    let information = 2.0 * h / (2.0 + h).powi(2) + h / (1.0 + h).powi(2);
    close(&fit.variance, &[1.0 / information], 1e-9);
    assert_eq!(
        fit.concordance(),
        Concordance {
            concordant: 1,
            discordant: 1,
            tied: 1
        }
    );
}

/// Four watched, two end at once: without effects Efron's likelihood is 1/4 times 1/3, Breslow's 1/16.
#[test]
fn ties_are_counted_as_they_say() {
    let covariates: [&[f64]; 1] = [&[1.0, 0.0, 1.0, 0.0]];
    let rows = observations(
        &[1.0, 1.0, 2.0, 3.0],
        &[true, true, false, false],
        &covariates,
    );
    let null = |ties| Cox::fit(&rows, ties).unwrap().log_likelihood_null;
    close(&[null(Ties::Efron)], &[-(12.0_f64.ln())], 1e-12);
    close(&[null(Ties::Breslow)], &[-(16.0_f64.ln())], 1e-12);
}

#[test]
fn cutting_rows_into_intervals_changes_nothing() {
    for ties in [Ties::Efron, Ties::Breslow] {
        let whole = made(150, 7);
        let mut cut = Made {
            stop: vec![],
            event: vec![],
            treated: vec![],
            size: vec![],
        };
        let (mut start, mut case) = (vec![], vec![]);
        for i in 0..whole.stop.len() {
            let mut from = 0.0;
            while from < whole.stop[i] {
                let until = (from + 4.0_f64).min(whole.stop[i]);
                start.push(from);
                case.push(i);
                cut.stop.push(until);
                cut.event.push(until == whole.stop[i] && whole.event[i]);
                cut.treated.push(whole.treated[i]);
                cut.size.push(whole.size[i]);
                from = until;
            }
        }
        let covariates: [&[f64]; 2] = [&cut.treated, &cut.size];
        let rows = Observations {
            start: Some(&start),
            ..observations(&cut.stop, &cut.event, &covariates)
        };
        let (one, many) = (whole.fit(ties), Cox::fit(&rows, ties).unwrap());
        close(&many.coefficients, &one.coefficients, 1e-10);
        close(&many.variance, &one.variance, 1e-10);
        close(&[many.log_likelihood], &[one.log_likelihood], 1e-12);
        close(
            &many.clustered_variance(&case).unwrap(),
            &one.robust_variance(),
            1e-10,
        );
        assert_eq!(many.concordance(), one.concordance());
        for clock in [Clock::KaplanMeier, Clock::Time] {
            let (one, many) = (
                one.proportionality(clock).unwrap(),
                many.proportionality(clock).unwrap(),
            );
            close(&[many.all.statistic], &[one.all.statistic], 1e-8);
        }
    }
}

/// A row whose risk dwarfs all others starts late; what it added to the sums must not linger.
#[test]
fn one_row_of_enormous_risk_leaves_no_trace() {
    let mut rows = made(200, 3);
    let mut start = vec![0.0; 200];
    let mut add = |rows: &mut Made, from: f64, size: f64| {
        start.push(from);
        rows.stop.push(1001.0);
        rows.event.push(false);
        rows.treated.push(1.0);
        rows.size.push(size);
        let covariates: [&[f64]; 2] = [&rows.treated, &rows.size];
        let all = observations(&rows.stop, &rows.event, &covariates);
        let fit = Cox::fit(
            &Observations {
                start: Some(&start),
                ..all
            },
            Ties::Efron,
        );
        fit.unwrap().coefficients
    };
    let plain = add(&mut rows, 0.0, 5.0);
    let beside = add(&mut rows, 1000.0, 30.0 / plain[1]);
    close(&beside, &plain, 1e-9);
}

#[test]
fn strata_add_up_and_keep_rates_of_their_own() {
    let one = made(120, 5);
    let twice = |v: &[f64]| [v, v].concat();
    let later: Vec<f64> = one.stop.iter().map(|t| t * 100.0).collect();
    let stop = [one.stop.clone(), later].concat();
    let event = [one.event.clone(), one.event.clone()].concat();
    let (treated, size) = (twice(&one.treated), twice(&one.size));
    let covariates: [&[f64]; 2] = [&treated, &size];
    let strata = [vec![3; 120], vec![9; 120]].concat();
    let rows = Observations {
        strata: Some(&strata),
        ..observations(&stop, &event, &covariates)
    };
    let (two, one) = (Cox::fit(&rows, Ties::Efron).unwrap(), one.fit(Ties::Efron));
    close(&two.coefficients, &one.coefficients, 1e-10);
    close(&[two.log_likelihood], &[2.0 * one.log_likelihood], 1e-12);
    assert_eq!(
        two.concordance().concordant,
        2 * one.concordance().concordant
    );
}

/// What each row pulls adds up to nothing at the maximum, and comes near what leaving it out does.
#[test]
fn dfbeta_is_about_what_leaving_a_row_out_does() {
    let all = made(300, 11);
    let fit = all.fit(Ties::Efron);
    let dfbeta = fit.dfbeta();
    for j in 0..2 {
        let sum: f64 = dfbeta.iter().skip(j).step_by(2).sum();
        assert!(sum.abs() < 1e-10);
    }
    for row in [0, 17, 123] {
        let mut rest = made(300, 11);
        rest.stop.remove(row);
        rest.event.remove(row);
        rest.treated.remove(row);
        rest.size.remove(row);
        let without = rest.fit(Ties::Efron).coefficients;
        for j in 0..2 {
            let change = fit.coefficients[j] - without[j];
            assert!((change - dfbeta[row * 2 + j]).abs() < 0.15 * fit.standard_errors()[j]);
        }
    }
}

/// A covariate that is nearly always nothing, and once enormous in a row that says little.
#[test]
fn one_extreme_value_is_no_separation() {
    let mut rows = made(200, 4);
    rows.size.iter_mut().for_each(|s| *s /= 1e4);
    rows.size[7] = 1e2;
    (rows.stop[7], rows.event[7]) = (0.5, false);
    let fit = rows.fit(Ties::Efron);
    rows.stop.remove(7);
    rows.event.remove(7);
    rows.treated.remove(7);
    rows.size.remove(7);
    close(&fit.coefficients, &rows.fit(Ties::Efron).coefficients, 1e-6);
}

#[test]
fn the_unit_and_the_middle_of_a_covariate_do_not_matter() {
    let mut rows = made(100, 2);
    let plain = rows.fit(Ties::Efron);
    rows.size.iter_mut().for_each(|s| *s = 1e9 + *s * 1000.0);
    let moved = rows.fit(Ties::Efron);
    close(
        &[moved.coefficients[1] * 1000.0],
        &[plain.coefficients[1]],
        1e-9,
    );
    close(
        &[moved.robust_standard_errors()[1] * 1000.0],
        &[plain.robust_standard_errors()[1]],
        1e-8,
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn concordance_is_what_looking_at_every_pair_gives(
        rows in proptest::collection::vec((0u8..6, 1u8..6, any::<bool>(), 0u8..4), 5..40),
    ) {
        let start: Vec<f64> = rows.iter().map(|r| f64::from(r.0)).collect();
        let stop: Vec<f64> = rows.iter().map(|r| f64::from(r.0 + r.1)).collect();
        let event: Vec<bool> = rows.iter().map(|r| r.2).collect();
        let x: Vec<f64> = rows.iter().map(|r| f64::from(r.3)).collect();
        let covariates: [&[f64]; 1] = [&x];
        let all = Observations { start: Some(&start), ..observations(&stop, &event, &covariates) };
        let Ok(fit) = Cox::fit(&all, Ties::Efron) else { return Ok(()) };
        // Without an effect all are tied.
        prop_assume!(fit.coefficients[0].abs() > 1e-9);
        let up = fit.coefficients[0] > 0.0;
        let mut expected = Concordance::default();
        for i in (0..rows.len()).filter(|&i| event[i]) {
            for j in 0..rows.len() {
                let goes_on = stop[j] > stop[i] || (stop[j] == stop[i] && !event[j]);
                if start[j] < stop[i] && goes_on {
                    if x[i] == x[j] {
                        expected.tied += 1;
                    } else if (x[i] > x[j]) == up {
                        expected.concordant += 1;
                    } else {
                        expected.discordant += 1;
                    }
                }
            }
        }
        prop_assert_eq!(fit.concordance(), expected);
    }
}
