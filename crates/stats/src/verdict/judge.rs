//! One function from what is known to what can be said.

use super::inference::{Inference, Scene, infer};
use super::{Accumulated, Answer, Input, Lean, Verdict, second, sentence};
use crate::calendar::Every;
use crate::checks::{self, Ground, Status};
use crate::claim::{Claim, claim};
use crate::equivalence::unchanged;
use crate::event_study::event_study;
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
    let inference = infer(&scene, claim);
    let checks = checks::all(&Ground {
        measure: &input.measure,
        cells,
        rollout: &rollout,
        washout: input.washout,
        order: input.plan.order,
        jackknife: jackknife.as_ref(),
        beside: &input.beside,
    });
    let stays = input.beside.stays.iter();
    let (width, leads) = if weekly { (2, LEADS.0) } else { (1, LEADS.1) };
    let period = |period: usize| cells.calendar.start(period as i64);
    let failed = checks.iter().any(|check| check.status == Status::Fails);
    let decided = inference.decided().map(|look| look.until);
    let early = decided.is_some() && now < watch.end;
    let effect = inference.effect.or(estimate.map(|e| e.effect));
    let treated_cases = estimate.map_or(0.0, |e| e.treated_cases);
    let mut verdict = Verdict {
        verdict: answer(input, &inference, claim, failed),
        claim,
        lean: effect.filter(|_| inference.leans).map(|effect| {
            if input.measure.is_better(effect) {
                Lean::Better
            } else {
                Lean::Worse
            }
        }),
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
        checks,
        unchanged: stays
            .map(|s| unchanged(s.name, s.cells, &rollout, s.zone))
            .collect(),
        event_study: event_study(cells, &rollout, now, width, leads, 0.95),
        decided,
        identified_until: rollout.identified_until().map(period),
        ends: rollout.first_start().map(|_| period(watch.end)),
        periods_left: watch.end.saturating_sub(now),
        overstatement: if early { OVERSTATEMENT } else { 1.0 },
        per_user: second::per_user(input, &rollout),
        accumulated: inference.shown.map(|shown| Accumulated {
            total: shown.effect * treated_cases,
            interval: Interval {
                low: shown.interval.low * treated_cases,
                high: shown.interval.high * treated_cases,
                level: shown.interval.level,
            },
            cases: treated_cases,
        }),
        looks: inference.looks,
    };
    verdict.sentence = sentence::sentence(input, &verdict);
    verdict
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
