//! One function from what is known to what can be said.

use std::panic::resume_unwind;

use super::inference::{Inference, Scene, infer};
use super::{Accumulated, Answer, Input, Lean, PerUser, Shown, Verdict, second, sentence};
use crate::calendar::Every;
use crate::checks::{self, Check, Ground, Status};
use crate::claim::{Claim, claim};
use crate::equivalence::{Stays, Unchanged, unchanged};
use crate::event_study::{Point, event_study};
use crate::imputation::{Design, Interval};
use crate::rollout::Rollout;
use crate::watch::Watch;

/// An effect that stood out before the planned end is on average this many times too large (simulated: 1.18 with 12
/// teams and an effect that is found four times in five).
const OVERSTATEMENT: f64 = 1.18;
/// Periods from the last start to the planned end, unless agreed otherwise: weeks, months.
const USUAL_END: (usize, usize) = (16, 4);
/// Periods before the start that the event study shows: weeks, months.
const LEADS: (usize, usize) = (12, 3);

/// Says what can be said about an improvement as of the cells it is given.
pub fn judge(input: &Input<'_>) -> Verdict {
    let cells = input.cells;
    let rollout = Rollout::new(input.starts, cells.calendar, input.washout);
    let weekly = cells.calendar.every() == Every::Week;
    let watch = watch(input, &rollout);
    let claim = claim(&rollout, input.plan.order, input.plan.alpha);
    let now = cells.periods();
    let design = Design::new(cells, &rollout, now);
    let estimate = design.estimate();
    let jackknife = design.jackknife();
    let scene = Scene {
        input,
        rollout: &rollout,
        watch,
        jackknife: jackknife.as_ref(),
    };
    let (width, leads) = if weekly { (2, LEADS.0) } else { (1, LEADS.1) };
    let ground = Ground {
        measure: &input.measure,
        cells,
        rollout: &rollout,
        washout: input.washout,
        order: input.plan.order,
        jackknife: jackknife.as_ref(),
        beside: &input.beside,
    };
    let around = || Around {
        checks: checks::all(&ground),
        unchanged: stays(input, &rollout),
        event_study: event_study(cells, &rollout, now, width, leads, 0.95),
        per_user: second::per_user(input, &rollout),
    };
    let (inference, around) = if input.threads.get() > 1 {
        std::thread::scope(|scope| {
            let around = scope.spawn(around);
            let inference = infer(&scene, claim);
            let around = around.join().unwrap_or_else(|panic| resume_unwind(panic));
            (inference, around)
        })
    } else {
        (infer(&scene, claim), around())
    };
    let failed = around.checks.iter().any(|c| c.status == Status::Fails);
    let decided = inference.decided().map(|look| look.until);
    let early = decided.is_some() && now < watch.end;
    let effect = inference.effect.or(estimate.map(|e| e.effect));
    let treated_cases = estimate.map_or(0.0, |e| e.treated_cases);
    let period = |period: usize| cells.calendar.start(period as i64);
    let mut verdict = Verdict {
        verdict: answer(input, &inference, claim, failed),
        claim,
        lean: effect
            .filter(|_| inference.leans)
            .map(|effect| lean(input, effect)),
        sentence: String::new(),
        estimate: effect,
        interval: inference.interval,
        shown: inference.shown,
        permutation_p: inference.share,
        lot: inference.lot,
        jackknife_se: jackknife.as_ref().filter(|j| j.df >= 1.0).map(|j| j.se),
        jackknife_interval: jackknife
            .as_ref()
            .map(|j| j.interval(1.0 - input.plan.alpha)),
        design_variance: estimate.map(|e| e.design_variance),
        teams: cells.teams(),
        treated_teams: estimate.map_or(0, |e| e.treated_teams),
        cells: cells.filled(),
        usable_cells: estimate.map_or(0, |e| e.cells),
        mature_cases: cells.cases() as u64,
        treated_cases: treated_cases as u64,
        weeks: now,
        checks: around.checks,
        unchanged: around.unchanged,
        event_study: around.event_study,
        decided,
        identified_until: rollout.identified_until().map(period),
        ends: rollout.first_start().map(|_| period(watch.end)),
        periods_left: watch.end.saturating_sub(now),
        overstatement: if early { OVERSTATEMENT } else { 1.0 },
        per_user: around.per_user,
        accumulated: inference
            .shown
            .map(|shown| accumulated(&shown, treated_cases)),
        looks: inference.looks,
    };
    verdict.sentence = sentence::sentence(input, &verdict);
    verdict
}

fn lean(input: &Input<'_>, effect: f64) -> Lean {
    if input.measure.is_better(effect) {
        Lean::Better
    } else {
        Lean::Worse
    }
}

fn accumulated(shown: &Shown, cases: f64) -> Accumulated {
    Accumulated {
        total: shown.effect * cases,
        interval: Interval {
            low: shown.interval.low * cases,
            high: shown.interval.high * cases,
            level: shown.interval.level,
        },
        cases,
    }
}

/// What is reckoned beside the verdict.
struct Around {
    checks: Vec<Check>,
    unchanged: Vec<Unchanged>,
    event_study: Vec<Point>,
    per_user: Option<PerUser>,
}

fn stays(input: &Input<'_>, rollout: &Rollout) -> Vec<Unchanged> {
    let stays = input.beside.stays.iter();
    let row = |stays: &Stays<'_>| unchanged(stays.name, stays.cells, rollout, stays.zone);
    stays.map(row).collect()
}

/// From the first start to the planned end.
fn watch(input: &Input<'_>, rollout: &Rollout) -> Watch {
    let calendar = input.cells.calendar;
    let first = rollout.first_start().unwrap_or(0);
    let after = match calendar.every() {
        Every::Week => USUAL_END.0,
        Every::Month => USUAL_END.1,
    };
    let usual = rollout.last_start().unwrap_or(0) + after;
    let agreed = input.plan.ends.map(|ends| {
        let mature = calendar.period(ends.saturating_sub(input.horizon));
        usize::try_from(mature).unwrap_or(0)
    });
    Watch::new(first, agreed.unwrap_or(usual))
}

fn answer(input: &Input<'_>, inference: &Inference, claim: Claim, failed: bool) -> Answer {
    if failed || claim == Claim::CannotBeAnswered {
        return Answer::NoVerdict;
    }
    if !matches!(claim, Claim::DrawnByLot | Claim::Observational) {
        return Answer::NoEvidenceYet;
    }
    let inside = |zone: f64| inference.shown.is_some_and(|s| s.interval.within(zone));
    if input.plan.zone.is_some_and(inside) {
        return Answer::NoMeaningfulDifference;
    }
    let stood_out = inference.decided().and_then(|look| look.effect);
    match stood_out {
        Some(effect) if input.measure.is_better(effect) => Answer::Improved,
        Some(_) => Answer::MadeWorse,
        None => Answer::NoEvidenceYet,
    }
}
