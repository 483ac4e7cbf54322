//! What was said since the last time: mentions, tags, phrases, accounts, and what became of the last posts.

use super::{Server, wire};
use crate::channel::What;
use crate::follow::{self, Wanted, Wish};
use crate::http::{Response, segment};
use crate::json::Item;
use crate::{Cursor, Fault, Incoming, Micros, Page, Via};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::Status;

const VERSION: u32 = 1;
/// What servers give at once at most.
const AT_ONCE: usize = 40;
/// Before all there is, for numbers and for the longer ids of GoToSocial alike.
const BEFORE_ALL: &str = "00000000000000000000000000";
/// How many posts are looked at again, and how many conversations are asked for in one poll.
const WATCHED: usize = 20;
const THREADS: usize = 20;
/// How many wishes have their turn in one poll: servers take 300 requests in five minutes.
const FOLLOWED: usize = 8;
/// Pages of a search in one poll.
const SEARCHED: usize = 5;

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// The id of our account.
    me: String,
    /// The last notification, and the last post of each tag, phrase and account.
    mentions: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    phrases: BTreeMap<String, String>,
    #[serde(default)]
    accounts: BTreeMap<String, Followed>,
    /// Whose turn it is, where not all that is followed is asked for in one poll.
    #[serde(default)]
    turn: usize,
    #[serde(default)]
    watched: Vec<Watched>,
}

/// An account by the server's id of it, and its last post.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Followed {
    id: String,
    last: String,
}

/// A post that may be edited or taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Watched {
    id: String,
    at: Micros,
    edited: Option<String>,
    /// Not said to us; what was said to us is watched before it.
    #[serde(default)]
    is_found: bool,
}

/// A list of the server that was read on.
struct Read {
    items: Vec<Item<Status>>,
    last: String,
    has_more: bool,
    wait_until: Option<Micros>,
}

