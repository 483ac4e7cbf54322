//! What customers say and are answered, on both engines, by a clock that the tests set and a channel that misbehaves when told.

mod burst;
mod contacts;
mod inside;
mod listen;
mod media;
mod merge;
mod sign;
mod stream;
mod told;

use super::acts::Handed;
use super::{CLAIM, Desk};
use crate::connect::Connect;
use crate::connect::seal::Seal;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::channel::{Author, Command, Delivered, Delivery, Once, Seen, What};
use connectors::{
    About, Account, Answer, Budget, Channel, Connector, Cursor, Fault, Follows, Incoming, Outgoing,
    Page, Request, Sent, Settings, Verified, Via as Way,
};
use mining::Micros;
use mining::time::{HOUR, MINUTE, SECOND};
use std::sync::{Arc, Mutex};
use store::connections;
use store::desk::{
    self as kept, ANSWERED, CLOSED, DeskPersonRow, FAILED, HELD, OPEN, Queue, REVIEW, SENT,
};
use store::testing::{folder, on_both};
use store::{Db, events};

const LOG: &str = "case,activity,time,email,contact,team\n\
    Saari Brewing,Establish trust,2026-03-01T10:00:00Z,aino@saari.example,Aino Saari,Nordics\n\
    Kestrel Water,Establish trust,2026-02-01T10:00:00Z,ruth@kestrel.example,Ruth Abiola,UK\n\
    Kestrel Water,Propose,2026-02-20T10:00:00Z,ruth@kestrel.example,Ruth Abiola,UK\n\
    Torv One,Propose,2026-02-20T10:00:00Z,per@torv.example,Per Torv,Nordics\n\
    Torv Two,Propose,2026-02-21T10:00:00Z,per@torv.example,Per Torv,Nordics\n";
/// Monday, 2 March 2026, 10:00 UTC.
const MONDAY: Micros = 1_772_445_600 * SECOND;

/// A channel that tells what it is given and does with what is sent as it is told.
#[derive(Default)]
struct Fake {
    tells: Mutex<Vec<Incoming>>,
    sent: Mutex<Vec<(String, Outgoing)>>,
    /// What the next attempts meet, last first.
    meets: Mutex<Vec<Meets>>,
    /// Where its stream is, if it has one: lines of an id and what Aino says under it.
    stream: Mutex<Option<String>>,
    /// What was wished for last.
    wished: Mutex<Vec<String>>,
    /// What may be read in a month, where it is billed.
    allowed: Mutex<Option<u64>>,
}

#[derive(Clone)]
enum Meets {
    /// It arrives, and the answer is lost.
    Lost,
    Fault(Fault),
}

impl Connector for Fake {
    fn about(&self) -> About {
        About {
            name: "fake",
            title: "Fake",
            guide: "Ask nobody.",
            rights: &["read"],
            fields: &[connectors::Field {
                name: "token",
                label: "Token",
                hint: "Paste it.",
                is_secret: true,
                is_required: true,
            }],
            verified: Verified::Experimental,
            verified_by: "nothing",
        }
    }

    fn account<'a>(&'a self, via: &'a Way<'a>) -> Answer<'a, Account> {
        Box::pin(async move {
            match via.settings.get("token") {
                "good" => Ok(Account {
                    id: "us".into(),
                    handle: "@halden".into(),
                    ..Account::default()
                }),
                _ => Err(Fault::SignedOut("no such token".into())),
            }
        })
    }
}

impl Channel for Fake {
    fn poll<'a>(
        &'a self,
        via: &'a Way<'a>,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Incoming>> {
        Box::pin(async move {
            *self.wished.lock().unwrap() = via.wishes.iter().map(|w| w.shown()).collect();
            let all = self.tells.lock().unwrap();
            let begin = from.map_or(0, |c| c.state.as_u64().unwrap() as usize);
            let end = (begin + 3).min(all.len());
            Ok(Page {
                items: all[begin..end].to_vec(),
                cursor: Cursor {
                    version: 1,
                    state: end.into(),
                },
                has_more: end < all.len(),
                wait_until: None,
            })
        })
    }

    fn deliver(
        &self,
        _: &Settings,
        _: &Account,
        delivery: &Delivery,
        _: Micros,
    ) -> Option<Result<Delivered, Fault>> {
        let one = delivery.header("id");
        Some(match delivery.header("signature") {
            "right" if !one.is_empty() => {
                let who = format!("Nr {}", one.len() % 7);
                Ok(Delivered::Said(vec![said(one, &who, one, MONDAY)]))
            }
            "right" => Ok(Delivered::Said(self.tells.lock().unwrap().clone())),
            _ => Err(Fault::Refused("the signature is wrong".into())),
        })
    }

