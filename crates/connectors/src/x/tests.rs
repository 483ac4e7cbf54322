//! The suite, and the published description: what is asked for and what is read of it is there.

use super::*;
use crate::contract::{self, StandIn};
use crate::testing::shared;
use crate::{Http, Response};
use serde_json::Value;
use std::sync::Mutex;

#[test]
fn it_passes_the_suite() {
    contract::channel(&X, &stand_in::stand_in());
}

fn published() -> Option<Value> {
    Some(serde_json::from_str(&shared("x/openapi.json")?).unwrap())
}

/// What a reference stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

#[test]
fn what_is_asked_for_is_in_the_published_description() {
    let Some(document) = published() else { return };
    let paged = ["max_results", "since_id", "pagination_token"].as_slice();
    let searched = ["query", "max_results", "since_id", "next_token"].as_slice();
    for (path, names) in [
        ("/2/users/{id}/mentions", paged),
        ("/2/users/{id}/tweets", paged),
        ("/2/tweets/search/recent", searched),
    ] {
        let operation = &document["paths"][path]["get"];
        let parameters = operation["parameters"].as_array().unwrap();
        let parameter = |name: &str| {
            let mut all = parameters.iter().map(|p| resolved(&document, p));
            all.find(|p| p["name"] == name)
                .unwrap_or_else(|| panic!("{path} takes no {name}"))
        };
        for name in names {
            parameter(name);
        }
        assert!(parameter("max_results")["schema"]["maximum"].as_u64() >= Some(100));
        for (name, values) in FIELDS {
            let allowed = parameter(name)["schema"]["items"]["enum"]
                .as_array()
                .unwrap();
            for value in values.split(',') {
                assert!(allowed.contains(&json!(value)), "{name}={value} of {path}");
            }
        }
    }
    assert!(document["paths"]["/2/users/by/username/{username}"]["get"].is_object());
    let needs =
        &document["paths"]["/2/users/{id}/mentions"]["get"]["security"][0]["OAuth2UserToken"];
    for right in needs.as_array().unwrap() {
        assert!(ABOUT.rights.contains(&right.as_str().unwrap()), "{right}");
    }
}

#[test]
fn what_is_read_and_written_is_in_the_published_description() {
    let Some(document) = published() else { return };
    let schemas = &document["components"]["schemas"];
    let table: [(&str, &[&str]); 9] = [
        (
            "Post",
            &[
                "id",
                "text",
                "created_at",
                "author_id",
                "conversation_id",
                "lang",
                "entities",
                "attachments",
                "note_post",
                "referenced_posts",
                "edit_history_post_ids",
            ],
        ),
        ("User", &["id", "name", "username"]),
        (
            "Media",
            &["media_key", "type", "url", "preview_image_url", "alt_text"],
        ),
        ("Expansions", &["users", "media"]),
        ("PostAttachments", &["media_keys"]),
        (
            "PostPublicMetrics",
            &[
                "like_count",
                "repost_count",
                "quote_count",
                "reply_count",
                "impression_count",
            ],
        ),
        ("CreatePostsRequest", &["text", "reply"]),
        ("CreatePostsReply", &["in_reply_to_tweet_id"]),
        ("CreatePostsResponseData", &["id"]),
    ];
    for (schema, fields) in table {
        let there = schemas[schema]["properties"]
            .as_object()
            .unwrap_or_else(|| panic!("{schema}"));
        for field in fields {
            assert!(there.contains_key(*field), "{field} of {schema}");
        }
    }
    let meta = &schemas["GetUsersMentionsResponse"]["properties"]["meta"]["properties"];
    assert!(meta["next_token"].is_object());
    let link = &schemas["PostEntities"]["properties"]["urls"]["items"]["properties"];
    assert!(link["url"].is_object() && link["expanded_url"].is_object());
    assert!(document["paths"]["/2/tweets"]["post"].is_object());
    assert!(document["paths"]["/2/users/me"]["get"].is_object());
    let many = &document["paths"]["/2/tweets"]["get"]["parameters"];
    let ids = many.as_array().unwrap().iter().find(|p| p["name"] == "ids");
    assert_eq!(ids.unwrap()["schema"]["maxItems"], 100);
    let fields = &document["components"]["parameters"]["PostFieldsParameter"];
    assert_eq!(fields["name"], "post.fields");
    let allowed = fields["schema"]["items"]["enum"].as_array().unwrap();
    assert!(allowed.contains(&json!("public_metrics")));
}

