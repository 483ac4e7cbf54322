use super::stand_in::Peer;
use super::*;
use crate::source_contract::{StandIn, block_on, check};
use crate::{Http, Response, testing};
use serde_json::Value;

struct Near<'a>(&'a Peer);

impl Http for Near<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.0.answer(&request);
        Box::pin(async { Ok(answer) })
    }
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(Salesforce::with_page(4)), Box::new(Peer::new())));
}

#[test]
fn a_token_of_who_signed_in_is_used_as_it_is_at_her_instance() {
    let peer = Peer::new();
    let http = Near(&peer);
    let asked = |source: &Salesforce, settings: &Settings| {
        let via = Via {
            wishes: &[],
            settings,
            http: &http,
            post: &crate::NoPost,
            now: 0,
        };
        let token = block_on(source.token(&via)).unwrap().access_token;
        (token, block_on(source.account(&via)))
    };
    let (token, account) = asked(&Salesforce::new(), &peer.settings());
    let with = |token: &str| Settings::of([("url", "https://holm.test"), ("access_token", token)]);
    let (used, same) = asked(&Salesforce::new(), &with(&token));
    assert_eq!((used, same.unwrap().id), (token, account.unwrap().id));
    let (_, over) = asked(&Salesforce::new(), &with("another"));
    assert!(matches!(over, Err(Fault::SignedOut(_))), "{over:?}");
}

#[test]
fn an_opportunity_is_told_with_its_stages_and_not_with_other_rows_of_its_history() {
    let peer = Peer::new();
    let (settings, http) = (peer.settings(), Near(&peer));
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    };
    let source = Salesforce::new();
    let account = block_on(source.account(&via)).unwrap();
    assert_eq!(
        (account.name.as_str(), account.handle.as_str()),
        ("Holm & Sohn", "holm.test")
    );
    assert_eq!(account.may, ["api", "refresh_token"]);
    let pipeline = block_on(source.pipelines(&via)).unwrap().remove(0);
    assert!(
        pipeline.stages[2].is_won && pipeline.stages[3].is_lost,
        "{pipeline:?}"
    );
    let page = block_on(source.poll(&via, &pipeline, None)).unwrap();
    let deal: Vec<_> = page
        .items
        .iter()
        .filter(|c| c.case_name == "Deal 2")
        .collect();
    let stages: Vec<&str> = deal.iter().map(|c| c.stage.as_str()).collect();
    assert_eq!(stages, ["Prospecting", "Proposal"]);
    assert_eq!(deal[0].by.as_deref(), Some("rika@holm.example"));
    assert_eq!(
        deal[0].case_url.as_deref(),
        Some("https://holm.test/0065g0000000002AAA")
    );
    let attributes = [
        ("account".into(), "Keller GmbH".into()),
        ("amount".into(), "12.5".into()),
    ];
    assert_eq!(deal[0].attributes, attributes);
    assert_eq!(block_on(source.count(&via, &pipeline)), Ok(Some(14)));
}

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn errors_are_told_apart_by_their_codes() {
    let fault = |status, code: &str| {
        let body = format!(r#"[{{"message":"so","errorCode":"{code}"}}]"#);
        wire::read::<Value>(&answer(status, &body), 0).unwrap_err()
    };
    assert_eq!(
        fault(401, "INVALID_SESSION_ID"),
        Fault::SignedOut("INVALID_SESSION_ID so".into())
    );
    let wait = Fault::Wait {
        until: 900_000_000,
        said: "REQUEST_LIMIT_EXCEEDED so".into(),
    };
    assert_eq!(fault(403, "REQUEST_LIMIT_EXCEEDED"), wait);
    assert_eq!(
        fault(400, "INVALID_TYPE"),
        Fault::NotAllowed("INVALID_TYPE so".into())
    );
    assert_eq!(
        fault(503, "SERVER_UNAVAILABLE"),
        Fault::Unreached("SERVER_UNAVAILABLE so".into())
    );
    assert_eq!(
        fault(400, "MALFORMED_QUERY"),
        Fault::Refused("MALFORMED_QUERY so".into())
    );
    let plain = wire::token(
        &answer(200, r#"{"access_token":"a","instance_url":"http://x"}"#),
        0,
    );
    assert!(matches!(plain, Err(Fault::Strange(_))), "{plain:?}");
}

#[test]
fn moments_are_read_as_they_are_answered_and_asked_as_soql_takes_them() {
    let at = wire::moment("2011-07-07T00:37:00.123+0000").unwrap();
    assert_eq!(wire::literal(at + 999), "2011-07-07T00:37:00.123Z");
    assert_eq!(wire::moment(&wire::literal(at)), Ok(at));
    assert!(wire::moment("yesterday").is_err());
}

#[test]
fn recorded_answers_are_read_whole() {
    for name in testing::names("salesforce", ".json") {
        let Some(text) = testing::shared(&format!("salesforce/{name}")) else {
            continue;
        };
        let is_error =
            name.ends_with("_error_response.json") || name == "expired_session_response.json";
        match name.as_str() {
            "refresh_error_response.json" | "auth_error_response.json" => {
                let fault = wire::token(&answer(400, &text), 0);
                assert!(
                    matches!(fault, Err(Fault::SignedOut(_))),
                    "{name}: {fault:?}"
                );
            }
            "refresh_success_response.json"
            | "reauth_success_response.json"
            | "auth_success_response.json" => {
                let token = wire::token(&answer(200, &text), 0).unwrap();
                assert!(
                    token.instance_url.ends_with(".salesforce.com")
                        && !token.access_token.is_empty()
                );
            }
            "upsert_multiple_error_response.json" => {}
            _ if is_error => {
                let errors: Vec<wire::Error> = serde_json::from_str(&text).unwrap();
                assert!(
                    errors
                        .iter()
                        .all(|e| !e.error_code.is_empty() && !e.message.is_empty()),
                    "{name}"
                );
                let is_signed_out = matches!(
                    wire::read::<Value>(&answer(401, &text), 0),
                    Err(Fault::SignedOut(_))
                );
                assert!(
                    is_signed_out || name != "expired_session_response.json",
                    "{name}"
                );
            }
            _ if name.starts_with("query_") || name == "org_query_response.json" => {
                let found: Found<Value> =
                    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!(found.done, found.next_records_url.is_none(), "{name}");
            }
            // Of other interfaces than are asked here.
            _ => {}
        }
    }
    if let Some(text) = testing::shared("salesforce/create_success_response.json") {
        let made: wire::Made = serde_json::from_str(&text).unwrap();
        assert_eq!(made.id, "some_id");
    }
    if let Some(text) = testing::shared("salesforce/org_query_response.json") {
        let found: Found<Organization> = serde_json::from_str(&text).unwrap();
        assert_eq!(found.records[0].id, "00Dx0000000BV7z");
    }
    if let Some(text) = testing::shared("salesforce/query_success_response.json") {
        let found: Found<Value> = serde_json::from_str(&text).unwrap();
        assert!(wire::moment(found.records[0]["DateTime_Label"].as_str().unwrap()).is_ok());
        let inner: Found<Value> =
            serde_json::from_value(found.records[0]["Whizbangs__r"].clone()).unwrap();
        assert_eq!(inner.records.len(), 1);
    }
}
