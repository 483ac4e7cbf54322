//! A Jive in memory, after its documentation and what was recorded of it.

#![allow(clippy::unwrap_used, reason = "it is for tests")]

use crate::{Answer, Fault, Http, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

/// What the next request meets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meets {
    /// Too much was asked; seconds to wait.
    Storm(i64),
    /// An answer that ends in its middle.
    Half,
    /// A page for people instead of an answer.
    Page,
    /// No answer.
    Nobody,
    Status(u16),
}

/// A message in a discussion.
#[derive(Debug, Clone)]
pub struct Said {
    pub id: i64,
    pub author: i64,
    pub html: String,
    pub is_gone: bool,
}

#[derive(Debug, Clone)]
pub struct Discussion {
    pub id: i64,
    pub place: i64,
    pub author: i64,
    pub subject: String,
    pub html: String,
    pub messages: Vec<Said>,
    pub answer: Option<i64>,
    pub helpful: Vec<i64>,
    pub changes: u32,
    pub is_gone: bool,
}

#[derive(Default)]
pub struct Inside {
    pub discussions: Vec<Discussion>,
    pub meets: VecDeque<Meets>,
    /// The password was changed.
    pub is_expired: bool,
    /// Lists tell every row twice, between rows that nobody understands.
    pub is_doubled: bool,
    /// How many of a list are told at most.
    pub most: Option<usize>,
    pub asked: Vec<String>,
}

#[derive(Default)]
pub struct Peer(Mutex<Inside>);

const URL: &str = "https://jive.test";

/// The people: id, name, address.
const PEOPLE: &[(i64, &str, &str)] = &[
    (7, "Rika Brandt", "rika@halden.example"),
    (8, "Olu Ade", "Olu@halden.example"),
    (9, "Kim Elsewhere", ""),
];

impl Peer {
    /// With two places, 301838 and 301839, and nothing in them.
    pub fn new() -> Peer {
        Peer::default()
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub fn settings() -> Settings {
        Settings::of([("url", URL), ("user", "rika"), ("password", "a secret")])
    }

    /// A discussion with one answer for each text; returns its id. Its messages have its id times ten and more.
    pub fn ask(&self, place: i64, author: i64, subject: &str, answers: &[(i64, &str)]) -> i64 {
        let mut inside = self.inside();
        let id = 1000 + inside.discussions.len() as i64;
        let messages = answers.iter().enumerate().map(|(n, (author, html))| Said {
            id: id * 10 + n as i64,
            author: *author,
            html: (*html).into(),
            is_gone: false,
        });
        let discussion = Discussion {
            id,
            place,
            author,
            subject: subject.into(),
            html: format!("<body><p>{subject}</p></body>"),
            messages: messages.collect(),
            answer: None,
            helpful: Vec::new(),
            changes: 0,
            is_gone: false,
        };
        inside.discussions.push(discussion);
        id
    }

    pub fn change(&self, id: i64, change: impl FnOnce(&mut Discussion)) {
        let mut inside = self.inside();
        let found = inside.discussions.iter_mut().find(|d| d.id == id).unwrap();
        change(found);
        found.changes += 1;
    }

    /// How often something was asked whose address has this in it.
    pub fn asked(&self, what: &str) -> usize {
        let inside = self.inside();
        inside.asked.iter().filter(|a| a.contains(what)).count()
    }
}

fn uri(what: &str, id: i64) -> String {
    format!("{URL}/api/core/v3/{what}/{id}")
}

fn resources(what: &str, id: i64) -> Value {
    json!({ "self": { "ref": uri(what, id), "allowed": ["GET"] }, "html": { "ref": format!("{URL}/{what}/{id}"), "allowed": ["GET"] } })
}

/// As somebody is told of beside what she wrote: without her address.
fn summary(id: i64) -> Value {
    let name = PEOPLE.iter().find(|p| p.0 == id).unwrap().1;
    json!({ "id": id.to_string(), "type": "person", "displayName": name, "resources": resources("people", id) })
}

fn person(id: i64) -> Option<Value> {
    let (_, _, email) = PEOPLE.iter().find(|p| p.0 == id)?;
    let mut person = summary(id);
    if !email.is_empty() {
        person["emails"] = json!([{ "value": email, "primary": true }]);
    }
    person["jive"] = json!({ "username": format!("user{id}"), "enabled": true });
    Some(person)
}

fn place(id: i64) -> Value {
    json!({ "id": (id - 297_833).to_string(), "type": "group", "name": format!("Place {id}"), "memberCount": 9, "groupType": "OPEN",
        "resources": resources("places", id) })
}

fn discussion(d: &Discussion) -> Value {
    // The id is another one than that of the address.
    let mut out = json!({ "id": (d.id - 900).to_string(), "type": "discussion", "subject": d.subject, "question": true,
        "content": { "type": "text/html", "text": d.html }, "author": summary(d.author), "status": "published",
        "published": "2014-05-06T07:08:09.000+0000", "updated": format!("2014-05-06T07:08:{:02}.000+0000", 10 + d.changes),
        "parent": uri("places", d.place), "replyCount": d.messages.len(), "resources": resources("contents", d.id),
        "helpful": d.helpful.iter().map(|id| uri("messages", *id)).collect::<Vec<_>>() });
    if let Some(answer) = d.answer {
        out["answer"] = json!(uri("messages", answer));
    }
    out
}

fn message(m: &Said) -> Value {
    json!({ "id": m.id.to_string(), "type": "message", "content": { "type": "text/html", "text": m.html }, "author": summary(m.author),
        "published": "2014-05-07T07:08:09.000+0000", "status": "published", "resources": resources("messages", m.id) })
}

impl Inside {
    fn answer(&mut self, url: &url::Url) -> Result<Value, u16> {
        let parts: Vec<&str> = url.path().split('/').skip(4).collect();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let id = |text: &str| text.parse::<i64>().map_err(|_| 404_u16);
        match parts[..] {
            ["people", "@me"] => Ok(person(7).unwrap()),
            ["people", who] => person(id(who)?).ok_or(404),
            ["places"] => Ok(self.list(&query, vec![place(301_838), place(301_839)])),
            ["places", which] => match id(which)? {
                which @ (301_838 | 301_839) => Ok(place(which)),
                _ => Err(404),
            },
            ["contents"] => {
                let filter = |what: &str| {
                    let begin = format!("{what}(");
                    let found = query
                        .iter()
                        .find(|(k, v)| k == "filter" && v.starts_with(&begin));
                    found.map(|(_, v)| v[begin.len()..v.len() - 1].to_string())
                };
                assert_eq!(filter("type").as_deref(), Some("discussion"));
                let wanted = filter("place").unwrap();
                let there = self.discussions.iter().filter(|d| !d.is_gone);
                let there = there.filter(|d| uri("places", d.place) == wanted);
                let rows = there.map(discussion).collect();
                Ok(self.list(&query, rows))
            }
            ["contents", which] => {
                let which = id(which)?;
                let found = self
                    .discussions
                    .iter()
                    .find(|d| d.id == which && !d.is_gone);
                found.map(discussion).ok_or(404)
            }
            ["messages", which] => {
                let which = id(which)?;
                let mut all = self
                    .discussions
                    .iter()
                    .filter(|d| !d.is_gone)
                    .flat_map(|d| &d.messages);
                all.find(|m| m.id == which && !m.is_gone)
                    .map(message)
                    .ok_or(404)
            }
            _ => Err(404),
        }
    }

