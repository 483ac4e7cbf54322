//! Agreement with pm4py 2.7.23 on real logs. Its rules, where an average could differ: events of a case are sorted by
//! time with ties in the order of the file (a stable sort); the gap of an edge is between the two moments, rounded
//! to thousandths of a second in the reference; a median of an even count is the mean of the middle two; a case
//! lasts from its first to its last moment. Its order among equal counts is that of its dictionaries, so ties
//! are compared without their order.

use super::*;
use crate::readers::xes;
use crate::source::{Progress, Source};
use serde_json::Value;
use std::collections::BTreeSet;

fn shared() -> String {
    std::env::var("TENON_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into())
}

pub(crate) fn read(file: &str) -> Option<EventLog> {
    let Ok(source) = Source::open(std::path::Path::new(&format!(
        "{}/data/logs/{file}",
        shared()
    ))) else {
        println!("skipped: shared data absent");
        return None;
    };
    Some(
        xes::read(&source, &xes::XesOptions::default(), &Progress::default())
            .unwrap()
            .log,
    )
}

fn set(rows: &Value) -> BTreeSet<String> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect()
}

/// Counts of equal rank may stand in any order, so what falls off the end of a list may differ among ties.
fn agrees(name: &str, file: &str) {
    let Some(log) = read(file) else { return };
    let reference =
        std::fs::read_to_string(format!("{}/refs/mining/{name}.json", shared())).unwrap();
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let look = serde_json::to_value(look(&log)).unwrap();
    for key in [
        "cases",
        "events",
        "activities",
        "variants",
        "start",
        "end",
        "rework_cases",
    ] {
        assert_eq!(look[key], reference[key], "{key}");
    }
    assert_eq!(set(&look["dfg"]), set(&reference["dfg"]));
    let counts = |v: &Value, at: usize| {
        v.as_array()
            .unwrap()
            .iter()
            .map(|r| r[at].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&look["dfg"], 2), counts(&reference["dfg"], 2));
    assert_eq!(
        counts(&look["top_variants"], 1),
        counts(&reference["top_variants"], 1)
    );
    let smallest = counts(&look["top_variants"], 1).last().copied();
    let sure = |v: &Value| {
        let rows = v
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r[1].as_u64() > smallest);
        rows.map(Value::to_string).collect::<BTreeSet<_>>()
    };
    assert_eq!(
        sure(&look["top_variants"]),
        sure(&reference["top_variants"])
    );
    let (ours, theirs) = (
        look["edge_seconds"].as_array().unwrap(),
        reference["edge_seconds"].as_array().unwrap(),
    );
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert_eq!((&a[0], &a[1]), (&b[0], &b[1]));
        for at in [2, 3] {
            close(&a[at], &b[at], 0.0011, &format!("{} {} {at}", a[0], a[1]));
        }
    }
    for key in ["median", "mean", "max"] {
        close(
            &look["case_seconds"][key],
            &reference["case_seconds"][key],
            1e-5,
            key,
        );
    }
}

fn close(a: &Value, b: &Value, tolerance: f64, what: &str) {
    let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
    assert!((a - b).abs() <= tolerance, "{what}: {a} is not {b}");
}

#[test]
fn running_example_agrees() {
    agrees("running-example", "running-example.xes");
}

#[test]
fn receipt_agrees() {
    agrees("receipt", "receipt.xes.gz");
}

#[test]
fn helpdesk_agrees() {
    agrees("helpdesk", "helpdesk.xes.gz");
}

#[test]
fn bpic2012_agrees() {
    agrees("bpic2012", "bpic2012.xes.gz");
}

#[test]
fn a_log_without_times_has_none() {
    let Some(log) = read("a32f0n00.xes.gz") else {
        return;
    };
    let look = look(&log);
    assert!(look.cases > 0 && look.variants > 0);
    assert_eq!(look.case_seconds, CaseSeconds::default());
    assert!(
        look.edge_seconds
            .iter()
            .all(|e| e.2.is_none() && e.3.is_none())
    );
}
