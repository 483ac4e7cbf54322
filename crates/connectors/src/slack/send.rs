//! An answer goes into the thread, with our key beside it where nobody sees it; by that it is found again.

use super::wire::{History, Posted};
use super::{API, ask, id, mrkdwn, post};
use crate::http::Request;
use crate::{Fault, Outgoing, Sent, Via};
use serde_json::json;

const PAGES: usize = 5;

pub(super) async fn send(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let (channel, thread) = place(via, out);
    let mut body = json!({
        "channel": channel,
        "text": mrkdwn::escaped(&out.text),
        "mrkdwn": false,
        "unfurl_links": false,
        "metadata": { "event_type": "tenon_answer", "event_payload": { "key": out.key } },
    });
    if let Some(ts) = thread {
        body["thread_ts"] = json!(ts);
    }
    let request = Request::json(format!("{API}/chat.postMessage"), &body);
    let request = request.bearer(via.settings.get("token").trim());
    let posted: Posted = ask(via, request).await?.read()?;
    Ok(Sent {
        id: id(&posted.channel, &posted.ts),
        url: None,
    })
}

pub(super) async fn find(via: &Via<'_>, out: &Outgoing) -> Result<Option<Sent>, Fault> {
    let (channel, thread) = place(via, out);
    let method = match thread {
        Some(_) => "conversations.replies",
        None => "conversations.history",
    };
    let mut page = String::new();
    for _ in 0..PAGES {
        let mut query = vec![
            ("channel", channel),
            ("limit", "200"),
            ("include_all_metadata", "true"),
        ];
        query.extend(thread.map(|ts| ("ts", ts)));
        if !page.is_empty() {
            query.push(("cursor", &page));
        }
        let list: History = ask(via, post(via, method, &query)).await?.read()?;
        let mut messages = list.messages.iter().filter_map(|i| i.read.as_ref());
        let found = messages.find(|m| {
            m.metadata
                .as_ref()
                .is_some_and(|d| d.event_payload.key == out.key)
        });
        if let Some(found) = found {
            return Ok(Some(Sent {
                id: id(channel, &found.ts),
                url: None,
            }));
        }
        match list.response_metadata.next_cursor {
            Some(next) if !next.is_empty() && next != page => page = next,
            _ => break,
        }
    }
    Ok(None)
}

/// The channel, and the first message of the thread.
fn place<'a>(via: &'a Via<'_>, out: &'a Outgoing) -> (&'a str, Option<&'a str>) {
    let answered = out.thread.as_deref().or(out.reply_to.as_deref());
    match answered.and_then(|id| id.split_once(':')) {
        Some((channel, ts)) => (channel, Some(ts)),
        None => (via.settings.get("channel").trim(), None),
    }
}