pub(super) async fn poll(via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
    let server = Server::of(via.settings)?;
    let known = from.filter(|c| c.version == VERSION);
    let known = known.and_then(|c| State::deserialize(&c.state).ok());
    let mut state = known.unwrap_or_default();
    if state.me.is_empty() {
        let me: wire::Account = server
            .ask(via, "/api/v1/accounts/verify_credentials", &[])
            .await?;
        state.me = me.id;
    }
    let mut page = Page {
        items: Vec::new(),
        cursor: Cursor {
            version: VERSION,
            state: serde_json::Value::Null,
        },
        has_more: false,
        wait_until: None,
    };
    let read = mentions(&server, via, &state.mentions).await?;
    page.take(&server, &mut state, &read, true);
    state.mentions = read.last;
    let wishes = wishes(via);
    state.forget_all_but(&wishes);
    for wish in follow::in_turn(&wishes, &mut state.turn, FOLLOWED) {
        match followed(&server, via, &mut state, &wish).await {
            Ok(read) => page.take(&server, &mut state, &read, false),
            // An account that is gone, or a tag that is not let through, holds up nothing else.
            Err(Fault::Gone(_) | Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    threads(&server, via, &mut page.items).await;
    if !page.has_more {
        page.items.extend(changed(&server, via, &mut state).await);
    }
    page.items.sort_by_key(|item| item.at);
    page.cursor.state = serde_json::to_value(&state).map_err(|e| Fault::Strange(e.to_string()))?;
    Ok(page)
}

impl Page<Incoming> {
    fn take(&mut self, server: &Server, state: &mut State, read: &Read, is_for_us: bool) {
        for item in &read.items {
            let Some(mut incoming) = server.incoming(item, What::Said, &state.me) else {
                continue;
            };
            if self.items.iter().any(|i| i.id == incoming.id) {
                continue;
            }
            incoming.is_for_us |= is_for_us;
            if !incoming.is_ours {
                state.watch(item, !incoming.is_for_us);
            }
            self.items.push(incoming);
        }
        self.has_more |= read.has_more;
        self.wait_until = self.wait_until.max(read.wait_until);
    }
}

impl State {
    /// What is not followed any more begins anew when it is wished for again.
    fn forget_all_but(&mut self, wishes: &[Wish]) {
        let is_there = |what, words: &str| {
            let key = Wish::of(what, words).key();
            wishes.iter().any(|w| w.key() == key)
        };
        self.tags.retain(|words, _| is_there(Wanted::Tag, words));
        self.phrases
            .retain(|words, _| is_there(Wanted::Phrase, words));
        self.accounts
            .retain(|words, _| is_there(Wanted::Account, words));
    }

    fn watch(&mut self, item: &Item<Status>, is_found: bool) {
        let Some(status) = &item.read else { return };
        self.watched.retain(|w| w.id != status.id);
        self.watched.push(Watched {
            id: status.id.clone(),
            at: status.created_at,
            edited: status.edited_at.clone(),
            is_found,
        });
        self.watched.sort_by_key(|w| (!w.is_found, w.at));
        let over = self.watched.len().saturating_sub(WATCHED);
        self.watched.drain(..over);
    }
}

/// What is to be followed: by the connection's settings, and by whoever wishes for it.
fn wishes(via: &Via<'_>) -> Vec<Wish> {
    let tags = follow::listed(Wanted::Tag, via.settings.get("tags"));
    let phrases = follow::listed(Wanted::Phrase, via.settings.get("phrases"));
    follow::each_once(tags.chain(phrases).chain(via.wishes.iter().cloned()))
}

/// What follows the last post of a wish.
async fn followed(
    server: &Server,
    via: &Via<'_>,
    state: &mut State,
    wish: &Wish,
) -> Result<Read, Fault> {
    let words = &wish.words;
    let last = |all: &BTreeMap<String, String>| all.get(words).cloned().unwrap_or_default();
    match wish.what {
        Wanted::Tag => {
            let read = tagged(server, via, words, &last(&state.tags)).await?;
            state.tags.insert(words.clone(), read.last.clone());
            Ok(read)
        }
        Wanted::Phrase => {
            let read = searched(server, via, words, &last(&state.phrases)).await?;
            state.phrases.insert(words.clone(), read.last.clone());
            Ok(read)
        }
        Wanted::Account => {
            let mut known = state.accounts.get(words).cloned().unwrap_or_default();
            if known.id.is_empty() {
                known.id = account(server, via, words).await?.id;
            }
            let read = said_by(server, via, &known).await?;
            known.last = read.last.clone();
            state.accounts.insert(words.clone(), known);
            Ok(read)
        }
    }
}

/// An account by its name; one of another server may have to be asked for there first.
pub(super) async fn account(
    server: &Server,
    via: &Via<'_>,
    name: &str,
) -> Result<wire::Account, Fault> {
    let name = name.trim().trim_start_matches('@');
    let looked = server
        .ask(via, "/api/v1/accounts/lookup", &[("acct", name)])
        .await;
    match looked {
        Err(Fault::Gone(_)) => {}
        other => return other,
    }
    let at_name = format!("@{name}");
    let query = [
        ("q", at_name.as_str()),
        ("type", "accounts"),
        ("resolve", "true"),
        ("limit", "5"),
    ];
    let found: wire::Found = server.ask(via, "/api/v2/search", &query).await?;
    let mut found = found.accounts.into_iter().filter_map(|a| a.read);
    let is_it = |a: &wire::Account| {
        server
            .author(a)
            .handle
            .trim_start_matches('@')
            .eq_ignore_ascii_case(name)
    };
    found
        .find(is_it)
        .ok_or_else(|| Fault::Gone(format!("nobody is called {at_name}")))
}

/// What an account said of its own accord.
async fn said_by(server: &Server, via: &Via<'_>, known: &Followed) -> Result<Read, Fault> {
    let path = format!("/api/v1/accounts/{}/statuses", segment(&known.id));
    let query = [("exclude_reblogs", "true"), ("exclude_replies", "true")];
    let (response, limit) = list(server, via, &path, &query, &known.last).await?;
    let items: Vec<Item<Status>> = response.read()?;
    let ids = items.iter().filter_map(|i| i.read.as_ref());
    Ok(Read {
        last: reached(&response, &known.last, ids.map(|s| s.id.as_str())),
        has_more: items.len() >= limit,
        wait_until: exhausted(&response, via.now),
        items,
    })
}

/// By length first: ids of one server are numbers, or letters of one length.
fn later(a: &str, b: &str) -> String {
    match (a.len(), a) > (b.len(), b) {
        true => a.into(),
        false => b.into(),
    }
}

async fn mentions(server: &Server, via: &Via<'_>, last: &str) -> Result<Read, Fault> {
    let path = "/api/v1/notifications";
    let (response, limit) = list(server, via, path, &[("types[]", "mention")], last).await?;
    let items: Vec<Item<wire::Notification>> = response.read()?;
    let ids = items.iter().filter_map(|i| i.read.as_ref());
    let last = reached(&response, last, ids.map(|n| n.id.as_str()));
    let has_more = items.len() >= limit;
    let told = items.into_iter().filter_map(|i| i.read);
    let told = told.filter(|n| n.kind == "mention");
    Ok(Read {
        items: told.filter_map(|n| n.status).collect(),
        last,
        has_more,
        wait_until: exhausted(&response, via.now),
    })
}

async fn tagged(server: &Server, via: &Via<'_>, tag: &str, last: &str) -> Result<Read, Fault> {
    let path = format!("/api/v1/timelines/tag/{}", segment(tag));
    let (response, limit) = list(server, via, &path, &[], last).await?;
    let items: Vec<Item<Status>> = response.read()?;
    let ids = items.iter().filter_map(|i| i.read.as_ref());
    Ok(Read {
        last: reached(&response, last, ids.map(|s| s.id.as_str())),
        has_more: items.len() >= limit,
        wait_until: exhausted(&response, via.now),
        items,
    })
}

/// What follows the last: `min_id` gives the next page, not the newest. Without a last, the newest.
async fn list(
    server: &Server,
    via: &Via<'_>,
    path: &str,
    query: &[(&str, &str)],
    last: &str,
) -> Result<(Response, usize), Fault> {
    let limit = AT_ONCE.to_string();
    let mut query = query.to_vec();
    query.push(("limit", &limit));
    if !last.is_empty() {
        query.push(("min_id", last));
    }
    let response = server.answer(via, server.get(path).query(&query)).await?;
    // Without a last there is nothing more than what was lately.
    let most = if last.is_empty() { usize::MAX } else { AT_ONCE };
    Ok((response, most))
}

/// Where to go on: as the server says, or behind what was read.
fn reached<'a>(response: &Response, last: &str, ids: impl Iterator<Item = &'a str>) -> String {
    let link = response.link("prev").and_then(|url| {
        let url = url::Url::parse(&url).ok()?;
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, _)| name == "min_id");
        found.map(|(_, id)| id.into_owned())
    });
    let last = if last.is_empty() { BEFORE_ALL } else { last };
    // Zeros are as long as any id, and come before all.
    let mut reached = last.to_string();
    for id in ids.map(String::from).chain(link) {
        reached = match reached == BEFORE_ALL {
            true => id,
            false => later(&reached, &id),
        };
    }
    reached
}

