//! The one sentence. It says what changed, by how much, the interval, and whether the process stayed the same; it has no
//! shares of false alarms in it and never the word "significant".

use super::{Answer, Input, Shown, Verdict};
use crate::calendar::{DAY, Every};
use crate::checks::{Source, Status};
use crate::claim::Claim;
use crate::equivalence::Sameness;
use crate::imputation::Interval;
use crate::measure::Measure;

/// Says a verdict.
pub(super) fn sentence(input: &Input<'_>, verdict: &Verdict) -> String {
    let main = match (verdict.verdict, verdict.claim) {
        (Answer::NoVerdict, _) => return no_verdict(verdict),
        (_, Claim::Indicative) => indicative(input, verdict),
        (_, Claim::ConsistentWith) => consistent(input, verdict),
        (Answer::Improved | Answer::MadeWorse, _) => found(input, verdict),
        (Answer::NoMeaningfulDifference, _) => no_difference(input, verdict),
        (Answer::NoEvidenceYet, _) => no_evidence(input, verdict),
    };
    format!("{main}{}", process(input, verdict))
}

/// "Cases leave Propose 1.8 days sooner".
fn effect(input: &Input<'_>, effect: f64, decimals: usize) -> String {
    let (measure, step) = (&input.measure, input.step);
    let horizon_days = input.horizon as f64 / DAY as f64;
    let amount = measure.with_unit(effect, decimals);
    let direction = measure.direction(effect);
    match measure {
        Measure::DaysInStep if effect > 0.0 => {
            format!("Cases stay in {step} {amount} longer")
        }
        Measure::DaysInStep => format!("Cases leave {step} {amount} {direction}"),
        Measure::GoesOn => {
            format!("Within {horizon_days:.0} days, {amount} {direction} cases go on from {step}")
        }
        Measure::Share { name, .. } => format!("At {step}, {amount} {direction} cases {name}"),
        Measure::Number { name, .. } => format!("At {step}, {name} is {amount} {direction}"),
    }
}

/// "95% interval 0.9 to 2.7", with words for the sides when it holds none.
fn interval(measure: &Measure, interval: &Interval) -> String {
    let decimals = decimals(measure, interval);
    let level = 100.0 * interval.level;
    let (low, high) = (interval.low, interval.high);
    if !low.is_finite() || !high.is_finite() {
        return format!("{level:.0}% interval still open");
    }
    if low < 0.0 && high > 0.0 {
        let side = |end: f64| {
            format!(
                "{} {}",
                measure.amount(end, decimals),
                measure.direction(end)
            )
        };
        format!("{level:.0}% interval {} to {}", side(low), side(high))
    } else {
        let (near, far) = if low >= 0.0 { (low, high) } else { (high, low) };
        let (near, far) = (
            measure.amount(near, decimals),
            measure.amount(far, decimals),
        );
        format!("{level:.0}% interval {near} to {far}")
    }
}

fn decimals(measure: &Measure, interval: &Interval) -> usize {
    measure.decimals(interval.high - interval.low)
}

fn reading(input: &Input<'_>, shown: &Shown) -> String {
    let decimals = decimals(&input.measure, &shown.interval);
    format!(
        "{} ({})",
        effect(input, shown.effect, decimals),
        interval(&input.measure, &shown.interval)
    )
}

fn found(input: &Input<'_>, verdict: &Verdict) -> String {
    let Some(shown) = &verdict.shown else {
        return String::new();
    };
    let mut said = match verdict.claim {
        Claim::Observational => {
            let said = reading(input, shown);
            format!(
                "{said}; observational, because the order of teams was not drawn by lot or not kept"
            )
        }
        _ => reading(input, shown),
    };
    said.push('.');
    if verdict.overstatement > 1.0 {
        let left = periods(input, verdict.periods_left);
        said.push_str(&format!(
            " Found early, which overstates an effect by about a fifth: keep measuring for the planned {left} more."
        ));
    }
    said
}

