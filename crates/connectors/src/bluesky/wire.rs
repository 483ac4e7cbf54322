//! What servers of the AT Protocol say.

use crate::Micros;
use crate::json::{Item, moment, or_default};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub access_jwt: String,
    pub refresh_jwt: String,
    pub did: String,
    pub handle: String,
}

#[derive(Debug, Deserialize)]
pub struct Me {
    pub did: String,
    pub handle: String,
}

#[derive(Debug, Deserialize)]
pub struct Notifications {
    pub notifications: Vec<Item<Notification>>,
    #[serde(default, deserialize_with = "or_default")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub uri: String,
    pub author: Person,
    pub reason: String,
    pub record: Record,
    #[serde(deserialize_with = "moment")]
    pub indexed_at: Micros,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub did: String,
    #[serde(default, deserialize_with = "or_default")]
    pub handle: String,
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
}

/// A post as its author's server keeps it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    pub langs: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub facets: Vec<Item<Facet>>,
    #[serde(default, deserialize_with = "or_default")]
    pub reply: Option<Reply>,
    #[serde(default, deserialize_with = "or_default")]
    pub embed: Option<Embed>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reply {
    pub root: Ref,
    pub parent: Ref,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ref {
    pub uri: String,
    pub cid: String,
}

/// Something special from one byte of the text to another.
#[derive(Debug, Clone, Deserialize)]
pub struct Facet {
    pub index: Span,
    pub features: Vec<Feature>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    pub byte_start: usize,
    pub byte_end: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Feature {
    #[serde(default)]
    pub uri: Option<String>,
    #[serde(default)]
    pub did: Option<String>,
    #[serde(default)]
    pub tag: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Embed {
    #[serde(default, deserialize_with = "or_default")]
    pub images: Vec<Image>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Image {
    #[serde(default)]
    pub alt: String,
    pub image: Blob,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    #[serde(rename = "ref")]
    pub link: Link,
    #[serde(default)]
    pub mime_type: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Link {
    #[serde(rename = "$link")]
    pub cid: String,
}

#[derive(Debug, Deserialize)]
pub struct Posts {
    pub posts: Vec<Item<Post>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub uri: String,
    pub cid: String,
    pub record: Record,
    #[serde(default, deserialize_with = "or_default")]
    pub author: Person,
    /// As the service writes it.
    #[serde(default, rename = "indexedAt", deserialize_with = "or_default")]
    pub indexed_at: String,
}

/// What a search found.
#[derive(Debug, Deserialize)]
pub struct Searched {
    pub posts: Vec<Item<Post>>,
    #[serde(default, deserialize_with = "or_default")]
    pub cursor: Option<String>,
}

/// What somebody said or passed on.
#[derive(Debug, Deserialize)]
pub struct Feed {
    pub feed: Vec<Item<Shown>>,
    #[serde(default, deserialize_with = "or_default")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Shown {
    pub post: Post,
    /// Why it is shown where it is not her own: it was passed on.
    #[serde(default, deserialize_with = "or_default")]
    pub reason: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub struct Resolved {
    pub did: String,
}

/// Posts with how they are received.
#[derive(Debug, Deserialize)]
pub struct Received {
    pub posts: Vec<Item<Figures>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub uri: String,
    #[serde(default, deserialize_with = "or_default")]
    pub like_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub repost_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub quote_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub reply_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct Records {
    pub records: Vec<Item<Kept>>,
    #[serde(default, deserialize_with = "or_default")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Kept {
    pub uri: String,
    pub cid: String,
    pub value: Record,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub error: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}
