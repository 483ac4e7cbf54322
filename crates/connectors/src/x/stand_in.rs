//! An X that is none.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::channel::What;
use crate::contract::house::{
    Asked, House, Post, RETRY, Refusal, Stand, Wire, json, plain, rfc3339,
};
use crate::contract::{Parcel, Way, Ways};
use crate::{Micros, Response, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

const ME: &str = "100";
const ADA: &str = "200";
const SECRET: &str = "consumer";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([
            ("token", "secret"),
            ("consumer_secret", SECRET),
            ("reads_a_month", "100000"),
        ])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Never,
            deletions: Way::Never,
            html: false,
            window: false,
        }
    }

    fn id(&self, n: u64, at: Micros) -> String {
        ((at as u64 / 1000 - 1_288_834_974_657) << 22 | n & 0xfff).to_string()
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        match (asked.method, asked.path.as_str()) {
            ("GET", "/2/users/me") => json(
                200,
                &json!({"data": {"id": ME, "name": "Shop", "username": "shop"}}),
            ),
            ("GET", "/2/users/100/mentions") => {
                listed(house, asked, &|p| !p.is_ours && !p.is_elsewhere)
            }
            ("GET", "/2/users/100/tweets") => listed(house, asked, &|p| p.is_ours),
            ("GET", "/2/tweets") => {
                assert_eq!(asked.query("post.fields"), "public_metrics");
                let wanted: Vec<&str> = asked.query("ids").split(',').collect();
                let found = house
                    .posts
                    .iter()
                    .filter(|p| wanted.contains(&p.id.as_str()));
                let found = found.filter(|p| p.deleted.is_none()).map(|p| {
                    let metrics = json!({"like_count": p.likes, "repost_count": p.reposts, "quote_count": 0, "reply_count": 0, "impression_count": 7 * p.likes});
                    json!({"id": p.id, "public_metrics": metrics})
                });
                json(200, &json!({"data": house.list(found.collect())}))
            }
            ("GET", "/2/tweets/search/recent") => {
                let query = asked.query("query").to_string();
                let wanted = query.strip_suffix(" -is:retweet").unwrap();
                let wanted = wanted.trim_matches(['(', ')', '"']).to_string();
                listed(house, asked, &|p| match wanted.as_str() {
                    "from:ada" => !p.is_ours,
                    words => p.text.contains(words),
                })
            }
            ("GET", "/2/users/by/username/ada") => json(
                200,
                &json!({"data": {"id": ADA, "name": "Ada", "username": "ada"}}),
            ),
            ("GET", path) if path.starts_with("/2/users/by/username/") => json(
                200,
                &json!({"errors": [{"title": "Not Found Error", "detail": "Could not find user"}]}),
            ),
            ("POST", "/2/tweets") => {
                let text = asked.text("text").to_string();
                if text.chars().count() > 280 {
                    return json(
                        400,
                        &json!({"title": "Invalid Request", "detail": "Your Post text is too long.", "status": 400}),
                    );
                }
                let reply_to = asked.body["reply"]["in_reply_to_tweet_id"]
                    .as_str()
                    .map(String::from);
                let post = house.put(self, &text, true);
                post.reply_to = reply_to;
                json(
                    201,
                    &json!({"data": {"id": post.id, "text": text, "edit_history_post_ids": [post.id]}}),
                )
            }
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, house: &House) -> Response {
        let problem = |status, detail: &str| {
            json(
                status,
                &json!({"title": "No", "detail": detail, "type": "about:blank", "status": status}),
            )
        };
        match refusal {
            Refusal::Often => {
                let mut response = problem(429, "Too Many Requests");
                let until = house.clock / 1_000_000 + RETRY;
                response
                    .headers
                    .push(("x-rate-limit-reset".into(), until.to_string()));
                response
            }
            Refusal::SignedOut => problem(401, "Unauthorized"),
            Refusal::NotAllowed => problem(403, "You are not permitted to perform this action."),
        }
    }

    fn tells(&self, post: &Post, what: What) -> Option<Value> {
        let event = json!({
            "id_str": post.id,
            "text": escaped(post),
            "timestamp_ms": (post.at / 1000).to_string(),
            "user": {"id_str": ADA, "screen_name": "ada", "name": "Ada"},
            "in_reply_to_status_id_str": null,
        });
        let told = json!({"for_user_id": ME, "tweet_create_events": [event]});
        (what == What::Said).then_some(told)
    }

    fn parcel(&self, body: &[u8], _: Micros) -> Option<Parcel> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let tag = format!("sha256={}", STANDARD.encode(hmac::sign(&key, body)));
        Some(Parcel {
            method: "POST",
            url: "https://shop.example/hooks/x".into(),
            headers: vec![("x-twitter-webhooks-signature".into(), tag)],
            body: body.into(),
        })
    }
}

fn escaped(post: &Post) -> String {
    match post.is_raw {
        true => post.text.clone(),
        false => post
            .text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    }
}

/// Newest first, in pages that are counted.
fn listed(house: &House, asked: &Asked, is_it: &dyn Fn(&Post) -> bool) -> Response {
    assert!(asked.query("post.fields").contains("created_at"));
    let since: u64 = asked.query("since_id").parse().unwrap_or(0);
    let page = ["pagination_token", "next_token"].map(|n| asked.query(n));
    let from: usize = page.concat().parse().unwrap_or(0);
    let limit: usize = asked.query("max_results").parse().unwrap();
    let all = house
        .posts
        .iter()
        .rev()
        .filter(|p| is_it(p) && p.id.parse::<u64>().unwrap() > since);
    let all: Vec<&Post> = all.collect();
    let next = (all.len() > from + limit).then(|| (from + limit).to_string());
    let posts = all.into_iter().skip(from).take(limit).map(written);
    let list = house.list(posts.collect());
    let mut answer = json!({"meta": {"result_count": list.len(), "next_token": next}});
    if !list.is_empty() {
        answer["data"] = json!(list);
        answer["includes"] =
            json!({"users": [{"id": ADA, "name": "Ada\u{202e}", "username": "ada"}]});
    }
    json(200, &answer)
}

/// Links are shortened, and who is answered stands before the text.
fn written(post: &Post) -> Value {
    let (mut text, mut links) = (escaped(post), Vec::new());
    if !post.is_raw {
        let words: Vec<String> = text
            .split(' ')
            .filter(|w| w.starts_with("https://"))
            .map(String::from)
            .collect();
        for (n, word) in words.iter().enumerate() {
            let whole = word.trim_end_matches(',').replace("&amp;", "&");
            let short = format!("https://t.co/{n}abcdefgh");
            text = text.replace(word.trim_end_matches(','), &short);
            links.push(json!({"start": 0, "end": 0, "url": short, "expanded_url": whole}));
        }
    }
    let mut written = json!({
        "id": post.id,
        "author_id": if post.is_ours { ME } else { ADA },
        "created_at": rfc3339(post.at),
        "conversation_id": post.reply_to.as_ref().unwrap_or(&post.id),
        "lang": "en",
        "entities": {"urls": links, "mentions": if post.is_elsewhere { json!([]) } else { json!([{"id": ME}]) }},
        "edit_history_post_ids": [post.id],
    });
    if let Some(parent) = &post.reply_to {
        if post.is_ours {
            text = format!("@ada {text}");
        }
        written["referenced_posts"] = json!([{"type": "replied_to", "id": parent}]);
    }
    written["text"] = json!(text);
    written
}
