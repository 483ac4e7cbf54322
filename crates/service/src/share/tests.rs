//! Posts of our own on both engines, by a clock that the tests set and two channels that misbehave when told.

use super::acts::{Credit, Draft, From};
use super::{Post, Share};
use crate::connect::Connect;
use crate::connect::seal::Seal;
use crate::desk::Desk;
use crate::improvements::{Improvements, Plug};
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::channel::{Author, Once, Seen, What};
use connectors::publish::{Counts, Echo, Publishes};
use connectors::{
    About, Account, Answer, Channel, Connector, Cursor, Fault, Incoming, Outgoing, Page, Sent,
    Settings, Verified, Via as Way,
};
use mining::Micros;
use mining::time::{DAY, HOUR, MINUTE, SECOND};
use std::sync::{Arc, Mutex};
use store::desk::{self as kept, Queue, ThreadRow};
use store::share::{
    APPROVED, DISCARDED, DRAFT, DROPPED, FAILED, PUBLISHED, RETURNED, REVIEW, SCHEDULED, SENT, View,
};
use store::testing::{folder, on_both};
use store::{Db, events};

const LOG: &str = "case,activity,time,email,contact,team\n\
    Saari Brewing,Establish trust,2026-03-01T10:00:00Z,aino@saari.example,Aino Saari,Nordics\n\
    Kestrel Water,Establish trust,2026-02-01T10:00:00Z,ruth@kestrel.example,Ruth Abiola,UK\n\
    Kestrel Water,Propose,2026-02-20T10:00:00Z,ruth@kestrel.example,Ruth Abiola,UK\n";
/// Monday, 2 March 2026, 10:00 UTC.
const MONDAY: Micros = 1_772_445_600 * SECOND;

/// A channel that takes posts and does with them as it is told.
struct Fake {
    name: &'static str,
    longest: usize,
    tells: Mutex<Vec<Incoming>>,
    sent: Mutex<Vec<(String, Outgoing)>>,
    /// What the next attempts meet, last first.
    meets: Mutex<Vec<Meets>>,
    likes: Mutex<Option<u64>>,
    echo_fault: Mutex<Option<Fault>>,
    asked: Mutex<u32>,
}

#[derive(Clone)]
enum Meets {
    /// It arrives, and the answer is lost.
    Lost,
    Fault(Fault),
}

fn fake(name: &'static str, longest: usize) -> &'static Fake {
    Box::leak(Box::new(Fake {
        name,
        longest,
        tells: Mutex::default(),
        sent: Mutex::default(),
        meets: Mutex::default(),
        likes: Mutex::default(),
        echo_fault: Mutex::default(),
        asked: Mutex::default(),
    }))
}

impl Connector for Fake {
    fn about(&self) -> About {
        About {
            name: self.name,
            title: self.name,
            guide: "Ask nobody.",
            rights: &["read"],
            fields: &[],
            verified: Verified::Experimental,
            verified_by: "nothing",
        }
    }

    fn account<'a>(&'a self, _: &'a Way<'a>) -> Answer<'a, Account> {
        Box::pin(async {
            Ok(Account {
                id: "us".into(),
                handle: "@halden".into(),
                ..Account::default()
            })
        })
    }
}

impl Channel for Fake {
    fn poll<'a>(&'a self, _: &'a Way<'a>, from: Option<&'a Cursor>) -> Answer<'a, Page<Incoming>> {
        Box::pin(async move {
            let all = self.tells.lock().unwrap();
            let begin = from.map_or(0, |c| c.state.as_u64().unwrap() as usize);
            Ok(Page {
                items: all[begin..].to_vec(),
                cursor: Cursor {
                    version: 1,
                    state: all.len().into(),
                },
                has_more: false,
                wait_until: None,
            })
        })
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        self.longest
    }

    fn publishes(&self) -> Option<Publishes> {
        (self.name != "silent").then_some(Publishes {
            longest: self.longest,
            counts: Counts::Characters,
        })
    }

