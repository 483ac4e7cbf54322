//! A Tryton in memory: as much of its JSON-RPC as the source asks for, answered as the real one was seen to.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use super::wire::{moment, read_moment};
use crate::source_contract::{Known, StandIn, Trouble};
use crate::{Micros, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

#[derive(Clone)]
pub struct Version {
    pub id: i64,
    pub at: Micros,
    pub state: &'static str,
    pub uid: i64,
}

pub struct Peer(Mutex<Inside>);

struct Inside {
    versions: Vec<Version>,
    session: u32,
    is_shut: bool,
    is_forbidden: bool,
    is_doubled: bool,
    states: Vec<(&'static str, &'static str)>,
    calls: Vec<String>,
    is_read_only: bool,
    /// Resource, name, link and description, in the order of their ids.
    links: Vec<[String; 4]>,
}

pub const MINUTE: Micros = 60_000_000;
pub const START: Micros = 1_780_000_000_000_000;

const STATES: [(&str, &str); 6] = [
    ("lead", "Lead"),
    ("opportunity", "Opportunity"),
    ("converted", "Converted"),
    ("won", "Won"),
    ("lost", "Lost"),
    ("cancelled", "Cancelled"),
];

impl Peer {
    /// Deals that were moved at different times, some of them at the very same.
    pub fn new() -> Peer {
        let mut versions = Vec::new();
        for id in 1..=14 {
            let start = START + id / 2 * 700 * MINUTE;
            versions.push(Version {
                id,
                at: start,
                state: "lead",
                uid: 1,
            });
            if id % 2 == 0 {
                // Written without another state.
                versions.push(Version {
                    id,
                    at: start + 40 * MINUTE,
                    state: "lead",
                    uid: 2,
                });
            }
            if id % 3 != 0 {
                versions.push(Version {
                    id,
                    at: start + 4000 * MINUTE,
                    state: "opportunity",
                    uid: 2,
                });
            }
            if id % 5 == 0 {
                versions.push(Version {
                    id,
                    at: start + 4000 * MINUTE + id,
                    state: "lost",
                    uid: 2,
                });
            }
        }
        Peer::of(versions)
    }

    pub fn of(versions: Vec<Version>) -> Peer {
        Peer(Mutex::new(Inside {
            versions,
            session: 1,
            is_shut: false,
            is_forbidden: false,
            is_doubled: false,
            states: STATES.to_vec(),
            calls: Vec::new(),
            is_read_only: false,
            links: Vec::new(),
        }))
    }

    pub fn put(&self, version: Version) {
        self.0.lock().unwrap().versions.push(version);
    }

    /// The methods that were called since the last time this was asked.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Inside {
    fn of(&self, id: i64) -> Vec<&Version> {
        let mut found: Vec<_> = self.versions.iter().filter(|v| v.id == id).collect();
        found.sort_by_key(|v| v.at);
        found
    }

    fn row(&self, version: &Version) -> Value {
        let first = self.of(version.id)[0];
        let is_new = version.at == first.at;
        json!({
            "id": version.id, "state": version.state, "number": version.id.to_string(), "reference": null,
            "description": format!("Deal {}", version.id),
            "amount": { "__class__": "Decimal", "decimal": "12.50" },
            "currency.": { "id": 1, "code": "EUR" }, "party.": { "id": 3, "rec_name": "Keller GmbH" },
            "company.": { "id": 1, "rec_name": "Holm & Sohn" }, "employee.": null,
            "create_date": moment(first.at), "create_uid": first.uid,
            "write_date": if is_new { Value::Null } else { moment(version.at) },
            "write_uid": if is_new { Value::Null } else { json!(version.uid) },
        })
    }

    /// The newest version of each deal at a moment.
    fn as_of(&self, at: Micros) -> Vec<&Version> {
        let ids: BTreeSet<i64> = self.versions.iter().map(|v| v.id).collect();
        let found = ids
            .into_iter()
            .filter_map(|id| self.of(id).into_iter().rfind(|v| v.at <= at));
        found.collect()
    }

    /// What Tryton wrote down of what was done; of every fourth deal nothing, of losing one only the button.
    fn log(&self, params: &[Value]) -> Value {
        let mut rows = Vec::new();
        for (n, v) in self.versions.iter().enumerate() {
            let before = self
                .of(v.id)
                .into_iter()
                .rfind(|w| w.at < v.at)
                .map(|w| w.state);
            let resource = format!("sale.opportunity,{}", v.id);
            let asked = params[0][0][2]
                .as_array()
                .unwrap()
                .iter()
                .any(|r| *r == resource);
            let Some(before) = before.filter(|_| v.id % 4 != 0 && asked) else {
                continue;
            };
            let (event, target) = match v.state {
                s if s == before => ("write", "amount,description".to_string()),
                "lost" => ("button", "lost".to_string()),
                s => ("transition", format!("state:{s}")),
            };
            let row = json!({ "id": n + 1, "resource": resource, "event": event, "target": target,
                "user": v.uid, "create_date": moment(v.at) });
            rows.push(row);
        }
        let after = params[0][1][2].as_u64().unwrap();
        rows.retain(|r| r["id"].as_u64().unwrap() > after);
        rows.truncate(params[2].as_u64().unwrap() as usize);
        rows.into()
    }

    fn search(&self, params: &[Value]) -> Value {
        let limit = params[2].as_u64().unwrap_or(1000) as usize;
        let at = read_moment(&params.last().unwrap()["_datetime"]).unwrap_or(Micros::MAX);
        let mut found = self.as_of(at);
        for clause in params[0].as_array().unwrap() {
            match clause[0].as_str().unwrap() {
                "id" => match clause[2].as_array() {
                    Some(ids) => found.retain(|v| ids.iter().any(|id| *id == v.id)),
                    None => found.retain(|v| v.id > clause[2].as_i64().unwrap()),
                },
                "state" => {
                    let asked = clause[2].as_array().unwrap();
                    found.retain(|v| asked.iter().any(|s| *s == v.state));
                }
                "OR" => {
                    let at = read_moment(&clause[1][2]).unwrap();
                    found.retain(|v| v.at >= at);
                }
                other => panic!("{other}"),
            }
        }
        match params[3][0][0].as_str().unwrap() {
            "id" => {}
            "write_date" => {
                found.retain(|v| v.at != self.of(v.id)[0].at);
                found.sort_by_key(|v| -v.at);
            }
            _ => found.sort_by_key(|v| -self.of(v.id)[0].at),
        }
        found.truncate(limit);
        found.into_iter().map(|v| self.row(v)).collect()
    }

    fn read(&self, params: &[Value]) -> Value {
        let at = read_moment(&params[2]["_datetime"]).unwrap();
        let ids = params[0]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_i64);
        let found = ids.map(|id| {
            self.of(id)
                .into_iter()
                .rfind(|v| v.at <= at)
                .map(|v| self.row(v))
        });
        let found: Option<Vec<Value>> = found.collect();
        found.map_or_else(
            || error("records that don't exist"),
            |rows| json!({ "result": self.doubled(rows) }),
        )
    }

    fn revisions(&self, params: &[Value]) -> Value {
        let ids = params[0]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_i64);
        let mut found: Vec<&Version> = ids.flat_map(|id| self.of(id)).collect();
        found.sort_by_key(|v| (-v.at, -v.id));
        let rows = found
            .iter()
            .map(|v| json!([moment(v.at), v.id, (v.uid == 2).then_some("Rika Brandt")]));
        self.doubled(rows.collect())
    }

    fn doubled(&self, rows: Vec<Value>) -> Value {
        match self.is_doubled {
            true => rows.iter().rev().chain(&rows).cloned().collect(),
            false => rows.into(),
        }
    }

    fn find_link(&self, params: &[Value]) -> Value {
        let (resource, key) = (&params[0][0], &params[0][1]);
        assert_eq!((&resource[1], &key[1]), (&json!("="), &json!("ilike")));
        let key = key[2].as_str().unwrap().trim_matches('%');
        let all = self.links.iter().enumerate();
        let found = all.filter(|(_, l)| resource[2] == l[0].as_str() && l[3].contains(key));
        found.map(|(i, _)| i + 1).collect()
    }

    fn put_link(&mut self, params: &[Value]) -> Value {
        let values = &params[0][0];
        assert_eq!(values["type"], "link");
        let text = |name: &str| values[name].as_str().unwrap().to_string();
        let link = ["resource", "name", "link", "description"].map(text);
        self.links.push(link);
        json!([self.links.len()])
    }

    fn call(&mut self, method: &str, params: &[Value]) -> Value {
        let result = match method {
            "model.res.user.get_preferences" => json!({ "company": 1, "language": "en" }),
            "model.sale.opportunity.fields_get" => json!({ "state": { "selection": self.states } }),
            "model.ir.model.access.get_access" => {
                json!({ "sale.opportunity": { "read": i32::from(!self.is_forbidden), "write": 0 } })
            }
            "model.ir.model.log.search_read" => self.log(params),
            "model.sale.opportunity.search" => {
                let rows = self.search(params);
                rows.as_array()
                    .unwrap()
                    .iter()
                    .map(|r| r["id"].clone())
                    .collect()
            }
            "model.res.user.read" | "model.res.user.search_read" => json!([
                { "id": 1, "name": null, "login": "admin", "email": null },
                { "id": 2, "name": "Rika Brandt", "login": "rep", "email": "rika@holm.example" },
            ]),
            _ if self.is_forbidden => {
                return error("You are not allowed to access \"Sale Opportunity\".");
            }
            "model.ir.attachment.search" => self.find_link(params),
            "model.ir.attachment.create" if self.is_read_only => {
                return error("You are not allowed to write \"Sale Opportunity\".");
            }
            "model.ir.attachment.create" => self.put_link(params),
            "model.sale.opportunity.read" => return self.read(params),
            "model.sale.opportunity.history_revisions" => self.revisions(params),
            "model.sale.opportunity.search_count" => json!(self.as_of(Micros::MAX).len()),
            "model.sale.opportunity.search_read" => match self.search(params) {
                Value::Array(rows) => self.doubled(rows),
                other => other,
            },
            other => panic!("{other}"),
        };
        json!({ "id": 1, "result": result })
    }
}

