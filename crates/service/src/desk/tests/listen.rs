//! What is listened to at steps, and what people make of what was found.

use super::*;
use crate::desk::Desk;
use base::identity::Directory;
use mining::time::DAY;
use store::desk::{FOUND, ThreadRow};
use store::improvements::ImprovementRow;
use store::listen::{ALLOWED, BLOCKED, OURS};

const STEP: &str = "Establish trust";
/// Long enough to be known again.
const LONG: &str = "never buy a flow meter at Halden they cheat";

fn found(id: &str, who: &str, text: &str, at: Micros) -> Incoming {
    Incoming {
        is_for_us: false,
        ..said(id, who, text, at)
    }
}

impl House {
    /// Plugs Listen in, by a row as it is kept.
    async fn plug(&self, state: &str) -> String {
        let process = self.process().await;
        let row = ImprovementRow {
            id: format!("imp_{state}"),
            process: process.clone(),
            goal: None,
            created: MONDAY,
            created_by: self.ines.id().into(),
            tool: "listen".into(),
            name: "Listen".into(),
            link: None,
            step: STEP.into(),
            measure: "days_in_step".into(),
            state: state.into(),
            plan: "{}".into(),
            ended: None,
        };
        let mut tx = self.db().begin().await.unwrap();
        store::improvements::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        process
    }

    async fn process(&self) -> String {
        let library = self.connect().work().library();
        library.process("deals").await.unwrap().id
    }

    async fn wish(&self, what: &str, words: &str) -> Result<(), base::problem::Problem> {
        let desk: &Desk = &self.desk;
        desk.wish(&self.ines, ("deals", STEP), &self.connection, (what, words))
            .await
    }

    async fn in_queue(&self, what: Queue<'_>) -> Vec<ThreadRow> {
        let page = self.desk.queue(&self.maren, what, None).await.unwrap();
        page.into_iter().map(|w| w.thread).collect()
    }

    async fn listened(&self) -> Vec<String> {
        let all = events::after(self.db(), 0, 1000).await.unwrap();
        let all = all.into_iter().map(|e| e.kind);
        all.filter(|k| k.starts_with("listen.") || k.starts_with("customer."))
            .collect()
    }
}

