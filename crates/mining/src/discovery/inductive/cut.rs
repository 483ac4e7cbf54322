//! Cuts of a directly-follows graph: ways to divide its activities so that one operator explains what goes between.

use super::dfg::Dfg;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutKind {
    Choice,
    Sequence,
    Parallel,
    Loop,
}

/// `group[a]` is the part activity `a` (local number) belongs to. Parts of a sequence are in order; part 0 of a loop is its
/// do part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub kind: CutKind,
    pub group: Vec<usize>,
    pub groups: usize,
}

pub fn find(dfg: &Dfg) -> Option<Cut> {
    if dfg.len() < 2 {
        return None;
    }
    choice(dfg)
        .or_else(|| sequence(dfg))
        .or_else(|| parallel(dfg))
        .or_else(|| redo_loop(dfg))
}

fn choice(dfg: &Dfg) -> Option<Cut> {
    let mut sets = Sets::new(dfg.len());
    for (a, b) in pairs(dfg.len()) {
        if dfg.follows(a, b) || dfg.follows(b, a) {
            sets.join(a, b);
        }
    }
    sets.cut(CutKind::Choice)
}

fn sequence(dfg: &Dfg) -> Option<Cut> {
    let n = dfg.len();
    let reach = reachability(dfg);
    let reaches = |a: usize, b: usize| reach[a][b / 64] >> (b % 64) & 1 == 1;
    let mut sets = Sets::new(n);
    for (a, b) in pairs(n) {
        if reaches(a, b) == reaches(b, a) {
            sets.join(a, b);
        }
    }
    let cut = sets.cut(CutKind::Sequence)?;
    // Between two parts every path goes one way, so the part that reaches more activities comes first.
    let mut reached = vec![0u32; cut.groups];
    for a in 0..n {
        let outside = (0..n)
            .filter(|&b| cut.group[a] != cut.group[b] && reaches(a, b))
            .count();
        reached[cut.group[a]] = reached[cut.group[a]].max(outside as u32);
    }
    let mut order: Vec<usize> = (0..cut.groups).collect();
    order.sort_by_key(|&g| std::cmp::Reverse(reached[g]));
    let mut rank = vec![0; cut.groups];
    for (position, &g) in order.iter().enumerate() {
        rank[g] = position;
    }
    Some(Cut {
        group: cut.group.iter().map(|&g| rank[g]).collect(),
        ..cut
    })
}

fn parallel(dfg: &Dfg) -> Option<Cut> {
    let n = dfg.len();
    let mut sets = Sets::new(n);
    for (a, b) in pairs(n) {
        if !(dfg.follows(a, b) && dfg.follows(b, a)) {
            sets.join(a, b);
        }
    }
    // A branch must be able to start and to end; one that cannot belongs to another.
    let cut = sets.cut(CutKind::Parallel)?;
    let complete = |g: usize| {
        let has = |counts: &[u64]| (0..n).any(|a| cut.group[a] == g && counts[a] > 0);
        has(&dfg.start) && has(&dfg.end)
    };
    let host = (0..cut.groups).find(|&g| complete(g))?;
    let member = |g: usize| (0..n).find(|&a| cut.group[a] == g);
    for g in (0..cut.groups).filter(|&g| !complete(g)) {
        if let (Some(a), Some(b)) = (member(g), member(host)) {
            sets.join(a, b);
        }
    }
    sets.cut(CutKind::Parallel)
}

fn redo_loop(dfg: &Dfg) -> Option<Cut> {
    let n = dfg.len();
    let (starts, ends) = (marked(&dfg.start), marked(&dfg.end));
    let edge: Vec<bool> = (0..n).map(|a| dfg.start[a] > 0 || dfg.end[a] > 0).collect();
    let body = *starts.first().or(ends.first())?;
    let mut sets = Sets::new(n);
    (0..n).filter(|&a| edge[a]).for_each(|a| sets.join(a, body));
    for (a, b) in pairs(n) {
        if !edge[a] && !edge[b] && (dfg.follows(a, b) || dfg.follows(b, a)) {
            sets.join(a, b);
        }
    }
    // A redo part is entered from ends only, and then from all of them; it is left to starts only, and then to all.
    for a in (0..n).filter(|&a| !edge[a]) {
        let entered_from_all = ends.iter().all(|&e| dfg.follows(e, a));
        let left_to_all = starts.iter().all(|&s| dfg.follows(a, s));
        let belongs_to_body = (0..n).filter(|&x| edge[x]).any(|x| {
            (dfg.follows(x, a) && (dfg.end[x] == 0 || !entered_from_all))
                || (dfg.follows(a, x) && (dfg.start[x] == 0 || !left_to_all))
        });
        if belongs_to_body {
            sets.join(a, body);
        }
    }
    let mut cut = sets.cut(CutKind::Loop)?;
    // The do part is number 0.
    let first = cut.group[body];
    for g in &mut cut.group {
        *g = if *g == first {
            0
        } else {
            *g + usize::from(*g < first)
        };
    }
    Some(cut)
}

fn marked(counts: &[u64]) -> Vec<usize> {
    (0..counts.len()).filter(|&a| counts[a] > 0).collect()
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
}

/// Transitive closure, one bit a pair (Warshall).
fn reachability(dfg: &Dfg) -> Vec<Vec<u64>> {
    let n = dfg.len();
    let mut reach = vec![vec![0u64; n.div_ceil(64)]; n];
    for (a, row) in reach.iter_mut().enumerate() {
        for b in (0..n).filter(|&b| dfg.follows(a, b)) {
            row[b / 64] |= 1 << (b % 64);
        }
    }
    for via in 0..n {
        let through = reach[via].clone();
        for row in reach
            .iter_mut()
            .filter(|row| row[via / 64] >> (via % 64) & 1 == 1)
        {
            row.iter_mut()
                .zip(&through)
                .for_each(|(word, more)| *word |= more);
        }
    }
    reach
}

/// Disjoint sets of activities.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(n: usize) -> Sets {
        Sets {
            parent: (0..n).collect(),
        }
    }

    fn root(&self, mut a: usize) -> usize {
        while self.parent[a] != a {
            a = self.parent[a];
        }
        a
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.parent[high] = low;
    }

    /// The sets as a cut, numbered by their first activity; `None` when all is one set.
    fn cut(&self, kind: CutKind) -> Option<Cut> {
        let n = self.parent.len();
        let roots: Vec<usize> = (0..n).filter(|&a| self.parent[a] == a).collect();
        let group = (0..n)
            .map(|a| roots.partition_point(|&r| r < self.root(a)))
            .collect();
        (roots.len() > 1).then_some(Cut {
            kind,
            group,
            groups: roots.len(),
        })
    }
}
