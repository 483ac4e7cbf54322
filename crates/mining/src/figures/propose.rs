//! Steps to begin with: from stages, from lanes, or from the usual order of a raw log.

use super::outcomes::{Outcome, outcome};
use super::{Step, StepRule, Steps};
use crate::EventLog;
use crate::model::bpmn::{NodeKind, ProcessModel};
use rustc_hash::FxHashMap;

const MOST_STEPS: usize = 8;
const FEWEST_STEPS: usize = 3;

pub(crate) fn propose(log: &EventLog, model: Option<&ProcessModel>, stage_like: bool) -> Steps {
    let usual = usual_order(log);
    if stage_like {
        return stages(&usual);
    }
    if let Some(steps) = model.and_then(|m| lanes(m, &usual)) {
        return steps;
    }
    by_order(log, &usual)
}

/// What an activity's place in its cases is.
struct Usual {
    name: String,
    code: u32,
    /// 0 when it comes before all it meets, 1 when after.
    place: f64,
    cases: u64,
    /// Cases that stop with it.
    ends: u64,
}

/// Activities in their usual order: by how often each comes first among the pairs it is seen in (a Copeland score
/// on shares, so that activities of short cases are compared only with those they meet). Only activities that one
/// case in twenty has are compared with: a crowd of rare ones says little about the usual order.
fn usual_order(log: &EventLog) -> Vec<Usual> {
    let n = log.activities.len();
    let (mut cases, mut ends) = (vec![0u64; n], vec![0u64; n]);
    let mut before: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    let mut firsts: FxHashMap<Vec<u32>, u64> = FxHashMap::default();
    let mut seen = vec![usize::MAX; n];
    let mut order: Vec<u32> = Vec::new();
    for case in 0..log.cases() {
        let activities = &log.activity[log.case(case)];
        order.clear();
        for &a in activities {
            if seen[a as usize] != case {
                seen[a as usize] = case;
                cases[a as usize] += 1;
                order.push(a);
            }
        }
        if let Some(&a) = activities.last() {
            ends[a as usize] += 1;
        }
        // Few orders of first appearance repeat many times, and pairs grow with the square.
        match firsts.get_mut(&order) {
            Some(times) => *times += 1,
            None => {
                firsts.insert(order.clone(), 1);
            }
        }
    }
    for (order, times) in &firsts {
        for (at, &a) in order.iter().enumerate() {
            order[at + 1..]
                .iter()
                .for_each(|&b| *before.entry((a, b)).or_default() += times);
        }
    }
    let later = |a: u32| {
        let share = |b: u32| {
            let ahead = before.get(&(a, b)).copied().unwrap_or(0) as f64;
            let behind = before.get(&(b, a)).copied().unwrap_or(0) as f64;
            (ahead + behind > 0.0).then(|| behind / (ahead + behind))
        };
        let common = |b: &u32| 20 * cases[*b as usize] >= log.cases() as u64;
        let met: Vec<f64> = (0..n as u32)
            .filter(common)
            .filter(|&b| b != a)
            .filter_map(share)
            .collect();
        met.iter().sum::<f64>() / met.len().max(1) as f64
    };
    let one = |a: usize| Usual {
        name: log.activity_name(a as u32).to_string(),
        code: a as u32,
        place: later(a as u32),
        cases: cases[a],
        ends: ends[a],
    };
    let mut usual: Vec<Usual> = (0..n).map(one).collect();
    usual.sort_by(|a, b| {
        a.place
            .total_cmp(&b.place)
            .then_with(|| a.name.cmp(&b.name))
    });
    let count = |a: u32, b: u32| before.get(&(a, b)).copied().unwrap_or(0) as i64;
    settle(&mut usual, |a, b| count(a.code, b.code));
    usual
}