#[test]
fn what_is_found_waits_beside_the_queue_with_its_step_and_becomes_a_thread_like_others() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let process = house.plug("running").await;
        house.wish("tag", "#Brewing").await.unwrap();
        house.wish("tag", "brewing").await.unwrap();
        house.wish("phrase", "flow meter").await.unwrap();
        house.tell(found(
            "f1",
            "Una Known",
            "All of it drifts #brewing",
            MONDAY,
        ));
        house.tell(found("f2", "Aino Saari", "Our flow meter drifts", MONDAY));
        house.tell(found("f3", "Una Other", "Nothing of it", MONDAY));
        house.after(0).await;
        let wished = house.fake.wished.lock().unwrap().clone();
        assert_eq!(wished, ["#Brewing", "\"flow meter\""], "each once");
        assert!(house.open_threads().await.is_empty(), "nobody asked us");
        let all = house.in_queue(Queue::Found).await;
        let of = |title: &str| all.iter().find(|t| t.title.starts_with(title)).unwrap();
        let tag = of("All of it");
        assert_eq!(
            tag.reason,
            "Found by #Brewing, listened to at Establish trust."
        );
        assert_eq!(
            (tag.step.as_deref(), tag.case_ref.as_deref()),
            (Some(STEP), None)
        );
        assert_eq!(tag.process.as_deref(), Some(process.as_str()));
        let case = of("Our flow");
        assert_eq!(case.case_ref.as_deref(), Some("Saari Brewing"));
        assert!(
            case.reason
                .starts_with("Her name is the contact of the case. Found by")
        );
        assert_eq!(of("Nothing").step, None, "no wish of a step found it");
        // Dismissed, and taken back.
        house
            .desk
            .dismiss(&house.maren, &tag.id, true)
            .await
            .unwrap();
        assert_eq!(house.in_queue(Queue::Dismissed).await.len(), 1);
        let again = house.desk.dismiss(&house.maren, &tag.id, true).await;
        assert_eq!(again.unwrap_err().status, 409);
        house.tell(Incoming {
            reply_to: Some("f1".into()),
            ..found("f4", "Per Torv", "So does ours", MONDAY)
        });
        house.after(MINUTE).await;
        assert_eq!(
            house.in_queue(Queue::Dismissed).await.len(),
            1,
            "it stays away"
        );
        house
            .desk
            .dismiss(&house.maren, &tag.id, false)
            .await
            .unwrap();
        // Into the queue by a person, by an answer, and by being said to us.
        house.desk.into_queue(&house.maren, &tag.id).await.unwrap();
        assert_eq!(house.only().await.id, tag.id);
        house
            .desk
            .reply(&house.maren, &case.id, "k1", "Zero it warm.")
            .await
            .unwrap();
        house.after(MINUTE).await;
        let row = kept::thread(house.db(), &case.id).await.unwrap().unwrap();
        assert_eq!(row.state, ANSWERED);
        house.tell(said("f3", "Una Other", "Nothing of it", MONDAY));
        house.after(MINUTE).await;
        assert!(house.in_queue(Queue::Found).await.is_empty());
        assert_eq!(house.open_threads().await.len(), 2);
        house
            .desk
            .set_case(&house.maren, &tag.id, "deals", Some("Torv One"))
            .await
            .unwrap();
        let brought = house.desk.brought(&process, STEP).await.unwrap();
        let sum = brought.sum;
        assert_eq!(
            (sum.found, sum.matched, sum.answered, sum.noise),
            (2, 2, 1, 0)
        );
        assert_eq!(brought.weeks.len(), 1);
        let kinds = house.listened().await;
        let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
        assert_eq!(
            [
                "listen.wished",
                "listen.found",
                "listen.dismissed",
                "listen.let_in",
                "listen.matched"
            ]
            .map(count),
            [2, 3, 2, 2, 1]
        );
        assert_eq!(
            count("customer.said"),
            0,
            "nothing of it was said to us, as it was told"
        );
        let uses = store::uses::listening(house.db(), &process, STEP, MONDAY)
            .await
            .unwrap();
        assert_eq!(uses.len(), 3, "two looked at and one answered: {uses:?}");
    });
}

#[test]
fn only_where_the_tool_works_something_is_listened_to_and_what_cannot_be_followed_is_refused() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.wish("tag", "brewing").await.unwrap();
        house.wish("mention", "").await.unwrap();
        house.plug("paused").await;
        house.tell(said("m1", "Una Known", "Hello you #brewing", MONDAY));
        house.after(0).await;
        assert!(house.fake.wished.lock().unwrap().is_empty(), "it is paused");
        assert_eq!(house.only().await.step, None);
        let process = house.plug("running").await;
        house.tell(said("m2", "Una Other", "Hello you", MONDAY));
        house.after(MINUTE).await;
        let all = house.open_threads().await;
        let second = all.iter().find(|t| t.title == "Hello you").unwrap();
        assert_eq!(
            second.step.as_deref(),
            Some(STEP),
            "a mention of no case goes to the step"
        );
        for (what, words, status) in [
            ("tag", "two words", 400),
            ("tag", "", 400),
            ("phrase", "?!", 400),
            ("phrase", &"x".repeat(101), 400),
            ("account", "nobody", 422),
            ("weather", "rain", 404),
        ] {
            let problem = house.wish(what, words).await.unwrap_err();
            assert_eq!(problem.status, status, "{what} {words}: {problem:?}");
        }
        house.wish("account", "@Ada").await.unwrap();
        let (ears, is_on) = house
            .desk
            .listening(&house.maren, &process, STEP)
            .await
            .unwrap();
        assert!(is_on);
        let words = |ear: &crate::desk::listen::Ear| {
            ear.wishes
                .iter()
                .map(|w| w.words.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&ears[0]), ["ada@fake.example", "", "brewing"]);
        let ada = ears[0].wishes[0].clone();
        house.desk.unwish(&house.ines, &ada.id, true).await.unwrap();
        let (ears, _) = house
            .desk
            .listening(&house.maren, &process, STEP)
            .await
            .unwrap();
        assert_eq!((ears[0].wishes.len(), ears[0].removed.len()), (2, 1));
        house
            .desk
            .unwish(&house.ines, &ada.id, false)
            .await
            .unwrap();
        let member = house
            .desk
            .wish(
                &house.maren,
                ("deals", STEP),
                &house.connection,
                ("tag", "x"),
            )
            .await;
        assert_eq!(member.unwrap_err().status, 403);
        let guest = house.desk.listening(&house.guest, &process, STEP).await;
        assert_eq!(guest.unwrap_err().status, 403);
        for n in 0..27 {
            house.wish("phrase", &format!("phrase {n}")).await.unwrap();
        }
        let problem = house.wish("phrase", "one more").await.unwrap_err();
        assert!(problem.what.starts_with("30 things"), "{problem:?}");
    });
}

