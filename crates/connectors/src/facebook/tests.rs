use super::*;
use crate::channel::{Seen, What};
use crate::contract;
use serde_json::json;

#[test]
fn it_passes_the_suite() {
    contract::channel(&Facebook, &stand_in::stand_in());
}

#[test]
fn moments_are_read_with_their_offset() {
    assert_eq!(
        moment("2018-07-13T01:43:38+0000"),
        Some(1_531_446_218_000_000)
    );
    assert_eq!(
        moment("2018-07-13T03:43:38+0200"),
        Some(1_531_446_218_000_000)
    );
    assert_eq!(moment("yesterday"), None);
}

#[test]
fn facebook_is_answered_only_with_the_word_that_both_know() {
    let ask = |word: &str, url: &str| {
        let settings = Settings::of([("verify_token", word)]);
        let delivery = Delivery {
            method: "GET",
            url,
            headers: &[],
            body: b"",
        };
        Facebook
            .deliver(&settings, &Account::default(), &delivery, 0)
            .unwrap()
    };
    let url = "https://a.example/h?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meaty%20word";
    let expected = Delivered::Handshake("text/plain", "1158201444".into());
    assert_eq!(ask("meaty word", url), Ok(expected));
    assert!(matches!(ask("other", url), Err(Fault::Refused(_))));
    assert!(matches!(
        ask("", "https://a.example/h?hub.mode=subscribe&hub.challenge=1"),
        Err(Fault::Refused(_))
    ));
}

#[test]
fn a_message_is_direct_and_an_echo_is_ours() {
    let account = Account {
        id: "PAGE_ID".into(),
        ..Account::default()
    };
    let message = |sender: &str, is_echo: bool| json!({"sender": {"id": sender}, "recipient": {"id": "PAGE_ID"}, "timestamp": 1_457_764_197_627_i64, "message": {"mid": format!("mid.{sender}"), "text": "hello", "is_echo": is_echo}});
    let body = json!({"object": "page", "entry": [
        {"id": "PAGE_ID", "time": 1, "messaging": [message("USER_ID", false), message("PAGE_ID", true), {"read": {}}]},
        {"id": "ANOTHER", "messaging": [message("USER_ID", false)]},
    ]});
    let Ok(Delivered::Said(told)) = webhook::read(&account, body.to_string().as_bytes()) else {
        panic!()
    };
    let seen: Vec<_> = told
        .iter()
        .map(|i| (i.id.as_str(), i.is_ours, i.is_for_us, i.seen))
        .collect();
    assert_eq!(
        seen,
        [
            ("mid.USER_ID", false, true, Seen::Direct),
            ("mid.PAGE_ID", true, false, Seen::Direct)
        ]
    );
    assert_eq!(
        (told[0].at, told[0].what),
        (1_457_764_197_627_000, What::Said)
    );
}
