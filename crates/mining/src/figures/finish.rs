//! From counts to figures. Reads only sums, multisets and facts by case, so the order of merging does not show.

use super::spread::Groups;
use super::steps::Slot;
use super::tally::{Counted, Tally};
use super::walk::Walker;
use super::*;
use crate::time::{MISSING, Micros};
use rustc_hash::FxHashMap;

pub(crate) fn finish(walker: &Walker, steps: &Steps, tally: Tally) -> Figures {
    let mut counted = tally.0.map_or_else(|| Counted::new(walker), |c| *c);
    counted.cases.sort_unstable_by_key(|c| c.case);
    let counted = &counted;
    let ((edges, activities), ((variants, case_duration), plain)) = rayon::join(
        || {
            let (edges, before) = edges(walker, counted);
            let activities = activities(walker, counted, before, work(walker, counted));
            (edges, activities)
        },
        || {
            let plain = (counts(walker, counted), rework(counted));
            let rest = (weekly::weeks(counted), handovers(walker, counted));
            (variants(walker, counted, VARIANTS_SHOWN), (plain, rest))
        },
    );
    let ((counts, rework), (weeks, (handovers, handovers_total))) = plain;
    // After the edges rather than beside them: less memory at once.
    let (step_figures, weekly_shares) = rayon::join(
        || step_figures::step_figures(walker, steps, counted),
        || weekly::weekly_shares(walker, counted, &edges, &variants),
    );
    Figures {
        counts,
        case_duration,
        activities,
        weekly_shares,
        weeks,
        edges,
        variants,
        rework,
        steps: step_figures,
        handovers,
        handovers_total,
        on_calendar: walker.calendar.is_some(),
    }
}

fn counts(walker: &Walker, counted: &Counted) -> Counts {
    let state = |s: CaseState| counted.cases.iter().filter(|c| c.state == s).count() as u64;
    let (cases, open) = (counted.cases.len() as u64, state(CaseState::Open));
    let timed = || counted.cases.iter().filter(|c| c.first != MISSING);
    Counts {
        cases,
        events: counted.events,
        activities: counted.activities.iter().filter(|a| a.events > 0).count() as u64,
        open,
        ended: cases - open,
        won: state(CaseState::Won),
        lost: state(CaseState::Lost),
        first: timed().map(|c| c.first).min(),
        last: timed().map(|c| c.last).max(),
        as_of: walker.as_of,
    }
}

fn activities(
    walker: &Walker,
    counted: &Counted,
    before: Vec<Option<Spread>>,
    work: Vec<Option<Spread>>,
) -> Vec<ActivityFigures> {
    let all = counted
        .activities
        .iter()
        .zip(before.into_iter().zip(work))
        .enumerate();
    all.map(|(at, (count, (wait_before, work)))| ActivityFigures {
        name: walker.log.activity_name(at as u32).to_string(),
        step: match walker.slots[at] {
            Slot::Step(step) => Some(step as usize),
            _ => None,
        },
        events: count.events,
        cases: count.cases,
        starts: count.starts,
        ends: count.ends,
        work,
        wait_before,
        rework_cases: count.rework,
    })
    .collect()
}

/// Calls `each` with the rows of every move that has a time before and after.
fn timed_moves(walker: &Walker, counted: &Counted, mut each: impl FnMut(usize, usize)) {
    let log = walker.log;
    for case in &counted.cases {
        let events = log.case(case.case as usize);
        for event in events.start + 1..events.end {
            if log.time[event - 1] != MISSING && log.time[event] != MISSING {
                each(event - 1, event);
            }
        }
    }
}

/// Working time of each activity.
fn work(walker: &Walker, counted: &Counted) -> Vec<Option<Spread>> {
    let log = walker.log;
    let mut work = Groups::new(counted.activities.iter().map(|a| a.worked as usize));
    if !log.start.is_empty() {
        for event in counted.cases.iter().flat_map(|c| log.case(c.case as usize)) {
            let (start, end) = (log.start[event], log.time[event]);
            if start != MISSING && end != MISSING {
                work.put(log.activity[event] as usize, walker.span(start, end));
            }
        }
    }
    work.spreads()
}

/// Every edge, and the waiting before each activity, which is that of all edges to it.
fn edges(walker: &Walker, counted: &Counted) -> (Vec<EdgeFigures>, Vec<Option<Spread>>) {
    let log = walker.log;
    let width = log.activities.len();
    let mut touched = counted.edges.touched();
    touched.sort_by_key(|&(_, to, _)| to);
    let into: Vec<usize> = touched.iter().map(|&(_, to, _)| to).collect();
    let key = |from: usize, to: usize| (from * width + to) as u32;
    let number: FxHashMap<u32, u32> = touched
        .iter()
        .enumerate()
        .map(|(at, &(from, to, _))| (key(from, to), at as u32))
        .collect();
    // A table beats hashing a million keys while it stays small.
    let table: Vec<u32> = if width <= 1024 {
        let mut table = vec![0; width * width];
        number.iter().for_each(|(&k, &at)| table[k as usize] = at);
        table
    } else {
        Vec::new()
    };
    let group = |from: usize, to: usize| {
        let k = key(log.activity[from] as usize, log.activity[to] as usize);
        table.get(k as usize).copied().unwrap_or_else(|| number[&k]) as usize
    };
    let spreads = |until: &dyn Fn(usize) -> Micros| {
        let mut groups = Groups::new(touched.iter().map(|(_, _, edge)| edge.timed as usize));
        timed_moves(walker, counted, |from, to| {
            groups.put(group(from, to), walker.span(log.time[from], until(to)));
        });
        let each = groups.spreads();
        (each, groups)
    };
    let (gaps, groups) = spreads(&|to| log.time[to]);
    let (waits, groups) = if log.start.is_empty() {
        (gaps.clone(), groups)
    } else {
        spreads(&|to| walker.begin(to))
    };
    let mut before = vec![None; width];
    for (to, spread) in groups.joined(&into) {
        before[to] = spread;
    }
    let mut edges: Vec<EdgeFigures> = touched
        .into_iter()
        .zip(gaps.into_iter().zip(waits))
        .map(|((from, to, count), (gap, wait))| EdgeFigures {
            from: log.activity_name(from as u32).to_string(),
            to: log.activity_name(to as u32).to_string(),
            from_activity: from as u32,
            to_activity: to as u32,
            count: count.count as u64,
            cases: count.cases as u64,
            gap,
            wait,
            kind: kind(walker, from, to),
        })
        .collect();
    edges.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
    });
    (edges, before)
}