fn error(said: &str) -> Value {
    json!({ "id": 1, "error": ["UserError", [said, "", null]] })
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("url", "https://tryton.test/"),
            ("database", "crm"),
            ("user", "rep"),
            ("password", "secret"),
        ])
    }

    fn answer(&self, request: &Request) -> Response {
        let mut inside = self.0.lock().unwrap();
        assert_eq!(request.url, "https://tryton.test/crm/rpc/");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (method, params) = (
            body["method"].as_str().unwrap(),
            body["params"].as_array().unwrap(),
        );
        inside.calls.push(method.into());
        let token = format!("token-{}", inside.session);
        let (status, body) = if method == "common.db.login" {
            match params[1]["password"] == "secret" && !inside.is_shut {
                true => (200, json!({ "id": 1, "result": [2, token, null] })),
                false => (401, Value::Null),
            }
        } else {
            let session = super::wire::Session {
                user: "rep".into(),
                uid: 2,
                token,
                context: Default::default(),
            };
            let given = request.headers.iter().find(|(n, _)| n == "authorization");
            match given.is_some_and(|(_, v)| *v == session.authorization()) {
                true => (200, inside.call(method, params)),
                false => (401, Value::Null),
            }
        };
        Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let inside = self.0.lock().unwrap();
        let ids: BTreeSet<i64> = inside.versions.iter().map(|v| v.id).collect();
        let mut known = BTreeSet::new();
        for id in ids {
            let mut before = "";
            for v in inside.of(id) {
                if v.state != before {
                    known.insert((id.to_string(), v.state.to_string(), v.at));
                }
                before = v.state;
            }
        }
        known
    }

    fn notes(&self) -> Vec<(String, String)> {
        let inside = self.0.lock().unwrap();
        let links = inside.links.iter();
        let deal = |l: &[String; 4]| l[0].rsplit(',').next().unwrap().to_string();
        links.map(|l| (deal(l), l[1..].join(" "))).collect()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut inside = self.0.lock().unwrap();
        match trouble {
            Trouble::Expired => inside.session += 1,
            Trouble::SignedOut => (inside.is_shut, inside.session) = (true, inside.session + 1),
            Trouble::Forbidden => inside.is_forbidden = true,
            Trouble::Doubled => inside.is_doubled = true,
            Trouble::Moved => {
                let last = inside.versions.iter().map(|v| v.at).max().unwrap();
                for (id, after) in [(2, 30), (13, 30), (3, 31), (15, 31), (10, -1)] {
                    inside.versions.push(Version {
                        id,
                        at: last + after * MINUTE,
                        state: "converted",
                        uid: 2,
                    });
                }
            }
            Trouble::Edited => {
                inside.states[1].1 = "Qualified";
                inside.states.insert(2, ("offer", "Offer made"));
            }
            Trouble::ReadOnly => inside.is_read_only = true,
            Trouble::Deleted => inside.versions.retain(|v| v.id != 7 && v.id != 13),
        }
        true
    }
}
