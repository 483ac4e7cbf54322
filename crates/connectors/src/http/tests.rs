use super::*;

const NOW: Micros = 1_800_000_000 * SECOND;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| (n.to_string(), v.to_string()));
    Response {
        status,
        headers: headers.collect(),
        body: body.into(),
    }
}

/// A moment as dates in headers are written.
fn date(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn waiting_is_between_a_second_and_a_day() {
    let wait = |said: &str| answer(429, &[("retry-after", said)], "").retry_after(NOW);
    assert_eq!(wait("7"), Some(NOW + 7 * SECOND));
    assert_eq!(wait("-5"), Some(NOW + SECOND));
    assert_eq!(wait("9223372036854775807"), Some(NOW + 86_400 * SECOND));
    assert_eq!(wait(&date(NOW + 90 * SECOND)), Some(NOW + 90 * SECOND));
    assert_eq!(wait("later"), None);
}

#[test]
fn a_limit_of_a_clock_that_is_days_off_is_still_right() {
    for skew in [-3, 0, 3].map(|days| days * 86_400 * SECOND) {
        let theirs = NOW + skew;
        let at = theirs + 40 * SECOND;
        let rfc3339 = jiff::Timestamp::from_microsecond(at).unwrap().to_string();
        for said in [(at / SECOND).to_string(), rfc3339] {
            let headers = [("date", date(theirs)), ("x-reset", said)];
            let headers = headers.each_ref().map(|(n, v)| (*n, v.as_str()));
            let resets = answer(429, &headers, "").resets("x-reset", NOW);
            assert_eq!(resets, Some(NOW + 40 * SECOND));
        }
    }
}

#[test]
fn half_an_answer_may_be_whole_the_next_time() {
    let read = |body: &str| answer(200, &[], body).read::<Vec<u8>>();
    assert_eq!(read("[1,2]"), Ok(vec![1, 2]));
    assert!(read("[1,").unwrap_err().passes());
    assert!(read("").unwrap_err().passes());
    assert!(matches!(read("<html>"), Err(Fault::Strange(_))));
    let deep = "[".repeat(100_000);
    assert!(answer(200, &[], &deep).read::<serde_json::Value>().is_err());
}

#[test]
fn addresses_are_put_together_without_breaking_out() {
    assert_eq!(server(" a.example/ "), Ok("https://a.example".into()));
    assert_eq!(
        server("http://[::1]:8008/x/"),
        Ok("http://[::1]:8008/x".into())
    );
    for bad in [
        "",
        "ftp://a.example",
        "https://",
        "https://u:p@a.example",
        "a.example?x",
    ] {
        assert!(server(bad).is_err(), "{bad}");
    }
    assert_eq!(segment("!a/b c?#%:x"), "%21a%2Fb%20c%3F%23%25%3Ax");
    assert_eq!(segment(".."), "%2E%2E");
    let url = Request::get("https://a.example/x?a=1")
        .query(&[("q", "b & c")])
        .url;
    assert_eq!(url, "https://a.example/x?a=1&q=b+%26+c");
}

#[test]
fn links_are_found_by_their_relation() {
    let said = r#"<https://a.example/x?max_id=2,3>; rel="next", <https://a.example/x?min_id=9>; rel="prev""#;
    let answer = answer(200, &[("link", said)], "");
    let url = |relation| answer.link(relation);
    assert_eq!(
        url("next").as_deref(),
        Some("https://a.example/x?max_id=2,3")
    );
    assert_eq!(url("prev").as_deref(), Some("https://a.example/x?min_id=9"));
    assert_eq!(url("last"), None);
}
