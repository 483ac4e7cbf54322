//! What all stand-ins share: the posts, the clock, and the trouble they make. What is special to a service is its [`Wire`].

use super::{Parcel, Received, StandIn, Trouble, Truth, Ways};
use crate::channel::What;
use crate::{Answer, Fault, Http, Micros, Request, Response, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Seconds to wait that a storm tells.
pub const RETRY: i64 = 7;
/// When it all happens.
pub const BEGIN: Micros = 1_790_000_000_000_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    pub id: String,
    pub at: Micros,
    pub text: String,
    /// Hostile: sent as it stands.
    pub is_raw: bool,
    pub is_ours: bool,
    pub reply_to: Option<String>,
    pub edited: Option<Micros>,
    pub deleted: Option<Micros>,
    /// What the service keeps of ours beside the text.
    pub key: String,
    /// Grows with each change, whatever changed; the first is that of being said.
    pub change: u64,
    pub first: u64,
    /// As it was said.
    pub original: String,
    /// How it is received.
    pub likes: u64,
    pub reposts: u64,
    /// Not said to us: only who looks for it finds it.
    pub is_elsewhere: bool,
}

impl Post {
    /// Words after a `#`.
    pub fn tags(&self) -> Vec<&str> {
        let words = self.text.split_whitespace();
        words.filter_map(|w| w.strip_prefix('#')).collect()
    }
}

pub enum Refusal {
    Often,
    SignedOut,
    NotAllowed,
}

/// What was asked, taken apart.
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// The same in order, with what is there more than once.
    pub pairs: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    /// JSON, or a form as an object of strings.
    pub body: Value,
}

impl Asked {
    pub fn new(request: &Request) -> Asked {
        let url = url::Url::parse(&request.url).expect("an address");
        let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect();
        let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| {
            let form: BTreeMap<String, String> = pairs(&request.body);
            json!(form)
        });
        Asked {
            method: request.method,
            path: url.path().to_string(),
            query: pairs(url.query().unwrap_or("").as_bytes()),
            pairs: url.query_pairs().into_owned().collect(),
            headers: request.headers.clone(),
            body,
        }
    }

    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or("")
    }

    /// How many are to come at once.
    pub fn limit(&self, most: usize) -> usize {
        let asked = self.query("limit").parse().unwrap_or(most);
        asked.clamp(1, most)
    }
}

/// How a service speaks.
pub trait Wire: Send + Sync {
    fn settings(&self) -> Settings;
    fn ways(&self) -> Ways;
    /// The id of its n-th post.
    fn id(&self, n: u64, at: Micros) -> String;
    fn answer(&self, house: &mut House, asked: &Asked) -> Response;
    fn is_send(&self, asked: &Asked) -> bool;
    fn refuse(&self, refusal: Refusal, asked: &Asked, house: &House) -> Response;
    /// The body of the webhook that tells of it.
    fn tells(&self, post: &Post, what: What) -> Option<Value> {
        let _ = (post, what);
        None
    }
    fn parcel(&self, body: &[u8], at: Micros) -> Option<Parcel> {
        let _ = (body, at);
        None
    }
    /// The way for mails, where there is one.
    fn post(stand: &Stand<Self>) -> &dyn crate::Post
    where
        Self: Sized,
    {
        let _ = stand;
        &crate::NoPost
    }
}

/// The posts of a service and what is wrong with it.
#[derive(Default)]
pub struct House {
    pub posts: Vec<Post>,
    pub clock: Micros,
    pub change: u64,
    skew: i64,
    troubles: Vec<Trouble>,
    told: Vec<(Post, What)>,
}

impl House {
    fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// Takes one off a trouble that happens a number of times.
    fn once(&mut self, is: fn(&mut Trouble) -> Option<&mut u32>) -> bool {
        let mut left = self.troubles.iter_mut().filter_map(is);
        let left = left.find(|n| **n > 0);
        left.map(|n| *n -= 1).is_some()
    }

    pub fn post(&self, id: &str) -> Option<&Post> {
        self.posts.iter().find(|p| p.id == id)
    }

