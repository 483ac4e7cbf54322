//! People working together, on both engines.

use super::Work;
use super::talk::Followed;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use base::clock::SystemClock;
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use std::sync::Arc;
use store::testing::{folder, on_both};
use store::{Db, events, people, uses, work};

const LOG: &str = "case,activity,time,who\n\
    Kestrel,call,2026-01-05T10:00:00Z,Olu Adeyemi\n\
    Kestrel,offer,2026-01-06T10:00:00Z,Maren Voss\n\
    Tidewater,call,2026-01-07T10:00:00Z,Maren Voss\n";

struct House {
    work: Work,
    maren: Actor,
    olu: Actor,
    ines: Actor,
    guest: Actor,
}

async fn person(identity: &Identity, name: &str, role: Role) -> Actor {
    let email = format!("{}@halden.example", name.replace(' ', ".").to_lowercase());
    let new = NewPerson {
        name: name.into(),
        email,
        role,
        password: None,
    };
    let row = identity.add(new, "test").await.unwrap();
    Actor::of(&row, Via::Token("test".into()), Scopes::all()).unwrap()
}

async fn house(db: Db) -> House {
    let (folder, clock) = (folder(), Arc::new(SystemClock));
    let library = Library::with(db, &folder, clock).await.unwrap();
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
    House {
        maren: person(&identity, "Maren Voss", Role::Member).await,
        olu: person(&identity, "Olu Adeyemi", Role::Member).await,
        ines: person(&identity, "Ines Carvalho", Role::Manager).await,
        guest: person(&identity, "Gil Guest", Role::Guest).await,
        work: Work::start(library, identity),
    }
}

impl House {
    async fn say(&self, who: &Actor, body: &str, client: Option<&str>) -> i64 {
        let room = self.work.room(who, "deals", "Kestrel").await.unwrap();
        self.work.note(who, room, body, client).await.unwrap()
    }

    async fn told(&self, who: &Actor) -> Vec<String> {
        let all = work::notifications(self.work.db(), who.id(), true, i64::MAX, 10);
        all.await.unwrap().into_iter().map(|n| n.kind).collect()
    }
}

#[test]
fn what_is_said_on_a_case_is_there_once_told_to_those_named_and_in_the_stream_of_who_follows() {
    on_both(|db| async move {
        let h = house(db).await;
        let first = h
            .say(&h.maren, "Hello @olu.adeyemi, and @nobody", Some("a"))
            .await;
        assert_eq!(
            h.say(&h.maren, "Hello again", Some("a")).await,
            first,
            "said before"
        );
        let second = h.say(&h.olu, "Hello", None).await;
        assert!(second > first);
        let room = h.work.room(&h.maren, "deals", "Kestrel").await.unwrap();
        let said = work::before(h.work.db(), &room.id, i64::MAX, 10)
            .await
            .unwrap();
        assert_eq!(
            said.iter().map(|m| m.id).collect::<Vec<_>>(),
            [second, first]
        );
        assert_eq!(h.told(&h.olu).await, ["mention"]);
        assert_eq!(h.told(&h.maren).await, Vec::<String>::new());
        let page = h.work.newest(&h.maren).await.unwrap();
        assert_eq!(page.messages.len(), 2);
        assert!(page.is_unread(&page.messages[0], h.maren.id()));
        h.work.mark_read(&h.maren, &room.id, second).await.unwrap();
        let page = h.work.newest(&h.maren).await.unwrap();
        assert!(!page.is_unread(&page.messages[0], h.maren.id()));
        assert!(h.work.newest(&h.ines).await.unwrap().messages.is_empty());
        let thing = (Followed::Person, h.olu.id());
        h.work
            .follow(&h.ines, thing, Some("follow"), None)
            .await
            .unwrap();
        let page = h.work.newest(&h.ines).await.unwrap();
        assert_eq!(
            page.messages.iter().map(|m| m.id).collect::<Vec<_>>(),
            [second]
        );
        let mute = (Followed::Conversation, room.id.as_str());
        h.work
            .follow(&h.ines, mute, Some("mute"), None)
            .await
            .unwrap();
        assert!(h.work.newest(&h.ines).await.unwrap().messages.is_empty());
        let record = events::after(h.work.db(), 0, 100).await.unwrap();
        let of_room = record
            .iter()
            .filter(|e| e.subject.as_ref() == Some(&room.id));
        assert_eq!(of_room.map(|e| e.seq).collect::<Vec<_>>(), [first, second]);
    });
}