    fn stream(&self, _: &Settings, _: Option<&Cursor>) -> Option<Result<Request, Fault>> {
        let url = self.stream.lock().unwrap().clone()?;
        Some(Ok(Request::get(url)))
    }

    fn streamed(
        &self,
        _: &Settings,
        _: &Account,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Incoming>, Fault> {
        let whole = buffer
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |n| n + 1);
        let lines = String::from_utf8(buffer.drain(..whole).collect()).unwrap();
        let lines = lines.lines().filter_map(|line| line.split_once(' '));
        Ok(lines
            .map(|(id, text)| said(id, "Aino Saari", text, MONDAY))
            .collect())
    }

    fn command(
        &self,
        _: &Settings,
        delivery: &Delivery,
        _: Micros,
    ) -> Option<Result<Command, Fault>> {
        let text = delivery.header("command");
        (!text.is_empty()).then(|| match delivery.header("signature") {
            "right" => Ok(Command {
                user: delivery.header("user").into(),
                text: text.into(),
                key: "t1".into(),
            }),
            _ => Err(Fault::Refused("the signature is wrong".into())),
        })
    }

    fn email_of<'a>(&'a self, _: &'a Way<'a>, user: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move { Ok((user != "nobody").then(|| format!("{user}@halden.example"))) })
    }

    fn follows(&self, _: &Settings) -> Follows {
        Follows {
            accounts: true,
            tags: true,
            phrases: true,
            note: "All of it.",
        }
    }

    fn budget(&self, _: &Settings, _: Option<&Cursor>, now: Micros) -> Option<Budget> {
        let most = (*self.allowed.lock().unwrap())?;
        Some(Budget {
            month: connectors::follow::month(now),
            read: 0,
            found: 0,
            most,
        })
    }

    fn resolve<'a>(&'a self, _: &'a Way<'a>, account: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            match account {
                "nobody" => Err(Fault::Gone("no such account".into())),
                name => Ok(format!("@{}@fake.example", name.to_lowercase())),
            }
        })
    }

    fn has_rooms(&self) -> bool {
        true
    }

    fn rooms<'a>(&'a self, _: &'a Way<'a>) -> Answer<'a, Vec<connectors::network::Place>> {
        let room = connectors::network::Place {
            id: "!room".into(),
            name: "The room".into(),
            ..Default::default()
        };
        Box::pin(async move { Ok(vec![room]) })
    }

    fn once(&self) -> Once {
        Once::ReadBack
    }

    fn longest(&self) -> usize {
        500
    }

    fn send<'a>(&'a self, _: &'a Way<'a>, _: &'a Account, out: &'a Outgoing) -> Answer<'a, Sent> {
        Box::pin(async move {
            let meets = self.meets.lock().unwrap().pop();
            if let Some(Meets::Fault(fault)) = meets {
                return Err(fault);
            }
            let mut sent = self.sent.lock().unwrap();
            let id = format!("out{}", sent.len());
            sent.push((id.clone(), out.clone()));
            match meets {
                Some(Meets::Lost) => Err(Fault::Unreached("the connection broke".into())),
                _ => Ok(Sent { id, url: None }),
            }
        })
    }

    fn find_sent<'a>(
        &'a self,
        _: &'a Way<'a>,
        _: &'a Account,
        out: &'a Outgoing,
    ) -> Answer<'a, Option<Sent>> {
        Box::pin(async move {
            let sent = self.sent.lock().unwrap();
            let found = sent.iter().find(|(_, o)| o.key == out.key);
            // What is looked for is what was sent, whoever signs how by now.
            assert!(found.is_none_or(|(_, o)| o.text == out.text));
            Ok(found.map(|(id, _)| Sent {
                id: id.clone(),
                url: None,
            }))
        })
    }
}

struct House {
    desk: Desk,
    fake: &'static Fake,
    clock: Arc<SetClock>,
    connection: String,
    hook: String,
    ines: Actor,
    maren: Actor,
    kofi: Actor,
    guest: Actor,
}

fn said(id: &str, who: &str, text: &str, at: Micros) -> Incoming {
    Incoming {
        id: id.into(),
        what: What::Said,
        at,
        thread: None,
        reply_to: None,
        author: Author {
            id: format!("id-{who}"),
            handle: format!("@{}", who.split(' ').next().unwrap().to_lowercase()),
            name: who.into(),
            url: Some("javascript:alert(1)".into()),
        },
        is_ours: false,
        is_for_us: true,
        seen: Seen::Public,
        text: text.into(),
        language: None,
        tags: Vec::new(),
        media: Vec::new(),
        url: None,
        raw: "{}".into(),
    }
}

impl House {
    async fn open(db: Db) -> House {
        House::open_with(db, "").await
    }

