use super::*;
use crate::readers::bpmn::tests::shared;
use crate::time::{HOUR, MISSING};

const JSON: &str = include_str!("../../../tests/fixtures/orders.ocel2.json");
const XML: &str = include_str!("../../../tests/fixtures/orders.ocel2.xml");
const XML_1: &str = include_str!("../../../tests/fixtures/orders.ocel1.xml");

fn parse(text: &str) -> Result<ObjectLog, ReadError> {
    read(
        &Source::bytes(text.as_bytes().to_vec()),
        &Progress::default(),
    )
}

fn type_count(name: &str, objects: u64, events: u64, flattened: u64) -> TypeCount {
    TypeCount {
        name: name.into(),
        objects,
        events,
        flattened,
    }
}

#[test]
fn recruiting_has_the_counts_that_python_counts() {
    let Some(path) = shared("ocel/recruiting-red.jsonocel") else {
        return;
    };
    let log = read(&Source::open(&path).unwrap(), &Progress::default()).unwrap();
    let preview = log.preview();
    assert_eq!(
        (preview.events, log.objects.len(), log.skipped.count),
        (6607, 1051, 0)
    );
    assert_eq!(
        preview.types,
        [
            type_count("applications", 916, 6607, 6607),
            type_count("offers", 135, 270, 270)
        ]
    );
    assert_eq!(preview.proposed.as_deref(), Some("applications"));
    let flat = log.flatten("offers");
    assert_eq!((flat.log.cases(), flat.log.events()), (135, 270));
    let notes: Vec<_> = flat.notes.iter().map(|n| n.code).collect();
    assert_eq!(notes, ["flattened", "dropped_events"]);
    assert_eq!(
        flat.notes[1].text,
        "6337 events have no object of this type and are left out."
    );
}

#[test]
fn json_and_xml_say_the_same() {
    let (json, xml) = (parse(JSON).unwrap(), parse(XML).unwrap());
    assert_eq!((&json.events, &json.objects), (&xml.events, &xml.objects));
    assert_eq!((&json.notes, &json.skipped), (&xml.notes, &xml.skipped));
    assert_eq!(json.skipped.count, 2);
    assert_eq!(
        json.notes[0].text,
        "1 times are missing or could not be read; none was invented."
    );
    assert_eq!(json.events[0].time + 26 * HOUR, json.events[1].time);
    assert_eq!(json.events[3].time, MISSING);
    assert_eq!(
        json.preview().types,
        [type_count("order", 2, 4, 4), type_count("item", 2, 3, 4)]
    );
}

#[test]
fn flattening_says_what_it_duplicates_drops_and_repeats() {
    let log = parse(JSON).unwrap();
    let codes =
        |flat: &crate::readers::Imported| flat.notes.iter().map(|n| n.code).collect::<Vec<_>>();
    let orders = log.flatten("order");
    assert_eq!(
        (orders.log.cases(), orders.log.events()),
        (1, 4),
        "o1 in two roles is one event"
    );
    let expected = [
        "bad_times",
        "flattened",
        "dropped_events",
        "divergence",
        "cases_without_events",
        "last_value",
    ];
    assert_eq!(codes(&orders), expected);
    assert_eq!(
        orders
            .log
            .case_column("price")
            .unwrap()
            .display(0)
            .as_deref(),
        Some("12.5")
    );
    let items = log.flatten("item");
    assert_eq!((items.log.cases(), items.log.events()), (2, 4));
    assert_eq!(
        codes(&items),
        ["bad_times", "flattened", "convergence", "dropped_events"]
    );
    assert_eq!(
        items.notes[2].text,
        "1 events belong to several cases and appear in each: 1 copies."
    );
    assert_eq!(codes(&log.flatten("truck")), ["no_such_type"]);
}

#[test]
fn the_older_xml_is_read_too() {
    let log = parse(XML_1).unwrap();
    assert_eq!(
        (log.events[0].time, log.events[0].objects.len()),
        (1_704_096_000_000_000, 2)
    );
    assert_eq!(
        log.objects[0].attributes,
        [(log.names.code("price").unwrap(), MISSING, Cell::Float(12.5))]
    );
}

#[test]
fn bad_files_say_what_is_wrong_and_where() {
    let cases = [
        ("case,activity", "wrong_format", Some(1)),
        ("{\"a\": 1}", "wrong_format", Some(1)),
        (
            "{\"events\": [\n{\"id\": \"e\", \"type\": 7}]}",
            "wrong_format",
            Some(2),
        ),
        (
            "{\"events\": [\n{\"type\": \"a\"}]}",
            "wrong_format",
            Some(2),
        ),
        ("{\"events\": [\n{\"id\": ", "truncated", Some(2)),
        ("{\"events\": [\n}", "broken_json", Some(2)),
        ("{\"events\": []}", "empty_log", None),
        ("<log>\n<events>", "truncated", Some(2)),
        ("<log/>", "wrong_format", Some(1)),
        (
            "<log><events>\n<event/></events></log>",
            "wrong_format",
            Some(2),
        ),
        ("<log><events/></log>", "empty_log", None),
    ];
    for (text, code, line) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!(
            (error.code, error.place.line),
            (code, line),
            "{text}: {error}"
        );
    }
}