    fn send<'a>(&'a self, _: &'a Way<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(async move {
            let meets = self.meets.lock().unwrap().pop();
            if let Some(Meets::Fault(fault)) = meets {
                return Err(fault);
            }
            let mut sent = self.sent.lock().unwrap();
            let id = format!("{}{}", self.name, sent.len());
            sent.push((id.clone(), out.clone()));
            match meets {
                Some(Meets::Lost) => Err(Fault::Unreached("the connection broke".into())),
                _ => Ok(Sent {
                    url: Some(format!("https://{}.example/{id}", self.name)),
                    id,
                }),
            }
        })
    }

    fn find_sent<'a>(
        &'a self,
        _: &'a Way<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        // By the words, as services are looked through.
        Box::pin(async move {
            let sent = self.sent.lock().unwrap();
            let found = sent.iter().rev().find(|(_, o)| o.text == out.text);
            Ok(found.map(|(id, _)| Sent {
                id: id.clone(),
                url: None,
            }))
        })
    }

    fn echo<'a>(
        &'a self,
        _: &'a Way<'a>,
        _: &'a Account,
        ids: &'a [String],
    ) -> Answer<'a, Vec<Echo>> {
        Box::pin(async move {
            *self.asked.lock().unwrap() += 1;
            if let Some(fault) = self.echo_fault.lock().unwrap().clone() {
                return Err(fault);
            }
            let likes = *self.likes.lock().unwrap();
            let told = ids.iter().filter(|_| likes.is_some()).map(|id| Echo {
                id: id.clone(),
                likes,
                ..Echo::default()
            });
            Ok(told.collect())
        })
    }
}

struct House {
    share: Share,
    desk: Desk,
    one: &'static Fake,
    other: &'static Fake,
    clock: Arc<SetClock>,
    /// Connections of `one`, `other`, and of a channel that takes no posts.
    on: Vec<String>,
    ines: Actor,
    maren: Actor,
    kofi: Actor,
    guest: Actor,
}

impl House {
    async fn open(db: Db) -> House {
        let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
        let library = Library::with(db, &folder, clock.clone()).await.unwrap();
        let path = folder.join("deals.csv");
        std::fs::write(&path, LOG).unwrap();
        let request = ImportRequest {
            path,
            file_name: "deals.csv".into(),
            process: None,
            options: Default::default(),
            actor: "test".into(),
        };
        library.import(request, Arc::default()).await.unwrap();
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let mut people = Vec::new();
        for (name, role) in [
            ("Ines", Role::Manager),
            ("Maren", Role::Member),
            ("Kofi", Role::Member),
            ("Gil", Role::Guest),
        ] {
            let new = NewPerson {
                name: name.into(),
                email: format!("{}@halden.example", name.to_lowercase()),
                role,
                password: None,
            };
            let row = identity.add(new, "test").await.unwrap();
            people.push(Actor::of(&row, Via::Token("test".into()), Scopes::all()).unwrap());
        }
        let improvements = Improvements::new(library.clone());
        let plug = Plug {
            step: "Establish trust".into(),
            tool: "share".into(),
            measure: "days-in-step".into(),
            given: vec!["Nordics=2026-02-02".into()],
            ..Plug::default()
        };
        improvements.plug("deals", &plug, "test").await.unwrap();
        let work = Work::start(library, identity);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let (one, other, silent) = (fake("one", 500), fake("other", 40), fake("silent", 500));
        let seal = Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = Outbound::new(Allowed::parse(""));
        let all: Vec<&'static dyn Channel> = vec![one, other, silent];
        let connect = Connect::with(work, site, outbound, seal, all, Vec::new());
        let mut on = Vec::new();
        for kind in ["one", "other", "silent"] {
            let settings = Settings::default();
            let added = connect.add_channel(&people[0], kind, kind, &settings, Some("deals"));
            on.push(added.await.unwrap().0);
        }
        let [ines, maren, kofi, guest] = people.try_into().ok().unwrap();
        House {
            share: Share::new(connect.clone(), improvements),
            desk: Desk::new(connect),
            one,
            other,
            clock,
            on,
            ines,
            maren,
            kofi,
            guest,
        }
    }

    fn db(&self) -> &Db {
        self.share.connect.db()
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.share.connect.pass().await.unwrap() {}
    }

    fn draft(&self, body: &str) -> Draft {
        Draft {
            body: body.into(),
            republishes: "nobody".into(),
            credits: Vec::new(),
            channels: vec![
                (self.on[0].clone(), None),
                (self.on[1].clone(), Some("Short news.".into())),
            ],
        }
    }

