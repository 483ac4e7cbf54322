//! The shapes of HubSpot's dated interface, 2026-03.

use crate::text::line;
use crate::{Fault, Micros, Response};
use std::collections::BTreeMap;

pub const API: &str = "https://api.hubapi.com";
pub const DEALS: &str = "/crm/objects/2026-03/0-3";
pub const PIPELINES: &str = "/crm/pipelines/2026-03/0-3";

#[derive(Debug, serde::Deserialize)]
pub struct List<T> {
    pub results: Vec<T>,
    #[serde(default)]
    pub paging: Option<Paging>,
    #[serde(default)]
    pub total: Option<u64>,
}

#[derive(Debug, serde::Deserialize)]
pub struct Paging {
    #[serde(default)]
    pub next: Option<Next>,
}

#[derive(Debug, serde::Deserialize)]
pub struct Next {
    pub after: String,
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List {
            results: Vec::new(),
            paging: None,
            total: None,
        }
    }
}

/// A deal with what hangs on it, by kind; only one kind is asked for.
#[derive(Debug, serde::Deserialize)]
pub struct Associated {
    // Its id, so that an answer of another shape is not taken for a deal without notes.
    #[serde(rename = "id")]
    _id: String,
    #[serde(default)]
    pub associations: BTreeMap<String, List<Made>>,
}

/// Something that was made, or is there, by its id.
#[derive(Debug, serde::Deserialize)]
pub struct Made {
    pub id: String,
}

/// A note as it stands there.
#[derive(Debug, serde::Deserialize)]
pub struct Written {
    pub id: String,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
}

impl Written {
    pub fn says(&self, key: &str) -> bool {
        let body = self.properties.get("hs_note_body");
        body.and_then(Option::as_deref)
            .is_some_and(|b| b.contains(key))
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub display_order: i64,
    #[serde(default)]
    pub archived: bool,
    pub stages: Vec<Stage>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub display_order: i64,
    #[serde(default)]
    pub archived: bool,
    /// `isClosed` and `probability`, as texts.
    #[serde(default)]
    pub metadata: BTreeMap<String, serde_json::Value>,
}

impl Stage {
    fn is_closed_at(&self, probability: f64) -> bool {
        let text = |name: &str| match self.metadata.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        // Where it does not say whether it is closed, the probability does.
        let is_closed = matches!(text("isClosed").as_str(), "true" | "");
        is_closed && text("probability").parse() == Ok(probability)
    }

    pub fn read(self) -> crate::Stage {
        crate::Stage {
            is_won: self.is_closed_at(1.0),
            is_lost: self.is_closed_at(0.0),
            id: self.id,
            name: line(&self.label),
        }
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deal {
    pub id: String,
    pub updated_at: String,
    #[serde(default)]
    pub properties: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub properties_with_history: BTreeMap<String, Vec<Value>>,
}

impl Deal {
    pub fn number(&self) -> Result<i64, Fault> {
        let number = self.id.parse().ok().filter(|n| *n > 0);
        number.ok_or_else(|| Fault::Strange("a deal whose id is no number".into()))
    }

    pub fn at(&self) -> Result<Micros, Fault> {
        // The property is what searches compare; both are there, and mostly the same.
        let modified = self.property("hs_lastmodifieddate");
        moment(if modified.is_empty() {
            &self.updated_at
        } else {
            modified
        })
    }

    /// What its stage was, and when.
    pub fn stages(&self) -> impl Iterator<Item = &Value> {
        let history = self.properties_with_history.get("dealstage");
        history.into_iter().flatten()
    }

    pub fn property(&self, name: &str) -> &str {
        self.properties
            .get(name)
            .and_then(|v| v.as_deref())
            .unwrap_or_default()
    }
}

/// What a property was, from when on, and by what it became so.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Value {
    pub value: String,
    pub timestamp: String,
    pub source_type: String,
    #[serde(default)]
    pub source_label: Option<String>,
    #[serde(default)]
    pub updated_by_user_id: Option<i64>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    pub id: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub user_id: Option<i64>,
}

/// What a token is, as it says of itself.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub hub_id: i64,
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// What a token is, as HubSpot tells the app that it was given to.
#[derive(Debug, serde::Deserialize)]
pub struct Introspected {
    pub active: bool,
    #[serde(default)]
    pub hub_id: Option<i64>,
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
}

impl Introspected {
    /// Where it does not tell its scopes, it has those that were asked for: HubSpot lets nobody in with fewer.
    pub fn token(self, asked: &[&str]) -> Result<Token, Fault> {
        if !self.active {
            return Err(Fault::SignedOut("the access token has ended".into()));
        }
        let hub_id = self.hub_id;
        Ok(Token {
            hub_id: hub_id.ok_or_else(|| Fault::Strange("a token of no account".into()))?,
            scopes: self
                .scopes
                .unwrap_or_else(|| asked.iter().map(|s| s.to_string()).collect()),
        })
    }
}

/// An entry of the journal: where its file is, for some minutes.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Entry {
    #[serde(rename = "currentOffset")]
    pub offset: String,
    pub url: String,
}

impl Entry {
    /// One that can be asked for and gone on from.
    pub fn checked(self) -> Result<Entry, Fault> {
        let is_right = self.url.starts_with("https://") && (1..=200).contains(&self.offset.len());
        match is_right {
            true => Ok(self),
            false => Err(Fault::Strange(
                "an entry of the journal without TLS, or without a place".into(),
            )),
        }
    }
}

/// What is in the file of an entry.
#[derive(Debug, serde::Deserialize)]
pub struct File {
    #[serde(rename = "journalEvents")]
    pub events: Vec<Event>,
}

/// A change of something, somewhere; by its documentation, so that nothing of it is counted on.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Event {
    portal_id: serde_json::Value,
    object_type_id: serde_json::Value,
    object_id: serde_json::Value,
    action: serde_json::Value,
    occurred_at: serde_json::Value,
}

