//! A mailbox and a mail server that are none. Mails are mails; the way to them is made of requests, so that the trouble is that of all stand-ins.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is for tests")]

use super::read::{parsed, referable};
use crate::contract::house::{
    Asked, House, Post as Said, RETRY, Refusal, Stand, Wire, json, plain,
};
use crate::contract::{Way, Ways};
use crate::post::{Fetched, Letter, Mail, Mailbox, Server, Wanted};
use crate::{Answer, Fault, Micros, Post, Request, Response, Settings};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

const VALIDITY: u32 = 7;
const PAGE: usize = 50;
const OURS: &str = "support@halden.example";

pub struct MailServer;

pub fn stand_in() -> Stand<MailServer> {
    Stand::new(MailServer)
}

/// A mail of somebody, or ours, in one of the forms that mail programs use.
fn written(n: usize, post: &Said) -> Vec<u8> {
    let at = jiff::Timestamp::from_microsecond(post.at).unwrap();
    let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let from = match post.is_ours {
        true => OURS,
        false => "\"Ada\u{202e} L.\" <Ada@customer.example>",
    };
    let coded = BASE64_STANDARD.encode(&post.text).into_bytes();
    let rows: Vec<&str> = coded
        .chunks(76)
        .map(|row| std::str::from_utf8(row).unwrap())
        .collect();
    let part = |kind: &str| {
        let rows = rows.join("\r\n");
        format!(
            "Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{rows}\r\n"
        )
    };
    let own = match (post.is_raw, n % 3) {
        (true, _) => part("text/html"),
        (_, 1) => format!(
            "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n{}--b\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--b--\r\n",
            part("text/plain")
        ),
        _ => part("text/plain"),
    };
    let id = &post.id;
    format!("From: {from}\r\nTo: {OURS}\r\nSubject: =?utf-8?q?Fr=C3=A4ge?=\r\nDate: {date}\r\nMessage-ID: <{id}>\r\nMIME-Version: 1.0\r\n{own}")
        .into_bytes()
}

impl Wire for MailServer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("address", OURS),
            ("sender", "Halden Support"),
            ("imap", "imaps://support@mail.halden.example/INBOX"),
            ("smtp", "smtps://support@mail.halden.example"),
            ("password", "open-sesame"),
        ])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Never,
            deletions: Way::Never,
            html: true,
            window: false,
        }
    }

    fn id(&self, n: u64, at: Micros) -> String {
        format!("{n}.{at}@customer.example")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        let number = |name: &str| asked.query(name).parse::<u32>().unwrap();
        match asked.path.as_str() {
            "/fetch" => {
                let next = house.posts.len() as u32 + 1;
                let is_known = number("validity") == VALIDITY;
                let after = if is_known { number("after") } else { u32::MAX };
                let all = house.posts.iter().enumerate();
                let wanted = all.filter(|(n, _)| *n as u32 + 1 > after);
                let mails: Vec<Value> = wanted
                    .take(PAGE)
                    .map(|(n, post)| {
                        let raw = BASE64_STANDARD.encode(written(n, post));
                        json!({"uid": n + 1, "arrived": post.at, "raw": raw})
                    })
                    .collect();
                let has_more = is_known && house.posts.len() > after as usize + mails.len();
                // In a mailbox there is nothing but mails.
                let mut mails = house.list(mails);
                mails.retain(|m| m["raw"].is_string());
                let all = json!({"validity": VALIDITY, "next": next, "has_more": has_more, "mails": mails});
                json(200, &all)
            }
            "/has" => json(200, &json!(house.post(asked.query("id")).is_some())),
            "/greet" => json(200, &json!(true)),
            "/send" => {
                let raw = BASE64_STANDARD.decode(asked.text("raw")).unwrap();
                let mail = parsed(&raw).unwrap();
                let id = referable(mail.message_id().unwrap()).unwrap();
                let to = mail.in_reply_to().as_text().map(String::from);
                let text = mail.body_text(0).unwrap().trim_end().to_string();
                let post = house.put(self, &text, true);
                (post.id, post.reply_to) = (id, to);
                json(200, &json!(true))
            }
            _ => plain(404, ""),
        }
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.path == "/send"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        match refusal {
            Refusal::Often => plain(429, "too many connections"),
            Refusal::SignedOut => plain(401, "535 wrong password"),
            Refusal::NotAllowed => plain(403, "553 not yours"),
        }
    }

    fn post(stand: &Stand<MailServer>) -> &dyn Post {
        stand
    }
}

impl Stand<MailServer> {
    fn ask(&self, method: &'static str, what: &str, body: Value) -> Result<Value, Fault> {
        let now = crate::contract::StandIn::now(self);
        let answer = self.handle(&Request {
            method,
            url: format!("https://mail.invalid/{what}"),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        })?;
        let said = || String::from_utf8_lossy(&answer.body).into_owned();
        match answer.status {
            200 => serde_json::from_slice(&answer.body)
                .map_err(|_| Fault::Unreached("the connection broke off".into())),
            401 => Err(Fault::SignedOut(said())),
            403 => Err(Fault::NotAllowed(said())),
            429 => Err(Fault::Wait {
                until: now + RETRY * 1_000_000,
                said: said(),
            }),
            _ => Err(Fault::Unreached(said())),
        }
    }
}

fn mail(item: &Value) -> Option<Mail> {
    Some(Mail {
        uid: item["uid"].as_u64()? as u32,
        arrived: item["arrived"].as_i64()?,
        raw: BASE64_STANDARD.decode(item["raw"].as_str()?).ok()?,
        is_whole: true,
    })
}

impl Post for Stand<MailServer> {
    fn fetch<'a>(&'a self, _: &'a Mailbox, wanted: &'a Wanted) -> Answer<'a, Fetched> {
        let what = format!("fetch?validity={}&after={}", wanted.validity, wanted.after);
        let got = self.ask("GET", &what, Value::Null).map(|got| Fetched {
            validity: got["validity"].as_u64().unwrap() as u32,
            next: got["next"].as_u64().unwrap() as u32,
            mails: got["mails"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(mail)
                .collect(),
            has_more: got["has_more"].as_bool().unwrap(),
        });
        Box::pin(async move { got })
    }

    fn has<'a>(&'a self, _: &'a Server, _: &'a [String], id: &'a str) -> Answer<'a, bool> {
        let got = self.ask("GET", &format!("has?id={id}"), Value::Null);
        Box::pin(async move { Ok(got? == json!(true)) })
    }

    fn greet<'a>(&'a self, _: &'a Server) -> Answer<'a, ()> {
        let got = self.ask("GET", "greet", Value::Null);
        Box::pin(async move { got.map(drop) })
    }

    fn hand_over<'a>(&'a self, _: &'a Server, letter: &'a Letter) -> Answer<'a, ()> {
        let raw = BASE64_STANDARD.encode(&letter.raw);
        let sent = self.ask("POST", "send", json!({ "raw": raw }));
        Box::pin(async move {
            match sent {
                Err(Fault::Unreached(said)) if said.contains("closed") => Err(Fault::Unknown(said)),
                other => other.map(drop),
            }
        })
    }
}
