//! The columns of all threads joined into one log, in the order of the file. A thread's column is freed as soon as it
//! was copied, so that the peak stays near the size of the result.

use super::columns::{Columns, Kind, empty};
use super::head::Head;
use super::shard::{Run, Shard};
use crate::log::{Column, Dict, EventLog, NONE, Values};
use crate::time::{MISSING, Micros};
use std::ops::Range;

/// Where the rows of a run come from: shard and range of rows.
type Part = (usize, Range<usize>);

/// Joins shards; `offsets`, names and times are exact, attribute columns come after.
pub(super) fn merge(mut shards: Vec<Shard>, head: &Head) -> EventLog {
    let mut runs: Vec<(usize, Run)> = shards
        .iter_mut()
        .enumerate()
        .flat_map(|(s, shard)| {
            std::mem::take(&mut shard.runs)
                .into_iter()
                .map(move |r| (s, r))
        })
        .collect();
    runs.sort_by_key(|(_, run)| run.piece);
    let cases: Vec<Part> = runs.iter().map(|(s, r)| (*s, r.cases.clone())).collect();
    let events: Vec<Part> = runs.iter().map(|(s, r)| (*s, r.events.clone())).collect();

    let mut offsets = Vec::with_capacity(cases.iter().map(|(_, r)| r.len()).sum::<usize>() + 1);
    let mut at = 0u32;
    offsets.push(at);
    for (shard, rows) in &cases {
        for &n in &shards[*shard].lengths[rows.clone()] {
            at += n;
            offsets.push(at);
        }
    }
    let (case_names, case_name) = join_codes(
        &cases,
        shards
            .iter_mut()
            .map(|s| {
                (
                    std::mem::take(&mut s.case_name),
                    std::mem::take(&mut s.case_names),
                )
            })
            .collect(),
    );
    let (activities, activity) = join_codes(
        &events,
        shards
            .iter_mut()
            .map(|s| {
                (
                    std::mem::take(&mut s.activity),
                    std::mem::take(&mut s.activities),
                )
            })
            .collect(),
    );
    let time = join(
        &events,
        shards
            .iter_mut()
            .map(|s| std::mem::take(&mut s.time))
            .collect(),
        MISSING,
    );
    let case_columns = join_columns(
        &cases,
        shards
            .iter_mut()
            .map(|s| std::mem::take(&mut s.case_columns))
            .collect(),
        &head.trace_defaults,
    );
    let event_columns = join_columns(
        &events,
        shards
            .iter_mut()
            .map(|s| std::mem::take(&mut s.event_columns))
            .collect(),
        &head.event_defaults,
    );
    EventLog {
        case_names,
        case_name,
        offsets,
        activity,
        activities,
        time,
        start: Vec::new(),
        case_columns,
        event_columns,
    }
}

fn rows(parts: &[Part]) -> usize {
    parts.iter().map(|(_, r)| r.len()).sum()
}

fn join<T: Copy>(parts: &[Part], from: Vec<Vec<T>>, absent: T) -> Vec<T> {
    let mut out = Vec::with_capacity(rows(parts));
    for (shard, range) in parts {
        let source = &from[*shard];
        let known = range.start.min(source.len())..range.end.min(source.len());
        let missing = range.len() - known.len();
        out.extend_from_slice(&source[known]);
        out.extend(std::iter::repeat_n(absent, missing));
    }
    out
}

fn join_codes(parts: &[Part], from: Vec<(Vec<u32>, Dict)>) -> (Dict, Vec<u32>) {
    // Codes are given in order of first appearance in the file, whatever thread met a value first.
    let mut dict = Dict::new();
    let mut maps: Vec<Vec<u32>> = from.iter().map(|(_, d)| vec![NONE; d.len()]).collect();
    let mut out = Vec::with_capacity(rows(parts));
    for (shard, range) in parts {
        let (codes, local) = &from[*shard];
        let map = &mut maps[*shard];
        for row in range.clone() {
            out.push(match codes.get(row) {
                None | Some(&NONE) => NONE,
                Some(&code) => {
                    let slot = &mut map[code as usize];
                    if *slot == NONE {
                        *slot = dict.intern(local.get(code));
                    }
                    *slot
                }
            });
        }
    }
    drop(from);
    dict.shrink();
    (dict, out)
}

