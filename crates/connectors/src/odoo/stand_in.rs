//! An Odoo in memory, after the documentation.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use super::wire::{literal, moment};
use crate::source_contract::{Known, StandIn, Trouble};
use crate::{Micros, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

pub struct Peer(Mutex<Inside>);

struct Inside {
    /// Lead, stage (0: lost), moment, in the order of their ids.
    moves: Vec<(i64, i64, Micros)>,
    gone: Vec<i64>,
    is_shut: bool,
    is_forbidden: bool,
    pub is_untracked: bool,
    is_doubled: bool,
    is_edited: bool,
    is_read_only: bool,
    /// Lead and body, in the order of their ids.
    notes: Vec<(i64, String)>,
}

const START: Micros = 1_780_000_000_000_000;
const MINUTE: Micros = 60_000_000;
const KEY: &str = "0123abc";

impl Peer {
    pub fn new() -> Peer {
        let mut moves = Vec::new();
        for id in 1..=14 {
            let start = START + id / 2 * 700 * MINUTE;
            moves.push((id, 1, start));
            if id % 3 != 0 {
                moves.push((id, 2, start + 3000 * MINUTE));
            }
            if id % 5 == 0 {
                moves.push((id, 0, start + 4000 * MINUTE));
            }
        }
        Peer(Mutex::new(Inside {
            moves,
            gone: Vec::new(),
            is_shut: false,
            is_forbidden: false,
            is_untracked: false,
            is_doubled: false,
            is_edited: false,
            is_read_only: false,
            notes: Vec::new(),
        }))
    }

    pub fn hide_history(&self) {
        self.0.lock().unwrap().is_untracked = true;
    }
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Inside {
    fn leads(&self) -> BTreeSet<i64> {
        let all = self.moves.iter().map(|m| m.0);
        all.filter(|id| !self.gone.contains(id)).collect()
    }

    /// With their numbers.
    fn of(&self, id: i64) -> Vec<(usize, (i64, i64, Micros))> {
        let all = self.moves.iter().copied().enumerate();
        let mut found: Vec<_> = all.filter(|(_, m)| m.0 == id).collect();
        found.sort_by_key(|(_, m)| m.2);
        found
    }

    fn lead(&self, id: i64) -> Value {
        let moves = self.of(id);
        let stage = moves.iter().rfind(|(_, m)| m.1 != 0).unwrap().1;
        let last = moves.last().unwrap().1;
        json!({
            "id": id, "name": format!("Lead {id}"), "stage_id": [stage.1, "?"], "active": last.1 != 0,
            "create_date": literal(moves[0].1.2), "write_date": literal(last.2), "date_last_stage_update": literal(stage.2),
            "partner_id": [3, "Keller GmbH"], "user_id": false, "team_id": [1, "Sales"], "expected_revenue": 12.5, "source_id": false,
        })
    }

    fn leads_found(&self, domain: &Value, named: &Value) -> Vec<Value> {
        let mut rows: Vec<Value> = self.leads().into_iter().map(|id| self.lead(id)).collect();
        let at = |row: &Value| moment(&row["write_date"]).unwrap();
        for clause in domain.as_array().unwrap() {
            match clause[0].as_str().unwrap() {
                "id" => rows.retain(|r| r["id"].as_i64() > clause[2].as_i64()),
                "write_date" => rows.retain(|r| at(r) >= moment(&clause[2]).unwrap()),
                other => panic!("{other}"),
            }
        }
        if named["order"] == "write_date desc" {
            rows.sort_by_key(|r| -at(r));
        }
        rows.truncate(named["limit"].as_u64().unwrap() as usize);
        rows
    }

    /// The moves after the first of each lead; the number of a message is that of the move and a hundred.
    fn tracked(&self) -> Vec<(usize, i64, (i64, i64, Micros))> {
        let mut found = Vec::new();
        for id in self.leads() {
            let moves = self.of(id);
            for pair in moves.windows(2) {
                let before = if pair[0].1.1 == 0 { 1 } else { pair[0].1.1 };
                found.push((pair[1].0, before, pair[1].1));
            }
        }
        found
    }

    fn find_note(&self, domain: &Value) -> Value {
        assert_eq!(domain[0], json!(["model", "=", "crm.lead"]));
        let (lead, key) = (domain[1][2].as_i64(), domain[2][2].as_str().unwrap());
        let all = self.notes.iter().enumerate();
        let found = all.filter(|(_, n)| Some(n.0) == lead && n.1.contains(key));
        found.map(|(i, _)| json!({ "id": i + 900 })).collect()
    }

    fn put_note(&mut self, lead: i64, named: &Value) -> Value {
        assert_eq!(
            (&named["subtype_xmlid"], &named["body_is_html"]),
            (&json!("mail.mt_note"), &json!(true))
        );
        let body = named["body"].as_str().unwrap().to_string();
        self.notes.push((lead, body));
        json!(self.notes.len() + 899)
    }

    fn call(&self, model: &str, method: &str, args: &Value, named: &Value) -> Value {
        let stage =
            |id: i64, name: &str, is_won: bool| json!({ "id": id, "name": name, "is_won": is_won });
        let rows = match (model, method) {
            ("res.users", "read") => {
                vec![json!({ "id": 2, "name": "Rika Brandt", "login": "rika@holm.example" })]
            }
            (_, "check_access_rights") => {
                return json!(if model == "crm.lead" {
                    !self.is_forbidden
                } else {
                    !self.is_untracked
                });
            }
            ("crm.stage", _) => {
                let second = if self.is_edited {
                    "Proposal"
                } else {
                    "Qualified"
                };
                return json!([
                    stage(1, "New", false),
                    stage(2, second, false),
                    stage(4, "Won", true)
                ]);
            }
            ("crm.lead", "search_count") => return json!(self.leads().len()),
            ("crm.lead", _) => self.leads_found(&args[0], named),
            ("mail.message", _) if args[0][2][0] == "body" => return self.find_note(&args[0]),
            ("mail.message", _) => {
                let ids = args[0][1][2].as_array().unwrap();
                let tracked = self
                    .tracked()
                    .into_iter()
                    .filter(|(_, _, m)| ids.iter().any(|id| *id == m.0));
                let row = |(n, _, m): (usize, i64, (i64, i64, Micros))| {
                    json!({ "id": n + 100, "res_id": m.0, "date": literal(m.2), "author_id": [5, "Rika Brandt"],
                        "email_from": "\"Rika Brandt\" <rika@holm.example>" })
                };
                tracked.map(row).collect()
            }
            ("mail.tracking.value", _) => {
                let ids = args[0][0][2].as_array().unwrap();
                let tracked = self
                    .tracked()
                    .into_iter()
                    .filter(|(n, _, _)| ids.iter().any(|id| *id == n + 100));
                let row = |(n, before, m): (usize, i64, (i64, i64, Micros))| {
                    let (old, new, name) = if m.1 == 0 {
                        (1, 0, json!(false))
                    } else {
                        (before, m.1, json!("A stage"))
                    };
                    json!({ "id": n + 1, "mail_message_id": [n + 100, "?"], "field_id": [9, "?"],
                        "old_value_integer": old, "new_value_integer": new, "new_value_char": name })
                };
                tracked.map(row).collect()
            }
            other => panic!("{other:?}"),
        };
        match self.is_doubled {
            true => rows.iter().rev().chain(&rows).cloned().collect(),
            false => rows.into(),
        }
    }
}

fn error(name: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 200, "message": "Odoo Server Error",
        "data": { "name": format!("odoo.exceptions.{name}"), "message": "not for you" } } })
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("url", "https://odoo.test/"),
            ("database", "holm"),
            ("user", "rika@holm.example"),
            ("key", KEY),
        ])
    }

    fn answer(&self, request: &Request) -> Response {
        let mut inside = self.0.lock().unwrap();
        assert_eq!(request.url, "https://odoo.test/jsonrpc");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (params, args) = (&body["params"], &body["params"]["args"]);
        let is_known = args[2] == KEY && !inside.is_shut;
        let text = |n: usize| args[n].as_str().unwrap();
        let body = match params["service"].as_str().unwrap() {
            "common" => json!({ "result": if is_known { json!(2) } else { json!(false) } }),
            _ if !is_known => error("AccessDenied"),
            _ if inside.is_forbidden
                && args[3] == "crm.lead"
                && args[4] != "check_access_rights" =>
            {
                error("AccessError")
            }
            _ if inside.is_untracked
                && args[3] == "mail.tracking.value"
                && args[4] != "check_access_rights" =>
            {
                error("AccessError")
            }
            _ if args[4] == "message_post" => {
                let lead = args[5][0][0].as_i64().unwrap();
                match inside.leads().contains(&lead) {
                    _ if inside.is_read_only => error("AccessError"),
                    false => error("MissingError"),
                    true => json!({ "result": inside.put_note(lead, &args[6]) }),
                }
            }
            _ => json!({ "result": inside.call(text(3), text(4), &args[5], &args[6]) }),
        };
        Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let inside = self.0.lock().unwrap();
        let moves = inside.moves.iter().filter(|m| !inside.gone.contains(&m.0));
        let stage = |n: i64| {
            if n == 0 {
                "lost".to_string()
            } else {
                n.to_string()
            }
        };
        moves.map(|m| (m.0.to_string(), stage(m.1), m.2)).collect()
    }

    fn notes(&self) -> Vec<(String, String)> {
        let inside = self.0.lock().unwrap();
        let notes = inside.notes.iter();
        notes
            .map(|(lead, text)| (lead.to_string(), text.clone()))
            .collect()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut inside = self.0.lock().unwrap();
        match trouble {
            // A key does not end.
            Trouble::Expired => return false,
            Trouble::SignedOut => inside.is_shut = true,
            Trouble::Forbidden => inside.is_forbidden = true,
            Trouble::Doubled => inside.is_doubled = true,
            Trouble::Moved => {
                let last = inside.moves.iter().map(|m| m.2).max().unwrap();
                for (id, after) in [(2, 30), (13, 30), (3, 31), (15, 31), (4, -1)] {
                    inside.moves.push((id, 4, last + after * MINUTE));
                }
            }
            Trouble::Edited => inside.is_edited = true,
            Trouble::ReadOnly => inside.is_read_only = true,
            Trouble::Deleted => inside.gone = vec![7, 13],
        }
        true
    }
}
