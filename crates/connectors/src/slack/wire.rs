//! What Slack says, by its Web API and its Events API.

use crate::Micros;
use crate::json::{Item, or_default};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is delivered.
#[derive(Debug, Default, Deserialize)]
pub struct Outer {
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub challenge: String,
    pub event: Option<Item<Event>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub channel: String,
    #[serde(default, deserialize_with = "or_default")]
    pub channel_type: String,
    /// What a message was changed to.
    #[serde(default, deserialize_with = "or_default")]
    pub message: Option<Message>,
    #[serde(default, deserialize_with = "or_default")]
    pub deleted_ts: String,
    #[serde(default, deserialize_with = "or_default")]
    pub subtype: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// When it was said, and what it is called in its channel.
    pub ts: String,
    #[serde(default, deserialize_with = "or_default")]
    pub subtype: String,
    #[serde(default, deserialize_with = "or_default")]
    pub user: String,
    #[serde(default, deserialize_with = "or_default")]
    pub bot_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub username: String,
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub thread_ts: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub edited: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "or_default")]
    pub files: Vec<File>,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct File {
    #[serde(default, deserialize_with = "or_default")]
    pub url_private: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub mimetype: String,
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    #[serde(default, deserialize_with = "or_default")]
    pub event_payload: Payload,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Payload {
    #[serde(default, deserialize_with = "or_default")]
    pub key: String,
}

/// Every answer says whether it is one.
#[derive(Debug, Default, Deserialize)]
pub struct Outcome {
    pub ok: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub error: String,
    #[serde(default, deserialize_with = "or_default")]
    pub needed: String,
}

#[derive(Debug, Deserialize)]
pub struct Me {
    pub user_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub user: String,
    #[serde(default, deserialize_with = "or_default")]
    pub team: String,
    #[serde(default, deserialize_with = "or_default")]
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct History {
    pub messages: Vec<Item<Message>>,
    #[serde(default, deserialize_with = "or_default")]
    pub response_metadata: Next,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Next {
    #[serde(default, deserialize_with = "or_default")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Posted {
    pub channel: String,
    pub ts: String,
}

/// `1531420618.000200` as a moment.
pub fn moment(ts: &str) -> Option<Micros> {
    let (seconds, parts) = ts.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(seconds) || !is_number(parts) || seconds.len() > 11 || parts.len() != 6 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    Some(seconds * 1_000_000 + parts.parse::<i64>().ok()?)
}

/// Who somebody is.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    #[serde(default, deserialize_with = "or_default")]
    pub user: Person,
}

#[derive(Debug, Default, Deserialize)]
pub struct Person {
    #[serde(default, deserialize_with = "or_default")]
    pub is_bot: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
    /// Of another workspace, over a shared channel.
    #[serde(rename = "is_stranger", default, deserialize_with = "or_default")]
    pub is_stranger: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub profile: Profile,
}

#[derive(Debug, Default, Deserialize)]
pub struct Profile {
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
}
