//! A multiset of traces, each distinct trace once.

#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubLog {
    pub variants: Vec<(Vec<u32>, u64)>,
}

impl SubLog {
    /// Equal traces are put together; order is that of the traces themselves, so results do not depend on the input's.
    pub fn new(mut variants: Vec<(Vec<u32>, u64)>) -> Self {
        variants.sort_unstable();
        variants.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        SubLog { variants }
    }

    pub fn traces(&self) -> u64 {
        self.variants.iter().map(|v| v.1).sum()
    }

    pub fn events(&self) -> u64 {
        self.variants.iter().map(|v| v.0.len() as u64 * v.1).sum()
    }

    pub fn empty_traces(&self) -> u64 {
        self.variants
            .iter()
            .filter(|v| v.0.is_empty())
            .map(|v| v.1)
            .sum()
    }

    pub fn without_empty(self) -> SubLog {
        SubLog {
            variants: self
                .variants
                .into_iter()
                .filter(|v| !v.0.is_empty())
                .collect(),
        }
    }

    /// Every trace with only the activities `keep` says yes to.
    pub fn project(&self, keep: impl Fn(u32) -> bool) -> SubLog {
        let kept = |trace: &[u32]| trace.iter().copied().filter(|&a| keep(a)).collect();
        SubLog::new(
            self.variants
                .iter()
                .map(|(trace, n)| (kept(trace), *n))
                .collect(),
        )
    }
}
