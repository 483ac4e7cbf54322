//! A homeserver that is none, with one room.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::contract::house::{Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain};
use crate::contract::{Way, Ways};
use crate::{Micros, Response, Settings};
use serde_json::{Value, json};

pub const ROOM: &str = "!room/1:example";
const ME: &str = "@shop:example";
const ADA: &str = "@ada:far.example";
/// What it gives at once.
const AT_ONCE: usize = 20;

#[derive(Default)]
pub struct Server {
    /// Events that are there besides, with the number after which they come.
    pub more: Vec<(u64, Value)>,
}

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server::default())
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([("server", "https://matrix.example"), ("token", "secret")])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Poll,
            deletions: Way::Poll,
            html: false,
            window: false,
        }
    }

    fn id(&self, n: u64, _: Micros) -> String {
        format!("${n}/a_b-c")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        let path = asked.path.strip_prefix("/_matrix/client/v3/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        let room = crate::http::segment(ROOM);
        match (asked.method, parts.as_slice()) {
            ("GET", ["account", "whoami"]) => json(200, &json!({"user_id": ME, "device_id": "D"})),
            ("GET", ["sync"]) => self.sync(house, asked),
            ("GET", ["rooms", r, "messages"]) if *r == room => self.messages(house, asked),
            ("GET", ["rooms", r, "event", id]) if *r == room => {
                let post = house
                    .posts
                    .iter()
                    .find(|p| crate::http::segment(&p.id) == *id);
                match post {
                    Some(post) => json(200, &said(post)),
                    None => json(
                        404,
                        &json!({"errcode": "M_NOT_FOUND", "error": "Event not found."}),
                    ),
                }
            }
            ("PUT", ["rooms", r, "send", "m.room.message", txn]) if *r == room => {
                self.put(house, asked, txn)
            }
            _ => plain(404, "<html>"),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "PUT"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        match refusal {
            Refusal::Often => json(
                429,
                &json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": RETRY * 1000}),
            ),
            Refusal::SignedOut => json(
                401,
                &json!({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed."}),
            ),
            Refusal::NotAllowed => json(
                403,
                &json!({"errcode": "M_FORBIDDEN", "error": "User not in room"}),
            ),
        }
    }
}

impl Server {
    /// All events with their numbers, in order.
    fn events(&self, house: &House) -> Vec<(u64, Value)> {
        let mut events = self.more.clone();
        for post in &house.posts {
            events.push((post.first, said(post)));
            if post.edited.is_some() {
                events.push((post.change, edit(post)));
            }
            if post.deleted.is_some() {
                events.push((post.change, redaction(post)));
            }
        }
        events.sort_by_key(|(n, _)| *n);
        events
    }

    fn sync(&self, house: &House, asked: &Asked) -> Response {
        let since: u64 = match asked.query("since") {
            "" => 0,
            since => match since.strip_prefix('s').and_then(|s| s.parse().ok()) {
                Some(since) => since,
                None => {
                    return json(
                        400,
                        &json!({"errcode": "M_INVALID_PARAM", "error": "Invalid since token"}),
                    );
                }
            },
        };
        let filter: Value = serde_json::from_str(asked.query("filter")).unwrap();
        assert!(filter["room"]["timeline"]["types"].is_array());
        let mut events = self.events(house);
        events.retain(|(n, _)| *n > since);
        let limited = events.len() > AT_ONCE;
        events.drain(..events.len().saturating_sub(AT_ONCE));
        let first = events.first().map_or(0, |(n, _)| *n);
        let list = house.list(events.into_iter().map(|(_, e)| e).collect());
        let timeline =
            json!({"events": list, "limited": limited, "prev_batch": format!("t{first}")});
        let rooms = json!({"join": {ROOM: {"timeline": timeline}}});
        json(
            200,
            &json!({"next_batch": format!("s{}", house.change), "rooms": rooms}),
        )
    }

    fn messages(&self, house: &House, asked: &Asked) -> Response {
        assert_eq!(asked.query("dir"), "b");
        // Without a place it begins at the newest and goes to the first.
        let number = |name: &str| match asked.query(name) {
            "" => None,
            place => Some(place[1..].parse::<u64>().unwrap()),
        };
        let from = number("from").unwrap_or(u64::MAX);
        let to = number("to").unwrap_or(0);
        let filter: Value = serde_json::from_str(asked.query("filter")).unwrap();
        let senders = filter["senders"].as_array();
        let mut events = self.events(house);
        events.retain(|(n, _)| *n < from && *n > to);
        events.retain(|(_, e)| senders.is_none_or(|s| s.contains(&e["sender"])));
        events.reverse();
        events.truncate(asked.limit(AT_ONCE));
        let end = events.last().map(|(n, _)| format!("t{n}"));
        let chunk = house.list(events.into_iter().map(|(_, e)| e).collect());
        json(
            200,
            &json!({"chunk": chunk, "start": asked.query("from"), "end": end}),
        )
    }

    fn put(&self, house: &mut House, asked: &Asked, txn: &str) -> Response {
        if let Some(known) = house.posts.iter().find(|p| p.key == txn) {
            return json(200, &json!({"event_id": known.id}));
        }
        assert_eq!(asked.text("msgtype"), "m.text");
        let reply = &asked.body["m.relates_to"]["m.in_reply_to"]["event_id"];
        let reply = reply.as_str().map(String::from);
        let post = house.put(self, asked.text("body"), true);
        post.key = txn.into();
        post.reply_to = reply;
        json(200, &json!({"event_id": post.id}))
    }
}

fn event(post: &Post, id: &str, at: Micros, kind: &str, content: &Value) -> Value {
    let sender = if post.is_ours { ME } else { ADA };
    json!({"event_id": id, "type": kind, "sender": sender, "origin_server_ts": at / 1000, "content": content})
}

fn said(post: &Post) -> Value {
    let mut content =
        json!({"msgtype": "m.text", "body": post.original, "tenon.key": super::mark(&post.key)});
    if post.deleted.is_some() {
        content = json!({});
    }
    event(post, &post.id, post.at, "m.room.message", &content)
}

fn edit(post: &Post) -> Value {
    let content = json!({
        "msgtype": "m.text",
        "body": format!("* {}", post.text),
        "m.new_content": {"msgtype": "m.text", "body": post.text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": post.id},
    });
    event(
        post,
        &format!("{}e", post.id),
        post.edited.unwrap(),
        "m.room.message",
        &content,
    )
}

fn redaction(post: &Post) -> Value {
    let mut event = event(
        post,
        &format!("{}r", post.id),
        post.deleted.unwrap(),
        "m.room.redaction",
        &json!({}),
    );
    event["redacts"] = json!(post.id);
    event
}