    pub fn put(&mut self, wire: &dyn Wire, text: &str, is_ours: bool) -> &mut Post {
        self.clock += 1_000_000;
        self.change += 1;
        let id = wire.id(self.posts.len() as u64 + 1, self.clock);
        self.posts.push(Post {
            id,
            at: self.clock,
            text: text.into(),
            is_raw: false,
            is_ours,
            reply_to: None,
            edited: None,
            deleted: None,
            key: String::new(),
            change: self.change,
            first: self.change,
            original: text.into(),
            likes: 0,
            reposts: 0,
            is_elsewhere: false,
        });
        self.posts.last_mut().expect("it was put there")
    }

    fn alter(&mut self, id: &str, what: What, change: impl Fn(&mut Post, Micros)) {
        self.clock += 1_000_000;
        self.change += 1;
        let (clock, number) = (self.clock, self.change);
        let post = self.posts.iter_mut().find(|p| p.id == id).expect("a post");
        change(post, clock);
        post.change = number;
        let post = post.clone();
        self.told.push((post, what));
    }

    /// A list as it is told: with the trouble that lists have.
    pub fn list(&self, items: Vec<Value>) -> Vec<Value> {
        let mut list = Vec::new();
        for (n, item) in items.into_iter().enumerate() {
            if self.has(Trouble::Garbage) && n % 10 == 0 {
                let deep = (0..400).fold(json!(1), |inner, _| json!([inner]));
                let wrong = json!({"id": 5, "type": [], "status": {"id": {}}, "text": {"a": 1}});
                list.extend([json!(null), json!("x"), json!({}), deep, wrong]);
            }
            if self.has(Trouble::Twice) {
                list.push(item.clone());
            }
            list.push(item);
        }
        if self.has(Trouble::OutOfOrder) {
            let half = list.len() / 2;
            list.rotate_left(half);
            list.reverse();
        }
        list
    }
}

/// A stand-in of the service that speaks so.
pub struct Stand<W> {
    pub wire: W,
    house: Mutex<House>,
}

impl<W: Wire> Stand<W> {
    pub fn new(wire: W) -> Stand<W> {
        let house = House {
            clock: BEGIN,
            ..House::default()
        };
        Stand {
            wire,
            house: Mutex::new(house),
        }
    }

    pub fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().expect("nobody panicked in it")
    }

    pub fn handle(&self, request: &Request) -> Result<Response, Fault> {
        let asked = Asked::new(request);
        let house = &mut *self.house();
        let wire = &self.wire;
        let is_send = wire.is_send(&asked);
        if house.has(Trouble::Lost) {
            return Err(Fault::Unreached("no connection".into()));
        }
        if house.has(Trouble::Down) {
            return Ok(plain(502, "<html>Bad Gateway</html>"));
        }
        let is_storm = house.once(|t| match t {
            Trouble::Storm(n) => Some(n),
            _ => None,
        });
        let mut response = if is_storm {
            wire.refuse(Refusal::Often, &asked, house)
        } else if house.has(Trouble::SignedOut) {
            wire.refuse(Refusal::SignedOut, &asked, house)
        } else if is_send && house.has(Trouble::NotAllowed) {
            wire.refuse(Refusal::NotAllowed, &asked, house)
        } else {
            wire.answer(house, &asked)
        };
        let is_crash = |t: &mut Trouble| -> bool { matches!(t, Trouble::CrashAfterSend(_)) };
        if is_send && house.troubles.iter_mut().any(is_crash) {
            let is_now = house.once(|t| match t {
                Trouble::CrashAfterSend(n) => Some(n),
                _ => None,
            });
            if is_now {
                return Err(Fault::Unreached("the connection was closed".into()));
            }
        }
        if house.has(Trouble::HalfAPage) {
            response.body.truncate(response.body.len() / 2);
        }
        let at = jiff::Timestamp::from_microsecond(house.clock).expect("a moment");
        let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers.push(("date".into(), date));
        Ok(response)
    }

    fn said(&self, text: &str, is_raw: bool) -> String {
        let mut house = self.house();
        let post = house.put(&self.wire, text, false);
        post.is_raw = is_raw;
        let post = post.clone();
        house.told.push((post.clone(), What::Said));
        post.id
    }
}

