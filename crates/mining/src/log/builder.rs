//! Rows in any order in, columns out. For readers whose speed does not matter as much as the XES reader's.

use super::{Column, Dict, EventLog, NONE, Values};
use crate::time::{MISSING, Micros};
use rustc_hash::FxHashMap;

/// One attribute value on its way into a column. A column whose values differ in kind becomes text.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Int(i64),
    Float(f64),
    Time(Micros),
    Bool(bool),
}

impl Cell {
    fn into_text(self) -> String {
        match self {
            Cell::Text(t) => t,
            Cell::Int(n) => n.to_string(),
            Cell::Float(n) => n.to_string(),
            Cell::Bool(b) => b.to_string(),
            Cell::Time(t) => jiff::Timestamp::from_microsecond(t)
                .map(|t| t.to_string())
                .unwrap_or_default(),
        }
    }
}

/// Collects events in the order of the file and sorts them into cases at the end.
#[derive(Debug, Default)]
pub struct LogBuilder {
    case_names: Dict,
    activities: Dict,
    case: Vec<u32>,
    activity: Vec<u32>,
    time: Vec<Micros>,
    start: Vec<Micros>,
    any_start: bool,
    event_columns: Grower,
    case_columns: Grower,
}

impl LogBuilder {
    pub fn new() -> Self {
        LogBuilder::default()
    }

    /// The number of a case, adding it when it is new. A case without events is kept.
    pub fn case(&mut self, name: &str) -> u32 {
        self.case_names.intern(name)
    }

    /// Adds an event and returns its row. `time` and `start` may be [`MISSING`].
    pub fn event(&mut self, case: u32, activity: &str, time: Micros, start: Micros) -> usize {
        self.case.push(case);
        self.activity.push(self.activities.intern(activity));
        self.time.push(time);
        self.start.push(start);
        self.any_start |= start != MISSING;
        self.case.len() - 1
    }

    /// Sets an attribute of an event; the last value for a name wins.
    pub fn event_attribute(&mut self, row: usize, name: &str, value: Cell) {
        self.event_columns.set(row, name, value);
    }

    /// Sets an attribute of a case; the last value for a name wins.
    pub fn case_attribute(&mut self, case: u32, name: &str, value: Cell) {
        self.case_columns.set(case as usize, name, value);
    }

    pub fn events(&self) -> usize {
        self.case.len()
    }

    pub fn cases(&self) -> usize {
        self.case_names.len()
    }

