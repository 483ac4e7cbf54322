//! Attributes of cases that are worth choosing by: few values, each told by its cases.

use mining::EventLog;
use mining::figures::TeamColumn;
use mining::log::Column;
use std::collections::HashMap;

/// A case column with its values, most cases first.
pub struct Attribute {
    pub name: String,
    pub values: Vec<(String, u64)>,
}

/// A column with more values is one to search, not to choose from.
const VALUES: usize = 30;
const COLUMNS: usize = 20;

/// The columns to choose from, in the order of the log. Teams have a filter of their own.
pub fn of(log: &EventLog, team: Option<&TeamColumn>) -> Vec<Attribute> {
    let is_team = |c: &&Column| matches!(team, Some(TeamColumn::Case(name)) if *name == c.name);
    let columns = log.case_columns.iter().filter(|c| !is_team(c));
    columns.filter_map(attribute).take(COLUMNS).collect()
}

fn attribute(column: &Column) -> Option<Attribute> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for row in 0..column.len() {
        if let Some(value) = column.display(row) {
            *counts.entry(value).or_default() += 1;
            if counts.len() > VALUES {
                return None;
            }
        }
    }
    if counts.len() < 2 {
        return None;
    }
    let mut values: Vec<(String, u64)> = counts.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Some(Attribute {
        name: column.name.clone(),
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::log::{Dict, Values};

    fn column(name: &str, values: Values) -> Column {
        Column {
            name: name.into(),
            values,
        }
    }

    #[test]
    fn a_column_with_few_values_can_be_chosen_by_and_one_with_a_value_a_case_cannot() {
        let mut dict = Dict::default();
        let codes = ["Water", "Housing", "Water"].map(|v| dict.intern(v));
        let segment = column(
            "segment",
            Values::Text {
                codes: codes.to_vec(),
                dict,
            },
        );
        let of = |c: &Column| attribute(c).map(|a| a.values);
        assert_eq!(
            of(&segment),
            Some(vec![("Water".into(), 2), ("Housing".into(), 1)])
        );
        assert_eq!(of(&column("amount", Values::Int((0..40).collect()))), None);
        assert_eq!(of(&column("same", Values::Bool(vec![1, 1, 2]))), None);
    }
}
