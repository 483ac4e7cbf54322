//! A Facebook that is none, with a page and one post on it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::channel::What;
use crate::contract::house::{Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain};
use crate::contract::{Parcel, Way, Ways};
use crate::{Micros, Response, Settings};
use ring::hmac;
use serde_json::{Value, json};

const PAGE: &str = "100";
const POST: &str = "100_1";
const SECRET: &str = "appsecret";
/// What marks a post of the page itself.
const PUBLISHED: &str = "published";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([
            ("token", "secret"),
            ("app_secret", SECRET),
            ("verify_token", "word"),
        ])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Webhook,
            deletions: Way::Webhook,
            html: false,
            window: false,
        }
    }

    fn id(&self, n: u64, _: Micros) -> String {
        format!("1_{n}")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        assert_eq!(asked.query("appsecret_proof").len(), 64);
        let path = asked.path.strip_prefix("/v23.0/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        match (asked.method, parts.as_slice()) {
            ("GET", ["me"]) => json(
                200,
                &json!({"id": PAGE, "name": "The Shop", "link": "https://facebook.example/shop"}),
            ),
            ("GET", [PAGE, "feed"]) => {
                let from = json!({"id": PAGE, "name": "The Shop"});
                let ours = house.posts.iter().rev().filter(|p| p.key == PUBLISHED);
                let ours = ours.filter(|p| p.deleted.is_none()).map(|p| json!({"id": p.id, "message": p.text, "created_time": written(p.at), "updated_time": written(house.clock), "from": from}));
                let mut places: Vec<Value> = ours.collect();
                let limit = asked.limit(100);
                places.truncate(limit - 1);
                places.push(json!({"id": POST, "message": "Welcome", "created_time": written(0), "updated_time": written(house.clock), "from": from}));
                json(200, &json!({"data": house.list(places)}))
            }
            ("POST", ["me", "feed"]) => {
                let text = asked.text("message");
                if text.chars().count() > 63_206 {
                    return json(
                        400,
                        &json!({"error": {"message": "(#100) The post is too long", "type": "OAuthException", "code": 100}}),
                    );
                }
                let post = house.put(self, text, true);
                post.id = format!("{PAGE}_{}", post.id.replace('_', ""));
                post.key = PUBLISHED.into();
                json(200, &json!({"id": post.id}))
            }
            ("GET", [PAGE, "conversations"]) => json(
                400,
                &json!({"error": {"message": "Requires pages_messaging", "code": 10}}),
            ),
            ("GET", [id]) => match house.post(id).filter(|p| p.deleted.is_none()) {
                Some(post) => json(
                    200,
                    &json!({"id": id, "shares": {"count": post.reposts}, "reactions": {"data": [], "summary": {"total_count": post.likes}}, "comments": {"data": [], "summary": {"total_count": 0}}}),
                ),
                None => json(
                    400,
                    &json!({"error": {"message": "Object does not exist", "type": "GraphMethodException", "code": 100, "error_subcode": 33}}),
                ),
            },
            ("GET", [place, "comments"]) => listed(house, asked, place),
            ("POST", [comment, "comments"]) => {
                let answered = comment.to_string();
                let post = house.put(self, asked.text("message"), true);
                post.reply_to = Some(answered);
                json(200, &json!({"id": post.id}))
            }
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        let error = |message: &str, code| {
            json(
                400,
                &json!({"error": {"message": message, "type": "OAuthException", "code": code}}),
            )
        };
        match refusal {
            Refusal::Often => {
                let mut response = error("(#32) Page request limit reached", 32);
                response
                    .headers
                    .push(("retry-after".into(), RETRY.to_string()));
                response
            }
            Refusal::SignedOut => error("Error validating access token", 190),
            Refusal::NotAllowed => error("(#200) Requires pages_manage_engagement", 200),
        }
    }

    fn tells(&self, post: &Post, what: What) -> Option<Value> {
        let verb = match what {
            What::Said => "add",
            What::Edited => "edited",
            What::Deleted => "remove",
        };
        let value = json!({
            "item": "comment",
            "verb": verb,
            "comment_id": post.id,
            "post_id": POST,
            "parent_id": POST,
            "from": {"id": "200", "name": "Ada"},
            "message": post.text,
            "created_time": post.at / 1_000_000,
        });
        let change = json!({"field": "feed", "value": value});
        Some(
            json!({"object": "page", "entry": [{"id": PAGE, "time": post.at / 1_000_000, "changes": [change]}]}),
        )
    }

    fn parcel(&self, body: &[u8], _: Micros) -> Option<Parcel> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let tag = hmac::sign(&key, body);
        let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        Some(Parcel {
            method: "POST",
            url: "https://shop.example/hooks/facebook".into(),
            headers: vec![("x-hub-signature-256".into(), format!("sha256={hex}"))],
            body: body.into(),
        })
    }
}

fn written(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// Those of the post with all their answers, or the answers to one.
fn listed(house: &House, asked: &Asked, place: &str) -> Response {
    assert_eq!(asked.query("order"), "reverse_chronological");
    let from: usize = asked.query("after").parse().unwrap_or(0);
    let is_of_post = |p: &Post| p.reply_to.as_deref().is_some_and(|of| of.starts_with(PAGE));
    let is_in = |p: &&Post| {
        let is_comment = p.key != PUBLISHED;
        is_comment && (place == POST && !is_of_post(p) || p.reply_to.as_deref() == Some(place))
    };
    let all: Vec<&Post> = house
        .posts
        .iter()
        .rev()
        .filter(|p| p.deleted.is_none())
        .filter(is_in)
        .collect();
    let limit = asked.limit(50);
    let is_more = all.len() > from + limit;
    let comments = all.into_iter().skip(from).take(limit).map(|p| {
        let person = if p.is_ours {
            json!({"id": PAGE, "name": "The Shop"})
        } else {
            json!({"id": "200", "name": "Ada\u{202e}"})
        };
        let mut comment =
            json!({"id": p.id, "message": p.text, "created_time": written(p.at), "from": person});
        if let Some(parent) = p.reply_to.as_ref().filter(|_| !is_of_post(p)) {
            comment["parent"] = json!({"id": parent});
        }
        comment
    });
    let mut answer = json!({"data": house.list(comments.collect())});
    answer["paging"] = json!({"cursors": {"after": (from + limit).to_string()}});
    if is_more {
        answer["paging"]["next"] = json!("https://graph.facebook.com/next");
    }
    json(200, &answer)
}
