//! A Salesforce in memory: it knows the few queries that the source asks, and tells long lists in several answers.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use crate::source_contract::{Known, StandIn, Trouble};
use crate::{Micros, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

pub struct Peer(Mutex<Inside>);

struct Inside {
    /// Opportunity, stage, moment in milliseconds.
    moves: Vec<(u32, &'static str, i64)>,
    token: u32,
    is_shut: bool,
    is_forbidden: bool,
    is_doubled: bool,
    is_edited: bool,
    /// What the next answers go on with.
    left: Vec<Vec<Value>>,
    is_read_only: bool,
    /// Opportunity and text, in the order of their ids.
    tasks: Vec<(String, String)>,
}

const START: i64 = 1_780_000_000_000;
const MINUTE: i64 = 60_000;

fn id(n: u32) -> String {
    format!("0065g00000{n:05}AAA")
}

fn text(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

impl Peer {
    pub fn new() -> Peer {
        let mut moves = Vec::new();
        for n in 1..=14 {
            let start = START + i64::from(n) / 2 * 700 * MINUTE;
            moves.push((n, "Prospecting", start));
            if n % 2 == 0 {
                // Only another amount.
                moves.push((n, "Prospecting", start + 40 * MINUTE));
            }
            if n % 3 != 0 {
                moves.push((n, "Proposal", start + 3000 * MINUTE));
            }
        }
        Peer(Mutex::new(Inside {
            moves,
            token: 1,
            is_shut: false,
            is_forbidden: false,
            is_doubled: false,
            is_edited: false,
            left: Vec::new(),
            is_read_only: false,
            tasks: Vec::new(),
        }))
    }
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Inside {
    fn of(&self, n: u32) -> Vec<&(u32, &'static str, i64)> {
        let mut found: Vec<_> = self.moves.iter().filter(|m| m.0 == n).collect();
        found.sort_by_key(|m| m.2);
        found
    }

    /// As a list of which an answer holds at most so many.
    fn found(&mut self, mut rows: Vec<Value>, most: usize) -> Value {
        if self.is_doubled {
            rows = rows.iter().rev().chain(&rows).cloned().collect();
        }
        let total = rows.len();
        let rest = rows.split_off(most.min(total));
        let mut found = json!({ "totalSize": total, "done": rest.is_empty(), "records": rows });
        if !rest.is_empty() {
            self.left.push(rest);
            let next = format!("/services/data/v62.0/query/01g-{}", self.left.len() - 1);
            found["nextRecordsUrl"] = next.into();
        }
        found
    }

    fn deals(&mut self, soql: &str) -> Value {
        let part =
            |from: &str, to: &str| Some(soql.split_once(from)?.1.split(to).next()?.to_string());
        let after = part("Id > '", "'").unwrap_or_default();
        let since = part("SystemModstamp >= ", " ").map_or(0, |t| {
            t.parse::<jiff::Timestamp>().unwrap().as_millisecond()
        });
        let limit: usize = part("LIMIT ", " ").unwrap().parse().unwrap();
        let all: BTreeSet<u32> = self.moves.iter().map(|m| m.0).collect();
        let mut rows = Vec::new();
        for n in all.into_iter().filter(|n| id(*n) > after) {
            let changed = self.of(n).last().unwrap().2;
            if changed < since || rows.len() == limit {
                continue;
            }
            let by = json!({ "Name": "Rika Brandt", "Email": "rika@holm.example" });
            let history = self.of(n).into_iter().map(|m| {
                json!({ "Id": format!("0085g{n:03}{:010}", m.2 - START), "StageName": m.1, "CreatedDate": text(m.2), "CreatedBy": by })
            });
            let history: Vec<Value> = history.collect();
            let history = self.found(history, 2);
            rows.push(json!({
                "attributes": { "type": "Opportunity", "url": "?" }, "Id": id(n), "Name": format!("Deal {n}"),
                "SystemModstamp": text(changed), "Amount": 12.5, "LeadSource": null, "Account": { "Name": "Keller GmbH" },
                "Owner": null, "OpportunityHistories": history,
            }));
        }
        self.found(rows, 3)
    }

    fn query(&mut self, soql: &str) -> Value {
        if soql.contains("FROM OpportunityStage") {
            let stage = |name: &str, closed: bool, won: bool| json!({ "ApiName": name, "MasterLabel": name, "IsClosed": closed, "IsWon": won });
            let mut rows = vec![
                stage("Prospecting", false, false),
                stage("Proposal", false, false),
            ];
            if self.is_edited {
                rows.push(stage("Review", false, false));
            }
            rows.extend([
                stage("Closed Won", true, true),
                stage("Closed Lost", true, false),
            ]);
            self.found(rows, 100)
        } else if soql.starts_with("SELECT MAX(SystemModstamp)") {
            let newest = self.moves.iter().map(|m| m.2).max().unwrap();
            self.found(vec![json!({ "newest": text(newest) })], 1)
        } else if soql.contains("FROM Organization") {
            self.found(
                vec![json!({ "Id": "00Dx0000000BV7z", "Name": "Holm & Sohn" })],
                1,
            )
        } else if soql.contains("FROM OpportunityHistory LIMIT 1") {
            self.found(Vec::new(), 1)
        } else if soql.starts_with("SELECT COUNT()") {
            let all: BTreeSet<u32> = self.moves.iter().map(|m| m.0).collect();
            json!({ "totalSize": all.len(), "done": true, "records": [] })
        } else if soql.contains("FROM TaskStatus") {
            self.found(vec![json!({ "ApiName": "Completed" })], 1)
        } else if let Some((_, deal)) = soql.split_once("FROM Task WHERE WhatId = '") {
            let all = self.tasks.iter().enumerate();
            let row = |(i, t): (usize, &(String, String))| json!({ "Id": format!("00T{i}"), "Description": t.1 });
            let rows = all.filter(|(_, t)| deal == format!("{}'", t.0)).map(row);
            let rows = rows.collect();
            self.found(rows, 2)
        } else {
            self.deals(soql)
        }
    }

    fn put_task(&mut self, body: &[u8]) -> (u16, Value) {
        let refused = |code: &str| {
            (
                400,
                json!([{ "message": "no", "errorCode": code, "fields": [] }]),
            )
        };
        if self.is_read_only {
            return refused("INSUFFICIENT_ACCESS_OR_READONLY");
        }
        let task: Value = serde_json::from_slice(body).unwrap();
        if task["Status"] != "Completed" {
            return refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
        }
        let text = |name: &str| task[name].as_str().unwrap().to_string();
        if !self.moves.iter().any(|m| id(m.0) == text("WhatId")) {
            return refused("INVALID_CROSS_REFERENCE_KEY");
        }
        let said = format!("{} {}", text("Subject"), text("Description"));
        self.tasks.push((text("WhatId"), said));
        let id = format!("00T{}", self.tasks.len() - 1);
        (201, json!({ "id": id, "success": true, "errors": [] }))
    }

    fn get(&mut self, url: &str) -> Value {
        let path = url
            .strip_prefix("https://holm.test/services/data/v62.0/query")
            .unwrap();
        match path.strip_prefix("/01g-") {
            Some(n) => {
                let rows = self.left[n.parse::<usize>().unwrap()].clone();
                let total = 1000;
                json!({ "totalSize": total, "done": true, "records": rows })
            }
            None => {
                let (_, soql) = form_urlencoded::parse(&path.as_bytes()[1..])
                    .next()
                    .unwrap();
                self.query(&soql)
            }
        }
    }
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("url", "https://login.test/"),
            ("client_id", "app"),
            ("client_secret", "secret"),
            ("refresh_token", "5Aep"),
        ])
    }

    fn answer(&self, request: &Request) -> Response {
        let mut inside = self.0.lock().unwrap();
        let bearer = (
            "authorization".to_string(),
            format!("Bearer token-{}", inside.token),
        );
        let (status, body) = if request.url == "https://login.test/services/oauth2/token" {
            let body = String::from_utf8_lossy(&request.body);
            assert_eq!(
                body,
                "grant_type=refresh_token&client_id=app&client_secret=secret&refresh_token=5Aep"
            );
            match inside.is_shut {
                true => (
                    400,
                    json!({ "error": "invalid_grant", "error_description": "expired access/refresh token" }),
                ),
                false => {
                    let token = format!("token-{}", inside.token);
                    (
                        200,
                        json!({ "access_token": token, "instance_url": "https://holm.test", "scope": "api refresh_token" }),
                    )
                }
            }
        } else if !request.headers.contains(&bearer) {
            (
                401,
                json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }]),
            )
        } else if inside.is_forbidden {
            (
                400,
                json!([{ "message": "sObject type 'Opportunity' is not supported.", "errorCode": "INVALID_TYPE" }]),
            )
        } else if request.url == "https://holm.test/services/data/v62.0/sobjects/Task" {
            inside.put_task(&request.body)
        } else {
            (200, inside.get(&request.url))
        };
        Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let inside = self.0.lock().unwrap();
        let all: BTreeSet<u32> = inside.moves.iter().map(|m| m.0).collect();
        let mut known = BTreeSet::new();
        for n in all {
            let mut before = "";
            for m in inside.of(n) {
                if m.1 != before {
                    known.insert((id(n), m.1.to_string(), m.2 * 1000 as Micros));
                }
                before = m.1;
            }
        }
        known
    }

    fn notes(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().tasks.clone()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut inside = self.0.lock().unwrap();
        match trouble {
            Trouble::Expired => inside.token += 1,
            Trouble::SignedOut => (inside.is_shut, inside.token) = (true, inside.token + 1),
            Trouble::Forbidden => inside.is_forbidden = true,
            Trouble::Doubled => inside.is_doubled = true,
            Trouble::Moved => {
                let last = inside.moves.iter().map(|m| m.2).max().unwrap();
                for (n, after) in [(2, 30), (13, 30), (3, 31), (15, 31), (10, -1)] {
                    inside.moves.push((n, "Closed Lost", last + after * MINUTE));
                }
            }
            Trouble::Edited => inside.is_edited = true,
            Trouble::ReadOnly => inside.is_read_only = true,
            Trouble::Deleted => inside.moves.retain(|m| m.0 != 7 && m.0 != 13),
        }
        true
    }
}
