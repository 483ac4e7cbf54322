//! What servers of the Mastodon API say. Only what makes a thing what it is must be there.

use crate::Micros;
use crate::json::{Item, moment, or_default};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Account {
    pub id: String,
    /// Without a host for people of the same server.
    #[serde(default, deserialize_with = "or_default")]
    pub acct: String,
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    pub id: String,
    #[serde(deserialize_with = "moment")]
    pub created_at: Micros,
    pub account: Account,
    /// HTML.
    #[serde(default, deserialize_with = "or_default")]
    pub content: String,
    /// Shown first; the content only to who wants it. Plain text.
    #[serde(default, deserialize_with = "or_default")]
    pub spoiler_text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub in_reply_to_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub edited_at: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub visibility: String,
    #[serde(default, deserialize_with = "or_default")]
    pub language: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub mentions: Vec<Mention>,
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<Tag>,
    #[serde(default, deserialize_with = "or_default")]
    pub media_attachments: Vec<Media>,
}

/// How a post is received.
#[derive(Debug, Clone, Deserialize)]
pub struct Figures {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub favourites_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub reblogs_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub replies_count: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Mention {
    pub id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Tag {
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Media {
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Notification {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub status: Option<Item<Status>>,
}

#[derive(Debug, Deserialize)]
pub struct Context {
    pub ancestors: Vec<Item<Status>>,
}

#[derive(Debug, Deserialize)]
pub struct Found {
    #[serde(default)]
    pub statuses: Vec<Item<Status>>,
    #[serde(default)]
    pub accounts: Vec<Item<Account>>,
}

#[derive(Debug, Deserialize)]
pub struct Application {
    #[serde(default, deserialize_with = "or_default")]
    pub scopes: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub error: String,
    #[serde(default, deserialize_with = "or_default")]
    pub error_description: String,
}