    /// With hosts that may be spoken to.
    async fn open_with(db: Db, hosts: &str) -> House {
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
        let work = Work::start(library, identity);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let fake: &'static Fake = Box::leak(Box::default());
        let seal = Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = Outbound::new(Allowed::parse(hosts));
        let connect = Connect::with(work, site, outbound, seal, vec![fake], Vec::new());
        let settings = Settings::of([("token", "good")]);
        let added = connect
            .add_channel(&people[0], "fake", "", &settings, Some("deals"))
            .await;
        let (connection, address) = added.unwrap();
        // Who signs is looked at where that is what it is about.
        let unsigned = connect.set_signature(&people[0], &connection, ("none", ""));
        unsigned.await.unwrap();
        let [ines, maren, kofi, guest] = people.try_into().ok().unwrap();
        House {
            desk: Desk::new(connect),
            fake,
            clock,
            connection,
            hook: address.rsplit('/').next().unwrap().into(),
            ines,
            maren,
            kofi,
            guest,
        }
    }

    fn connect(&self) -> &Connect {
        self.desk.connect()
    }

    fn db(&self) -> &Db {
        self.connect().db()
    }

    fn tell(&self, item: Incoming) {
        self.fake.tells.lock().unwrap().push(item);
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect().pass().await.unwrap() {}
    }

    async fn open_threads(&self) -> Vec<kept::ThreadRow> {
        let page = self
            .desk
            .queue(&self.maren, Queue::Open, None)
            .await
            .unwrap();
        page.into_iter().map(|w| w.thread).collect()
    }

    async fn only(&self) -> kept::ThreadRow {
        let all = self.open_threads().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    }

    fn texts(&self) -> Vec<String> {
        self.fake
            .sent
            .lock()
            .unwrap()
            .iter()
            .map(|(_, o)| o.text.clone())
            .collect()
    }

    async fn kinds(&self) -> Vec<String> {
        let all = events::after(self.db(), 0, 1000).await.unwrap();
        let all = all.into_iter().map(|e| e.kind);
        all.filter(|k| k.starts_with("desk.") || k.starts_with("customer."))
            .collect()
    }
}

#[test]
fn what_a_customer_says_lands_on_her_case_and_is_answered_once_in_the_thread() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said(
            "m1",
            "Aino Saari",
            "Our meter drifts after cleaning.",
            MONDAY - MINUTE,
        ));
        house.tell(said(
            "m1",
            "Aino Saari",
            "Our meter drifts after cleaning.",
            MONDAY - MINUTE,
        ));
        let second = Incoming {
            reply_to: Some("m1".into()),
            ..said("m2", "Per Torv", "Same here.", MONDAY - SECOND)
        };
        house.tell(second);
        house.after(0).await;
        let thread = house.only().await;
        assert_eq!(thread.case_ref.as_deref(), Some("Saari Brewing"));
        assert_eq!(
            (thread.step.as_deref(), thread.team.as_deref()),
            (Some("Establish trust"), Some("Nordics"))
        );
        assert_eq!(
            (thread.sure, thread.reason.as_str()),
            (70, "Her name is the contact of the case.")
        );
        assert_eq!(thread.waiting, Some(MONDAY - MINUTE));
        let full = house.desk.thread(&house.maren, &thread.id).await.unwrap();
        assert_eq!(
            full.said
                .iter()
                .map(|s| s.body.as_str())
                .collect::<Vec<_>>(),
            ["Our meter drifts after cleaning.", "Same here."]
        );
        assert!(
            full.handles.iter().all(|h| h.url.is_none()),
            "only addresses of the web are kept"
        );
        house.desk.claim(&house.maren, &thread.id).await.unwrap();
        let handed = house
            .desk
            .reply(&house.maren, &thread.id, "k1", "Zero it warm.")
            .await;
        assert_eq!(handed.unwrap(), Handed::Queued);
        let again = house
            .desk
            .reply(&house.maren, &thread.id, "k1", "Zero it warm.")
            .await;
        assert_eq!(
            again.unwrap(),
            Handed::Queued,
            "the same once more is not two"
        );
        house.after(HOUR).await;
        assert_eq!(house.texts(), ["Zero it warm."]);
        let out = house.fake.sent.lock().unwrap()[0].1.clone();
        assert_eq!(
            (out.reply_to.as_deref(), out.to.unwrap().name.as_str()),
            (Some("m2"), "Per Torv")
        );
        let full = house.desk.thread(&house.maren, &thread.id).await.unwrap();
        assert_eq!(
            (full.row.state.as_str(), full.row.waiting),
            (ANSWERED, None)
        );
        assert_eq!(full.replies[0].state, SENT);
        assert!(full.row.replied.is_some());
        // What we said comes back by the poll: it is the same one.
        let ours = Incoming {
            is_ours: true,
            reply_to: Some("m2".into()),
            ..said("out0", "Halden", "Zero it warm.", MONDAY + HOUR)
        };
        house.tell(ours);
        house.tell(Incoming {
            reply_to: Some("out0".into()),
            ..said("m3", "Aino Saari", "It works!", MONDAY + HOUR)
        });
        house.after(HOUR).await;
        let thread = house.only().await;
        let full = house.desk.thread(&house.maren, &thread.id).await.unwrap();
        assert_eq!(full.said.len(), 4);
        assert_eq!(full.said.iter().filter(|s| s.is_ours == 1).count(), 1);
        assert_eq!(
            house.kinds().await,
            [
                "customer.said",
                "customer.said",
                "desk.claimed",
                "desk.replied",
                "desk.sent",
                "customer.said"
            ]
        );
    });
}