/// Moves each item to where fewest pairs disagree with the order, until no single move helps: a local optimum of
/// Kemeny's distance. `ahead(a, b)` counts the cases that have `a` before `b`.
fn settle<T>(order: &mut Vec<T>, ahead: impl Fn(&T, &T) -> i64) {
    // Each pass looks at every pair; a log with more activities than this is no process to read in steps.
    if order.len() > 500 {
        return;
    }
    for _ in 0..10 {
        let mut moved = false;
        for at in 0..order.len() {
            let gain = |other: &T| ahead(&order[at], other) - ahead(other, &order[at]);
            let (mut best, mut best_gain) = (at, 0);
            let mut sum = 0;
            for to in (0..at).rev() {
                sum += gain(&order[to]);
                if sum > best_gain {
                    (best, best_gain) = (to, sum);
                }
            }
            sum = 0;
            for (to, other) in order.iter().enumerate().skip(at + 1) {
                sum -= gain(other);
                if sum > best_gain {
                    (best, best_gain) = (to, sum);
                }
            }
            if best != at {
                let item = order.remove(at);
                order.insert(best, item);
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

/// Puts outcomes aside and gives what is left.
fn split_outcomes<'a>(
    usual: &'a [Usual],
    steps: &mut Steps,
    counts: impl Fn(&Usual) -> bool,
) -> Vec<&'a Usual> {
    let mut rest = Vec::new();
    for u in usual {
        match outcome(&u.name).filter(|_| counts(u)) {
            Some(Outcome::Won) => steps.won.push(u.name.clone()),
            Some(Outcome::Lost) => steps.lost.push(u.name.clone()),
            None => rest.push(u),
        }
    }
    rest
}

fn stages(usual: &[Usual]) -> Steps {
    let mut steps = Steps {
        rule: StepRule::Stages,
        ..Steps::default()
    };
    let rest = split_outcomes(usual, &mut steps, |_| true);
    steps.steps = rest
        .into_iter()
        .map(|u| Step {
            name: u.name.clone(),
            activities: vec![u.name.clone()],
        })
        .collect();
    steps
}

/// Lanes with at least one activity the log shows, in order of the usual place of the earliest.
fn lanes(model: &ProcessModel, usual: &[Usual]) -> Option<Steps> {
    let mut found: Vec<(usize, Step)> = Vec::new();
    for lane in &model.lanes {
        let work = lane.nodes.iter().filter_map(|&n| model.nodes.get(n));
        let names = work.filter(|n| {
            matches!(
                n.kind,
                NodeKind::Task(_) | NodeKind::CallActivity | NodeKind::SubProcess(_)
            )
        });
        let names: Vec<&str> = names.map(|n| n.name.as_str()).collect();
        let shown: Vec<usize> = (0..usual.len())
            .filter(|&u| names.contains(&usual[u].name.as_str()))
            .collect();
        // A parent lane repeats what its inner lanes hold.
        let inner = found
            .iter()
            .any(|(_, s)| shown.iter().any(|&u| s.activities.contains(&usual[u].name)));
        if let (Some(&first), false) = (shown.first(), inner) {
            let activities = shown.iter().map(|&u| usual[u].name.clone()).collect();
            found.push((
                first,
                Step {
                    name: lane.name.clone(),
                    activities,
                },
            ));
        }
    }
    found.sort_by_key(|(first, _)| *first);
    let steps: Vec<Step> = found.into_iter().map(|(_, s)| s).collect();
    (steps.len() >= 2).then(|| Steps {
        steps,
        rule: StepRule::Lanes,
        ..Steps::default()
    })
}

/// Cuts the usual order where few moves go back across the cut and most cases pass it, at activities most cases
/// reach (milestones); each group is named after its milestone.
fn by_order(log: &EventLog, usual: &[Usual]) -> Steps {
    let mut steps = Steps {
        rule: StepRule::Order,
        ..Steps::default()
    };
    // In a raw log a name alone may mislead ("reject request" can be mid-way), so it must also be where cases stop.
    let order = split_outcomes(usual, &mut steps, |u| 2 * u.ends >= u.cases);
    if order.is_empty() {
        return steps;
    }
    let (forward, back) = flows(log, &order);
    let cases = log.cases() as f64;
    // For each cut before activity i: how good a border it is.
    let mut cuts: Vec<(f64, usize)> = (1..order.len())
        .map(|i| {
            let back_share = back[i] as f64 / (forward[i] + back[i]).max(1) as f64;
            let milestone = order[i].cases as f64 / cases.max(1.0);
            (milestone * (1.0 - back_share), i)
        })
        .collect();
    cuts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let good = cuts.iter().filter(|c| c.0 >= 0.3).count();
    cuts.truncate(good.clamp(FEWEST_STEPS - 1, MOST_STEPS - 1));
    let mut borders: Vec<usize> = cuts.into_iter().map(|c| c.1).collect();
    borders.sort_unstable();
    borders.push(order.len());
    let mut from = 0;
    for border in borders {
        let group = &order[from..border];
        from = border;
        let milestone = group.iter().rev().max_by_key(|u| u.cases);
        let name = milestone.map_or_else(String::new, |u| u.name.clone());
        steps.steps.push(Step {
            name,
            activities: group.iter().map(|u| u.name.clone()).collect(),
        });
    }
    steps
}

/// Moves that cross each border of the order, onwards and back, by difference arrays.
fn flows(log: &EventLog, order: &[&Usual]) -> (Vec<i64>, Vec<i64>) {
    let mut rank = vec![usize::MAX; log.activities.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(at, u)| rank[u.code as usize] = at);
    let (mut forward, mut back) = (vec![0i64; order.len() + 1], vec![0i64; order.len() + 1]);
    for case in 0..log.cases() {
        for pair in log.activity[log.case(case)].windows(2) {
            let (a, b) = (rank[pair[0] as usize], rank[pair[1] as usize]);
            if a == usize::MAX || b == usize::MAX || a == b {
                continue;
            }
            let side = if a < b { &mut forward } else { &mut back };
            side[a.min(b) + 1] += 1;
            if let Some(end) = side.get_mut(a.max(b) + 1) {
                *end -= 1;
            }
        }
    }
    for side in [&mut forward, &mut back] {
        for i in 1..side.len() {
            side[i] += side[i - 1];
        }
    }
    (forward, back)
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn what_usually_comes_first_is_put_first() {
        // 0 before 1 in most cases, 2 anywhere, 3 last.
        let ahead = |a: &u32, b: &u32| {
            [[0, 8, 5, 9], [2, 0, 5, 9], [5, 5, 0, 9], [1, 1, 1, 0]][*a as usize][*b as usize]
        };
        let mut order = vec![3, 1, 2, 0];
        settle(&mut order, ahead);
        let at = |x: u32| order.iter().position(|o| *o == x).unwrap();
        assert!(at(0) < at(1));
        assert_eq!(at(3), 3);
    }
}