    fn from(&self) -> From {
        From {
            process: "deals".into(),
            step: "Establish trust".into(),
            ..From::default()
        }
    }

    /// A draft of Maren's.
    async fn drafted(&self, key: &str, draft: &Draft) -> String {
        let from = self.from();
        let made = self.share.draft(&self.maren, key, &from, draft);
        made.await.unwrap()
    }

    /// One that Kofi let go.
    async fn approved(&self, key: &str, body: &str) -> String {
        let id = self.drafted(key, &self.draft(body)).await;
        assert!(!self.share.hand_in(&self.maren, &id).await.unwrap());
        let good = self.share.review(&self.kofi, &id, None, true, "");
        good.await.unwrap();
        id
    }

    async fn published(&self, key: &str, body: &str) -> String {
        let id = self.approved(key, body).await;
        self.share.schedule(&self.kofi, &id, None).await.unwrap();
        self.after(0).await;
        id
    }

    async fn post(&self, id: &str) -> Post {
        self.share.post(&self.maren, id).await.unwrap()
    }

    async fn state(&self, id: &str) -> String {
        self.post(id).await.row.state
    }

    async fn code(&self, id: &str) -> u16 {
        let handed = self.share.hand_in(&self.maren, id).await;
        handed.map_or_else(|p| p.status, |_| 200)
    }

    fn sent(&self, fake: &Fake) -> Vec<String> {
        let sent = fake.sent.lock().unwrap();
        sent.iter().map(|(_, o)| o.text.clone()).collect()
    }

    fn tell(&self, id: &str, who: &str, text: &str, reply_to: Option<&str>) {
        let item = Incoming {
            id: id.into(),
            what: What::Said,
            at: self.clock.now(),
            thread: None,
            reply_to: reply_to.map(String::from),
            author: Author {
                id: format!("id-{who}"),
                handle: format!("@{}", who.to_lowercase().replace(' ', "_")),
                name: who.into(),
                url: None,
            },
            is_ours: who == "Us",
            is_for_us: true,
            seen: Seen::Public,
            text: text.into(),
            language: None,
            tags: Vec::new(),
            media: Vec::new(),
            url: None,
            raw: "{}".into(),
        };
        self.one.tells.lock().unwrap().push(item);
    }

    async fn threads(&self) -> Vec<ThreadRow> {
        let page = self.desk.queue(&self.maren, Queue::Open, None).await;
        page.unwrap().into_iter().map(|w| w.thread).collect()
    }

    async fn kinds(&self) -> Vec<String> {
        let all = events::after(self.db(), 0, 1000).await.unwrap();
        let all = all.into_iter().map(|e| e.kind);
        all.filter(|k| k.starts_with("share.")).collect()
    }
}

#[test]
fn a_post_is_drafted_read_by_a_colleague_and_published_on_each_channel_once() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let draft = house.draft("We measured 30 breweries for a year: 11 % less water.");
        let id = house.drafted("k1", &draft).await;
        assert_eq!(
            house.drafted("k1", &draft).await,
            id,
            "begun twice, it is there once"
        );
        assert_eq!(house.post(&id).await.lacks, Vec::<String>::new());
        assert!(!share.hand_in(&house.maren, &id).await.unwrap());
        let seen = house.post(&id).await.row.changed;
        let own = share.review(&house.maren, &id, Some(seen), true, "").await;
        assert_eq!(own.unwrap_err().status, 403, "nobody lets her own go");
        let older = share
            .review(&house.kofi, &id, Some(seen - 1), true, "")
            .await;
        assert_eq!(older.unwrap_err().status, 409, "only what she read");
        share
            .review(&house.kofi, &id, Some(seen), true, "")
            .await
            .unwrap();
        house.after(HOUR).await;
        assert_eq!(
            house.sent(house.one),
            Vec::<String>::new(),
            "not before it has a time"
        );
        share.schedule(&house.kofi, &id, None).await.unwrap();
        house.after(0).await;
        assert_eq!(house.sent(house.one), [draft.body.as_str()]);
        assert_eq!(
            house.sent(house.other),
            ["Short news."],
            "in its own words there"
        );
        let post = house.post(&id).await;
        assert_eq!(post.row.state, PUBLISHED);
        let urls: Vec<_> = post.channels.iter().map(|c| c.row.url.as_deref()).collect();
        assert_eq!(
            urls,
            [
                Some("https://one.example/one0"),
                Some("https://other.example/other0")
            ]
        );
        house.after(HOUR).await;
        assert_eq!(
            house.sent(house.one).len() + house.sent(house.other).len(),
            2
        );
        let kinds = house.kinds().await;
        assert_eq!(
            kinds,
            [
                "share.drafted",
                "share.handed_in",
                "share.reviewed",
                "share.scheduled",
                "share.published",
                "share.published"
            ]
        );
    });
}

