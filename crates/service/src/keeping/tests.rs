use super::*;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::{Clock, SetClock, SystemClock};
use base::identity::{Identity, NewPerson, Role, Scopes};
use std::sync::Arc;
use store::carry::{self, Sum};
use store::connections::{self, CHANNEL, ConnectionRow, ON};
use store::events;
use store::testing::{all_text, folder, on_both, postgres_database};

const LOG: &str = "case,activity,time,who\n\
    A-1,Meet,2026-01-05T10:00:00Z,Ann\n\
    A-1,Sell,2026-01-06T10:00:00Z,Bob\n\
    A-2,Meet,2026-01-07T10:00:00Z,Ann\n\
    A-2,Sell,2026-01-08T10:00:00Z,Straße 🚲\n\
    A-3,Meet,2026-01-09T10:00:00Z,Ann\n";

/// A small company where something was said.
pub(super) struct House {
    pub at: Installation,
    pub library: Library,
    pub identity: Identity,
    pub work: Work,
}

impl House {
    pub async fn in_db(db: Db) -> House {
        let folder = folder();
        let library = Library::with(db.clone(), &folder, Arc::new(SystemClock));
        let library = library.await.unwrap();
        let file = folder.join("leads.csv");
        std::fs::write(&file, LOG).unwrap();
        let request = ImportRequest {
            path: file,
            file_name: "leads.csv".into(),
            process: None,
            options: Default::default(),
            actor: "test".into(),
        };
        library.import(request, Arc::default()).await.unwrap();
        let identity = Identity::new(db.clone(), library.clock_handle());
        let house = House {
            at: Installation { db, folder },
            work: Work::start(library.clone(), identity.clone()),
            library,
            identity,
        };
        house.person("Olive Owner", Role::Owner).await;
        house.person("Maren Voss", Role::Member).await;
        house
            .say(
                "olive",
                "A-1",
                "Ask @maren, she knows them; not @maren.voss or a@maren.example",
            )
            .await;
        let said = house.say("maren", "A-1", "They want it in blue").await;
        let file = house.attach("maren", said).await;
        assert!(file.starts_with("file_") || !file.is_empty());
        house
    }

    pub async fn person(&self, name: &str, role: Role) -> String {
        let first = name.split(' ').next().unwrap().to_lowercase();
        let new = NewPerson {
            name: name.into(),
            email: format!("{first}@halden.example"),
            role,
            password: None,
        };
        self.identity.add(new, "test").await.unwrap().id
    }

    pub async fn actor(&self, handle: &str) -> base::identity::Actor {
        let directory = self.identity.directory().await.unwrap();
        let row = directory.people().iter().find(|p| p.handle == handle);
        let via = base::identity::Via::Token(String::new());
        base::identity::Actor::of(row.unwrap(), via, Scopes::all()).unwrap()
    }

    pub async fn say(&self, who: &str, case: &str, body: &str) -> i64 {
        let actor = self.actor(who).await;
        let room = self.work.room(&actor, "leads", case).await.unwrap();
        self.work.note(&actor, room, body, None).await.unwrap()
    }

    /// Attaches a file to a message, as the store keeps it.
    pub async fn attach(&self, who: &str, message: i64) -> String {
        let row = store::attachments::AttachmentRow {
            id: format!("file_{message}"),
            message: Some(message),
            person: self.actor(who).await.id().into(),
            at: 1,
            name: "blue.txt".into(),
            media: "text/plain".into(),
            size: 3,
            digest: format!("digest-{message}"),
        };
        let mut tx = self.at.db.begin().await.unwrap();
        let kept = store::attachments::insert(&mut tx, &row, &[0, 159, 255]);
        kept.await.unwrap();
        tx.commit().await.unwrap();
        row.id
    }
}

/// Every table with the sum of its rows.
pub(super) async fn sums(db: &Db) -> Vec<(&'static str, Sum)> {
    let mut tx = db.begin_reading().await.unwrap();
    let mut all = Vec::new();
    for table in carry::tables(&mut tx).await.unwrap() {
        let sum = carry::each(&mut tx, &table, async |_| Ok(()))
            .await
            .unwrap();
        all.push((table.name, sum));
    }
    all
}

