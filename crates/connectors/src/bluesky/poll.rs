//! What was said to us: as the AppView tells it, newest first, or from the posts of some people where there is none.

use super::session::Server;
use super::wire::{Notifications, Person, Posts, Record, Records};
use super::{POSTS, appview, facets, parts, shown};
use crate::back::Back;
use crate::channel::{Author, Media, Seen, What};
use crate::kept::Kept;
use crate::{Cursor, Fault, Incoming, Micros, Page, Via, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u32 = 1;
/// How many of the last posts are looked at again; what the service takes at once.
const WATCHED: usize = 25;
const PEOPLE: usize = 50;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    back: Back,
    /// How far each wish was read, and whose turn it is.
    #[serde(default)]
    pub wishes: BTreeMap<String, Back>,
    #[serde(default)]
    pub turn: usize,
    /// The last record read of each person, where there is no AppView.
    #[serde(default)]
    people: BTreeMap<String, String>,
    /// Posts that may be taken back.
    #[serde(default)]
    watched: Vec<(String, Micros)>,
}

pub(super) async fn poll(
    via: &Via<'_>,
    kept: &Kept,
    from: Option<&Cursor>,
) -> Result<Page<Incoming>, Fault> {
    let server = Server::of(via, kept)?;
    let me = server.session().await?;
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    let (mut items, mut has_more) = match appview(via) {
        Some(appview) => notified(&server, appview, &me.did, &mut state).await?,
        None => kept_there(&server, via, &me.did, &mut state).await?,
    };
    if let Some(appview) = appview(via) {
        let (found, more) = super::follow::read(&server, via, appview, &me.did, &mut state).await?;
        has_more |= more;
        for item in found {
            if items.iter().all(|i| i.id != item.id) {
                items.push(item);
            }
        }
    }
    if let (false, Some(appview)) = (has_more, appview(via)) {
        items.extend(taken_back(&server, appview, &mut state).await);
    }
    items.sort_by_key(|item| item.at);
    Ok(Page {
        items,
        cursor: Cursor {
            version: VERSION,
            state: serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?,
        },
        has_more,
        wait_until: None,
    })
}

async fn notified(
    server: &Server<'_>,
    appview: &str,
    me: &str,
    state: &mut State,
) -> Result<(Vec<Incoming>, bool), Fault> {
    let mut query = vec![("limit", "100")];
    query.extend(state.back.page().map(|page| ("cursor", page)));
    let call = server.call("app.bsky.notification.listNotifications");
    let call = call.query(&query).header("atproto-proxy", appview);
    let answer = server.answer(call).await;
    if matches!(answer, Err(Fault::Refused(_))) && state.back.lost_its_page() {
        return Ok((Vec::new(), true));
    }
    let list: Notifications = answer?.read()?;
    let mut items: Vec<Incoming> = Vec::new();
    let mut marks = Vec::new();
    for item in &list.notifications {
        let Some(told) = &item.read else { continue };
        marks.push(told.indexed_at.max(0) as u64);
        let is_said = matches!(told.reason.as_str(), "mention" | "reply" | "quote");
        if !is_said || items.iter().any(|i| i.id == told.uri) {
            continue;
        }
        let said = incoming(
            &told.uri,
            &told.author,
            &told.record,
            told.indexed_at,
            &item.raw,
        );
        items.push(Incoming {
            is_ours: told.author.did == me,
            is_for_us: true,
            ..said
        });
        state.watched.retain(|(uri, _)| *uri != told.uri);
        state.watched.push((told.uri.clone(), told.indexed_at));
    }
    state.watched.sort_by_key(|(_, at)| *at);
    let over = state.watched.len().saturating_sub(WATCHED);
    state.watched.drain(..over);
    let has_more = state.back.read(&marks, list.cursor);
    Ok((items, has_more))
}

