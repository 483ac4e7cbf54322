//! A comment under a comment, a message to a person, or a post of the page.

use super::wire::{List, Place, Said, Sent as Answered};
use super::{API, ask, moment, signed};
use crate::channel::Seen;
use crate::http::{Request, segment};
use crate::{Account, Fault, Outgoing, Sent, Via};
use serde_json::json;

/// What two clocks may be apart unseen.
const SLACK: i64 = 120_000_000;

pub(super) async fn send(via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
    let request = match out.seen {
        Seen::Direct => {
            let body = json!({
                "recipient": { "id": person(out)? },
                "messaging_type": "RESPONSE",
                "message": { "text": out.text },
            });
            Request::json(format!("{API}/me/messages"), &body)
        }
        Seen::Public => {
            let url = match answered(out) {
                Some(place) => format!("{API}/{}/comments", segment(place)),
                None => format!("{API}/me/feed"),
            };
            Request::json(url, &json!({ "message": out.text }))
        }
    };
    let answered: Answered = ask(via, signed(via, request)).await?.read()?;
    let id = match answered.message_id.is_empty() {
        true => answered.id,
        false => answered.message_id,
    };
    Ok(Sent { id, url: None })
}

/// Among the answers to the comment, what was last said to the person, or the last posts of the page.
pub(super) async fn find(
    via: &Via<'_>,
    account: &Account,
    out: &Outgoing,
) -> Result<Option<Sent>, Fault> {
    const FIELDS: (&str, &str) = ("fields", "id,message,created_time,from");
    let place = match (out.seen, answered(out)) {
        (Seen::Public, Some(place)) => format!("{}/comments", segment(place)),
        (Seen::Public, None) => format!("{}/feed", segment(&account.id)),
        (Seen::Direct, _) => {
            let call = Request::get(format!("{API}/me/conversations"));
            let call = call.query(&[("user_id", person(out)?), ("fields", "id")]);
            let found: List<Place> = ask(via, signed(via, call)).await?.read()?;
            match found.data.into_iter().find_map(|i| i.read) {
                Some(conversation) => format!("{}/messages", segment(&conversation.id)),
                None => return Ok(None),
            }
        }
    };
    let call = Request::get(format!("{API}/{place}"));
    let call = call.query(&[FIELDS, ("limit", "100"), ("order", "reverse_chronological")]);
    let answer = ask(via, signed(via, call)).await?;
    let list: List<Said> = answer.read()?;
    let mut said = list.data.into_iter().filter_map(|i| i.read);
    let found = said.find(|said| {
        let at = moment(&said.created_time).map(|at| answer.on_our_clock(at, via.now));
        let is_since = at.is_some_and(|at| at >= out.since - SLACK);
        let is_ours = said.from.as_ref().is_some_and(|f| f.id == account.id);
        is_since
            && is_ours
            && said
                .message
                .split_whitespace()
                .eq(out.text.split_whitespace())
    });
    Ok(found.map(|said| Sent {
        id: said.id,
        url: None,
    }))
}

fn answered(out: &Outgoing) -> Option<&str> {
    out.reply_to.as_deref().or(out.thread.as_deref())
}

fn person(out: &Outgoing) -> Result<&str, Fault> {
    let id = out.to.as_ref().map(|to| to.id.as_str());
    id.filter(|id| !id.is_empty())
        .ok_or_else(|| Fault::Refused("nobody is answered".into()))
}