#[test]
fn a_crash_between_sending_and_its_receipt_sends_nothing_twice_and_what_fails_is_seen() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        let wait = Fault::Wait {
            until: MONDAY + HOUR,
            said: "slow down".into(),
        };
        *house.fake.meets.lock().unwrap() = vec![Meets::Lost, Meets::Fault(wait)];
        house
            .desk
            .reply(&house.maren, &id, "k1", "Good morning.")
            .await
            .unwrap();
        house.after(MINUTE).await;
        assert!(house.texts().is_empty(), "it was asked to wait");
        house.after(HOUR).await;
        house.after(HOUR).await;
        assert_eq!(house.texts(), ["Good morning."]);
        house.tell(said("m2", "Ruth Abiola", "And us?", MONDAY + HOUR));
        house.after(HOUR).await;
        let id = house.only().await.id;
        *house.fake.meets.lock().unwrap() = vec![Meets::Fault(Fault::Refused("too rude".into()))];
        house
            .desk
            .reply(&house.maren, &id, "k2", "Go away.")
            .await
            .unwrap();
        house.after(HOUR).await;
        let failed = house.desk.in_state(&house.kofi, FAILED).await.unwrap();
        assert_eq!(failed.len(), 1);
        assert!(failed[0].error.as_ref().unwrap().contains("too rude"));
        let told = house.told(&house.maren).await;
        assert_eq!(told, [("desk_failed".to_string(), id.clone())]);
        assert_eq!(house.only().await.id, id, "she still waits");
        house
            .desk
            .again(&house.kofi, &failed[0].id, true)
            .await
            .unwrap();
        house.after(HOUR).await;
        assert_eq!(house.texts(), ["Good morning.", "Go away."]);
        // A key that does not open any more ends the looking, and says so.
        house.tell(said("m3", "Per Torv", "Hi", MONDAY + 9 * HOUR));
        house.after(HOUR).await;
        let id = house.only().await.id;
        *house.fake.meets.lock().unwrap() = vec![Meets::Fault(Fault::SignedOut("revoked".into()))];
        house
            .desk
            .reply(&house.maren, &id, "k3", "Hi!")
            .await
            .unwrap();
        house.after(HOUR).await;
        let row = house.connect().find(&house.connection).await.unwrap().row;
        assert_eq!(row.state, connections::SIGNED_OUT);
        let wrong = Settings::of([("token", "bad")]);
        assert_eq!(
            house
                .connect()
                .rekey(&house.ines, &row.id, &wrong)
                .await
                .unwrap_err()
                .code,
            "signed_out"
        );
        let right = Settings::of([("token", "good")]);
        house
            .connect()
            .rekey(&house.ines, &row.id, &right)
            .await
            .unwrap();
        assert_eq!(
            house.connect().find(&row.id).await.unwrap().row.state,
            connections::ON
        );
    });
}

