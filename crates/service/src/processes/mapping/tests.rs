use super::told::{Case, Told};
use super::*;
use serde_json::json;

fn keep(field: &str) -> Choice {
    Choice {
        field: field.into(),
        keep: true,
        ..Choice::default()
    }
}

fn named(field: &str, name: &str) -> Choice {
    Choice {
        name: Some(name.into()),
        ..keep(field)
    }
}

fn is(field: &str, role: Role) -> Choice {
    Choice {
        is: Some(role),
        ..keep(field)
    }
}

fn out(field: &str) -> Choice {
    Choice {
        keep: false,
        ..keep(field)
    }
}

fn known(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|f| f.to_string()).collect()
}

fn mapping(choices: &[Choice], fields: &[&str]) -> Mapping {
    Mapping {
        fields: chosen(choices, &known(fields)).unwrap(),
        people: BTreeMap::new(),
    }
}

fn told(pairs: &[(&str, Value)]) -> Attributes {
    let pairs = pairs.iter().map(|(k, v)| (k.to_string(), v.clone()));
    pairs.collect()
}

#[test]
fn without_a_decision_everything_is_as_it_was_told() {
    let all = told(&[
        ("owner", json!("ines@halden.example")),
        ("amount", json!("1200.50")),
        (" Größe\u{200d}", json!(true)),
        ("", json!("empty")),
        ("x (as told)", json!(3)),
    ]);
    let none = Mapping::default();
    assert_eq!(none.attributes(all.clone()), all);
    assert_eq!(none.kept(all.clone()), all);
    let fields: Vec<&str> = all
        .keys()
        .map(String::as_str)
        .filter(|f| !f.is_empty())
        .collect();
    assert_eq!(mapping(&[], &fields).attributes(all.clone()), all);
    assert!(!none.is_new("owner") && mapping(&[], &["a"]).is_new("owner"));
}

#[test]
fn what_is_left_out_is_gone_and_what_is_chosen_has_its_name_and_kind() {
    let mut mapping = mapping(
        &[
            out("email"),
            named("lead source", "  came \t by "),
            is("region", Role::Team),
            is("seller", Role::Person),
            is("value", Role::Amount),
        ],
        &["email", "lead source", "region", "seller", "value", "stays"],
    );
    let name = ("ines@halden.example".to_string(), "Ines".to_string());
    mapping.people.extend([name]);
    let read = mapping.attributes(told(&[
        ("email", json!("x@customer.example")),
        ("lead source", json!("ines@halden.example")),
        ("region", json!("North")),
        ("seller", json!("ines@halden.example")),
        ("value", json!(" 1200.50 ")),
        ("stays", json!(true)),
    ]));
    let expected = told(&[
        ("came by", json!("ines@halden.example")),
        ("team", json!("North")),
        ("owner", json!("Ines")),
        ("amount", json!(1200.5)),
        ("stays", json!(true)),
    ]);
    assert_eq!(read, expected);
    for none in ["n/a", "1.200,50", "", "inf", "NaN", "12 €"] {
        let read = mapping.attributes(told(&[("value", json!(none))]));
        assert_eq!(read, Attributes::new(), "{none} is no number");
    }
    let kept = mapping.kept(told(&[("email", json!("x")), ("value", json!("n/a"))]));
    assert_eq!(kept, told(&[("value", json!("n/a"))]));
}

#[test]
fn a_new_field_never_takes_a_name_that_was_given() {
    let mapping = mapping(
        &[named("source", "channel"), out("old")],
        &["source", "old", "a (as told)"],
    );
    let name = |field: &str| mapping.name_of(field).map(|n| n.into_owned());
    assert_eq!(name("channel"), Some("channel (as told)".into()));
    assert_eq!(name("Channel"), Some("Channel (as told)".into()));
    assert_eq!(
        name("channel (as told)"),
        Some("channel (as told) (as told)".into())
    );
    assert_eq!(name("old"), None);
    assert_eq!(name("OLD"), Some("OLD".into()));
    let odd: Vec<String> = [
        "channel",
        "source",
        "channel (as told)",
        "a",
        "a (as told)",
        "channel (as told) (as told)",
    ]
    .iter()
    .filter_map(|f| name(f))
    .collect();
    let apart: BTreeSet<&String> = odd.iter().collect();
    assert_eq!(apart.len(), odd.len(), "{odd:?}");
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let long = "ä".repeat(LENGTH + 1);
    let cases: Vec<(Vec<Choice>, (usize, &str), &str)> = vec![
        (
            vec![keep("a"), named("b", " \u{a0}\t")],
            (1, "name"),
            "The name of \"b\" is empty.",
        ),
        (
            vec![named("a", &long)],
            (0, "name"),
            "longer than 200 characters",
        ),
        (vec![named("a", "x\u{0}y")], (0, "name"), "not plain text"),
        (
            vec![named("a", "B")],
            (0, "name"),
            "\"b\" and \"a\" would both be called \"B\".",
        ),
        (
            vec![named("a", "c"), named("b", "C")],
            (1, "name"),
            "would both be called \"C\"",
        ),
        (
            vec![is("a", Role::Team), is("b", Role::Team)],
            (1, "is"),
            "would both be called \"team\"",
        ),
        (
            vec![named("a", "Team")],
            (0, "name"),
            "\"Team\" is what the team is called.",
        ),
        (
            vec![named("a", "owner")],
            (0, "name"),
            "is what the person is called",
        ),
        (
            vec![named("a", "Title")],
            (0, "name"),
            "a name that Tenon itself gives",
        ),
        (
            vec![named("a", "b (as told)")],
            (0, "name"),
            "a name that Tenon itself gives",
        ),
        (
            vec![named("title", "deal")],
            (0, "name"),
            "\"title\" is always called so.",
        ),
        (
            vec![is("url", Role::Amount)],
            (0, "is"),
            "neither team nor person nor amount",
        ),
        (
            vec![keep("a"), out("a")],
            (1, "field"),
            "\"a\" is there twice.",
        ),
        (vec![keep("")], (0, "field"), "no field that a source tells"),
        (
            vec![keep("a\0")],
            (0, "field"),
            "no field that a source tells",
        ),
    ];
    for (choices, place, what) in cases {
        let wrong = chosen(&choices, &known(&["b", "title", "url"])).unwrap_err();
        assert_eq!((wrong.at, wrong.part), place, "{what}");
        assert!(wrong.what.contains(what), "{} is not {what}", wrong.what);
        assert!(!wrong.remedy.is_empty());
    }
    let many: Vec<Choice> = (0..=MOST).map(|n| keep(&n.to_string())).collect();
    assert_eq!(chosen(&many, &known(&[])).unwrap_err().at, MOST);
}

