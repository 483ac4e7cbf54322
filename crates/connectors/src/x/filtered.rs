//! What is followed, told at once: the filtered stream of the app. Its rules are the queries of the search, under a tag of the account's own;
//! whatever else the app has among its rules is left alone. The search goes on beside it, more rarely, and finds what the stream left out.

use super::wire::{List, Rules, Streamed, Updated};
use super::{API, FIELDS, State as Whole, ask, incoming, search};
use crate::http::Request;
use crate::{Account, Fault, Incoming, Micros, Settings, Via, follow};
use serde::{Deserialize, Serialize};
use serde_json::json;

const RULES: &str = "/2/tweets/search/stream/rules";
pub(super) const STREAM: &str = "/2/tweets/search/stream";
/// After X refused rules they are tried again, and the search goes on as if there were no stream.
const AGAIN: Micros = 900_000_000;
/// The rules of an app, more than X lets any have.
const MOST: &str = "1000";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// What is in place there.
    rules: Vec<String>,
    refused: Option<Micros>,
}

impl State {
    pub fn is_on(&self) -> bool {
        !self.rules.is_empty()
    }
}

fn token(settings: &Settings) -> Option<&str> {
    Some(settings.get("app_token").trim()).filter(|t| !t.is_empty())
}

fn tag(me: &str) -> String {
    format!("tenon {me}")
}

/// Makes the rules those of the wishes. What X refuses is no fault of the connection: the search finds the same later.
pub(super) async fn keep_rules(via: &Via<'_>, whole: &mut Whole) {
    let Some(token) = token(via.settings) else {
        whole.filtered = State::default();
        return;
    };
    let wishes = follow::each_once(via.wishes.iter().cloned());
    let wanted = search::queries(&wishes);
    let state = &whole.filtered;
    let is_refused = state.refused.is_some_and(|at| via.now < at + AGAIN);
    if state.rules == wanted && state.refused.is_none() || is_refused {
        return;
    }
    let done = put(via, token, &tag(&whole.me), &wanted).await;
    whole.filtered = match done {
        Ok(()) => State {
            rules: wanted,
            refused: None,
        },
        Err(_) => State {
            rules: Vec::new(),
            refused: Some(via.now),
        },
    };
}

async fn put(via: &Via<'_>, token: &str, tag: &str, wanted: &[String]) -> Result<(), Fault> {
    let url = format!("{API}{RULES}");
    let request = Request::get(&url).query(&[("max_results", MOST)]);
    let there: Rules = ask(via, request.bearer(token)).await?.read()?;
    let ours = || there.data.iter().filter(|r| r.tag == tag);
    let gone: Vec<&str> = ours()
        .filter(|r| !wanted.contains(&r.value))
        .map(|r| r.id.as_str())
        .collect();
    if !gone.is_empty() {
        let body = json!({ "delete": { "ids": gone } });
        ask(via, Request::json(&url, &body).bearer(token)).await?;
    }
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|w| ours().all(|r| r.value != **w))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let add: Vec<_> = missing
        .iter()
        .map(|value| json!({ "value": value, "tag": tag }))
        .collect();
    let request = Request::json(&url, &json!({ "add": add })).bearer(token);
    let added: Updated = ask(via, request).await?.read()?;
    match missing
        .iter()
        .all(|m| added.data.iter().any(|r| r.value == **m))
    {
        true => Ok(()),
        false => Err(Fault::Refused("X did not take all rules".into())),
    }
}

pub(super) fn request(settings: &Settings, whole: &Whole) -> Option<Request> {
    let token = token(settings).filter(|_| whole.filtered.is_on())?;
    // The stream still calls posts by their old name.
    let fields = FIELDS.map(|(name, values)| match name {
        "post.fields" => (
            "tweet.fields",
            "attachments,author_id,conversation_id,created_at,entities,lang,note_tweet,referenced_tweets",
        ),
        "expansions" => ("expansions", "attachments.media_keys,author_id"),
        _ => (name, values),
    });
    let request = Request::get(format!("{API}{STREAM}")).query(&fields);
    Some(request.bearer(token))
}

/// What came whole: a post a line, and empty lines in between that say that the stream lives.
pub(super) fn read(account: &Account, buffer: &mut Vec<u8>) -> Vec<Incoming> {
    let whole = buffer
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    let told: Vec<u8> = buffer.drain(..whole).collect();
    let ours = tag(&account.id);
    let lines = told
        .split(|b| *b == b'\n')
        .filter(|l| !l.trim_ascii().is_empty());
    // A line that is not understood, such as why the stream ends, is none: the search finds what it may have been.
    let streamed = lines.filter_map(|line| serde_json::from_slice::<Streamed>(line).ok());
    let matched = streamed.filter(|s| s.matching_rules.iter().any(|r| r.tag == ours));
    matched
        .filter_map(|s| {
            let list = List {
                data: vec![s.data],
                includes: s.includes,
                meta: Default::default(),
            };
            found(&account.id, &list).next()
        })
        .collect()
}

/// What was found, which is said to us where it names us.
pub(super) fn found<'a>(me: &'a str, list: &'a List) -> impl Iterator<Item = Incoming> + 'a {
    list.data.iter().filter_map(move |item| {
        let post = item.read.as_ref()?;
        let is_to_us = post.entities.mentions.iter().any(|m| m.id == me);
        let said = incoming(me, &list.includes, item)?;
        Some(Incoming {
            is_for_us: said.is_for_us && is_to_us,
            ..said
        })
    })
}
