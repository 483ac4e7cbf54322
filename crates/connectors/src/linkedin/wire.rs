//! What LinkedIn says, by its community management API.

use crate::json::{Item, or_default};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Organization {
    pub id: i64,
    #[serde(rename = "localizedName", default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(rename = "vanityName", default, deserialize_with = "or_default")]
    pub vanity: String,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub struct List<T> {
    pub elements: Vec<Item<T>>,
    #[serde(default, deserialize_with = "or_default")]
    pub paging: Paging,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Paging {
    #[serde(default, deserialize_with = "or_default")]
    pub total: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    pub id: String,
    /// In LinkedIn's own way of writing texts.
    #[serde(default, deserialize_with = "or_default")]
    pub commentary: String,
    /// Milliseconds.
    #[serde(default, deserialize_with = "or_default")]
    pub published_at: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: Option<i64>,
}

/// How a post is received.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    #[serde(default, deserialize_with = "or_default")]
    pub share: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub ugc_post: Option<String>,
    pub total_share_statistics: Statistics,
}

/// LinkedIn counts less than nothing where something was taken back; that is not told.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    #[serde(default, deserialize_with = "or_default")]
    pub like_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub share_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub comment_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub impression_count: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub comment_urn: String,
    pub actor: String,
    pub created: Stamp,
    #[serde(default, deserialize_with = "or_default")]
    pub last_modified: Option<Stamp>,
    #[serde(default, deserialize_with = "or_default")]
    pub message: Message,
    #[serde(default, deserialize_with = "or_default")]
    pub parent_comment: Option<String>,
}

/// Milliseconds.
#[derive(Debug, Clone, Deserialize)]
pub struct Stamp {
    pub time: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Message {
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    #[serde(default, deserialize_with = "or_default")]
    pub code: String,
}
