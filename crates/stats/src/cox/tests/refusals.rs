use super::*;

#[test]
fn what_cannot_be_estimated_says_why() {
    let (stop, event) = ([1.0, 2.0, 3.0, 4.0], [true, true, true, false]);
    let (a, b) = ([1.0, 0.0, 0.5, 2.0], [2.0, 0.0, 1.0, 4.0]);
    let fit = |stop: &[f64], event: &[bool], covariates: &[&[f64]]| {
        Cox::fit(&observations(stop, event, covariates), Ties::Efron).unwrap_err()
    };
    assert_eq!(fit(&stop, &event, &[]), CoxError::NoCovariates);
    assert_eq!(fit(&stop, &[false; 4], &[&a]), CoxError::NoEvents);
    assert_eq!(
        fit(&stop, &event, &[&a, &b]),
        CoxError::Collinear { covariate: 1 }
    );
    assert_eq!(
        fit(&stop, &event, &[&[7.0; 4]]),
        CoxError::DoesNotVary { covariate: 0 }
    );
    let separate = fit(&stop, &event, &[&[1.0, 1.0, 1.0, 0.0]]);
    assert_eq!(separate, CoxError::Separation { covariate: 0 });
    assert_eq!(
        fit(&stop, &event, &[&[4.0, 3.0, 2.0, 1.0]]),
        CoxError::Separation { covariate: 0 }
    );
    let infinite = fit(&stop, &event, &[&a, &[0.0, f64::INFINITY, 1.0, 1.0]]);
    assert_eq!(
        infinite,
        CoxError::Covariate {
            row: 1,
            covariate: 1
        }
    );
    assert_eq!(
        fit(&[1.0, f64::NAN, 3.0, 4.0], &event, &[&a]),
        CoxError::Time { row: 1 }
    );
    let short = CoxError::Lengths {
        what: "event",
        expected: 4,
        found: 3,
    };
    assert_eq!(fit(&stop, &event[..3], &[&a]), short);
    assert_eq!(
        short.to_string(),
        "event has 3 entries where there are 4 rows: give one per row"
    );
    let covariates: [&[f64]; 1] = [&a];
    let empty = Observations {
        start: Some(&[0.0, 2.0, 0.0, 0.0]),
        ..observations(&stop, &event, &covariates)
    };
    assert_eq!(
        Cox::fit(&empty, Ties::Efron).unwrap_err(),
        CoxError::EmptyInterval { row: 1 }
    );
    let fit = made(50, 1).fit(Ties::Efron);
    assert_eq!(
        fit.clustered_variance(&[4; 50]).unwrap_err(),
        CoxError::TooFewClusters { clusters: 1 }
    );
}

/// Constant within each stratum, though not overall.
#[test]
fn what_strata_explain_does_not_vary() {
    let covariates: [&[f64]; 1] = [&[1.1, 1.1, 2.3, 2.3]];
    let rows = Observations {
        strata: Some(&[0, 0, 1, 1]),
        ..observations(&[1.0, 2.0, 3.0, 4.0], &[true; 4], &covariates)
    };
    assert_eq!(
        Cox::fit(&rows, Ties::Efron).unwrap_err(),
        CoxError::DoesNotVary { covariate: 0 }
    );
}
