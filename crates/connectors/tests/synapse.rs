//! Against a real Synapse: people are made, a room is talked in, and what the connector tells of it is compared. Start one that lets people
//! register (`enable_registration: true`, `enable_registration_without_verification: true`, and its `rc_` limits high), and set
//! TENON_SYNAPSE to its address.

#![allow(clippy::unwrap_used, reason = "it is a test")]

#[allow(dead_code, reason = "others use more of it")]
mod plain;

use connectors::channel::{Author, Seen, What};
use connectors::http::segment;
use connectors::matrix::Matrix;
use connectors::{
    Account, Channel, Connector, Cursor, Fault, Http, Incoming, Outgoing, Page, Request, Sent,
    Settings, Via,
};
use plain::{Plain, block_on, now};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Somebody with a client of their own.
struct Person<'a> {
    http: &'a Plain,
    base: String,
    id: String,
    token: String,
}

impl<'a> Person<'a> {
    fn new(http: &'a Plain, base: &str, name: &str) -> Person<'a> {
        let mut person = Person {
            http,
            base: base.into(),
            id: String::new(),
            token: String::new(),
        };
        let body = json!({
            "auth": { "type": "m.login.dummy" },
            "username": name,
            "password": "tenon-test-only",
        });
        let made = person.call("POST", "register", &body);
        person.id = made["user_id"].as_str().unwrap().into();
        person.token = made["access_token"].as_str().unwrap().into();
        person
    }

    fn call(&self, method: &'static str, path: &str, body: &Value) -> Value {
        let url = format!("{}/_matrix/client/v3/{path}", self.base);
        let request = Request::json(url, body).with_method(method);
        let request = match self.token.as_str() {
            "" => request,
            token => request.bearer(token),
        };
        let answer = block_on(self.http.send(request)).unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
        answer.read().unwrap()
    }

    fn say(&self, room: &str, number: &str, content: &Value) -> String {
        let room = segment(room);
        let path = format!("rooms/{room}/send/m.room.message/{number}");
        let said = self.call("PUT", &path, content);
        said["event_id"].as_str().unwrap().into()
    }
}

fn text(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body })
}

/// The connector with what it was told so far.
struct Listener<'a> {
    http: &'a Plain,
    settings: Settings,
    cursor: Option<Cursor>,
    known: BTreeMap<String, Incoming>,
    pages: usize,
}

impl Listener<'_> {
    fn via(&self) -> Via<'_> {
        Via {
            wishes: &[],
            settings: &self.settings,
            http: self.http,
            post: &connectors::NoPost,
            now: now(),
        }
    }

    fn poll(&self) -> Result<Page<Incoming>, Fault> {
        block_on(Matrix.poll(&self.via(), self.cursor.as_ref()))
    }

    fn follow(&mut self) {
        loop {
            let page = self.poll().unwrap();
            self.pages += 1;
            for item in page.items {
                self.known.insert(item.id.clone(), item);
            }
            self.cursor = Some(page.cursor);
            if !page.has_more {
                return;
            }
        }
    }

    fn send(&self, out: &Outgoing) -> Result<Sent, Fault> {
        block_on(Matrix.send(&self.via(), &Account::default(), out))
    }
}

#[test]
fn a_room_of_a_real_server_is_heard_and_answered() {
    let Ok(base) = std::env::var("TENON_SYNAPSE") else {
        eprintln!("NOT TESTED: Synapse. Start one and set TENON_SYNAPSE to its address");
        return;
    };
    let http = Plain::default();
    let ada = Person::new(&http, &base, &format!("ada{}", now()));
    let shop = Person::new(&http, &base, &format!("shop{}", now()));
    let made = ada.call("POST", "createRoom", &json!({ "invite": [shop.id] }));
    let room = made["room_id"].as_str().unwrap().to_string();
    shop.call("POST", &format!("join/{}", segment(&room)), &json!({}));
    let mut listener = Listener {
        http: &http,
        settings: Settings::of([("server", base.as_str()), ("token", shop.token.as_str())]),
        cursor: None,
        known: BTreeMap::new(),
        pages: 0,
    };
    let account = block_on(Matrix.account(&listener.via())).unwrap();
    assert_eq!(account.id, shop.id);
    listener.follow();

    // More than is told at once: the gap is closed.
    let mut said = Vec::new();
    for n in 0..250 {
        said.push(ada.say(&room, &format!("n{n}"), &text(&format!("number {n}"))));
    }
    listener.pages = 0;
    listener.follow();
    assert!(listener.pages > 1, "it was more than a page");
    for (n, id) in said.iter().enumerate() {
        let item = &listener.known[id];
        assert_eq!(item.text, format!("number {n}"));
        assert_eq!(
            (item.author.id.as_str(), item.is_for_us),
            (ada.id.as_str(), true)
        );
        assert!((item.at - now()).abs() < 600_000_000);
    }

    // The same key is one message.
    let out = Outgoing {
        key: "key/1 ö".into(),
        text: "We hear you: <b> & \"all\".".into(),
        reply_to: Some(said[249].clone()),
        thread: Some(room.clone()),
        to: Some(Author {
            id: ada.id.clone(),
            ..Author::default()
        }),
        seen: Seen::Direct,
        since: now(),
        answered: None,
        back: None,
    };
    let sent = listener.send(&out).unwrap();
    assert_eq!(listener.send(&out), Ok(sent.clone()));
    listener.follow();
    let ours = &listener.known[&sent.id];
    assert!(ours.is_ours && !ours.is_for_us);
    assert_eq!(ours.text, out.text);
    assert_eq!(ours.reply_to, out.reply_to);
    assert_eq!(listener.known.len(), 251, "and there once");

    // Edits by who said it count, those of others do not; what was taken back is.
    let edit = |body: &str| {
        json!({
            "msgtype": "m.text",
            "body": format!("* {body}"),
            "m.new_content": text(body),
            "m.relates_to": { "rel_type": "m.replace", "event_id": said[0] },
        })
    };
    shop.say(&room, "edit", &edit("forged"));
    listener.follow();
    assert_eq!(listener.known[&said[0]].text, "number 0");
    ada.say(&room, "edit", &edit("better"));
    let path = format!("rooms/{}/redact/{}/r1", segment(&room), segment(&said[1]));
    ada.call("PUT", &path, &json!({}));
    listener.follow();
    let changed = &listener.known[&said[0]];
    assert_eq!(
        (changed.text.as_str(), changed.what),
        ("better", What::Edited)
    );
    assert_eq!(listener.known[&said[1]].what, What::Deleted);

    // What can't be done is said as what it is.
    let elsewhere = ada.call("POST", "createRoom", &json!({}));
    let elsewhere = Outgoing {
        thread: Some(elsewhere["room_id"].as_str().unwrap().into()),
        key: "key2".into(),
        ..out.clone()
    };
    assert!(matches!(
        listener.send(&elsewhere),
        Err(Fault::NotAllowed(_))
    ));
    listener.cursor.as_mut().unwrap().state["since"] = json!("nonsense");
    listener.follow();
    shop.call("POST", "logout", &json!({}));
    assert!(matches!(listener.poll(), Err(Fault::SignedOut(_))));
    assert!(matches!(listener.send(&out), Err(Fault::SignedOut(_))));
}
