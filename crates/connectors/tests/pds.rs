//! Against a real server of the AT Protocol without an AppView: people are made, they write, and are answered. Start one with its development
//! environment (`TestNetworkNoAppView` of @atproto/dev-env), and set TENON_PDS to the address of its PDS.

#![allow(clippy::unwrap_used, reason = "it is a test")]

#[allow(dead_code, reason = "others use more of it")]
mod plain;

use connectors::bluesky::Bluesky;
use connectors::channel::{Author, Seen};
use connectors::{
    Account, Channel, Connector, Cursor, Fault, Http, Incoming, Outgoing, Request, Settings, Via,
};
use plain::{Plain, block_on, now};
use serde_json::{Value, json};

const POSTS: &str = "app.bsky.feed.post";

/// Somebody with a client of their own.
struct Person<'a> {
    http: &'a Plain,
    base: String,
    handle: String,
    did: String,
    token: String,
}

impl<'a> Person<'a> {
    fn new(http: &'a Plain, base: &str, name: &str) -> Person<'a> {
        let mut person = Person {
            http,
            base: base.into(),
            handle: format!("{name}.test"),
            did: String::new(),
            token: String::new(),
        };
        let made = person.call(
            "com.atproto.server.createAccount",
            &json!({
                "handle": person.handle,
                "email": format!("{name}@example.org"),
                "password": "tenon-test-only",
            }),
        );
        person.did = made["did"].as_str().unwrap().into();
        person.token = made["accessJwt"].as_str().unwrap().into();
        person
    }

    fn call(&self, name: &str, body: &Value) -> Value {
        let request = Request::json(format!("{}/xrpc/{name}", self.base), body);
        let request = match self.token.as_str() {
            "" => request,
            token => request.bearer(token),
        };
        let answer = block_on(self.http.send(request)).unwrap();
        let body = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_success(), "{name}: {} {body}", answer.status);
        answer.read().unwrap()
    }

    /// A post that mentions somebody, and its id.
    fn say(&self, text: &str, to: &str) -> String {
        let feature = json!({ "$type": "app.bsky.richtext.facet#mention", "did": to });
        let facet = json!({ "index": { "byteStart": 0, "byteEnd": 1 }, "features": [feature] });
        let record = json!({
            "$type": POSTS,
            "text": text,
            "createdAt": "2026-08-01T13:51:39.000Z",
            "facets": [facet],
        });
        let body = json!({ "repo": self.did, "collection": POSTS, "record": record });
        let made = self.call("com.atproto.repo.createRecord", &body);
        made["uri"].as_str().unwrap().into()
    }

    /// The records of somebody.
    fn records(&self) -> Vec<Value> {
        let url = format!("{}/xrpc/com.atproto.repo.listRecords", self.base);
        let request = Request::get(url).query(&[
            ("repo", self.did.as_str()),
            ("collection", POSTS),
            ("limit", "100"),
        ]);
        let list: Value = block_on(self.http.send(request)).unwrap().read().unwrap();
        list["records"].as_array().unwrap().clone()
    }
}

fn follow(bluesky: &Bluesky, via: &Via<'_>, cursor: &mut Option<Cursor>) -> Vec<Incoming> {
    let mut items = Vec::new();
    loop {
        let page = block_on(bluesky.poll(via, cursor.as_ref())).unwrap();
        items.extend(page.items);
        *cursor = Some(page.cursor);
        if !page.has_more {
            return items;
        }
    }
}

#[test]
fn posts_of_a_real_server_are_read_and_answered_once() {
    let Ok(base) = std::env::var("TENON_PDS") else {
        eprintln!("NOT TESTED: a PDS. Start one and set TENON_PDS to its address");
        return;
    };
    let http = Plain::default();
    let number = now() % 100_000_000;
    let ada = Person::new(&http, &base, &format!("ada{number}"));
    let shop = Person::new(&http, &base, &format!("shop{number}"));
    let settings = Settings::of([
        ("server", base.as_str()),
        ("handle", &shop.handle),
        ("password", "tenon-test-only"),
        ("appview", "none"),
        ("people", &ada.handle),
    ]);
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let bluesky = Bluesky::new();
    let account = block_on(bluesky.account(&via)).unwrap();
    assert_eq!(
        (account.id.as_str(), account.handle),
        (shop.did.as_str(), format!("@{}", shop.handle))
    );
    let mut cursor = None;
    assert_eq!(follow(&bluesky, &via, &mut cursor), []);

    // More than is told at once; what is to others is left out.
    let said: Vec<String> = (0..130)
        .map(|n| ada.say(&format!("ö {n}"), &shop.did))
        .collect();
    ada.say("to another", &ada.did);
    let told = follow(&bluesky, &via, &mut cursor);
    let ids: Vec<&String> = told.iter().map(|i| &i.id).collect();
    assert_eq!(ids, said.iter().collect::<Vec<_>>());
    assert_eq!(told[129].text, "ö 129");
    assert!(
        told.iter()
            .all(|i| i.is_for_us && !i.is_ours && i.author.id == ada.did)
    );
    assert_eq!(follow(&bluesky, &via, &mut cursor), []);

    // Sent twice, it is there once; and it is what was meant.
    let out = Outgoing {
        key: format!("key {number}"),
        text: format!("@{} sieh 🦀 https://a.example/x", ada.handle),
        reply_to: Some(said[0].clone()),
        thread: None,
        to: Some(Author {
            id: ada.did.clone(),
            handle: format!("@{}", ada.handle),
            ..Author::default()
        }),
        seen: Seen::Public,
        since: now(),
        answered: None,
        back: None,
    };
    let send = |out: &Outgoing| block_on(bluesky.send(&via, &Account::default(), out));
    let sent = send(&out).unwrap();
    assert_eq!(send(&out), Ok(sent.clone()));
    let records = shop.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["uri"], sent.id);
    let record = &records[0]["value"];
    assert_eq!(record["reply"]["parent"]["uri"], said[0]);
    let facets = record["facets"].as_array().unwrap();
    let bytes = |n: usize, edge: &str| facets[n]["index"][edge].as_u64().unwrap() as usize;
    let spans = [0, 1].map(|n| &out.text[bytes(n, "byteStart")..bytes(n, "byteEnd")]);
    assert_eq!(spans, ["https://a.example/x", &format!("@{}", ada.handle)]);

    // What can't be done is said as what it is.
    let gone = Outgoing {
        key: "another".into(),
        reply_to: Some(format!("at://{}/{POSTS}/3kaaaaaaaaaaa", ada.did)),
        ..out.clone()
    };
    assert!(
        matches!(send(&gone), Err(Fault::Gone(_))),
        "{:?}",
        send(&gone)
    );
    let mut wrong = settings.clone();
    wrong.0.insert("password".into(), "wrong".into());
    let wrong = Via {
        wishes: &[],
        settings: &wrong,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    let got = block_on(bluesky.account(&wrong));
    assert!(matches!(got, Err(Fault::SignedOut(_))), "{got:?}");
    let mut with = settings.clone();
    with.0.remove("appview");
    let with = Via {
        wishes: &[],
        settings: &with,
        http: &http,
        post: &connectors::NoPost,
        now: now(),
    };
    assert!(
        block_on(bluesky.poll(&with, None)).is_err(),
        "there is no AppView"
    );
}
