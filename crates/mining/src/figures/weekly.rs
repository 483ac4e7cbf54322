//! Throughput and shares by week.

use super::tally::Counted;
use super::walk::Walker;
use super::weeks::Weeks;
use super::*;
use crate::time::{MISSING, Micros, WEEK};
use rustc_hash::FxHashMap;

pub(crate) fn weeks(counted: &Counted) -> Vec<Week> {
    let timed = || counted.cases.iter().filter(|c| c.first != MISSING);
    let over = |c: &&walk::CaseFacts| c.state != CaseState::Open;
    let begun = timed().map(|c| c.first);
    let all = begun.chain(timed().filter(over).map(|c| c.last));
    let place = Weeks::of(all);
    let mondays = place.mondays().iter();
    let mut weeks: Vec<Week> = mondays
        .map(|&week| Week {
            week,
            started: 0,
            ended: 0,
            won: 0,
            lost: 0,
        })
        .collect();
    for case in timed() {
        if let Some(at) = place.at(case.first) {
            weeks[at].started += 1;
        }
        if let Some(at) = place.at(case.last).filter(|_| over(&case)) {
            let week = &mut weeks[at];
            week.ended += 1;
            week.won += u64::from(case.state == CaseState::Won);
            week.lost += u64::from(case.state == CaseState::Lost);
        }
    }
    weeks
}

pub(crate) fn weekly_shares(
    walker: &Walker,
    counted: &Counted,
    edges: &[EdgeFigures],
    variants: &Variants,
) -> WeeklyShares {
    let width = walker.log.activities.len();
    let moves = counted.week_edges.touched();
    let monday = |index: usize| walker.first_week + index as i64 * WEEK;
    let timed = || counted.cases.iter().filter(|c| c.first != MISSING);
    // Without start times what is left is left at a move.
    let with_starts = !walker.log.start.is_empty();
    let steps = counted.steps.iter().filter(|_| with_starts);
    let left = steps.flat_map(|step| touched(&step.weeks, |w| w.1));
    let all = timed()
        .map(|c| c.first)
        .chain(moves.iter().map(|&(w, _, _)| monday(w)))
        .chain(left.map(monday));
    let weeks = Weeks::of(all);
    let zeros = || vec![0u64; weeks.len()];
    let mut shares = WeeklyShares {
        cases: zeros(),
        moves: zeros(),
        step_moves: zeros(),
        skips: zeros(),
        step_backs: zeros(),
        variants: Vec::new(),
        edges: Vec::new(),
        weeks: Vec::new(),
    };
    let shown: FxHashMap<&str, usize> = variants
        .shown
        .iter()
        .take(WEEKLY_VARIANTS)
        .enumerate()
        .map(|(i, v)| (v.id.as_str(), i))
        .collect();
    let names = variants
        .shown
        .iter()
        .take(WEEKLY_VARIANTS)
        .map(|v| v.id.clone());
    shares.variants = names
        .map(|name| WeeklySeries {
            name,
            counts: zeros(),
        })
        .collect();
    let by_hash: FxHashMap<u64, usize> = shown
        .iter()
        .filter_map(|(id, &i)| Some((u64::from_str_radix(id, 16).ok()?, i)))
        .collect();
    for case in timed() {
        let Some(week) = weeks.at(case.first) else {
            continue;
        };
        shares.cases[week] += 1;
        if let Some(&i) = by_hash.get(&case.variant) {
            shares.variants[i].counts[week] += 1;
        }
    }
    let mut edge_at: FxHashMap<usize, usize> = FxHashMap::default();
    for (i, e) in edges.iter().take(WEEKLY_EDGES).enumerate() {
        edge_at.insert(e.from_activity as usize * width + e.to_activity as usize, i);
        shares.edges.push(WeeklySeries {
            name: format!("{} → {}", e.from, e.to),
            counts: zeros(),
        });
    }
    for (w, edge, &n) in moves {
        let Some(week) = weeks.at(monday(w)) else {
            continue;
        };
        shares.moves[week] += n as u64;
        if let Some(&i) = edge_at.get(&edge) {
            shares.edges[i].counts[week] += n as u64;
        }
    }
    for (week, moves) in counted.step_moves.iter().enumerate() {
        if let Some(week) = weeks.at(monday(week)) {
            shares.step_moves[week] += moves.all;
            shares.skips[week] += moves.skips;
            shares.step_backs[week] += moves.backs;
        }
    }
    shares.weeks = weeks.mondays().to_vec();
    shares
}

/// Which weeks of the log are not empty.
fn touched(
    weeks: &[(u32, u32)],
    of: impl Fn(&(u32, u32)) -> u32 + Clone,
) -> impl Iterator<Item = usize> + Clone {
    let all = weeks.iter().enumerate();
    all.filter(move |(_, w)| of(w) > 0).map(|(at, _)| at)
}

/// Entries to and exits from one step by week, of those by week of the log.
pub(crate) fn step_weeks(walker: &Walker, weeks: &[(u32, u32)]) -> Vec<StepWeek> {
    let monday = |index: usize| walker.first_week + index as i64 * WEEK;
    let known = Weeks::of(touched(weeks, |w| w.0 + w.1).map(monday));
    let of = |&week: &Micros| {
        let (entered, left) = weeks[walker.week(week)];
        StepWeek {
            week,
            entered: entered.into(),
            left: left.into(),
        }
    };
    known.mondays().iter().map(of).collect()
}