#[test]
fn of_many_who_claim_at_once_one_has_it_and_a_second_writer_is_stopped_with_her_draft_kept() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        let (one, two) = tokio::join!(
            house.desk.claim(&house.maren, &id),
            house.desk.claim(&house.kofi, &id)
        );
        assert!(one.is_ok() != two.is_ok());
        let (first, second) = if one.is_ok() {
            (&house.maren, &house.kofi)
        } else {
            (&house.kofi, &house.maren)
        };
        let stopped = house
            .desk
            .reply(second, &id, "k", "Me too")
            .await
            .unwrap_err();
        assert_eq!((stopped.status, stopped.code.as_str()), (409, "taken"));
        assert!(stopped.what.starts_with(first.name()));
        assert_eq!(house.desk.draft(second, &id).await.unwrap(), "Me too");
        house.desk.reply(first, &id, "k", "Hello!").await.unwrap();
        assert_eq!(
            house.desk.draft(second, &id).await.unwrap(),
            "Me too",
            "both are kept"
        );
        // Who stops giving a sign of life does not keep others out.
        house.after(0).await;
        house.tell(said("m2", "Ruth Abiola", "Hi", MONDAY));
        house.after(MINUTE).await;
        let id = house.only().await.id;
        house.desk.claim(first, &id).await.unwrap();
        assert!(house.desk.claim(second, &id).await.is_err());
        house.after(CLAIM + SECOND).await;
        house.desk.claim(second, &id).await.unwrap();
        // It can be handed over, with all that is in it, and taken over.
        house
            .desk
            .give(second, &id, Some(first.id()))
            .await
            .unwrap();
        assert_eq!(
            house
                .desk
                .queue(first, Queue::Of(first.id()), None)
                .await
                .unwrap()
                .len(),
            1
        );
        assert!(
            house
                .desk
                .give(second, &id, Some(house.guest.id()))
                .await
                .is_err()
        );
        house.desk.take_over(second, &id).await.unwrap();
        assert_eq!(house.desk.take_next(first).await.unwrap(), None);
        assert_eq!(
            house
                .desk
                .claim(&house.guest, &id)
                .await
                .unwrap_err()
                .status,
            403
        );
        assert!(
            house
                .desk
                .queue(&house.guest, Queue::Open, None)
                .await
                .is_err()
        );
    });
}

#[test]
fn whose_replies_are_read_first_waits_for_a_colleague_and_never_lets_her_own_go() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let row = DeskPersonRow {
            person: house.maren.id().into(),
            is_reviewed: 1,
            topics: "meters".into(),
        };
        assert_eq!(
            house
                .desk
                .set_person(&house.maren, &row)
                .await
                .unwrap_err()
                .status,
            403
        );
        house.desk.set_person(&house.ines, &row).await.unwrap();
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        assert_eq!(
            house
                .desk
                .reply(&house.maren, &id, "k", "It will not drift again.")
                .await
                .unwrap(),
            Handed::ToReview
        );
        house.after(HOUR).await;
        assert!(house.texts().is_empty());
        let waiting = house.desk.in_state(&house.kofi, REVIEW).await.unwrap();
        let reply = waiting[0].id.clone();
        assert_eq!(
            house
                .desk
                .approve(&house.maren, &reply, None)
                .await
                .unwrap_err()
                .status,
            403
        );
        assert!(
            house
                .desk
                .send_back(&house.kofi, &reply, " ")
                .await
                .is_err()
        );
        house
            .desk
            .send_back(&house.kofi, &reply, "Do not promise.")
            .await
            .unwrap();
        let full = house.desk.thread(&house.maren, &id).await.unwrap();
        assert_eq!(full.replies[0].note.as_deref(), Some("Do not promise."));
        house
            .desk
            .reply(&house.maren, &id, "k2", "It mostly helps.")
            .await
            .unwrap();
        let reply = house.desk.in_state(&house.kofi, REVIEW).await.unwrap()[0]
            .id
            .clone();
        let (one, two) = tokio::join!(
            house
                .desk
                .approve(&house.kofi, &reply, Some("In nine of ten cases it helps.")),
            house.desk.approve(&house.ines, &reply, None)
        );
        assert!(one.is_ok() != two.is_ok(), "one lets it go");
        house.after(HOUR).await;
        assert_eq!(house.texts().len(), 1);
    });
}

