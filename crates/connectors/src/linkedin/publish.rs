//! A post of the page.

use super::wire::{List, Post};
use super::{POSTS, SLACK, ask, call, moment, shown, us};
use crate::http::Request;
use crate::{Fault, Outgoing, Sent, Via};
use serde_json::json;

/// What means something in LinkedIn's texts unless a stroke stands before it.
const RESERVED: &[char] = &[
    '\\', '|', '{', '}', '@', '[', ']', '(', ')', '<', '>', '#', '*', '_', '~',
];

pub(super) async fn publish(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let body = json!({
        "author": us(via),
        "commentary": written(&out.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": false,
    });
    let to = call(via, "posts");
    let mut request = Request::json(&to.url, &body);
    request.headers.extend(to.headers);
    let answer = ask(via, request).await?;
    let id = answer.header("x-restli-id").unwrap_or_default();
    match id.is_empty() {
        // It may be there: it is looked for before it is sent again.
        true => Err(Fault::Unreached("no id of the new post was told".into())),
        false => Ok(sent(id.to_string())),
    }
}

fn sent(id: String) -> Sent {
    Sent {
        url: Some(shown(&id)),
        id,
    }
}

/// Among the last posts of the page.
pub(super) async fn find(via: &Via<'_>, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let us = us(via);
    let query = [
        ("q", "author"),
        ("author", us.as_str()),
        ("count", POSTS),
        ("sortBy", "LAST_MODIFIED"),
    ];
    let answer = ask(via, call(via, "posts").query(&query)).await?;
    let list: List<Post> = answer.read()?;
    let mut posts = list.elements.into_iter().filter_map(|i| i.read);
    let found = posts.find(|post| {
        let at = post.published_at.or(post.created_at).unwrap_or(0);
        let at = answer.on_our_clock(moment(at), via.now);
        let said = read(&post.commentary);
        let is_same = said.split_whitespace().eq(out.text.split_whitespace());
        is_same && at >= out.since - SLACK
    });
    Ok(found.map(|post| sent(post.id)))
}

/// A text as LinkedIn takes it: nothing in it means anything but hashtags.
fn written(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_tag = c == '#' && rest.peek().is_some_and(|c| c.is_alphanumeric());
        if RESERVED.contains(&c) && !is_tag {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

/// The same as it was before; LinkedIn may have put hashtags in its own form.
fn read(commentary: &str) -> String {
    let commentary = commentary.replace("{hashtag|\\#|", "#");
    let mut text = String::with_capacity(commentary.len());
    let mut rest = commentary.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            // The end of a hashtag.
            '}' => (),
            c => text.push(c),
        }
    }
    text
}

#[test]
fn texts_mean_nothing_but_hashtags() {
    let text = "Hi @ada (see #meters, # 5) {a|b} <b> 5*3_2 ~ [x] \\";
    let there = written(text);
    assert!(
        there.starts_with(r"Hi \@ada \(see #meters, \# 5\) \{a\|b\}"),
        "{there}"
    );
    assert_eq!(read(&there), text);
    assert_eq!(read(r"See {hashtag|\#|meters}\!"), "See #meters!");
}
