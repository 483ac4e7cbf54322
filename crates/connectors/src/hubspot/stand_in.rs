//! A HubSpot in memory, after its published description.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use crate::source_contract::{Known, StandIn, Trouble};
use crate::{Micros, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

pub struct Peer(Mutex<Inside>);

struct Inside {
    /// Deal, stage, moment in milliseconds.
    moves: Vec<(i64, &'static str, i64)>,
    /// Their clock.
    now: i64,
    is_shut: bool,
    is_forbidden: bool,
    is_doubled: bool,
    is_edited: bool,
    is_read_only: bool,
    /// Deal and body, in the order of their ids.
    notes: Vec<(i64, String)>,
    journal: Option<Journal>,
    /// What was asked for, by path.
    asked: Vec<String>,
}

/// What an app reads of what was changed.
#[derive(Default)]
struct Journal {
    subscriptions: Vec<Value>,
    entries: Vec<Vec<Value>>,
    /// Entries that are not kept any more.
    gone: usize,
    tokens: usize,
    is_silent: bool,
    is_refused: bool,
    files: &'static str,
}

const START: i64 = 1_780_000_000_000;
const MINUTE: i64 = 60_000;

impl Peer {
    pub fn new() -> Peer {
        let mut moves = Vec::new();
        for id in 1..=14 {
            let start = START + id / 2 * 700 * MINUTE;
            moves.push((id, "new", start));
            if id % 3 != 0 {
                moves.push((id, "offer", start + 3000 * MINUTE));
            }
            if id % 5 == 0 {
                moves.push((id, "won", start + 3000 * MINUTE + 1));
            }
        }
        Peer(Mutex::new(Inside {
            moves,
            now: START + 9000 * MINUTE,
            is_shut: false,
            is_forbidden: false,
            is_doubled: false,
            is_edited: false,
            is_read_only: false,
            notes: Vec::new(),
            journal: None,
            asked: Vec::new(),
        }))
    }

    /// As an app sees it that somebody signed in to.
    pub fn with_app() -> Peer {
        let peer = Peer::new();
        peer.inside().journal = Some(Journal {
            files: "https://files.example/",
            ..Journal::default()
        });
        peer
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn minutes_pass(&self, minutes: i64) {
        self.inside().now += minutes * MINUTE;
    }

    /// A deal comes to a stage, now.
    pub fn moves(&self, deal: i64, stage: &'static str) {
        let mut inside = self.inside();
        let now = inside.now;
        inside.moves(deal, stage, now);
    }

    /// Nothing is written into the journal any more.
    pub fn falls_silent(&self) {
        self.inside().journal.as_mut().unwrap().is_silent = true;
    }

    /// The app may not read it.
    pub fn refuses_the_journal(&self) {
        self.inside().journal.as_mut().unwrap().is_refused = true;
    }

    /// What it has is too old to be kept.
    pub fn forgets_the_journal(&self) {
        let mut inside = self.inside();
        let journal = inside.journal.as_mut().unwrap();
        journal.gone = journal.entries.len();
    }

    /// Its files are at addresses that begin so.
    pub fn keeps_files_at(&self, place: &'static str) {
        self.inside().journal.as_mut().unwrap().files = place;
    }

    pub fn subscriptions(&self) -> Vec<Value> {
        self.inside()
            .journal
            .as_ref()
            .unwrap()
            .subscriptions
            .clone()
    }

    /// What was asked for since the last time, by path.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.inside().asked)
    }
}

fn text(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .unwrap()
        .to_string()
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Journal {
    fn write(&mut self, deal: i64, stage: &str, at: i64) {
        if self.is_silent || self.subscriptions.is_empty() {
            return;
        }
        let event = |portal: i64, kind: &str, action: &str| {
            json!({
                "type": "object", "portalId": portal, "objectTypeId": kind, "objectId": deal, "action": action,
                "occurredAt": text(at), "propertyChanges": { "dealstage": stage },
            })
        };
        // Beside it what is not of our account, not of deals, not to be read; some come twice.
        let here = event(4711, "0-3", "UPDATE");
        let more = [
            event(4712, "0-3", "UPDATE"),
            event(4711, "0-1", "UPDATE"),
            event(4711, "0-3", "DELETE"),
        ];
        let mut entry = more.to_vec();
        entry.insert(deal as usize % 4, here.clone());
        self.entries.push(entry);
        if deal % 2 == 0 {
            self.entries.push(vec![here]);
        }
    }

    fn entry(&self, number: usize) -> Value {
        json!({ "currentOffset": format!("o{number}"), "expiresAt": "2099-01-01T00:00:00Z", "url": format!("{}{number}.json", self.files) })
    }

    fn batch(&self, from: usize, count: &str) -> (u16, Value) {
        let to = self
            .entries
            .len()
            .min(from + count.parse::<usize>().unwrap());
        let results: Vec<Value> = (from..to).map(|n| self.entry(n)).collect();
        (200, json!({ "status": "COMPLETE", "results": results }))
    }

    /// What the app is answered; `None`: that is not of the journal.
    fn answer(&mut self, request: &Request, path: &str) -> Option<(u16, Value)> {
        if path == "/oauth/v1/token" {
            let asked = String::from_utf8(request.body.clone()).unwrap();
            assert!(
                asked.starts_with("grant_type=client_credentials&client_id=us&client_secret=hush&"),
                "{asked}"
            );
            if self.is_refused {
                let refusal =
                    json!({ "error": "invalid_scope", "error_description": "the app may not" });
                return Some((400, refusal));
            }
            self.tokens += 1;
            let token = format!("app-{}", self.tokens);
            return Some((200, json!({ "access_token": token, "expires_in": 1800 })));
        }
        let rest = path.strip_prefix("/webhooks-journal/")?;
        let bearer = format!("Bearer app-{}", self.tokens);
        if !request.headers.contains(&("authorization".into(), bearer)) {
            return Some((401, json!({ "category": "EXPIRED_AUTHENTICATION" })));
        }
        if rest == "subscriptions/2026-03" {
            if request.method == "POST" {
                let mut made: Value = serde_json::from_slice(&request.body).unwrap();
                made["id"] = json!(self.subscriptions.len() + 1);
                self.subscriptions.push(made);
            }
            return Some((200, json!({ "results": self.subscriptions })));
        }
        let rest = rest.strip_prefix("journal-local/2026-03/").unwrap();
        let (rest, query) = rest.split_once('?').unwrap();
        assert_eq!(query, "installPortalId=4711");
        let parts: Vec<&str> = rest.split('/').collect();
        Some(match parts[..] {
            ["latest"] => match self.entries.len().checked_sub(1) {
                Some(last) => (200, self.entry(last)),
                None => (404, json!({ "category": "OBJECT_NOT_FOUND" })),
            },
            ["batch", "earliest", count] if self.entries.is_empty() => self.batch(0, count),
            ["batch", "earliest", count] => self.batch(self.gone, count),
            ["batch", offset, "next", count] => {
                let last: usize = offset[1..].parse().unwrap();
                match last < self.gone {
                    true => (404, json!({ "category": "OBJECT_NOT_FOUND" })),
                    false => self.batch(last + 1, count),
                }
            }
            _ => panic!("{rest}"),
        })
    }
}

impl Inside {
    fn moves(&mut self, deal: i64, stage: &'static str, at: i64) {
        self.moves.push((deal, stage, at));
        if let Some(journal) = &mut self.journal {
            journal.write(deal, stage, at);
        }
    }

    /// What only an app asks for: who signed in, its journal, the files of that.
    fn of_app(&mut self, request: &Request) -> Option<(u16, Value)> {
        let journal = self.journal.as_mut()?;
        if let Some(file) = request.url.strip_prefix(journal.files) {
            assert_eq!(request.headers, [], "a token went where it does not belong");
            let number: usize = file.strip_suffix(".json").unwrap().parse().unwrap();
            let whole = json!({ "offset": format!("o{number}"), "publishedAt": text(self.now), "journalEvents": journal.entries[number] });
            return Some((200, whole));
        }
        let path = request.url.strip_prefix("https://api.hubapi.com").unwrap();
        if path == "/oauth/2026-03/token/introspect" {
            return Some((
                200,
                json!({ "active": true, "hub_id": 4711, "scopes": ["crm.objects.deals.read", "oauth"] }),
            ));
        }
        journal.answer(request, path)
    }

    fn ids(&self) -> BTreeSet<i64> {
        self.moves.iter().map(|m| m.0).collect()
    }

    fn modified(&self, id: i64) -> i64 {
        self.moves
            .iter()
            .filter(|m| m.0 == id)
            .map(|m| m.2)
            .max()
            .unwrap()
    }

    fn deal(&self, id: i64, has_history: bool) -> Value {
        let mut moves: Vec<_> = self.moves.iter().filter(|m| m.0 == id).collect();
        // Newest first, as HubSpot does.
        moves.sort_by_key(|m| -m.2);
        let history = moves.iter().map(|m| {
            json!({ "value": m.1, "timestamp": text(m.2), "sourceType": "CRM_UI", "sourceId": "userId:7", "updatedByUserId": 7 })
        });
        let modified = text(self.modified(id));
        let mut deal = json!({
            "id": id.to_string(), "archived": false, "createdAt": text(START), "updatedAt": modified,
            "properties": {
                "dealname": format!("Deal {id}"), "dealstage": moves[0].1, "pipeline": "default", "amount": "12.5",
                "hubspot_owner_id": "70", "hs_lastmodifieddate": modified, "deal_currency_code": null,
            },
        });
        if has_history {
            deal["propertiesWithHistory"] = json!({ "dealstage": history.collect::<Vec<_>>() });
        }
        deal
    }

    fn results(&self, ids: &[i64], has_history: bool) -> Vec<Value> {
        let rows: Vec<Value> = ids.iter().map(|id| self.deal(*id, has_history)).collect();
        match self.is_doubled {
            true => rows.iter().rev().chain(&rows).cloned().collect(),
            false => rows,
        }
    }

    fn list(&self, query: &str) -> Value {
        let read = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(k, _)| k == name).map(|(_, v)| v.into_owned())
        };
        assert_eq!(read("propertiesWithHistory").as_deref(), Some("dealstage"));
        let after: i64 = read("after").map_or(0, |a| a.parse().unwrap());
        let limit: usize = read("limit").unwrap().parse().unwrap();
        let ids: Vec<i64> = self.ids().into_iter().filter(|id| *id > after).collect();
        let page = &ids[..limit.min(ids.len())];
        let mut list = json!({ "results": self.results(page, true) });
        if ids.len() > limit {
            list["paging"] =
                json!({ "next": { "after": page.last().unwrap().to_string(), "link": "?" } });
        }
        list
    }

    fn search(&self, body: &Value) -> Value {
        assert_eq!(body["sorts"], json!(["hs_object_id"]));
        let mut ids: Vec<i64> = self.ids().into_iter().collect();
        for filter in body["filterGroups"][0]["filters"].as_array().unwrap() {
            let value = filter["value"].as_str().unwrap();
            match (
                filter["propertyName"].as_str().unwrap(),
                filter["operator"].as_str().unwrap(),
            ) {
                ("pipeline", "EQ") => assert_eq!(value, "default"),
                ("hs_lastmodifieddate", "GTE") => {
                    ids.retain(|id| self.modified(*id) >= value.parse().unwrap())
                }
                ("hs_object_id", "GT") => ids.retain(|id| *id > value.parse().unwrap()),
                other => panic!("{other:?}"),
            }
        }
        let total = ids.len();
        ids.truncate(body["limit"].as_u64().unwrap() as usize);
        json!({ "total": total, "results": self.results(&ids, false) })
    }

    /// The notes of a deal, two on a page.
    fn notes_of(&self, deal: i64, after: usize) -> Value {
        let all = self.notes.iter().enumerate();
        let all: Vec<usize> = all.filter(|(_, n)| n.0 == deal).map(|(i, _)| i).collect();
        let some: Vec<usize> = all
            .iter()
            .copied()
            .filter(|i| *i >= after)
            .take(2)
            .collect();
        let results = some
            .iter()
            .map(|i| json!({ "id": format!("n{i}"), "type": "deal_to_note" }));
        let mut list = json!({ "results": results.collect::<Vec<_>>() });
        let next = some.last().map_or(0, |i| i + 1);
        if all.iter().any(|i| *i >= next) && !some.is_empty() {
            list["paging"] = json!({ "next": { "after": next.to_string(), "link": "?" } });
        }
        list
    }

    fn put_note(&mut self, body: &Value) -> Value {
        let to = &body["associations"][0];
        assert_eq!(
            to["types"],
            json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214 }])
        );
        let properties = &body["properties"];
        assert!(properties["hs_timestamp"].is_string());
        let deal = to["to"]["id"].as_str().unwrap().parse().unwrap();
        let text = properties["hs_note_body"].as_str().unwrap().to_string();
        self.notes.push((deal, text));
        json!({ "id": format!("n{}", self.notes.len() - 1) })
    }

    fn one_deal(&self, rest: &str) -> Option<Value> {
        let deal = rest.parse().ok().filter(|id| self.ids().contains(id))?;
        let mut whole = self.deal(deal, false);
        let notes = self.notes_of(deal, 0);
        if notes["results"] != json!([]) {
            whole["associations"] = json!({ "notes": notes });
        }
        Some(whole)
    }

    fn route(&mut self, request: &Request) -> Value {
        let path = request.url.strip_prefix("https://api.hubapi.com").unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path {
            "/crm/objects/2026-03/0-3" => self.list(query),
            "/crm/objects/2026-03/0-3/search" => self.search(&body),
            "/crm/objects/2026-03/0-3/batch/read" => {
                let ids = body["inputs"].as_array().unwrap().iter();
                let ids = ids.map(|i| i["id"].as_str().unwrap().parse().unwrap());
                let known = self.ids();
                let ids: BTreeSet<i64> = ids.filter(|id| known.contains(id)).collect();
                let ids: Vec<i64> = ids.into_iter().collect();
                json!({ "status": "COMPLETE", "results": self.results(&ids, true) })
            }
            "/crm/objects/2026-03/notes" => self.put_note(&body),
            "/crm/objects/2026-03/notes/batch/read" => {
                let inputs = body["inputs"].as_array().unwrap().iter();
                let read = inputs.map(|i| {
                    let id = i["id"].as_str().unwrap();
                    let text = &self.notes[id[1..].parse::<usize>().unwrap()].1;
                    json!({ "id": id, "properties": { "hs_note_body": text } })
                });
                json!({ "status": "COMPLETE", "results": read.collect::<Vec<_>>() })
            }
            "/crm/pipelines/2026-03/0-3" => {
                let stage = |id: &str, label: &str, closed: &str, probability: &str, order: i64| {
                    json!({ "id": id, "label": label, "displayOrder": order, "archived": false,
                        "metadata": { "isClosed": closed, "probability": probability } })
                };
                let offer = if self.is_edited { "Quotation" } else { "Offer" };
                json!({ "results": [{ "id": "default", "label": "Sales", "displayOrder": 0, "archived": false, "stages": [
                    stage("won", "Won", "true", "1.0", 3), stage("new", "New", "false", "0.2", 0),
                    stage("offer", offer, "false", "0.6", 1), stage("lost", "Lost", "true", "0.0", 4),
                ] }] })
            }
            "/crm/v3/owners" => json!({ "results": [
                { "id": "70", "email": "rika@holm.example", "firstName": "Rika", "lastName": "Brandt", "userId": 7 },
            ] }),
            "/oauth/v2/private-apps/get/access-token-info" => {
                json!({ "hubId": 4711, "userId": 7, "appId": 1, "scopes": ["crm.objects.deals.read", "oauth"] })
            }
            other => {
                let rest = other.strip_prefix("/crm/v3/objects/0-3/").unwrap();
                let deal = rest.strip_suffix("/associations/notes").unwrap();
                let after = query.split_once("after=").unwrap().1;
                self.notes_of(deal.parse().unwrap(), after.parse().unwrap())
            }
        }
    }
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        let mut settings = Settings::of([("token", "pat-eu1-secret")]);
        if self.inside().journal.is_some() {
            for (name, value) in [
                ("client_id", "us"),
                ("client_secret", "hush"),
                ("oauth_refresh_token", "again"),
            ] {
                settings.0.insert(name.into(), value.into());
            }
        }
        settings
    }

    fn answer(&self, request: &Request) -> Response {
        let mut inside = self.inside();
        inside.asked.push(request.url.clone());
        let bearer = (
            "authorization".to_string(),
            "Bearer pat-eu1-secret".to_string(),
        );
        let is_shut = inside.is_shut;
        let of_app = Some(())
            .filter(|_| !is_shut)
            .and_then(|()| inside.of_app(request));
        let (status, body) = if let Some(answer) = of_app {
            answer
        } else if is_shut || !request.headers.contains(&bearer) {
            let said = "Authentication credentials not found.";
            (
                401,
                json!({ "status": "error", "message": said, "category": "INVALID_AUTHENTICATION" }),
            )
        } else if inside.is_forbidden {
            let context = json!({ "requiredGranularScopes": ["crm.objects.deals.read"] });
            let errors = json!([{ "message": "One or more of the following scopes are required.", "context": context }]);
            (
                403,
                json!({ "status": "error", "message": "not allowed", "category": "MISSING_SCOPES", "errors": errors }),
            )
        } else if inside.is_read_only && request.url.ends_with("/2026-03/notes") {
            let context = json!({ "requiredGranularScopes": ["crm.objects.contacts.write"] });
            let errors = json!([{ "message": "One or more of the following scopes are required.", "context": context }]);
            (
                403,
                json!({ "status": "error", "message": "not allowed", "category": "MISSING_SCOPES", "errors": errors }),
            )
        } else if let Some(rest) = request
            .url
            .strip_prefix("https://api.hubapi.com/crm/objects/2026-03/0-3/")
            .and_then(|r| r.strip_suffix("?associations=notes"))
        {
            match inside.one_deal(rest) {
                Some(deal) => (200, deal),
                None => (
                    404,
                    json!({ "status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND" }),
                ),
            }
        } else {
            (200, inside.route(request))
        };
        let date = jiff::Timestamp::from_millisecond(inside.now).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Response {
            status,
            headers: vec![("date".into(), date)],
            body: body.to_string().into_bytes(),
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let inside = self.inside();
        let moves = inside.moves.iter();
        moves
            .map(|m| (m.0.to_string(), m.1.to_string(), m.2 * 1000 as Micros))
            .collect()
    }

    fn notes(&self) -> Vec<(String, String)> {
        let inside = self.inside();
        let notes = inside.notes.iter();
        notes
            .map(|(deal, text)| (deal.to_string(), text.clone()))
            .collect()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut inside = self.inside();
        match trouble {
            // A private app's token does not end.
            Trouble::Expired => match &mut inside.journal {
                Some(journal) => journal.tokens += 1,
                None => return false,
            },
            Trouble::SignedOut => inside.is_shut = true,
            Trouble::Forbidden => inside.is_forbidden = true,
            Trouble::Doubled => inside.is_doubled = true,
            Trouble::Moved => {
                let now = inside.now;
                for (id, after) in [(2, 30), (13, 30), (3, 31), (15, 31), (10, -1)] {
                    inside.moves(id, "lost", now + after * MINUTE);
                }
                inside.now += 60 * MINUTE;
            }
            Trouble::Edited => inside.is_edited = true,
            Trouble::ReadOnly => inside.is_read_only = true,
            Trouble::Deleted => inside.moves.retain(|m| m.0 != 7 && m.0 != 13),
        }
        true
    }
}