#[test]
fn a_lost_answer_sends_nothing_twice_and_one_channel_that_fails_leaves_the_other() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.one.meets.lock().unwrap().push(Meets::Lost);
        let refused = Fault::Refused("no news here".into());
        house
            .other
            .meets
            .lock()
            .unwrap()
            .push(Meets::Fault(refused));
        let id = house.published("k1", "News of March").await;
        house.after(MINUTE).await;
        assert_eq!(house.sent(house.one), ["News of March"], "there once");
        assert_eq!(house.sent(house.other), Vec::<String>::new());
        let post = house.post(&id).await;
        assert_eq!(post.channels[0].row.state, SENT);
        let failed = &post.channels[1].row;
        assert_eq!(failed.state, FAILED);
        assert!(failed.error.as_ref().unwrap().contains("no news here"));
        let lines = house.share.list(&house.maren, View::Failed, None).await;
        assert_eq!(lines.unwrap().len(), 1);
        let again = house.share.again(&house.kofi, &id, &failed.id, true);
        again.await.unwrap();
        house.after(0).await;
        assert_eq!(house.sent(house.other), ["Short news."]);
        assert_eq!(house.post(&id).await.channels[1].row.state, SENT);
        let twice = house.share.again(&house.kofi, &id, &failed.id, true).await;
        assert_eq!(twice.unwrap_err().status, 409);
        assert!(house.kinds().await.contains(&"share.failed".to_string()));
    });
}

#[test]
fn the_same_words_twice_are_two_posts_also_where_an_answer_is_lost() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.published("k1", "We are open.").await;
        let refused = Fault::Unreached("no connection".into());
        house.one.meets.lock().unwrap().push(Meets::Fault(refused));
        let second = house.published("k2", "We are open.").await;
        house.after(MINUTE).await;
        assert_eq!(house.sent(house.one).len(), 2);
        assert_eq!(
            house.post(&second).await.channels[0].row.source.as_deref(),
            Some("one1")
        );
    });
}

#[test]
fn a_storm_waits_as_long_as_is_told_and_a_key_that_is_over_is_said() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let wait = Fault::Wait {
            until: MONDAY + HOUR,
            said: "slow down".into(),
        };
        let over = Fault::SignedOut("token expired".into());
        house.one.meets.lock().unwrap().push(Meets::Fault(wait));
        house.other.meets.lock().unwrap().push(Meets::Fault(over));
        let id = house.published("k1", "News").await;
        house.after(50 * MINUTE).await;
        assert_eq!(house.sent(house.one), Vec::<String>::new());
        house.after(11 * MINUTE).await;
        assert_eq!(house.sent(house.one), ["News"]);
        assert_eq!(house.post(&id).await.channels[1].row.state, FAILED);
        let outlets = house.share.outlets().await.unwrap();
        let on: Vec<_> = outlets.iter().map(|o| (o.kind.as_str(), o.is_on)).collect();
        assert_eq!(
            on,
            [("one", true), ("other", false)],
            "the silent one takes none"
        );
    });
}