fn join_columns(
    parts: &[Part],
    mut from: Vec<Columns>,
    defaults: &[(Kind, String, String)],
) -> Vec<Column> {
    let mut names: Vec<Box<str>> = Vec::new();
    for columns in &from {
        for column in &columns.columns {
            if !names.contains(&column.key) {
                names.push(column.key.clone());
            }
        }
    }
    names.sort();
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        // Per shard: the values of that name, of one kind or, when the file disagrees with itself, of several.
        let mut found: Vec<Vec<Values>> = from
            .iter_mut()
            .map(|c| {
                let same = c.columns.iter_mut().filter(|g| g.key == name);
                same.map(|g| std::mem::replace(&mut g.values, Values::Bool(Vec::new())))
                    .collect()
            })
            .collect();
        let kinds: Vec<std::mem::Discriminant<Values>> =
            found.iter().flatten().map(std::mem::discriminant).collect();
        let one_kind = kinds.windows(2).all(|w| w[0] == w[1]) && found.iter().all(|f| f.len() <= 1);
        if !one_kind {
            found = found
                .into_iter()
                .map(|values| vec![as_text(values)])
                .collect();
        }
        let per_shard: Vec<Values> = {
            let kind = found.iter().flatten().next().map_or(Kind::Text, kind_of);
            found
                .into_iter()
                .map(|mut f| f.pop().unwrap_or_else(|| empty(kind)))
                .collect()
        };
        let mut values = join_values(parts, per_shard);
        if let Some((_, _, default)) = defaults.iter().find(|(_, key, _)| **key == *name) {
            fill(&mut values, default);
        }
        out.push(Column {
            name: name.into_string(),
            values,
        });
    }
    out
}

fn kind_of(values: &Values) -> Kind {
    match values {
        Values::Text { .. } => Kind::Text,
        Values::Int(_) => Kind::Int,
        Values::Float(_) => Kind::Float,
        Values::Time(_) => Kind::Time,
        Values::Bool(_) => Kind::Bool,
    }
}

fn join_values(parts: &[Part], from: Vec<Values>) -> Values {
    macro_rules! of {
        ($variant:ident, $absent:expr) => {
            Values::$variant(join(
                parts,
                from.into_iter()
                    .map(|v| {
                        if let Values::$variant(v) = v {
                            v
                        } else {
                            Vec::new()
                        }
                    })
                    .collect(),
                $absent,
            ))
        };
    }
    match from.first() {
        Some(Values::Int(_)) => of!(Int, i64::MIN),
        Some(Values::Float(_)) => of!(Float, f64::NAN),
        Some(Values::Time(_)) => of!(Time, MISSING),
        Some(Values::Bool(_)) => of!(Bool, 2),
        _ => {
            let codes = from.into_iter().map(|v| {
                if let Values::Text { codes, dict } = v {
                    (codes, dict)
                } else {
                    (Vec::new(), Dict::new())
                }
            });
            let (dict, codes) = join_codes(parts, codes.collect());
            Values::Text { codes, dict }
        }
    }
}

/// Several columns of one name as one text column; of two values in a row the later column wins.
fn as_text(values: Vec<Values>) -> Values {
    let columns: Vec<Column> = values
        .into_iter()
        .map(|values| Column {
            name: String::new(),
            values,
        })
        .collect();
    let rows = columns.iter().map(Column::len).max().unwrap_or(0);
    let mut dict = Dict::new();
    let codes = (0..rows)
        .map(|row| {
            let value = columns
                .iter()
                .rev()
                .find_map(|c| if row < c.len() { c.display(row) } else { None });
            value.map_or(NONE, |v| dict.intern(&v))
        })
        .collect();
    Values::Text { codes, dict }
}

/// Fills absent values with the default the log declares. Times stay absent: a default date is no fact.
fn fill(values: &mut Values, default: &str) {
    match values {
        Values::Text { codes, dict } if codes.contains(&NONE) => {
            let code = dict.intern(default);
            codes
                .iter_mut()
                .filter(|c| **c == NONE)
                .for_each(|c| *c = code);
        }
        Values::Int(v) => {
            if let Ok(n) = default.parse() {
                v.iter_mut()
                    .filter(|x| **x == i64::MIN)
                    .for_each(|x| *x = n);
            }
        }
        Values::Float(v) => {
            if let Ok(n) = default.parse() {
                v.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = n);
            }
        }
        _ => {}
    }
}

/// Rows in time order within each case; `None` when the log is in order already. Also counts cases out of order.
pub(super) fn time_order(offsets: &[u32], time: &[Micros]) -> (Option<Vec<u32>>, u64) {
    let mut disordered = 0;
    let mut order: Option<Vec<u32>> = None;
    for case in offsets.windows(2) {
        let (from, to) = (case[0] as usize, case[1] as usize);
        let mut last = MISSING;
        let sorted = time[from..to]
            .iter()
            .filter(|&&t| t != MISSING)
            .all(|&t| std::mem::replace(&mut last, t) <= t);
        if !sorted {
            disordered += 1;
            let order = order.get_or_insert_with(|| (0..time.len() as u32).collect());
            crate::log::sort_by_time(&mut order[from..to], time);
        }
    }
    (order, disordered)
}