#[test]
fn a_message_is_changed_by_its_author_and_what_it_said_stays_to_be_read() {
    on_both(|db| async move {
        let h = house(db).await;
        let id = h.say(&h.maren, "Ninety", None).await;
        assert_eq!(
            h.work.edit(&h.olu, id, "x").await.unwrap_err().code,
            "not_yours"
        );
        h.work.edit(&h.maren, id, "Eighty").await.unwrap();
        let now = || async { work::message(h.work.db(), id).await.unwrap().unwrap() };
        assert_eq!(now().await.body, "Eighty");
        assert_eq!(
            h.work.delete(&h.olu, id, true).await.unwrap_err().code,
            "not_yours"
        );
        h.work.delete(&h.ines, id, true).await.unwrap();
        assert_eq!(
            (now().await.body.as_str(), now().await.deleted.is_some()),
            ("", true)
        );
        h.work.delete(&h.maren, id, false).await.unwrap();
        assert_eq!(
            (now().await.body.as_str(), now().await.deleted),
            ("Eighty", None)
        );
        let said = work::versions(h.work.db(), id).await.unwrap();
        assert_eq!(said[0].1, "Ninety");
        assert!(h.work.react(&h.olu, id, "👍").await.unwrap());
        assert!(!h.work.react(&h.olu, id, "👍").await.unwrap());
        assert_eq!(
            h.work.react(&h.olu, id, "💣").await.unwrap_err().status,
            400
        );
        for (body, what) in [("", "empty"), (" \n ", "empty"), ("a\0b", "U+0000")] {
            let room = h.work.room(&h.maren, "deals", "Kestrel").await.unwrap();
            let refused = h.work.note(&h.maren, room, body, None).await.unwrap_err();
            assert!(refused.what.contains(what), "{body:?}: {refused}");
        }
    });
}

#[test]
fn a_guest_sees_the_cases_she_was_asked_into_and_no_other() {
    on_both(|db| async move {
        let h = house(db).await;
        let id = h.say(&h.maren, "Hello @gil.guest", None).await;
        assert_eq!(h.told(&h.guest).await, Vec::<String>::new());
        let refused = h.work.room(&h.guest, "deals", "Kestrel").await.unwrap_err();
        assert_eq!(refused.status, 404);
        assert_eq!(h.work.message(&h.guest, id).await.unwrap_err().status, 404);
        assert_eq!(
            h.work.edit(&h.guest, id, "x").await.unwrap_err().status,
            404
        );
        h.work
            .invite(&h.maren, "deals", "Kestrel", h.guest.id())
            .await
            .unwrap();
        assert!(h.work.room(&h.guest, "deals", "Kestrel").await.is_ok());
        assert!(h.work.message(&h.guest, id).await.is_ok());
        assert_eq!(
            h.work
                .room(&h.guest, "deals", "Tidewater")
                .await
                .unwrap_err()
                .status,
            404
        );
        let asked = h
            .work
            .ask(&h.guest, "deals", "no step", Some("Tidewater"), "x", None);
        assert_eq!(
            asked.await.unwrap_err().status,
            404,
            "nothing is learnt of steps"
        );
        let asked = h.work.room(&h.guest, "nothing", "x").await.unwrap_err();
        assert_eq!(asked.what, "There is no such case.");
        let step = (Followed::Step, "deals/call");
        let followed = h.work.follow(&h.guest, step, Some("follow"), None).await;
        assert_eq!(followed.unwrap_err().status, 404);
        h.say(&h.maren, "Now @gil.guest", None).await;
        assert_eq!(h.told(&h.guest).await, ["mention", "invited"]);
    });
}

