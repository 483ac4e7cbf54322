use super::*;
use crate::time::MISSING;

fn log_of(body: &str) -> Result<Imported, ReadError> {
    read_bytes(
        format!("<?xml version=\"1.0\"?><log>{body}</log>").as_bytes(),
        &XesOptions::default(),
    )
}

fn read_bytes(bytes: &[u8], options: &XesOptions) -> Result<Imported, ReadError> {
    read(&Source::bytes(bytes), options, &Progress::default())
}

fn event(name: &str, time: &str) -> String {
    format!(
        "<event><string key='concept:name' value='{name}'/><date key='time:timestamp' value='{time}'/></event>"
    )
}

fn trace(name: &str, events: &str) -> String {
    format!("<trace><string key='concept:name' value='{name}'/>{events}</trace>")
}

fn names(log: &crate::EventLog, case: usize) -> Vec<&str> {
    log.case(case)
        .map(|row| log.activity_name(log.activity[row]))
        .collect()
}

fn codes(imported: &Imported) -> Vec<&str> {
    imported.notes.iter().map(|n| n.code).collect()
}

#[test]
fn a_comment_that_looks_like_a_trace_is_none() {
    let body = trace(
        "1",
        &format!("<!-- </trace><trace> -->{}", event("a", "2024-01-01")),
    ) + "<!-- <trace> -->"
        + &trace("2", &event("b", "2024-01-02"));
    let imported = log_of(&body).unwrap();
    assert_eq!(
        (
            imported.log.cases(),
            names(&imported.log, 0),
            names(&imported.log, 1)
        ),
        (2, vec!["a"], vec!["b"])
    );
}

#[test]
fn attributes_come_in_any_order_and_keep_their_type() {
    let body = "<trace><int value='3' key='size'/><string key='concept:name' value='1'/><event><boolean value='true' key='ok'/>\
        <float key='cost' value='1.5'></float><date value='2024-01-01T00:00:00Z' key='due'/><string value='a &amp; b' key='concept:name'/></event></trace>";
    let log = log_of(body).unwrap().log;
    assert_eq!(names(&log, 0), ["a & b"]);
    assert_eq!(
        log.case_column("size").unwrap().display(0).as_deref(),
        Some("3")
    );
    let shown = ["ok", "cost", "due"].map(|n| log.event_column(n).unwrap().display(0).unwrap());
    assert_eq!(shown, ["true", "1.5", "2024-01-01T00:00:00Z"]);
    assert_eq!(log.time, [MISSING]);
}

#[test]
fn events_out_of_order_are_sorted_and_it_is_said() {
    let imported = log_of(&trace(
        "1",
        &(event("b", "2024-01-02") + &event("a", "2024-01-01")),
    ))
    .unwrap();
    assert_eq!(names(&imported.log, 0), ["a", "b"]);
    assert_eq!(codes(&imported), ["out_of_order"]);
}

#[test]
fn traces_of_one_name_are_one_case() {
    let imported = log_of(
        &(trace("1", &event("b", "2024-01-02"))
            + &trace("2", &event("x", "2024-01-02"))
            + &trace("1", &event("a", "2024-01-01"))),
    )
    .unwrap();
    assert_eq!(
        (imported.log.cases(), names(&imported.log, 0)),
        (2, vec!["a", "b"])
    );
    assert_eq!(codes(&imported), ["joined_traces", "out_of_order"]);
}

#[test]
fn defaults_fill_gaps_but_invent_no_times() {
    let body = "<global scope='event'><string key='org:group' value='none'/><date key='time:timestamp' value='1970-01-01'/></global>".to_string()
        + &trace("1", "<event><string key='concept:name' value='a'/></event><event><string key='concept:name' value='b'/><string key='org:group' value='G'/></event>");
    let imported = log_of(&body).unwrap();
    let group = imported.log.event_column("org:group").unwrap();
    assert_eq!([group.text(0), group.text(1)], [Some("none"), Some("G")]);
    assert_eq!(
        (imported.log.time.clone(), codes(&imported)),
        (vec![MISSING, MISSING], vec!["no_time"])
    );
}

#[test]
fn an_event_without_a_name_is_skipped_and_counted() {
    let imported = log_of(&trace("1", &(event("a", "2024-01-01") + "<event/>"))).unwrap();
    assert_eq!((imported.log.events(), imported.skipped.count), (1, 1));
}

