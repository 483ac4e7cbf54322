//! A server of the AT Protocol that is none, with an AppView or without.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::contract::house::{
    Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain, rfc3339,
};
use crate::contract::{Way, Ways};
use crate::{Micros, Response, Settings};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const ME: &str = "did:plc:shop";
const ADA: &str = "did:plc:ada";

#[derive(Default)]
pub struct Server {
    pub has_no_appview: bool,
    /// Grows when sessions end, and with each that is made.
    pub ended: AtomicU32,
    pub made: AtomicU32,
}

pub fn stand_in(has_no_appview: bool) -> Stand<Server> {
    Stand::new(Server {
        has_no_appview,
        ..Server::default()
    })
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        let mut settings = Settings::of([("handle", "shop.example"), ("password", "secret")]);
        if self.has_no_appview {
            settings.0.insert("appview".into(), "none".into());
            settings
                .0
                .insert("people".into(), "ada.example, shop.example".into());
        }
        settings
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Never,
            deletions: if self.has_no_appview {
                Way::Never
            } else {
                Way::Poll
            },
            html: false,
            window: false,
        }
    }

    fn id(&self, n: u64, _: Micros) -> String {
        format!("at://{ADA}/app.bsky.feed.post/3k{n:011}")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        let name = asked.path.strip_prefix("/xrpc/").unwrap();
        if name == "com.atproto.server.createSession" {
            assert_eq!(asked.text("password"), "secret");
            self.made.fetch_add(1, Ordering::Relaxed);
            return json(200, &self.session());
        }
        let right = self.session();
        let expected = match name {
            "com.atproto.server.refreshSession" => right["refreshJwt"].as_str(),
            _ => right["accessJwt"].as_str(),
        };
        if Some(asked.header("authorization")) != expected.map(|e| format!("Bearer {e}")).as_deref()
        {
            return json(
                400,
                &json!({"error": "ExpiredToken", "message": "Token has expired"}),
            );
        }
        let is_appview = name.starts_with("app.bsky.");
        assert_eq!(is_appview, !asked.header("atproto-proxy").is_empty());
        if is_appview && self.has_no_appview {
            return json(
                501,
                &json!({"error": "MethodNotImplemented", "message": "Method Not Implemented"}),
            );
        }
        match name {
            "com.atproto.server.refreshSession" => json(200, &self.session()),
            "com.atproto.server.getSession" => json(
                200,
                &json!({"did": ME, "handle": "shop.example", "active": true}),
            ),
            "app.bsky.notification.listNotifications" => notifications(house, asked),
            "app.bsky.feed.getPosts" => {
                let is_asked =
                    |p: &&Post| asked.pairs.iter().any(|(n, v)| n == "uris" && *v == p.id);
                let found = house
                    .posts
                    .iter()
                    .filter(is_asked)
                    .filter(|p| p.deleted.is_none());
                json(
                    200,
                    &json!({"posts": house.list(found.map(view).collect())}),
                )
            }
            "app.bsky.feed.getPostThread" => match house
                .post(asked.query("uri"))
                .filter(|p| p.deleted.is_none())
            {
                Some(post) => json(200, &json!({"thread": {"post": view(post)}})),
                None => json(
                    400,
                    &json!({"error": "NotFound", "message": "Post not found"}),
                ),
            },
            "com.atproto.identity.resolveHandle" => match asked.query("handle") {
                "ada.example" => json(200, &json!({"did": ADA})),
                _ => json(
                    400,
                    &json!({"error": "InvalidRequest", "message": "Unable to resolve handle"}),
                ),
            },
            "app.bsky.feed.searchPosts" => {
                assert_eq!(asked.query("sort"), "latest");
                let words = asked.query("q").trim_matches('"').to_string();
                let (posts, cursor) = latest(house, asked, &|p| p.text.contains(&words));
                json(200, &json!({"posts": house.list(posts), "cursor": cursor}))
            }
            "app.bsky.feed.getAuthorFeed" => {
                assert_eq!(asked.query("actor"), "ada.example");
                let (posts, cursor) = latest(house, asked, &|p| !p.is_ours);
                let mut feed: Vec<Value> = posts.into_iter().map(|p| json!({"post": p})).collect();
                let passed_on = json!({
                    "post": view(&house.posts[0]),
                    "reason": {"$type": "app.bsky.feed.defs#reasonRepost"},
                });
                feed.insert(0, passed_on);
                json(200, &json!({"feed": house.list(feed), "cursor": cursor}))
            }
            "com.atproto.repo.listRecords" => records(house, asked),
            "com.atproto.repo.getRecord" => {
                let uri = format!(
                    "at://{}/{}/{}",
                    asked.query("repo"),
                    asked.query("collection"),
                    asked.query("rkey")
                );
                match house.post(&uri) {
                    Some(post) => json(
                        200,
                        &json!({"uri": uri, "cid": cid(&uri), "value": record(post)}),
                    ),
                    None => json(
                        400,
                        &json!({"error": "RecordNotFound", "message": "Could not locate record"}),
                    ),
                }
            }
            "com.atproto.repo.putRecord" => self.put(house, asked),
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.path.ends_with("putRecord")
    }

    fn refuse(&self, refusal: Refusal, asked: &Asked, house: &House) -> Response {
        match refusal {
            Refusal::Often => {
                let mut response = json(
                    429,
                    &json!({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}),
                );
                let until = house.clock / 1_000_000 + RETRY;
                response
                    .headers
                    .push(("ratelimit-reset".into(), until.to_string()));
                response
            }
            Refusal::SignedOut if asked.path.ends_with("createSession") => json(
                401,
                &json!({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}),
            ),
            Refusal::SignedOut => json(
                400,
                &json!({"error": "InvalidToken", "message": "Token could not be verified"}),
            ),
            Refusal::NotAllowed => json(
                403,
                &json!({"error": "Forbidden", "message": "Bad token scope"}),
            ),
        }
    }
}