#[test]
fn what_listening_reads_is_counted_and_stops_at_what_is_allowed_until_the_next_month() {
    let stand = stand_in::stand_in();
    let mut settings = stand.settings();
    settings.0.insert("reads_a_month".into(), "12".into());
    let wishes = [crate::Wish::of(crate::Wanted::Tag, "brewing")];
    let mut cursor = None;
    let mut look = |now: Micros| {
        let via = Via {
            wishes: &wishes,
            settings: &settings,
            http: &stand,
            post: &crate::NoPost,
            now,
        };
        let page = contract::now(X.poll(&via, cursor.as_ref())).unwrap();
        let found = page.items.iter().filter(|i| !i.is_for_us).count();
        cursor = Some(page.cursor);
        let budget = X.budget(&settings, cursor.as_ref(), now).unwrap();
        (found, (budget.read, budget.found, budget.most))
    };
    for n in 0..20 {
        stand.say_elsewhere(&format!("{n} #brewing"));
    }
    stand.say("to you");
    let now = stand.now();
    assert_eq!(
        look(now),
        (10, (11, 10, 12)),
        "ten of what was there before"
    );
    stand.say_elsewhere("one #brewing");
    assert_eq!(look(now + 1_000_000).0, 0, "not at once again");
    for n in 0..3 {
        stand.say_elsewhere(&format!("more {n} #brewing"));
    }
    assert_eq!(look(now + 130_000_000), (4, (15, 14, 12)));
    stand.say_elsewhere("too much #brewing");
    stand.say("to you too");
    assert_eq!(
        look(now + 260_000_000),
        (0, (16, 14, 12)),
        "said to us is read"
    );
    let next = now + 31 * 86_400_000_000;
    assert_eq!(look(next), (1, (1, 1, 12)), "nothing is left out");
}

#[test]
fn an_edit_is_known_by_its_first_id_and_a_repost_is_nothing_said() {
    let read = |post: Value| {
        let item: Item<Post> = serde_json::from_str(&post.to_string()).unwrap();
        incoming("100", &Includes::default(), &item)
    };
    let edited = read(json!({
        "id": "12", "text": "see https://t.co/abcdefgh &amp; &lt;b&gt;", "created_at": "2026-08-01T13:51:39.000Z", "author_id": "200",
        "edit_history_tweet_ids": ["11", "12"],
        "entities": {"urls": [{"url": "https://t.co/abcdefgh", "expanded_url": "https://a.example/x"}]},
    }));
    let edited = edited.unwrap();
    assert_eq!((edited.id.as_str(), edited.what), ("11", What::Edited));
    assert_eq!(edited.text, "see https://a.example/x & <b>");
    let repost = read(json!({
        "id": "13", "text": "RT", "created_at": "2026-08-01T13:51:39.000Z", "author_id": "200",
        "referenced_tweets": [{"type": "retweeted", "id": "1"}],
    }));
    assert_eq!(repost, None);
}

#[test]
fn x_is_answered_that_the_address_is_ours() {
    let settings = Settings::of([("consumer_secret", "secret")]);
    let delivery = Delivery {
        method: "GET",
        url: "https://shop.example/hooks/x?crc_token=token&nonce=1",
        headers: &[],
        body: b"",
    };
    let got = X
        .deliver(&settings, &Account::default(), &delivery, 0)
        .unwrap();
    let expected = sign::x_answer("secret", "token").unwrap();
    assert_eq!(got, Ok(Delivered::Handshake("application/json", expected)));
}