#[test]
fn start_and_complete_are_joined_when_asked() {
    let one = |name: &str, life: &str, time: &str| {
        format!(
            "<event><string key='concept:name' value='{name}'/><string key='lifecycle:transition' value='{life}'/><date key='time:timestamp' value='{time}'/></event>"
        )
    };
    let body = trace(
        "1",
        &(one("a", "start", "2024-01-01")
            + &one("a", "complete", "2024-01-03")
            + &one("b", "start", "2024-01-04")),
    );
    let options = XesOptions {
        pair_lifecycle: true,
        ..XesOptions::default()
    };
    let imported = read_bytes(format!("<log>{body}</log>").as_bytes(), &options).unwrap();
    assert_eq!(names(&imported.log, 0), ["a", "b"]);
    assert_eq!(
        crate::time::days(imported.log.time[0] - imported.log.start[0]),
        2.0
    );
    assert_eq!(codes(&imported), ["unfinished"]);
}

#[test]
fn a_classifier_joins_its_keys() {
    let body = "<classifier name='both' keys='concept:name lifecycle:transition'/>".to_string()
        + &trace(
            "1",
            "<event><string key='concept:name' value='a'/><string key='lifecycle:transition' value='start'/></event>",
        );
    let options = XesOptions {
        classifier: Some("both".into()),
        ..XesOptions::default()
    };
    let imported = read_bytes(format!("<log>{body}</log>").as_bytes(), &options).unwrap();
    assert_eq!(names(&imported.log, 0), ["a+start"]);
}

#[test]
fn other_encodings_are_read() {
    let text = "<?xml version='1.0' encoding='ENC'?><log><trace><string key='concept:name' value='1'/><event><string key='concept:name' value='prüfen'/></event></trace></log>";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(
            text.replace("ENC", "UTF-16")
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        )
        .collect();
    let latin: Vec<u8> = text
        .replace("ENC", "ISO-8859-1")
        .chars()
        .map(|c| c as u8)
        .collect();
    let bom = [b"\xef\xbb\xbf", text.replace("ENC", "UTF-8").as_bytes()].concat();
    for bytes in [utf16, latin, bom] {
        assert_eq!(
            names(&read_bytes(&bytes, &XesOptions::default()).unwrap().log, 0),
            ["prüfen"]
        );
    }
}

#[test]
fn bad_files_say_what_is_wrong_and_where() {
    let long = "x".repeat(1_000_000);
    let deep = "<string key='a' value='b'>".repeat(300);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "empty_log"),
        ("case,activity".into(), "wrong_format"),
        ("<definitions/>".into(), "wrong_format"),
        ("\u{89}PNG\n <a> <=".into(), "wrong_format"),
        ("<log></log>".into(), "empty_log"),
        ("<log><trace></trace></log>".into(), "empty_log"),
        ("<log><trace><event>".into(), "truncated"),
        (
            format!("<log>{}", trace("1", &event("a", "2024-01-01"))),
            "truncated",
        ),
        (format!("<log>{}<trace>", trace("1", "")), "truncated"),
        ("<log><trace><event></trace></log>".into(), "broken_xml"),
        (
            "<log><trace><string key=a value='x'/></trace></log>".into(),
            "broken_xml",
        ),
        (
            "<!DOCTYPE log [<!ENTITY a 'b'>]><log><trace/></log>".into(),
            "doctype",
        ),
        (
            "<log><trace><string key='concept:name' value='&boom;'/></trace></log>".into(),
            "broken_xml",
        ),
        (format!("<log><trace>{deep}</trace></log>"), "too_deep"),
    ];
    for (text, code) in cases {
        let error = read_bytes(text.as_bytes(), &XesOptions::default())
            .map(|_| ())
            .unwrap_err();
        assert_eq!(
            error.code,
            code,
            "{}: {error}",
            text.chars().take(80).collect::<String>()
        );
        assert!(!error.remedy.is_empty());
    }
    let long = log_of(&trace("1", &event(&long, "2024-01-01")))
        .unwrap()
        .log;
    assert_eq!(long.activity_name(0).len(), 1_000_000);
}

