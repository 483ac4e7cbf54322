//! The suite, and the published description: what is asked for and what is read of it is there.

use super::*;
use crate::contract::{self, StandIn};
use crate::testing::shared;
use serde_json::Value;

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