#[test]
fn the_same_text_our_own_accounts_and_whom_a_colleague_marked_are_held_with_their_reason() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.plug("running").await;
        house.wish("phrase", "flow meter").await.unwrap();
        house.tell(found("f1", "Una Known", LONG, MONDAY));
        house.tell(found(
            "f2",
            "Bob Copies",
            &format!("RT @una: {LONG}! https://x.example/long/way"),
            MONDAY,
        ));
        house.tell(found("f3", "Cleo Copies", LONG, MONDAY));
        house.tell(found("f4", "Una Known", LONG, MONDAY));
        house.tell(said(
            "m1",
            "Dora Asks",
            "where is the flow meter we ordered",
            MONDAY,
        ));
        house.tell(said(
            "m2",
            "Emil Asks",
            "where is the flow meter we ordered",
            MONDAY,
        ));
        house.after(0).await;
        let held = |all: Vec<ThreadRow>| {
            let mut why: Vec<String> = all.into_iter().filter_map(|t| t.held).collect();
            why.sort();
            why
        };
        let all = house.in_queue(Queue::Held).await;
        assert_eq!(
            held(all.clone()),
            [
                "repost of what is known",
                "the same text from 3 accounts within a day",
                "the same text from 3 accounts within a day"
            ]
        );
        assert_eq!(
            house.open_threads().await.len(),
            2,
            "two who ask the same are no crowd"
        );
        // Let through: in the queue, and not held again.
        let bob = all
            .iter()
            .find(|t| t.held.as_deref() == Some("repost of what is known"))
            .unwrap();
        house
            .desk
            .set_held(&house.maren, &bob.id, None)
            .await
            .unwrap();
        let voices = house.desk.voices(&house.maren).await.unwrap();
        assert_eq!(
            (voices[0].mark.as_str(), voices[0].handle.as_str()),
            (ALLOWED, "@bob")
        );
        house.tell(found("f5", "Bob Copies", LONG, MONDAY));
        house.after(MINUTE).await;
        assert_eq!(house.in_queue(Queue::Found).await.len(), 2);
        house
            .desk
            .unmark(&house.maren, &house.connection, "id-Bob Copies")
            .await
            .unwrap();
        house.tell(found("f6", "Bob Copies", LONG, MONDAY));
        house.after(MINUTE).await;
        assert_eq!(
            house.in_queue(Queue::Found).await.len(),
            2,
            "and held again"
        );
        // Blocked, and that taken back; a colleague's own account.
        let una = house.in_queue(Queue::Found).await;
        let una = una
            .iter()
            .find(|t| t.title == LONG && t.held.is_none())
            .unwrap()
            .id
            .clone();
        house
            .desk
            .mark_voice(&house.maren, &una, Some(BLOCKED))
            .await
            .unwrap();
        let row = kept::thread(house.db(), &una).await.unwrap().unwrap();
        assert_eq!(
            (row.state.as_str(), row.held.as_deref()),
            (HELD, Some("this account is blocked here"))
        );
        house
            .desk
            .mark_voice(&house.maren, &una, None)
            .await
            .unwrap();
        let row = kept::thread(house.db(), &una).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.held.as_deref()), (FOUND, None));
        house
            .desk
            .mark_voice(&house.maren, &una, Some(OURS))
            .await
            .unwrap();
        let voice = house.desk.voice_of(&una).await.unwrap().unwrap();
        assert_eq!(voice.mark, OURS);
        house.tell(found(
            "f7",
            &voice.author["id-".len()..],
            "my own flow meter post",
            MONDAY,
        ));
        house
            .desk
            .set_languages(&house.ines, "EN, de")
            .await
            .unwrap();
        house.tell(Incoming {
            language: Some("ja".into()),
            ..found("f8", "Fumi Reads", "flow meter", MONDAY)
        });
        house.after(MINUTE).await;
        let why = held(house.in_queue(Queue::Held).await);
        assert!(why.contains(&"one of us".to_string()), "{why:?}");
        assert!(
            why.contains(&"a language nobody here reads".to_string()),
            "{why:?}"
        );
        let bad = house.desk.set_languages(&house.ines, "english!").await;
        assert_eq!(bad.unwrap_err().status, 400);
    });
}