/// A search shows the newest first, so it is read back to the last one.
async fn searched(server: &Server, via: &Via<'_>, phrase: &str, last: &str) -> Result<Read, Fault> {
    let quoted = format!("\"{}\"", phrase.replace('"', " "));
    let limit = AT_ONCE.to_string();
    let mut items: Vec<Item<Status>> = Vec::new();
    let mut wait_until = None;
    for page in 0..SEARCHED {
        let offset = (page * AT_ONCE).to_string();
        let mut query = vec![
            ("q", quoted.as_str()),
            ("type", "statuses"),
            ("limit", &limit),
            ("offset", &offset),
        ];
        if !last.is_empty() {
            query.push(("min_id", last));
        }
        let response = server
            .answer(via, server.get("/api/v2/search").query(&query))
            .await?;
        let found: wire::Found = response.read()?;
        wait_until = exhausted(&response, via.now);
        let is_all = last.is_empty() || found.statuses.len() < AT_ONCE;
        items.extend(found.statuses);
        if is_all {
            break;
        }
    }
    let ids = items.iter().filter_map(|i| i.read.as_ref());
    let newest = ids.fold(last.to_string(), |newest, s| later(&newest, &s.id));
    // Not all servers leave out what came before.
    if !last.is_empty() {
        items.retain(|i| {
            i.read
                .as_ref()
                .is_some_and(|s| s.id != last && later(&s.id, last) == s.id)
        });
    }
    Ok(Read {
        items,
        last: newest,
        has_more: false,
        wait_until,
    })
}