#[test]
fn broken_bytes_are_named_by_place() {
    let good = trace("1", &event("a", "2024-01-01"));
    let text =
        format!("<log>{good}<trace><event><string key='x' value='<'/></event></trace></log>");
    let error = read_bytes(text.as_bytes(), &XesOptions::default()).unwrap_err();
    assert_eq!(
        error.place.byte,
        Some(text.rfind("'<'").unwrap() as u64 + 1)
    );
}

#[test]
fn a_gzip_cut_short_or_blown_up_is_refused() {
    use std::io::Write;
    let pack = |text: &mut dyn Read| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::copy(text, &mut packer).unwrap();
        packer.flush().unwrap();
        packer.finish().unwrap()
    };
    let body: String = (0..3000)
        .map(|n| trace(&n.to_string(), &event("a", "2024-01-01")))
        .collect();
    let packed = pack(&mut format!("<log>{body}</log>").as_bytes());
    assert_eq!(
        read_bytes(&packed, &XesOptions::default())
            .unwrap()
            .log
            .cases(),
        3000
    );
    let cut = read_bytes(&packed[..packed.len() / 2], &XesOptions::default()).unwrap_err();
    assert_eq!(cut.code, "truncated");
    assert!(cut.what.starts_with("The gzip file is cut off"), "{cut}");
    let mut spoilt = packed.clone();
    spoilt[packed.len() / 2] ^= 0x55;
    let spoilt = read_bytes(&spoilt, &XesOptions::default()).unwrap_err();
    assert_eq!(spoilt.code, "broken_gzip", "{spoilt}");
    let comment = format!("<!--{}-->", " ".repeat(1 << 20));
    let mut bomb: Box<dyn Read> = Box::new(&b"<log><trace/>"[..]);
    for _ in 0..270 {
        bomb = Box::new(bomb.chain(comment.as_bytes()));
    }
    assert_eq!(
        read_bytes(&pack(&mut bomb), &XesOptions::default())
            .unwrap_err()
            .code,
        "gzip_bomb"
    );
    let head = pack(&mut b"<log><!-- ".chain(std::io::repeat(b' ').take(70 << 20)));
    assert_eq!(
        read_bytes(&head, &XesOptions::default()).unwrap_err().code,
        "too_long"
    );
}

#[test]
fn threads_do_not_change_the_result() {
    let body: String = (0..4000)
        .map(|n| {
            trace(
                &format!("case {n}"),
                &(event(&format!("a{}", n % 7), "2024-01-02")
                    + &event(&format!("b{n}"), "2024-01-03")),
            )
        })
        .collect();
    let padded = format!(
        "<log>{}</log>",
        body.replace("</trace>", &format!("<!--{}--></trace>", " ".repeat(900)))
    );
    let with = |threads| {
        read_bytes(
            padded.as_bytes(),
            &XesOptions {
                threads,
                ..XesOptions::default()
            },
        )
        .unwrap()
        .log
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn nested_attributes_become_columns() {
    let body = "<trace><string key='concept:name' value='1'/>\
        <event><string key='concept:name' value='a'/><float key='cost' value='3.5'><string key='currency' value='EUR'/>\
        <list key='parts'><values><int key='work' value='2'/></values></list></float></event></trace>";
    let log = log_of(body).unwrap().log;
    let shown = |column: &str| log.event_column(column).unwrap().display(0);
    assert_eq!(shown("cost").as_deref(), Some("3.5"));
    assert_eq!(shown("cost/currency").as_deref(), Some("EUR"));
    assert_eq!(shown("cost/parts/work").as_deref(), Some("2"));
}

#[test]
fn closing_tags_must_match_at_every_depth() {
    let head = "<?xml version=\"1.0\"?><log>".len() as u64;
    let broken = [
        ("<trace><event></trace></event>", 14),
        (
            "<trace><string key='a' value='b'><int key='c' value='1'></string></int></trace>",
            56,
        ),
        ("<trace></trace><other><x></other></x>", 25),
        ("<trace><stri</trace>", 12),
        ("<trace><event a='1' <b></event></trace>", 20),
        ("<trace></trace <trace></trace>", 15),
    ];
    for (body, byte) in broken {
        let error = log_of(body).unwrap_err();
        assert_eq!(error.code, "broken_xml", "{body}: {error}");
        assert_eq!(error.place.byte, Some(head + byte), "{body}: {error}");
    }
}
