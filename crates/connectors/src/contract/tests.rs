//! The suite itself is tried: a connector that does all of it right passes, and with each mistake it does not.

use super::house::{Asked, House, Refusal, Stand, Wire, json, plain};
use super::*;
use crate::channel::{Author, Once, Seen, Sent, What};
use crate::publish::{Counts, Echo, Publishes};
use crate::{
    About, Account, Answer, Connector, Cursor, Field, Follows, Incoming, Outgoing, Page, Request,
    Response, Verified, Via, text,
};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    PassesMarkupOn,
    /// Goes on behind all there is, having read one page.
    ReadsOnePage,
    SendsWithoutAKey,
    TakesEveryRefusalForASignOut,
    TakesHalfAPageForStrange,
    FailsOnAnotherCursor,
    FailsWithOneItem,
    PassesControlOn,
    ForgetsDeletions,
    ForgetsWhoIsAnswered,
    /// What comes next is one too: without a key, what was sent is looked for.
    NoneButNoKey,
    ReadsNothingBack,
    TakesAnyForItsOwn,
    TrustsItsOwnClock,
    ForgetsWhatWasAnswered,
    EchoesWhatIsToldTwice,
    AsksForTheFirstOnly,
    SaysItFollowsAndDoesNot,
    TakesWhatItFindsForMentions,
    FollowsWhatNobodyWishesFor,
}

struct Toy(Mistake);
struct Service;

impl Toy {
    fn fault(&self, response: &Response, now: Micros) -> Fault {
        match self.0 {
            Mistake::TakesEveryRefusalForASignOut => Fault::SignedOut(String::new()),
            _ => response.fault(now, String::new()),
        }
    }

    async fn ask(&self, via: &Via<'_>, request: Request) -> Result<Value, Fault> {
        let response = via.http.send(request).await?;
        match response.is_success() {
            true if self.0 == Mistake::TakesHalfAPageForStrange => {
                serde_json::from_slice(&response.body).map_err(|e| Fault::Strange(e.to_string()))
            }
            true => {
                let items: Value = response.read()?;
                Ok(items)
            }
            false => Err(self.fault(&response, via.now)),
        }
    }

    fn incoming(&self, item: &Value) -> Option<Incoming> {
        let id = item["id"].as_str()?;
        let html = item["html"].as_str()?;
        let is_deleted = item["deleted"].as_bool()?;
        Some(Incoming {
            what: match (is_deleted, item["edited"].as_bool()?) {
                (true, _) if self.0 != Mistake::ForgetsDeletions => What::Deleted,
                (_, true) => What::Edited,
                _ => What::Said,
            },
            at: item["at"].as_i64()?,
            reply_to: item["reply_to"]
                .as_str()
                .filter(|_| self.0 != Mistake::ForgetsWhatWasAnswered)
                .map(String::from),
            author: Author {
                id: "2".into(),
                ..Author::default()
            },
            is_ours: item["ours"].as_bool()?,
            is_for_us: item["elsewhere"] != true || self.0 == Mistake::TakesWhatItFindsForMentions,
            seen: Seen::Public,
            text: match self.0 {
                _ if is_deleted => String::new(),
                Mistake::PassesMarkupOn => text::clean(html),
                Mistake::PassesControlOn => text::of_html(html) + "\u{202e}",
                _ => text::of_html(html),
            },
            raw: item.to_string(),
            ..Incoming::deleted(id, 0)
        })
    }

    async fn poll(&self, via: &Via<'_>, from: Option<&Cursor>) -> Result<Page<Incoming>, Fault> {
        let known = from.and_then(|c| c.state.as_u64());
        if self.0 == Mistake::FailsOnAnotherCursor && from.is_some() && known.is_none() {
            return Err(Fault::Strange("a cursor".into()));
        }
        let last = known.unwrap_or(0);
        let answer = self
            .ask(
                via,
                Request::get(format!("https://a.example/posts?after={last}")),
            )
            .await?;
        let list = answer["items"].as_array().cloned().unwrap_or_default();
        let told: Vec<_> = list
            .iter()
            .map(|i| (self.incoming(i), i["change"].as_u64()))
            .collect();
        if self.0 == Mistake::FailsWithOneItem && told.iter().any(|(i, _)| i.is_none()) {
            return Err(Fault::Strange("an item".into()));
        }
        let numbers = told.iter().filter_map(|(_, n)| *n);
        let next = match self.0 {
            Mistake::ReadsOnePage => answer["newest"].as_u64(),
            _ => numbers.max(),
        };
        let is_wished = |i: &Incoming| match self.0 {
            Mistake::SaysItFollowsAndDoesNot => false,
            Mistake::FollowsWhatNobodyWishesFor => true,
            _ => via.wishes.iter().any(|w| i.text.contains(&w.shown())),
        };
        let elsewhere: Vec<&str> = list
            .iter()
            .filter(|i| i["elsewhere"] == true)
            .filter_map(|i| i["id"].as_str())
            .collect();
        let mut items: Vec<_> = told.into_iter().filter_map(|(i, _)| i).collect();
        items.retain(|i| !elsewhere.contains(&i.id.as_str()) || is_wished(i));
        items.sort_by_key(|i| i.at);
        Ok(Page {
            items,
            cursor: Cursor {
                version: 1,
                state: json!(next.unwrap_or(last)),
            },
            has_more: answer["more"] == true && self.0 != Mistake::ReadsOnePage,
            wait_until: None,
        })
    }