/// The sums but for the record, to which a restore and a move add a line.
fn but_the_record(mut sums: Vec<(&'static str, Sum)>) -> Vec<(&'static str, Sum)> {
    sums.retain(|(name, _)| *name != "events");
    sums
}

/// Somewhere empty, on each engine that there is.
async fn empty() -> Vec<Installation> {
    let place = folder();
    let mut all = vec![Installation::to_fill(&place, None).await.unwrap()];
    if let Some(url) = postgres_database().await {
        let place = folder();
        all.push(Installation::to_fill(&place, Some(&url)).await.unwrap());
    }
    all
}

#[test]
fn a_backup_is_restored_into_either_engine_and_nothing_is_lost() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        let to = folder().join("backup.tar.gz");
        let now = SystemClock.now();
        let manifest = backup::backup(&house.at, &to, now).await.unwrap();
        assert_eq!(manifest.columns(), 1);
        assert!(manifest.rows() > 10, "{manifest:?}");
        let again = backup::backup(&house.at, &to, now).await;
        assert!(again.unwrap_err().to_string().contains("is there already"));
        for into in empty().await {
            restore::restore(&to, &into, now, "test").await.unwrap();
            assert_eq!(
                but_the_record(sums(&into.db).await),
                but_the_record(sums(&db).await)
            );
            let last = events::last(&into.db).await.unwrap();
            assert_eq!(last, manifest.last_event + 1);
            // What is done next works: figures from the columns, a message with a number of its own, words to search by.
            let library = Library::with(into.db.clone(), &into.folder, Arc::new(SystemClock));
            let library = library.await.unwrap();
            let loaded = library.load("leads").await.unwrap();
            assert_eq!(loaded.log.cases(), 3);
            while store::search::take_in(&into.db).await.unwrap() {}
            let found = store::search::find(&into.db, &["blue".into()], None, 9).await;
            assert_eq!(found.unwrap().len(), 1);
            let full = restore::restore(&to, &into, now, "test").await.unwrap_err();
            assert!(full.to_string().contains("kept there already"), "{full}");
        }
    });
}

#[tokio::test]
async fn a_damaged_or_shortened_backup_restores_nothing() {
    let db = Db::sqlite(&folder().join("tenon.db")).await.unwrap();
    let house = House::in_db(db).await;
    let place = folder();
    let to = place.join("whole.tar.gz");
    backup::backup(&house.at, &to, 1).await.unwrap();
    let whole = std::fs::read(&to).unwrap();
    for (at, name) in [(whole.len() / 3, "a"), (whole.len() / 2, "b")] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let wrong = place.join(name);
        std::fs::write(&wrong, damaged).unwrap();
        let into = Installation::to_fill(&folder(), None).await.unwrap();
        restore::restore(&wrong, &into, 1, "test")
            .await
            .unwrap_err();
        let short = place.join(format!("{name}-short"));
        std::fs::write(&short, &whole[..at]).unwrap();
        restore::restore(&short, &into, 1, "test")
            .await
            .unwrap_err();
        // The place is as empty as it was: the whole one goes in.
        restore::restore(&to, &into, 1, "test").await.unwrap();
    }
    let nothing = std::fs::read_dir(&place).unwrap().flatten();
    assert!(
        nothing
            .into_iter()
            .all(|e| !e.file_name().to_string_lossy().ends_with(".part"))
    );
}

#[test]
fn an_installation_is_moved_to_either_engine_and_back() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        for to in empty().await {
            let carried = moving::carry_over(&house.at, &to, 5, "test").await.unwrap();
            let expected = sums(&db).await;
            let told = carried.iter().map(|c| (c.table, c.rows, c.digest.clone()));
            let expected_told = expected.iter().map(|(t, s)| (*t, s.rows, s.text()));
            assert!(told.eq(expected_told));
            for back in empty().await {
                moving::carry_over(&to, &back, 6, "test").await.unwrap();
                let there = but_the_record(sums(&back.db).await);
                assert_eq!(there, but_the_record(expected.clone()));
                let library = Library::with(back.db.clone(), &back.folder, Arc::new(SystemClock));
                let loaded = library.await.unwrap().load("leads").await.unwrap();
                assert_eq!(loaded.log.events(), 5);
            }
            let full = moving::carry_over(&house.at, &to, 7, "test")
                .await
                .unwrap_err();
            assert!(full.to_string().contains("kept there already"), "{full}");
        }
    });
}

#[tokio::test]
async fn what_a_node_imports_another_shows_that_has_not_the_file() {
    let Some(url) = postgres_database().await else {
        return;
    };
    let db = Db::postgres(&url).await.unwrap();
    let house = House::in_db(db).await;
    let elsewhere = folder();
    let other = Library::open(&elsewhere, Some(&url), Arc::new(SystemClock));
    let loaded = other.await.unwrap().load("leads").await.unwrap();
    assert_eq!(loaded.log.events(), 5);
    drop(house);
}

