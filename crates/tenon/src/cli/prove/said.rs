//! What a verdict says to a person in the terminal.

use super::Measured;
use base::format;
use service::improvements::{Improvement, Report};
use stats::checks::Status;
use stats::imputation::Interval;
use stats::measure::Measure;
use stats::verdict::Verdict;
use std::fmt::Write;

/// Of files alone.
pub fn files(measured: &Measured) -> String {
    let v = &measured.verdict;
    let mut out = verdict(v, &measured.measure);
    let left_out = &measured.left_out;
    let _ = writeln!(
        out,
        "\nFrom {} cases, seen on {}",
        format::count(measured.cases as i64),
        format::date(measured.as_of)
    );
    for (number, what) in [
        (
            measured.repeated,
            "rows of a case that was there before; its first stay counts",
        ),
        (left_out.immature, "cases entered too lately to be read yet"),
        (
            left_out.unreadable,
            "cases without a team or without a moment of entry",
        ),
    ] {
        if number > 0 {
            let _ = writeln!(out, "  {} {what}", format::count(number as i64));
        }
    }
    out
}

/// Of an improvement that is kept.
pub fn report(imp: &Improvement, report: &Report) -> String {
    format!(
        "{} at {} ({}, {})\n{}",
        imp.name,
        imp.step,
        imp.state.word(),
        imp.id,
        verdict(&report.verdict, &imp.measure.judged())
    )
}

fn verdict(v: &Verdict, measure: &Measure) -> String {
    let mut out = format!("{}\n\n", v.sentence);
    let mut line = |label: &str, text: String| {
        let _ = writeln!(out, "  {label:<26}{text}");
    };
    if let Some(shown) = v.shown {
        line(
            "However often one looks",
            amount(measure, shown.effect, &shown.interval),
        );
    }
    if let (Some(effect), Some(interval)) = (v.estimate, v.interval) {
        line("Looked at once", amount(measure, effect, &interval));
    }
    if let (Some(share), Some(lot)) = (v.permutation_p, v.lot) {
        let orders = format::count(lot.compared as i64);
        let all = if lot.exact { "all " } else { "" };
        line(
            "By lot",
            format!("p = {share:.4} over {all}{orders} orders"),
        );
    }
    if let Some(se) = v.jackknife_se {
        line("Leaving out teams", format!("standard error {se:.4}"));
    }
    line(
        "Rests on",
        format!(
            "{} mature cases in {} cells, {} of {} teams with it, {} periods",
            format::count(v.mature_cases as i64),
            v.cells,
            v.treated_teams,
            v.teams,
            v.weeks
        ),
    );
    if v.periods_left > 0 {
        line(
            "Until the planned end",
            format!("{} periods", v.periods_left),
        );
    }
    out += "\nWhat it rests on\n";
    for check in &v.checks {
        let status = match check.status {
            Status::Holds => "holds",
            Status::Caution => "caution",
            Status::Fails => "FAILS",
        };
        let _ = writeln!(out, "  {status:<9}{}", check.sentence);
        if let Some(advice) = &check.advice {
            let _ = writeln!(out, "           {advice}");
        }
    }
    out
}

/// "1.8 days sooner (0.9 to 2.7 sooner)" in signed numbers: "−1.8 days, from −2.7 to −0.9".
fn amount(measure: &Measure, effect: f64, interval: &Interval) -> String {
    let decimals = measure.decimals(interval.high - interval.low).max(2);
    let signed = |end: f64| {
        let sign = if end < 0.0 { "−" } else { "" };
        format!("{sign}{}", measure.amount(end, decimals))
    };
    let sign = if effect < 0.0 { "−" } else { "" };
    format!(
        "{sign}{} ({:.0}% interval {} to {})",
        measure.with_unit(effect, decimals),
        interval.level * 100.0,
        signed(interval.low),
        signed(interval.high)
    )
}
