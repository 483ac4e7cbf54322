//! Whatever the bytes, a reader answers: a model or log, or an error. It never panics.

use mining::readers::{bpmn, ocel};
use mining::source::{Progress, Source};
use proptest::prelude::*;

const BPMN: &str = include_str!("fixtures/everything.bpmn");
const OCEL_JSON: &str = include_str!("fixtures/orders.ocel2.json");
const OCEL_XML: &str = include_str!("fixtures/orders.ocel2.xml");
const OCEL_XML_1: &str = include_str!("fixtures/orders.ocel1.xml");

fn everything(bytes: Vec<u8>) {
    let source = Source::bytes(bytes);
    let progress = Progress::default();
    if let Ok(model) = bpmn::read(&source, &progress) {
        let mut written = Vec::new();
        assert!(mining::writers::bpmn::write(&model, &mut written).is_ok());
        let mut undrawn = model.clone();
        undrawn.drawing = None;
        assert!(mining::writers::bpmn::write(&undrawn, &mut written).is_ok());
        let _ = (model.to_petri(), model.summary());
    }
    if let Ok(log) = ocel::read(&source, &progress) {
        log.preview()
            .types
            .iter()
            .for_each(|t| drop(log.flatten(&t.name)));
    }
}

/// A file with a few bytes changed, pieces repeated or cut.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let file = prop::sample::select(vec![BPMN, OCEL_JSON, OCEL_XML, OCEL_XML_1]);
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        0..5u8,
    );
    (file, prop::collection::vec(edit, 1..6)).prop_map(|(file, edits)| {
        let mut bytes = file.as_bytes().to_vec();
        for (a, b, byte, what) in edits {
            if bytes.is_empty() {
                break;
            }
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 200));
            match what {
                0 => bytes[a] = byte,
                1 => bytes.truncate(a),
                2 => drop(bytes.drain(from..to)),
                3 => bytes.splice(a..a, [byte]).for_each(drop),
                _ => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(b..b, piece).for_each(drop);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        everything(bytes);
    }

    #[test]
    fn mutated_files_are_answered(bytes in mutated()) {
        everything(bytes);
    }
}

/// Ids swapped for one another: hosts, parents and ends that make no sense.
#[test]
fn swapped_references_are_answered() {
    let ids = ["s", "a", "g", "u", "v", "x", "e", "z", "t"];
    for from in ids {
        for to in ids {
            for attribute in ["attachedToRef", "sourceRef", "targetRef", "id"] {
                let text = BPMN.replace(
                    &format!("{attribute}=\"{from}\""),
                    &format!("{attribute}=\"{to}\""),
                );
                everything(text.into_bytes());
            }
        }
    }
}