#[test]
fn names_that_the_source_itself_tells_apart_and_swapped_ones_are_fine() {
    let fields = chosen(&[keep("Größe"), keep("größe")], &known(&["GRÖSSE"])).unwrap();
    assert_eq!(fields.len(), 3);
    let swapped = [named("a", "b"), named("b", "a")];
    let mapping = mapping(&swapped, &["a", "b"]);
    let read = mapping.attributes(told(&[("a", json!(1)), ("b", json!(2))]));
    assert_eq!(read, told(&[("b", json!(1)), ("a", json!(2))]));
    // What is left out has no name, and leaves it to others.
    chosen(&[out("b"), named("a", "b")], &known(&["a", "b"])).unwrap();
    chosen(&[is("team", Role::Team)], &known(&["team"])).unwrap();
    let moved = [is("region", Role::Team), named("team", "office")];
    chosen(&moved, &known(&["region", "team"])).unwrap();
}

#[test]
fn changes_are_told_in_a_sentence_and_name_the_fields_they_concern() {
    let fields = ["a", "b", "c", "d", "e", "amount"];
    let before = mapping(&[out("d"), named("e", "f")], &fields);
    let mut after = mapping(
        &[
            out("a"),
            out("b"),
            named("c", "see"),
            is("amount", Role::Amount),
            named("e", "f"),
        ],
        &fields,
    );
    after.people.insert("x".into(), "Ines".into());
    let changes = Changes::between(&before, &after);
    assert_eq!(
        changes.told(1204),
        "2 fields left out, 1 taken in again, 1 renamed, 1 read in another way, 1 person assigned otherwise: 1,204 cases are read anew."
    );
    assert_eq!(changes.fields, known(&["a", "amount", "b", "c", "d"]));
    assert_eq!(
        changes.people,
        [("x".to_string(), Some("Ines".to_string()))]
    );
    let back = Changes::between(&after, &before);
    assert_eq!(
        (back.back, back.people),
        (vec!["a".into(), "b".into()], vec![("x".into(), None)])
    );
    let none = Changes::between(&before, &before);
    assert!(none.is_nothing());
    assert_eq!(none.told(7), "Nothing changes.");
    assert!(Changes::between(&Mapping::default(), &mapping(&[], &fields)).is_nothing());
    let one = Changes::between(&Mapping::default(), &mapping(&[out("a")], &fields));
    assert_eq!(one.told(1), "1 field left out: 1 case is read anew.");
    assert_eq!(one.told(0), "1 field left out: no case is concerned yet.");
}

#[test]
fn thousands_of_fields_and_very_long_values_are_looked_at_without_being_kept_whole() {
    let mut seen = Told::default();
    let long = "Ω".repeat(2_000);
    for n in 0..60 {
        let mut case = Case::new(&format!("D-{n}"));
        case.attributes = (0..60)
            .map(|m| (format!("field {n}-{m}"), json!(long)))
            .collect();
        case.attributes.insert("owner".into(), json!("ines"));
        case.attributes.insert(
            "amount".into(),
            json!(if n % 2 == 0 { "5" } else { "five" }),
        );
        case.happened("Won", n, "bot");
        case.happened("New", n - 100, "ines");
        seen.add(case, &Mapping::default());
    }
    assert_eq!((seen.cases, seen.fields.len()), (60, 2_000));
    let first = &seen.fields["field 0-0"];
    assert_eq!((first.cases, first.samples.len()), (1, 1));
    assert_eq!(first.samples[0].chars().count(), 60);
    assert_eq!(
        (seen.fields["amount"].numbers, seen.fields["amount"].cases),
        (30, 60)
    );
    assert_eq!(
        seen.people,
        BTreeMap::from([("bot".into(), 60), ("ines".into(), 60)])
    );
    let latest: Vec<&str> = seen.latest.iter().map(|c| c.case.as_str()).collect();
    assert_eq!(latest, ["D-59", "D-58", "D-57", "D-56", "D-55"]);
    assert_eq!(
        (seen.latest[0].last.as_str(), seen.latest[0].who.as_str()),
        ("Won", "bot")
    );
}