impl Server {
    fn session(&self) -> Value {
        let ended = self.ended.load(Ordering::Relaxed);
        json!({"accessJwt": format!("access{ended}"), "refreshJwt": "refresh", "did": ME, "handle": "shop.example"})
    }

    fn put(&self, house: &mut House, asked: &Asked) -> Response {
        let record = &asked.body["record"];
        let uri = format!("at://{ME}/app.bsky.feed.post/{}", asked.text("rkey"));
        assert_eq!(asked.text("repo"), ME);
        assert!(record["createdAt"].is_string() && record["$type"] == "app.bsky.feed.post");
        if record["text"].as_str().unwrap().chars().count() > 300 {
            let error = "Invalid app.bsky.feed.post record: Record/text must not be longer than 300 graphemes";
            return json(400, &json!({"error": "InvalidRequest", "message": error}));
        }
        if house.post(&uri).is_none() {
            let parent = record["reply"]["parent"].clone();
            if let Some(of) = parent["uri"].as_str() {
                assert_eq!(parent["cid"], cid(of));
            }
            let post = house.put(self, record["text"].as_str().unwrap(), true);
            post.id = uri.clone();
            post.reply_to = parent["uri"].as_str().map(String::from);
        }
        json(200, &json!({"uri": uri, "cid": cid(&uri)}))
    }
}

fn cid(uri: &str) -> String {
    format!("cid-of-{uri}")
}

fn record(post: &Post) -> Value {
    let mut record = json!({
        "$type": "app.bsky.feed.post",
        "text": post.text,
        "createdAt": rfc3339(post.at),
        "langs": ["en"],
        "facets": [{"index": {"byteStart": 0, "byteEnd": 0}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": ME}]}],
    });
    if post.is_elsewhere {
        let tags = post.tags();
        let tags = tags
            .iter()
            .map(|t| json!({"$type": "app.bsky.richtext.facet#tag", "tag": t}));
        let tags: Vec<Value> = tags.collect();
        record["facets"] = json!([{"index": {"byteStart": 0, "byteEnd": 0}, "features": tags}]);
    }
    if let Some(parent) = &post.reply_to {
        let parent = json!({"uri": parent, "cid": cid(parent)});
        record["reply"] = json!({"root": parent, "parent": parent});
    }
    record
}

fn view(post: &Post) -> Value {
    json!({
        "uri": post.id,
        "cid": cid(&post.id),
        "author": {"did": if post.is_ours { ME } else { ADA }, "handle": "ada.example", "displayName": "Ada"},
        "record": record(post),
        "indexedAt": rfc3339(post.at),
        "likeCount": post.likes,
        "repostCount": post.reposts,
        "quoteCount": 0,
        "replyCount": 0,
    })
}

/// Posts newest first, by a cursor that says before which they were indexed.
fn latest(
    house: &House,
    asked: &Asked,
    is_it: &dyn Fn(&Post) -> bool,
) -> (Vec<Value>, Option<String>) {
    let before: i64 = asked.query("cursor").parse().unwrap_or(i64::MAX);
    let there = house.posts.iter().rev().filter(|p| p.deleted.is_none());
    let found = there.filter(|p| is_it(p) && p.at < before);
    let page: Vec<&Post> = found.take(asked.limit(100)).collect();
    let cursor = page.last().map(|p| p.at.to_string());
    (page.into_iter().map(view).collect(), cursor)
}

/// Newest first, by a cursor that says before which they were indexed.
fn notifications(house: &House, asked: &Asked) -> Response {
    let before: i64 = asked.query("cursor").parse().unwrap_or(i64::MAX);
    let all = house
        .posts
        .iter()
        .rev()
        .filter(|p| !p.is_ours && !p.is_elsewhere && p.deleted.is_none());
    let page: Vec<&Post> = all
        .filter(|p| p.at < before)
        .take(asked.limit(100))
        .collect();
    let cursor = page.last().map(|p| p.at.to_string());
    let items = page.iter().map(|p| {
        json!({
            "uri": p.id,
            "cid": cid(&p.id),
            "author": {"did": ADA, "handle": "ada.example", "displayName": "Ada\u{202e}"},
            "reason": if p.reply_to.is_some() { "reply" } else { "mention" },
            "record": record(p),
            "isRead": false,
            "indexedAt": rfc3339(p.at),
        })
    });
    json(
        200,
        &json!({"notifications": house.list(items.collect()), "cursor": cursor}),
    )
}

fn records(house: &House, asked: &Asked) -> Response {
    let is_ours = asked.query("repo") == "shop.example";
    assert_eq!(asked.query("reverse"), "true");
    let after = asked.query("cursor");
    let key = |p: &Post| p.id.rsplit('/').next().unwrap().to_string();
    let mut all: Vec<&Post> = house
        .posts
        .iter()
        .filter(|p| p.is_ours == is_ours)
        .collect();
    all.sort_by_key(|p| key(p));
    let page: Vec<&Post> = all
        .into_iter()
        .filter(|p| *key(p) > *after)
        .take(asked.limit(100))
        .collect();
    let cursor = page.last().map(|p| key(p));
    let items = page
        .iter()
        .map(|p| json!({"uri": p.id, "cid": cid(&p.id), "value": record(p)}));
    json(
        200,
        &json!({"records": house.list(items.collect()), "cursor": cursor}),
    )
}
