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
pub struct Post {
    pub id: String,
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
