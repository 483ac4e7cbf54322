use super::*;
use crate::log::EventLog;
use crate::time::MISSING;

fn import(bytes: &[u8]) -> Result<Imported, ReadError> {
    let source = Source::bytes(bytes);
    let preview = preview(&source, &Overrides::default())?;
    read(&source, &preview.mapping, &Progress::default())
}

fn shown(log: &EventLog) -> Vec<String> {
    (0..log.cases())
        .map(|case| {
            let events = log.case(case).map(|r| {
                let time = jiff::Timestamp::from_microsecond(log.time[r])
                    .ok()
                    .filter(|_| log.time[r] != MISSING);
                format!(
                    "{}@{}",
                    log.activity_name(log.activity[r]),
                    time.map_or("?".into(), |t| t.strftime("%Y-%m-%d").to_string())
                )
            });
            format!(
                "{}: {}",
                log.case_name(case),
                events.collect::<Vec<_>>().join(" ")
            )
        })
        .collect()
}

#[test]
fn every_dialect_gives_the_same_log() {
    let rows = [
        ["case_id", "activity", "timestamp", "user"],
        ["1", "Größe; \"prüfen\", los", "2024-01-02 10:00", "Ann"],
        ["1", "b", "2024-01-03 10:00", "Bob"],
        ["2", "b", "2024-01-04 10:00", "Ann"],
    ];
    let mut first: Option<EventLog> = None;
    for delimiter in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let quote = |f: &str| format!("\"{}\"", f.replace('"', "\"\""));
            let text: String = rows
                .iter()
                .map(|r| r.map(quote).join(delimiter) + end)
                .collect();
            let utf16: Vec<u8> = [0xff, 0xfe]
                .into_iter()
                .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
                .collect();
            let bare16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
            let (western, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
            for bytes in [text.as_bytes(), &bom, &utf16, &bare16, &western] {
                let log = import(bytes).unwrap().log;
                assert_eq!(
                    *first.get_or_insert_with(|| log.clone()),
                    log,
                    "{delimiter:?} {end:?}"
                );
            }
        }
    }
    let log = first.unwrap();
    assert_eq!(
        shown(&log),
        [
            "1: Größe; \"prüfen\", los@2024-01-02 b@2024-01-03",
            "2: b@2024-01-04"
        ]
    );
    assert_eq!(log.resource().unwrap().text(1), Some("Bob"));
}

#[test]
fn a_stage_history_says_where_a_case_was_before() {
    let text = "Opportunity ID,Edit Date,Old Value,New Value,Edited By\n\
        006A,2024-01-05,Prospecting,Proposal,Ann\n006A,2024-01-09,Proposal,Closed Won,Ann\n006B,2024-01-06,,Prospecting,Bob\n";
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!(
        shown(&imported.log),
        [
            "006A: Prospecting@? Proposal@2024-01-05 Closed Won@2024-01-09",
            "006B: Prospecting@2024-01-06"
        ]
    );
    assert_eq!(
        imported.notes.iter().map(|n| n.code).collect::<Vec<_>>(),
        ["unknown_start"]
    );
}

#[test]
fn a_snapshot_has_a_date_column_a_stage() {
    let text = "Record ID,Deal Name,\"Date entered \"\"Appointment scheduled (Sales Pipeline)\"\"\",\"Date entered \"\"Closed won (Sales Pipeline)\"\"\",Amount\n\
        1,Alder,2024-02-01 09:00,2024-02-20 10:00,\"1,200.50\"\n2,Brightwell,2024-02-03 09:00,,300\n1,Alder,2024-02-01 09:00,2024-02-20 10:00,\"1,200.50\"\n";
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!(
        shown(&imported.log),
        [
            "1: Appointment scheduled@2024-02-01 Closed won@2024-02-20",
            "2: Appointment scheduled@2024-02-03"
        ]
    );
    assert_eq!(
        imported
            .log
            .case_column("Amount")
            .unwrap()
            .display(0)
            .as_deref(),
        Some("1200.5")
    );
    assert_eq!(
        imported.notes.iter().map(|n| n.code).collect::<Vec<_>>(),
        ["double_rows"]
    );
}

#[test]
fn a_date_that_can_be_read_in_two_ways_is_shown_in_both() {
    let text = "case,activity,date\n1,a,03/04/2024\n1,b,04/04/2024\n";
    let guessed = preview(&Source::bytes(text.as_bytes()), &Overrides::default()).unwrap();
    let two = guessed.ambiguity.unwrap();
    assert_eq!(
        (
            two.example.as_str(),
            two.day_first.as_str(),
            two.month_first.as_str(),
            two.taken
        ),
        (
            "03/04/2024",
            "3 April 2024",
            "4 March 2024",
            DateFormat::Dmy
        )
    );
    let said = Overrides {
        date_format: Some(DateFormat::Mdy),
        ..Overrides::default()
    };
    let guessed = preview(&Source::bytes(text.as_bytes()), &said).unwrap();
    assert_eq!(
        (guessed.ambiguity, guessed.mapping.date_format),
        (None, DateFormat::Mdy)
    );
}

