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

fn guessed(text: &str) -> Preview {
    preview(&Source::bytes(text.as_bytes()), &Overrides::default()).unwrap()
}

#[test]
fn a_format_that_reads_every_date_is_taken_before_one_that_reads_some() {
    let mut text = String::from("case,activity,time\n");
    for n in 0..30 {
        text += &format!("{n},a,13/02/2026\n{n},b,05/03/2026\n");
    }
    let found = guessed(&text);
    assert_eq!(
        (found.mapping.date_format, found.ambiguity),
        (DateFormat::Dmy, None)
    );
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!((imported.skipped.count, imported.log.events()), (0, 60));
}

#[test]
fn what_one_date_column_leaves_open_another_tells() {
    let found =
        guessed("case,activity,start,time\n1,a,05/03/2026,13/03/2026\n1,b,06/03/2026,14/03/2026\n");
    assert_eq!(
        (found.mapping.date_format, found.ambiguity),
        (DateFormat::Dmy, None)
    );
}

#[test]
fn columns_are_remembered_for_a_header_and_how_a_file_is_written_is_not() {
    let table = |dates: [&str; 2], delimiter: &str, end: &str| {
        [["a", "b", "c"], ["1", "x", dates[0]], ["1", "y", dates[1]]]
            .map(|r| r.join(delimiter) + end)
            .concat()
    };
    let said = Overrides {
        case: Some("a".into()),
        activity: Some("b".into()),
        time: Some("c".into()),
        date_format: Some(DateFormat::Mdy),
        zone: Some("Europe/Berlin".into()),
        ..Overrides::default()
    };
    let first = table(["03/04/2024", "03/05/2024"], ",", "\n");
    let earlier = preview(&Source::bytes(first.as_bytes()), &said).unwrap();
    let like = |bytes: &[u8], said: &Overrides| {
        let source = Source::bytes(bytes);
        let found = preview_like(&source, said, &earlier.mapping).unwrap();
        assert_eq!(found.ambiguity, None);
        let imported = read(&source, &found.mapping, &Progress::default()).unwrap();
        assert_eq!(imported.log.events(), 2);
        (
            found.mapping.date_format,
            found.mapping.case,
            found.mapping.zone,
        )
    };
    let none = Overrides::default();
    let utf16: Vec<u8> = table(["2024-03-04", "2024-03-05"], ";", "\r")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let berlin = "Europe/Berlin".to_string();
    for (bytes, format) in [
        (first.clone().into_bytes(), DateFormat::Mdy),
        (
            table(["2024-03-04", "2024-03-05"], "\t", "\r\n").into_bytes(),
            DateFormat::Ymd,
        ),
        (
            table(["13.03.2024", "14.03.2024"], ",", "\n").into_bytes(),
            DateFormat::Dmy,
        ),
        (
            table(["1710201600", "1710201700"], ",", "\n").into_bytes(),
            DateFormat::EpochSeconds,
        ),
        (utf16, DateFormat::Ymd),
    ] {
        assert_eq!(like(&bytes, &none), (format, "a".into(), berlin.clone()));
    }
    let now = Overrides {
        date_format: Some(DateFormat::Dmy),
        ..Overrides::default()
    };
    assert_eq!(
        like(first.as_bytes(), &now),
        (DateFormat::Dmy, "a".into(), berlin)
    );
}

#[test]
fn a_quote_opened_in_a_short_file_is_found_with_its_line() {
    let rest: String = (3..43).map(|n| format!("{n},c,2024-01-03\n")).collect();
    for text in [
        format!("case,activity,time\n1,\"b,2024-01-02\n{rest}"),
        format!(
            "case,activity,time\r\n1,\"b,2024-01-02\r\n{}",
            rest.replace('\n', "\r\n")
        ),
        format!("case,activity,time\n1,\"b,2024-01-02\n{rest}50,\"c\",2024-01-03\n"),
    ] {
        let error = import(text.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code, error.place.line),
            ("open_quote", Some(2)),
            "{text}"
        );
    }
    let first = format!("case,activity,time\n1,a,2024-01-01\n{rest}50,c,\"2024-01-03");
    let mapping = guessed("case,activity,time\n1,a,2024-01-01\n").mapping;
    let error = read(
        &Source::bytes(first.as_bytes()),
        &mapping,
        &Progress::default(),
    )
    .unwrap_err();
    assert_eq!((error.code, error.place.line), ("open_quote", Some(43)));
}

#[test]
fn skipped_rows_have_the_same_lines_whatever_ends_a_line() {
    let lines = [
        "case,activity,time",
        "1,a,2024-01-01",
        ",b,2024-01-02",
        "1,\"two",
        ",c,2024-01-02",
        "lines\",2024-01-03",
        ",d,2024-01-02",
        "",
        ",e,2024-01-02",
        "2,a,2024-01-04",
        "2,b,2024-01-05",
        "3,b,2024-01-05",
    ];
    for end in ["\n", "\r\n", "\r"] {
        for before in ["", "sep=,"] {
            let mut all: Vec<&str> = lines.to_vec();
            if !before.is_empty() {
                all.insert(0, before);
            }
            let text = all.join(end);
            let imported = import(text.as_bytes()).unwrap();
            let found: Vec<u64> = imported.skipped.rows.iter().map(|r| r.line).collect();
            let shift = u64::from(!before.is_empty());
            assert_eq!(found, [3, 7, 9].map(|n| n + shift), "{end:?} {before}");
        }
    }
}