/// What of a deal is told.
pub const ACTIONS: [&str; 4] = ["CREATE", "UPDATE", "MERGE", "RESTORE"];

impl Event {
    /// The deal of this account that it is about, and when, where it says so.
    pub fn of_deal(&self, hub: i64) -> Option<(i64, Option<Micros>)> {
        let is_here = number(&self.portal_id) == Some(hub)
            && self.object_type_id == super::journal::DEAL
            && self.action.as_str().is_some_and(|a| ACTIONS.contains(&a));
        let deal = number(&self.object_id).filter(|n| *n > 0 && is_here)?;
        let at = match &self.occurred_at {
            serde_json::Value::Number(n) => n.as_i64().and_then(|ms| ms.checked_mul(1000)),
            other => other.as_str().and_then(|t| moment(t).ok()),
        };
        Some((deal, at))
    }
}

fn number(value: &serde_json::Value) -> Option<i64> {
    let text = value.as_str().and_then(|t| t.parse().ok());
    value.as_i64().or(text)
}

/// What an app has written into its journal.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    subscription_type: String,
    object_type_id: String,
    actions: Vec<String>,
    #[serde(default)]
    portal_id: Option<i64>,
    #[serde(default)]
    properties: Option<Vec<String>>,
    #[serde(default)]
    object_ids: Option<Vec<i64>>,
    #[serde(default)]
    deleted_at: Option<String>,
}

impl Subscription {
    /// Whether all deals of an account are told of when their stage is changed.
    pub fn is_of_deals(&self, hub: i64) -> bool {
        let names = self.properties.as_deref().unwrap_or_default();
        let has = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        self.portal_id == Some(hub)
            && self.deleted_at.is_none()
            && (
                self.subscription_type.as_str(),
                self.object_type_id.as_str(),
            ) == ("OBJECT", super::journal::DEAL)
            && ACTIONS.iter().all(|a| self.actions.iter().any(|b| a == b))
            && self.object_ids.as_deref().unwrap_or_default().is_empty()
            && has("dealstage")
            && has("pipeline")
    }
}

pub fn moment(text: &str) -> Result<Micros, Fault> {
    let at = text.parse::<jiff::Timestamp>();
    at.map(|t| t.as_microsecond())
        .map_err(|_| Fault::Strange(format!("a time that is none: {}", line(text))))
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Error {
    #[serde(default)]
    message: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    policy_name: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    errors: Vec<Detail>,
}

#[derive(Debug, Default, serde::Deserialize)]
struct Detail {
    #[serde(default)]
    context: BTreeMap<String, Vec<String>>,
}

impl Error {
    /// Under names that were seen to differ: `missingScopes`, `requiredScopes`, `requiredGranularScopes`.
    fn scopes(&self) -> Vec<&str> {
        let contexts = self
            .errors
            .iter()
            .map(|e| &e.context)
            .chain([&self.context]);
        let named = contexts
            .flatten()
            .filter(|(name, _)| name.to_lowercase().ends_with("scopes"));
        named
            .flat_map(|(_, scopes)| scopes)
            .map(String::as_str)
            .collect()
    }
}

/// The body of an answer, or what its error means.
pub fn read<T: serde::de::DeserializeOwned>(answer: &Response, now: Micros) -> Result<T, Fault> {
    if answer.is_success() {
        return answer.read();
    }
    const SECOND: Micros = 1_000_000;
    let error: Error = answer.read().unwrap_or_default();
    let said = line(&format!("{} {}", error.category, error.message));
    let scopes = error.scopes();
    Err(match (answer.status, error.category.as_str()) {
        (401, _) | (_, "INVALID_AUTHENTICATION" | "EXPIRED_AUTHENTICATION") => {
            Fault::SignedOut(said)
        }
        (403, _) if !scopes.is_empty() => {
            Fault::NotAllowed(format!("it lacks {}", scopes.join(", ")))
        }
        (429, _) | (_, "RATE_LIMITS") => {
            let policy = error.policy_name.unwrap_or_default();
            let pause = match policy.as_str() {
                "SECONDLY" => SECOND,
                "DAILY" => 3600 * SECOND,
                _ => 10 * SECOND,
            };
            Fault::Wait {
                until: answer.retry_after(now).unwrap_or(now + pause),
                said: line(&format!("{policy} {}", error.message)),
            }
        }
        _ => answer.fault(now, said),
    })
}
