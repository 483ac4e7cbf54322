//! HubSpot's Webhooks Journal: HubSpot writes down what was changed, keeps it for three days and tells it to whoever asks, so it needs no address
//! of ours. It is read where somebody signed in to an app that may. It only says sooner which deals to look at: searching goes on, the
//! rarer the longer the journal told of all that is found, and as often as without it where it is silent.

use super::HubSpot;
use super::poll::PROPERTIES;
use super::wire::{self, API, Entry, File, List, Subscription};
use crate::http::segment;
use crate::{Change, Fault, Micros, Request, Response, Settings, Via, oauth};
use serde_json::json;
use std::collections::BTreeMap;

/// Of one account, not of all where the app is installed.
pub const JOURNAL: &str = "/webhooks-journal/journal-local/2026-03";
pub const SUBSCRIPTIONS: &str = "/webhooks-journal/subscriptions/2026-03";
const TOKEN: &str = "/oauth/v1/token";
const SCOPES: &str = "developer.webhooks_journal.read developer.webhooks_journal.subscriptions.read developer.webhooks_journal.subscriptions.write";
pub const DEAL: &str = "0-3";

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;
/// Entries that are read at once; each is a file of its own.
const ENTRIES: usize = 10;
/// More deals than this at once, and searching for them is better.
const MOST: usize = 2000;
/// How late it may tell of a change, and by how much its times may differ.
const GRACE: Micros = 10 * MINUTE;
const BLUR: Micros = MINUTE;

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct State {
    /// It is not tried again before.
    shut_until: Micros,
    open: Option<Open>,
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Open {
    /// The last entry that was read; none: it had none yet.
    offset: Option<String>,
    /// There may be more entries than were read.
    is_full: bool,
    /// Deals it named that were not read yet, with the first change of each.
    waiting: BTreeMap<i64, Micros>,
    /// Deals it named, with their last change, while a search may still find it.
    heard: BTreeMap<i64, Micros>,
    /// From when on it tells, by their clock, and how far that is ahead of ours.
    since: Micros,
    skew: Micros,
    /// The last search, and how long it is good for.
    searched: Micros,
    rest: Micros,
    is_search_next: bool,
    /// Since the last search.
    has_told: bool,
    has_missed: bool,
}

/// What the journal says is to be done.
#[derive(Debug, PartialEq)]
pub enum Turn {
    /// Search for what was changed.
    Search,
    /// Read these deals, each from this moment on.
    Read {
        deals: BTreeMap<i64, Micros>,
        has_more: bool,
    },
}

impl State {
    fn shut(&mut self, fault: &Fault, now: Micros) {
        let until = match fault {
            Fault::Wait { until, .. } => *until,
            Fault::Unreached(_) => now + GRACE,
            _ => now + HOUR,
        };
        // Opened anew it begins at its end; what is between is searched for.
        *self = State {
            shut_until: until,
            open: None,
        };
    }

    fn is_shut(&self, now: Micros) -> bool {
        // Whoever asks to wait longer, or a clock that went back, is not waited for.
        (now..=now + 24 * HOUR).contains(&self.shut_until) && self.shut_until > now
    }

    /// Compares what a search found with what the journal told.
    pub fn compare(&mut self, found: &[Change], now: Micros) {
        let Some(open) = &mut self.open else { return };
        let told = open.since..(now + open.skew).saturating_sub(GRACE);
        let is_new = |c: &&Change| {
            let heard = c.case.parse().ok().and_then(|id: i64| open.heard.get(&id));
            told.contains(&c.at) && heard.is_none_or(|h| h.saturating_add(BLUR) < c.at)
        };
        open.has_missed |= found.iter().any(|c| is_new(&c));
    }

    /// A search is over.
    pub fn searched(&mut self, now: Micros) {
        let Some(open) = &mut self.open else { return };
        open.rest = match (open.has_missed, open.has_told) {
            (true, _) => 0,
            (false, true) => (2 * open.rest).clamp(2 * MINUTE, HOUR),
            (false, false) => open.rest,
        };
        let past = (now + open.skew).saturating_sub(2 * HOUR);
        open.heard.retain(|_, at| *at > past);
        open.searched = now;
        open.is_search_next = false;
        open.has_told = false;
        open.has_missed = false;
    }
}

impl Open {
    fn is_due(&self, now: Micros) -> bool {
        !(self.searched..self.searched.saturating_add(self.rest)).contains(&now)
    }

    fn hear(&mut self, deal: i64, at: Micros) {
        self.has_told = true;
        let first = self.waiting.entry(deal).or_insert(at);
        *first = at.min(*first);
        let last = self.heard.entry(deal).or_insert(at);
        *last = at.max(*last);
        if self.heard.len() > MOST {
            self.waiting.clear();
            self.heard.clear();
            self.rest = 0;
        }
    }

    fn turn(&mut self, at_once: usize, now: Micros) -> Turn {
        let is_due = self.is_due(now);
        let mut deals = BTreeMap::new();
        while deals.len() < at_once {
            let Some((deal, at)) = self.waiting.pop_first() else {
                break;
            };
            deals.insert(deal, at.saturating_sub(GRACE));
        }
        let is_behind = self.is_full || !self.waiting.is_empty();
        if deals.is_empty() && !is_behind && is_due {
            return Turn::Search;
        }
        self.is_search_next = is_due && !is_behind;
        Turn::Read {
            deals,
            has_more: is_due || is_behind,
        }
    }
}

/// Whether somebody signed in to an app, which alone may have a journal.
fn has_app(settings: &Settings) -> bool {
    let is_set = |name| !settings.get(name).trim().is_empty();
    is_set(oauth::CLIENT_ID) && is_set(oauth::CLIENT_SECRET)
}

impl HubSpot {
    /// What is next. Where the journal cannot be read, searching is; that is no fault of the sync.
    pub(super) async fn hear(&self, via: &Via<'_>, hub: Option<i64>, state: &mut State) -> Turn {
        let Some(hub) = hub.filter(|_| has_app(via.settings) && !state.is_shut(via.now)) else {
            return Turn::Search;
        };
        let heard = match &mut state.open {
            None => self.open(via, hub).await.map(|open| {
                state.open = Some(open);
                Turn::Search
            }),
            Some(open) if open.is_search_next => return Turn::Search,
            Some(open) => self.next_turn(via, hub, open).await,
        };
        heard.unwrap_or_else(|fault| {
            state.shut(&fault, via.now);
            Turn::Search
        })
    }

    async fn open(&self, via: &Via<'_>, hub: i64) -> Result<Open, Fault> {
        self.subscribe(via, hub).await?;
        let answer = self.ask_app(via, journal(hub, "latest")).await?;
        let their_now = answer.header("date");
        let their_now = their_now.and_then(|d| jiff::fmt::rfc2822::parse(d).ok());
        let since = their_now.map_or(via.now, |d| d.timestamp().as_microsecond());
        let last = match is_empty(&answer) {
            true => None,
            false => Some(wire::read::<Entry>(&answer, via.now)?.checked()?.offset),
        };
        Ok(Open {
            offset: last,
            since,
            skew: since.saturating_sub(via.now),
            ..Open::default()
        })
    }

    async fn next_turn(&self, via: &Via<'_>, hub: i64, open: &mut Open) -> Result<Turn, Fault> {
        if open.waiting.is_empty() {
            self.listen(via, hub, open).await?;
        }
        Ok(open.turn(self.page, via.now))
    }

    /// Reads the entries that follow.
    async fn listen(&self, via: &Via<'_>, hub: i64, open: &mut Open) -> Result<(), Fault> {
        let path = match &open.offset {
            Some(offset) => format!("batch/{}/next/{ENTRIES}", segment(offset)),
            None => format!("batch/earliest/{ENTRIES}"),
        };
        let answer = self.ask_app(via, journal(hub, &path)).await?;
        open.is_full = false;
        if answer.status == 204 || (open.offset.is_none() && is_empty(&answer)) {
            return Ok(());
        }
        let entries: List<Entry> = wire::read(&answer, via.now)?;
        let before = open.offset.clone();
        for entry in entries.results.iter().take(ENTRIES) {
            let entry = entry.clone().checked()?;
            for event in self.file(via, &entry).await?.events {
                if let Some((deal, at)) = event.of_deal(hub) {
                    open.hear(deal, at.unwrap_or(open.since));
                }
            }
            open.offset = Some(entry.offset);
        }
        open.is_full = entries.results.len() >= ENTRIES && open.offset != before;
        Ok(())
    }

    /// The file has an address that opens to whoever knows it: our token is not for it.
    async fn file(&self, via: &Via<'_>, entry: &Entry) -> Result<File, Fault> {
        let answer = via.http.send(Request::get(&entry.url)).await?;
        match answer.is_success() {
            true => answer.read(),
            false => Err(Fault::Unreached(format!(
                "an entry of the journal is answered with {}",
                answer.status
            ))),
        }
    }

    /// What is written into the journal is agreed on once, for an account.
    async fn subscribe(&self, via: &Via<'_>, hub: i64) -> Result<(), Fault> {
        let url = format!("{API}{SUBSCRIPTIONS}");
        let answer = self.ask_app(via, Request::get(&url)).await?;
        let list: List<Subscription> = wire::read(&answer, via.now)?;
        if list.results.iter().any(|s| s.is_of_deals(hub)) {
            return Ok(());
        }
        // All but the moment of the last change, which everything changes.
        let (_, properties) = PROPERTIES.split_last().unwrap_or((&"", &[]));
        let body = json!({
            "subscriptionType": "OBJECT", "portalId": hub, "objectTypeId": DEAL, "objectIds": [],
            "actions": wire::ACTIONS, "properties": properties,
        });
        let answer = self.ask_app(via, Request::json(url, &body)).await?;
        wire::read::<serde_json::Value>(&answer, via.now).map(drop)
    }

    async fn ask_app(&self, via: &Via<'_>, request: Request) -> Result<Response, Fault> {
        let (token, is_kept) = self.app_token(via).await?;
        let answer = via.http.send(request.clone().bearer(&token)).await?;
        if answer.status != 401 || !is_kept {
            return Ok(answer);
        }
        self.apps.drop(via.settings);
        let (token, _) = self.app_token(via).await?;
        via.http.send(request.bearer(&token)).await
    }

    /// The app's own token, which is for nothing but the journal, and whether it was asked for before.
    async fn app_token(&self, via: &Via<'_>) -> Result<(String, bool), Fault> {
        if let Some(token) = self.apps.get(via.settings) {
            return Ok((token, true));
        }
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", via.settings.get(oauth::CLIENT_ID).trim()),
            (
                "client_secret",
                via.settings.get(oauth::CLIENT_SECRET).trim(),
            ),
            ("scope", SCOPES),
        ];
        let request = Request::form(format!("{API}{TOKEN}"), &fields);
        let answer = via.http.send(request).await?;
        let token = oauth::tokens(&answer, via.now)?.access().to_string();
        self.apps.put(via.settings, token.clone());
        Ok((token, false))
    }
}

fn journal(hub: i64, path: &str) -> Request {
    Request::get(format!("{API}{JOURNAL}/{path}")).query(&[("installPortalId", &hub.to_string())])
}

/// It has nothing yet.
fn is_empty(answer: &Response) -> bool {
    matches!(answer.status, 204 | 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_deals_than_are_read_one_by_one_are_searched_for() {
        let mut open = Open {
            rest: HOUR,
            searched: 1,
            ..Open::default()
        };
        let few = MOST as i64;
        (1..=few).for_each(|deal| open.hear(deal, deal));
        assert!(!open.is_due(2));
        assert_eq!(open.waiting.len(), MOST);
        open.hear(few + 1, 1);
        assert!(open.is_due(2) && open.waiting.is_empty());
        assert_eq!(open.turn(50, 2), Turn::Search);
    }
}
