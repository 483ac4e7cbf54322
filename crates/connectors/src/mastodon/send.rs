//! Answers go out with a key, and are looked for among our own posts before they go out again.

use super::{Server, wire};
use crate::channel::Seen;
use crate::http::{Request, segment};
use crate::json::Item;
use crate::{Account, Fault, Outgoing, Sent, Via, text};
use serde_json::json;
use wire::Status;

/// What two clocks may be apart unseen.
const SLACK: i64 = 120_000_000;
const PAGES: usize = 3;

pub(super) async fn send(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let server = Server::of(via.settings)?;
    let visibility = match (out.seen, &out.reply_to) {
        (Seen::Direct, _) => "direct",
        // Answers are seen by who reads the conversation, and don't fill everybody's timeline.
        (Seen::Public, Some(_)) => "unlisted",
        (Seen::Public, None) => "public",
    };
    let mut body = json!({ "status": written(out), "visibility": visibility });
    if let Some(id) = &out.reply_to {
        body["in_reply_to_id"] = json!(id);
    }
    let request = Request::json(format!("{}/api/v1/statuses", server.base), &body);
    let request = request
        .bearer(&server.token)
        .header("idempotency-key", &out.key);
    let status: Status = server.answer(via, request).await?.read()?;
    Ok(sent(&status))
}

pub(super) async fn find(
    via: &Via<'_>,
    account: &Account,
    out: &Outgoing,
) -> Result<Option<Sent>, Fault> {
    let server = Server::of(via.settings)?;
    let path = format!("/api/v1/accounts/{}/statuses", segment(&account.id));
    let wanted = words(&written(out));
    let mut before = String::new();
    for _ in 0..PAGES {
        let mut query = vec![("limit", "40"), ("exclude_reblogs", "true")];
        if !before.is_empty() {
            query.push(("max_id", &before));
        }
        let response = server.answer(via, server.get(&path).query(&query)).await?;
        let statuses: Vec<Item<Status>> = response.read()?;
        let statuses: Vec<Status> = statuses.into_iter().filter_map(|i| i.read).collect();
        let is_since =
            |s: &Status| response.on_our_clock(s.created_at, via.now) >= out.since - SLACK;
        let is_it = |s: &&Status| {
            let said = words(&text::of_html(&s.content));
            is_since(s) && s.in_reply_to_id == out.reply_to && said == wanted
        };
        if let Some(found) = statuses.iter().find(is_it) {
            return Ok(Some(sent(found)));
        }
        match statuses.iter().min_by_key(|s| s.created_at) {
            Some(oldest) if is_since(oldest) => before = oldest.id.clone(),
            _ => break,
        }
    }
    Ok(None)
}

fn sent(status: &Status) -> Sent {
    Sent {
        id: status.id.clone(),
        url: status.url.clone(),
    }
}

/// Only who is mentioned is told of an answer.
fn written(out: &Outgoing) -> String {
    let handle = out.to.as_ref().map_or("", |to| to.handle.as_str());
    match handle.is_empty() || out.text.contains(handle) {
        true => out.text.clone(),
        false => format!("{handle} {}", out.text),
    }
}

/// A text as it is compared: servers shorten mentions to their first half, and set spaces as they like.
fn words(text: &str) -> Vec<String> {
    let words = text
        .split_whitespace()
        .map(|word| match word.strip_prefix('@') {
            Some(handle) => {
                let (name, rest) = handle.split_once('@').unwrap_or((handle, ""));
                let after =
                    rest.trim_start_matches(|c: char| c.is_alphanumeric() || ".-:".contains(c));
                format!("@{name}{after}")
            }
            None => word.to_string(),
        });
    words.collect()
}

#[test]
fn texts_are_compared_without_the_hosts_of_mentions() {
    let same = [
        "@ada@a.example:3000, see  https://a.example",
        "@ada, see\nhttps://a.example",
    ];
    assert_eq!(words(same[0]), words(same[1]));
    assert_ne!(words("@ada hi"), words("@bob hi"));
}
