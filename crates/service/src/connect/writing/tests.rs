//! A system of record that is read and may be written to, and what goes wrong with that.

use super::*;
use crate::connect::seal::Seal;
use crate::processes::Library;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Identity, NewPerson, Role, Scopes, Via as Door};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::source::History;
use connectors::{
    About, Account, Answer, Change, Connector, Cursor, Page, Pipeline, Settings, Source, Stage,
    Verified, Via,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use store::desk::{self, ReplyRow, ThreadRow};
use store::testing::{folder, on_both};
use store::{Db, events};

const MONDAY: Micros = 1_772_445_600_000_000;
const HOURS: Micros = 300 * MINUTE;

/// What the next attempt meets.
enum Meets {
    /// Nothing is written.
    Fault(Fault),
    /// It is written, and nobody says so.
    Lost,
}

#[derive(Default)]
struct Book {
    notes: Mutex<Vec<(String, Note)>>,
    tries: Mutex<u32>,
    meets: Mutex<VecDeque<Meets>>,
}

impl Connector for Book {
    fn about(&self) -> About {
        About {
            name: "book",
            title: "Book",
            guide: "Open it.",
            rights: &["read"],
            fields: &[],
            verified: Verified::Live,
            verified_by: "this test",
        }
    }

    fn account<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async { Ok(Account::default()) })
    }
}

impl Source for Book {
    fn pipelines<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        let stage = Stage {
            id: "new".into(),
            name: "New".into(),
            is_won: false,
            is_lost: false,
        };
        let pipeline = Pipeline {
            id: "sales".into(),
            name: "Sales".into(),
            stages: vec![stage],
        };
        Box::pin(async { Ok(vec![pipeline]) })
    }

    fn poll<'a>(
        &'a self,
        _: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        let deals = ["D-1", "D 2/ä", "D-3"].into_iter();
        let changes = deals.filter(|_| from.is_none()).map(|deal| Change {
            id: format!("{deal}:new"),
            case: deal.into(),
            case_name: String::new(),
            case_url: None,
            stage: "new".into(),
            at: MONDAY - MINUTE,
            by: None,
            history: History::Native,
            attributes: Vec::new(),
        });
        let page = Page {
            items: changes.collect(),
            cursor: Cursor {
                version: 1,
                state: json!({}),
            },
            has_more: false,
            wait_until: None,
        };
        Box::pin(async { Ok(page) })
    }

    fn writes_back(&self) -> Option<Writes> {
        Some(Writes {
            what: "a line",
            right: "write in the book",
        })
    }

    fn write_back<'a>(
        &'a self,
        _: &'a Via<'a>,
        case: &'a str,
        note: &'a Note,
    ) -> Answer<'a, String> {
        *self.tries.lock().unwrap() += 1;
        let met = self.meets.lock().unwrap().pop_front();
        let mut notes = self.notes.lock().unwrap();
        let found = notes.iter().position(|(_, n)| n.key == note.key);
        let answer = match met {
            Some(Meets::Fault(fault)) => Err(fault),
            met => {
                let place = found.unwrap_or(notes.len());
                if found.is_none() {
                    notes.push((case.into(), note.clone()));
                }
                match met {
                    Some(_) => Err(Fault::Unreached("nobody answers".into())),
                    None => Ok(place.to_string()),
                }
            }
        };
        Box::pin(async { answer })
    }
}

struct House {
    connect: Connect,
    book: &'static Book,
    clock: Arc<SetClock>,
    ines: Actor,
    id: String,
    process: String,
}

