//! A server of one file, which names its states by ETag.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use crate::source_contract::{Known, StandIn, Trouble};
use crate::{Micros, Request, Response, Settings};
use std::collections::BTreeSet;
use std::sync::Mutex;

pub struct Peer(Mutex<Inside>);

struct Inside {
    moves: Vec<(u32, String, Micros)>,
    is_shut: bool,
    is_forbidden: bool,
    is_doubled: bool,
}

const START: Micros = 1_780_000_000_000_000;
const MINUTE: Micros = 60_000_000;

impl Peer {
    pub fn new() -> Peer {
        let mut moves = Vec::new();
        for case in 1..=14 {
            let start = START + Micros::from(case) * 700 * MINUTE;
            moves.push((case, "New, or \"fresh\"".to_string(), start));
            moves.push((case, "Offer\nmade".to_string(), start + 40 * MINUTE));
        }
        Peer(Mutex::new(Inside {
            moves,
            is_shut: false,
            is_forbidden: false,
            is_doubled: false,
        }))
    }
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Inside {
    fn file(&self) -> String {
        let mut rows: Vec<String> = Vec::new();
        for (case, stage, at) in &self.moves {
            let at = jiff::Timestamp::from_microsecond(*at).unwrap();
            rows.push(format!(
                "D-{case},\"{}\",{at},Rika,Deal {case}\r\n",
                stage.replace('"', "\"\"")
            ));
        }
        if self.is_doubled {
            rows = rows.iter().rev().chain(&rows).cloned().collect();
        }
        format!("case,stage,time,by,name\r\n{}", rows.concat())
    }
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("url", "https://files.test/out/deals.csv?k=1"),
            ("authorization", "Bearer abc"),
        ])
    }

    fn answer(&self, request: &Request) -> Response {
        let inside = self.0.lock().unwrap();
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        let body = inside.file();
        let etag = format!("\"{}\"", super::table::digest(&[body.as_bytes()]));
        let status = match header("authorization") {
            Some("Bearer abc") if inside.is_forbidden => 403,
            Some("Bearer abc") if inside.is_shut => 401,
            Some("Bearer abc") if header("if-none-match") == Some(etag.as_str()) => 304,
            Some("Bearer abc") => 200,
            _ => 401,
        };
        let body = if status == 200 {
            body.into_bytes()
        } else {
            Vec::new()
        };
        let headers = vec![
            ("etag".into(), etag),
            ("content-length".into(), body.len().to_string()),
        ];
        Response {
            status,
            headers,
            body,
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let inside = self.0.lock().unwrap();
        let moves = inside.moves.iter();
        moves
            .map(|m| (format!("D-{}", m.0), m.1.replace('\n', " "), m.2))
            .collect()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut inside = self.0.lock().unwrap();
        match trouble {
            Trouble::Expired | Trouble::ReadOnly => return false,
            Trouble::SignedOut => inside.is_shut = true,
            Trouble::Forbidden => inside.is_forbidden = true,
            Trouble::Doubled => inside.is_doubled = true,
            Trouble::Moved => {
                let last = inside.moves.iter().map(|m| m.2).max().unwrap();
                for case in [2, 13, 15] {
                    inside.moves.insert(3, (case, "Won".into(), last + MINUTE));
                }
            }
            Trouble::Edited => {
                let last = inside.moves.iter().map(|m| m.2).max().unwrap();
                inside.moves.push((1, "Review".into(), last));
            }
            Trouble::Deleted => inside.moves.retain(|m| m.0 != 7 && m.0 != 13),
        }
        true
    }
}
