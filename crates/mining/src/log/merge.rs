//! A later export of the same process added to what is known, so that nothing is doubled and nothing is lost.

use super::{Column, Dict, EventLog, LIFECYCLE, NONE, RESOURCE, Values};
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
    let (old_cases, old_events) = (old.cases(), old.events());
    let all = stack(old, new);
    let mut first: FxHashMap<u32, u32> = FxHashMap::default();
    let mut twin: Vec<Option<u32>> = vec![None; old_cases];
    let mut added = Added::default();
    let mut fresh = Vec::new();
    for case in 0..all.cases() as u32 {
        match first.get(&all.case_name[case as usize]) {
            Some(&known) if (known as usize) < old_cases && case as usize >= old_cases => {
                twin[known as usize] = Some(case)
            }
            Some(_) => {}
            None => {
                first.insert(all.case_name[case as usize], case);
                if case as usize >= old_cases {
                    fresh.push(case);
                }
            }
        }
    }
    let identity = Identity::of(&all);
    let (mut order, mut offsets, mut cases) =
        (Vec::with_capacity(all.events()), vec![0u32], Vec::new());
    for (case, &twin) in twin.iter().enumerate() {
        order.extend(all.case(case).map(|row| row as u32));
        if let Some(other) = twin {
            let mut counts: FxHashMap<Key, u32> = FxHashMap::default();
            for row in all.case(case) {
                *counts.entry(identity.key(&all, row)).or_default() += 1;
            }
            for row in all.case(other as usize) {
                match counts.get_mut(&identity.key(&all, row)) {
                    Some(n) if *n > 0 => {
                        *n -= 1;
                        added.known += 1;
                    }
                    _ => {
                        order.push(row as u32);
                        added.events += 1;
                    }
                }
            }
            let from = offsets[offsets.len() - 1] as usize;
            super::sort_by_time(&mut order[from..], &all.time);
        }
        offsets.push(order.len() as u32);
        cases.push(twin.unwrap_or(case as u32));
    }
    for &case in &fresh {
        order.extend(all.case(case as usize).map(|row| row as u32));
        offsets.push(order.len() as u32);
        cases.push(case);
        added.cases += 1;
        added.events += all.case(case as usize).len() as u64;
    }
    debug_assert_eq!(order.len(), old_events + added.events as usize);
    let mut all = all;
    for (case, other) in twin
        .iter()
        .enumerate()
        .filter_map(|(c, t)| t.map(|t| (c, t as usize)))
    {
        all.case_columns
            .iter_mut()
            .for_each(|column| keep_known(column, case, other));
    }
    (all.arrange(&order, offsets, &cases), added)
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

/// Both logs one behind the other; cases of one name are still two.
fn stack(a: EventLog, b: EventLog) -> EventLog {
    let shift = a.events() as u32;
    let (rows_a, rows_b) = ((a.cases(), a.events()), (b.cases(), b.events()));
    let (case_names, case_name) =
        stack_codes((a.case_names, a.case_name), (b.case_names, b.case_name));
    let (activities, activity) =
        stack_codes((a.activities, a.activity), (b.activities, b.activity));
    let start = match (a.start.is_empty(), b.start.is_empty()) {
        (true, true) => Vec::new(),
        (a_empty, b_empty) => {
            let side = |empty, v, n| if empty { vec![MISSING; n] } else { v };
            [
                side(a_empty, a.start, rows_a.1),
                side(b_empty, b.start, rows_b.1),
            ]
            .concat()
        }
    };
    EventLog {
        case_names,
        case_name,
        offsets: a
            .offsets
            .into_iter()
            .chain(b.offsets.into_iter().skip(1).map(|n| n + shift))
            .collect(),
        activity,
        activities,
        time: [a.time, b.time].concat(),
        start,
        case_columns: stack_columns(a.case_columns, rows_a.0, b.case_columns, rows_b.0),
        event_columns: stack_columns(a.event_columns, rows_a.1, b.event_columns, rows_b.1),
    }
}

fn stack_codes(a: (Dict, Vec<u32>), b: (Dict, Vec<u32>)) -> (Dict, Vec<u32>) {
    let ((mut dict, mut codes), (other, other_codes)) = (a, b);
    let map: Vec<u32> = other.iter().map(|value| dict.intern(value)).collect();
    codes.extend(
        other_codes
            .into_iter()
            .map(|c| if c == NONE { NONE } else { map[c as usize] }),
    );
    (dict, codes)
}

fn stack_columns(a: Vec<Column>, rows_a: usize, b: Vec<Column>, rows_b: usize) -> Vec<Column> {
    let mut b: Vec<Option<Column>> = b.into_iter().map(Some).collect();
    let mut out = Vec::new();
    for column in a {
        let other = b
            .iter_mut()
            .find(|c| c.as_ref().is_some_and(|c| c.name == column.name))
            .and_then(Option::take);
        let name = column.name.clone();
        let other = other.unwrap_or_else(|| absent(&column, rows_b));
        out.push(Column {
            name,
            values: stack_values(column, other),
        });
    }
    for column in b.into_iter().flatten() {
        let name = column.name.clone();
        out.push(Column {
            name,
            values: stack_values(absent(&column, rows_a), column),
        });
    }
    out
}

/// A column of the same kind with nothing in it.
fn absent(like: &Column, rows: usize) -> Column {
    let values = match &like.values {
        Values::Text { .. } => Values::Text {
            codes: vec![NONE; rows],
            dict: Dict::new(),
        },
        Values::Int(_) => Values::Int(vec![MISSING; rows]),
        Values::Float(_) => Values::Float(vec![f64::NAN; rows]),
        Values::Time(_) => Values::Time(vec![MISSING; rows]),
        Values::Bool(_) => Values::Bool(vec![2; rows]),
    };
    Column {
        name: String::new(),
        values,
    }
}

fn stack_values(a: Column, b: Column) -> Values {
    match (a.values, b.values) {
        (
            Values::Text { codes, dict },
            Values::Text {
                codes: other,
                dict: others,
            },
        ) => {
            let (dict, codes) = stack_codes((dict, codes), (others, other));
            Values::Text { codes, dict }
        }
        (Values::Int(a), Values::Int(b)) => Values::Int([a, b].concat()),
        (Values::Float(a), Values::Float(b)) => Values::Float([a, b].concat()),
        (Values::Time(a), Values::Time(b)) => Values::Time([a, b].concat()),
        (Values::Bool(a), Values::Bool(b)) => Values::Bool([a, b].concat()),
        (a, b) => {
            let text = |values| {
                let column = Column {
                    name: String::new(),
                    values,
                };
                let mut dict = Dict::new();
                let codes = (0..column.len())
                    .map(|row| column.display(row).map_or(NONE, |v| dict.intern(&v)))
                    .collect();
                (dict, codes)
            };
            let (dict, codes) = stack_codes(text(a), text(b));
            Values::Text { codes, dict }
        }
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