#[tokio::test]
async fn a_backup_of_an_older_schema_is_restored_and_brought_up_to_date() {
    let old = Installation::to_fill(&folder(), None).await.unwrap();
    old.db.migrate(Some(3)).await.unwrap();
    let mut tx = old.db.begin().await.unwrap();
    store::settings::put(&mut tx, "a", "kept").await.unwrap();
    tx.commit().await.unwrap();
    let to = folder().join("old.tar.gz");
    backup::backup(&old, &to, 1).await.unwrap();
    for into in empty().await {
        let manifest = restore::restore(&to, &into, 1, "test").await.unwrap();
        assert_eq!(manifest.schema, 3);
        let mut tx = into.db.begin_reading().await.unwrap();
        let now = carry::schema(&mut tx).await.unwrap();
        assert_eq!(now, store::SCHEMA as i64);
        let kept = store::settings::get(&into.db, "a").await.unwrap();
        assert_eq!(kept.as_deref(), Some("kept"));
    }
}

#[test]
fn an_erased_person_leaves_what_she_wrote_and_no_name() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        let maren = house.actor("maren").await.id().to_string();
        let made = house
            .identity
            .make_token(&maren, "x", Scopes::all(), None, "test");
        let token = made.await.unwrap().1;
        // What she was called in a room, by what is tied and by what the record held.
        let mut tx = db.begin().await.unwrap();
        store::testing::channel(&mut tx, "c1").await;
        let tied = ("c1", "@mv-now:far.example");
        store::internal_rooms::set_person(&mut tx, tied, Some((&maren, "Maren Voss")))
            .await
            .unwrap();
        for (handle, person) in [
            ("@mv-now:far.example", ""),
            ("@mv-once:far.example", maren.as_str()),
            ("@mv-once:far.example", ""),
            ("@kofi:far.example", "p_kofi"),
        ] {
            let payload = serde_json::json!({ "handle": handle, "person": person });
            let kind = "connection.changed";
            events::append(&mut tx, 1, kind, "test", None, None, &payload)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let olive = house.actor("olive").await.id().to_string();
        let last = erase::person(&house.identity, &olive, false, "test").await;
        assert_eq!(last.unwrap_err().code, "last_owner");
        let removed = erase::person(&house.identity, &maren, false, &olive)
            .await
            .unwrap();
        assert_eq!(removed.messages, 0);
        let text = all_text(&db).await;
        assert!(
            !text.contains("maren@") && !text.contains("Maren Voss"),
            "{text}"
        );
        assert!(!text.contains("@mv-"), "{text}");
        assert!(text.contains("@kofi:far.example"));
        assert!(text.contains("Ask Erased person, she knows them; not @maren.voss"));
        assert!(text.contains("They want it in blue"));
        assert!(house.identity.who(&token).await.unwrap().is_none());
        let again = erase::person(&house.identity, &maren, false, &olive).await;
        assert_eq!(again.unwrap_err().status, 404);
        // Her address is free for somebody new, who is not taken for her.
        let new = house.person("Maren Vogt", Role::Member).await;
        assert_ne!(new, maren);
    });
}

#[test]
fn with_her_messages_an_erased_person_leaves_nothing_but_that_somebody_spoke() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        while store::search::take_in(&db).await.unwrap() {}
        let maren = house.actor("maren").await.id().to_string();
        let removed = erase::person(&house.identity, &maren, true, "test")
            .await
            .unwrap();
        assert_eq!((removed.messages, removed.attachments), (1, 1));
        let text = all_text(&db).await;
        assert!(!text.contains("blue"), "{text}");
        assert!(!text.contains("blobs "));
        let found = store::search::find(&db, &["blue".into()], None, 9).await;
        assert!(found.unwrap().is_empty());
        // Nothing is there to bring back, and asking for it breaks nothing.
        let olive = house.actor("olive").await;
        let room = house.work.room(&olive, "leads", "A-1").await.unwrap();
        let said = store::work::before(&db, &room.id, i64::MAX, 9)
            .await
            .unwrap();
        assert_eq!(
            (said[0].body.as_str(), said[0].deleted.is_some()),
            ("", true)
        );
        house.work.delete(&olive, said[0].id, false).await.unwrap();
    });
}

