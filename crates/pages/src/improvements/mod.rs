//! Improvements: the ledger, planning one, its page, and the sheet of a goal.

pub mod act;
mod charts;
pub mod goal;
pub mod list;
pub mod one;
pub mod plug;
pub mod tabs;

use service::improvements::{Mark, Summary};

/// The symbol beside a mark.
fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Better => "check",
        Mark::Worse => "warn",
        Mark::Same => "more",
        Mark::Open | Mark::Planned => "clock",
        Mark::Void => "x",
    }
}

/// What a tab or row says in a few words: the effect, or how long it still takes.
pub fn brief(one: &Summary) -> String {
    let report = one.report.as_ref();
    match one.mark {
        Mark::Better | Mark::Worse => {
            let shown = one.shown().map(|(effect, _, _)| effect);
            shown.map_or(String::new(), |effect| effect_text(one, effect))
        }
        Mark::Open => match report.map(|r| r.verdict.periods_left) {
            Some(0) | None => "measured".into(),
            Some(1) => "1 week".into(),
            Some(n) => format!("{n} weeks"),
        },
        Mark::Same => "none".into(),
        Mark::Void => "void".into(),
        Mark::Planned => "planned".into(),
    }
}

fn effect_text(one: &Summary, effect: f64) -> String {
    let measure = one.imp.measure;
    let unit = measure.unit().short();
    format!(
        "{} {unit}",
        charts::signed(effect * charts::scale(measure), 1)
    )
}

/// The second line of a row: the interval, or why there is none.
fn aside(one: &Summary) -> String {
    let measure = one.imp.measure;
    let judged = measure.judged();
    let Some(report) = &one.report else {
        return match one.imp.since() {
            Some(at) => format!("first team on {}", base::format::date(at)),
            None => String::new(),
        };
    };
    match one.mark {
        Mark::Void => report
            .verdict
            .checks
            .iter()
            .find(|c| c.status == stats::checks::Status::Fails)
            .map_or("this roll-out cannot answer".into(), |c| {
                check_name(c.kind).to_lowercase()
            }),
        Mark::Open => match report.verdict.periods_left {
            0 => "measured to the planned end".into(),
            1 => "about 1 more week".into(),
            n => format!("up to {n} more weeks"),
        },
        _ => one.shown().map_or(String::new(), |(effect, low, high)| {
            let decimals = judged.decimals(high - low);
            let ends = [low, high].map(|e| judged.amount(e, decimals));
            let [near, far] = if effect < 0.0 && high <= 0.0 {
                [&ends[1], &ends[0]]
            } else {
                [&ends[0], &ends[1]]
            };
            let side = if low < 0.0 && high > 0.0 {
                let end = |e: f64, text: &str| format!("{text} {}", judged.direction(e));
                format!("{} to {}", end(low, &ends[0]), end(high, &ends[1]))
            } else {
                format!("{near} to {far}")
            };
            format!(
                "{} {} ({side})",
                judged.with_unit(effect, decimals),
                judged.direction(effect)
            )
        }),
    }
}

fn check_name(kind: stats::checks::Kind) -> &'static str {
    use stats::checks::Kind;
    match kind {
        Kind::TrendBeforehand => "No trend beforehand",
        Kind::PlaceboDate => "Placebo date",
        Kind::PlaceboStep => "Placebo step",
        Kind::SameKindOfCase => "Same kind of case",
        Kind::SameNumberOfCases => "Same number of cases",
        Kind::EnoughTeams => "Enough teams",
        Kind::OrderKept => "The order was kept",
        Kind::NothingElse => "Nothing else at the same time",
        Kind::NothingMissing => "Nothing missing",
        Kind::SourceUnchanged => "The process in its source",
    }
}
