//! What Mattermost says, by its API v4 and its outgoing webhooks.

use crate::json::{Item, or_default};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub struct User {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub username: String,
    #[serde(default, deserialize_with = "or_default")]
    pub nickname: String,
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    #[serde(default, deserialize_with = "or_default")]
    pub is_bot: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub delete_at: i64,
}

#[derive(Debug, Deserialize)]
pub struct Posts {
    pub posts: BTreeMap<String, Item<Post>>,
}

/// Times are milliseconds; those of what did not happen are 0.
#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub user_id: String,
    #[serde(default)]
    pub edit_at: i64,
    #[serde(default)]
    pub delete_at: i64,
    /// The first of the thread, in answers.
    #[serde(default, deserialize_with = "or_default")]
    pub root_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Empty for what people say.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub props: Props,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Props {
    #[serde(default, deserialize_with = "or_default")]
    pub tenon_key: String,
}

/// What an outgoing webhook tells, as JSON or as a form.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    #[serde(default, deserialize_with = "or_default")]
    pub token: String,
    #[serde(default, deserialize_with = "or_default")]
    pub post_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub user_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub user_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// Milliseconds.
    #[serde(default, deserialize_with = "or_default")]
    pub timestamp: i64,
}

#[derive(Debug, Default, Deserialize)]
pub struct Error {
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}
