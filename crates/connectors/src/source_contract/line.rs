//! The way to the stand-in, and what goes wrong on it.

use super::StandIn;
use crate::{Answer, Fault, Http, Micros, Request, Response};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong on the way, at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    Nobody,
    Error,
    Storm,
    Half,
    Hostile(usize),
}

/// The time here, and what `Retry-After` says.
pub const NOW: Micros = 1_790_000_000_000_000;
pub const RETRY: Micros = 37_000_000;

pub struct Line<'a> {
    pub peer: &'a dyn StandIn,
    pub calls: AtomicUsize,
    /// From which call on, for how many.
    pub broken: Option<(usize, usize, Break)>,
}

impl Line<'_> {
    fn carry(&self, request: &Request) -> Result<Response, Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        assert!(call < 20_000, "asks without end");
        let broken = self
            .broken
            .filter(|(from, calls, _)| (*from..from + calls).contains(&call));
        let error = |status: u16| Response {
            status,
            headers: vec![("retry-after".into(), (RETRY / 1_000_000).to_string())],
            body: b"{\"message\": \"not now\"}".to_vec(),
        };
        let honest = self.peer.answer(request);
        match broken.map(|(_, _, how)| how) {
            None => Ok(honest),
            Some(Break::Nobody) => Err(Fault::Unreached("nobody answers".into())),
            Some(Break::Error) => Ok(Response {
                headers: Vec::new(),
                ..error(500)
            }),
            Some(Break::Storm) => Ok(error(429)),
            Some(Break::Half) => {
                let half = honest.body[..honest.body.len() / 2].to_vec();
                Ok(Response {
                    body: half,
                    ..honest
                })
            }
            Some(Break::Hostile(n)) => Ok(Response {
                body: hostile(&honest.body, n),
                ..honest
            }),
        }
    }
}

impl Http for Line<'_> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let answer = self.carry(&request);
        Box::pin(async { answer })
    }
}

pub const HOSTILE: usize = 10;

/// Answers that nobody should send: other shapes, other types, numbers and texts beyond all bounds.
fn hostile(honest: &[u8], n: usize) -> Vec<u8> {
    let change = |to: fn(&serde_json::Value) -> serde_json::Value| {
        let value = serde_json::from_slice(honest).unwrap_or_default();
        with_leaves(&value, to).to_string().into_bytes()
    };
    match n {
        0 => Vec::new(),
        1 => b"null".to_vec(),
        2 => b"[]".to_vec(),
        3 => b"{}".to_vec(),
        4 => "[".repeat(100_000).into_bytes(),
        5 => b"\xff\xfe<html>\0</html>".to_vec(),
        6 => change(|_| serde_json::Value::Null),
        7 => change(|v| {
            if v.is_number() {
                i64::MAX.into()
            } else {
                v.clone()
            }
        }),
        8 => change(|v| {
            if v.is_string() {
                "\u{202e}\u{0}é".repeat(5000).into()
            } else {
                v.clone()
            }
        }),
        _ => change(|v| {
            if v.is_number() {
                i64::MIN.into()
            } else {
                "9999-99-99T99:99:99Z".into()
            }
        }),
    }
}

fn with_leaves(
    value: &serde_json::Value,
    to: fn(&serde_json::Value) -> serde_json::Value,
) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(items) => items.iter().map(|v| with_leaves(v, to)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(k, v)| (k.clone(), with_leaves(v, to)));
            Value::Object(fields.collect())
        }
        leaf => to(leaf),
    }
}