    async fn post(&self, via: &Via<'_>, out: &Outgoing) -> Result<Sent, Fault> {
        let key = match self.0 {
            Mistake::SendsWithoutAKey => "",
            _ if self.once() == Once::ReadBack => "",
            _ => &out.key,
        };
        let reply_to = out
            .reply_to
            .as_ref()
            .filter(|_| self.0 != Mistake::ForgetsWhoIsAnswered);
        let body = json!({"text": out.text, "key": key, "reply_to": reply_to});
        let answer = self
            .ask(via, Request::json("https://a.example/posts", &body))
            .await?;
        Ok(Sent {
            id: answer["id"].as_str().unwrap_or("").into(),
            url: None,
        })
    }
}

impl Toy {
    async fn find(&self, via: &Via<'_>, out: &Outgoing) -> Result<Option<Sent>, Fault> {
        let (mut after, mut ours) = (0, Vec::new());
        loop {
            let request = Request::get(format!("https://a.example/posts?after={after}"));
            let answer = self.ask(via, request).await?;
            let items = answer["items"].as_array().cloned().unwrap_or_default();
            after = items
                .iter()
                .filter_map(|i| i["change"].as_u64())
                .max()
                .unwrap_or(after);
            ours.extend(items.into_iter().filter(|i| i["ours"] == true));
            if answer["more"] != true {
                break;
            }
        }
        let found = ours.iter().rev().find(|item| {
            let is_same = text::of_html(item["html"].as_str().unwrap()) == out.text
                && item["reply_to"] == json!(out.reply_to);
            match self.0 {
                Mistake::ReadsNothingBack => false,
                Mistake::TakesAnyForItsOwn => true,
                Mistake::TrustsItsOwnClock => is_same && item["at"].as_i64() >= Some(out.since),
                _ => is_same,
            }
        });
        Ok(found.and_then(|item| {
            Some(Sent {
                id: item["id"].as_str()?.into(),
                url: None,
            })
        }))
    }
}

impl Toy {
    async fn figures(&self, via: &Via<'_>, ids: &[String]) -> Result<Vec<Echo>, Fault> {
        let mut all: Vec<Echo> = Vec::new();
        for some in ids.chunks(50) {
            let request = Request::get(format!("https://a.example/likes?ids={}", some.join(",")));
            let answer = self.ask(via, request).await?;
            let items = answer["items"].as_array().cloned().unwrap_or_default();
            for item in items {
                let id = item["id"].as_str().unwrap_or("").to_string();
                let is_known = all.iter().any(|e| e.id == id);
                if !some.contains(&id) || is_known && self.0 != Mistake::EchoesWhatIsToldTwice {
                    continue;
                }
                all.push(Echo {
                    id,
                    likes: item["likes"].as_u64(),
                    reposts: item["reposts"].as_u64(),
                    ..Echo::default()
                });
            }
            if self.0 == Mistake::AsksForTheFirstOnly {
                break;
            }
        }
        Ok(all)
    }
}

impl Connector for Toy {
    fn about(&self) -> About {
        const FIELDS: &[Field] = &[Field {
            name: "token",
            label: "",
            hint: "",
            is_secret: true,
            is_required: true,
        }];
        About {
            name: "toy",
            title: "Toy",
            guide: "None.",
            rights: &[],
            fields: FIELDS,
            verified: Verified::Experimental,
            verified_by: "itself",
        }
    }

    fn account<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            self.ask(via, Request::get("https://a.example/me")).await?;
            Ok(Account {
                id: "1".into(),
                ..Account::default()
            })
        })
    }
}

impl Channel for Toy {
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(self.poll(via, from))
    }

    fn follows(&self, _: &Settings) -> Follows {
        Follows {
            tags: true,
            note: "Tags.",
            ..Follows::NOTHING
        }
    }

    fn once(&self) -> Once {
        use Mistake::*;
        match self.0 {
            NoneButNoKey | ReadsNothingBack | TakesAnyForItsOwn | TrustsItsOwnClock => {
                Once::ReadBack
            }
            _ => Once::Key,
        }
    }

    fn find_sent<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(self.find(via, out))
    }

    fn longest(&self) -> usize {
        1000
    }

    fn send<'a>(&'a self, via: &'a Via<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(self.post(via, out))
    }

    fn publishes(&self) -> Option<Publishes> {
        Some(Publishes {
            longest: 1000,
            counts: Counts::Characters,
        })
    }

    fn echo<'a>(
        &'a self,
        via: &'a Via<'a>,
        _: &'a Account,
        ids: &'a [String],
    ) -> Answer<'a, Vec<Echo>> {
        Box::pin(self.figures(via, ids))
    }
}

impl Wire for Service {
    fn settings(&self) -> Settings {
        Settings::of([("token", "secret")])
    }