#[test]
fn many_accounts_at_once_on_a_tag_are_held_together_and_the_owner_is_told_once() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.plug("running").await;
        house.wish("tag", "brewing").await.unwrap();
        let identity = house.connect().work().identity().clone();
        let owner = NewPerson {
            name: "Olive".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let owner = identity.add(owner, "test").await.unwrap().id;
        assert!(
            Directory::load(house.db())
                .await
                .unwrap()
                .person(&owner)
                .is_some()
        );
        for n in 0..14 {
            let who = format!("Anger{n} X");
            house.tell(found(
                &format!("f{n}"),
                &who,
                &format!("{n} #brewing"),
                MONDAY,
            ));
        }
        house.after(0).await;
        let held = house.in_queue(Queue::Held).await;
        assert_eq!(held.len(), 14, "those before it, too");
        assert!(
            held.iter()
                .all(|t| t.held.as_deref() == Some("many accounts at once on #brewing"))
        );
        let told = store::work::notifications(house.db(), &owner, true, i64::MAX, 10)
            .await
            .unwrap();
        assert_eq!(
            told.iter().map(|t| t.kind.as_str()).collect::<Vec<_>>(),
            ["piled_on"]
        );
        let all = house.desk.pile_ons(&house.maren).await.unwrap();
        assert_eq!(
            (all.len(), all[0].authors, all[0].words.as_str()),
            (1, 14, "brewing")
        );
        house
            .desk
            .decide_pile_on(&house.maren, &all[0].id, Some(false))
            .await
            .unwrap();
        assert_eq!(house.in_queue(Queue::Dismissed).await.len(), 14);
        house
            .desk
            .decide_pile_on(&house.maren, &all[0].id, None)
            .await
            .unwrap();
        house
            .desk
            .decide_pile_on(&house.maren, &all[0].id, Some(true))
            .await
            .unwrap();
        assert_eq!(house.in_queue(Queue::Found).await.len(), 14);
        house.tell(found("late", "Anger99 X", "more #brewing", MONDAY));
        house.after(MINUTE).await;
        assert_eq!(
            house.in_queue(Queue::Found).await.len(),
            15,
            "it was let through"
        );
        let all = house.desk.pile_ons(&house.maren).await.unwrap();
        assert_eq!(
            (all.len(), all[0].state.as_str()),
            (1, "let_in"),
            "one, told once"
        );
        // On the next day there is no crowd any more.
        house.tell(found("next", "Una Known", "calm #brewing", MONDAY + DAY));
        house.after(DAY).await;
        assert_eq!(house.in_queue(Queue::Found).await.len(), 16);
    });
}

