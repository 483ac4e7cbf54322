//! A later export of the same process added to what is known, so that nothing is doubled and nothing is lost.

use super::codec::Rows;
use super::stack::{joined, stack};
use super::{Column, EventLog, LIFECYCLE, NONE, RESOURCE, Values};
use crate::time::{MISSING, Micros};
use rustc_hash::FxHashMap;

/// What a merge added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    pub cases: u64,
    pub events: u64,
    /// Events of the new log that were known already.
    pub known: u64,
}

/// `old` with the events of `new` that it does not have. Events are the same when case, activity, time, person and
/// lifecycle are; of several alike events as many are kept as the log with more of them has. Attributes of a case
/// are those of `new`, or of `old` where `new` has none.
pub fn merge(old: EventLog, new: EventLog) -> (EventLog, Added) {
    let old_cases = old.cases();
    let mut all = stack(old, new);
    let plan = Plan::of(&all, all.case_names.len(), old_cases);
    all.case_columns.iter_mut().for_each(|c| plan.fill(c));
    let (order, cases) = (plan.order.all(), plan.cases.all());
    let merged = all.arrange(&order, plan.offsets, &cases);
    (merged, plan.added)
}

/// Whether events are told apart by a column.
pub(super) fn tells_apart(name: &str) -> bool {
    [LIFECYCLE, RESOURCE].contains(&name)
}

/// Rows in an order of which most often only the end is another: no more than that is kept.
pub(super) struct Order {
    /// So many stay where they are.
    same: usize,
    others: Vec<u32>,
}

impl Order {
    /// The first of them in order, with room for those behind.
    fn of(same: usize, all: usize) -> Order {
        let others = Vec::with_capacity(all - same);
        Order { same, others }
    }

    fn len(&self) -> usize {
        self.same + self.others.len()
    }

    pub fn rows(&self) -> impl Rows {
        (0..self.len()).map(|at| match at.checked_sub(self.same) {
            None => at,
            Some(at) => self.others[at] as usize,
        })
    }

    fn all(&self) -> Vec<u32> {
        self.rows().map(|row| row as u32).collect()
    }

    pub fn pick<T: Copy>(&self, mut values: Vec<T>) -> Vec<T> {
        let others = self.others.iter().map(|&row| values[row as usize]);
        let others: Vec<T> = others.collect();
        values.truncate(self.same);
        joined(values, others)
    }
}

/// Which cases and events of two logs, one behind the other, make the merged one.
pub(super) struct Plan {
    pub order: Order,
    pub offsets: Vec<u32>,
    pub cases: Order,
    /// Cases that both know: as the old log numbers them, and as the new one does.
    twins: Vec<(usize, usize)>,
    pub added: Added,
}

impl Plan {
    /// `names`: how many names the cases of both have.
    pub fn of(all: &EventLog, names: usize, old_cases: usize) -> Plan {
        let (twins, fresh) = of_one_name(all, names, old_cases);
        let mut added = Added::default();
        let identity = Identity::of(all);
        let same = twins.first().map_or(old_cases, |(case, _)| *case);
        let how_many = old_cases + fresh.len();
        let mut cases = Order::of(same, how_many);
        let mut order = Order::of(all.offsets[same] as usize, all.events());
        let mut offsets = Vec::with_capacity(how_many + 1);
        offsets.extend(&all.offsets[..=same]);
        let mut twin = twins.iter().peekable();
        for case in same..old_cases {
            order.others.extend(all.case(case).map(|row| row as u32));
            let twin = twin.next_if(|(old, _)| *old == case).map(|(_, new)| *new);
            if let Some(other) = twin {
                let mut counts: FxHashMap<Key, u32> = FxHashMap::default();
                for row in all.case(case) {
                    *counts.entry(identity.key(all, row)).or_default() += 1;
                }
                for row in all.case(other) {
                    match counts.get_mut(&identity.key(all, row)) {
                        Some(n) if *n > 0 => {
                            *n -= 1;
                            added.known += 1;
                        }
                        _ => {
                            order.others.push(row as u32);
                            added.events += 1;
                        }
                    }
                }
                let from = offsets[offsets.len() - 1] as usize - order.same;
                super::sort_by_time(&mut order.others[from..], &all.time);
            }
            offsets.push(order.len() as u32);
            cases.others.push(twin.unwrap_or(case) as u32);
        }
        for &case in &fresh {
            let rows = all.case(case as usize);
            order.others.extend(rows.map(|row| row as u32));
            offsets.push(order.len() as u32);
            cases.others.push(case);
            added.cases += 1;
            added.events += all.case(case as usize).len() as u64;
        }
        Plan {
            twins,
            order,
            offsets,
            cases,
            added,
        }
    }

    /// What the newer log does not say of a case stays as the older one said it.
    pub fn fill(&self, column: &mut Column) {
        for &(case, newer) in &self.twins {
            keep_known(column, case, newer);
        }
    }
}

