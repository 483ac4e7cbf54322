//! What X says, by its API v2 and by its account activity. Fields have changed their names, from tweets to posts: both are read.

use crate::Micros;
use crate::json::{Item, moment, or_default};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Me {
    pub data: User,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct User {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub username: String,
}

#[derive(Debug, Deserialize)]
pub struct List {
    /// Left out where there is nothing.
    #[serde(default)]
    pub data: Vec<Item<Post>>,
    #[serde(default, deserialize_with = "or_default")]
    pub includes: Includes,
    #[serde(default, deserialize_with = "or_default")]
    pub meta: Meta,
}

/// What the filtered stream tells at a time.
#[derive(Debug, Deserialize)]
pub struct Streamed {
    pub data: Item<Post>,
    #[serde(default, deserialize_with = "or_default")]
    pub includes: Includes,
    #[serde(default, deserialize_with = "or_default")]
    pub matching_rules: Vec<Rule>,
}

/// A rule of the filtered stream, or the mark of one.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Rule {
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub value: String,
    #[serde(default, deserialize_with = "or_default")]
    pub tag: String,
}

/// Those that are in place; left out where there are none.
#[derive(Debug, Deserialize)]
pub struct Rules {
    #[serde(default, deserialize_with = "or_default")]
    pub data: Vec<Rule>,
}

/// Those that were added.
pub type Updated = Rules;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Includes {
    #[serde(default)]
    pub users: Vec<Item<User>>,
    #[serde(default)]
    pub media: Vec<Item<Media>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Meta {
    #[serde(default, deserialize_with = "or_default")]
    pub next_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub id: String,
    pub text: String,
    #[serde(deserialize_with = "moment")]
    pub created_at: Micros,
    #[serde(default, deserialize_with = "or_default")]
    pub author_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub conversation_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub lang: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub entities: Entities,
    #[serde(default, deserialize_with = "or_default")]
    pub attachments: Attachments,
    /// The whole of a long one.
    #[serde(default, deserialize_with = "or_default", alias = "note_tweet")]
    pub note_post: Option<Note>,
    #[serde(default, deserialize_with = "or_default")]
    pub referenced_posts: Vec<Reference>,
    #[serde(default, deserialize_with = "or_default")]
    pub referenced_tweets: Vec<Reference>,
    #[serde(default, deserialize_with = "or_default")]
    pub edit_history_post_ids: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub edit_history_tweet_ids: Vec<String>,
}

impl Post {
    /// The id of what it is to the other in this way.
    pub fn refers(&self, kind: &str) -> Option<&str> {
        let mut all = self.referenced_posts.iter().chain(&self.referenced_tweets);
        let found = all.find(|r| r.kind == kind);
        found.map(|r| r.id.as_str())
    }

    /// Each edit is a post of its own; the first id is what it stays known by.
    pub fn first_id(&self) -> &str {
        let mut all = self
            .edit_history_post_ids
            .iter()
            .chain(&self.edit_history_tweet_ids);
        all.next().unwrap_or(&self.id)
    }
}

/// Posts with how they are received.
#[derive(Debug, Deserialize)]
pub struct Told {
    /// Left out where none of them is there.
    #[serde(default = "Vec::new")]
    pub data: Vec<Item<Received>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub public_metrics: Metrics,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Metrics {
    #[serde(default, deserialize_with = "or_default")]
    pub like_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub repost_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub retweet_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub quote_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub reply_count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub impression_count: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reference {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Attachments {
    #[serde(default, deserialize_with = "or_default")]
    pub media_keys: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Media {
    pub media_key: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub preview_image_url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub alt_text: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Entities {
    #[serde(default, deserialize_with = "or_default")]
    pub urls: Vec<Link>,
    #[serde(default, deserialize_with = "or_default")]
    pub hashtags: Vec<Tag>,
    #[serde(default, deserialize_with = "or_default")]
    pub mentions: Vec<Mention>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Mention {
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Link {
    /// As it is in the text: shortened.
    pub url: String,
    #[serde(default, deserialize_with = "or_default")]
    pub expanded_url: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Tag {
    #[serde(default, deserialize_with = "or_default")]
    pub tag: String,
}

#[derive(Debug, Deserialize)]
pub struct Created {
    pub data: CreatedPost,
}

#[derive(Debug, Deserialize)]
pub struct CreatedPost {
    pub id: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Problem {
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    #[serde(default, deserialize_with = "or_default")]
    pub detail: String,
}

/// What is delivered of the activity of an account.
#[derive(Debug, Default, Deserialize)]
pub struct Activity {
    #[serde(default, deserialize_with = "or_default")]
    pub for_user_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub tweet_create_events: Vec<Item<Old>>,
    #[serde(default, deserialize_with = "or_default")]
    pub tweet_delete_events: Vec<Item<Deletion>>,
}

/// A post in its older shape.
#[derive(Debug, Clone, Deserialize)]
pub struct Old {
    pub id_str: String,
    pub user: OldUser,
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub extended_tweet: Option<Extended>,
    #[serde(default, deserialize_with = "or_default")]
    pub timestamp_ms: String,
    #[serde(default, deserialize_with = "or_default")]
    pub in_reply_to_status_id_str: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub lang: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub entities: Entities,
    #[serde(default, deserialize_with = "or_default")]
    pub retweeted_status: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "or_default")]
    pub edit_history: Option<Edits>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Edits {
    pub initial_tweet_id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Extended {
    pub full_text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub entities: Entities,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OldUser {
    pub id_str: String,
    #[serde(default, deserialize_with = "or_default")]
    pub screen_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Deletion {
    pub status: Deleted,
    #[serde(default, deserialize_with = "or_default")]
    pub timestamp_ms: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Deleted {
    pub id: String,
}
