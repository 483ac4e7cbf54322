//! What homeservers say, by the client-server API.

use crate::json::{Item, or_default};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub struct Me {
    pub user_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Joined {
    pub joined_rooms: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Named {
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct Sync {
    pub next_batch: String,
    #[serde(default, deserialize_with = "or_default")]
    pub rooms: Rooms,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Rooms {
    #[serde(default)]
    pub join: BTreeMap<String, Room>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Room {
    #[serde(default)]
    pub timeline: Timeline,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Timeline {
    #[serde(default)]
    pub events: Vec<Item<Event>>,
    /// There is more between the last time and these.
    #[serde(default)]
    pub limited: bool,
    #[serde(default)]
    pub prev_batch: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Messages {
    pub chunk: Vec<Item<Event>>,
    #[serde(default, deserialize_with = "or_default")]
    pub end: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    pub event_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub sender: String,
    /// Milliseconds, as the sender's server says.
    pub origin_server_ts: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub content: Content,
    /// What a redaction takes back; newer rooms have it in the content.
    #[serde(default, deserialize_with = "or_default")]
    pub redacts: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Content {
    #[serde(default, deserialize_with = "or_default")]
    pub msgtype: String,
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    #[serde(default, deserialize_with = "or_default")]
    pub redacts: Option<String>,
    /// Ours, on what we sent.
    #[serde(default, rename = "tenon.key", deserialize_with = "or_default")]
    pub key: String,
    #[serde(default, rename = "m.relates_to", deserialize_with = "or_default")]
    pub relates_to: Option<Relation>,
    #[serde(default, rename = "m.new_content", deserialize_with = "or_default")]
    pub new_content: Option<NewContent>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct NewContent {
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Relation {
    #[serde(default, deserialize_with = "or_default")]
    pub rel_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub event_id: Option<String>,
    #[serde(default, rename = "m.in_reply_to", deserialize_with = "or_default")]
    pub in_reply_to: Option<InReplyTo>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct InReplyTo {
    pub event_id: String,
}

#[derive(Debug, Deserialize)]
pub struct Put {
    pub event_id: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub errcode: String,
    #[serde(default, deserialize_with = "or_default")]
    pub error: String,
    #[serde(default, deserialize_with = "or_default")]
    pub retry_after_ms: Option<i64>,
}
