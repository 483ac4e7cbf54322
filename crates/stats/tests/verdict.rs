//! What is said in which situation.

#![allow(clippy::unwrap_used)]

mod common;

use std::num::NonZeroUsize;

use common::{MEASURES, close, fixture, near, reference, starts};
use stats::calendar::{Calendar, DAY, Every, Micros, WEEK};
use stats::cells::Cells;
use stats::checks::{Beside, Kind, Overlap, Source, Status};
use stats::claim::{Claim, Order};
use stats::equivalence::Stays;
use stats::measure::Measure;
use stats::rng::Rng;
use stats::verdict::{Answer, Input, Lean, Plan, Verdict, judge};

/// A table of noise around 5 days, with an effect in treated cells, read as of `periods`.
struct World {
    starts: Vec<Option<Micros>>,
    effect: f64,
    noise: f64,
    periods: usize,
    seed: u64,
}

fn weeks() -> Calendar {
    Calendar::from(Every::Week, 4 * DAY)
}

fn week(number: i64) -> Micros {
    weeks().start(number)
}

impl World {
    fn cells(&self) -> Cells {
        let mut rng = Rng::new(self.seed);
        let mut cells = Cells::empty(weeks(), self.starts.len(), self.periods);
        for (team, start) in self.starts.iter().enumerate() {
            for period in 0..self.periods {
                let n = f64::from(8 + rng.poisson(4.0));
                let treated = start.is_some_and(|start| week(period as i64) >= start);
                let effect = if treated { self.effect } else { 0.0 };
                let mean = 5.0 + 0.3 * team as f64 + effect + self.noise * rng.normal();
                cells.set(team, period, n, mean, n * mean * mean);
            }
        }
        cells
    }
}

fn twelve(effect: f64) -> World {
    let start = |team: i64| (team < 9).then(|| week(16 + 4 * (team / 3)));
    World {
        starts: (0..12).map(start).collect(),
        effect,
        noise: 0.5,
        periods: 40,
        seed: 1,
    }
}

fn judged_beside(world: &World, plan: Plan, beside: Beside<'_>) -> Verdict {
    judge(&Input {
        measure: Measure::DaysInStep,
        step: "Propose",
        cells: &world.cells(),
        starts: &world.starts,
        horizon: 2 * WEEK,
        washout: 2 * WEEK,
        plan,
        beside,
        threads: NonZeroUsize::MIN,
    })
}

fn judged(world: &World, change: impl FnOnce(&mut Plan)) -> Verdict {
    let mut plan = Plan::drawn(7);
    change(&mut plan);
    judged_beside(world, plan, Beside::default())
}

#[test]
fn the_fixture_gives_the_reference_figures() {
    let Some(reference) = reference() else {
        return;
    };
    for (name, outcome) in MEASURES {
        let expected = &reference["tenon_fixture"][name];
        let (cells, _) = fixture(outcome).unwrap();
        let verdict = judge(&Input {
            measure: Measure::DaysInStep,
            step: "the step",
            cells: &cells,
            starts: &starts().unwrap(),
            horizon: 14 * DAY,
            washout: 0,
            plan: Plan::drawn(0),
            beside: Beside::default(),
            threads: NonZeroUsize::MIN,
        });
        close(
            verdict.estimate.unwrap(),
            &expected["att_weighted"],
            1e-9,
            "estimate",
        );
        close(
            verdict.jackknife_se.unwrap(),
            &expected["jackknife_se"],
            1e-8,
            "jackknife",
        );
        near(
            verdict.permutation_p.unwrap(),
            &expected["perm_exact_p"],
            1e-12,
            "share",
        );
        let interval = verdict.interval.unwrap();
        near(interval.low, &expected["perm_ci95"][0], 1e-6, "low");
        near(interval.high, &expected["perm_ci95"][1], 1e-6, "high");
        assert_eq!(
            (
                verdict.teams,
                verdict.cells,
                verdict.usable_cells,
                verdict.mature_cases
            ),
            (8, 218, 211, 972)
        );
        assert_eq!(verdict.verdict, Answer::NoEvidenceYet);
        let kept = serde_json::to_string(&verdict).unwrap();
        let back: Verdict = serde_json::from_str(&kept).unwrap();
        assert_eq!((back.sentence, back.looks.len()), (verdict.sentence, 16));
    }
}

