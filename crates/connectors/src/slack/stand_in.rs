//! A Slack that is none, with one channel.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::channel::What;
use crate::contract::house::{Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain};
use crate::contract::{Parcel, Way, Ways};
use crate::{Micros, Response, Settings};
use ring::hmac;
use serde_json::{Value, json};

const CHANNEL: &str = "C0123456789";
const ME: &str = "U0SHOP";
const SECRET: &str = "signing";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([
            ("token", "xoxb-1"),
            ("signing_secret", SECRET),
            ("channel", CHANNEL),
        ])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Webhook,
            deletions: Way::Webhook,
            html: false,
            window: true,
        }
    }

    fn id(&self, _: u64, at: Micros) -> String {
        format!("{CHANNEL}:{}.{:06}", at / 1_000_000, at % 1_000_000)
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        match asked.path.as_str() {
            "/api/auth.test" => {
                let me = json!({"ok": true, "url": "https://shop.slack.com/", "team": "Shop", "user": "shop", "user_id": ME});
                let mut response = json(200, &me);
                response.headers.push((
                    "x-oauth-scopes".into(),
                    "chat:write,channels:history".into(),
                ));
                response
            }
            "/api/conversations.history" => listed(house, asked, true),
            "/api/conversations.replies" => listed(house, asked, false),
            "/api/chat.postMessage" => self.posted(house, asked),
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.path.ends_with("chat.postMessage")
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        match refusal {
            Refusal::Often => {
                let mut response = json(429, &json!({"ok": false, "error": "ratelimited"}));
                response
                    .headers
                    .push(("retry-after".into(), RETRY.to_string()));
                response
            }
            Refusal::SignedOut => json(200, &json!({"ok": false, "error": "invalid_auth"})),
            Refusal::NotAllowed => json(
                200,
                &json!({"ok": false, "error": "missing_scope", "needed": "chat:write"}),
            ),
        }
    }

    fn tells(&self, post: &Post, what: What) -> Option<Value> {
        let event = match what {
            What::Said => {
                let mut event = message(post);
                event["channel"] = json!(CHANNEL);
                event["channel_type"] = json!("channel");
                event
            }
            What::Edited => json!({
                "type": "message",
                "subtype": "message_changed",
                "channel": CHANNEL,
                "message": message(post),
                "previous_message": {"text": post.original},
            }),
            What::Deleted => json!({
                "type": "message",
                "subtype": "message_deleted",
                "channel": CHANNEL,
                "deleted_ts": ts(&post.id),
                "previous_message": {"text": post.original},
            }),
        };
        Some(json!({"type": "event_callback", "team_id": "T1", "event": event}))
    }

    fn parcel(&self, body: &[u8], at: Micros) -> Option<Parcel> {
        let stamp = (at / 1_000_000).to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let tag = hmac::sign(&key, &[b"v0:", stamp.as_bytes(), b":", body].concat());
        let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        Some(Parcel {
            method: "POST",
            url: "https://shop.example/hooks/slack".into(),
            headers: vec![
                ("x-slack-request-timestamp".into(), stamp),
                ("x-slack-signature".into(), format!("v0={hex}")),
            ],
            body: body.into(),
        })
    }
}

impl Server {
    fn posted(&self, house: &mut House, asked: &Asked) -> Response {
        let text = asked
            .text("text")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let reply_to = asked.body["thread_ts"]
            .as_str()
            .map(|ts| format!("{CHANNEL}:{ts}"));
        assert_eq!(asked.text("channel"), CHANNEL);
        let key = asked.body["metadata"]["event_payload"]["key"]
            .as_str()
            .unwrap()
            .to_string();
        let post = house.put(self, &text, true);
        post.reply_to = reply_to;
        post.key = key;
        json(
            200,
            &json!({"ok": true, "channel": CHANNEL, "ts": ts(&post.id)}),
        )
    }
}

fn ts(id: &str) -> &str {
    id.split_once(':').unwrap().1
}

fn message(post: &Post) -> Value {
    let text = match post.is_raw {
        true => post.text.clone(),
        false => post
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    };
    let mut message = json!({"type": "message", "user": if post.is_ours { ME } else { "U0ADA" }, "text": text, "ts": ts(&post.id)});
    if let Some(parent) = &post.reply_to {
        message["thread_ts"] = json!(ts(parent));
    }
    if let Some(at) = post.edited {
        message["edited"] = json!({"user": "U0ADA", "ts": format!("{}.000000", at / 1_000_000)});
    }
    if !post.key.is_empty() {
        message["metadata"] =
            json!({"event_type": "tenon_answer", "event_payload": {"key": post.key}});
    }
    message
}

/// The channel without its answers, newest first; or a thread, oldest first.
fn listed(house: &House, asked: &Asked, is_channel: bool) -> Response {
    let oldest = asked.text("oldest");
    let from: usize = asked.text("cursor").parse().unwrap_or(0);
    let limit: usize = asked.text("limit").parse().unwrap();
    let there = house.posts.iter().filter(|p| p.deleted.is_none());
    let mut all: Vec<&Post> = match is_channel {
        true => there
            .filter(|p| p.reply_to.is_none() && ts(&p.id) > oldest)
            .rev()
            .collect(),
        false => {
            let first = format!("{CHANNEL}:{}", asked.text("ts"));
            let is_in = |p: &&Post| p.id == first || p.reply_to.as_ref() == Some(&first);
            // The first message always comes with its answers.
            there
                .filter(is_in)
                .filter(|p| p.id == first || ts(&p.id) > oldest)
                .collect()
        }
    };
    let more = all.len() > from + limit;
    all = all.into_iter().skip(from).take(limit).collect();
    let next = if more {
        (from + limit).to_string()
    } else {
        String::new()
    };
    let messages = house.list(all.into_iter().map(message).collect());
    json(
        200,
        &json!({"ok": true, "messages": messages, "has_more": more, "response_metadata": {"next_cursor": next}}),
    )
}
