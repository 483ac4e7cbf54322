//! Improve or rethink: whether the process still fits those who work in it, so that improving its steps is enough.

use super::ledger::{Ledger, Mark};
use crate::processes::View;
use base::format;
use mining::figures::WeeklyShares;
use mining::time::{DAY, Micros};
use serde::Serialize;
use store::versions::VersionRow;

/// One reason to think the process over.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Sign {
    pub name: &'static str,
    /// It speaks for rethinking.
    pub speaks: bool,
    /// What was seen, in one sentence.
    pub sentence: String,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Rethink {
    /// Improving steps is not enough.
    pub is_due: bool,
    pub sentence: String,
    pub signs: Vec<Sign>,
}

/// Signs that speak, of those looked at, from which on the process should be thought over.
const ENOUGH: usize = 2;
/// A fall of the share of moves along the path that speaks.
const FALL: f64 = 0.05;
const RECENT: Micros = 180 * DAY;

impl Rethink {
    pub fn of(view: &View, ledger: &Ledger, versions: &[VersionRow], now: Micros) -> Rethink {
        let signs = vec![
            off_the_path(view),
            falling(&view.figures.weekly_shares),
            without_effect(ledger),
            edited(versions, now),
        ];
        let speaking = signs.iter().filter(|s| s.speaks).count();
        let is_due = speaking >= ENOUGH;
        let sentence = if is_due {
            format!(
                "Improving steps is not enough here: {speaking} of {} signs say that the process itself no longer fits. Think it over with those who work in it; Tenon does not change it.",
                signs.len()
            )
        } else if speaking == 1 {
            "One sign says that the process may not fit everywhere; improving its steps still makes sense.".into()
        } else {
            "Nothing says that the process itself should be thought over: improve its steps.".into()
        };
        Rethink {
            is_due,
            sentence,
            signs,
        }
    }
}

fn off_the_path(view: &View) -> Sign {
    let fit = &view.pipeline;
    let share = fit.share_on_path;
    Sign {
        name: "Most cases off the path",
        speaks: share.is_some_and(|s| s < 0.5) && fit.cases >= 50,
        sentence: match share {
            Some(s) => format!(
                "{} of {} cases go through the steps in order.",
                format::percent(s),
                format::count(fit.cases as i64)
            ),
            None => "No case was in any step yet.".into(),
        },
    }
}

/// The share of moves that skip a step or go back, in the earlier and the later half of the weeks, with its error.
fn falling(weeks: &WeeklyShares) -> Sign {
    let name = "Fit falling";
    let half = weeks.weeks.len() / 2;
    let side = |range: std::ops::Range<usize>| {
        let moves: u64 = weeks.step_moves[range.clone()].iter().sum();
        let off: u64 = weeks.skips[range.clone()].iter().sum::<u64>()
            + weeks.step_backs[range].iter().sum::<u64>();
        (off as f64 / moves.max(1) as f64, moves as f64)
    };
    let (before, n) = side(0..half);
    let (now, m) = side(half..weeks.weeks.len());
    if half < 8 || n < 100.0 || m < 100.0 {
        return Sign {
            name,
            speaks: false,
            sentence: "Too few weeks or moves to see whether the fit falls.".into(),
        };
    }
    // Moves of one case hang together, so the error is taken twice as wide as for independent ones.
    let error = 2.0 * (before * (1.0 - before) / n + now * (1.0 - now) / m).sqrt();
    let rise = now - before;
    Sign {
        name,
        speaks: rise > FALL && rise > 2.0 * error,
        sentence: format!(
            "{} of the moves between steps skip one or go back, after {} in the earlier half of the weeks.",
            format::percent(now),
            format::percent(before)
        ),
    }
}

fn without_effect(ledger: &Ledger) -> Sign {
    let decided = [Mark::Better, Mark::Worse, Mark::Same].map(|m| ledger.count(m));
    let ended = ledger
        .all
        .iter()
        .filter(|s| {
            s.mark == Mark::Open
                && s.report
                    .as_ref()
                    .is_some_and(|r| r.verdict.periods_left == 0)
        })
        .count();
    let [better, worse, same] = decided;
    let all = better + worse + same + ended;
    Sign {
        name: "Improvements without effect",
        speaks: all >= 3 && better * 3 <= all,
        sentence: match all {
            0 => "No improvement has been measured to its end yet.".into(),
            _ => format!(
                "{better} of {all} improvements that were measured to the end or decided have helped."
            ),
        },
    }
}

fn edited(versions: &[VersionRow], now: Micros) -> Sign {
    let recent = versions
        .iter()
        .filter(|v| v.number > 1 && now - v.at < RECENT)
        .count();
    Sign {
        name: "The source edited",
        speaks: recent >= 2,
        sentence: match recent {
            0 => "The process was not edited in its source in the last 180 days.".into(),
            1 => "The process was edited once in its source in the last 180 days.".into(),
            n => format!(
                "The process was edited {n} times in its source in the last 180 days: those who own it are looking for something."
            ),
        },
    }
}