impl House {
    async fn open(db: Db) -> House {
        let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
        let library = Library::with(db, &folder, clock.clone()).await.unwrap();
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let new = NewPerson {
            name: "Ines".into(),
            email: "ines@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let row = identity.add(new, "test").await.unwrap();
        let ines = Actor::of(&row, Door::Token("test".into()), Scopes::all()).unwrap();
        let work = Work::start(library, identity);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let seal = Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = Outbound::new(Allowed::parse(""));
        let book: &'static Book = Box::leak(Box::default());
        let connect = Connect::with(work, site, outbound, seal, Vec::new(), vec![book]);
        let settings = Settings::default();
        let added = connect.add_source(&ines, "book", "", &settings, "sales");
        let (id, process) = added.await.unwrap();
        let house = House {
            connect,
            book,
            clock,
            ines,
            id,
            process,
        };
        house.after(0).await;
        house
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect.pass().await.unwrap() {}
    }

    async fn say(&self, case: &str) {
        let work = self.connect.work();
        let room = work.room(&self.ines, &self.process, case).await.unwrap();
        let said = work.note(&self.ines, room, "I know them.", None);
        said.await.unwrap();
    }

    async fn switch(&self, is_on: bool) {
        let set = self.connect.set_writing(&self.ines, &self.id, is_on);
        set.await.unwrap();
    }

    async fn writing(&self) -> Writing {
        self.connect.writing(&self.id).await.unwrap().unwrap()
    }

    fn meets(&self, what: Meets) {
        self.book.meets.lock().unwrap().push_back(what);
    }

    /// Where something is written.
    fn written(&self) -> Vec<String> {
        let notes = self.book.notes.lock().unwrap();
        notes.iter().map(|(deal, _)| deal.clone()).collect()
    }

    fn url_at(&self, deal: &str) -> Option<String> {
        let notes = self.book.notes.lock().unwrap();
        let found = notes.iter().find(|(at, _)| at == deal);
        found.map(|(_, note)| note.url.clone())
    }

    /// A customer is answered on a case.
    async fn answered(&self, case: &str, thread: &str) {
        let row = connections::find(self.connect.db(), &self.id).await;
        let process = row.unwrap().unwrap().process.unwrap();
        let now = self.clock.now();
        let mut tx = self.connect.db().begin().await.unwrap();
        let row = ThreadRow {
            id: thread.into(),
            connection: self.id.clone(),
            topic: thread.into(),
            contact: None,
            title: "Hello".into(),
            seen: "public".into(),
            process: Some(process),
            case_ref: Some(case.into()),
            step: None,
            team: None,
            reason: String::new(),
            sure: 0,
            matched_by: None,
            state: desk::ANSWERED.into(),
            held: None,
            created: now,
            waiting: None,
            replied: Some(now),
            last: now,
            claimed_by: None,
            claimed_until: None,
            snoozed: None,
            merged_into: None,
        };
        desk::insert_thread(&mut tx, &row).await.unwrap();
        let reply = ReplyRow {
            id: thread.into(),
            thread: thread.into(),
            person: self.ines.id().into(),
            at: now,
            body: "Yes.".into(),
            reply_to: None,
            state: desk::QUEUED.into(),
            reviewer: None,
            note: None,
            begun: None,
            due: now,
            attempts: 0,
            sent: None,
            error: None,
            signed: String::new(),
        };
        desk::insert_reply(&mut tx, &reply).await.unwrap();
        desk::sent_reply(&mut tx, thread, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn tries(&self) -> u32 {
        std::mem::take(&mut self.book.tries.lock().unwrap())
    }

    async fn why(&self) -> Vec<String> {
        let all = self.writing().await.unwritten;
        all.into_iter().filter_map(|w| w.error).collect()
    }
}

#[test]
fn a_case_gets_its_link_when_colleagues_first_work_on_it_and_never_another() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.say("D-3").await;
        house.after(5 * MINUTE).await;
        assert_eq!((house.tries(), house.writing().await.since), (0, None));

        house.after(MINUTE).await;
        house.switch(true).await;
        house.after(5 * MINUTE).await;
        assert_eq!(house.tries(), 0, "what was said before counts");
        house.say("D-1").await;
        house.say("D 2/ä").await;
        house.say("D-1").await;
        house.after(2 * MINUTE).await;
        house.say("D-1").await;
        house.after(5 * MINUTE).await;
        let mut written = house.written();
        written.sort();
        assert_eq!(
            (written, house.tries()),
            (vec!["D 2/ä".into(), "D-1".into()], 2)
        );
        let url = house.url_at("D 2/ä");
        let address = format!(
            "https://tenon.example/p/{}/case/D%202%2F%C3%A4",
            house.process
        );
        assert_eq!(url, Some(address));
        let writing = house.writing().await;
        assert_eq!((writing.counts.written, writing.counts.waiting), (2, 0));
        assert!(writing.counts.last > writing.since, "{writing:?}");
        assert_eq!(writing.unwritten, []);
        let row = written::of_case(house.connect.db(), &house.id, "D-1").await;
        let row = row.unwrap().unwrap();
        assert!(row.written.is_some() && row.place.is_some(), "{row:?}");
    });
}

#[test]
fn a_customer_who_was_answered_counts_and_a_case_from_elsewhere_does_not() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.answered("D-3", "thr_1").await;
        house.answered("X-9", "thr_2").await;
        house.after(5 * MINUTE).await;
        assert_eq!((house.written(), house.tries()), (vec!["D-3".into()], 1));
    });
}