#[test]
fn decimal_commas_epochs_and_start_columns_are_understood() {
    let text = "Vorgang;Aktivität;Start;Zeitstempel;Betrag\nA;prüfen;1710201600;1710205200;1.234,50\nA;zahlen;1710291600;1710295200;2,00\n";
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!(
        shown(&imported.log),
        ["A: prüfen@2024-03-12 zahlen@2024-03-13"]
    );
    assert_eq!(
        crate::time::seconds(imported.log.time[0] - imported.log.start[0]),
        3600.0
    );
    assert_eq!(
        imported
            .log
            .event_column("Betrag")
            .unwrap()
            .display(0)
            .as_deref(),
        Some("1234.5")
    );
}

#[test]
fn rows_that_cannot_be_used_are_skipped_with_their_line() {
    let text = "case,activity,time\n1,a,2024-01-01\n,b,2024-01-02\n1,c,yesterday\n1,d,2024-01-03,extra\n1,e,2024-01-04\n2,a,2024-01-04\n2,b,2024-01-05\n3,a,2024-01-05\n";
    let said = Overrides {
        time: Some("time".into()),
        date_format: Some(DateFormat::Ymd),
        ..Overrides::default()
    };
    let source = Source::bytes(text.as_bytes());
    let imported = read(
        &source,
        &preview(&source, &said).unwrap().mapping,
        &Progress::default(),
    )
    .unwrap();
    assert_eq!(
        imported
            .skipped
            .rows
            .iter()
            .map(|r| r.line)
            .collect::<Vec<_>>(),
        [3, 4, 5]
    );
    assert_eq!(imported.log.events(), 5);
}

#[test]
fn bad_tables_say_what_is_wrong_and_where() {
    let table: [(&[u8], &str); 8] = [
        (b"", "empty_file"),
        (b"  \n ", "empty_file"),
        (b"case,activity,time\n", "empty_log"),
        (b"just one column\nx\n", "one_column"),
        (b"a,b\0c\n1,2\n", "wrong_format"),
        (b"n,m\n1,2\n1,3\n", "no_activity"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "wrong_format"),
        (b"case,activity,time\n,,\n,,\n", "no_case"),
    ];
    for (bytes, code) in table {
        let error = import(bytes).map(|_| ()).unwrap_err();
        assert_eq!(error.code, code, "{}", String::from_utf8_lossy(bytes));
    }
    let text = "case,activity,time\n1,a,soon\n1,b,later\n1,c,2024-01-01\n";
    let said = Overrides {
        time: Some("time".into()),
        ..Overrides::default()
    };
    let source = Source::bytes(text.as_bytes());
    let error = read(
        &source,
        &preview(&source, &said).unwrap().mapping,
        &Progress::default(),
    )
    .unwrap_err();
    assert_eq!((error.code, error.place.line), ("unusable_rows", Some(2)));
    let missing = Overrides {
        case: Some("nobody".into()),
        ..Overrides::default()
    };
    assert_eq!(preview(&source, &missing).unwrap_err().code, "no_column");
}

#[test]
fn a_quote_that_is_never_closed_is_found() {
    let mut text = String::from("case,activity,time\n1,a,2024-01-01\n1,\"b,2024-01-02\n");
    for n in 0..200 {
        text += &format!("{n},c,2024-01-03\n");
    }
    assert_eq!(import(text.as_bytes()).unwrap_err().place.line, Some(3));
    let short = "case,activity,time,note\n1,a,2024-01-01,x\n1,b,2024-01-02,\"never\nclosed\n";
    let error = import(short.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.place.line), ("open_quote", Some(3)));
    let lines = "one\n".repeat(80);
    let closed = format!("case,activity,time,note\n1,a,2024-01-01,x\n1,b,2024-01-02,\"{lines}\"\n");
    assert_eq!(import(closed.as_bytes()).unwrap().log.events(), 2);
    let long = format!(
        "case,activity,time\n1,{},2024-01-01\n1,b,2024-01-02\n",
        "x".repeat(1_000_000)
    );
    assert_eq!(import(long.as_bytes()).unwrap().log.events(), 2);
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = import(&bytes);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "(case|id|[a-z]{1,3}|[,;\"\n\r\t|]|[0-9]{1,4}|[-/.: ]){0,120}") {
        let _ = import(text.as_bytes());
    }
}
