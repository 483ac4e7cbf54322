//! Systems of record and channels. A connector turns requests and answers into values and back: it opens no socket (it is handed
//! [`Http`]), reads no clock (it is told `now`), and keeps nothing (what it needs to go on is a [`Cursor`] that is committed with
//! what it brought) but open sessions in memory. See README.md for the contract, `contract` for the suite that every connector passes.

pub mod all;
pub mod back;
pub mod bluesky;
pub mod channel;
mod command;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
pub mod csv_url;
pub mod facebook;
mod field;
pub mod follow;
pub mod http;
pub mod hubspot;
pub mod jive;
pub mod json;
pub mod kept;
pub mod linkedin;
pub mod mail;
pub mod mastodon;
pub mod matrix;
pub mod mattermost;
pub mod network;
pub mod oauth;
pub mod odoo;
pub mod pass;
pub mod post;
pub mod publish;
pub mod salesforce;
pub mod sign;
pub mod slack;
pub mod source;
#[cfg(any(test, feature = "testing"))]
pub mod source_contract;
#[cfg(test)]
mod testing;
pub mod text;
pub mod tryton;
pub mod x;

pub use all::{channels, networks, sources};
pub use channel::{Channel, Incoming, Outgoing, Sent};
pub use follow::{Budget, Follows, Wanted, Wish};
pub use http::{Http, Request, Response};
pub use network::Network;
pub use oauth::OAuth;
pub use post::{NoPost, Post};
pub use source::{Change, Note, Pipeline, Source, Stage};

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// Whole microseconds since 1970 in UTC.
pub type Micros = i64;

/// What an asynchronous method of a trait object answers.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Why something did not work, told apart by what helps. Status codes lie (one service says 400 and "InvalidToken", another 200
/// and "ok": false), so each connector says itself which of these it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The key does not open any more: somebody has to sign in again. Nothing is tried until then.
    #[error("signed out: {0}")]
    SignedOut(String),
    /// The key opens, but not this. What it lacks, in the words of the service.
    #[error("not allowed: {0}")]
    NotAllowed(String),
    /// Too much was asked; not before this moment again.
    #[error("asked too often: {said}")]
    Wait { until: Micros, said: String },
    /// It is not there, or not any more.
    #[error("not there: {0}")]
    Gone(String),
    /// The service will not have what was sent: trying again with the same will not help.
    #[error("refused: {0}")]
    Refused(String),
    /// It may work later: no connection, a server's error, half an answer.
    #[error("not reached: {0}")]
    Unreached(String),
    /// An answer that is not what the service describes.
    #[error("not understood: {0}")]
    Strange(String),
    /// It was handed over, and whether it was taken nobody said ([`channel::Once::Asked`]).
    #[error("outcome not known: {0}")]
    Unknown(String),
}

impl Fault {
    /// Whether the same may work later, or be found out, without anybody doing anything.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Fault::Wait { .. } | Fault::Unreached(_) | Fault::Unknown(_)
        )
    }
}

/// How far a connector was tried. Shown to whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Against the real server, in the tests.
    Live,
    /// Against recorded traffic of the real service.
    Recorded,
    /// Against the description that the service publishes.
    Contract,
    /// By the documentation alone.
    Experimental,
}

impl Verified {
    pub fn word(self) -> &'static str {
        match self {
            Verified::Live => "live",
            Verified::Recorded => "recorded",
            Verified::Contract => "contract",
            Verified::Experimental => "experimental",
        }
    }
}

/// Something to fill in when connecting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Its name in [`Settings`].
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    /// Kept sealed and never shown again.
    pub is_secret: bool,
    pub is_required: bool,
}

/// What there is to know of a connector before anything is connected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// In addresses and in the store: lower case, no spaces.
    pub name: &'static str,
    pub title: &'static str,
    /// How to get what the fields ask for, in one or two sentences.
    pub guide: &'static str,
    /// The least rights that are needed, in the words of the service.
    pub rights: &'static [&'static str],
    pub fields: &'static [Field],
    pub verified: Verified,
    /// What it was tried with.
    pub verified_by: &'static str,
}

/// What was filled in, and what signing in gave; secrets included. Never shown, never logged: its `Debug` tells names only.
#[derive(Clone, Default, PartialEq)]
pub struct Settings(pub BTreeMap<String, String>);

impl Settings {
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Settings {
        Settings(pairs.map(|(k, v)| (k.into(), v.into())).into())
    }

    /// What a field holds; empty when it was left out.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Whose account it is, as the service tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// The service's own id.
    pub id: String,
    /// As people write it there: `@shop@mastodon.example`.
    pub handle: String,
    pub name: String,
    pub url: Option<String>,
    /// What it may do, in the words of the service.
    pub may: Vec<String>,
}

/// How to go on. Only its connector reads what is in it; a version it does not know means beginning anew.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    pub version: u32,
    pub state: serde_json::Value,
}

/// Some of what there is. The cursor is committed in the transaction that keeps the items, so that a crash between the two is
/// not possible; the same item told twice has the same id and adds nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub cursor: Cursor,
    /// There is more to be had at once.
    pub has_more: bool,
    /// Not before this moment again, as the service asks.
    pub wait_until: Option<Micros>,
}

/// A connection at work: what was filled in, the way to the service, and the time.
pub struct Via<'a> {
    /// What is to be followed beside what is said to us; of what the channel cannot follow nothing is read.
    pub wishes: &'a [Wish],
    pub settings: &'a Settings,
    pub http: &'a dyn Http,
    pub post: &'a dyn Post,
    pub now: Micros,
}

/// What is common to all.
pub trait Connector: Send + Sync {
    fn about(&self) -> About;

    /// How somebody signs in to it with OAuth, where it can be signed in to.
    fn oauth(&self) -> Option<OAuth> {
        None
    }

    /// Asks the service whose account this is and what it may do. Signing in for the connection test.
    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account>;
}
