//! How often the model is right about which of two ends first.
//!
//! Harrell's C (Harrell, Lee and Mark 1996, Stat. Med. 15:361-387) as R's `concordance` counts it: a pair counts when
//! one is seen to end while the other is watched and goes on; within strata only.

use super::Cox;

/// Pairs by whether the one of higher predicted rate ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Concordance {
    /// It did.
    pub concordant: u64,
    /// The other one did.
    pub discordant: u64,
    /// The model predicts the same of both.
    pub tied: u64,
}

impl Concordance {
    /// Share of pairs the model is right about, ties counting half: 0.5 by guessing. `None` without pairs.
    pub fn share(&self) -> Option<f64> {
        let all = self.concordant + self.discordant + self.tied;
        (all > 0).then(|| (self.concordant as f64 + self.tied as f64 / 2.0) / all as f64)
    }
}

impl Cox {
    /// Counts the pairs, in the time it takes to sort the rows.
    pub fn concordance(&self) -> Concordance {
        let mut pairs = Concordance::default();
        for stratum in &self.rows.strata {
            let ranks = ranks(&self.predictor[stratum.clone()]);
            self.count(stratum.start, &ranks, &mut pairs);
        }
        pairs
    }

    fn count(&self, begin: usize, ranks: &[usize], pairs: &mut Concordance) {
        let rows = &self.rows;
        let mut watched = Counts::new(ranks.len());
        let (end, mut at, mut gone) = (begin + ranks.len(), begin, begin);
        while at < end {
            let time = rows.stop[at];
            while gone < rows.leaving.len().min(end) && rows.start[rows.leaving[gone]] >= time {
                watched.shift(ranks[rows.leaving[gone] - begin], -1);
                gone += 1;
            }
            let until = (at..end).find(|&i| rows.stop[i] != time).unwrap_or(end);
            let first_end = (at..until).find(|&i| rows.event[i]).unwrap_or(until);
            (at..first_end).for_each(|i| watched.shift(ranks[i - begin], 1));
            for i in first_end..until {
                let rank = ranks[i - begin];
                let (below, upto) = (watched.below(rank), watched.below(rank + 1));
                pairs.concordant += below;
                pairs.tied += upto - below;
                pairs.discordant += watched.all - upto;
            }
            (first_end..until).for_each(|i| watched.shift(ranks[i - begin], 1));
            at = until;
        }
    }
}

/// Dense ranks from 0; equal values share one.
fn ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut ranks, mut rank) = (vec![0; values.len()], 0);
    for (k, &i) in order.iter().enumerate() {
        rank += usize::from(k > 0 && values[order[k - 1]] != values[i]);
        ranks[i] = rank;
    }
    ranks
}

/// A binary indexed tree of counts by rank (Fenwick 1994, Software: Practice and Experience 24:327-336).
struct Counts {
    tree: Vec<u64>,
    all: u64,
}

impl Counts {
    fn new(ranks: usize) -> Self {
        Self {
            tree: vec![0; ranks + 1],
            all: 0,
        }
    }

    fn shift(&mut self, rank: usize, by: i64) {
        self.all = self.all.wrapping_add_signed(by);
        let mut at = rank + 1;
        while at < self.tree.len() {
            self.tree[at] = self.tree[at].wrapping_add_signed(by);
            at += at & at.wrapping_neg();
        }
    }

    fn below(&self, rank: usize) -> u64 {
        let (mut at, mut sum) = (rank, 0u64);
        while at > 0 {
            sum = sum.wrapping_add(self.tree[at]);
            at &= at - 1;
        }
        sum
    }
}
