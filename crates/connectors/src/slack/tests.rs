use super::*;
use crate::contract::{self, StandIn};
use crate::testing::{names, shared};
use serde_json::json;

#[test]
fn it_passes_the_suite() {
    contract::channel(&Slack, &stand_in::stand_in());
}

#[test]
fn published_payloads_are_read_whole() {
    let mut read = 0;
    for name in names("slack", ".json") {
        let text = shared(&format!("slack/{name}")).unwrap();
        let outer: wire::Outer =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let item = outer.event.unwrap();
        let event = item.read.unwrap_or_else(|| panic!("{name}"));
        assert!(!event.kind.is_empty(), "{name}");
        if event.kind != "member_joined_channel" {
            let message = match event.message {
                Some(message) => message,
                None => serde_json::from_str(&item.raw).unwrap(),
            };
            // The published ones have no values, so they get a time to be told.
            let message = Message {
                ts: "1531420618.000200".into(),
                ..message
            };
            let place = Place {
                channel: "C1",
                me: "U1",
                is_for_us: true,
                seen: Seen::Public,
            };
            let is_said = place.incoming(&message, What::Said, "{}").is_some();
            let is_expected = matches!(message.subtype.as_str(), "" | "bot_message");
            assert_eq!(is_said, is_expected, "{name}: {}", message.subtype);
        }
        read += 1;
    }
    eprintln!("{read} published payloads");
    assert!(read == 0 || read >= 8);
}

fn deliver(body: &serde_json::Value) -> Delivered {
    let settings = Settings::of([("channel", "C1")]);
    let me = Account {
        id: "U1".into(),
        ..Account::default()
    };
    delivered(&settings, &me, body.to_string().as_bytes()).unwrap()
}

#[test]
fn slack_is_shown_that_the_address_is_ours() {
    let got = deliver(&json!({"type": "url_verification", "challenge": "3eZbrw1a"}));
    assert_eq!(got, Delivered::Handshake("text/plain", "3eZbrw1a".into()));
}

#[test]
fn a_message_in_a_thread_a_direct_one_and_a_mention_elsewhere_are_for_us() {
    let event = |event: serde_json::Value| match deliver(
        &json!({"type": "event_callback", "event": event}),
    ) {
        Delivered::Said(mut said) => said.remove(0),
        other => panic!("{other:?}"),
    };
    let in_thread = event(
        json!({"type": "message", "channel": "C1", "user": "U2", "text": "a", "ts": "2.000000", "thread_ts": "1.000000"}),
    );
    assert_eq!(
        (in_thread.thread.as_deref(), in_thread.reply_to.as_deref()),
        (Some("C1:1.000000"), Some("C1:1.000000"))
    );
    let direct = event(
        json!({"type": "message", "channel": "D1", "channel_type": "im", "user": "U2", "text": "a", "ts": "2.000000"}),
    );
    assert!(direct.is_for_us && direct.seen == Seen::Direct);
    let mention = event(
        json!({"type": "app_mention", "channel": "C9", "user": "U2", "text": "<@U1> a", "ts": "2.000000"}),
    );
    assert!(mention.is_for_us && mention.text == "@U1 a");
    let elsewhere = event(
        json!({"type": "message", "channel": "C9", "user": "U2", "text": "a", "ts": "2.000000"}),
    );
    assert!(!elsewhere.is_for_us);
    let ours = event(
        json!({"type": "message", "channel": "C1", "user": "U1", "text": "a", "ts": "2.000000"}),
    );
    assert!(ours.is_ours && !ours.is_for_us);
}

#[test]
fn answers_in_threads_are_polled_too() {
    let stand = stand_in::stand_in();
    let first = stand.say("first");
    let settings = stand.settings();
    let poll = |from: Option<&Cursor>| {
        let via = Via {
            wishes: &[],
            settings: &settings,
            http: &stand,
            post: &crate::NoPost,
            now: stand.now(),
        };
        contract::now(Slack.poll(&via, from)).unwrap()
    };
    let page = poll(None);
    let answer = stand.say("an answer");
    let mut house = stand.house();
    let post = house.posts.iter_mut().find(|p| p.id == answer).unwrap();
    post.reply_to = Some(first.clone());
    drop(house);
    let page = poll(Some(&page.cursor));
    let said: Vec<_> = page.items.iter().filter(|i| i.id == answer).collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].thread.as_ref(), Some(&first));
}

/// The body whose signature Slack publishes is a command, too.
#[test]
fn the_published_command_is_known_by_its_signature_and_changed_ones_are_not() {
    let Some(body) = shared("slack/signature-body.txt") else {
        return;
    };
    let body = body.trim_end();
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let headers = |kind: &str| {
        [
            ("content-type", kind),
            ("x-slack-request-timestamp", "1531420618"),
            ("x-slack-signature", signature),
        ]
        .map(|(n, v)| (n.to_string(), v.to_string()))
    };
    let settings = Settings::of([("signing_secret", "8f742231b10e8888abcd99yyyzzz85a5")]);
    let ask = |body: &str, kind: &str, at: i64| {
        let delivery = Delivery {
            method: "POST",
            url: "",
            headers: &headers(kind),
            body: body.as_bytes(),
        };
        Slack.command(&settings, &delivery, at * 1_000_000)
    };
    let form = "application/x-www-form-urlencoded";
    let command = ask(body, form, 1_531_420_618).unwrap().unwrap();
    assert_eq!(
        (command.user.as_str(), command.text.as_str()),
        ("U2CERLKJA", "")
    );
    assert!(!command.key.is_empty());
    assert!(
        ask(&format!("{body}&text=case+D-1"), form, 1_531_420_618)
            .unwrap()
            .is_err()
    );
    assert!(
        ask(body, form, 1_531_420_618 + 301).unwrap().is_err(),
        "too old"
    );
    assert!(
        ask("{}", "application/json", 1_531_420_618).is_none(),
        "an event is no command"
    );
    assert!(ask("payload=%7B%7D", form, 1_531_420_618).is_none());
}

#[test]
fn an_answer_to_a_command_is_no_markup() {
    let (kind, body) = Slack.answered("<!channel> & <https://x|y>");
    assert_eq!(kind, "application/json");
    assert!(body.contains("&lt;!channel&gt; &amp; &lt;https"), "{body}");
}