/// The posts of the people that are named, oldest first; what is not to us is left out.
async fn kept_there(
    server: &Server<'_>,
    via: &Via<'_>,
    me: &str,
    state: &mut State,
) -> Result<(Vec<Incoming>, bool), Fault> {
    let (mut items, mut has_more) = (Vec::new(), false);
    let people = via.settings.get("people").split(',');
    let people = people.map(|p| p.trim().trim_start_matches('@'));
    for person in people.filter(|p| !p.is_empty()).take(PEOPLE) {
        let last = state.people.get(person).cloned().unwrap_or_default();
        let mut query = vec![
            ("repo", person),
            ("collection", POSTS),
            ("limit", "100"),
            ("reverse", "true"),
        ];
        if !last.is_empty() {
            query.push(("cursor", &last));
        }
        let call = server.call("com.atproto.repo.listRecords").query(&query);
        let list: Records = server.answer(call).await?.read()?;
        let read = list
            .records
            .iter()
            .filter_map(|i| Some((i, i.read.as_ref()?)));
        let mut reached = last.clone();
        for (item, record) in read {
            let Some((did, _, key)) = parts(&record.uri) else {
                continue;
            };
            reached = reached.max(key.to_string());
            let author = Person {
                did: did.into(),
                handle: person.into(),
                ..Person::default()
            };
            let at: Option<jiff::Timestamp> = record.value.created_at.parse().ok();
            let at = at.map_or(via.now, |at| at.as_microsecond());
            let said = incoming(&record.uri, &author, &record.value, at, &item.raw);
            let is_for_us = is_to(me, &record.value);
            if is_for_us {
                items.push(Incoming {
                    is_for_us,
                    is_ours: did == me,
                    ..said
                });
            }
        }
        // The server says where to go on, also behind what we could not read.
        reached = reached.max(list.cursor.unwrap_or_default());
        has_more |= reached != last;
        state.people.insert(person.into(), reached);
    }
    Ok((items, has_more))
}

pub(super) fn is_to(me: &str, record: &Record) -> bool {
    let ours = format!("at://{me}/");
    let is_reply = record
        .reply
        .as_ref()
        .is_some_and(|r| r.parent.uri.starts_with(&ours));
    let mut features = facets::features(&record.facets);
    is_reply || features.any(|f| f.did.as_deref() == Some(me))
}

pub(super) fn incoming(
    uri: &str,
    author: &Person,
    record: &Record,
    at: Micros,
    raw: &str,
) -> Incoming {
    let handle = text::line(&author.handle);
    let tags = facets::features(&record.facets).filter_map(|f| f.tag.as_deref());
    let tags = record.tags.iter().map(String::as_str).chain(tags);
    let reply = record.reply.as_ref();
    let images = record.embed.iter().flat_map(|e| &e.images);
    Incoming {
        what: What::Said,
        at,
        thread: Some(reply.map_or(uri, |r| r.root.uri.as_str()).into()),
        reply_to: reply.map(|r| r.parent.uri.clone()),
        url: shown(&handle, uri),
        author: Author {
            id: author.did.clone(),
            url: Some(format!("https://bsky.app/profile/{}", author.did)),
            name: text::line(&author.display_name),
            handle: format!("@{handle}"),
        },
        seen: Seen::Public,
        text: text::clean(&facets::whole(&record.text, &record.facets)),
        language: record.langs.first().cloned(),
        tags: tags.map(text::line).take(50).collect(),
        media: images
            .map(|image| Media {
                url: format!(
                    "https://cdn.bsky.app/img/feed_fullsize/plain/{}/{}@jpeg",
                    author.did, image.image.link.cid
                ),
                kind: image.image.mime_type.clone(),
                description: text::clean(&image.alt),
            })
            .collect(),
        raw: raw.into(),
        ..Incoming::deleted(uri, at)
    }
}

/// The last posts again: what the AppView has not any more. Tried again with the next poll, so that no fault of it holds anything up.
async fn taken_back(server: &Server<'_>, appview: &str, state: &mut State) -> Vec<Incoming> {
    let query: Vec<_> = state
        .watched
        .iter()
        .map(|(uri, _)| ("uris", uri.as_str()))
        .collect();
    if query.is_empty() {
        return Vec::new();
    }
    let call = server.call("app.bsky.feed.getPosts").query(&query);
    let Ok(answer) = server.answer(call.header("atproto-proxy", appview)).await else {
        return Vec::new();
    };
    let Ok(found) = answer.read::<Posts>() else {
        return Vec::new();
    };
    let mut gone = Vec::new();
    for (uri, at) in &state.watched {
        let is_it = |post: &str| post == uri;
        let is_there = found
            .posts
            .iter()
            .filter_map(|p| p.read.as_ref())
            .any(|p| is_it(&p.uri));
        if !is_there && is_gone(server, appview, uri).await {
            gone.push(Incoming::deleted(uri, *at));
        }
    }
    state
        .watched
        .retain(|(uri, _)| gone.iter().all(|g| g.id != *uri));
    gone
}

/// Left out may also mean that one of the two blocks the other.
async fn is_gone(server: &Server<'_>, appview: &str, uri: &str) -> bool {
    let query = [("uri", uri), ("depth", "0"), ("parentHeight", "0")];
    let call = server.call("app.bsky.feed.getPostThread").query(&query);
    let answer = server.answer(call.header("atproto-proxy", appview)).await;
    matches!(answer, Err(Fault::Gone(_)))
}