/// Cases that both logs know, as [`Plan`] has them, and those that only the new one does.
fn of_one_name(all: &EventLog, names: usize, old_cases: usize) -> (Vec<(usize, usize)>, Vec<u32>) {
    // By name, the first case that has it.
    let mut first = vec![NONE; names];
    let (mut twins, mut fresh) = (FxHashMap::default(), Vec::new());
    for case in 0..all.cases() {
        let is_new = case >= old_cases;
        let known = &mut first[all.case_name[case] as usize];
        if *known == NONE {
            *known = case as u32;
            if is_new {
                fresh.push(case as u32);
            }
        } else if is_new && (*known as usize) < old_cases {
            twins.insert(*known as usize, case);
        }
    }
    let mut twins: Vec<(usize, usize)> = twins.into_iter().collect();
    twins.sort_unstable();
    (twins, fresh)
}

type Key = (u32, Micros, u32, u32);

/// What tells events of a case apart.
struct Identity {
    columns: [Option<usize>; 2],
}

impl Identity {
    fn of(log: &EventLog) -> Self {
        Identity {
            columns: [LIFECYCLE, RESOURCE].map(|name| {
                log.event_columns
                    .iter()
                    .position(|c| c.name == name && c.codes().is_some())
            }),
        }
    }

    fn key(&self, log: &EventLog, row: usize) -> Key {
        let code = |i: usize| {
            let column = self.columns[i].and_then(|c| log.event_columns[c].codes());
            column.map_or(NONE, |(codes, _)| codes[row])
        };
        (log.activity[row], log.time[row], code(0), code(1))
    }
}

/// Copies the value of row `from` to row `to` where `to` has none.
fn keep_known(column: &mut Column, from: usize, to: usize) {
    match &mut column.values {
        Values::Text { codes, .. } if codes[to] == NONE => codes[to] = codes[from],
        Values::Int(v) | Values::Time(v) if v[to] == MISSING => v[to] = v[from],
        Values::Float(v) if v[to].is_nan() => v[to] = v[from],
        Values::Bool(v) if v[to] == 2 => v[to] = v[from],
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder};

    fn log(events: &[(&str, &str, i64)]) -> EventLog {
        let mut b = LogBuilder::new();
        for (case, activity, time) in events {
            let case = b.case(case);
            let row = b.event(case, activity, *time, MISSING);
            b.event_attribute(row, RESOURCE, Cell::Text("ann".into()));
        }
        b.finish()
    }

    fn shown(log: &EventLog) -> Vec<(String, Vec<(String, i64)>)> {
        let events = |case| {
            log.case(case)
                .map(|r| (log.activity_name(log.activity[r]).to_string(), log.time[r]))
                .collect()
        };
        (0..log.cases())
            .map(|case| (log.case_name(case).to_string(), events(case)))
            .collect()
    }

    #[test]
    fn the_same_log_again_adds_nothing() {
        let one = log(&[("1", "a", 1), ("1", "a", 1), ("2", "b", 2)]);
        let (merged, added) = merge(one.clone(), one.clone());
        assert_eq!(shown(&merged), shown(&one));
        assert_eq!(
            added,
            Added {
                cases: 0,
                events: 0,
                known: 3
            }
        );
    }

    #[test]
    fn new_events_and_cases_come_in_at_their_time() {
        let (merged, added) = merge(
            log(&[("1", "a", 1), ("1", "c", 3)]),
            log(&[("1", "b", 2), ("1", "c", 3), ("2", "a", 9)]),
        );
        let at = |name: &str, t| (name.to_string(), t);
        assert_eq!(
            shown(&merged),
            [
                ("1".to_string(), vec![at("a", 1), at("b", 2), at("c", 3)]),
                ("2".to_string(), vec![at("a", 9)])
            ]
        );
        assert_eq!(
            added,
            Added {
                cases: 1,
                events: 2,
                known: 1
            }
        );
    }

    #[test]
    fn a_case_takes_its_newest_attributes_and_keeps_the_others() {
        let with = |pairs: &[(&str, &str)]| {
            let mut b = LogBuilder::new();
            let case = b.case("1");
            b.event(case, "a", 1, MISSING);
            pairs.iter().for_each(|(name, value)| {
                b.case_attribute(case, name, Cell::Text(value.to_string()))
            });
            b.finish()
        };
        let (merged, _) = merge(
            with(&[("stage", "new"), ("city", "Ulm")]),
            with(&[("stage", "won")]),
        );
        let value = |name: &str| {
            merged
                .case_column(name)
                .unwrap()
                .text(0)
                .map(str::to_string)
        };
        assert_eq!(
            (value("stage"), value("city")),
            (Some("won".into()), Some("Ulm".into()))
        );
    }
}