    fn list(&self, query: &[(String, String)], rows: Vec<Value>) -> Value {
        let number = |name: &str| -> usize {
            let found = query.iter().find(|(k, _)| k == name).unwrap();
            found.1.parse().unwrap()
        };
        let (start, count) = (
            number("startIndex"),
            number("count").min(self.most.unwrap_or(100)),
        );
        let has_more = rows.len() > start + count;
        let mut list: Vec<Value> = rows.into_iter().skip(start).take(count).collect();
        if self.is_doubled {
            let deep = (0..300).fold(json!(1), |inner, _| json!([inner]));
            list = list
                .iter()
                .flat_map(|row| [row.clone(), row.clone()])
                .collect();
            list.extend([deep, json!({ "id": 5, "type": [] }), Value::Null]);
        }
        match has_more {
            true => json!({ "list": list, "links": { "next": "https://elsewhere.test/" } }),
            false => json!({ "list": list }),
        }
    }
}

fn answered(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

impl Http for Peer {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        Box::pin(async move {
            let mut inside = self.inside();
            assert!(
                request.url.starts_with(&format!("{URL}/api/core/v3/")),
                "the password goes to {}",
                request.url
            );
            assert_eq!(request.method, "GET");
            inside.asked.push(request.url.clone());
            let basic = request.headers.iter().find(|(n, _)| n == "authorization");
            assert_eq!(basic.unwrap().1, "Basic cmlrYTphIHNlY3JldA==");
            if inside.is_expired {
                return Ok(answered(
                    401,
                    r#"{"error":{"status":401,"message":"Unauthorized"}}"#,
                ));
            }
            let url = url::Url::parse(&request.url).unwrap();
            let met = inside.meets.pop_front();
            if let Some(Meets::Storm(seconds)) = met {
                let mut answer = answered(429, r#"{"error":{"message":"slow down"}}"#);
                answer
                    .headers
                    .push(("retry-after".into(), seconds.to_string()));
                return Ok(answer);
            }
            match met {
                Some(Meets::Nobody) => return Err(Fault::Unreached("no connection".into())),
                Some(Meets::Page) => return Ok(answered(200, "<html>Sign in</html>")),
                Some(Meets::Status(status)) => return Ok(answered(status, "{}")),
                _ => {}
            }
            let (status, body) = match inside.answer(&url) {
                Ok(body) => (200, body),
                Err(status) => (
                    status,
                    json!({ "error": { "status": status, "message": "not found" } }),
                ),
            };
            let mut body =
                format!("throw 'allowIllegalResourceCall is false.';\n{body}").into_bytes();
            if met == Some(Meets::Half) {
                body.truncate(body.len() / 2);
            }
            Ok(answered(status, body))
        })
    }
}
