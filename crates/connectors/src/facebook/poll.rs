//! The last posts of the page and the last conversations with it, and in each of them what is new.

use super::wire::{List, Place, Said};
use super::{API, ask, me, moment, signed};
use crate::back::Back;
use crate::channel::{Author, Seen, What};
use crate::http::{Request, segment};
use crate::json::Item;
use crate::{Cursor, Fault, Incoming, Page, Via, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u32 = 1;
const PLACES: usize = 25;

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    me: String,
    /// What is there the first time was not all said lately; what comes later is all new.
    began: bool,
    comments: BTreeMap<String, Read>,
    messages: BTreeMap<String, Read>,
}

/// How far a post or a conversation was read, and how it looked then.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Read {
    back: Back,
    updated: String,
}

/// The two kinds of places.
struct Kind {
    places: &'static str,
    within: &'static str,
    fields: &'static str,
    seen: Seen,
}

const COMMENTS: Kind = Kind {
    places: "feed",
    within: "comments",
    fields: "id,message,created_time,from,parent,permalink_url",
    seen: Seen::Public,
};

const MESSAGES: Kind = Kind {
    places: "conversations",
    within: "messages",
    fields: "id,message,created_time,from",
    seen: Seen::Direct,
};

pub(super) async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    if state.me.is_empty() {
        state.me = me(via).await?.id;
    }
    let began = std::mem::replace(&mut state.began, true);
    let new = if began {
        Back::to_the_start()
    } else {
        Back::default()
    };
    let (mut items, mut has_more) =
        read(via, &COMMENTS, &state.me, &new, &mut state.comments).await?;
    match read(via, &MESSAGES, &state.me, &new, &mut state.messages).await {
        Ok((more, is_more)) => {
            items.extend(more);
            has_more |= is_more;
        }
        // A page may be connected for its comments only.
        Err(Fault::NotAllowed(_)) => (),
        Err(other) => return Err(other),
    }
    items.sort_by_key(|item| item.at);
    Ok(Page {
        items,
        has_more,
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        wait_until: None,
    })
}

async fn read(
    via: &Via<'_>,
    kind: &Kind,
    me: &str,
    new: &Back,
    reads: &mut BTreeMap<String, Read>,
) -> Result<(Vec<Incoming>, bool), Fault> {
    let limit = PLACES.to_string();
    let call = Request::get(format!("{API}/{}/{}", segment(me), kind.places));
    let call = call.query(&[("fields", "id,updated_time"), ("limit", &limit)]);
    let places: List<Place> = ask(via, signed(via, call)).await?.read()?;
    let places: Vec<Place> = places.data.into_iter().filter_map(|i| i.read).collect();
    // What is not among the last any more is not looked at any more, unless it is being read.
    reads.retain(|id, read| read.back.page().is_some() || places.iter().any(|p| p.id == *id));
    let (mut items, mut has_more) = (Vec::new(), false);
    for place in places {
        let known = reads.entry(place.id.clone()).or_insert_with(|| Read {
            back: new.clone(),
            updated: String::new(),
        });
        let is_as_it_was = !known.updated.is_empty() && known.updated == place.updated_time;
        if is_as_it_was && known.back.page().is_none() {
            continue;
        }
        let (said, is_more) = within(via, kind, me, &place.id, &mut known.back).await?;
        items.extend(said);
        has_more |= is_more;
        known.updated = place.updated_time;
    }
    Ok((items, has_more))
}

/// One page of what was said there, newest first.
async fn within(
    via: &Via<'_>,
    kind: &Kind,
    me: &str,
    place: &str,
    back: &mut Back,
) -> Result<(Vec<Incoming>, bool), Fault> {
    let mut query = vec![("fields", kind.fields), ("limit", "100")];
    if kind.within == "comments" {
        // Answers to comments too, and not what Facebook takes for the best.
        query.extend([("filter", "stream"), ("order", "reverse_chronological")]);
    }
    query.extend(back.page().map(|page| ("after", page)));
    let call = Request::get(format!("{API}/{}/{}", segment(place), kind.within)).query(&query);
    let answer = ask(via, signed(via, call)).await;
    match &answer {
        Err(Fault::Refused(_)) if back.lost_its_page() => return Ok((Vec::new(), true)),
        Err(Fault::Gone(_)) => return Ok((Vec::new(), false)),
        _ => (),
    }
    let list: List<Said> = answer?.read()?;
    let read = list.data.iter().filter_map(|i| i.read.as_ref());
    let marks = read.filter_map(|said| moment(&said.created_time));
    let marks: Vec<u64> = marks.map(|at| at.max(0) as u64).collect();
    let items = list
        .data
        .iter()
        .filter_map(|i| incoming(kind, me, place, i));
    let items = items.collect();
    let next = list.paging.next.and(list.paging.cursors.after);
    Ok((items, back.read(&marks, next)))
}

fn incoming(kind: &Kind, me: &str, place: &str, item: &Item<Said>) -> Option<Incoming> {
    let said = item.read.as_ref()?;
    let at = moment(&said.created_time)?;
    let from = said.from.clone().unwrap_or_default();
    let is_ours = from.id == me;
    Some(Incoming {
        what: What::Said,
        thread: Some(place.into()),
        reply_to: said.parent.as_ref().map(|p| p.id.clone()),
        author: Author {
            name: text::line(&from.name),
            handle: text::line(&from.name),
            id: from.id,
            url: None,
        },
        is_ours,
        is_for_us: !is_ours,
        seen: kind.seen,
        text: text::clean(&said.message),
        url: said.permalink_url.clone(),
        raw: item.raw.clone(),
        ..Incoming::deleted(&said.id, at)
    })
}