#[test]
fn an_erased_case_is_gone_from_the_room_the_record_and_the_columns() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        house.say("maren", "A-2", "Another case").await;
        let removed = erase::case(&house.library, "leads", "A-1", "test")
            .await
            .unwrap();
        assert_eq!(
            (removed.messages, removed.attachments, removed.conversations),
            (2, 1, 1)
        );
        let text = all_text(&db).await;
        assert!(!text.contains("A-1") && !text.contains("blue"), "{text}");
        assert!(text.contains("Another case"));
        let loaded = house.library.load("leads").await.unwrap();
        assert_eq!((loaded.log.cases(), loaded.log.events()), (2, 3));
        assert_eq!(loaded.log.case_names.code("A-1"), None);
        let again = erase::case(&house.library, "leads", "A-1", "test").await;
        assert_eq!(again.unwrap_err().status, 404);
    });
}

#[test]
fn what_is_older_than_it_may_be_is_removed_and_counted() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        let clock = SystemClock;
        let none = retention::apply(&db, &clock, Default::default())
            .await
            .unwrap();
        assert_eq!(none, Default::default());
        let month = retention::Retention {
            messages: retention::days("30").unwrap(),
            audit: retention::days("30").unwrap(),
        };
        assert_eq!(retention::apply(&db, &clock, month).await.unwrap(), none);
        assert!(retention::days("0").is_err() && retention::days("x").is_err());
        // Forty days on.
        let later = SetClock::at(clock.now() + 40 * mining::time::DAY);
        let removed = retention::apply(&db, &later, month).await.unwrap();
        assert_eq!(
            (removed.messages, removed.attachments, removed.conversations),
            (2, 1, 1)
        );
        assert!(removed.events > 0);
        let text = all_text(&db).await;
        assert!(
            !text.contains("blue") && !text.contains("person.added"),
            "{text}"
        );
        assert!(text.contains("process.imported") && text.contains("retention.applied"));
        retention::set(&db, &clock, month, "olive").await.unwrap();
        assert_eq!(retention::kept(&db).await.unwrap(), month);
        drop(house);
    });
}

#[test]
fn all_that_may_be_taken_away_is_exported_and_nothing_that_opens_a_door() {
    on_both(|db| async move {
        let house = House::in_db(db.clone()).await;
        let maren = house.actor("maren").await.id().to_string();
        let made = house
            .identity
            .make_token(&maren, "x", Scopes::all(), None, "test");
        let digest = made.await.unwrap().0.digest;
        let mut tx = db.begin().await.unwrap();
        let row = ConnectionRow {
            id: "conn_1".into(),
            kind: "mastodon".into(),
            what: CHANNEL.into(),
            name: "Our account".into(),
            created: 0,
            created_by: maren.clone(),
            sealed: "what is sealed".into(),
            account: "{}".into(),
            state: ON.into(),
            hook: Some("digest of the hook".into()),
            pipeline: None,
            process: None,
            cursor: None,
            due: 0,
            synced: None,
            looked: None,
            taken: 0,
            expected: None,
            error: None,
            error_at: None,
            failures: 0,
        };
        connections::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        let to = folder().join("all");
        let done = export::export(&house.library, &to).await.unwrap();
        assert_eq!((done.attachments, done.processes), (1, 1));
        let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
        assert!(read("messages.jsonl").contains("They want it in blue"));
        let people = read("people.jsonl");
        assert!(people.contains("maren@halden.example") && !people.contains("password"));
        let connected = read("connections.jsonl");
        assert!(
            connected.contains("Our account")
                && !connected.contains("sealed")
                && !connected.contains("hook")
        );
        assert!(
            read("events.jsonl").contains("\"subject\":\""),
            "what events are about"
        );
        // Names of people are in it only where figures by person are switched on.
        let log = read("processes/leads.xes");
        assert!(log.contains("A-2") && !log.contains("Straße 🚲"));
        let attached = std::fs::read_dir(to.join("attachments")).unwrap();
        assert_eq!(attached.count(), 1);
        for file in std::fs::read_dir(&to).unwrap().flatten() {
            if file.path().is_file() {
                let text = std::fs::read_to_string(file.path()).unwrap();
                assert!(!text.contains(&digest), "{:?}", file.path());
            }
        }
        assert!(export::export(&house.library, &to).await.is_err());
    });
}

#[test]
fn every_table_is_exported_or_known_to_stay() {
    on_both(|db| async move {
        let mut tx = db.begin_reading().await.unwrap();
        let there: Vec<&str> = carry::tables(&mut tx)
            .await
            .unwrap()
            .iter()
            .map(|t| t.name)
            .collect();
        for name in &there {
            let lists = [export::TAKEN, export::LEFT];
            let named = lists.iter().filter(|list| list.contains(name)).count();
            assert_eq!(named, 1, "{name}: name it in one list of keeping/export.rs");
        }
        for name in export::TAKEN.iter().chain(export::LEFT) {
            assert!(there.contains(name), "{name} is no table");
        }
    });
}
