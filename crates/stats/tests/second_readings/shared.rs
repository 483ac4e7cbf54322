//! Reference data beside the project: `TENON_SHARED`, or `../shared` of the project's root.

use serde_json::Value;
use std::collections::HashMap;

fn read(name: &str) -> Option<String> {
    let root = std::env::var("TENON_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_string());
    let text = std::fs::read_to_string(format!("{root}/refs/stats/{name}"));
    if text.is_err() {
        println!("skipped: {name} is not in {root}/refs/stats");
    }
    text.ok()
}

/// A data set by columns.
pub struct Table(HashMap<String, Vec<String>>);

pub fn table(name: &str) -> Option<Table> {
    let text = read(name)?.replace('"', "");
    let mut lines = text.lines().map(|l| l.split(','));
    let head: Vec<&str> = lines.next()?.collect();
    let mut columns = vec![Vec::new(); head.len()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line) {
            column.push(cell.to_string());
        }
    }
    let named = head.iter().map(|h| h.to_string()).zip(columns);
    Some(Table(named.collect()))
}

impl Table {
    pub fn text(&self, column: &str) -> &[String] {
        &self.0[column]
    }

    pub fn numbers(&self, column: &str) -> Vec<f64> {
        let cells = self.text(column).iter();
        cells.map(|c| c.parse().unwrap()).collect()
    }

    pub fn flags(&self, column: &str) -> Vec<bool> {
        self.numbers(column).iter().map(|n| *n == 1.0).collect()
    }
}

fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&read(name)?).unwrap())
}

pub fn reference() -> Option<Value> {
    json("reference.json")
}

/// What R says. The file of its own and its copy in reference.json are the same.
pub fn r() -> Option<Value> {
    let r = json("survival_R.json")?;
    assert_eq!(r, reference()?["survival_R_4_2_2__survival_3_5_3"]);
    Some(r)
}

/// What lifelines says, with the same care (the copy carries a warning besides).
pub fn lifelines() -> Option<Value> {
    let own = json("survival_lifelines.json")?;
    let copy = &reference()?["lifelines_0_30_3"];
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(value, &copy[key]);
    }
    Some(own)
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// Within an absolute or a relative tolerance, whichever is wider for numbers above 1.
#[track_caller]
pub fn close(what: &str, got: f64, expected: &Value, tolerance: f64) {
    let expected = number(expected);
    let off = (got - expected).abs();
    let allowed = tolerance * expected.abs().max(1.0);
    assert!(
        off <= allowed,
        "{what}: {got} is not {expected} (off by {off:e})"
    );
}

/// Within a relative tolerance.
#[track_caller]
pub fn close_relative(what: &str, got: f64, expected: &Value, tolerance: f64) {
    let expected = number(expected);
    let off = (got / expected - 1.0).abs();
    assert!(
        off <= tolerance,
        "{what}: {got} is not {expected} (off by {off:e} of it)"
    );
}