#[test]
fn what_is_taken_back_edited_fake_or_late_is_treated_so() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Helo?", MONDAY + 9 * HOUR));
        house.tell(Incoming {
            what: What::Edited,
            ..said("m1", "Aino Saari", "Hello?", MONDAY + MINUTE)
        });
        house.tell(said("m1", "Aino Saari", "Helo?", MONDAY));
        let fake = Incoming {
            reply_to: Some("m1".into()),
            ..said("m2", "Support", "Send me your card number", MONDAY)
        };
        house.tell(Incoming {
            author: Author {
                handle: "@haIden".into(),
                ..fake.author.clone()
            },
            ..fake
        });
        house.tell(said(
            "m3",
            "Spam",
            "buy https://a.example https://b.example https://c.example",
            MONDAY,
        ));
        house.tell(said(
            "m4",
            "Per Torv",
            "What about Kestrel Water and us?",
            MONDAY,
        ));
        house.after(0).await;
        let open = house.open_threads().await;
        assert_eq!(open.len(), 2, "{open:?}");
        let hers = open
            .iter()
            .find(|t| t.title == "Helo?" || t.title == "Hello?")
            .unwrap();
        assert_eq!(hers.waiting, Some(MONDAY), "nobody waits in the future");
        let full = house.desk.thread(&house.maren, &hers.id).await.unwrap();
        assert_eq!(full.said[0].body, "Hello?");
        assert_eq!(full.said[1].held.as_deref(), Some("look-alike account"));
        let pers = open.iter().find(|t| t.id != hers.id).unwrap();
        assert_eq!(
            (pers.case_ref.as_deref(), pers.sure),
            (Some("Kestrel Water"), 60)
        );
        let held = house
            .desk
            .queue(&house.maren, Queue::Held, None)
            .await
            .unwrap();
        assert_eq!(held[0].thread.held.as_deref(), Some("mostly links"));
        house
            .desk
            .set_held(&house.maren, &held[0].thread.id, None)
            .await
            .unwrap();
        assert_eq!(house.open_threads().await.len(), 3);
        house
            .desk
            .set_held(&house.maren, &held[0].thread.id, Some("spam"))
            .await
            .unwrap();
        assert_eq!(
            house
                .desk
                .thread(&house.maren, &held[0].thread.id)
                .await
                .unwrap()
                .row
                .state,
            HELD
        );
        // A person knows better which case it is; from then on it is hers.
        house
            .desk
            .set_case(&house.maren, &pers.id, "deals", Some("Torv Two"))
            .await
            .unwrap();
        assert!(
            house
                .desk
                .set_case(&house.maren, &pers.id, "deals", Some("Nobody"))
                .await
                .is_err()
        );
        house.tell(said("m5", "Per Torv", "One more thing", MONDAY + MINUTE));
        house.tell(Incoming {
            what: What::Deleted,
            ..said("m1", "Aino Saari", "", MONDAY + HOUR)
        });
        house.after(HOUR).await;
        let open = house.open_threads().await;
        assert!(
            open.iter()
                .filter(|t| t.case_ref.as_deref() == Some("Torv Two"))
                .all(|t| t.sure == 100)
        );
        let full = house.desk.thread(&house.maren, &hers.id).await.unwrap();
        assert_eq!(
            (
                full.row.state.as_str(),
                full.said[0].body.as_str(),
                full.said[0].raw.as_str()
            ),
            (CLOSED, "", "")
        );
        house
            .desk
            .set_closed(&house.maren, &pers.id, true)
            .await
            .unwrap();
        house
            .desk
            .snooze(
                &house.maren,
                &open.iter().find(|t| t.title.starts_with("One")).unwrap().id,
                Some(house.clock.now() + HOUR),
            )
            .await
            .unwrap();
        assert!(house.open_threads().await.is_empty());
        house.after(2 * HOUR).await;
        assert_eq!(house.only().await.state, OPEN);
    });
}

#[test]
fn a_webhook_is_taken_when_it_is_genuine_and_adds_nothing_to_what_the_poll_brings() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        let (wrong, right) = (
            [("signature".to_string(), "wrong".to_string())],
            [("signature".to_string(), "right".to_string())],
        );
        let delivery = |headers| Delivery {
            method: "POST",
            url: "https://tenon.example/x",
            headers,
            body: b"{}",
        };
        let refused = house
            .connect()
            .delivered(&house.hook, &delivery(&wrong), "192.0.2.1")
            .await;
        assert_eq!(refused.unwrap_err().status, 403);
        assert_eq!(
            house
                .connect()
                .delivered("nope", &delivery(&right), "192.0.2.1")
                .await
                .unwrap_err()
                .status,
            404
        );
        assert!(house.open_threads().await.is_empty());
        house
            .connect()
            .delivered(&house.hook, &delivery(&right), "192.0.2.1")
            .await
            .unwrap();
        house
            .connect()
            .delivered(&house.hook, &delivery(&right), "192.0.2.1")
            .await
            .unwrap();
        house.after(HOUR).await;
        let full = house
            .desk
            .thread(&house.maren, &house.only().await.id)
            .await
            .unwrap();
        assert_eq!(full.said.len(), 1);
        // Nothing of the key is shown, kept in the open, or left behind.
        let row = house.connect().find(&house.connection).await.unwrap().row;
        assert!(!row.sealed.contains("good"));
        house.connect().remove(&house.ines, &row.id).await.unwrap();
        assert_eq!(
            connections::find(house.db(), &row.id)
                .await
                .unwrap()
                .unwrap()
                .sealed,
            ""
        );
        assert!(
            house
                .connect()
                .delivered(&house.hook, &delivery(&right), "192.0.2.1")
                .await
                .is_err()
        );
    });
}

