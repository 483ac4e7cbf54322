//! Reading what was changed, in passes by id. A pass goes through the records that were changed since the pass before, page after page; whatever
//! is changed meanwhile is changed later than it began, and comes with the next. So nothing is missed, however long a pass takes.

use crate::{Cursor, Micros};
use std::collections::BTreeMap;

/// A change may appear late, with an earlier time: its transaction took long, or an index followed. Such a time is read again.
const OVERLAP: Micros = 600_000_000;
/// Of how many records it is remembered that they were told; of more they are told again, which adds nothing.
const REMEMBERED: usize = 2000;
const VERSION: u32 = 1;

/// By ids of a kind `K`, in their order.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(bound(deserialize = "K: Ord + Default + serde::de::DeserializeOwned"))]
pub struct Pass<K: Ord = i64> {
    /// Everything before was told; none: nothing was.
    since: Option<Micros>,
    /// How far this pass came.
    pub after: K,
    /// What was changed up to here is told when this pass ends.
    pub mark: Option<Micros>,
    /// What was told of the time that is read again: the records, and as of when.
    told: BTreeMap<K, Micros>,
    next: BTreeMap<K, Micros>,
}

impl<K: Ord + Clone + Default> Pass<K> {
    /// The first of all, still without a mark.
    pub fn is_new(&self) -> bool {
        self.since.is_none() && self.mark.is_none()
    }

    pub fn is_first(&self) -> bool {
        self.since.is_none()
    }

    /// Records that were changed from here on are read; all, where there was no pass before.
    pub fn window(&self) -> Option<Micros> {
        self.since.map(|s| s.saturating_sub(OVERLAP))
    }

    /// From which moment on changes of a record are new.
    pub fn bound(&self, id: &K) -> Option<Micros> {
        let told = self.told.get(id).map(|t| t.saturating_add(1));
        told.or(self.window())
    }

    pub fn was_told(&self, id: &K, at: Micros) -> bool {
        self.told.get(id).is_some_and(|told| at <= *told)
    }

    /// The pass after a page of records, each with the time of its last change; without more of them it is over.
    pub fn turned(mut self, records: &[(K, Micros)], has_more: bool) -> Pass<K> {
        // All that was changed before the pass began is in it, so the newest of its first page will do for a mark.
        let newest = records.iter().map(|(_, at)| *at).max();
        self.mark = self.mark.or(newest);
        let edge = self.mark.max(self.since).map(|m| m.saturating_sub(OVERLAP));
        for (id, at) in records {
            self.after = id.clone().max(self.after);
            if edge.is_some_and(|e| *at >= e) && self.next.len() < REMEMBERED {
                self.next.insert(id.clone(), *at);
            }
        }
        if has_more {
            return self;
        }
        Pass {
            since: self.mark.max(self.since),
            told: self.next,
            ..Pass::default()
        }
    }
}

/// What a cursor holds, where it is of this version.
pub fn read<T: serde::de::DeserializeOwned + Default>(cursor: Option<&Cursor>) -> T {
    let known = cursor.filter(|c| c.version == VERSION);
    let state = known.and_then(|c| serde_json::from_value(c.state.clone()).ok());
    state.unwrap_or_default()
}

pub fn cursor<T: serde::Serialize>(state: &T) -> Result<Cursor, crate::Fault> {
    let state = serde_json::to_value(state).map_err(|e| crate::Fault::Strange(e.to_string()))?;
    Ok(Cursor {
        version: VERSION,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_over_several_pages_goes_on_from_what_its_first_page_saw() {
        let pass: Pass = Pass::default().turned(&[(1, 50), (2, 40)], true);
        assert_eq!(
            (pass.after, pass.is_first(), pass.is_new()),
            (2, true, false)
        );
        // Changed while the pass went on: not before the next one.
        let pass = pass.turned(&[(3, 90)], false);
        assert_eq!(pass.window(), Some(50 - OVERLAP));
        assert_eq!((pass.after, pass.is_first()), (0, false));
        assert!(pass.was_told(&2, 40) && !pass.was_told(&2, 41));
        assert_eq!((pass.bound(&3), pass.bound(&4)), (Some(91), pass.window()));
    }

    #[test]
    fn a_cursor_of_another_version_means_beginning_anew() {
        let mut cursor = cursor(&Pass::<i64>::default().turned(&[(1, 50)], false)).unwrap();
        assert!(!read::<Pass>(Some(&cursor)).is_first());
        cursor.version += 1;
        assert!(read::<Pass>(Some(&cursor)).is_first());
    }
}