    fn ways(&self) -> Ways {
        Ways {
            edits: Way::Poll,
            deletions: Way::Poll,
            html: true,
            window: false,
        }
    }

    fn id(&self, n: u64, _: Micros) -> String {
        format!("p{n}")
    }

    fn answer(&self, house: &mut House, asked: &Asked) -> Response {
        if asked.path == "/me" {
            return json(200, &json!({}));
        }
        if asked.path == "/likes" {
            let wanted: Vec<&str> = asked.query("ids").split(',').collect();
            let found = house
                .posts
                .iter()
                .filter(|p| p.deleted.is_none() && wanted.contains(&p.id.as_str()));
            let found = found.map(|p| json!({"id": p.id, "likes": p.likes, "reposts": p.reposts}));
            return json(200, &json!({"items": shallow(house.list(found.collect()))}));
        }
        if asked.method == "POST" && asked.text("text").len() > 1000 {
            return plain(422, "");
        }
        if asked.method == "POST" {
            let known = house
                .posts
                .iter()
                .find(|p| !p.key.is_empty() && p.key == asked.text("key"));
            if let Some(known) = known {
                return json(200, &json!({"id": known.id}));
            }
            let post = house.put(self, asked.text("text"), true);
            post.key = asked.text("key").into();
            post.reply_to = asked.body["reply_to"].as_str().map(String::from);
            return json(200, &json!({"id": post.id}));
        }
        let after: u64 = asked.query("after").parse().unwrap();
        let mut posts: Vec<_> = house.posts.iter().filter(|p| p.change > after).collect();
        posts.sort_by_key(|p| p.change);
        let more = posts.len() > 20;
        let items = posts.into_iter().take(20).map(|p| {
            let escaped = p.text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
            let html = if p.is_raw { &p.text } else { &escaped };
            json!({"id": p.id, "html": html, "at": p.at, "change": p.change, "ours": p.is_ours, "elsewhere": p.is_elsewhere, "reply_to": p.reply_to, "edited": p.edited.is_some(), "deleted": p.deleted.is_some()})
        });
        json(
            200,
            &json!({"items": shallow(house.list(items.collect())), "more": more, "newest": house.change}),
        )
    }

    fn is_send(&self, asked: &Asked) -> bool {
        asked.method == "POST"
    }

    fn refuse(&self, refusal: Refusal, _: &Asked, _: &House) -> Response {
        let mut response = plain(429, "");
        response
            .headers
            .push(("retry-after".into(), house::RETRY.to_string()));
        match refusal {
            Refusal::Often => response,
            Refusal::SignedOut => plain(401, ""),
            Refusal::NotAllowed => plain(403, ""),
        }
    }
}

/// The toy reads a list as one, so depth would be one mistake more.
fn shallow(mut items: Vec<Value>) -> Vec<Value> {
    items.retain(|i| !i.is_array());
    items
}

fn tried(mistake: Mistake) -> Result<(), String> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        channel(&Toy(mistake), &Stand::new(Service))
    }));
    tried.map_err(|said| match said.downcast::<String>() {
        Ok(said) => *said,
        Err(other) => other
            .downcast::<&str>()
            .map_or_else(|_| "?".into(), |s| s.to_string()),
    })
}

#[test]
fn what_is_right_passes() {
    tried(Mistake::None).unwrap();
    tried(Mistake::NoneButNoKey).unwrap();
}

#[test]
fn each_mistake_is_found_and_named() {
    let table = [
        (Mistake::PassesMarkupOn, "12 &lt; 13"),
        (Mistake::ReadsOnePage, "is lost"),
        (Mistake::SendsWithoutAKey, "the same is told again"),
        (Mistake::TakesEveryRefusalForASignOut, "a reason to wait"),
        (
            Mistake::TakesHalfAPageForStrange,
            "half a page may be whole later",
        ),
        (Mistake::FailsOnAnotherCursor, "a beginning anew"),
        (Mistake::FailsWithOneItem, "Garbage"),
        (Mistake::PassesControlOn, "what steers is passed on"),
        (Mistake::ForgetsDeletions, "taken back"),
        (Mistake::ForgetsWhoIsAnswered, "as an answer"),
        (Mistake::ReadsNothingBack, "the same is told again"),
        (Mistake::TakesAnyForItsOwn, "what never arrived is sent"),
        (Mistake::TrustsItsOwnClock, "it is there once"),
        (Mistake::ForgetsWhatWasAnswered, "what was answered is told"),
        (Mistake::EchoesWhatIsToldTwice, "Twice"),
        (
            Mistake::AsksForTheFirstOnly,
            "each that is there is told once",
        ),
        (Mistake::SaysItFollowsAndDoesNot, "all of it"),
        (Mistake::TakesWhatItFindsForMentions, "all of it"),
        (
            Mistake::FollowsWhatNobodyWishesFor,
            "all of it, and nothing else",
        ),
    ];
    for (mistake, named) in table {
        let said = tried(mistake).expect_err(&format!("{mistake:?} passes"));
        assert!(said.contains(named), "{mistake:?}: {said}");
    }
}
