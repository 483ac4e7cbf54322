//! A log with its events in another order, or fewer of them.

use super::dict::{Dict, NONE};
use super::{Column, EventLog, Values};

impl EventLog {
    /// The log with the events `order` (rows of this log), parted into cases by `offsets`, and the cases `cases`.
    /// `offsets` is one longer than `cases`.
    pub fn arrange(self, order: &[u32], offsets: Vec<u32>, cases: &[u32]) -> EventLog {
        debug_assert_eq!(offsets.len(), cases.len() + 1);
        let columns = |columns: Vec<Column>, rows: &[u32]| {
            columns.into_iter().map(|c| c.picked(rows)).collect()
        };
        EventLog {
            case_names: self.case_names,
            case_name: pick(self.case_name, cases),
            offsets,
            activity: pick(self.activity, order),
            activities: self.activities,
            time: pick(self.time, order),
            start: match self.start.is_empty() {
                true => Vec::new(),
                false => pick(self.start, order),
            },
            case_columns: columns(self.case_columns, cases),
            event_columns: columns(self.event_columns, order),
        }
    }

    /// The log with only these events; cases stay, also those left without events.
    pub fn keep_events(self, keep: impl Fn(usize) -> bool) -> EventLog {
        let mut order = Vec::with_capacity(self.events());
        let mut offsets = Vec::with_capacity(self.offsets.len());
        offsets.push(0);
        for case in 0..self.cases() {
            order.extend(
                self.case(case)
                    .filter(|&row| keep(row))
                    .map(|row| row as u32),
            );
            offsets.push(order.len() as u32);
        }
        let cases: Vec<u32> = (0..self.cases() as u32).collect();
        self.arrange(&order, offsets, &cases)
    }

    /// The log with only these cases, in this order.
    pub fn keep_cases(self, cases: &[u32]) -> EventLog {
        let mut order = Vec::new();
        let mut offsets = vec![0];
        for &case in cases {
            order.extend(self.case(case as usize).map(|row| row as u32));
            offsets.push(order.len() as u32);
        }
        self.arrange(&order, offsets, cases)
    }
}

impl EventLog {
    /// The log without the cases of this name, and without the texts that only they had.
    pub fn without_case(self, name: &str) -> EventLog {
        let others = 0..self.cases() as u32;
        let others: Vec<u32> = others
            .filter(|&case| self.case_name(case as usize) != name)
            .collect();
        let mut rest = self.keep_cases(&others);
        (rest.case_names, rest.case_name) = in_use(&rest.case_names, &rest.case_name);
        for column in rest.case_columns.iter_mut().chain(&mut rest.event_columns) {
            if let Values::Text { codes, dict } = &mut column.values {
                (*dict, *codes) = in_use(dict, codes);
            }
        }
        rest
    }
}

/// The texts that are in use, numbered in order of first appearance.
pub(super) fn in_use(dict: &Dict, codes: &[u32]) -> (Dict, Vec<u32>) {
    let mut used = Dict::new();
    let codes = codes.iter().map(|&code| match code {
        NONE => NONE,
        code => used.intern(dict.get(code)),
    });
    let codes = codes.collect();
    (used, codes)
}

/// These rows of a column. It is done in place where nothing that is still to be read is written over.
fn pick<T: Copy>(mut values: Vec<T>, rows: &[u32]) -> Vec<T> {
    let comes_from_behind = |(to, &from): (usize, &u32)| to <= from as usize;
    if !rows.iter().enumerate().all(comes_from_behind) {
        return rows.iter().map(|&row| values[row as usize]).collect();
    }
    for (to, &from) in rows.iter().enumerate() {
        values[to] = values[from as usize];
    }
    values.truncate(rows.len());
    values.shrink_to_fit();
    values
}

impl Column {
    /// The column with these rows of it.
    fn picked(self, rows: &[u32]) -> Column {
        Column {
            name: self.name,
            values: pick_values(self.values, rows),
        }
    }
}

fn pick_values(values: Values, rows: &[u32]) -> Values {
    match values {
        Values::Text { codes, dict } => Values::Text {
            codes: pick(codes, rows),
            dict,
        },
        Values::Int(v) => Values::Int(pick(v, rows)),
        Values::Float(v) => Values::Float(pick(v, rows)),
        Values::Time(v) => Values::Time(pick(v, rows)),
        Values::Bool(v) => Values::Bool(pick(v, rows)),
    }
}

#[cfg(test)]
mod tests {
    use crate::log::{Cell, LogBuilder};

    #[test]
    fn a_case_that_is_taken_out_leaves_no_text_of_its_own() {
        let mut b = LogBuilder::new();
        for (name, city) in [("1", "Lyon"), ("2", "Bern"), ("3", "Bern")] {
            let case = b.case(name);
            b.event(case, "meet", 1, 1);
            b.case_attribute(case, "city", Cell::Text(city.into()));
        }
        let rest = b.finish().without_case("1");
        let names: Vec<&str> = (0..rest.cases()).map(|c| rest.case_name(c)).collect();
        assert_eq!((names, rest.events()), (vec!["2", "3"], 2));
        assert_eq!(rest.case_names.code("1"), None);
        let (codes, dict) = rest.case_columns[0].codes().unwrap();
        assert_eq!((codes, dict.len(), dict.get(0)), (&[0, 0][..], 1, "Bern"));
    }

    #[test]
    fn rows_are_picked_alike_in_place_and_elsewhere() {
        for (rows, picked) in [
            (vec![0, 1, 2], vec![5, 6, 7]),
            (vec![1, 2], vec![6, 7]),
            (vec![2, 2, 2], vec![7, 7, 7]),
            (vec![2, 0, 1], vec![7, 5, 6]),
            (vec![0, 0, 2], vec![5, 5, 7]),
            (vec![], vec![]),
        ] {
            assert_eq!(super::pick(vec![5, 6, 7], &rows), picked, "{rows:?}");
        }
    }
}
