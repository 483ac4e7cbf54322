use super::*;

const PERIODS: [i64; 6] = [1, 2, 3, 4, 5, 6];

/// Units that all follow one trend of their own size, and once started gain 1 for each period since, times `gain`.
fn following(starts: &[Option<i64>], gain: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut outcomes = Vec::new();
    for (u, start) in starts.iter().enumerate() {
        for t in PERIODS {
            let since = start.map_or(0, |s| (t - s + 1).max(0));
            outcomes.push(10.0 * u as f64 + (t * t) as f64 + gain(u) * since as f64);
        }
    }
    outcomes
}

fn panel<'a>(outcomes: &'a [f64], starts: &'a [Option<i64>]) -> Panel<'a> {
    Panel {
        periods: &PERIODS,
        outcomes,
        starts,
        weights: None,
        covariates: &[],
    }
}

#[track_caller]
fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
}

/// Later starts gain less: two-way fixed effects would mix them up, each comparison here finds its own.
#[test]
fn effects_that_grow_and_differ_are_found_exactly() {
    let starts = [Some(3), Some(3), Some(5), Some(5), None, None];
    let gain = |u: usize| if u < 2 { 2.0 } else { 0.5 };
    let outcomes = following(&starts, gain);
    for controls in [Controls::NeverTreated, Controls::NotYetTreated] {
        for base in [Base::Varying, Base::Universal] {
            let options = Options {
                controls,
                base,
                anticipation: 0,
            };
            let effects = Effects::estimate(&panel(&outcomes, &starts), options).unwrap();
            for e in &effects.effects {
                let each = if e.group == 3 { 2.0 } else { 0.5 };
                close(
                    e.estimate.value,
                    each * (e.period - e.group + 1).max(0) as f64,
                );
            }
            let starts_at = if base == Base::Varying { 2 } else { 1 };
            assert_eq!(effects.effects[0].period, starts_at);
            // Four periods of 2, 4, 6, 8 and two of 0.5, 1.
            close(effects.simple().unwrap().value, 21.5 / 6.0);
            let by_group = effects.by_group().unwrap();
            close(by_group.parts[0].estimate.value, 5.0);
            close(by_group.parts[1].estimate.value, 0.75);
            close(by_group.overall.value, 2.875);
            let exposure = effects.by_exposure().unwrap();
            assert_eq!(exposure.parts.first().unwrap().at, starts_at - 5);
            close(exposure.parts.last().unwrap().estimate.value, 8.0);
            close(exposure.overall.value, (1.25 + 2.5 + 6.0 + 8.0) / 4.0);
            let period = effects.by_period().unwrap();
            assert_eq!(
                period.parts.iter().map(|p| p.at).collect::<Vec<_>>(),
                [3, 4, 5, 6]
            );
            close(period.overall.value, (2.0 + 4.0 + 3.25 + 4.5) / 4.0);
        }
    }
}

/// One comparison of two and two by hand.
#[test]
fn the_error_of_one_comparison_by_hand() {
    let starts = [Some(2), Some(2), None, None];
    let outcomes = [0.0, 5.0, 0.0, 7.0, 0.0, 1.0, 0.0, 2.0];
    let panel = Panel {
        periods: &[1, 2],
        ..panel(&outcomes, &starts)
    };
    let effects = Effects::estimate(&panel, Options::default()).unwrap();
    let estimate = effects.effects[0].estimate;
    close(estimate.value, 4.5);
    // Population variances 1 and 1/4, of two each.
    close(estimate.standard_error, (1.0_f64 / 2.0 + 0.25 / 2.0).sqrt());
    assert_eq!(effects.by_group().unwrap().overall, estimate);
}

#[test]
fn what_started_before_is_left_out_and_what_starts_after_is_a_control() {
    let starts = [Some(1), Some(4), Some(9), None];
    let outcomes = following(&starts, |_| 1.0);
    let options = Options {
        controls: Controls::NeverTreated,
        ..Options::default()
    };
    let effects = Effects::estimate(&panel(&outcomes, &starts), options).unwrap();
    assert_eq!(effects.left_out, 1);
    assert!(effects.effects.iter().all(|e| e.group == 4));
    close(effects.simple().unwrap().value, 2.0);
}

