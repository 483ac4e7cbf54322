//! The suite that every channel passes: a stand-in of its service misbehaves in each way that services do, and nothing may be lost,
//! doubled or sent twice. Panics with what was not kept.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "it is a test")]

mod follower;
mod following;
pub mod house;
mod listening;
mod publishing;
mod speaking;
#[cfg(test)]
mod tests;

use crate::{Channel, Fault, Http, Micros, NoPost, Post, Settings};
use follower::Follower;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Ways of a service to misbehave. Each lasts until [`StandIn::behave`], except where a number says how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Everything in a list is told twice.
    Twice,
    /// Lists come in another order.
    OutOfOrder,
    /// Things of wrong shapes stand between what is told.
    Garbage,
    /// So many requests are refused for their number; asked again after some seconds.
    Storm(u32),
    /// The key does not open any more.
    SignedOut,
    /// The key does not open this.
    NotAllowed,
    /// Answers end in the middle.
    HalfAPage,
    /// An error of the server.
    Down,
    /// Requests do not arrive.
    Lost,
    /// What is sent is accepted, but the answer is lost; this many times.
    CrashAfterSend(u32),
    /// Our clock is wrong by so many days.
    Skew(i64),
}

/// How a service tells of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Poll,
    Webhook,
    Never,
}

/// What a service has at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    pub edits: Way,
    pub deletions: Way,
    /// Texts come as HTML.
    pub html: bool,
    /// Signed deliveries are refused when they are old.
    pub window: bool,
}

/// Something that somebody else said there.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    pub id: String,
    /// `None`: no matter which, as long as it is plain.
    pub text: Option<String>,
    pub is_deleted: bool,
}

/// Something that the connector sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub id: String,
    pub text: String,
    pub reply_to: Option<String>,
}

/// A delivery with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A service that is none: it speaks the wire of one.
pub trait StandIn: Http {
    fn settings(&self) -> Settings;
    /// The way for mails, if the service has one.
    fn post(&self) -> &dyn Post {
        &NoPost
    }
    fn ways(&self) -> Ways;
    /// What our clock shows.
    fn now(&self) -> Micros;
    fn pass(&self, seconds: i64);

    /// Somebody says this to the account; the id of it.
    fn say(&self, text: &str) -> String;
    /// Somebody says something hostile: as it stands, markup and all.
    fn say_raw(&self, text: &str) -> String;
    /// Somebody answers a post of the account.
    fn say_to(&self, post: &str, text: &str) -> String;
    /// How a post is received from now on.
    fn receive(&self, id: &str, likes: u64, reposts: u64);
    /// Ada says something that is not for the account, found only by who looks for it; `None` where there is nothing of the kind.
    fn say_elsewhere(&self, text: &str) -> Option<String> {
        let _ = text;
        None
    }
    fn edit(&self, id: &str, text: &str);
    fn delete(&self, id: &str);

    fn misbehave(&self, trouble: Trouble);
    fn behave(&self);

    fn truth(&self) -> Vec<Truth>;
    fn received(&self) -> Vec<Received>;
    /// The webhooks of what happened since this was asked.
    fn parcels(&self) -> Vec<Parcel>;
    /// A body as a webhook of the service, signed as it does.
    fn parcel(&self, body: &[u8]) -> Option<Parcel>;
}

/// Takes a channel through all of it.
pub fn channel(connector: &dyn Channel, stand_in: &dyn StandIn) {
    about(connector, stand_in);
    let mut follower = Follower::new(connector, stand_in);
    listening::all(&mut follower);
    speaking::all(&mut follower);
    publishing::all(&mut follower);
    listening::webhooks(&mut follower);
    listening::hostile(&mut follower);
    following::all(connector, stand_in);
}

fn about(connector: &dyn Channel, stand_in: &dyn StandIn) {
    let about = connector.about();
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    assert!(is_name(about.name), "{} is a name", about.name);
    assert!(!about.guide.is_empty() && !about.verified_by.is_empty());
    let settings = stand_in.settings();
    for field in about.fields {
        assert!(is_name(field.name), "{} is a name", field.name);
        let is_missing = field.is_required && settings.get(field.name).is_empty();
        assert!(!is_missing, "{} is filled in", field.name);
    }
    for name in settings.0.keys() {
        let is_known = about.fields.iter().any(|f| f.name == name);
        assert!(is_known, "{name} is a field");
    }
    assert!(
        about.fields.iter().any(|f| f.is_secret),
        "a key is a secret"
    );
    assert!(connector.longest() >= 100);
}

/// The outcome of what never truly waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
            return outcome;
        }
    }
    panic!("a stand-in never waits");
}

/// That it was refused for the number of requests, and until when.
fn is_wait(fault: &Fault, now: Micros) {
    let Fault::Wait { until, .. } = fault else {
        panic!("a storm of 429 is a reason to wait, not {fault:?}");
    };
    let seconds = (until - now) as f64 / 1e6;
    let is_as_told = (house::RETRY as f64 - 1.5..=house::RETRY as f64 + 1.5).contains(&seconds);
    assert!(
        is_as_told,
        "waits {seconds} s where {} were told",
        house::RETRY
    );
}
