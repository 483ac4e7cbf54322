//! The directly-follows graph of a multiset of traces, dense, over the activities that occur in it.

use super::sublog::SubLog;

pub struct Dfg {
    /// Local number to activity, ascending.
    pub activities: Vec<u32>,
    /// Row by row: how often the column's activity directly follows the row's.
    follows: Vec<u64>,
    pub start: Vec<u64>,
    pub end: Vec<u64>,
}

impl Dfg {
    pub fn of(log: &SubLog) -> Dfg {
        let mut activities: Vec<u32> = log
            .variants
            .iter()
            .flat_map(|v| v.0.iter().copied())
            .collect();
        activities.sort_unstable();
        activities.dedup();
        let n = activities.len();
        let mut dfg = Dfg {
            activities,
            follows: vec![0; n * n],
            start: vec![0; n],
            end: vec![0; n],
        };
        let local = dfg.local();
        for (trace, count) in &log.variants {
            let mut before = None;
            for &activity in trace {
                let at = local[activity as usize];
                match before {
                    None => dfg.start[at] += count,
                    Some(from) => dfg.follows[from * n + at] += count,
                }
                before = Some(at);
            }
            if let Some(last) = before {
                dfg.end[last] += count;
            }
        }
        dfg
    }

    pub fn len(&self) -> usize {
        self.activities.len()
    }

    /// Activity to local number; `usize::MAX` for activities that do not occur.
    pub fn local(&self) -> Vec<usize> {
        let mut local = vec![usize::MAX; self.activities.last().map_or(0, |&a| a as usize + 1)];
        for (i, &activity) in self.activities.iter().enumerate() {
            local[activity as usize] = i;
        }
        local
    }

    pub fn follows(&self, from: usize, to: usize) -> bool {
        self.follows[from * self.len() + to] > 0
    }

    /// Without what is rarer than `noise` times the most frequent of its kind: followers (an end counts as one) of each
    /// activity, starts, ends.
    pub fn without_infrequent(&self, noise: f64) -> Dfg {
        let n = self.len();
        let keep = |count: u64, most: u64| {
            if count as f64 >= noise * most as f64 {
                count
            } else {
                0
            }
        };
        let most = |counts: &[u64]| counts.iter().copied().max().unwrap_or(0);
        let mut follows = Vec::with_capacity(n * n);
        for (row, &end) in self.follows.chunks(n).zip(&self.end) {
            let most = most(row).max(end);
            follows.extend(row.iter().map(|&count| keep(count, most)));
        }
        let (first, last) = (most(&self.start), most(&self.end));
        Dfg {
            activities: self.activities.clone(),
            follows,
            start: self.start.iter().map(|&count| keep(count, first)).collect(),
            end: self.end.iter().map(|&count| keep(count, last)).collect(),
        }
    }
}
