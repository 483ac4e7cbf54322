//! What Facebook says, by the Graph API and its webhooks.

use crate::json::{Item, or_default};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Person {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub link: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub struct List<T> {
    #[serde(default = "Vec::new")]
    pub data: Vec<Item<T>>,
    #[serde(default, deserialize_with = "or_default")]
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Paging {
    #[serde(default, deserialize_with = "or_default")]
    pub cursors: Cursors,
    /// There only where there is more.
    #[serde(default, deserialize_with = "or_default")]
    pub next: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Cursors {
    #[serde(default, deserialize_with = "or_default")]
    pub after: Option<String>,
}

/// A post of the page, or a conversation with it.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub updated_time: String,
}

/// A comment, or a message.
#[derive(Debug, Clone, Deserialize)]
pub struct Said {
    pub id: String,
    pub created_time: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Left out where the app may not know it.
    #[serde(default, deserialize_with = "or_default")]
    pub from: Option<Person>,
    #[serde(default, deserialize_with = "or_default")]
    pub parent: Option<Parent>,
    #[serde(default, deserialize_with = "or_default")]
    pub permalink_url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Parent {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message_id: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Failed {
    #[serde(default, deserialize_with = "or_default")]
    pub error: Error,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    #[serde(default, deserialize_with = "or_default")]
    pub code: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub error_subcode: i64,
}

/// How a post is received.
#[derive(Debug, Deserialize)]
pub struct Figures {
    #[serde(default, deserialize_with = "or_default")]
    pub shares: Option<Shares>,
    #[serde(default, deserialize_with = "or_default")]
    pub reactions: Option<Counted>,
    #[serde(default, deserialize_with = "or_default")]
    pub comments: Option<Counted>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Shares {
    pub count: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Counted {
    pub summary: Summary,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Summary {
    pub total_count: u64,
}

/// What is delivered.
#[derive(Debug, Deserialize)]
pub struct Told {
    #[serde(default, deserialize_with = "or_default")]
    pub object: String,
    #[serde(default, deserialize_with = "or_default")]
    pub entry: Vec<Item<Entry>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The page.
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub changes: Vec<Item<Change>>,
    #[serde(default, deserialize_with = "or_default")]
    pub messaging: Vec<Item<Messaging>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    pub field: String,
    pub value: Value,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Value {
    #[serde(default, deserialize_with = "or_default")]
    pub item: String,
    #[serde(default, deserialize_with = "or_default")]
    pub verb: String,
    #[serde(default, deserialize_with = "or_default")]
    pub comment_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub post_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub parent_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    #[serde(default, deserialize_with = "or_default")]
    pub from: Option<Person>,
    /// Seconds.
    #[serde(default, deserialize_with = "or_default")]
    pub created_time: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Messaging {
    pub sender: Person,
    /// Milliseconds.
    pub timestamp: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub message: Option<Message>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub mid: String,
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// Sent by the page itself.
    #[serde(default, deserialize_with = "or_default")]
    pub is_echo: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub reply_to: Option<ReplyTo>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ReplyTo {
    pub mid: String,
}