#[test]
fn a_question_reaches_those_who_know_and_its_answer_the_next_who_asks() {
    on_both(|db| async move {
        let h = house(db).await;
        let steps = h.work.library().load("deals").await.unwrap();
        let step = steps.steps.steps[0].name.clone();
        let ask = |who, text| {
            h.work
                .ask(who, "deals", &step, Some("Kestrel"), text, Some("one"))
        };
        let question = ask(&h.maren, "Who has tested plastic mains?")
            .await
            .unwrap();
        assert_eq!(
            ask(&h.maren, "Who has tested plastic mains?")
                .await
                .unwrap(),
            question
        );
        let asked = work::find(h.work.db(), &question).await.unwrap().unwrap();
        assert_eq!(asked.title, "Who has tested plastic mains?");
        let answer = h
            .work
            .post(&h.olu, &question, "87 of 100 leaks", None)
            .await
            .unwrap();
        assert_eq!(h.told(&h.maren).await, ["answered"]);
        assert_eq!(
            h.work.accept(&h.olu, answer, None).await.unwrap_err().code,
            "not_yours"
        );
        h.work.accept(&h.maren, answer, Some(30)).await.unwrap();
        assert_eq!(h.told(&h.olu).await, ["accepted"]);
        let process = steps.row.id.as_str();
        let like = h
            .work
            .similar(process, &step, "plastic pipes", 5)
            .await
            .unwrap();
        assert_eq!(like[0].answer, "87 of 100 leaks");
        assert!(
            h.work
                .similar(process, &step, "discount ladder", 5)
                .await
                .unwrap()
                .is_empty()
        );
        let experts = h.work.experts(h.ines.id(), &steps, &step).await.unwrap();
        let first = (experts[0].name.as_str(), experts[0].reason.as_str());
        assert_eq!(first, ("Olu Adeyemi", "1 answer accepted at this step"));
        let again = h
            .work
            .ask(&h.ines, "deals", &step, None, "And at night?", None);
        let again = again.await.unwrap();
        assert_eq!(
            work::asked_of(h.work.db(), &again).await.unwrap()[0].0,
            h.olu.id()
        );
        h.work.decline(&h.olu, &again).await.unwrap();
        let willing = r#"{"ask":{"off":true}}"#;
        let mut row = people::find(h.work.db(), h.olu.id())
            .await
            .unwrap()
            .unwrap();
        row.settings = willing.into();
        let mut tx = h.work.db().begin().await.unwrap();
        people::update(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        h.work.identity().forget();
        assert!(h.work.experts(h.ines.id(), &steps, &step).await.unwrap()[0].is_busy);
    });
}

#[test]
fn items_of_a_playbook_are_done_on_a_case_and_stay_so_when_it_is_rewritten() {
    on_both(|db| async move {
        let h = house(db).await;
        let steps = h.work.library().load("deals").await.unwrap();
        let step = steps.steps.steps[0].name.clone();
        let write = |body| {
            h.work
                .write_playbook(&h.ines, "deals", &step, "First call", body)
        };
        assert_eq!(write("- [ ] Budget\n- [ ] Decider").await.unwrap(), 1);
        let check = |item, done| {
            let item = (step.as_str(), item);
            h.work.check(&h.maren, "deals", "Kestrel", item, done)
        };
        check("Budget", true).await.unwrap();
        check("Budget", true).await.unwrap();
        assert_eq!(check("Car", true).await.unwrap_err().status, 400);
        assert_eq!(write("- [ ] Deadline\n- [ ] Budget").await.unwrap(), 2);
        let all = h
            .work
            .playbooks_of_case(&steps.row.id, "Kestrel")
            .await
            .unwrap();
        let done: Vec<(&str, bool)> = all[0]
            .items
            .iter()
            .map(|i| (i.name.as_str(), i.done.is_some()))
            .collect();
        assert_eq!(done, [("Deadline", false), ("Budget", true)]);
        check("Budget", false).await.unwrap();
        let kinds = events::of_process(h.work.db(), &steps.row.id, 0, 50)
            .await
            .unwrap();
        let kinds: Vec<&str> = kinds
            .iter()
            .map(|e| e.kind.as_str())
            .filter(|k| k.starts_with("playbook"))
            .collect();
        assert_eq!(
            kinds,
            [
                "playbook.written",
                "playbook.item_done",
                "playbook.written",
                "playbook.item_undone"
            ]
        );
    });
}

#[test]
fn who_listens_hears_each_event_once_and_in_order() {
    on_both(|db| async move {
        let h = house(db).await;
        while h.work.live().last() < 0 {
            tokio::task::yield_now().await;
        }
        let mut listener = h.work.live().listen();
        let posts =
            (0..40).map(|n| h.say(if n % 2 == 0 { &h.maren } else { &h.olu }, "Hello", None));
        let mut ids = futures_util::future::join_all(posts).await;
        ids.sort_unstable();
        for id in ids {
            assert_eq!(listener.recv().await.unwrap().event.seq, id);
        }
    });
}

#[test]
fn what_happens_in_what_one_follows_is_told_once_and_what_is_muted_is_not() {
    on_both(|db| async move {
        let h = house(db).await;
        let process = h.work.library().process("deals").await.unwrap().id;
        let told = async |who: &Actor| {
            let all = h.work.updates(who, i64::MAX).await.unwrap();
            all.into_iter()
                .map(|u| (u.kind, u.place, u.text))
                .collect::<Vec<_>>()
        };
        let follow = async |who: &Actor, kind: Followed, target: &str, level: &str| {
            let done = h.work.follow(who, (kind, target), Some(level), None).await;
            done.unwrap();
        };
        // A room of which nobody has said anything is opened so that the case can be followed.
        h.work.open(&h.olu, "deals", "Tidewater").await.unwrap();
        let room = h.work.room(&h.olu, "deals", "Tidewater").await.unwrap().id;
        follow(&h.olu, Followed::Conversation, &room, "follow").await;
        follow(&h.ines, Followed::Process, &process, "follow").await;
        assert!(told(&h.olu).await.is_empty());
        let before = told(&h.ines).await;
        assert_eq!(before[0].2, "brought in 2 cases and 3 events");
        import(&h, "Tidewater,offer,2026-01-09T10:00:00Z,Maren Voss\n").await;
        until(async || told(&h.olu).await.len() == 1).await;
        let moved = &told(&h.olu).await[0];
        assert_eq!(
            (moved.0.as_str(), moved.1.as_str()),
            ("case.moved", "Tidewater")
        );
        assert!(
            moved.2.starts_with("moved from call to offer"),
            "{}",
            moved.2
        );
        assert_eq!(
            h.work.note_moves(&process, "test", false).await.unwrap(),
            0,
            "told once"
        );
        assert_eq!(told(&h.ines).await.len(), before.len() + 1);
        // Nothing of it to one who follows it and is a guest now, and nothing of what was muted.
        let row = people::find(h.work.db(), h.olu.id())
            .await
            .unwrap()
            .unwrap();
        let row = people::PersonRow {
            role: "guest".into(),
            ..row
        };
        let guest = Actor::of(&row, Via::Token("test".into()), Scopes::all()).unwrap();
        assert!(told(&guest).await.is_empty());
        follow(&h.olu, Followed::Conversation, &room, "mute").await;
        assert!(told(&h.olu).await.is_empty());
    });
}

#[test]
fn who_follows_a_step_has_its_questions_in_her_stream_and_reads_all_at_once() {
    on_both(|db| async move {
        let h = house(db).await;
        let process = h.work.library().process("deals").await.unwrap().id;
        let step = format!("{process}/offer");
        let done = h
            .work
            .follow(&h.ines, (Followed::Step, &step), Some("follow"), None)
            .await;
        done.unwrap();
        let asked = h
            .work
            .ask(&h.maren, "deals", "offer", None, "Which annex?", None)
            .await;
        let asked = asked.unwrap();
        h.say(&h.olu, "Hello @ines.carvalho", None).await;
        let page = h.work.newest(&h.ines).await.unwrap();
        assert_eq!(page.messages.len(), 1);
        assert_eq!(page.messages[0].conversation, asked);
        assert!(page.is_unread(&page.messages[0], h.ines.id()));
        assert_eq!(h.told(&h.ines).await, ["mention"]);
        h.work.mark_all_read(&h.ines, i64::MAX).await.unwrap();
        let page = h.work.newest(&h.ines).await.unwrap();
        assert!(!page.is_unread(&page.messages[0], h.ines.id()));
        assert!(h.told(&h.ines).await.is_empty());
    });
}

#[test]
fn who_is_named_by_a_change_is_told_and_who_was_named_before_is_not_told_again() {
    on_both(|db| async move {
        let h = house(db).await;
        let note = h.say(&h.maren, "Ask @olu.adeyemi", None).await;
        let edit = async |text: &str| h.work.edit(&h.maren, note, text).await.unwrap();
        edit("Ask @olu.adeyemi or @ines.carvalho").await;
        edit("Ask @olu.adeyemi or @ines.carvalho, today").await;
        assert_eq!(h.told(&h.olu).await, ["mention"]);
        assert_eq!(h.told(&h.ines).await, ["mention"]);
        h.work
            .invite(&h.maren, "deals", "Tidewater", h.guest.id())
            .await
            .unwrap();
        assert_eq!(h.told(&h.guest).await, ["invited"]);
        let room = h.work.room(&h.guest, "deals", "Tidewater").await.unwrap();
        let there = work::find(h.work.db(), &room.id).await.unwrap();
        assert!(there.is_some(), "there is something to open");
    });
}

/// Waits until something holds, up to ten seconds.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited ten seconds");
}