#[test]
fn deliveries_for_another_account_say_nothing() {
    let body = json!({"for_user_id": "1", "tweet_delete_events": [{"status": {"id": "7"}, "timestamp_ms": "1531420618000"}]});
    let of = |id: &str| {
        let account = Account {
            id: id.into(),
            ..Account::default()
        };
        activity::read(&account, body.to_string().as_bytes()).unwrap()
    };
    assert_eq!(of("2"), Delivered::Said(Vec::new()));
    let Delivered::Said(told) = of("1") else {
        panic!()
    };
    assert_eq!(
        (told[0].id.as_str(), told[0].what, told[0].at),
        ("7", What::Deleted, 1_531_420_618_000_000)
    );
}

/// An app with rules of its own beside ours; the rest is the stand-in's.
struct Ruled<'a> {
    stand: &'a dyn Http,
    rules: Mutex<Vec<(String, String, String)>>,
    /// What it answers instead.
    refuses: Mutex<Option<u16>>,
    asked: Mutex<Vec<String>>,
}

impl Http for Ruled<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        if !request.url.contains("/search/stream/rules") {
            return self.stand.send(request);
        }
        let answer = |status, body: Value| {
            let body = body.to_string().into_bytes();
            Ok(Response {
                status,
                headers: Vec::new(),
                body,
            })
        };
        let app = ("authorization".to_string(), "Bearer app".to_string());
        assert!(request.headers.contains(&app), "rules are the app's");
        let sent = String::from_utf8(request.body.clone()).unwrap();
        let what = format!("{} {sent}", request.method).trim().to_string();
        self.asked.lock().unwrap().push(what);
        let refused = *self.refuses.lock().unwrap();
        if let Some(status) = refused {
            return Box::pin(async move { answer(status, json!({ "title": "Forbidden" })) });
        }
        let mut rules = self.rules.lock().unwrap();
        let sent: Value = serde_json::from_str(&sent).unwrap_or_default();
        let gone = sent["delete"]["ids"].as_array().cloned();
        let gone = gone.unwrap_or_default();
        rules.retain(|r| !gone.contains(&json!(r.0)));
        for rule in sent["add"].as_array().cloned().unwrap_or_default() {
            let text = |name: &str| rule[name].as_str().unwrap().to_string();
            let id = (rules.len() + 10).to_string();
            rules.push((id, text("value"), text("tag")));
        }
        let data: Vec<Value> = rules
            .iter()
            .map(|(id, value, tag)| json!({ "id": id, "value": value, "tag": tag }))
            .collect();
        Box::pin(async move { answer(200, json!({ "data": data })) })
    }
}

#[test]
fn rules_of_the_stream_are_what_is_wished_for_and_those_of_others_are_left_alone() {
    let stand = stand_in::stand_in();
    let mut settings = stand.settings();
    let others = ("1".to_string(), "cats".to_string(), "another".to_string());
    let ruled = Ruled {
        stand: &stand,
        rules: Mutex::new(vec![others.clone()]),
        refuses: Mutex::new(None),
        asked: Mutex::default(),
    };
    let mut cursor = None;
    let mut look = |settings: &Settings, words: &[&str], later: i64| {
        let wishes: Vec<_> = words
            .iter()
            .map(|w| crate::Wish::of(crate::Wanted::Tag, w))
            .collect();
        let via = Via {
            wishes: &wishes,
            settings,
            http: &ruled,
            post: &crate::NoPost,
            now: stand.now() + later * 1_000_000,
        };
        cursor = Some(contract::now(X.poll(&via, cursor.as_ref())).unwrap().cursor);
        let stream = X.stream(settings, cursor.as_ref());
        stream.map(|request| request.unwrap().url)
    };
    assert_eq!(
        look(&settings, &["brewing"], 0),
        None,
        "without a token of the app"
    );
    settings.0.insert("app_token".into(), "app".into());
    let url = look(&settings, &["brewing"], 1).unwrap();
    assert!(
        url.contains("/2/tweets/search/stream?tweet.fields="),
        "{url}"
    );
    assert!(look(&settings, &["brewing"], 2).is_some());
    assert_eq!(ruled.asked.lock().unwrap().len(), 2, "read and added, once");
    let rules = || ruled.rules.lock().unwrap().clone();
    assert_eq!(rules()[1].1, "(#brewing) -is:retweet");
    assert!(look(&settings, &["malt"], 3).is_some());
    assert_eq!(rules()[0], others);
    assert_eq!(
        (rules().len(), rules()[1].1.as_str()),
        (2, "(#malt) -is:retweet")
    );
    // An app without a stream is searched for all the same, and X is not asked at every look.
    *ruled.refuses.lock().unwrap() = Some(403);
    assert_eq!(look(&settings, &["hops"], 4), None);
    let asked = ruled.asked.lock().unwrap().len();
    assert_eq!(look(&settings, &["hops"], 5), None);
    assert_eq!(ruled.asked.lock().unwrap().len(), asked);
    *ruled.refuses.lock().unwrap() = None;
    assert!(look(&settings, &["hops"], 1_000).is_some());
    // Nothing is wished for any more: nothing is billed.
    assert_eq!(look(&settings, &[], 1_001), None);
    assert_eq!(rules(), [others]);
}

