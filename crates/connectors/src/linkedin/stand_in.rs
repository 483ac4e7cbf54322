//! A LinkedIn that is none, with a page and one post of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::contract::house::{Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain};
use crate::contract::{Way, Ways};
use crate::http::segment;
use crate::{Micros, Response, Settings};
use serde_json::{Value, json};

const US: &str = "urn:li:organization:100";
const POST: &str = "urn:li:share:1";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([("token", "secret"), ("organization", "100")])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Poll,
            deletions: Way::Never,
            html: false,
            window: false,
        }
    }

    fn id(&self, n: u64, _: Micros) -> String {
        format!("urn:li:comment:(urn:li:activity:1,{n})")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        assert_eq!(asked.header("linkedin-version").len(), 6);
        let path = asked.path.strip_prefix("/rest/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        match (asked.method, parts.as_slice()) {
            ("GET", ["organizations", "100"]) => json(
                200,
                &json!({"id": 100, "localizedName": "The Shop", "vanityName": "the-shop"}),
            ),
            ("GET", ["posts"]) => {
                assert_eq!(asked.query("author"), US);
                let ours = house.posts.iter().rev().filter(|p| is_post(p));
                let ours = ours.filter(|p| p.deleted.is_none()).take(19);
                let mut posts: Vec<Value> = ours
                    .map(|p| json!({"id": p.id, "author": US, "commentary": p.key, "createdAt": p.at / 1000, "publishedAt": p.at / 1000, "lifecycleState": "PUBLISHED"}))
                    .collect();
                posts.push(json!({"id": POST}));
                json(200, &json!({"elements": house.list(posts)}))
            }
            ("POST", ["posts"]) => {
                assert_eq!(
                    (asked.text("author"), asked.text("visibility")),
                    (US, "PUBLIC")
                );
                let commentary = asked.text("commentary");
                let text = plain_of(commentary);
                if text.chars().count() > 3000 {
                    return json(
                        422,
                        &json!({"status": 422, "code": "MAX_LENGTH", "message": "commentary exceeds the maximum length of 3000"}),
                    );
                }
                let post = house.put(self, &text, true);
                let number = post.id.rsplit(',').next().unwrap().trim_end_matches(')');
                post.id = format!("urn:li:share:9{number}");
                post.key = commentary.into();
                let mut created = plain(201, "");
                created
                    .headers
                    .push(("x-restli-id".into(), post.id.clone()));
                created
            }
            ("GET", ["organizationalEntityShareStatistics"]) => {
                assert_eq!(asked.query("organizationalEntity"), US);
                let list = asked.query("shares");
                let list = list
                    .strip_prefix("List(")
                    .and_then(|l| l.strip_suffix(')'))
                    .unwrap();
                let wanted: Vec<&str> = list.split(',').collect();
                let found = house
                    .posts
                    .iter()
                    .filter(|p| p.deleted.is_none() && wanted.contains(&p.id.as_str()));
                let found = found.map(|p| json!({"organizationalEntity": US, "share": p.id, "totalShareStatistics": {"likeCount": p.likes, "shareCount": p.reposts, "commentCount": 0, "impressionCount": 50, "clickCount": 1, "engagement": 0.1}}));
                json(
                    200,
                    &json!({"elements": house.list(found.collect()), "paging": {"start": 0, "count": 10}}),
                )
            }
            ("GET", ["socialActions", place, "comments"]) => listed(house, asked, place),
            ("POST", ["socialActions", _, "comments"]) => {
                let text = asked.body["message"]["text"].as_str().unwrap().to_string();
                assert_eq!((asked.text("actor"), asked.text("object")), (US, POST));
                let parent = asked.body["parentComment"].as_str().map(String::from);
                let post = house.put(self, &text, true);
                post.reply_to = parent;
                json(201, &comment(post))
            }
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        let error = |status: u16, message: &str| {
            json(
                status,
                &json!({"status": status, "code": "NO", "message": message}),
            )
        };
        match refusal {
            Refusal::Often => {
                let mut response = error(429, "Resource level throttle limit reached");
                response
                    .headers
                    .push(("retry-after".into(), RETRY.to_string()));
                response
            }
            Refusal::SignedOut => error(
                401,
                "The token used in the request has been revoked by the user",
            ),
            Refusal::NotAllowed => error(403, "Not enough permissions to access"),
        }
    }
}

fn is_post(post: &Post) -> bool {
    post.id.starts_with("urn:li:share:")
}

/// What is shown of a text: what a stroke stands before is as it is.
fn plain_of(commentary: &str) -> String {
    let mut rest = commentary.chars();
    let mut text = String::new();
    while let Some(c) = rest.next() {
        assert!(
            !"|{}@[]()<>*_~".contains(c),
            "{c} means something in {commentary:?}"
        );
        text.push(if c == '\\' { rest.next().unwrap() } else { c });
    }
    text
}

fn comment(post: &Post) -> Value {
    let of = post
        .reply_to
        .as_deref()
        .filter(|of| of.starts_with("urn:li:share:"));
    json!({
        "commentUrn": post.id,
        "actor": if post.is_ours { US } else { "urn:li:person:ada" },
        "created": {"time": post.at / 1000},
        "lastModified": {"time": post.edited.unwrap_or(post.at) / 1000},
        "message": {"attributes": [], "text": post.text},
        "parentComment": post.reply_to.as_ref().filter(|_| of.is_none()),
        "object": of.unwrap_or(POST),
    })
}

/// The newest first: the comments on the post, or the answers to one.
fn listed(house: &House, asked: &Asked, place: &str) -> Response {
    let is_in = |p: &&Post| match &p.reply_to {
        None => place == segment(POST),
        Some(parent) => place == segment(parent),
    };
    let all = house.posts.iter().rev().filter(|p| !is_post(p));
    let all: Vec<&Post> = all.filter(is_in).collect();
    let start: usize = asked.query("start").parse().unwrap();
    let count: usize = asked.query("count").parse().unwrap();
    let total = all.len();
    let comments = all.into_iter().skip(start).take(count).map(comment);
    json(
        200,
        &json!({"elements": house.list(comments.collect()), "paging": {"start": start, "count": count, "total": total}}),
    )
}