/// When nothing is left of the limit, what is to come waits for the next.
fn exhausted(response: &Response, now: Micros) -> Option<Micros> {
    let is_out = response.header("x-ratelimit-remaining") == Some("0");
    is_out
        .then(|| response.resets("x-ratelimit-reset", now))
        .flatten()
}

/// Answers belong to the thread that their conversation began with. What can't be had is left to who follows `reply_to`.
async fn threads(server: &Server, via: &Via<'_>, items: &mut [Incoming]) {
    let answers = items.iter_mut().filter(|i| i.reply_to.is_some());
    for item in answers.take(THREADS) {
        let path = format!("/api/v1/statuses/{}/context", segment(&item.id));
        match server.ask::<wire::Context>(via, &path, &[]).await {
            Ok(context) => {
                let first = context.ancestors.into_iter().find_map(|a| a.read);
                let is_root = first.filter(|s| s.in_reply_to_id.is_none());
                item.thread = is_root.map(|s| s.id);
            }
            Err(Fault::Gone(_) | Fault::NotAllowed(_)) => (),
            Err(_) => return,
        }
    }
}

/// The last posts again: those edited since, and those taken back. It is tried again with the next poll, so that no fault of it
/// holds up what was said.
async fn changed(server: &Server, via: &Via<'_>, state: &mut State) -> Vec<Incoming> {
    let mut changed = Vec::new();
    let query: Vec<_> = state
        .watched
        .iter()
        .map(|w| ("id[]", w.id.as_str()))
        .collect();
    if query.is_empty() {
        return changed;
    }
    let Ok(statuses) = server
        .ask::<Vec<Item<Status>>>(via, "/api/v1/statuses", &query)
        .await
    else {
        return changed;
    };
    let mut kept = Vec::new();
    for mut watched in std::mem::take(&mut state.watched) {
        let is_it = |i: &&Item<Status>| i.read.as_ref().is_some_and(|s| s.id == watched.id);
        match statuses.iter().find(is_it) {
            Some(item) => {
                let edited = item.read.as_ref().and_then(|s| s.edited_at.clone());
                if edited != watched.edited {
                    watched.edited = edited;
                    changed.extend(server.incoming(item, What::Edited, &state.me));
                }
                kept.push(watched);
            }
            None if is_gone(server, via, &watched.id).await => {
                changed.push(Incoming::deleted(&watched.id, watched.at));
            }
            None => kept.push(watched),
        }
    }
    state.watched = kept;
    changed
}

/// Left out of a list is not taken back yet: the one post is asked for.
async fn is_gone(server: &Server, via: &Via<'_>, id: &str) -> bool {
    let path = format!("/api/v1/statuses/{}", segment(id));
    let answer = server.answer(via, server.get(&path)).await;
    matches!(answer, Err(Fault::Gone(_)))
}