    /// Sorts events into cases (first appearance order) and by time within a case, keeping the file's order for
    /// equal times; a missing time counts as the moment of the event before it.
    pub fn finish(self) -> EventLog {
        let cases = self.case_names.len();
        let mut offsets = vec![0u32; cases + 1];
        for &c in &self.case {
            offsets[c as usize + 1] += 1;
        }
        for i in 0..cases {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut order = vec![0u32; self.case.len()];
        for (row, &c) in self.case.iter().enumerate() {
            order[next[c as usize] as usize] = row as u32;
            next[c as usize] += 1;
        }
        for c in 0..cases {
            sort_by_time(
                &mut order[offsets[c] as usize..offsets[c + 1] as usize],
                &self.time,
            );
        }
        let pick = |v: &[Micros]| order.iter().map(|&r| v[r as usize]).collect::<Vec<_>>();
        EventLog {
            case_name: (0..cases as u32).collect(),
            case_names: self.case_names,
            offsets,
            activity: order.iter().map(|&r| self.activity[r as usize]).collect(),
            activities: self.activities,
            time: pick(&self.time),
            start: if self.any_start {
                pick(&self.start)
            } else {
                Vec::new()
            },
            case_columns: self.case_columns.finish(cases, None),
            event_columns: self.event_columns.finish(self.case.len(), Some(&order)),
        }
    }
}

/// Stable sort of event rows by time; rows without a time stay behind the row they followed.
pub(crate) fn sort_by_time(rows: &mut [u32], time: &[Micros]) {
    let mut last = MISSING;
    let mut sorted = true;
    for &row in rows.iter() {
        let t = time[row as usize];
        if t != MISSING {
            sorted &= t >= last;
            last = t;
        }
    }
    if sorted {
        return;
    }
    let mut keyed: Vec<(Micros, u32)> = Vec::with_capacity(rows.len());
    let mut last = MISSING;
    for &row in rows.iter() {
        let t = time[row as usize];
        if t != MISSING {
            last = t;
        }
        keyed.push((last, row));
    }
    keyed.sort_by_key(|&(t, _)| t);
    for (slot, (_, row)) in rows.iter_mut().zip(keyed) {
        *slot = row;
    }
}

/// Sparse columns that grow by name.
#[derive(Debug, Default)]
struct Grower {
    by_name: FxHashMap<String, usize>,
    columns: Vec<(String, Values)>,
}

impl Grower {
    fn set(&mut self, row: usize, name: &str, cell: Cell) {
        let at = match self.by_name.get(name) {
            Some(&at) => at,
            None => {
                let values = match &cell {
                    Cell::Text(_) => Values::Text {
                        codes: Vec::new(),
                        dict: Dict::new(),
                    },
                    Cell::Int(_) => Values::Int(Vec::new()),
                    Cell::Float(_) => Values::Float(Vec::new()),
                    Cell::Time(_) => Values::Time(Vec::new()),
                    Cell::Bool(_) => Values::Bool(Vec::new()),
                };
                self.columns.push((name.to_string(), values));
                self.by_name
                    .insert(name.to_string(), self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        let values = &mut self.columns[at].1;
        if let Some(cell) = put(values, row, cell) {
            to_text(values);
            let _ = put(values, row, Cell::Text(cell.into_text()));
        }
    }

    fn finish(self, rows: usize, order: Option<&[u32]>) -> Vec<Column> {
        let columns = self.columns.into_iter().map(|(name, mut values)| {
            pad(&mut values, rows);
            if let Some(order) = order {
                reorder(&mut values, order);
            }
            Column { name, values }
        });
        columns.collect()
    }
}

fn pad(values: &mut Values, rows: usize) {
    match values {
        Values::Text { codes, .. } => codes.resize(rows, NONE),
        Values::Int(v) | Values::Time(v) => v.resize(rows, i64::MIN),
        Values::Float(v) => v.resize(rows, f64::NAN),
        Values::Bool(v) => v.resize(rows, 2),
    }
}

fn reorder(values: &mut Values, order: &[u32]) {
    fn by<T: Copy>(v: &mut Vec<T>, order: &[u32]) {
        *v = order.iter().map(|&r| v[r as usize]).collect();
    }
    match values {
        Values::Text { codes, .. } => by(codes, order),
        Values::Int(v) | Values::Time(v) => by(v, order),
        Values::Float(v) => by(v, order),
        Values::Bool(v) => by(v, order),
    }
}

fn len(values: &Values) -> usize {
    match values {
        Values::Text { codes, .. } => codes.len(),
        Values::Int(v) | Values::Time(v) => v.len(),
        Values::Float(v) => v.len(),
        Values::Bool(v) => v.len(),
    }
}

/// Puts a cell of the column's own kind; hands it back when the kinds differ.
fn put(values: &mut Values, row: usize, cell: Cell) -> Option<Cell> {
    if len(values) <= row {
        pad(values, row + 1);
    }
    match (values, cell) {
        (Values::Text { codes, dict }, cell) => codes[row] = dict.intern(&cell.into_text()),
        (Values::Int(v), Cell::Int(n)) => v[row] = n,
        (Values::Float(v), Cell::Float(n)) => v[row] = n,
        (Values::Float(v), Cell::Int(n)) => v[row] = n as f64,
        (Values::Time(v), Cell::Time(t)) => v[row] = t,
        (Values::Bool(v), Cell::Bool(b)) => v[row] = b as u8,
        (values @ Values::Int(_), Cell::Float(n)) => {
            if let Values::Int(v) = values {
                *values = Values::Float(
                    v.iter()
                        .map(|&n| if n == i64::MIN { f64::NAN } else { n as f64 })
                        .collect(),
                );
            }
            return put(values, row, Cell::Float(n));
        }
        (_, cell) => return Some(cell),
    }
    None
}

fn to_text(values: &mut Values) {
    let old = Column {
        name: String::new(),
        values: std::mem::replace(values, Values::Bool(Vec::new())),
    };
    let mut dict = Dict::new();
    let codes = (0..old.len())
        .map(|row| old.display(row).map_or(NONE, |t| dict.intern(&t)))
        .collect();
    *values = Values::Text { codes, dict };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_sorted_within_their_case_and_attributes_follow() {
        let mut b = LogBuilder::new();
        let (x, y) = (b.case("x"), b.case("y"));
        let late = b.event(x, "b", 20, MISSING);
        b.event(y, "a", 5, MISSING);
        let early = b.event(x, "a", 10, MISSING);
        b.event_attribute(late, "cost", Cell::Int(2));
        b.event_attribute(early, "cost", Cell::Float(1.5));
        b.case_attribute(y, "channel", Cell::Text("web".into()));
        let log = b.finish();
        assert_eq!(log.offsets, [0, 2, 3]);
        assert_eq!(log.time, [10, 20, 5]);
        let cost = log.event_column("cost").unwrap();
        assert_eq!(
            [cost.display(0), cost.display(1), cost.display(2)],
            [Some("1.5".into()), Some("2".into()), None]
        );
        assert_eq!(log.case_column("channel").unwrap().text(1), Some("web"));
    }

    #[test]
    fn an_event_without_a_time_stays_behind_the_one_it_followed() {
        let mut rows = [0, 1, 2];
        sort_by_time(&mut rows, &[20, MISSING, 10]);
        assert_eq!(rows, [2, 0, 1]);
    }

    #[test]
    fn a_column_of_mixed_kinds_becomes_text() {
        let mut b = LogBuilder::new();
        let x = b.case("x");
        b.case_attribute(x, "v", Cell::Bool(true));
        let y = b.case("y");
        b.case_attribute(y, "v", Cell::Int(3));
        let log = b.finish();
        assert_eq!(log.case_column("v").unwrap().text(0), Some("true"));
        assert_eq!(log.case_column("v").unwrap().text(1), Some("3"));
    }
}
