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
    let visits = counted.visits.iter().filter(|_| with_starts).flatten();
    let left = visits.map(|v| walker.left(v)).filter(|&t| t != MISSING);
    let all = timed()
        .map(|c| c.first)
        .chain(moves.iter().map(|&(w, _, _)| monday(w)))
        .chain(left);
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
    step_moves(walker, counted, &weeks, &mut shares);
    shares.weeks = weeks.mondays().to_vec();
    shares
}

fn step_moves(walker: &Walker, counted: &Counted, weeks: &Weeks, shares: &mut WeeklyShares) {
    let mut visited = vec![false; walker.steps];
    let parts = counted.visits.iter();
    for visits in parts.flat_map(|part| part.chunk_by(|a, b| a.case == b.case)) {
        visited.fill(false);
        let mut before: Option<u16> = None;
        for visit in visits {
            let step = visit.step;
            let skipped =
                before.is_some_and(|b| (b as usize + 1..step as usize).any(|s| !visited[s]));
            visited[step as usize] = true;
            let entered = walker.entered(visit);
            if let (Some(b), false) = (before, entered == MISSING)
                && let Some(week) = weeks.at(entered)
            {
                shares.step_moves[week] += 1;
                shares.skips[week] += u64::from(skipped);
                shares.step_backs[week] += u64::from(step < b);
            }
            before = Some(step);
        }
    }
}

/// Entries to and exits from one step by week, of the moments its stays began and ended; [`MISSING`] where one did not.
pub(crate) fn step_weeks(stays: &[(Micros, Micros)]) -> Vec<StepWeek> {
    let known = |t: &Micros| *t != MISSING;
    let entered = stays.iter().map(|s| s.0).filter(known);
    let left = stays.iter().map(|s| s.1).filter(known);
    let place = Weeks::of(entered.clone().chain(left.clone()));
    let mondays = place.mondays().iter();
    let mut weeks: Vec<StepWeek> = mondays
        .map(|&week| StepWeek {
            week,
            entered: 0,
            left: 0,
        })
        .collect();
    for at in entered.filter_map(|t| place.at(t)) {
        weeks[at].entered += 1;
    }
    for at in left.filter_map(|t| place.at(t)) {
        weeks[at].left += 1;
    }
    weeks
}