#[test]
fn a_post_waits_for_its_time_is_moved_withdrawn_and_put_back_to_a_draft() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let id = house.approved("k1", "Spring news").await;
        let past = share.schedule(&house.maren, &id, Some(MONDAY - HOUR)).await;
        assert_eq!(past.unwrap_err().status, 400);
        let far = share
            .schedule(&house.maren, &id, Some(MONDAY + 500 * DAY))
            .await;
        assert_eq!(far.unwrap_err().status, 400);
        share
            .schedule(&house.maren, &id, Some(MONDAY + HOUR))
            .await
            .unwrap();
        share
            .schedule(&house.kofi, &id, Some(MONDAY + 2 * HOUR))
            .await
            .unwrap();
        house.after(HOUR).await;
        assert_eq!(house.state(&id).await, SCHEDULED, "it was moved");
        share.withdraw(&house.kofi, &id).await.unwrap();
        house.after(2 * HOUR).await;
        assert_eq!(house.state(&id).await, APPROVED);
        share
            .schedule(&house.kofi, &id, Some(MONDAY + 9 * HOUR))
            .await
            .unwrap();
        let hers = share.reopen(&house.kofi, &id).await;
        assert_eq!(hers.unwrap_err().status, 403, "it is Maren's");
        share.reopen(&house.maren, &id).await.unwrap();
        house.after(9 * HOUR).await;
        assert_eq!(house.state(&id).await, DRAFT);
        assert_eq!(house.sent(house.one), Vec::<String>::new());
        let go = share.schedule(&house.kofi, &id, None).await;
        assert_eq!(go.unwrap_err().status, 409, "what was changed is read anew");
        share.discard(&house.maren, &id).await.unwrap();
        assert_eq!(house.state(&id).await, DISCARDED);
        share.reopen(&house.maren, &id).await.unwrap();
        assert_eq!(house.code(&id).await, 200);
        let good = share.review(&house.kofi, &id, None, true, "").await;
        good.unwrap();
        share.schedule(&house.kofi, &id, None).await.unwrap();
        house.after(0).await;
        let late = share.withdraw(&house.kofi, &id).await;
        assert_eq!(late.unwrap_err().status, 409, "it went");
        assert_eq!(
            share.reopen(&house.ines, &id).await.unwrap_err().status,
            409
        );
    });
}

#[test]
fn what_is_sent_back_comes_with_a_note_and_is_changed_by_its_author_alone() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let id = house.drafted("k1", &house.draft("Best meters ever")).await;
        let by_other = share.edit(&house.kofi, &id, &house.draft("Mine")).await;
        assert_eq!(by_other.unwrap_err().status, 403);
        assert_eq!(house.code(&id).await, 200);
        let while_read = share.edit(&house.maren, &id, &house.draft("Other")).await;
        assert_eq!(while_read.unwrap_err().status, 409);
        let wordless = share.review(&house.kofi, &id, None, false, " ").await;
        assert_eq!(wordless.unwrap_err().status, 400);
        let back = share.review(&house.kofi, &id, None, false, "No superlatives.");
        back.await.unwrap();
        let post = house.post(&id).await;
        assert_eq!(post.row.state, RETURNED);
        assert_eq!(post.row.note.as_deref(), Some("No superlatives."));
        let mut better = house.draft("Meters that hold");
        better.channels.truncate(1);
        share.edit(&house.maren, &id, &better).await.unwrap();
        assert_eq!(house.post(&id).await.channels.len(), 1);
        assert_eq!(house.code(&id).await, 200);
        assert_eq!(house.state(&id).await, REVIEW);
    });
}

#[test]
fn who_needs_no_review_is_said_by_a_manager_and_never_of_herself() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let by = |who: &Actor, person: &Actor| {
            let (who, person) = (who.clone(), person.id().to_string());
            async move { share.set_free(&who, &person, true).await }
        };
        assert_eq!(by(&house.kofi, &house.maren).await.unwrap_err().status, 403);
        assert_eq!(by(&house.ines, &house.ines).await.unwrap_err().status, 403);
        assert_eq!(by(&house.ines, &house.guest).await.unwrap_err().status, 400);
        by(&house.ines, &house.maren).await.unwrap();
        let id = house.drafted("k1", &house.draft("News")).await;
        assert!(share.hand_in(&house.maren, &id).await.unwrap());
        assert_eq!(house.state(&id).await, APPROVED);
        share
            .set_free(&house.ines, house.maren.id(), false)
            .await
            .unwrap();
        let id = house.drafted("k2", &house.draft("More news")).await;
        assert!(!share.hand_in(&house.maren, &id).await.unwrap());
        let guest = share.list(&house.guest, View::Drafts, None).await;
        assert_eq!(guest.unwrap_err().status, 403);
    });
}