/// Effects that begin two periods early: the base lies before them.
#[test]
fn what_is_anticipated_is_no_base() {
    let starts = [Some(5), Some(5), None, None];
    let early: Vec<Option<i64>> = starts.iter().map(|s| s.map(|s| s - 2)).collect();
    let outcomes = following(&early, |_| 1.0);
    let effects = |anticipation| {
        let options = Options {
            anticipation,
            ..Options::default()
        };
        Effects::estimate(&panel(&outcomes, &starts), options).unwrap()
    };
    close(effects(0).simple().unwrap().value, 1.5);
    close(effects(2).simple().unwrap().value, 3.5);
}

#[test]
fn what_was_not_seen_is_not_compared() {
    let starts = [Some(3), Some(3), None, None];
    let mut outcomes = following(&starts, |_| 1.0);
    outcomes[3] = f64::NAN;
    outcomes[6 + 4] = f64::NAN;
    outcomes[4] = f64::NAN;
    let effects = Effects::estimate(&panel(&outcomes, &starts), Options::default()).unwrap();
    assert_eq!(effects.skipped, [(3, 5, Reason::NoTreated)]);
    close(effects.simple().unwrap().value, (1.0 + 2.0 + 4.0) / 3.0);
    let all_start = [Some(3), Some(3), Some(5), Some(5)];
    let outcomes = following(&all_start, |_| 1.0);
    let effects = Effects::estimate(&panel(&outcomes, &all_start), Options::default()).unwrap();
    // By week 3 the only others have started themselves.
    let none = |(group, period)| (group, period, Reason::NoControls);
    assert_eq!(
        effects.skipped,
        [(3, 5), (3, 6), (5, 3), (5, 4), (5, 5), (5, 6)].map(none)
    );
}

/// Trends that go with a covariate, and starts that do too: only the comparison with covariates is right.
#[test]
fn trends_by_covariate_are_taken_out() {
    let (mut starts, mut outcomes, mut size) = (vec![], vec![], vec![]);
    for u in 0..40 {
        let x = f64::from(u % 10);
        starts.push((u % 10 + 3 * (u / 10 % 2) > 7).then_some(4));
        size.push(x);
        for t in PERIODS {
            let effect = if starts[u as usize].is_some() && t >= 4 {
                3.0
            } else {
                0.0
            };
            outcomes.push(x * t as f64 + effect);
        }
    }
    let plain = panel(&outcomes, &starts);
    let raw = Effects::estimate(&plain, Options::default()).unwrap();
    assert!(raw.simple().unwrap().value > 5.0);
    let covariates: [&[f64]; 1] = [&size];
    let with = Effects::estimate(
        &Panel {
            covariates: &covariates,
            ..plain
        },
        Options::default(),
    )
    .unwrap();
    close(with.simple().unwrap().value, 3.0);
    let twice: [&[f64]; 2] = [&size, &size];
    let collinear = Effects::estimate(
        &Panel {
            covariates: &twice,
            ..plain
        },
        Options::default(),
    )
    .unwrap();
    assert_eq!(collinear.skipped[0].2, Reason::Collinear);
    let told: Vec<f64> = starts
        .iter()
        .map(|s| f64::from(u8::from(s.is_some())))
        .collect();
    let noisy: Vec<f64> = told.iter().zip(&size).map(|(t, x)| t * 20.0 + x).collect();
    let apart: [&[f64]; 1] = [&noisy];
    let none = Effects::estimate(
        &Panel {
            covariates: &apart,
            ..plain
        },
        Options::default(),
    )
    .unwrap();
    assert_eq!(none.skipped[0].2, Reason::NoOverlap);
}

/// A unit of weight 3 is three units.
#[test]
fn weights_count_units() {
    let starts = [Some(3), Some(4), Some(4), None, None];
    let outcomes: Vec<f64> = (0..30).map(|i| f64::from(i * i * 7 % 31)).collect();
    let weights = [1.0, 3.0, 1.0, 1.0, 2.0];
    let weighted = Panel {
        weights: Some(&weights),
        ..panel(&outcomes, &starts)
    };
    let (mut many, mut many_starts) = (Vec::new(), Vec::new());
    for u in 0..5 {
        for _ in 0..weights[u] as usize {
            many.extend_from_slice(&outcomes[u * 6..u * 6 + 6]);
            many_starts.push(starts[u]);
        }
    }
    let of = |p: &Panel| Effects::estimate(p, Options::default()).unwrap();
    let (one, other) = (of(&weighted), of(&panel(&many, &many_starts)));
    for (a, b) in one.effects.iter().zip(&other.effects) {
        close(a.estimate.value, b.estimate.value);
    }
    close(one.simple().unwrap().value, other.simple().unwrap().value);
    close(
        one.by_group().unwrap().overall.value,
        other.by_group().unwrap().overall.value,
    );
}