fn kind(walker: &Walker, from: usize, to: usize) -> EdgeKind {
    match (walker.slots[from], walker.slots[to]) {
        _ if from == to => EdgeKind::SelfLoop,
        (_, Slot::Won) => EdgeKind::Won,
        (_, Slot::Lost) => EdgeKind::Lost,
        (Slot::Step(a), Slot::Step(b)) if b < a => EdgeKind::Back,
        (Slot::Step(a), Slot::Step(b)) if b > a + 1 => EdgeKind::Skip,
        (Slot::Step(a), Slot::Step(b)) if b == a + 1 => EdgeKind::Forward,
        // From an outcome back into a step.
        (Slot::Won | Slot::Lost, Slot::Step(_)) => EdgeKind::Back,
        _ => EdgeKind::Within,
    }
}

/// The `most` frequent, and the spread of case durations. Two variants whose 64-bit hashes collide would count as one.
pub(crate) fn variants(
    walker: &Walker,
    counted: &Counted,
    most: usize,
) -> (Variants, Option<Spread>) {
    struct Group {
        hash: u64,
        example: u32,
        cases: u64,
        timed: usize,
        states: [u64; 4],
    }
    let mut number: FxHashMap<u64, u32> = FxHashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: Vec<u32> = Vec::with_capacity(counted.cases.len());
    for case in &counted.cases {
        let at = *number.entry(case.variant).or_insert_with(|| {
            groups.push(Group {
                hash: case.variant,
                example: case.case,
                cases: 0,
                timed: 0,
                states: [0; 4],
            });
            groups.len() as u32 - 1
        });
        group_of.push(at);
        let group = &mut groups[at as usize];
        group.cases += 1;
        group.timed += usize::from(case.first != MISSING);
        group.states[case.state as usize] += 1;
    }
    let mut durations = Groups::new(groups.iter().map(|g| g.timed));
    for (case, &at) in counted.cases.iter().zip(&group_of) {
        if case.first != MISSING {
            durations.put(at as usize, walker.span(case.first, case.last));
        }
    }
    let spread = durations.spreads();
    let overall = durations.overall();
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_unstable_by_key(|&g| (std::cmp::Reverse(groups[g].cases), groups[g].hash));
    let log = walker.log;
    let can_win = walker.slots.contains(&Slot::Won);
    let shown = order.into_iter().take(most).map(|g| {
        let group = &groups[g];
        let state = |s: CaseState| group.states[s as usize];
        let ended = group.cases - state(CaseState::Open);
        VariantFigures {
            id: variant_id(group.hash),
            activities: log.activity[log.case(group.example as usize)]
                .iter()
                .map(|&a| log.activity_name(a).to_string())
                .collect(),
            cases: group.cases,
            share: group.cases as f64 / counted.cases.len() as f64,
            duration: spread[g],
            open: state(CaseState::Open),
            won: state(CaseState::Won),
            lost: state(CaseState::Lost),
            won_share: (can_win && ended > 0).then(|| state(CaseState::Won) as f64 / ended as f64),
        }
    });
    (
        Variants {
            total: groups.len() as u64,
            shown: shown.collect(),
        },
        overall,
    )
}

fn rework(counted: &Counted) -> Rework {
    let sum =
        |f: fn(&walk::CaseFacts) -> u32| counted.cases.iter().map(|c| f(c) as u64).sum::<u64>();
    let some =
        |f: fn(&walk::CaseFacts) -> u32| counted.cases.iter().filter(|c| f(c) > 0).count() as u64;
    Rework {
        cases: counted.rework_cases,
        share: counted.rework_cases as f64 / counted.cases.len().max(1) as f64,
        repeat_cases: counted.repeat_cases,
        back_cases: some(|c| c.backs),
        backs: sum(|c| c.backs),
        skip_cases: some(|c| c.skips),
        skips: sum(|c| c.skips),
    }
}

fn handovers(walker: &Walker, counted: &Counted) -> (Vec<Handover>, u64) {
    let Some((_, people)) = walker.log.resource().and_then(|c| c.codes()) else {
        return (Vec::new(), 0);
    };
    let mut all = counted.handovers.touched();
    let total = all.iter().map(|(_, _, h)| h.count).sum();
    all.sort_by_key(|&(from, to, h)| (std::cmp::Reverse(h.count), from, to));
    let shown = all
        .into_iter()
        .take(HANDOVERS_SHOWN)
        .map(|(from, to, h)| Handover {
            from: people.get(from as u32).to_string(),
            to: people.get(to as u32).to_string(),
            count: h.count,
            mean_wait_seconds: (h.timed > 0).then(|| h.wait as f64 / h.timed as f64 / 1e6),
        });
    (shown.collect(), total)
}