#[test]
fn a_link_whose_answer_was_lost_is_there_once() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.meets(Meets::Lost);
        house.meets(Meets::Lost);
        house.say("D-1").await;
        house.after(2 * MINUTE).await;
        assert_eq!(house.why().await, ["Book: not reached: nobody answers."]);
        for _ in 0..10 {
            house.after(5 * MINUTE).await;
        }
        assert_eq!((house.written().len(), house.tries()), (1, 3));
        assert_eq!(house.writing().await.counts.written, 1);
    });
}

#[test]
fn a_refused_right_is_told_and_tried_again_when_somebody_says_so() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.meets(Meets::Fault(Fault::NotAllowed("it lacks write".into())));
        house.say("D-1").await;
        house.after(HOURS).await;
        assert_eq!((house.written().len(), house.tries()), (0, 1));
        assert_eq!(house.why().await, ["Book: not allowed: it lacks write."]);
        assert_eq!(house.writing().await.counts.failed, 1);
        let again = house.connect.write_again(&house.ines, &house.id);
        again.await.unwrap();
        house.after(0).await;
        assert_eq!((house.written().len(), house.tries()), (1, 1));
        assert_eq!(house.writing().await.counts.failed, 0);
    });
}

#[test]
fn a_storm_puts_all_off_and_counts_as_no_attempt() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.say("D-1").await;
        house.say("D-3").await;
        for _ in 0..12 {
            let until = house.clock.now() + 3 * MINUTE;
            let said = "slow down".to_string();
            house.meets(Meets::Fault(Fault::Wait { until, said }));
            house.after(2 * MINUTE).await;
            house.after(2 * MINUTE).await;
        }
        assert_eq!(house.writing().await.counts.failed, 0);
        house.book.meets.lock().unwrap().clear();
        house.after(10 * MINUTE).await;
        assert_eq!(house.written().len(), 2);
        // None was tried while it was to wait.
        assert!(house.tries() <= 12 + 2, "asked all the same");
    });
}

#[test]
fn nothing_is_written_when_it_is_off_paused_or_signed_out() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.meets(Meets::Fault(Fault::Unreached("later".into())));
        house.say("D-1").await;
        house.after(2 * MINUTE).await;
        assert_eq!(house.tries(), 1);
        house.switch(false).await;
        house.after(HOURS).await;
        assert_eq!((house.written().len(), house.tries()), (0, 0));
        // What waited is forgotten: only what comes from now on counts.
        house.switch(true).await;
        house.after(HOURS).await;
        assert_eq!(house.tries(), 0);

        house.meets(Meets::Fault(Fault::Unreached("later".into())));
        house.say("D-1").await;
        house.after(2 * MINUTE).await;
        let pause = house.connect.set_on(&house.ines, &house.id, false);
        pause.await.unwrap();
        house.after(HOURS).await;
        assert_eq!((house.written().len(), house.tries()), (0, 1));
        house.meets(Meets::Fault(Fault::SignedOut("who are you".into())));
        let resume = house.connect.set_on(&house.ines, &house.id, true);
        resume.await.unwrap();
        house.after(HOURS).await;
        assert_eq!((house.written().len(), house.tries()), (0, 1));
        let state = house.connect.find(&house.id).await.unwrap().row.state;
        assert_eq!(state, SIGNED_OUT);
        // With a key it goes on.
        let settings = Settings::default();
        let rekey = house.connect.rekey(&house.ines, &house.id, &settings);
        rekey.await.unwrap();
        house.after(2 * MINUTE).await;
        assert_eq!(house.written(), ["D-1"]);
    });
}

#[test]
fn switching_is_in_the_record_once() {
    on_both(async |db| {
        let house = House::open(db).await;
        for is_on in [true, true, false, false] {
            house.switch(is_on).await;
        }
        let all = events::after(house.connect.db(), 0, 1000).await.unwrap();
        let rows = all.iter().filter(|e| e.kind == "connection.changed");
        let told: Vec<bool> = rows
            .filter(|e| e.payload.contains("writes_back"))
            .map(|e| e.payload.contains("\"writes_back\":true"))
            .collect();
        assert_eq!(told, [true, false]);
    });
}

#[test]
fn an_erased_case_leaves_no_line() {
    on_both(async |db| {
        let house = House::open(db).await;
        house.switch(true).await;
        house.say("D-1").await;
        house.after(2 * MINUTE).await;
        let row = connections::find(house.connect.db(), &house.id).await;
        let process = row.unwrap().unwrap().process.unwrap();
        let mut tx = house.connect.db().begin().await.unwrap();
        store::erase::case(&mut tx, &process, "D-1").await.unwrap();
        tx.commit().await.unwrap();
        let row = written::of_case(house.connect.db(), &house.id, "D-1").await;
        assert_eq!(row.unwrap(), None);
    });
}