impl<W: Wire> Http for Stand<W> {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        let handled = self.handle(&request);
        Box::pin(async move { handled })
    }
}

impl<W: Wire> StandIn for Stand<W> {
    fn settings(&self) -> Settings {
        self.wire.settings()
    }

    fn post(&self) -> &dyn crate::Post {
        W::post(self)
    }

    fn ways(&self) -> Ways {
        self.wire.ways()
    }

    fn now(&self) -> Micros {
        let house = self.house();
        house.clock + house.skew * 86_400_000_000
    }

    fn pass(&self, seconds: i64) {
        self.house().clock += seconds * 1_000_000;
    }

    fn say(&self, text: &str) -> String {
        self.said(text, false)
    }

    fn say_raw(&self, text: &str) -> String {
        self.said(text, true)
    }

    fn say_to(&self, post: &str, text: &str) -> String {
        let mut house = self.house();
        let said = house.put(&self.wire, text, false);
        said.reply_to = Some(post.into());
        let said = said.clone();
        house.told.push((said.clone(), What::Said));
        said.id
    }

    fn receive(&self, id: &str, likes: u64, reposts: u64) {
        let mut house = self.house();
        let post = house.posts.iter_mut().find(|p| p.id == id);
        let post = post.expect("a post");
        (post.likes, post.reposts) = (likes, reposts);
    }

    fn say_elsewhere(&self, text: &str) -> Option<String> {
        let mut house = self.house();
        let post = house.put(&self.wire, text, false);
        post.is_elsewhere = true;
        Some(post.id.clone())
    }

    fn edit(&self, id: &str, text: &str) {
        self.house().alter(id, What::Edited, |post, now| {
            post.text = text.into();
            post.edited = Some(now);
        });
    }

    fn delete(&self, id: &str) {
        let delete = |post: &mut Post, now| post.deleted = Some(now);
        self.house().alter(id, What::Deleted, delete);
    }

    fn misbehave(&self, trouble: Trouble) {
        let mut house = self.house();
        match trouble {
            Trouble::Skew(days) => house.skew = days,
            other => house.troubles.push(other),
        }
    }

    fn behave(&self) {
        let mut house = self.house();
        house.troubles.clear();
        house.skew = 0;
    }

    fn truth(&self) -> Vec<Truth> {
        let house = self.house();
        let to_us = |p: &&Post| !p.is_ours && !p.is_elsewhere;
        let said = house.posts.iter().filter(to_us);
        let truth = said.map(|post| Truth {
            id: post.id.clone(),
            text: (!post.is_raw).then(|| post.text.clone()),
            is_deleted: post.deleted.is_some(),
        });
        truth.collect()
    }

    fn received(&self) -> Vec<Received> {
        let house = self.house();
        let ours = house.posts.iter().filter(|p| p.is_ours);
        let received = ours.map(|post| Received {
            id: post.id.clone(),
            text: post.text.clone(),
            reply_to: post.reply_to.clone(),
        });
        received.collect()
    }

    fn parcels(&self) -> Vec<Parcel> {
        let told = std::mem::take(&mut self.house().told);
        let at = self.house().clock;
        let bodies = told
            .iter()
            .filter_map(|(post, what)| self.wire.tells(post, *what));
        let parcels = bodies.filter_map(|b| self.wire.parcel(b.to_string().as_bytes(), at));
        parcels.collect()
    }

    fn parcel(&self, body: &[u8]) -> Option<Parcel> {
        self.wire.parcel(body, self.house().clock)
    }
}

pub fn plain(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

pub fn json(status: u16, body: &Value) -> Response {
    let mut response = plain(status, &body.to_string());
    let kind = ("content-type".into(), "application/json".into());
    response.headers.push(kind);
    response
}

pub fn rfc3339(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at).expect("a moment");
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