#[test]
fn rows_alike_in_every_column_are_told_and_kept_unless_events_have_ids() {
    let text = "case,activity,time,who\n1,a,2024-01-01,Ann\n1,b,2024-01-01,Ann\n1,a,2024-01-01,Ann\n1,a,2024-01-01,Bob\n2,a,2024-01-01,Ann\n";
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!(imported.log.events(), 5);
    assert_eq!(imported.notes.last().unwrap().code, "same_rows");
    assert!(
        imported
            .notes
            .last()
            .unwrap()
            .text
            .starts_with("1 row says the same")
    );
    let with_id = "case,activity,time,event_id\n1,a,2024-01-01,e1\n1,a,2024-01-01,e2\n1,b,2024-01-02,e3\n1,a,2024-01-01,e1\n2,a,2024-01-01,e4\n";
    let imported = import(with_id.as_bytes()).unwrap();
    assert_eq!(
        shown(&imported.log),
        [
            "1: a@2024-01-01 a@2024-01-01 b@2024-01-02",
            "2: a@2024-01-01"
        ]
    );
    assert!(imported.notes.iter().any(|n| n.code == "double_rows"));
}

#[test]
fn the_guess_tells_every_column_it_uses() {
    let found = guessed(
        "case,activity,start,time,user,team\n1,a,2024-01-01,2024-01-02,Ann,North\n1,b,2024-01-03,2024-01-04,Bob,South\n",
    );
    assert_eq!(
        found.reasons,
        [
            "Case is \"case\", activity is \"activity\", time is \"time\", begin is \"start\".",
            "Person is \"user\", team is \"team\"."
        ]
    );
}

#[test]
fn days_as_a_spreadsheet_counts_them_are_times() {
    let text = "case,activity,time\n1,a,45000.5\n1,b,45001.25\n";
    assert_eq!(guessed(text).mapping.date_format, DateFormat::Excel);
    assert_eq!(
        shown(&import(text.as_bytes()).unwrap().log),
        ["1: a@2023-03-15 b@2023-03-16"]
    );
    let unknown = guessed("case,activity,time\n1,a,KW 12\n1,b,KW 13\n");
    assert_eq!(
        unknown.reasons.last().unwrap(),
        "\"time\" is no time: \"KW 12\" is in no date format that is known here."
    );
}

#[test]
fn a_date_format_that_no_column_has_is_told_with_the_one_it_has() {
    let text =
        "case,activity,time\n1,a,03/04/2024\n1,b,23/04/2024\n1,c,24/04/2024\n1,d,25/04/2024\n";
    let said = Overrides {
        date_format: Some(DateFormat::Mdy),
        ..Overrides::default()
    };
    let error = preview(&Source::bytes(text.as_bytes()), &said).unwrap_err();
    assert_eq!(
        (error.code, error.place.line),
        ("wrong_date_format", Some(3))
    );
    assert!(error.remedy.contains("format dmy"), "{}", error.remedy);
}

#[test]
fn expected_dates_of_a_snapshot_are_attributes_and_told() {
    let text = "Record ID,Deal Name,Create Date,Close Date,\"Date entered \"\"Proposal (Sales)\"\"\",\"Date entered \"\"Closed Won (Sales)\"\"\"\n\
        1,Alder,2024-02-01,2024-12-31,2024-02-02,2024-02-20\n2,Birch,2024-02-03,2024-12-31,2024-02-04,\n";
    let imported = import(text.as_bytes()).unwrap();
    assert_eq!(
        shown(&imported.log),
        [
            "1: Proposal@2024-02-02 Closed Won@2024-02-20",
            "2: Proposal@2024-02-04"
        ]
    );
    assert!(imported.log.case_column("Close Date").is_some());
    assert!(guessed(text).reasons[0].contains("\"Close Date\" are kept as attributes"));
}

#[test]
fn a_line_without_end_is_told_and_not_taken_for_an_empty_table() {
    let endless = format!("case,activity,time\n1,{}", "a".repeat(33 << 20));
    let error = import(endless.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.place.line), ("too_long", Some(2)));
    let quoted = format!("case,activity,time\n1,\"{}", "a\n".repeat(1 << 20));
    let error = import(quoted.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.place.line), ("open_quote", Some(2)));
    let long = format!(
        "case,activity,time\n1,{},2024-01-01\n1,b,2024-01-02\n",
        "a".repeat(3 << 20)
    );
    assert_eq!(import(long.as_bytes()).unwrap().log.events(), 2);
}
