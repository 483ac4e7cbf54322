//! What X delivers of an account. It comes in the shape of the older API, under the same ids.

use super::wire::{Activity, Deletion, Old};
use super::{plain, shown};
use crate::channel::{Author, Delivered, Seen, What};
use crate::json::Item;
use crate::{Account, Fault, Incoming, text};

pub(super) fn read(account: &Account, body: &[u8]) -> Result<Delivered, Fault> {
    let told: Activity = serde_json::from_slice(body).map_err(|e| Fault::Strange(e.to_string()))?;
    // An app may hear several accounts.
    if told.for_user_id != account.id {
        return Ok(Delivered::Said(Vec::new()));
    }
    let said = told
        .tweet_create_events
        .iter()
        .filter_map(|i| said(account, i));
    let deleted = told.tweet_delete_events.iter().filter_map(deleted);
    Ok(Delivered::Said(said.chain(deleted).collect()))
}

fn said(account: &Account, item: &Item<Old>) -> Option<Incoming> {
    let post = item
        .read
        .as_ref()
        .filter(|p| p.retweeted_status.is_none())?;
    let at: i64 = post.timestamp_ms.parse().ok()?;
    let id = post
        .edit_history
        .as_ref()
        .map_or(&post.id_str, |e| &e.initial_tweet_id);
    let handle = format!("@{}", text::line(&post.user.screen_name));
    let is_ours = post.user.id_str == account.id;
    let text = match &post.extended_tweet {
        Some(long) => plain(&long.full_text, &long.entities),
        None => plain(&post.text, &post.entities),
    };
    Some(Incoming {
        what: if *id == post.id_str {
            What::Said
        } else {
            What::Edited
        },
        reply_to: post.in_reply_to_status_id_str.clone(),
        url: shown(&handle, &post.id_str),
        author: Author {
            id: post.user.id_str.clone(),
            url: Some(format!("https://x.com/i/user/{}", post.user.id_str)),
            name: text::line(&post.user.name),
            handle,
        },
        is_ours,
        is_for_us: !is_ours,
        seen: Seen::Public,
        text,
        language: post.lang.clone(),
        raw: item.raw.clone(),
        ..Incoming::deleted(id, at.saturating_mul(1000))
    })
}

fn deleted(item: &Item<Deletion>) -> Option<Incoming> {
    let told = item.read.as_ref()?;
    let at: i64 = told.timestamp_ms.parse().unwrap_or(0);
    Some(Incoming {
        raw: item.raw.clone(),
        ..Incoming::deleted(&told.status.id, at.saturating_mul(1000))
    })
}
