//! A server of the Mastodon API that is none.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use crate::Settings;
use crate::contract::house::{Asked, House, Post, Refusal, Stand, Wire, json, plain, rfc3339};
use crate::contract::{Way, Ways};
use crate::{Micros, Response};
use serde_json::{Value, json};

const ME: &str = "100";

pub struct Server;

pub fn stand_in() -> Stand<Server> {
    Stand::new(Server)
}

impl Wire for Server {
    fn settings(&self) -> Settings {
        Settings::of([("server", "https://social.example"), ("token", "secret")])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Poll,
            deletions: Way::Poll,
            html: true,
            window: false,
        }
    }

    fn id(&self, n: u64, at: Micros) -> String {
        // Time and a number, as it is done there.
        ((at as u64 / 1000) << 16 | n & 0xffff).to_string()
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        let parts: Vec<&str> = asked.path.split('/').skip(3).collect();
        match (asked.method, parts.as_slice()) {
            ("GET", ["accounts", "verify_credentials"]) => json(200, &account(true)),
            ("GET", ["apps", "verify_credentials"]) => {
                json(200, &json!({"name": "Shop", "scopes": ["read", "write"]}))
            }
            ("GET", ["notifications"]) => self.notifications(house, asked),
            ("GET", ["accounts", "lookup"]) => match asked.query("acct").starts_with("ada") {
                true => json(200, &account(false)),
                false => json(404, &json!({"error": "Record not found"})),
            },
            ("GET", ["search"]) => searched(house, asked),
            ("GET", ["timelines", "tag", tag]) => {
                let tag = tag.to_string();
                after(house, asked, &|p| p.tags().contains(&tag.as_str()))
            }
            ("GET", ["accounts", "200", "statuses"]) => {
                assert_eq!(asked.query("exclude_reblogs"), "true");
                after(house, asked, &|p| !p.is_ours)
            }
            ("GET", ["accounts", ME, "statuses"]) => own(house, asked),
            ("GET", ["statuses"]) => {
                let is_asked =
                    |p: &&Post| asked.pairs.iter().any(|(n, v)| n == "id[]" && *v == p.id);
                let found = house
                    .posts
                    .iter()
                    .filter(|p| p.deleted.is_none())
                    .filter(is_asked);
                json(200, &json!(house.list(found.map(status).collect())))
            }
            ("GET", ["statuses", id]) => match house.post(id).filter(|p| p.deleted.is_none()) {
                Some(post) => json(200, &status(post)),
                None => json(404, &json!({"error": "Record not found"})),
            },
            ("GET", ["statuses", id, "context"]) => {
                let parent = house.post(id).and_then(|p| p.reply_to.as_deref());
                let parent = parent.and_then(|id| house.post(id)).map(status);
                json(
                    200,
                    &json!({"ancestors": Vec::from_iter(parent), "descendants": []}),
                )
            }
            ("POST", ["statuses"]) => self.posted(house, asked),
            _ => plain(404, "<html>Not Found</html>"),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, house: &House) -> Response {
        match refusal {
            Refusal::Often => {
                let mut response = json(429, &json!({"error": "Too many requests"}));
                let until = rfc3339(house.clock + crate::contract::house::RETRY * 1_000_000);
                response.headers.push(("x-ratelimit-reset".into(), until));
                response
            }
            Refusal::SignedOut => json(401, &json!({"error": "The access token is invalid"})),
            Refusal::NotAllowed => json(
                403,
                &json!({"error": "This action is outside the authorized scopes"}),
            ),
        }
    }
}

impl Server {
    fn notifications(&self, house: &House, asked: &Asked) -> Response {
        assert_eq!(asked.query("types[]"), "mention");
        let min: u128 = asked.query("min_id").parse().unwrap_or(0);
        let told = house
            .posts
            .iter()
            .enumerate()
            .filter(|(_, p)| !p.is_ours && !p.is_elsewhere && p.deleted.is_none());
        let mut after: Vec<(u128, &Post)> = told
            .map(|(n, p)| (n as u128 + 1, p))
            .filter(|(n, _)| *n > min)
            .collect();
        let limit = asked.limit(40);
        // Without min_id the newest; with it those that follow.
        match asked.query("min_id") {
            "" => drop(after.drain(..after.len().saturating_sub(limit))),
            _ => after.truncate(limit),
        }
        after.reverse();
        let newest = after.first().map(|(n, _)| *n);
        let items = after.iter().map(|(n, p)| {
            let at = rfc3339(p.at);
            json!({"id": n.to_string(), "type": "mention", "created_at": at, "account": account(false), "status": status(p)})
        });
        let mut response = json(200, &json!(house.list(items.collect())));
        if let Some(newest) = newest {
            let link = format!(
                "<https://social.example/api/v1/notifications?max_id=1>; rel=\"next\", <https://social.example/api/v1/notifications?min_id={newest}&types%5B%5D=mention>; rel=\"prev\""
            );
            response.headers.push(("link".into(), link));
        }
        response
    }