async fn import(h: &House, rows: &str) {
    let path = folder().join("more.csv");
    let head = LOG.lines().next().unwrap();
    std::fs::write(&path, format!("{head}\n{rows}")).unwrap();
    let request = ImportRequest {
        path,
        file_name: "more.csv".into(),
        process: Some("deals".into()),
        options: Default::default(),
        actor: "test".into(),
    };
    h.work
        .library()
        .import(request, Arc::default())
        .await
        .unwrap();
}

#[test]
fn what_people_did_with_the_tools_is_read_from_the_record_and_what_they_say_it_saved_counts_once() {
    on_both(|db| async move {
        let h = house(db).await;
        let db = h.work.db();
        let process = h.work.library().process("deals").await.unwrap().id;
        let asked = h
            .work
            .ask(&h.maren, "deals", "offer", None, "Which annex?", None);
        let asked = asked.await.unwrap();
        let answer = h.work.post(&h.olu, &asked, "B", None).await.unwrap();
        for minutes in [30, 60] {
            h.work
                .accept(&h.maren, answer, Some(minutes))
                .await
                .unwrap();
        }
        let found = uses::questions(db, (&process, "offer"), 0, i64::MAX)
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].saved(), found[0].asker.as_str()),
            (Some(60), h.maren.id())
        );
        assert!(found[0].answered.is_some() && found[0].accepted.is_some());
        assert!(
            uses::questions(db, (&process, "call"), 0, i64::MAX)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(uses::received(db, h.maren.id(), 0).await.unwrap(), (1, 60));
        assert_eq!(uses::received(db, h.olu.id(), 0).await.unwrap(), (0, 0));
        let people = |acts: Vec<uses::Act>| acts.into_iter().map(|a| a.person).collect::<Vec<_>>();
        let acts = uses::asking(db, &process, "offer", 0).await.unwrap();
        assert_eq!(people(acts), [h.maren.id(), h.olu.id()]);
        let note = h.say(&h.ines, "Called them", None).await;
        let noted = uses::noting(db, &process, 0).await.unwrap();
        assert_eq!(noted[0].case_ref.as_deref(), Some("Kestrel"));
        h.work.delete(&h.ines, note, true).await.unwrap();
        assert!(uses::noting(db, &process, 0).await.unwrap().is_empty());
        let book = h
            .work
            .write_playbook(&h.ines, "deals", "offer", "", "- Ask")
            .await;
        book.unwrap();
        let item = ("offer", "Ask");
        h.work
            .check(&h.olu, "deals", "Kestrel", item, true)
            .await
            .unwrap();
        let done = uses::checking(db, &process, &["offer"], 0).await.unwrap();
        assert_eq!(people(done), [h.olu.id()]);
        assert!(
            uses::checking(db, &process, &["call"], 0)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn quiet_from_what_one_does_not_follow_makes_nobody_a_follower_and_nothing_is_read_ahead() {
    on_both(|db| async move {
        let h = house(db).await;
        let asked = h
            .work
            .ask(&h.maren, "deals", "offer", None, "Which annex?", None);
        let asked = asked.await.unwrap();
        let until = Some(h.work.clock().now() + 1_000_000_000);
        let quiet = h.work.follow(
            &h.ines,
            (Followed::Conversation, &asked),
            Some("follow"),
            until,
        );
        quiet.await.unwrap();
        let all = work::follows_of(h.work.db(), h.ines.id()).await.unwrap();
        assert_eq!(all[0].2, "mute");
        h.work.mark_all_read(&h.olu, i64::MAX).await.unwrap();
        h.say(&h.maren, "@olu.adeyemi look", None).await;
        assert_eq!(h.told(&h.olu).await, ["mention"]);
    });
}
