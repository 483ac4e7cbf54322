//! What a source told of its cases, read in another way than before: values that are shown no more go, and people get other names.

use super::arrange::in_use;
use super::{EventLog, NONE, RESOURCE, Values};
use crate::time::{MISSING, Micros};
use std::collections::{HashMap, HashSet};

/// Who did an event, before and from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    pub activity: String,
    pub time: Micros,
    pub before: String,
    pub now: String,
}

impl EventLog {
    /// The log without what these case columns hold of these cases. A column that then holds nothing is gone, and so are texts that only
    /// those cases had.
    pub fn without_values(mut self, cases: &HashSet<String>, columns: &[String]) -> EventLog {
        let all = 0..self.cases();
        let rows: Vec<usize> = all
            .filter(|&case| cases.contains(self.case_name(case)))
            .collect();
        self.case_columns.retain_mut(|column| {
            if !columns.contains(&column.name) {
                return true;
            }
            empty(&mut column.values, &rows);
            (0..column.len()).any(|row| column.display(row).is_some())
        });
        self
    }

    /// The log with other names of who did some events, by case. Each of them names one event of its case: the one of `before`, otherwise
    /// another of the same activity and moment. What is not there changes nothing.
    pub fn with_who(mut self, told: &HashMap<String, Vec<Who>>) -> EventLog {
        let is_who = |c: &super::Column| c.name == RESOURCE && c.codes().is_some();
        let Some(at) = self.event_columns.iter().position(is_who) else {
            return self;
        };
        let mut column = self.event_columns.remove(at);
        if let Values::Text { codes, dict } = &mut column.values {
            for case in 0..self.cases() {
                let Some(told) = told.get(self.case_name(case)) else {
                    continue;
                };
                let mut rows: Vec<usize> = self.case(case).collect();
                for who in told {
                    let fits = |&row: &usize| {
                        self.time[row] == who.time
                            && self.activity_name(self.activity[row]) == who.activity
                    };
                    let is_before = |row: &usize| dict.code(&who.before) == Some(codes[*row]);
                    let found = rows.iter().position(|row| fits(row) && is_before(row));
                    let found = found.or_else(|| rows.iter().position(fits));
                    if let Some(place) = found {
                        codes[rows.swap_remove(place)] = dict.intern(&who.now);
                    }
                }
            }
            (*dict, *codes) = in_use(dict, codes);
        }
        self.event_columns.insert(at, column);
        self
    }
}

fn empty(values: &mut Values, rows: &[usize]) {
    match values {
        Values::Text { codes, dict } => {
            rows.iter().for_each(|&row| codes[row] = NONE);
            (*dict, *codes) = in_use(dict, codes);
        }
        Values::Int(v) | Values::Time(v) => rows.iter().for_each(|&row| v[row] = MISSING),
        Values::Float(v) => rows.iter().for_each(|&row| v[row] = f64::NAN),
        Values::Bool(v) => rows.iter().for_each(|&row| v[row] = 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Cell, LogBuilder};

    fn log() -> EventLog {
        let mut b = LogBuilder::new();
        for (name, account, amount) in [("1", "Saari", 5.0), ("2", "Kestrel", 7.0)] {
            let case = b.case(name);
            b.case_attribute(case, "account", Cell::Text(account.into()));
            b.case_attribute(case, "amount", Cell::Float(amount));
            for (at, who) in [(1, "ann"), (1, "bob"), (2, "ann")] {
                let row = b.event(case, "call", at, MISSING);
                b.event_attribute(row, RESOURCE, Cell::Text(who.into()));
            }
        }
        b.finish()
    }

    #[test]
    fn values_of_some_cases_go_with_their_texts_and_a_column_without_any_is_gone() {
        let columns = ["account".to_string(), "amount".to_string()];
        let one = HashSet::from(["2".to_string()]);
        let rest = log().without_values(&one, &columns);
        let account = rest.case_column("account").unwrap();
        assert_eq!([account.text(0), account.text(1)], [Some("Saari"), None]);
        assert_eq!(account.codes().unwrap().1.len(), 1, "Kestrel is still kept");
        assert_eq!(rest.case_column("amount").unwrap().display(1), None);
        let both = HashSet::from(["1".to_string(), "2".to_string()]);
        let rest = log().without_values(&both, &columns[..1]);
        assert_eq!(rest.case_column("account"), None);
        assert_eq!(rest.case_column("amount"), log().case_column("amount"));
    }

    #[test]
    fn each_told_event_gets_another_name_and_no_other_does() {
        let who = |time, before: &str, now: &str| Who {
            activity: "call".into(),
            time,
            before: before.into(),
            now: now.into(),
        };
        let told = vec![
            who(1, "bob", "Robert"),
            // She had another name when it was read.
            who(2, "anna", "Ann Saari"),
            who(3, "ann", "nobody"),
        ];
        let rest = log().with_who(&HashMap::from([("1".to_string(), told)]));
        let names = |log: &EventLog| -> Vec<String> {
            let who = log.resource().unwrap();
            let names = (0..log.events()).map(|row| who.text(row).unwrap().to_string());
            names.collect()
        };
        let expected = ["ann", "Robert", "Ann Saari", "ann", "bob", "ann"];
        assert_eq!(names(&rest), expected);
        assert_eq!(names(&log().with_who(&HashMap::new())), names(&log()));
    }
}