#[test]
fn a_clear_effect_is_improved_and_a_clear_harm_is_made_worse() {
    let helped = judged(&twelve(-1.0), |_| {});
    assert_eq!(
        (helped.verdict, helped.claim),
        (Answer::Improved, Claim::DrawnByLot)
    );
    assert!(
        helped
            .sentence
            .starts_with("Cases leave Propose 0.9 days sooner"),
        "{}",
        helped.sentence
    );
    assert!(
        helped.sentence.contains("(95% interval 0.8 to 1.2)"),
        "{}",
        helped.sentence
    );
    assert!(helped.decided.is_some());
    let harmed = judged(&twelve(1.0), |_| {});
    assert_eq!(harmed.verdict, Answer::MadeWorse);
    assert!(
        harmed.sentence.contains("days longer"),
        "{}",
        harmed.sentence
    );
}

#[test]
fn an_open_interval_is_kept_as_nothing() {
    let mut world = twelve(0.0);
    world.periods = 20;
    let verdict = judged(&world, |_| {});
    let open = verdict.shown.unwrap().interval;
    assert_eq!((open.low, open.high), (f64::NEG_INFINITY, f64::INFINITY));
    let kept = serde_json::to_string(&verdict).unwrap();
    assert!(
        kept.contains(r#""interval":{"low":null,"high":null,"level":0.95}"#),
        "{kept}"
    );
    let back: Verdict = serde_json::from_str(&kept).unwrap();
    assert_eq!(back.shown.unwrap().interval, open);
}

#[test]
fn what_stood_out_once_stays_and_early_findings_say_that_they_overstate() {
    let mut world = twelve(-1.0);
    world.periods = 36;
    let verdict = judged(&world, |_| {});
    assert_eq!(verdict.verdict, Answer::Improved);
    assert_eq!((verdict.periods_left, verdict.overstatement), (4, 1.18));
    assert!(
        verdict
            .sentence
            .contains("keep measuring for the planned 4 weeks more")
    );
    assert!(!verdict.shown.unwrap().interval.holds(0.0));
}

#[test]
fn without_effect_there_is_no_evidence_and_it_says_how_long_it_may_take() {
    let mut world = twelve(0.0);
    world.periods = 30;
    let verdict = judged(&world, |_| {});
    assert_eq!(verdict.verdict, Answer::NoEvidenceYet);
    assert!(
        verdict.sentence.contains("up to 10 weeks more"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn no_meaningful_difference_only_inside_the_agreed_zone() {
    let with = judged(&twelve(0.0), |plan| plan.zone = Some(1.0));
    assert_eq!(with.verdict, Answer::NoMeaningfulDifference);
    assert!(
        with.sentence.contains("inside the 1.0 day"),
        "{}",
        with.sentence
    );
    let without = judged(&twelve(0.0), |_| {});
    assert_eq!(without.verdict, Answer::NoEvidenceYet);
    let narrow = judged(&twelve(0.0), |plan| plan.zone = Some(0.05));
    assert_eq!(narrow.verdict, Answer::NoEvidenceYet);
}

#[test]
fn a_chosen_order_is_observational() {
    let verdict = judged(&twelve(-2.0), |plan| plan.order = Order::Chosen);
    assert_eq!(
        (verdict.verdict, verdict.claim),
        (Answer::Improved, Claim::Observational)
    );
    assert!(
        verdict.sentence.contains("observational"),
        "{}",
        verdict.sentence
    );
    assert_eq!((verdict.permutation_p, verdict.lot), (None, None));
}

#[test]
fn weak_designs_never_say_improved() {
    let mut two = twelve(-3.0);
    two.starts = (0..12).map(|t| (t < 2).then(|| week(16))).collect();
    let indicative = judged(&two, |plan| plan.order = Order::Chosen);
    assert_eq!(indicative.claim, Claim::Indicative);
    assert_eq!(indicative.verdict, Answer::NoEvidenceYet);
    assert_eq!(indicative.lean, Some(Lean::Better));
    assert!(
        indicative
            .sentence
            .starts_with("Indicative only, since 2 teams"),
        "{}",
        indicative.sentence
    );

    let mut all = twelve(-3.0);
    all.starts = vec![Some(week(20)); 12];
    let consistent = judged(&all, |_| {});
    assert_eq!(consistent.claim, Claim::ConsistentWith);
    assert_eq!(consistent.verdict, Answer::NoEvidenceYet);
    assert_eq!(consistent.lean, Some(Lean::Better));
    assert!(
        consistent.sentence.starts_with("Consistent with an effect"),
        "{}",
        consistent.sentence
    );

    let mut five = twelve(-3.0);
    five.starts = (0..5).map(|t| (t < 2).then(|| week(16))).collect();
    let none = judged(&five, |_| {});
    assert_eq!(
        (none.verdict, none.claim),
        (Answer::NoVerdict, Claim::CannotBeAnswered)
    );
    assert!(
        none.sentence.starts_with("No verdict is possible"),
        "{}",
        none.sentence
    );
}

#[test]
fn nothing_at_all_is_no_verdict_and_no_panic() {
    for (starts, periods) in [
        (vec![], 0),
        (vec![None; 3], 0),
        (vec![Some(week(2))], 5),
        (vec![None; 4], 30),
    ] {
        let world = World {
            starts,
            effect: 0.0,
            noise: 1.0,
            periods,
            seed: 1,
        };
        let verdict = judged(&world, |_| {});
        assert!(matches!(
            verdict.verdict,
            Answer::NoVerdict | Answer::NoEvidenceYet
        ));
        assert_eq!(verdict.estimate, None);
        assert!(!verdict.sentence.is_empty());
    }
}

#[test]
fn an_edited_source_is_no_verdict_and_no_number() {
    let beside = Beside {
        source: Source::ChangedAt(week(22)),
        ..Beside::default()
    };
    let verdict = judged_beside(&twelve(-1.0), Plan::drawn(7), beside);
    assert_eq!(verdict.verdict, Answer::NoVerdict);
    assert!(
        verdict
            .sentence
            .starts_with("No verdict. The process itself was edited")
    );
    assert!(
        !verdict.sentence.contains(char::is_numeric),
        "{}",
        verdict.sentence
    );
}

#[test]
fn another_improvement_at_the_same_time_in_the_same_teams_is_no_verdict() {
    let world = twelve(-1.0);
    let with = |starts: &[Option<Micros>]| {
        let overlaps = vec![Overlap {
            name: "Lesson",
            ended: None,
            starts,
        }];
        let beside = Beside {
            overlaps,
            ..Beside::default()
        };
        judged_beside(&world, Plan::drawn(7), beside)
    };
    let verdict = with(&world.starts);
    assert_eq!(verdict.verdict, Answer::NoVerdict);
    assert!(
        verdict.sentence.contains("Lesson came to the same teams"),
        "{}",
        verdict.sentence
    );

    let other: Vec<_> = (0..12).map(|team| (team < 2).then(|| week(36))).collect();
    let verdict = with(&other);
    assert_eq!(verdict.verdict, Answer::Improved);
    let check = verdict
        .checks
        .iter()
        .find(|c| c.kind == Kind::NothingElse)
        .unwrap();
    assert!(
        check
            .sentence
            .starts_with("Lesson was plugged in too. Without the cells that had it: −")
    );
    assert_ne!(check.status, Status::Fails);
}

#[test]
fn checks_say_what_they_saw_and_what_they_could_have_seen() {
    let verdict = judged(&twelve(-1.0), |_| {});
    let kinds: Vec<Kind> = verdict.checks.iter().map(|c| c.kind).collect();
    let expected = [
        Kind::TrendBeforehand,
        Kind::PlaceboDate,
        Kind::SameNumberOfCases,
        Kind::EnoughTeams,
        Kind::OrderKept,
        Kind::NothingMissing,
    ];
    assert_eq!(kinds, expected);
    for check in &verdict.checks[..3] {
        assert!(
            check.sentence.contains("would have been seen"),
            "{}",
            check.sentence
        );
        assert!(check.smallest_visible.unwrap() > 0.0);
        assert!(!check.sentence.contains("passed"));
    }
}

#[test]
fn the_process_is_said_to_be_the_same_only_where_that_was_shown() {
    let mut still = twelve(0.0);
    (still.noise, still.seed) = (0.02, 9);
    let still = still.cells();
    let said = |zone: f64| {
        let beside = Beside {
            stays: vec![Stays {
                name: "goes on",
                cells: &still,
                zone,
            }],
            source: Source::Unchanged,
            ..Beside::default()
        };
        judged_beside(&twelve(-1.0), Plan::drawn(7), beside).sentence
    };
    assert!(
        said(0.1).ends_with("The process did not change."),
        "{}",
        said(0.1)
    );
    assert!(
        said(0.001).ends_with("cannot be told for: goes on."),
        "{}",
        said(0.001)
    );
}

#[test]
fn effect_per_user_is_a_ratio_and_only_when_use_rose() {
    let world = twelve(-1.0);
    let mut used = world.cells();
    for (team, start) in world.starts.iter().enumerate() {
        for period in 0..40 {
            let has = start.is_some_and(|s| week(period) >= s);
            let n = used.n(team, period as usize);
            used.set(team, period as usize, n, if has { 0.5 } else { 0.0 }, 0.0);
        }
    }
    assert_eq!(judged(&world, |_| {}).per_user, None);
    let beside = Beside {
        used: Some(&used),
        ..Beside::default()
    };
    let verdict = judged_beside(&world, Plan::drawn(7), beside);
    let per_user = verdict.per_user.unwrap();
    assert!((per_user.effect.unwrap() - 2.0 * verdict.estimate.unwrap()).abs() < 1e-9);
    assert!((per_user.use_share - 0.5).abs() < 1e-12);
}
