//! The shapes of Jive's REST interface, version 3. Every field but the id may be left out: what is shown depends on the rights of who asks.

use crate::json::or_default;
use crate::text::{line, of_html};
use crate::{Fault, Micros, Response};
use serde_json::Value;

/// Stands before every body, so that a page elsewhere cannot run it as a script.
const GUARD: &[u8] = b"throw 'allowIllegalResourceCall is false.';";

/// The JSON of a body.
pub fn unguarded(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_start();
    body.strip_prefix(GUARD).unwrap_or(body).trim_ascii_start()
}

pub fn read<T: serde::de::DeserializeOwned>(answer: &Response, now: Micros) -> Result<T, Fault> {
    if answer.is_success() {
        return serde_json::from_slice(unguarded(&answer.body))
            .map_err(|e| Fault::Strange(e.to_string()));
    }
    let body: Value = serde_json::from_slice(unguarded(&answer.body)).unwrap_or_default();
    let said = body["error"]["message"]
        .as_str()
        .unwrap_or("no reason was given");
    Err(answer.fault(now, line(&format!("{} {said}", answer.status))))
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    pub list: Vec<T>,
    #[serde(default, deserialize_with = "or_default")]
    pub links: Links,
}

#[derive(Debug, Default, serde::Deserialize)]
pub struct Links {
    #[serde(default)]
    pub next: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPerson {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    display_name: String,
    #[serde(default, deserialize_with = "or_default")]
    emails: Vec<Email>,
    #[serde(default, deserialize_with = "or_default")]
    jive: Value,
    #[serde(default, deserialize_with = "or_default")]
    resources: Value,
}

#[derive(Debug, Default, serde::Deserialize)]
struct Email {
    #[serde(default, deserialize_with = "or_default")]
    value: String,
    #[serde(default, deserialize_with = "or_default")]
    primary: bool,
}

/// Somebody, as Jive knows them.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(from = "RawPerson")]
pub struct Person {
    pub id: String,
    pub name: String,
    pub handle: String,
    pub email: Option<String>,
    pub url: Option<String>,
    pub is_enabled: bool,
}

impl From<RawPerson> for Person {
    fn from(raw: RawPerson) -> Person {
        let primary = raw.emails.iter().find(|e| e.primary).or(raw.emails.first());
        Person {
            name: line(&raw.display_name),
            handle: line(raw.jive["username"].as_str().unwrap_or_default()),
            email: primary.map(|e| e.value.clone()).filter(|e| !e.is_empty()),
            url: html(&raw.resources),
            is_enabled: raw.jive["enabled"] != Value::Bool(false),
            id: raw.id,
        }
    }
}

fn html(resources: &Value) -> Option<String> {
    resources["html"]["ref"].as_str().map(String::from)
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPlace {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    member_count: u64,
    #[serde(default, deserialize_with = "or_default")]
    resources: Value,
}

/// A space, a group, a project.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(from = "RawPlace")]
pub struct Place {
    pub id: String,
    /// As Jive calls it: `group`, `space`, `project`.
    pub kind: String,
    pub name: String,
    pub members: u64,
    pub url: Option<String>,
}

impl From<RawPlace> for Place {
    fn from(raw: RawPlace) -> Place {
        Place {
            name: line(&raw.name),
            members: raw.member_count,
            url: html(&raw.resources),
            kind: raw.kind,
            id: raw.id,
        }
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    subject: String,
    #[serde(default, deserialize_with = "or_default")]
    content: Value,
    #[serde(default, deserialize_with = "or_default")]
    author: Person,
    #[serde(default, deserialize_with = "or_default")]
    published: String,
    #[serde(default, deserialize_with = "or_default")]
    parent: String,
    #[serde(default, deserialize_with = "or_default")]
    question: bool,
    #[serde(default, deserialize_with = "or_default")]
    answer: String,
    #[serde(default, deserialize_with = "or_default")]
    helpful: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    reply_count: u64,
    #[serde(default, deserialize_with = "or_default")]
    resources: Value,
}

/// A discussion; of other kinds of content only what they have in common with it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(from = "RawContent")]
pub struct Content {
    pub id: String,
    pub kind: String,
    pub subject: String,
    /// Plain text.
    pub text: String,
    pub author: Person,
    pub at: Option<Micros>,
    /// The address of the place or person it stands under.
    pub parent: String,
    pub is_question: bool,
    /// The address of the message that was marked as the answer.
    pub answer: Option<String>,
    /// Those that were marked as helpful.
    pub helpful: Vec<String>,
    pub replies: u64,
    pub url: Option<String>,
}

impl From<RawContent> for Content {
    fn from(raw: RawContent) -> Content {
        Content {
            subject: line(&raw.subject),
            text: of_html(raw.content["text"].as_str().unwrap_or_default()),
            author: raw.author,
            at: moment(&raw.published),
            parent: raw.parent,
            is_question: raw.question,
            answer: Some(raw.answer).filter(|a| !a.is_empty()),
            helpful: raw.helpful,
            replies: raw.reply_count,
            url: html(&raw.resources),
            kind: raw.kind,
            id: raw.id,
        }
    }
}

fn moment(text: &str) -> Option<Micros> {
    let at = text.replace("+0000", "Z").parse::<jiff::Timestamp>();
    Some(at.ok()?.as_microsecond())
}