#[test]
fn a_draft_that_is_not_whole_is_not_handed_in_and_says_why() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let id = house.drafted("k1", &Draft::default()).await;
        let lacks = house.post(&id).await.lacks;
        assert_eq!(
            lacks,
            [
                "Write something.",
                "Choose a channel.",
                "Say whether it republishes somebody's words or pictures."
            ]
        );
        let mut long = house.draft(&"word ".repeat(30));
        long.channels[1].1 = None;
        share.edit(&house.maren, &id, &long).await.unwrap();
        let lacks = house.post(&id).await.lacks;
        assert_eq!(
            lacks,
            ["other: 149 of 40 characters. Shorten it, or write other words for it."]
        );
        assert_eq!(house.code(&id).await, 422);
        let mut wrong = house.draft("x");
        wrong.channels.push((house.on[2].clone(), None));
        let silent = share.edit(&house.maren, &id, &wrong).await;
        assert_eq!(silent.unwrap_err().status, 404, "that one takes no posts");
        let elsewhere = From {
            step: "Propose".into(),
            ..house.from()
        };
        let empty = Draft::default();
        let elsewhere = share.draft(&house.maren, "k2", &elsewhere, &empty);
        assert_eq!(elsewhere.await.unwrap_err().code, "not_plugged_in");
        let places = share.places().await.unwrap();
        assert_eq!(places.len(), 1);
        assert_eq!(places[0].step, "Establish trust");
    });
}

#[test]
fn words_of_somebody_are_not_published_without_her_name_and_permission() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let share = &house.share;
        let words = "The meter paid for itself within a single year.";
        house.tell("m1", "Aino Saari", words, None);
        house.after(0).await;
        let from = From {
            case: Some("Saari Brewing".into()),
            ..house.from()
        };
        let process = share.places().await.unwrap().remove(0).process;
        let start = share.start(&house.maren, &process, from.case.as_deref(), None);
        assert_eq!(
            start.await.unwrap().said,
            [("Aino Saari".into(), words.into())]
        );
        let mut draft = house.draft("A brewery says: \"paid for itself within a single year\".");
        draft.channels.truncate(1);
        let id = share
            .draft(&house.maren, "k1", &from, &draft)
            .await
            .unwrap();
        let lacks = house.post(&id).await.lacks;
        assert_eq!(
            lacks,
            ["It holds words of Aino Saari: say so, with the permission to publish them."]
        );
        draft.republishes = "somebody".into();
        draft.credits = vec![Credit {
            whose: "Aino Saari".into(),
            ..Credit::default()
        }];
        share.edit(&house.maren, &id, &draft).await.unwrap();
        let lacks = house.post(&id).await.lacks;
        assert_eq!(
            lacks,
            [
                "Say who gave the permission for words of Aino Saari, when, and by what.",
                "The text for one does not name Aino Saari: whose words or picture it is stands in the post."
            ]
        );
        draft.body += " (Aino Saari)";
        draft.credits[0].given_by = "Aino Saari".into();
        draft.credits[0].given_how = "by mail to Maren".into();
        draft.credits[0].given_on = Some(MONDAY + DAY);
        let early = share.edit(&house.maren, &id, &draft).await;
        assert_eq!(early.unwrap_err().status, 400, "a day to come");
        draft.credits[0].given_on = Some(MONDAY - DAY);
        share.edit(&house.maren, &id, &draft).await.unwrap();
        assert_eq!(house.code(&id).await, 200);
        share
            .review(&house.kofi, &id, None, true, "")
            .await
            .unwrap();
        share
            .schedule(&house.kofi, &id, Some(MONDAY + HOUR))
            .await
            .unwrap();
        // What was recorded is gone before it goes: it does not go.
        let mut tx = house.db().begin().await.unwrap();
        store::share::put_credits(&mut tx, &id, &[]).await.unwrap();
        tx.commit().await.unwrap();
        house.after(HOUR).await;
        let post = house.post(&id).await;
        assert_eq!(post.row.state, RETURNED);
        assert!(post.row.note.unwrap().starts_with("It was not published."));
        assert_eq!(house.sent(house.one), Vec::<String>::new());
    });
}

