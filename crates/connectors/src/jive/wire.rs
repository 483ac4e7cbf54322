//! The shapes of Jive's REST interface, version 3. Every field but the id may be left out: what is shown depends on the rights of who asks.

use crate::json::{Item, or_default};
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
        return serde_json::from_slice(unguarded(&answer.body)).map_err(|e| match e.is_eof() {
            true => Fault::Unreached("half an answer".into()),
            false => Fault::Strange(e.to_string()),
        });
    }
    let body: Value = serde_json::from_slice(unguarded(&answer.body)).unwrap_or_default();
    let said = body["error"]["message"]
        .as_str()
        .unwrap_or("no reason was given");
    Err(answer.fault(now, line(&format!("{} {said}", answer.status))))
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "T: serde::de::DeserializeOwned"))]
pub struct List<T> {
    pub list: Vec<Item<T>>,
    #[serde(default, deserialize_with = "or_default")]
    pub links: Links,
}

#[derive(Debug, Default, serde::Deserialize)]
pub struct Links {
    #[serde(default, deserialize_with = "or_default")]
    pub next: Option<String>,
}

/// The id an address ends with: letters, digits and dashes, so that it is one part of a path.
pub fn id_in(address: &str) -> Option<String> {
    let last = address.trim_end_matches('/').rsplit('/').next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_id = (1..=64).contains(&last.len()) && last.chars().all(is_plain);
    is_id.then(|| last.to_string())
}

/// The id by which something is asked for: the one its own address ends with, which is not the id beside it.
fn address(resources: &Value, named: &str, id: &str) -> Option<String> {
    let own = resources["self"]["ref"].as_str();
    let all = [own.unwrap_or_default(), named, id];
    all.into_iter().find_map(id_in)
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

/// Where people look at it: a link that leads to a page and nothing else.
fn html(resources: &Value) -> Option<String> {
    let said = resources["html"]["ref"].as_str()?;
    let url = url::Url::parse(said).ok()?;
    let is_page = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    (is_page && said.len() <= 2_000).then(|| url.to_string())
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlaceBody {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, rename = "placeID", deserialize_with = "or_default")]
    place_id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    group_type: String,
    #[serde(default, deserialize_with = "or_default")]
    member_count: u64,
    #[serde(default, deserialize_with = "or_default")]
    resources: Value,
}

/// A space, a group, a project.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(from = "PlaceBody")]
pub struct RawPlace {
    /// By which it is asked for.
    pub address: Option<String>,
    /// As Jive calls it: `group`, `space`, `project`.
    pub kind: String,
    pub name: String,
    /// Of a group: `open`, `members_only`, `private`, `secret`.
    pub group_type: Option<String>,
    pub members: u64,
    pub url: Option<String>,
}

impl From<PlaceBody> for RawPlace {
    fn from(raw: PlaceBody) -> RawPlace {
        let group_type = line(&raw.group_type).to_lowercase().replace('_', " ");
        RawPlace {
            address: address(&raw.resources, &raw.place_id, &raw.id),
            name: line(&raw.name),
            group_type: Some(group_type).filter(|t| !t.is_empty()),
            members: raw.member_count,
            url: html(&raw.resources),
            kind: line(&raw.kind),
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
    #[serde(default, rename = "contentID", deserialize_with = "or_default")]
    content_id: String,
    #[serde(default, deserialize_with = "or_default")]
    published: String,
    #[serde(default, deserialize_with = "or_default")]
    updated: String,
    #[serde(default, deserialize_with = "or_default")]
    status: String,
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

/// A discussion or a message in one; of other kinds of content only what they have in common with them.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(from = "RawContent")]
pub struct Content {
    /// By which it is asked for.
    pub address: Option<String>,
    pub kind: String,
    pub subject: String,
    /// Plain text.
    pub text: String,
    pub author: Person,
    pub at: Option<Micros>,
    /// As Jive says it.
    pub updated: String,
    pub is_published: bool,
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
            address: address(&raw.resources, &raw.content_id, &raw.id),
            subject: line(&raw.subject),
            text: of_html(raw.content["text"].as_str().unwrap_or_default()),
            author: raw.author,
            at: moment(&raw.published),
            updated: line(&raw.updated),
            is_published: matches!(raw.status.as_str(), "" | "published"),
            parent: raw.parent,
            is_question: raw.question,
            answer: Some(raw.answer).filter(|a| !a.is_empty()),
            helpful: raw.helpful,
            replies: raw.reply_count,
            url: html(&raw.resources),
            kind: raw.kind,
        }
    }
}

fn moment(text: &str) -> Option<Micros> {
    let at = text.replace("+0000", "Z").parse::<jiff::Timestamp>();
    Some(at.ok()?.as_microsecond())
}
