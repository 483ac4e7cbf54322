//! What Facebook delivers: changes of the feed, and messages.

use super::wire::{Change, Messaging, Told};
use crate::channel::{Author, Delivered, Delivery, Seen, What};
use crate::json::Item;
use crate::{Account, Fault, Incoming, Settings, sign, text};

/// Facebook asks whether the address is ours by the word that both know.
pub(super) fn handshake(settings: &Settings, delivery: &Delivery) -> Result<Delivered, Fault> {
    let word = settings.get("verify_token").trim();
    sign::token(word, &delivery.query("hub.verify_token"))?;
    match delivery.query("hub.mode").as_str() {
        "subscribe" => {
            let challenge = delivery.query("hub.challenge");
            Ok(Delivered::Handshake("text/plain", text::line(&challenge)))
        }
        other => Err(Fault::Refused(format!("{other:?} is no subscription"))),
    }
}

pub(super) fn read(account: &Account, body: &[u8]) -> Result<Delivered, Fault> {
    let told: Told = serde_json::from_slice(body).map_err(|e| Fault::Strange(e.to_string()))?;
    let entries = told.entry.iter().filter_map(|i| i.read.as_ref());
    // An app may hear several pages.
    let ours = entries.filter(|e| told.object == "page" && e.id == account.id);
    let said = ours.flat_map(|entry| {
        let comments = entry.changes.iter().filter_map(|c| comment(account, c));
        let messages = entry.messaging.iter().filter_map(|m| message(account, m));
        comments.chain(messages)
    });
    Ok(Delivered::Said(said.collect()))
}

fn comment(account: &Account, item: &Item<Change>) -> Option<Incoming> {
    let change = item.read.as_ref()?;
    let value = &change.value;
    if change.field != "feed" || value.item != "comment" || value.comment_id.is_empty() {
        return None;
    }
    let at = value.created_time.saturating_mul(1_000_000);
    let what = match value.verb.as_str() {
        "add" => What::Said,
        "edited" | "edit" => What::Edited,
        "remove" => What::Deleted,
        // Hidden and shown again is nothing said.
        _ => return None,
    };
    let gone = Incoming {
        raw: item.raw.clone(),
        ..Incoming::deleted(&value.comment_id, at)
    };
    if what == What::Deleted {
        return Some(gone);
    }
    let from = value.from.clone().unwrap_or_default();
    let is_ours = from.id == account.id;
    // What answers the post itself answers no comment.
    let is_answer = !value.parent_id.is_empty() && value.parent_id != value.post_id;
    Some(Incoming {
        what,
        thread: Some(value.post_id.clone()).filter(|p| !p.is_empty()),
        reply_to: is_answer.then(|| value.parent_id.clone()),
        author: Author {
            name: text::line(&from.name),
            handle: text::line(&from.name),
            id: from.id,
            url: None,
        },
        is_ours,
        is_for_us: !is_ours,
        text: text::clean(&value.message),
        ..gone
    })
}

fn message(account: &Account, item: &Item<Messaging>) -> Option<Incoming> {
    let told = item.read.as_ref()?;
    let message = told.message.as_ref()?;
    let at = told.timestamp.saturating_mul(1000);
    let is_ours = message.is_echo || told.sender.id == account.id;
    Some(Incoming {
        what: What::Said,
        reply_to: message.reply_to.as_ref().map(|r| r.mid.clone()),
        author: Author {
            id: told.sender.id.clone(),
            ..Author::default()
        },
        is_ours,
        is_for_us: !is_ours,
        seen: Seen::Direct,
        text: text::clean(&message.text),
        raw: item.raw.clone(),
        ..Incoming::deleted(&message.mid, at)
    })
}