#[test]
fn an_accepted_answer_begins_a_draft_and_is_its_authors_words() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let (share, work) = (&house.share, house.share.connect.work().clone());
        let ask = work.ask(
            &house.maren,
            "deals",
            "Establish trust",
            None,
            "Who cleans?",
            None,
        );
        let question = ask.await.unwrap();
        let words = "Rinse the meter with **warm** water twice before you calibrate it.";
        let answer = work
            .post(&house.kofi, &question, words, None)
            .await
            .unwrap();
        let process = house.share.places().await.unwrap().remove(0).process;
        let from = From {
            conversation: Some(question.clone()),
            ..house.from()
        };
        let early = share
            .draft(&house.maren, "k0", &from, &Draft::default())
            .await;
        assert_eq!(early.unwrap_err().status, 404, "nothing is accepted yet");
        work.accept(&house.maren, answer, None).await.unwrap();
        let begin = |who: &Actor| {
            let (who, process, question) = (who.clone(), process.clone(), question.clone());
            async move {
                share
                    .start(&who, &process, None, Some(&question))
                    .await
                    .unwrap()
            }
        };
        let start = begin(&house.maren).await;
        assert_eq!(
            start.body,
            "Rinse the meter with warm water twice before you calibrate it."
        );
        assert_eq!(start.whose.as_deref(), Some("Kofi"));
        assert_eq!(begin(&house.kofi).await.whose, None, "they are his own");
        let words = house.draft(&start.body);
        let id = share.draft(&house.maren, "k1", &from, &words);
        let lacks = house.post(&id.await.unwrap()).await.lacks;
        assert_eq!(
            lacks,
            ["It holds words of Kofi: say so, with the permission to publish them."]
        );
        let own = share.draft(&house.kofi, "k1", &from, &words);
        let own = own.await.unwrap();
        let lacks = house.post(&own).await.lacks;
        assert_eq!(lacks, Vec::<String>::new());
    });
}

#[test]
fn who_answers_a_post_has_a_conversation_of_her_own_tied_to_its_step() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let id = house.published("k1", "We measured 30 breweries.").await;
        house.tell("own", "Us", "We measured 30 breweries.", None);
        house.tell("one0", "Us", "We measured 30 breweries.", None);
        house.tell("a1", "Aino Saari", "Which ones?", Some("one0"));
        house.tell("b1", "Bob Unknown", "What does it cost?", Some("one0"));
        house.tell("a2", "Aino Saari", "And when?", Some("one0"));
        house.tell("a3", "Aino Saari", "Sorry to ask", Some("a1"));
        house.tell("c1", "Ruth Abiola", "Something else", None);
        house.after(MINUTE).await;
        let threads = house.threads().await;
        let told: Vec<_> = threads
            .iter()
            .map(|t| (t.title.as_str(), t.case_ref.as_deref(), t.step.as_deref()))
            .collect();
        let at = Some("Establish trust");
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.contains(&("Which ones?", Some("Saari Brewing"), at)));
        assert!(told.contains(&("What does it cost?", None, at)));
        assert!(told.contains(&("Something else", Some("Kestrel Water"), Some("Propose"))));
        let bob = threads.iter().find(|t| t.case_ref.is_none()).unwrap();
        assert_eq!(
            bob.reason,
            "It answers a post of ours, shared at Establish trust."
        );
        let post = house.post(&id).await;
        assert_eq!(post.threads.len(), 2);
        assert_eq!(house.share.of_thread(&bob.id).await.unwrap(), Some(id));
        let said = kept::said(house.db(), &bob.id, 9).await.unwrap();
        assert_eq!(said.len(), 1, "the post itself is nothing said in it");
        house
            .desk
            .reply(&house.maren, &bob.id, "r1", "It depends.")
            .await
            .unwrap();
        house.after(0).await;
        let sent = house.one.sent.lock().unwrap();
        let (_, out) = sent.last().unwrap();
        assert_eq!(out.reply_to.as_deref(), Some("b1"));
        assert_eq!(
            out.thread.as_deref(),
            Some("one0"),
            "as the service knows it"
        );
    });
}

#[test]
fn an_answer_that_comes_before_the_receipt_is_tied_when_that_is_there() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.one.meets.lock().unwrap().push(Meets::Lost);
        let id = house.approved("k1", "Hear, hear").await;
        house.share.schedule(&house.kofi, &id, None).await.unwrap();
        house.share.connect.pass().await.unwrap();
        house.tell("a1", "Bob Unknown", "So fast!", Some("one0"));
        house.after(MINUTE).await;
        let post = house.post(&id).await;
        assert_eq!(post.channels[0].row.source.as_deref(), Some("one0"));
        assert_eq!(post.threads.len(), 1);
        let thread = &house.threads().await[0];
        assert_eq!(thread.step.as_deref(), Some("Establish trust"));
        assert_eq!(house.sent(house.one), ["Hear, hear"]);
    });
}

