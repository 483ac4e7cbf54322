//! A Mattermost that is none, with one channel.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::channel::What;
use crate::contract::house::{Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain};
use crate::contract::{Parcel, Way, Ways};
use crate::{Micros, Response, Settings};
use serde_json::{Map, Value, json};

const CHANNEL: &str = "channel1";
const ME: &str = "shop1";
const HOOK: &str = "hooktoken";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([
            ("server", "https://chat.example"),
            ("token", "secret"),
            ("channel", CHANNEL),
            ("hook_token", HOOK),
        ])
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
        format!("post{n:08}")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        let path = asked.path.strip_prefix("/api/v4/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        match (asked.method, parts.as_slice()) {
            ("GET", ["users", "me"]) => {
                json(200, &json!({"id": ME, "username": "shop", "nickname": ""}))
            }
            ("POST", ["users", "ids"]) => json(
                200,
                &json!([{"id": "ada1", "username": "ada", "nickname": "Ada\u{202e}"}]),
            ),
            ("GET", ["channels", CHANNEL, "posts"]) => {
                let since: i64 = asked.query("since").parse().unwrap_or(-1);
                let touched = |p: &&Post| last(p) / 1000 > since;
                let mut posts: Vec<&Post> = house.posts.iter().filter(touched).collect();
                if since < 0 {
                    posts.retain(|p| p.deleted.is_none());
                    posts.drain(..posts.len().saturating_sub(200));
                }
                json(200, &listed(house, &posts))
            }
            ("GET", ["posts", root, "thread"]) => {
                let is_in = |p: &&Post| p.id == *root || p.reply_to.as_deref() == Some(root);
                let posts: Vec<&Post> = house.posts.iter().filter(is_in).collect();
                json(200, &listed(house, &posts))
            }
            ("POST", ["posts"]) => {
                assert_eq!(asked.text("channel_id"), CHANNEL);
                let root = asked.text("root_id").to_string();
                let key = asked.body["props"]["tenon_key"]
                    .as_str()
                    .unwrap()
                    .to_string();
                let post = house.put(self, asked.text("message"), true);
                post.reply_to = Some(root).filter(|r| !r.is_empty());
                post.key = key;
                json(201, &written(post))
            }
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST" && asked.path.ends_with("/posts")
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        let error = |status, id: &str| {
            json(
                status,
                &json!({"id": id, "message": "No.", "status_code": status}),
            )
        };
        match refusal {
            Refusal::Often => {
                let mut response = plain(429, "limit exceeded\n");
                response
                    .headers
                    .push(("retry-after".into(), RETRY.to_string()));
                response
            }
            Refusal::SignedOut => error(401, "api.context.session_expired.app_error"),
            Refusal::NotAllowed => error(403, "api.context.permissions.app_error"),
        }
    }

    fn tells(&self, post: &Post, what: What) -> Option<Value> {
        let told = json!({
            "token": HOOK,
            "channel_id": CHANNEL,
            "post_id": post.id,
            "user_id": "ada1",
            "user_name": "ada",
            "text": post.text,
            "timestamp": post.at / 1000,
        });
        (what == What::Said).then_some(told)
    }

    fn parcel(&self, body: &[u8], _: Micros) -> Option<Parcel> {
        Some(Parcel {
            method: "POST",
            url: "https://shop.example/hooks/mattermost".into(),
            headers: Vec::new(),
            body: body.into(),
        })
    }
}

fn last(post: &Post) -> Micros {
    post.at
        .max(post.edited.unwrap_or(0))
        .max(post.deleted.unwrap_or(0))
}

fn written(post: &Post) -> Value {
    json!({
        "id": post.id,
        "create_at": post.at / 1000,
        "update_at": last(post) / 1000,
        "edit_at": post.edited.unwrap_or(0) / 1000,
        "delete_at": post.deleted.unwrap_or(0) / 1000,
        "user_id": if post.is_ours { ME } else { "ada1" },
        "channel_id": CHANNEL,
        "root_id": post.reply_to.clone().unwrap_or_default(),
        "message": post.text,
        "type": "",
        "props": {"tenon_key": post.key},
    })
}

/// By their ids, so that only garbage can be added.
fn listed(house: &House, posts: &[&Post]) -> Value {
    let items = house.list(posts.iter().map(|p| written(p)).collect());
    let order: Vec<&str> = posts.iter().rev().map(|p| p.id.as_str()).collect();
    let mut by_id = Map::new();
    for (n, item) in items.into_iter().enumerate() {
        let id = item["id"]
            .as_str()
            .map_or_else(|| format!("garbage{n}"), String::from);
        by_id.insert(id, item);
    }
    json!({"order": order, "posts": by_id})
}
