use super::stand_in::Peer;
use super::*;
use crate::Http;
use crate::source_contract::{StandIn, block_on, check};

const USUAL: Columns = Columns {
    case: "case",
    stage: "stage",
    time: "time",
};

struct Near<'a>(&'a Peer);

impl Http for Near<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.0.answer(&request);
        Box::pin(async { Ok(answer) })
    }
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(CsvUrl::with_page(5)), Box::new(Peer::new())));
}

#[test]
fn a_file_that_is_as_it_was_is_not_read_again() {
    let peer = Peer::new();
    let (settings, http) = (peer.settings(), Near(&peer));
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    };
    let source = CsvUrl::new();
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    assert_eq!(pipeline.name, "deals");
    let stages: Vec<&str> = pipeline.stages.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(stages, ["New, or \"fresh\"", "Offer made"]);
    let page = block_on(source.poll(&via, &pipeline, None)).unwrap();
    assert_eq!((page.items.len(), page.has_more), (28, false));
    assert_eq!(
        (
            page.items[0].case_name.as_str(),
            page.items[0].by.as_deref()
        ),
        ("Deal 1", Some("Rika"))
    );
    let state: State = pass::read(Some(&page.cursor));
    let same = block_on(source.file(&via, Some(&state))).unwrap();
    assert!(same.is_none(), "{same:?}");
    let again = block_on(source.poll(&via, &pipeline, Some(&page.cursor))).unwrap();
    assert_eq!((again.items, again.cursor), (Vec::new(), page.cursor));
}

#[test]
fn rows_are_read_with_any_of_the_usual_separators_and_times() {
    let at = 1_767_225_600_000_000;
    for (file, at) in [
        ("case,stage,time\n1,a,2026-01-01T00:00:00Z\n", at),
        (
            "\u{feff}Case;Stage;Time\r\n1;a;2026-01-01 01:00:00+01:00\r\n",
            at,
        ),
        ("time\tcase\tstage\n2026-01-01 00:00\t1\ta", at),
        ("case,stage,time\n1,a,2026-01-01", at),
        ("case;stage;time\n1;a;01.01.2026 00:00", at),
        ("case;stage;time\n1;a;01.01.2026", at),
    ] {
        let rows = table::rows(file.as_bytes(), USUAL).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(
            (rows[0].case.as_str(), rows[0].stage.as_str(), rows[0].at),
            ("1", "a", at),
            "{file}"
        );
    }
    let more = table::rows(
        b"case,stage,time,region\n1,a,2026-01-01,North\n2,a,2026-01-01,\n",
        USUAL,
    )
    .unwrap();
    assert_eq!(more[0].more, [("region".to_string(), "North".to_string())]);
    assert_eq!(more[1].more, []);
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    for (file, said) in [
        (
            "case,stage\n",
            "not understood: line 1: there is no column time; the columns are: case, stage",
        ),
        (
            "",
            "not understood: line 1: there is no column case; the columns are: ",
        ),
        (
            "case,stage,time\n1,a,2026-01-01\n2,b,soon\n",
            "not understood: line 3: column time: \"soon\" is no time; write it as 2026-01-31 14:05:00",
        ),
        (
            "case,stage,time\n,a,2026-01-01\n",
            "not understood: line 2: column case is empty",
        ),
        (
            "case,stage,time\n1,a\n",
            "not understood: line 2: it has 2 fields, and the header has 3",
        ),
    ] {
        let fault = table::rows(file.as_bytes(), USUAL).unwrap_err();
        assert_eq!(fault.to_string(), said);
    }
}

#[test]
fn columns_have_the_names_that_were_chosen() {
    let settings = Settings::of([("case_column", "Deal"), ("time_column", "Since ")]);
    let file = b"Since,deal,stage,case\n2026-01-01,7,a,of beer\n";
    let rows = table::rows(file, Columns::of(&settings)).unwrap();
    assert_eq!((rows[0].case.as_str(), rows[0].stage.as_str()), ("7", "a"));
    assert_eq!(rows[0].more, [("case".to_string(), "of beer".to_string())]);
    let wrong = table::rows(b"Since,deal,stage\nsoon,7,a\n", Columns::of(&settings));
    let said = wrong.unwrap_err().to_string();
    assert!(
        said.contains("line 2: column Since: \"soon\" is no time"),
        "{said}"
    );
    let every = |said| table::every(&Settings::of([("every", said)]));
    assert_eq!(every("hour"), Ok(3_600_000_000));
    assert!(every("fortnight").is_err());
}