#[test]
fn what_came_of_a_post_is_read_for_thirty_days_and_told_when_it_changes() {
    on_both(|db| async move {
        let house = House::open(db).await;
        *house.one.likes.lock().unwrap() = Some(3);
        let id = house.published("k1", "News").await;
        house.after(16 * SECOND).await;
        let post = house.post(&id).await;
        assert_eq!(post.channels[0].row.likes, Some(3));
        assert_eq!(
            post.channels[1].row.likes, None,
            "that service does not tell"
        );
        house.after(20 * MINUTE).await;
        *house.one.likes.lock().unwrap() = Some(5);
        house.after(20 * MINUTE).await;
        assert_eq!(house.post(&id).await.channels[0].row.likes, Some(5));
        *house.one.echo_fault.lock().unwrap() = Some(Fault::Unreached("no connection".into()));
        house.after(2 * HOUR).await;
        let row = house.post(&id).await.channels.remove(0).row;
        assert_eq!(row.likes, Some(5), "what was told stays");
        assert!(row.echo_error.unwrap().contains("no connection"));
        *house.one.echo_fault.lock().unwrap() = None;
        house.after(2 * HOUR).await;
        assert_eq!(house.post(&id).await.channels[0].row.echo_error, None);
        for _ in 0..40 {
            house.after(DAY).await;
        }
        let row = house.post(&id).await.channels.remove(0).row;
        assert_eq!(row.echo_due, None);
        let asked = *house.one.asked.lock().unwrap();
        assert!((25..60).contains(&asked), "asked {asked} times");
        house.after(DAY).await;
        assert_eq!(*house.one.asked.lock().unwrap(), asked, "it is over");
        let kinds = house.kinds().await;
        let echoes = kinds.iter().filter(|k| *k == "share.echoed").count();
        assert_eq!(echoes, 2, "only what changed is in the record");
        let process = house.share.places().await.unwrap().remove(0).process;
        let (sum, threads) = house
            .share
            .came_of(&process, "Establish trust")
            .await
            .unwrap();
        assert_eq!(
            (sum.posts, sum.publications, sum.likes, threads),
            (1, 2, 5, 0)
        );
    });
}

#[test]
fn what_is_done_with_share_counts_as_its_use() {
    on_both(|db| async move {
        let house = House::open(db).await;
        *house.one.likes.lock().unwrap() = Some(4);
        house.published("k1", "News").await;
        house.after(16 * SECOND).await;
        let improvements = &house.share.improvements;
        let place = house.share.places().await.unwrap().remove(0);
        let imp = improvements.of_process(&place.process);
        let imp = imp.await.unwrap().remove(0);
        let (_, adoption) = improvements.used(&imp).await.unwrap();
        let shared = adoption.unwrap().shared.unwrap();
        assert_eq!(
            (shared.posts, shared.likes, shared.conversations),
            (1, 4, 0)
        );
        let acts = store::uses::sharing(house.db(), &imp.process, &imp.step, 0);
        let acts: Vec<_> = acts.await.unwrap().into_iter().map(|a| a.person).collect();
        let (maren, kofi) = (house.maren.id().to_string(), house.kofi.id().to_string());
        assert_eq!(acts, [maren, kofi.clone(), kofi]);
    });
}

#[test]
fn a_channel_that_was_removed_fails_in_words_and_is_dropped() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let id = house.approved("k1", "News").await;
        let at = Some(MONDAY + HOUR);
        house.share.schedule(&house.kofi, &id, at).await.unwrap();
        let connect = &house.share.connect;
        connect.remove(&house.ines, &house.on[1]).await.unwrap();
        house.after(HOUR).await;
        assert_eq!(house.sent(house.one), ["News"]);
        let failed = house.post(&id).await.channels.remove(1).row;
        assert!(failed.error.unwrap().contains("not connected any more"));
        let drop = house.share.again(&house.maren, &id, &failed.id, false);
        drop.await.unwrap();
        assert_eq!(house.post(&id).await.channels[1].row.state, DROPPED);
        let counts = house.share.counts(&house.maren, None).await.unwrap();
        assert_eq!((counts["failed"], counts[PUBLISHED]), (0, 1));
    });
}
