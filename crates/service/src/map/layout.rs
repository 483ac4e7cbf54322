//! Where activities stand: a column a step, top to bottom in the order they usually come.

use mining::figures::{EdgeKind, Figures};
use rustc_hash::FxHashMap;

pub const NODE_W: f64 = 116.0;
pub const NODE_H: f64 = 48.0;
pub const COLUMN: f64 = 164.0;
const ROW: f64 = 118.0;
const TOP: f64 = 92.0;
/// Activities in a column at most; a step with more takes several columns side by side.
const TALLEST: usize = 8;
/// Between two moves that run beside each other over or under the columns.
pub const LANE: f64 = 15.0;

/// A node's centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    pub activity: u32,
    pub column: usize,
    pub row: usize,
    pub x: f64,
    pub y: f64,
}

pub struct Placed {
    pub spots: Vec<Spot>,
    pub at: FxHashMap<u32, usize>,
    /// Each step with its first and last column, from left to right.
    pub bands: Vec<(usize, usize, usize)>,
    pub width: f64,
    pub height: f64,
    /// Where the space for nodes ends and losses are told.
    pub bottom: f64,
}

/// Middle of a column.
pub fn middle(column: usize) -> f64 {
    COLUMN * (column as f64 + 0.5) + 2.0
}

pub fn place(figures: &Figures, chosen: &[usize]) -> Placed {
    let mut nodes: Vec<u32> = Vec::new();
    for &i in chosen {
        for n in [figures.edges[i].from_activity, figures.edges[i].to_activity] {
            if !nodes.contains(&n) {
                nodes.push(n);
            }
        }
    }
    if nodes.is_empty() {
        nodes = (0..figures.activities.len() as u32)
            .filter(|&a| figures.activities[a as usize].events > 0)
            .collect();
    }
    // Outcomes and activities in no step stand where most moves into them come from.
    let step_of = |activity: u32| -> usize {
        figures.activities[activity as usize]
            .step
            .unwrap_or_else(|| {
                let into = figures.edges.iter().filter(|e| e.to_activity == activity);
                let best = into
                    .filter_map(|e| {
                        figures.activities[e.from_activity as usize]
                            .step
                            .map(|s| (e.count, s))
                    })
                    .max();
                best.map_or(figures.steps.len().saturating_sub(1), |(_, step)| step)
            })
    };
    let mut by_step: Vec<Vec<u32>> = vec![Vec::new(); figures.steps.len().max(1)];
    for &n in &nodes {
        let last = by_step.len() - 1;
        by_step[step_of(n).min(last)].push(n);
    }
    let mut by_column: Vec<Vec<u32>> = Vec::new();
    let mut bands = Vec::new();
    for (step, mut members) in by_step.into_iter().enumerate() {
        order(figures, &mut members);
        let first = by_column.len();
        let columns = members.len().div_ceil(TALLEST).max(1);
        let each = members.len().div_ceil(columns).max(1);
        match members.is_empty() {
            true => by_column.push(members),
            false => by_column.extend(members.chunks(each).map(<[u32]>::to_vec)),
        }
        if step < figures.steps.len() {
            bands.push((step, first, by_column.len() - 1));
        }
    }
    let column_of = |activity: u32| {
        let at = by_column.iter().position(|m| m.contains(&activity));
        at.unwrap_or(0)
    };
    // The busiest activity of each column stands on one level, so that the main way runs straight.
    let spine = |members: &Vec<u32>| {
        let busiest = members.iter().enumerate().max_by_key(|(row, a)| {
            (
                figures.activities[**a as usize].cases,
                std::cmp::Reverse(*row),
            )
        });
        busiest.map_or(0, |(row, _)| row)
    };
    let longest = by_column.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let level = by_column.iter().map(spine).max().unwrap_or(0);
    let level_rows = by_column
        .iter()
        .map(|m| level - spine(m) + m.len())
        .max()
        .unwrap_or(1);
    let is_level = level_rows <= longest + 2;
    let rows = if is_level { level_rows } else { longest };
    // Moves over at least one column run in lanes above the nodes, or below when they go back.
    let jump = |e: &&mining::figures::EdgeFigures, back: bool| {
        let (a, b) = (column_of(e.from_activity), column_of(e.to_activity));
        if back { a > b + 1 } else { b > a + 1 }
    };
    let lanes = |back: bool| {
        (chosen
            .iter()
            .map(|&i| &figures.edges[i])
            .filter(|e| jump(e, back))
            .count() as f64)
            .min(9.0)
            * LANE
    };
    let top = TOP + lanes(false) + if lanes(false) > 0.0 { 14.0 } else { 0.0 };
    let mut spots = Vec::new();
    let mut at = FxHashMap::default();
    for (column, members) in by_column.iter().enumerate() {
        let offset = if is_level {
            level - spine(members)
        } else {
            (rows - members.len()) / 2
        };
        for (row, &activity) in members.iter().enumerate() {
            at.insert(activity, spots.len());
            let y = top + (row + offset) as f64 * ROW + NODE_H / 2.0;
            spots.push(Spot {
                activity,
                column,
                row: row + offset,
                x: middle(column),
                y,
            });
        }
    }
    let bottom = top + rows as f64 * ROW - (ROW - NODE_H) + 26.0 + lanes(true);
    let losses = figures.steps.iter().any(|s| s.lost + s.ended > 0);
    Placed {
        spots,
        at,
        width: COLUMN * by_column.len() as f64 + 4.0,
        height: bottom + if losses { 74.0 } else { 20.0 },
        bottom,
        bands,
    }
}

/// Puts the activities of a column in the order that lets most moves go down: each next is the one with the largest
/// surplus of moves out over moves in among those left.
fn order(figures: &Figures, members: &mut Vec<u32>) {
    let mut left = std::mem::take(members);
    while !left.is_empty() {
        let surplus = |n: u32| -> i64 {
            let inside = figures
                .edges
                .iter()
                .filter(|e| e.kind != EdgeKind::SelfLoop);
            inside
                .map(|e| {
                    let count = e.count as i64;
                    match (
                        e.from_activity == n && left.contains(&e.to_activity),
                        e.to_activity == n && left.contains(&e.from_activity),
                    ) {
                        (true, _) => count,
                        (_, true) => -count,
                        _ => 0,
                    }
                })
                .sum::<i64>()
                + figures.activities[n as usize].starts as i64
        };
        let next = (0..left.len())
            .max_by_key(|&i| {
                (
                    surplus(left[i]),
                    figures.activities[left[i] as usize].cases,
                    std::cmp::Reverse(left[i]),
                )
            })
            .unwrap_or(0);
        members.push(left.remove(next));
    }
}
