//! Any log that is written is read again the same, in either format, packed or not, with any number of threads.

#![allow(clippy::unwrap_used)]

use flate2::{Compression, write::GzEncoder};
use mining::EventLog;
use mining::readers::{csv, xes};
use mining::source::{Progress, Source};
use proptest::prelude::*;
use std::io::Write;

/// A text with what formats stumble over; never only blanks, which tables take for nothing.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z<>&\"'äß漢🙂;,=%/\\]-][a-z<>&\"'ä 漢🙂;,\\]-]{0,8}[a-z<>&\"'漢]"
}

#[derive(Debug, Clone)]
struct Event {
    activity: String,
    time: Option<i64>,
    who: Option<String>,
    cost: Option<i64>,
    ok: Option<bool>,
}

fn event() -> impl Strategy<Value = Event> {
    (
        text(),
        prop::option::weighted(0.8, 0i64..2_000_000_000_000),
        prop::option::of(text()),
        prop::option::of(any::<i64>()),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(activity, ms, who, cost, ok)| Event {
            activity,
            time: ms.map(|ms| ms * 1000),
            who,
            cost,
            ok,
        })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// XES by hand, its attributes turned by `turn`.
fn by_hand(cases: &[(String, Vec<Event>)], turn: usize) -> String {
    let mut out = String::from("<log>");
    for (name, events) in cases {
        out += &format!(
            "<trace><string value=\"{}\" key='concept:name'/>",
            escaped(name)
        );
        for e in events {
            let mut parts = vec![format!(
                "<string key=\"concept:name\" value=\"{}\"/>",
                escaped(&e.activity)
            )];
            parts.extend(e.time.map(|t| {
                let t = jiff::Timestamp::from_microsecond(t).unwrap();
                format!("<date key=\"time:timestamp\" value=\"{t}\"/>")
            }));
            parts.extend(
                e.who
                    .as_ref()
                    .map(|w| format!("<string key=\"org:resource\" value=\"{}\"/>", escaped(w))),
            );
            parts.extend(e.cost.map(|c| format!("<int value='{c}' key='cost'/>")));
            parts
                .extend(e.ok.map(|b| format!("<boolean  key = \"ok\" value = \"{b}\"></boolean>")));
            let by = turn % parts.len();
            parts.rotate_left(by);
            out += &format!("<event>{}</event>", parts.concat());
        }
        out += "</trace>\n";
    }
    out + "</log>"
}

fn read_xes(bytes: Vec<u8>, threads: usize) -> EventLog {
    let options = xes::XesOptions {
        threads,
        ..Default::default()
    };
    xes::read(&Source::bytes(bytes), &options, &Progress::default())
        .unwrap()
        .log
}

/// The same to the last byte of a column file; an absent number equals no other, so values are not compared.
fn same(a: &EventLog, b: &EventLog) -> bool {
    let bytes = |log: &EventLog| {
        let mut out = Vec::new();
        mining::log::codec::write(log, &mut out).unwrap();
        out
    };
    bytes(a) == bytes(b)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn xes_is_read_as_it_was_meant_and_written_as_it_was_read(
        cases in prop::collection::btree_map(text(), prop::collection::vec(event(), 1..6), 1..6),
        turn in 0usize..5,
    ) {
        let cases: Vec<_> = cases.into_iter().collect();
        let file = by_hand(&cases, turn);
        let log = read_xes(file.clone().into_bytes(), 1);
        prop_assert_eq!(log.cases(), cases.len());
        for (at, (name, events)) in cases.iter().enumerate() {
            prop_assert_eq!(log.case_name(at), name.as_str());
            let rows: Vec<usize> = log.case(at).collect();
            prop_assert_eq!(rows.len(), events.len());
            let mut meant: Vec<(&str, Option<String>)> =
                events.iter().map(|e| (e.activity.as_str(), e.who.clone())).collect();
            let who = log.event_column("org:resource");
            let mut read: Vec<(&str, Option<String>)> = rows
                .iter()
                .map(|&r| (log.activity_name(log.activity[r]), who.and_then(|c| c.display(r))))
                .collect();
            meant.sort();
            read.sort();
            prop_assert_eq!(read, meant);
        }
        prop_assert!(same(&log, &read_xes(file.clone().into_bytes(), 3)), "threads");
        prop_assert!(same(&log, &read_xes(packed(file.as_bytes()), 2)), "gzip");
        let mut written = Vec::new();
        mining::writers::xes::write(&log, None, &mut written).unwrap();
        // Codes may be given in another order, so the texts are compared.
        let mut again = Vec::new();
        mining::writers::xes::write(&read_xes(written.clone(), 2), None, &mut again).unwrap();
        prop_assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(written).unwrap());
    }

    #[test]
    fn a_log_written_as_a_table_is_the_same_log(
        cases in prop::collection::btree_map(text(), prop::collection::vec(event(), 1..6), 1..6),
    ) {
        // Every event has a time here: rows of a table without one would be skipped.
        let cases: Vec<_> = cases
            .into_iter()
            .map(|(n, mut events)| {
                events.iter_mut().enumerate().for_each(|(i, e)| e.time = Some(1_700_000_000_000_000 + i as i64 * 60_000_000));
                (n, events)
            })
            .collect();
        let log = read_xes(by_hand(&cases, 0).into_bytes(), 1);
        let mut written = Vec::new();
        mining::writers::csv::write(&log, None, &mut written).unwrap();
        let source = Source::bytes(written);
        let preview = csv::preview(&source, &csv::Overrides::default()).unwrap();
        let again = csv::read(&source, &preview.mapping, &Progress::default()).unwrap().log;
        prop_assert_eq!(again.cases(), log.cases());
        prop_assert_eq!(again.events(), log.events());
        for case in 0..log.cases() {
            let name = log.case_name(case);
            let other = (0..again.cases()).find(|&c| again.case_name(c) == name);
            prop_assert!(other.is_some(), "case {name:?}");
            let trace = |log: &EventLog, case: usize| -> Vec<(String, i64)> {
                log.case(case).map(|r| (log.activity_name(log.activity[r]).to_string(), log.time[r])).collect()
            };
            prop_assert_eq!(trace(&log, case), trace(&again, other.unwrap()));
        }
    }
}
