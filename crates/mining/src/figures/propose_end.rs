//! Which rule to propose for the end of a case.

use super::{EndRule, Steps, spread};
use crate::EventLog;
use crate::time::{DAY, MISSING};

/// Cases mostly stop after such an activity.
const STOPS: f64 = 0.5;
/// And such activities cover so much of all case ends.
const COVERS: f64 = 0.8;

pub(crate) fn propose_end(log: &EventLog, steps: &Steps) -> EndRule {
    let slots = steps.slots(log);
    let outcomes = slots
        .iter()
        .any(|s| matches!(s, super::steps::Slot::Won | super::steps::Slot::Lost));
    if outcomes && outcome_share(log, &slots) >= 0.2 {
        return EndRule::Outcome;
    }
    let finals = final_activities(log);
    if !finals.is_empty() {
        return EndRule::FinalActivities { activities: finals };
    }
    let mut pauses = Vec::new();
    for case in 0..log.cases() {
        let times = &log.time[log.case(case)];
        let known = times
            .windows(2)
            .filter(|w| w[0] != MISSING && w[1] != MISSING);
        pauses.extend(known.map(|w| w[1] - w[0]));
    }
    if pauses.is_empty() {
        return EndRule::Always;
    }
    let days = (spread::quantile(&mut pauses, 0.99) / DAY as f64)
        .ceil()
        .max(7.0);
    EndRule::Silence { days }
}

fn outcome_share(log: &EventLog, slots: &[super::steps::Slot]) -> f64 {
    use super::steps::Slot;
    let reaches = |case: &usize| {
        log.activity[log.case(*case)]
            .iter()
            .any(|&a| matches!(slots[a as usize], Slot::Won | Slot::Lost))
    };
    (0..log.cases()).filter(reaches).count() as f64 / log.cases().max(1) as f64
}

/// Activities after whose last occurrence in a case mostly nothing follows, most case ends first; none unless
/// together they end most cases.
fn final_activities(log: &EventLog) -> Vec<String> {
    let n = log.activities.len();
    let (mut cases, mut ends, mut seen) = (vec![0u64; n], vec![0u64; n], vec![usize::MAX; n]);
    let mut nonempty = 0u64;
    for case in 0..log.cases() {
        let activities = &log.activity[log.case(case)];
        for &a in activities {
            if seen[a as usize] != case {
                seen[a as usize] = case;
                cases[a as usize] += 1;
            }
        }
        if let Some(&last) = activities.last() {
            ends[last as usize] += 1;
            nonempty += 1;
        }
    }
    let mut finals: Vec<usize> = (0..n)
        .filter(|&a| ends[a] > 0 && ends[a] as f64 >= STOPS * cases[a] as f64)
        .collect();
    finals.sort_by_key(|&a| (std::cmp::Reverse(ends[a]), a));
    let covered: u64 = finals.iter().map(|&a| ends[a]).sum();
    if (covered as f64) < COVERS * nonempty as f64 {
        return Vec::new();
    }
    finals
        .into_iter()
        .map(|a| log.activity_name(a as u32).to_string())
        .collect()
}
