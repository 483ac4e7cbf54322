//! Tables of real logs give the figures that the XES of the same logs gives elsewhere. Needs the shared data.
#![allow(clippy::unwrap_used)]

use mining::figures::reference;
use mining::readers::csv::{Overrides, preview, read};
use mining::source::{Progress, Source};
use std::path::PathBuf;

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TENON_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: shared data absent");
    }
    path.exists().then_some(path)
}

fn look(path: &std::path::Path) -> serde_json::Value {
    let source = Source::open(path).unwrap();
    let mapping = preview(&source, &Overrides::default()).unwrap().mapping;
    let imported = read(&source, &mapping, &Progress::default()).unwrap();
    assert_eq!(imported.skipped.count, 0);
    serde_json::to_value(reference::look(&imported.log)).unwrap()
}

#[test]
fn tables_of_real_logs_agree_with_the_reference() {
    for name in ["receipt", "running-example"] {
        let (Some(table), Some(expected)) = (
            shared(&format!("data/logs/{name}.csv")),
            shared(&format!("refs/mining/{name}.json")),
        ) else {
            return;
        };
        let expected: serde_json::Value =
            serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        let found = look(&table);
        for key in [
            "cases",
            "events",
            "activities",
            "start",
            "end",
            "variants",
            "rework_cases",
        ] {
            assert_eq!(found[key], expected[key], "{name} {key}");
        }
        let sorted = |v: &serde_json::Value| {
            let mut rows: Vec<String> = v
                .as_array()
                .unwrap()
                .iter()
                .map(ToString::to_string)
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&found["dfg"]), sorted(&expected["dfg"]), "{name}");
    }
}

#[test]
fn a_table_with_two_times_a_row_has_starts() {
    let Some(path) = shared("data/logs/interval_event_log.csv") else {
        return;
    };
    let source = Source::open(&path).unwrap();
    let mapping = preview(&source, &Overrides::default()).unwrap().mapping;
    let log = read(&source, &mapping, &Progress::default()).unwrap().log;
    assert_eq!(log.start.len(), log.events());
    assert!(log.start.iter().zip(&log.time).all(|(s, t)| s <= t));
}