    /// As GoToSocial does it: the key is not looked at.
    fn posted(&self, house: &mut House, asked: &Asked) -> Response {
        assert!(!asked.header("idempotency-key").is_empty());
        let text = asked.text("status").to_string();
        if text.chars().count() > 500 {
            return json(
                422,
                &json!({"error": "Validation failed: Text character limit of 500 exceeded"}),
            );
        }
        let reply_to = asked.body["in_reply_to_id"].as_str().map(String::from);
        let post = house.put(self, &text, true);
        post.reply_to = reply_to;
        json(200, &status(post))
    }
}

/// Posts of a list, newest first: what follows `min_id`, or the newest.
fn after(house: &House, asked: &Asked, is_it: &dyn Fn(&Post) -> bool) -> Response {
    let min: u128 = asked.query("min_id").parse().unwrap_or(0);
    let there = house.posts.iter().filter(|p| p.deleted.is_none());
    let mut found: Vec<&Post> = there
        .filter(|p| is_it(p) && p.id.parse::<u128>().is_ok_and(|id| id > min))
        .collect();
    let limit = asked.limit(40);
    match asked.query("min_id") {
        "" => drop(found.drain(..found.len().saturating_sub(limit))),
        _ => found.truncate(limit),
    }
    let items = found.iter().rev().map(|p| status(p)).collect();
    json(200, &json!(house.list(items)))
}

/// Posts or accounts; posts newest first, by an offset.
fn searched(house: &House, asked: &Asked) -> Response {
    if asked.query("type") == "accounts" {
        return json(
            200,
            &json!({"accounts": [], "statuses": [], "hashtags": []}),
        );
    }
    let phrase = asked.query("q").trim_matches('"').to_string();
    let min: u128 = asked.query("min_id").parse().unwrap_or(0);
    let offset: usize = asked.query("offset").parse().unwrap_or(0);
    let there = house.posts.iter().rev().filter(|p| p.deleted.is_none());
    let found = there.filter(|p| p.text.contains(&phrase));
    let after = found.filter(|p| p.id.parse::<u128>().is_ok_and(|id| id > min));
    let page = after.skip(offset).take(asked.limit(40)).map(status);
    let list = house.list(page.collect());
    json(
        200,
        &json!({"accounts": [], "statuses": list, "hashtags": []}),
    )
}

fn own(house: &House, asked: &Asked) -> Response {
    let before: u128 = asked.query("max_id").parse().unwrap_or(u128::MAX);
    let ours = house.posts.iter().rev().filter(|p| p.is_ours);
    let before = ours.filter(|p| p.id.parse::<u128>().is_ok_and(|id| id < before));
    let items = before.take(asked.limit(40)).map(status).collect();
    json(200, &json!(house.list(items)))
}

fn account(is_me: bool) -> Value {
    match is_me {
        true => {
            json!({"id": ME, "username": "shop", "acct": "shop", "display_name": "The Shop", "url": "https://social.example/@shop"})
        }
        false => {
            json!({"id": "200", "username": "ada", "acct": "ada@far.example", "display_name": "Ada\u{202e}", "url": null})
        }
    }
}

fn status(post: &Post) -> Value {
    let html = if post.is_raw {
        post.text.clone()
    } else {
        html(&post.text)
    };
    json!({
        "id": post.id,
        "created_at": rfc3339(post.at),
        "in_reply_to_id": post.reply_to,
        "visibility": "public",
        "language": "en",
        "spoiler_text": "",
        "url": format!("https://social.example/@ada/{}", post.id),
        "edited_at": post.edited.map(rfc3339),
        "content": html,
        "account": account(post.is_ours),
        "mentions": if post.is_elsewhere { json!([]) } else { json!([{"id": ME, "acct": "shop"}]) },
        "tags": post.tags().iter().map(|t| json!({"name": t})).collect::<Vec<_>>(),
        "media_attachments": [],
        "favourites_count": post.likes,
        "reblogs_count": post.reposts,
        "replies_count": 0,
    })
}

/// Mentions lose their host, lines become breaks.
fn html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mentioned = escaped.replace(
        "@ada@far.example",
        r#"<a href="https://far.example/@ada">@<span>ada</span></a>"#,
    );
    format!("<p>{}</p>", mentioned.replace('\n', "<br />"))
}