#[test]
fn contacts_that_are_one_are_merged_and_split_again() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.tell(said("m2", "Brewer Aino", "It is me", MONDAY));
        house.after(0).await;
        let threads = house.open_threads().await;
        let of = |title: &str| {
            threads
                .iter()
                .find(|t| t.title == title)
                .unwrap()
                .contact
                .clone()
                .unwrap()
        };
        let (hers, other) = (of("Hello?"), of("It is me"));
        house.desk.merge(&house.maren, &other, &hers).await.unwrap();
        let (_, handles, said) = house.desk.contact(&house.maren, &hers).await.unwrap();
        assert_eq!((handles.len(), said.len()), (2, 2));
        let again = house
            .desk
            .split(&house.maren, "fake", "id-Brewer Aino")
            .await
            .unwrap();
        let (_, handles, said) = house.desk.contact(&house.maren, &again).await.unwrap();
        assert_eq!((handles.len(), said.len()), (1, 1));
        assert!(house.desk.merge(&house.maren, &hers, &hers).await.is_err());
        assert_eq!(
            house
                .desk
                .contact(&house.guest, &hers)
                .await
                .unwrap_err()
                .status,
            403
        );
    });
}

#[test]
fn who_waits_while_the_desk_is_closed_is_not_late() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let hours = mining::figures::Calendar::weekdays("UTC");
        let promise = super::Promise {
            minutes: 120,
            hours: Some(hours),
        };
        let refused = house.desk.set_promise(&house.maren, &promise).await;
        assert_eq!(refused.unwrap_err().status, 403);
        house.desk.set_promise(&house.ines, &promise).await.unwrap();
        // Friday at 16:30: half an hour is left of the day; now it is Monday at ten, an hour after opening.
        let friday = MONDAY - 3 * 24 * HOUR + 6 * HOUR + 30 * MINUTE;
        house.tell(said("m1", "Aino Saari", "Is anybody there?", friday));
        house.after(0).await;
        let age = async || {
            let page = house
                .desk
                .queue(&house.maren, Queue::Open, None)
                .await
                .unwrap();
            (page[0].age, page[0].is_late)
        };
        assert_eq!(age().await, (75, false), "an hour and a half of two");
        house.after(29 * MINUTE).await;
        assert!(!age().await.1);
        house.after(2 * MINUTE).await;
        assert_eq!(age().await, (100, true));
        assert_eq!(house.desk.counts(&house.maren).await.unwrap().late, 1);

        let closed = super::Promise {
            hours: promise.hours.map(|h| mining::figures::Calendar {
                days: [false; 7],
                ..h
            }),
            ..super::Promise::default()
        };
        let refused = house.desk.set_promise(&house.ines, &closed).await;
        assert_eq!(
            refused.unwrap_err().what,
            "With these hours the desk is never open."
        );
    });
}

#[test]
fn who_registered_for_a_topic_is_known_by_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let row = DeskPersonRow {
            person: house.maren.id().into(),
            is_reviewed: 0,
            topics: "flow meter, invoices".into(),
        };
        house.desk.set_person(&house.maren, &row).await.unwrap();
        let known = house
            .desk
            .who_knows("Both flow meters stopped")
            .await
            .unwrap();
        assert_eq!(
            known,
            [(house.maren.id().to_string(), "flow meter".to_string())]
        );
        assert!(
            house
                .desk
                .who_knows("Nothing of it")
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn who_sends_what_is_not_genuine_again_and_again_is_not_looked_at_and_others_are() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let headers = |word: &str| [("signature".to_string(), word.to_string())];
        let status = async |word: &str, hook: &str, from: &str| {
            let delivery = Delivery {
                method: "POST",
                url: "https://tenon.example/x",
                headers: &headers(word),
                body: b"{}",
            };
            let done = house.connect().delivered(hook, &delivery, from).await;
            done.map_or_else(|p| p.status, |_| 200)
        };
        for _ in 0..120 {
            assert_eq!(status("wrong", &house.hook, "192.0.2.1").await, 403);
        }
        assert_eq!(status("right", &house.hook, "192.0.2.1").await, 429);
        assert_eq!(status("right", &house.hook, "192.0.2.2").await, 200);
        assert_eq!(
            status("right", "nope", "192.0.2.1").await,
            404,
            "another address is another matter"
        );
        house.clock.set(house.clock.now() + MINUTE);
        assert_eq!(status("right", &house.hook, "192.0.2.1").await, 200);
    });
}