/// Two ways to the same error: influence functions, and leaving out one after the other.
#[test]
fn errors_are_about_those_of_leaving_one_out() {
    let mut seed = 9_u64;
    let mut noise = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
    };
    let (mut cells, mut starts) = (Vec::new(), Vec::new());
    for team in 0..90 {
        starts.push([Some(3), Some(5), None][team % 3]);
        let cases = 5.0 + 10.0 * (noise() + 0.5);
        for week in PERIODS {
            let effect = if starts[team].is_some_and(|s| s <= week) {
                team as f64 / 50.0
            } else {
                0.0
            };
            cells.push(Cell {
                team,
                week,
                mean: noise() + effect,
                cases,
            });
        }
    }
    let grid = Grid::new(&cells, &starts).unwrap();
    let simple = Effects::estimate(&grid.panel(), Options::default())
        .unwrap()
        .simple()
        .unwrap();
    let jackknife = grid.jackknife(Options::default()).unwrap().unwrap();
    assert!(
        (jackknife / simple.standard_error - 1.0).abs() < 0.04,
        "{jackknife} {simple:?}"
    );
}

#[test]
fn a_team_that_cannot_be_spared_leaves_no_jackknife() {
    let cell = |team, week, mean| Cell {
        team,
        week,
        mean,
        cases: 4.0,
    };
    let cells = [
        cell(0, 1, 1.0),
        cell(0, 2, 5.0),
        cell(1, 1, 1.0),
        cell(1, 2, 2.0),
    ];
    let grid = Grid::new(&cells, &[Some(2), None]).unwrap();
    let effects = Effects::estimate(&grid.panel(), Options::default()).unwrap();
    close(effects.simple().unwrap().value, 3.0);
    assert_eq!(grid.jackknife(Options::default()), Ok(None));
}

#[test]
fn what_cannot_be_read_says_why() {
    let starts = [Some(3), None];
    let outcomes = following(&starts, |_| 1.0);
    let good = panel(&outcomes, &starts);
    let error = |panel: Panel| Effects::estimate(&panel, Options::default()).unwrap_err();
    let short = PanelError::Lengths {
        what: "outcomes",
        expected: 12,
        found: 11,
    };
    assert_eq!(
        error(Panel {
            outcomes: &outcomes[..11],
            ..good
        }),
        short
    );
    assert_eq!(
        short.to_string(),
        "outcomes has 11 entries where 12 are needed"
    );
    assert_eq!(
        error(Panel {
            periods: &[1, 2, 3, 3, 5, 6],
            ..good
        }),
        PanelError::Periods
    );
    assert_eq!(
        error(Panel {
            starts: &[None, Some(7)],
            ..good
        }),
        PanelError::NobodyStarts
    );
    assert_eq!(
        error(Panel {
            weights: Some(&[1.0, -1.0]),
            ..good
        }),
        PanelError::Weight { unit: 1 }
    );
    let covariates: [&[f64]; 1] = [&[f64::NAN, 1.0]];
    assert_eq!(
        error(Panel {
            covariates: &covariates,
            ..good
        }),
        PanelError::Covariate {
            unit: 0,
            covariate: 0
        }
    );
    let never = Options {
        controls: Controls::NeverTreated,
        ..Options::default()
    };
    let everyone = Panel {
        starts: &[Some(3), Some(4)],
        ..good
    };
    assert_eq!(
        Effects::estimate(&everyone, never).unwrap_err(),
        PanelError::NobodyToCompareWith
    );
    let cell = Cell {
        team: 0,
        week: 1,
        mean: 1.0,
        cases: 1.0,
    };
    assert_eq!(
        Grid::new(&[cell, cell], &[None]).unwrap_err(),
        PanelError::TwoCells { team: 0, week: 1 }
    );
    assert_eq!(
        Grid::new(&[cell], &[]).unwrap_err(),
        PanelError::UnknownTeam { team: 0 }
    );
}