#[test]
fn what_the_stream_tells_is_read_line_by_line_and_only_where_our_rules_matched() {
    let account = Account {
        id: "100".into(),
        ..Account::default()
    };
    let post = |id: &str, tag: &str, mention: &str| {
        json!({
            "data": {"id": id, "text": "hello", "created_at": "2026-08-01T13:51:39.000Z", "author_id": "200", "edit_history_tweet_ids": [id],
                "note_tweet": {"text": "hello, at length"}, "entities": {"mentions": [{"id": mention, "username": "a"}]}},
            "includes": {"users": [{"id": "200", "name": "Ada", "username": "ada"}]},
            "matching_rules": [{"id": "9", "tag": tag}],
        })
        .to_string()
    };
    let whole = [
        String::new(),
        post("1", "tenon 100", "300"),
        "\r".into(),
        r#"{"errors":[{"title":"operational-disconnect"}]}"#.into(),
        "{half".into(),
        post("2", "tenon 101", "300"),
        post("3", "tenon 100", "100"),
        String::new(),
    ];
    let whole = whole.join("\r\n");
    // In whatever pieces it comes.
    for size in [1, 7, 100, whole.len()] {
        let (mut buffer, mut told) = (Vec::new(), Vec::new());
        for piece in whole.as_bytes().chunks(size) {
            buffer.extend_from_slice(piece);
            told.extend(
                X.streamed(&Settings::default(), &account, &mut buffer)
                    .unwrap(),
            );
        }
        let told: Vec<_> = told
            .iter()
            .map(|i| {
                (
                    i.id.as_str(),
                    i.is_for_us,
                    i.text.as_str(),
                    i.author.handle.as_str(),
                )
            })
            .collect();
        let text = "hello, at length";
        assert_eq!(
            told,
            [("1", false, text, "@ada"), ("3", true, text, "@ada")]
        );
        assert!(buffer.is_empty());
    }
}

#[test]
fn what_the_stream_is_asked_for_is_in_the_published_description() {
    let Some(document) = published() else { return };
    let settings = Settings::of([("app_token", "app")]);
    let state = json!({ "me": "100", "back": Back::default(), "filtered": { "rules": ["(#a)"], "refused": null } });
    let cursor = Cursor {
        version: VERSION,
        state,
    };
    let request = X.stream(&settings, Some(&cursor)).unwrap().unwrap();
    let url = url::form_urlencoded::parse(request.url.split_once('?').unwrap().1.as_bytes());
    let parameters = &document["paths"][filtered::STREAM]["get"]["parameters"];
    let parameters: Vec<&Value> = (parameters.as_array().unwrap().iter())
        .map(|p| resolved(&document, p))
        .collect();
    let mut n = 0;
    for (name, values) in url {
        let parameter = parameters.iter().find(|p| p["name"] == *name).unwrap();
        let allowed = resolved(&document, &parameter["schema"])["items"]["enum"].as_array();
        for value in values.split(',') {
            assert!(allowed.unwrap().contains(&json!(value)), "{name}={value}");
            n += 1;
        }
    }
    assert!(n > 10);
}