#[test]
fn who_objected_is_answered_by_nobody_until_she_lifts_it_and_what_is_found_of_her_is_not_kept() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.plug("running").await;
        house.wish("tag", "brewing").await.unwrap();
        house.tell(said(
            "m1",
            "Aino Saari",
            "Please stop writing to me",
            MONDAY,
        ));
        house.after(0).await;
        let thread = house.only().await;
        let her = thread.contact.clone().unwrap();
        house
            .desk
            .reply(&house.maren, &thread.id, "k0", "We will.")
            .await
            .unwrap();
        let unsaid = house.desk.set_objected(&house.maren, &her, true, " ").await;
        assert_eq!(unsaid.unwrap_err().status, 400);
        house
            .desk
            .set_objected(&house.maren, &her, true, "by her post of Monday")
            .await
            .unwrap();
        house.after(MINUTE).await;
        let failed = house.desk.in_state(&house.maren, FAILED).await.unwrap();
        assert!(
            failed[0].error.as_ref().unwrap().contains("objected"),
            "{failed:?}"
        );
        assert!(house.texts().is_empty(), "not even what was on its way");
        let again = house.desk.again(&house.maren, &failed[0].id, true).await;
        assert_eq!(again.unwrap_err().code, "objected");
        let reply = house
            .desk
            .reply(&house.maren, &thread.id, "k1", "Sorry!")
            .await;
        assert_eq!(reply.unwrap_err().code, "objected");
        assert_eq!(
            house.desk.draft(&house.maren, &thread.id).await.unwrap(),
            "Sorry!"
        );
        house.tell(found("f1", "Aino Saari", "I like #brewing", MONDAY));
        house.after(MINUTE).await;
        assert!(house.in_queue(Queue::Found).await.is_empty());
        assert_eq!(
            kept::said(house.db(), &thread.id, 10).await.unwrap().len(),
            1
        );
        house
            .desk
            .set_objected(&house.kofi, &her, false, "she wrote again")
            .await
            .unwrap();
        house
            .desk
            .set_consent(&house.kofi, &her, true, "by mail")
            .await
            .unwrap();
        house
            .desk
            .reply(&house.maren, &thread.id, "k2", "Welcome back.")
            .await
            .unwrap();
        house.after(HOUR).await;
        assert_eq!(house.texts(), ["Welcome back."]);
        let (contact, _, _) = house.desk.contact(&house.maren, &her).await.unwrap();
        let how = house.desk.relation(&house.maren, &contact).await.unwrap();
        let noted: Vec<&str> = how.consents.iter().map(|c| c.what.as_str()).collect();
        assert_eq!(noted, ["consented", "lifted", "objected"]);
        assert_eq!(how.knows[0].person, house.maren.id());
        assert_eq!(
            how.months
                .iter()
                .map(|m| (m.hers, m.ours))
                .collect::<Vec<_>>(),
            [(1, 1)]
        );
        assert_eq!(how.channels, [("fake".to_string(), 1)]);
        // Merged, the objection of one is that of both; erased, nothing is left of it.
        house.tell(said("m2", "Brewer Aino", "It is me", MONDAY + HOUR));
        house.after(HOUR).await;
        let other = house.only().await.contact.unwrap();
        house
            .desk
            .set_objected(&house.maren, &her, true, "again")
            .await
            .unwrap();
        house.desk.merge(&house.maren, &her, &other).await.unwrap();
        let (contact, _, _) = house.desk.contact(&house.maren, &other).await.unwrap();
        assert!(contact.objected.is_some());
        let mut tx = house.db().begin().await.unwrap();
        store::erase::contact(&mut tx, &other).await.unwrap();
        tx.commit().await.unwrap();
        assert!(kept::consents(house.db(), &other).await.unwrap().is_empty());
    });
}