fn no_difference(input: &Input<'_>, verdict: &Verdict) -> String {
    let (Some(shown), Some(zone)) = (&verdict.shown, input.plan.zone) else {
        return String::new();
    };
    let said = lower_first(&reading(input, shown));
    let decimals = decimals(&input.measure, &shown.interval);
    let zone = input.measure.with_unit(zone, decimals);
    format!(
        "No meaningful difference: {said}, inside the {zone} either way that were agreed beforehand."
    )
}

fn no_evidence(input: &Input<'_>, verdict: &Verdict) -> String {
    let mut said = "We cannot tell yet whether it helps".to_owned();
    match &verdict.shown {
        Some(shown) if shown.interval.low.is_finite() && shown.interval.high.is_finite() => {
            said.push_str(&format!(
                ". So far: {}.",
                lower_first(&reading(input, shown))
            ));
        }
        Some(_) => said.push_str(": too little has been seen for an interval."),
        None => said.push_str(": no case that had the tool can be compared yet."),
    }
    if verdict.periods_left > 0 {
        let left = periods(input, verdict.periods_left);
        said.push_str(&format!(" It may take up to {left} more."));
    } else {
        said.push_str(
            " It was measured to its planned end; only more teams or more cases could tell.",
        );
    }
    said
}

fn indicative(input: &Input<'_>, verdict: &Verdict) -> String {
    let (Some(found), Some(share), Some(lot)) =
        (verdict.estimate, verdict.permutation_p, verdict.lot)
    else {
        return "Indicative at best, and nothing can be compared yet.".to_owned();
    };
    let as_much = (share * lot.compared as f64).round();
    format!(
        "Indicative only, since {} have the tool: {}. Of {} ways to give it to other teams instead, {as_much:.0} show as \
         much, this one among them.",
        count(verdict.treated_teams, "team", "teams"),
        lower_first(&effect(input, found, 1)),
        lot.compared,
    )
}

fn consistent(input: &Input<'_>, verdict: &Verdict) -> String {
    let Some(shown) = &verdict.shown else {
        return "There is nobody to compare with, and too little before or after the one start to see a change at \
                that date."
            .to_owned();
    };
    let what = lower_first(&reading(input, shown));
    if verdict.lean.is_some() {
        format!(
            "Consistent with an effect, no more, since there is nobody to compare with: from the date of the start on, \
             {what}, and no date before stands out as much."
        )
    } else {
        format!(
            "There is nobody to compare with. From the date of the start on, {what}, which does not stand out from \
             dates at which nothing happened."
        )
    }
}

/// Never a number.
fn no_verdict(verdict: &Verdict) -> String {
    let failed = verdict
        .checks
        .iter()
        .find(|check| check.status == Status::Fails);
    match failed {
        Some(check) => {
            let advice = check.advice.as_deref().unwrap_or_default();
            let said = format!("No verdict. {} {advice}", check.sentence);
            said.trim_end().to_owned()
        }
        None => "No verdict is possible with this roll-out: too few orders of teams could have been drawn for any of \
                 them to stand out. Add teams, or let them start at different dates."
            .to_owned(),
    }
}

/// Whether the process stayed the same; nothing when nobody looked.
fn process(input: &Input<'_>, verdict: &Verdict) -> String {
    let names = |wanted: Sameness| {
        let rows = verdict.unchanged.iter();
        let of_kind = rows.filter(|row| row.answer == wanted);
        of_kind
            .map(|row| row.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (changed, open) = (names(Sameness::Changed), names(Sameness::CannotTell));
    if !changed.is_empty() {
        return format!(" What the process does changed too: {changed}.");
    }
    let source = input.beside.source == Source::Unchanged;
    match (verdict.unchanged.is_empty(), open.is_empty(), source) {
        (true, _, true) => " Its definition in the source did not change.".to_owned(),
        (true, _, false) => String::new(),
        (false, true, true) => " The process did not change.".to_owned(),
        (false, true, false) => " How the process runs did not change.".to_owned(),
        (false, false, _) => {
            format!(" Whether the process stayed the same cannot be told for: {open}.")
        }
    }
}

fn periods(input: &Input<'_>, number: usize) -> String {
    match input.cells.calendar.every() {
        Every::Week => count(number, "week", "weeks"),
        Every::Month => count(number, "month", "months"),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{number} {word}")
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}