#[test]
fn what_is_older_than_a_channel_keeps_it_goes_and_its_times_stay() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let day = 24 * HOUR;
        house.tell(said(
            "m1",
            "Aino Saari",
            "Our meter drifts.",
            MONDAY - 40 * day,
        ));
        house.tell(said("m2", "Ruth Abiola", "Still open.", MONDAY - 40 * day));
        house.tell(said("m3", "Per Torv", "New.", MONDAY - day));
        house.after(0).await;
        for thread in house.open_threads().await {
            if thread.title != "Still open." {
                house
                    .desk
                    .set_closed(&house.maren, &thread.id, true)
                    .await
                    .unwrap();
            }
        }
        let connect = house.connect();
        let wrong = connect
            .set_kept(&house.ines, &house.connection, ("2", ""))
            .await;
        assert_eq!(wrong.unwrap_err().status, 400, "less than a week is a slip");
        connect
            .set_kept(&house.ines, &house.connection, ("30", "7"))
            .await
            .unwrap();
        let by = crate::keeping::retention::Retention::default();
        let removed = crate::keeping::retention::apply(house.db(), connect.clock(), by)
            .await
            .unwrap();
        assert_eq!((removed.said, removed.raw), (1, 0), "payloads came today");
        let done = house
            .desk
            .queue(&house.maren, Queue::Done, None)
            .await
            .unwrap();
        let titles: Vec<&str> = done.iter().map(|w| w.thread.title.as_str()).collect();
        assert_eq!(titles, ["New.", ""]);
        assert_eq!(done[1].thread.contact, None);
        assert!(
            house
                .desk
                .thread(&house.maren, &done[1].thread.id)
                .await
                .unwrap()
                .said
                .is_empty()
        );
        assert_eq!(house.only().await.title, "Still open.");
        let again = crate::keeping::retention::apply(house.db(), connect.clock(), by)
            .await
            .unwrap();
        assert_eq!(again.said, 0);

        // Later those go of whom nothing else is known; who agreed to something stays, with what she agreed to.
        for thread in house.open_threads().await {
            house
                .desk
                .set_closed(&house.maren, &thread.id, true)
                .await
                .unwrap();
        }
        let contact = async |author: &str| {
            let mut tx = house.db().begin().await.unwrap();
            let handle = kept::handle_in(&mut tx, "fake", author).await.unwrap();
            handle.map(|h| h.contact)
        };
        let ruth = contact("id-Ruth Abiola").await.unwrap();
        let how = "By mail of 3 March.";
        house
            .desk
            .set_consent(&house.maren, &ruth, true, how)
            .await
            .unwrap();
        house.clock.set(house.clock.now() + 60 * day);
        let later = crate::keeping::retention::apply(house.db(), connect.clock(), by)
            .await
            .unwrap();
        assert_eq!(later.said, 2);
        assert_eq!(contact("id-Per Torv").await, None);
        assert_eq!(contact("id-Ruth Abiola").await, Some(ruth));
    });
}

#[test]
fn a_command_is_done_with_the_rights_of_whoever_typed_it_and_only_where_an_owner_wants_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let typed = async |signature: &str, user: &str, text: &str| {
            let headers = [("signature", signature), ("user", user), ("command", text)];
            let headers = headers.map(|(n, v)| (n.to_string(), v.to_string()));
            let delivery = Delivery {
                method: "POST",
                url: "https://tenon.example/x",
                headers: &headers,
                body: b"",
            };
            let done = house
                .connect()
                .delivered(&house.hook, &delivery, "192.0.2.1")
                .await;
            done.map_or_else(|p| p.code.to_string(), |(_, text)| text)
        };
        assert_eq!(
            typed("wrong", "maren", "case Saari Brewing").await,
            "not_genuine"
        );
        let off = typed("right", "maren", "case Saari Brewing").await;
        assert!(off.contains("not switched on"), "{off}");
        let on = Settings::of([("commands", "yes")]);
        house
            .connect()
            .rekey(&house.ines, &house.connection, &on)
            .await
            .unwrap();
        let told = typed("right", "maren", "case Saari Brewing").await;
        assert!(
            told.contains("It is in Establish trust") && told.contains("/p/deals/case/Saari"),
            "{told}"
        );
        let told = typed("right", "maren", "case Nothing").await;
        assert!(told.contains("There is no case"), "{told}");
        let told = typed("right", "gil", "case Saari Brewing").await;
        assert!(
            told.contains("There is no case"),
            "a guest is not told: {told}"
        );
        let told = typed("right", "nobody", "case Saari Brewing").await;
        assert!(
            told.contains("Nobody here has your e-mail address"),
            "{told}"
        );
        let told = typed("right", "maren", "ask How do we wash it?").await;
        assert!(told.contains("Establish trust, Propose"), "{told}");
        let asked = typed("right", "maren", "ask establish trust: How do we wash it?").await;
        assert!(
            asked.contains("Asked at Establish trust") && asked.contains("/q/"),
            "{asked}"
        );
        let again = typed("right", "maren", "ask establish trust: How do we wash it?").await;
        assert_eq!(asked, again, "delivered twice, asked once");
        let told = typed("right", "maren", "help").await;
        assert!(told.contains("/tenon ask STEP"), "{told}");
    });
}
