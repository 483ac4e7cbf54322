//! Two threads of one customer worked on as one, and taken apart again.

use super::*;
use crate::desk::merge::{Became, Merged};
use base::problem::Problem;
use kept::{MERGED, QUEUED, ThreadRow, WITHDRAWN};
use tokio::join;

/// Where a customer says one thing after another, each in a thread of its own.
impl House {
    pub(super) async fn hears(&self, id: &str, who: &str, text: &str) -> ThreadRow {
        let at = self.clock.now();
        self.says(said(id, who, text, at)).await
    }

    /// The thread it came into, whichever shows it.
    async fn says(&self, item: Incoming) -> ThreadRow {
        let id = item.id.clone();
        self.tell(item);
        self.after(MINUTE).await;
        let said = kept::said_of(self.db(), &self.connection, &id).await;
        self.row(&said.unwrap().unwrap().thread).await
    }

    pub(super) async fn row(&self, id: &str) -> ThreadRow {
        kept::thread(self.db(), id).await.unwrap().unwrap()
    }

    async fn merge(&self, from: &str, into: &str) -> Result<Merged, Problem> {
        self.desk.merge_threads(&self.maren, from, into).await
    }

    async fn words(&self, id: &str) -> Vec<String> {
        let thread = self.desk.thread(&self.maren, id).await.unwrap();
        thread.said.into_iter().map(|s| s.body).collect()
    }

    async fn replies(&self, id: &str) -> Vec<(String, String)> {
        let thread = self.desk.thread(&self.maren, id).await.unwrap();
        let replies = thread.replies.into_iter();
        replies.map(|r| (r.thread, r.state)).collect()
    }

    /// Begins to write something at a thread.
    async fn writes(&self, who: &Actor, id: &str, text: &str) {
        let work = self.connect().work();
        let kept = work.keep_draft(who, &format!("/desk/{id}"), text).await;
        kept.unwrap();
    }

    /// What was sent, and what it answers.
    fn answers(&self) -> Vec<(String, String)> {
        let sent = self.fake.sent.lock().unwrap();
        let sent = sent.iter();
        sent.map(|(_, o)| (o.text.clone(), o.reply_to.clone().unwrap()))
            .collect()
    }
}

fn code<T: std::fmt::Debug>(done: Result<T, Problem>) -> String {
    done.unwrap_err().code
}

/// Says something in the thread of something else.
fn further(id: &str, of: &str, who: &str, text: &str, at: Micros) -> Incoming {
    Incoming {
        reply_to: Some(of.into()),
        ..said(id, who, text, at)
    }
}

#[test]
fn one_question_in_two_threads_is_one_in_the_queue_and_is_answered_where_it_is_said() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "Our meter drifts.").await;
        house.after(HOUR).await;
        let b = house.hears("b1", "Aino Saari", "It drifts, really.").await;
        let merged = house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!((&merged.into, merged.vouched), (&b.id, false));
        let one = house.only().await;
        assert_eq!(one.id, b.id);
        assert_eq!(one.waiting, a.waiting, "she waits since she asked first");
        assert_eq!(
            house.words(&a.id).await,
            ["Our meter drifts.", "It drifts, really."]
        );
        assert_eq!(kept::counts(house.db(), 0).await.unwrap().open, 1);
        let about = (
            one.process.as_deref().unwrap(),
            one.case_ref.as_deref().unwrap(),
        );
        let of_case = kept::threads_of_case(house.db(), about.0, about.1)
            .await
            .unwrap();
        assert_eq!(of_case.len(), 1);

        // To who wrote last, unless it is said otherwise.
        let desk = &house.desk;
        desk.reply(&house.maren, &b.id, "k1", "Zero it warm.")
            .await
            .unwrap();
        house.after(SECOND).await;
        assert_eq!(house.answers(), [("Zero it warm.".into(), "b1".into())]);
        assert_eq!(house.row(&b.id).await.state, ANSWERED);
        assert!(house.open_threads().await.is_empty());

        // What she says in the one that went in opens the one that shows both.
        let at = house.clock.now();
        let it = house
            .says(further("a2", "a1", "Aino Saari", "Still.", at))
            .await;
        assert_eq!((it.id, it.state.as_str()), (a.id.clone(), MERGED));
        assert_eq!(house.only().await.id, b.id);
        let page = desk.queue(&house.maren, Queue::Open, None).await.unwrap();
        assert_eq!(page[0].words, "Still.");
        house.after(MINUTE).await;
        let to = Some(b.id.as_str());
        desk.reply_to(&house.maren, &b.id, to, "k2", "Then send it in.")
            .await
            .unwrap();
        house.after(SECOND).await;
        assert_eq!(house.answers()[1], ("Then send it in.".into(), "b1".into()));
        assert!(
            house.open_threads().await.is_empty(),
            "one answer is for both"
        );
        let at = house.clock.now();
        house
            .says(further("a3", "a1", "Aino Saari", "Where to?", at))
            .await;
        let again = desk.reply(&house.maren, &b.id, "k3", "To Halden.").await;
        assert_eq!(again.unwrap(), Handed::Queued);
        house.after(SECOND).await;
        assert_eq!(house.answers()[2], ("To Halden.".into(), "a3".into()));
        // The address of the one that went in means it.
        house.after(HOUR).await;
        let at = house.clock.now();
        house
            .says(further("b2", "b1", "Aino Saari", "Thanks.", at))
            .await;
        desk.reply(&house.maren, &a.id, "k4", "Gladly.")
            .await
            .unwrap();
        house.after(SECOND).await;
        assert_eq!(house.answers()[3], ("Gladly.".into(), "a3".into()));
        let refused = desk
            .reply_to(&house.maren, &b.id, Some("thr_x"), "k5", "Hm.")
            .await;
        assert_eq!(code(refused), "split");
        let told = desk.merges_told(&b.id).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].by.as_str(), &told[0].other, &told[0].became),
            (house.maren.id(), &a.id, &Became::Joined)
        );
    });
}

#[test]
fn split_again_both_are_what_they_are_with_all_that_came_since() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "Our meter drifts.").await;
        let b = house.hears("b1", "Aino Saari", "It drifts, really.").await;
        house.merge(&a.id, &b.id).await.unwrap();
        let desk = &house.desk;
        house.after(MINUTE).await;
        desk.reply(&house.maren, &b.id, "k1", "Zero it warm.")
            .await
            .unwrap();
        house.after(MINUTE).await;
        let at = house.clock.now() + SECOND;
        house
            .says(further("b2", "b1", "Aino Saari", "Thanks!", at))
            .await;
        assert_eq!(house.only().await.waiting, Some(at));
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        let (a_now, b_now) = (house.row(&a.id).await, house.row(&b.id).await);
        assert_eq!(
            (a_now.state.as_str(), a_now.waiting),
            (OPEN, a.waiting),
            "nobody answered it there"
        );
        assert_eq!((b_now.state.as_str(), b_now.waiting), (OPEN, Some(at)));
        assert_eq!((a_now.contact, a_now.merged_into), (a.contact, None));
        assert_eq!(house.words(&a.id).await, ["Our meter drifts."]);
        assert_eq!(
            house.words(&b.id).await,
            ["It drifts, really.", "Zero it warm.", "Thanks!"]
        );
        assert_eq!(house.open_threads().await.len(), 2);
        assert_eq!(
            code(desk.split_thread(&house.maren, &a.id).await),
            "not_merged"
        );

        // What was answered before stays answered, unless she says something.
        desk.reply(&house.maren, &a.id, "k2", "Warm.")
            .await
            .unwrap();
        house.after(MINUTE).await;
        house.merge(&a.id, &b.id).await.unwrap();
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(house.row(&a.id).await.state, ANSWERED);
        assert_eq!(house.only().await.id, b.id);
        desk.set_closed(&house.maren, &a.id, true).await.unwrap();
        house.merge(&a.id, &b.id).await.unwrap();
        house.after(MINUTE).await;
        let at = house.clock.now();
        house
            .says(further("a2", "a1", "Aino Saari", "And now?", at))
            .await;
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        let a_now = house.row(&a.id).await;
        assert_eq!((a_now.state.as_str(), a_now.waiting), (OPEN, Some(at)));
        // What a person closed of both is closed for both.
        house.merge(&a.id, &b.id).await.unwrap();
        desk.set_closed(&house.maren, &b.id, true).await.unwrap();
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(house.row(&a.id).await.state, CLOSED);
        assert_eq!(house.row(&b.id).await.state, CLOSED);
    });
}

#[test]
fn two_who_merge_crosswise_at_once_make_one_thread() {
    on_both(|db| async move {
        let house = House::open(db).await;
        for n in 0..6 {
            let (a, b) = (format!("a{n}"), format!("b{n}"));
            let a = house.hears(&a, "Aino Saari", &format!("One {n}")).await;
            let b = house.hears(&b, "Aino Saari", &format!("Two {n}")).await;
            let (desk, kofi) = (&house.desk, &house.kofi);
            let (one, other) = join!(
                house.merge(&a.id, &b.id),
                desk.merge_threads(kofi, &b.id, &a.id)
            );
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
            let (won, lost) = if one.is_ok() {
                (one, other)
            } else {
                (other, one)
            };
            assert_eq!(code(lost), "one_already");
            let shown = won.unwrap().into;
            assert_eq!(house.only().await.id, shown);
            assert_eq!(
                house.words(&a.id).await,
                [format!("One {n}"), format!("Two {n}")]
            );
            desk.set_closed(kofi, &shown, true).await.unwrap();
        }
    });
}

#[test]
fn what_arrives_during_a_merge_opens_the_thread_that_shows_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        for n in 0..6 {
            let (first, next) = (format!("a{n}"), format!("c{n}"));
            let a = house.hears(&first, "Aino Saari", "One").await;
            let b = house.hears(&format!("b{n}"), "Aino Saari", "Two").await;
            for id in [&a.id, &b.id] {
                house.desk.set_closed(&house.maren, id, true).await.unwrap();
            }
            let at = house.clock.now();
            house.tell(further(&next, &first, "Aino Saari", "More", at));
            house.clock.set(at + MINUTE);
            let (merged, ()) = join!(house.merge(&a.id, &b.id), house.after(0));
            merged.unwrap();
            // A look steps back where somebody else has its row for a moment; the next one comes.
            house.after(0).await;
            let open = house.only().await;
            assert_eq!((&open.id, open.waiting), (&b.id, Some(at)));
            assert_eq!(house.words(&b.id).await, ["One", "Two", "More"]);
            house
                .desk
                .set_closed(&house.maren, &b.id, true)
                .await
                .unwrap();
        }
    });
}

#[test]
fn merged_on_all_are_one_and_each_is_split_with_what_it_brought() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let c = house.hears("c1", "Aino Saari", "C").await;
        house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!(code(house.merge(&a.id, &b.id).await), "one_already");
        assert_eq!(code(house.merge(&a.id, &c.id).await), "merged_already");
        house.merge(&b.id, &c.id).await.unwrap();
        assert_eq!(house.words(&a.id).await, ["A", "B", "C"]);
        assert_eq!(house.only().await.id, c.id);
        assert_eq!(
            code(house.merge(&c.id, &a.id).await),
            "one_already",
            "no circle"
        );
        // By the address of one that went in, it goes where that is shown.
        let d = house.hears("d1", "Aino Saari", "D").await;
        assert_eq!(house.merge(&d.id, &a.id).await.unwrap().into, c.id);
        assert_eq!(house.words(&c.id).await, ["A", "B", "C", "D"]);
        let desk = &house.desk;
        desk.split_thread(&house.maren, &b.id).await.unwrap();
        assert_eq!(house.words(&a.id).await, ["A", "B"]);
        assert_eq!(house.words(&c.id).await, ["C", "D"]);
        assert_eq!(house.open_threads().await.len(), 2);
        desk.split_thread(&house.maren, &d.id).await.unwrap();
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(house.open_threads().await.len(), 4);
    });
}

#[test]
fn what_must_not_be_one_is_refused_and_says_why() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let other = house.hears("r1", "Ruth Abiola", "R").await;
        let desk = &house.desk;
        let refused = house.merge(&a.id, &other.id).await.unwrap_err();
        assert_eq!(
            refused.what,
            "They are of two customers: Aino Saari and Ruth Abiola."
        );
        assert_eq!(house.merge(&a.id, &a.id).await.unwrap_err().status, 400);
        assert_eq!(house.merge(&a.id, "thr_x").await.unwrap_err().status, 404);
        let guest = desk.merge_threads(&house.guest, &a.id, &b.id).await;
        assert_eq!(guest.unwrap_err().status, 403);
        for held in [&a.id, &b.id] {
            desk.claim(&house.kofi, held).await.unwrap();
            let taken = house.merge(&a.id, &b.id).await.unwrap_err();
            assert_eq!(
                (taken.code.as_str(), taken.what.as_str()),
                ("merge_taken", "Kofi is replying to this customer.")
            );
            desk.give(&house.kofi, held, None).await.unwrap();
        }
        desk.set_held(&house.maren, &b.id, Some("noise"))
            .await
            .unwrap();
        assert_eq!(code(house.merge(&a.id, &b.id).await), "merge_held");
        assert_eq!(code(house.merge(&b.id, &a.id).await), "merge_held");
        desk.set_held(&house.maren, &b.id, None).await.unwrap();
        desk.set_case(&house.maren, &b.id, "deals", Some("Torv One"))
            .await
            .unwrap();
        assert_eq!(code(house.merge(&a.id, &b.id).await), "other_case");
        desk.set_case(&house.maren, &b.id, "deals", None)
            .await
            .unwrap();
        assert_eq!(code(house.merge(&a.id, &b.id).await), "other_way");
        house.merge(&b.id, &a.id).await.unwrap();
        // Whoever has it keeps others from splitting it, too.
        desk.claim(&house.kofi, &a.id).await.unwrap();
        assert_eq!(
            code(desk.split_thread(&house.maren, &b.id).await),
            "merge_taken"
        );
        let hold = desk.reply(&house.maren, &b.id, "k1", "Hello").await;
        assert_eq!(
            code(hold),
            "taken",
            "what went in is held by who has the whole"
        );
    });
}

#[test]
fn a_reply_on_its_way_arrives_once_whatever_is_merged_meanwhile() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let desk = &house.desk;
        // It arrives, and nobody tells us.
        house.fake.meets.lock().unwrap().push(Meets::Lost);
        desk.reply(&house.maren, &a.id, "k1", "Zero it.")
            .await
            .unwrap();
        house.after(0).await;
        assert_eq!(house.replies(&a.id).await, [(a.id.clone(), QUEUED.into())]);
        house.merge(&a.id, &b.id).await.unwrap();
        let second = desk.reply(&house.maren, &b.id, "k2", "Zero it warm.").await;
        assert_eq!(code(second), "under_way", "one at a time, wherever it goes");
        let again = desk.reply(&house.maren, &a.id, "k1", "Zero it.").await;
        assert_eq!(again.unwrap(), Handed::Queued, "the same once more");
        house.after(MINUTE).await;
        assert_eq!(house.answers(), [("Zero it.".into(), "a1".into())]);
        assert_eq!(house.replies(&b.id).await, [(a.id.clone(), SENT.into())]);
        assert!(house.open_threads().await.is_empty(), "it answered both");
        assert_eq!(house.row(&b.id).await.state, ANSWERED);

        // What failed before it was merged is there to be sent again, once and where it was meant to go.
        let at = house.clock.now();
        house
            .says(further("a2", "a1", "Aino Saari", "And?", at))
            .await;
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        let no = Fault::Refused("no".into());
        house.fake.meets.lock().unwrap().push(Meets::Fault(no));
        desk.reply(&house.maren, &a.id, "k3", "Wait.")
            .await
            .unwrap();
        house.after(SECOND).await;
        house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!(kept::counts(house.db(), 0).await.unwrap().failed, 1);
        let failed = desk.in_state(&house.maren, FAILED).await.unwrap().remove(0);
        let (one, other) = join!(
            desk.again(&house.maren, &failed.id, true),
            desk.again(&house.kofi, &failed.id, true)
        );
        assert!(one.is_ok() != other.is_ok());
        house.after(MINUTE).await;
        assert_eq!(house.answers()[1..], [("Wait.".into(), "a2".into())]);
        assert!(desk.again(&house.maren, &failed.id, false).await.is_err());
        assert!(!house.replies(&b.id).await.iter().any(|r| r.1 == WITHDRAWN));
    });
}

#[test]
fn drafts_notes_claims_and_sleep_of_both_are_kept() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let desk = &house.desk;
        house.writes(&house.maren, &a.id, "Of a").await;
        house.writes(&house.maren, &b.id, "Of b").await;
        house.writes(&house.kofi, &a.id, "Kofi's").await;
        desk.note(&house.kofi, &a.id, "She called, too.")
            .await
            .unwrap();
        let until = house.clock.now() + 24 * HOUR;
        desk.snooze(&house.maren, &b.id, Some(until)).await.unwrap();
        desk.claim(&house.maren, &a.id).await.unwrap();
        house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!(
            desk.draft(&house.maren, &b.id).await.unwrap(),
            "Of b\n\nOf a"
        );
        assert_eq!(desk.draft(&house.kofi, &b.id).await.unwrap(), "Kofi's");
        house.writes(&house.kofi, &a.id, "written on").await;
        assert_eq!(
            desk.draft(&house.kofi, &b.id).await.unwrap(),
            "Kofi's\n\nwritten on"
        );
        let shown = desk.thread(&house.maren, &b.id).await.unwrap();
        assert_eq!(shown.notes.len(), 1);
        assert_eq!(shown.row.claimed_by.as_deref(), Some(house.maren.id()));
        assert_eq!(shown.row.snoozed, None, "the other one does not sleep");
        assert_eq!(house.only().await.id, b.id);
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(house.row(&b.id).await.snoozed, Some(until), "it slept");
        assert_eq!(house.only().await.id, a.id);
        let shown = desk.thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(shown.notes.len(), 1);
    });
}

#[test]
fn who_is_two_customers_after_all_has_two_threads_and_erasing_one_leaves_the_other() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Ruth Abiola", "B").await;
        let (aino, ruth) = (a.contact.clone().unwrap(), b.contact.clone().unwrap());
        let desk = &house.desk;
        desk.merge(&house.maren, &ruth, &aino).await.unwrap();
        for id in [&a.id, &b.id] {
            let about = desk.set_case(&house.maren, id, "deals", Some("Torv One"));
            about.await.unwrap();
        }
        house.merge(&b.id, &a.id).await.unwrap();
        let hers = kept::threads_of_contact(house.db(), &aino).await.unwrap();
        assert_eq!(hers.len(), 1);
        desk.split(&house.maren, "fake", "id-Ruth Abiola")
            .await
            .unwrap();
        assert_eq!(house.row(&b.id).await.merged_into, None);
        assert_eq!(house.open_threads().await.len(), 2);
        let new = NewPerson {
            name: "Olive".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let row = house.connect().work().identity().add(new, "test").await;
        let olive = Actor::of(&row.unwrap(), Via::Token("test".into()), Scopes::all()).unwrap();
        desk.erase(&olive, &aino).await.unwrap();
        assert_eq!(house.only().await.id, b.id);

        // Merged, all of it is hers.
        let c = house.hears("c1", "Ruth Abiola", "C").await;
        let about = desk.set_case(&house.maren, &c.id, "deals", Some("Torv One"));
        about.await.unwrap();
        house.merge(&b.id, &c.id).await.unwrap();
        let ruth = house.row(&c.id).await.contact.unwrap();
        desk.erase(&olive, &ruth).await.unwrap();
        assert!(kept::thread(house.db(), &b.id).await.unwrap().is_none());
        assert!(house.open_threads().await.is_empty());
    });
}

#[test]
fn a_thread_nobody_is_known_to_have_written_counts_as_hers_until_it_is_split() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let hers = a.contact.clone().unwrap();
        // As mail comes that the sender's domain does not confirm.
        let forget = async |id: &str| {
            let mut tx = house.db().begin().await.unwrap();
            kept::forget_contact(&mut tx, id).await.unwrap();
            tx.commit().await.unwrap();
        };
        forget(&b.id).await;
        assert_eq!(code(house.merge(&a.id, &b.id).await), "other_way");
        let could = house
            .desk
            .could_be_one(&house.maren, &house.row(&b.id).await)
            .await;
        assert_eq!(could.unwrap()[0].id, a.id, "by the address it came under");
        assert!(house.merge(&b.id, &a.id).await.unwrap().vouched);
        assert_eq!(house.row(&b.id).await.contact, Some(hers.clone()));
        house
            .desk
            .set_objected(&house.maren, &hers, true, "by mail")
            .await
            .unwrap();
        let refused = house.desk.reply(&house.maren, &b.id, "k1", "Hello").await;
        assert_eq!(code(refused), "objected");
        house.desk.split_thread(&house.maren, &b.id).await.unwrap();
        assert_eq!(house.row(&b.id).await.contact, None);
        forget(&a.id).await;
        assert_eq!(code(house.merge(&b.id, &a.id).await), "nobody_known");
    });
}

#[test]
fn what_is_done_by_the_address_of_what_went_in_is_done_to_what_shows_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        house.merge(&a.id, &b.id).await.unwrap();
        let (desk, maren, id) = (&house.desk, &house.maren, a.id.as_str());
        let is_part = async || {
            let own = house.row(id).await;
            let of = (own.state.as_str(), own.merged_into.as_deref());
            assert_eq!(of, (MERGED, Some(b.id.as_str())));
            let claimed = (own.claimed_by, own.held, own.snoozed);
            assert_eq!(claimed, (None, None, None));
            house.row(&b.id).await
        };
        let now = house.clock.now();
        desk.claim(maren, id).await.unwrap();
        assert_eq!(is_part().await.claimed_by.as_deref(), Some(maren.id()));
        desk.give(maren, id, Some(house.kofi.id())).await.unwrap();
        assert_eq!(is_part().await.claimed_by.as_deref(), Some(house.kofi.id()));
        desk.take_over(maren, id).await.unwrap();
        desk.give(maren, id, None).await.unwrap();
        assert_eq!(is_part().await.claimed_by, None);
        desk.note(maren, id, "Careful").await.unwrap();
        is_part().await;
        assert_eq!(desk.thread(maren, &b.id).await.unwrap().notes.len(), 1);
        desk.snooze(maren, id, Some(now + HOUR)).await.unwrap();
        assert_eq!(is_part().await.snoozed, Some(now + HOUR));
        desk.set_closed(maren, id, true).await.unwrap();
        assert_eq!(is_part().await.state, CLOSED);
        desk.set_closed(maren, id, false).await.unwrap();
        assert_eq!(is_part().await.state, OPEN);
        for is_dismissed in [true, false] {
            let refused = desk.dismiss(maren, id, is_dismissed).await;
            assert_eq!(code(refused), "not_found_state");
        }
        assert_eq!(code(desk.into_queue(maren, id).await), "not_found_state");
        assert_eq!(is_part().await.state, OPEN);
        let about = desk.set_case(maren, id, "deals", Some("Torv One"));
        about.await.unwrap();
        assert_eq!(is_part().await.case_ref.as_deref(), Some("Torv One"));
        desk.set_held(maren, id, Some("noise")).await.unwrap();
        assert_eq!(is_part().await.state, HELD);
        desk.set_held(maren, id, None).await.unwrap();
        assert_eq!(is_part().await.state, OPEN);
        desk.reply(maren, id, "k1", "Hello").await.unwrap();
        house.after(MINUTE).await;
        assert_eq!(is_part().await.state, ANSWERED);
        assert_eq!(house.answers(), [("Hello".into(), "a1".into())]);
    });
}

#[test]
fn whoever_is_held_by_the_address_of_what_went_in_began_that_and_all_of_it_is_held() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Ruth Abiola", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let (desk, maren) = (&house.desk, &house.maren);
        let (ruth, aino) = (a.contact.clone().unwrap(), b.contact.clone().unwrap());
        desk.merge(maren, &ruth, &aino).await.unwrap();
        for id in [&a.id, &b.id] {
            let about = desk.set_case(maren, id, "deals", Some("Torv One"));
            about.await.unwrap();
        }
        house.merge(&a.id, &b.id).await.unwrap();
        for (mark, why) in [
            ("blocked", "this account is blocked here"),
            ("ours", "one of us"),
        ] {
            desk.mark_voice(maren, &a.id, Some(mark)).await.unwrap();
            let (own, shown) = (house.row(&a.id).await, house.row(&b.id).await);
            assert_eq!(own.state, MERGED);
            assert_eq!(
                (shown.state.as_str(), shown.held.as_deref()),
                (HELD, Some(why))
            );
            let voices = desk.voices(maren).await.unwrap();
            assert_eq!(voices.len(), 1);
            assert_eq!(
                (voices[0].author.as_str(), voices[0].mark.as_str()),
                ("id-Ruth Abiola", mark)
            );
        }
        desk.mark_voice(maren, &a.id, None).await.unwrap();
        assert!(desk.voices(maren).await.unwrap().is_empty());
        assert_eq!(house.row(&a.id).await.state, MERGED);
        assert_eq!(house.only().await.id, b.id);
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(house.open_threads().await.len(), 2);
    });
}

/// Threads of two accounts of one customer, about one case.
async fn of_two_accounts(house: &House, said: [(&str, &str); 3]) -> [ThreadRow; 3] {
    let mut threads = Vec::new();
    for (id, who) in said {
        threads.push(house.hears(id, who, id).await);
    }
    let contact = |who: &str| {
        let at = said.iter().position(|(_, w)| *w == who).unwrap();
        threads[at].contact.clone().unwrap()
    };
    let (aino, ruth) = (contact("Aino Saari"), contact("Ruth Abiola"));
    let merged = house.desk.merge(&house.maren, &ruth, &aino);
    merged.await.unwrap();
    for thread in &threads {
        let about = house
            .desk
            .set_case(&house.maren, &thread.id, "deals", Some("Torv One"));
        about.await.unwrap();
    }
    threads.try_into().unwrap()
}

#[test]
fn what_is_in_one_that_is_of_somebody_else_stays_with_its_own_customer() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let said = [
            ("a1", "Aino Saari"),
            ("b1", "Ruth Abiola"),
            ("c1", "Aino Saari"),
        ];
        let [a, b, c] = of_two_accounts(&house, said).await;
        house.merge(&a.id, &b.id).await.unwrap();
        house.merge(&b.id, &c.id).await.unwrap();
        let desk = &house.desk;
        desk.split(&house.maren, "fake", "id-Ruth Abiola")
            .await
            .unwrap();
        assert_eq!(house.words(&b.id).await, ["b1"]);
        assert_eq!(house.words(&c.id).await, ["a1", "c1"]);
        assert_eq!(house.row(&a.id).await.merged_into, Some(c.id.clone()));
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(house.open_threads().await.len(), 3);
        house.merge(&a.id, &c.id).await.unwrap();
    });
}

#[test]
fn what_is_in_what_became_of_somebody_else_comes_out_as_one() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let said = [
            ("a1", "Aino Saari"),
            ("b1", "Aino Saari"),
            ("c1", "Ruth Abiola"),
        ];
        let [a, b, c] = of_two_accounts(&house, said).await;
        house.merge(&a.id, &b.id).await.unwrap();
        house.merge(&b.id, &c.id).await.unwrap();
        let split = house.desk.split(&house.maren, "fake", "id-Ruth Abiola");
        split.await.unwrap();
        assert_eq!(house.words(&c.id).await, ["c1"]);
        assert_eq!(house.words(&b.id).await, ["a1", "b1"]);
    });
}

#[test]
fn who_becomes_one_with_somebody_else_leaves_others_what_they_began() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Per Torv", "A").await;
        let b = house.hears("b1", "Per Torv", "B").await;
        let ruth = house.hears("r1", "Ruth Abiola", "R").await;
        let aino = house.hears("s1", "Aino Saari", "S").await;
        house.merge(&a.id, &b.id).await.unwrap();
        let at = house.clock.now();
        house
            .says(further("a2", "a1", "Aino Saari", "So do I", at))
            .await;
        let hers = (aino.contact.unwrap(), ruth.contact.unwrap());
        let merged = house.desk.merge(&house.maren, &hers.0, &hers.1).await;
        merged.unwrap();
        assert_eq!(house.row(&aino.id).await.contact, Some(hers.1));
        let own = house.row(&a.id).await;
        assert_eq!((own.contact, own.merged_into), (a.contact, Some(b.id)));
    });
}

#[test]
fn a_reply_goes_where_the_customer_wrote_last_on_a_channel_that_is_connected() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let settings = Settings::of([("token", "good")]);
        let added = house
            .connect()
            .add_channel(&house.ines, "fake", "", &settings, Some("deals"))
            .await;
        let (other, _) = added.unwrap();
        house.after(MINUTE).await;
        let there = kept::said_of(house.db(), &other, "a1").await.unwrap();
        let there = there.unwrap().thread;
        house.merge(&there, &a.id).await.unwrap();
        store::testing::said_later(house.db(), &other).await;
        let (desk, maren) = (&house.desk, &house.maren);
        let goes_to = async || {
            let thread = desk.thread(maren, &a.id).await.unwrap();
            thread.part_of_newest().unwrap().row.id.clone()
        };
        assert_eq!(goes_to().await, there);
        house.connect().remove(&house.ines, &other).await.unwrap();
        assert_eq!(goes_to().await, a.id);
        desk.reply(maren, &a.id, "k1", "Hello").await.unwrap();
        let replies = house.replies(&a.id).await;
        assert_eq!(replies, [(a.id.clone(), QUEUED.into())]);
        house.after(MINUTE).await;
        assert_eq!(house.answers(), [("Hello".into(), "a1".into())]);
    });
}

#[test]
fn a_reply_that_is_handed_in_again_after_a_split_is_the_one_that_was_sent() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        house.merge(&b.id, &a.id).await.unwrap();
        let (desk, maren) = (&house.desk, &house.maren);
        let first = desk.reply(maren, &a.id, "k1", "Hello").await.unwrap();
        house.after(MINUTE).await;
        desk.split_thread(maren, &b.id).await.unwrap();
        for to in [None, Some(b.id.as_str())] {
            let again = desk.reply_to(maren, &a.id, to, "k1", "Hello").await;
            assert_eq!(again.unwrap(), first);
        }
        let other = desk.reply(maren, &a.id, "k1", "Goodbye").await;
        assert_eq!(code(other), "key_used");
        let c = house.hears("c1", "Aino Saari", "C").await;
        let other = desk.reply(maren, &c.id, "k1", "Hello").await;
        assert_eq!(code(other), "key_used", "it was for another thread");
        house.after(MINUTE).await;
        assert_eq!(house.answers(), [("Hello".into(), "b1".into())]);
    });
}

#[test]
fn what_was_begun_about_a_part_goes_with_it_and_notes_of_the_whole_are_told_of() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let (desk, maren, kofi) = (&house.desk, &house.maren, &house.kofi);
        let draft = async |who: &Actor, id: &str| desk.draft(who, id).await.unwrap();
        house.writes(maren, &a.id, "Of a").await;
        house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!(draft(maren, &b.id).await, "Of a");
        house.writes(&house.ines, &b.id, "Of both").await;
        // Whoever has it keeps his answer to what went in from being sent.
        desk.claim(maren, &b.id).await.unwrap();
        let refused = desk
            .reply_to(kofi, &b.id, Some(&a.id), "k1", "His, to a")
            .await;
        assert_eq!(code(refused), "taken");
        desk.note(kofi, &b.id, "She called.").await.unwrap();
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(draft(maren, &a.id).await, "Of a");
        assert_eq!(draft(maren, &b.id).await, "");
        assert_eq!(draft(kofi, &a.id).await, "His, to a");
        assert_eq!(draft(kofi, &b.id).await, "");
        assert_eq!(draft(&house.ines, &b.id).await, "Of both");
        assert_eq!(desk.thread(maren, &b.id).await.unwrap().notes.len(), 1);
        let told = desk.merges_told(&a.id).await.unwrap();
        let told: Vec<_> = told.iter().map(|t| (&t.other, &t.became)).collect();
        assert_eq!(told, [(&b.id, &Became::Apart { notes: 1 })]);
        let told = desk.merges_told(&b.id).await.unwrap();
        let told: Vec<_> = told.iter().map(|t| (&t.other, &t.became)).collect();
        assert_eq!(told, [(&a.id, &Became::Joined), (&a.id, &Became::Left)]);
    });
}

#[test]
fn what_was_begun_in_both_is_of_the_one_that_stays() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let (desk, maren) = (&house.desk, &house.maren);
        for (id, text) in [(&a.id, "Of a"), (&b.id, "Of b")] {
            house.writes(maren, id, text).await;
        }
        house.merge(&a.id, &b.id).await.unwrap();
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(desk.draft(maren, &a.id).await.unwrap(), "");
        assert_eq!(desk.draft(maren, &b.id).await.unwrap(), "Of b\n\nOf a");
    });
}

#[test]
fn what_somebody_set_of_the_whole_stands_for_both_and_without_that_each_is_as_it_was() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let (desk, maren) = (&house.desk, &house.maren);
        let states = async || {
            let (a, b) = (house.row(&a.id).await, house.row(&b.id).await);
            for one in [&a, &b] {
                assert_eq!(one.waiting.is_some(), one.state == OPEN, "{one:?}");
            }
            (a.state, b.state)
        };
        let both = |a: &str, b: &str| (a.to_string(), b.to_string());
        // Answered and closed: nobody says anything of the whole, which counts as closed.
        desk.reply(maren, &a.id, "k1", "Hello").await.unwrap();
        house.after(MINUTE).await;
        desk.set_closed(maren, &b.id, true).await.unwrap();
        house.after(MINUTE).await;
        house.merge(&a.id, &b.id).await.unwrap();
        assert_eq!(house.row(&b.id).await.state, CLOSED);
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(states().await, both(ANSWERED, CLOSED));

        // Opened again by hand, both are open, the one that was answered, too.
        house.after(MINUTE).await;
        house.merge(&a.id, &b.id).await.unwrap();
        for is_closed in [true, false] {
            house.after(MINUTE).await;
            desk.set_closed(maren, &b.id, is_closed).await.unwrap();
        }
        house.after(MINUTE).await;
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(states().await, both(OPEN, OPEN));

        // Closed by hand, only what she says after that opens the one she says it in.
        house.merge(&a.id, &b.id).await.unwrap();
        house.after(MINUTE).await;
        desk.set_closed(maren, &b.id, true).await.unwrap();
        house.after(MINUTE).await;
        let at = house.clock.now();
        house
            .says(further("a2", "a1", "Aino Saari", "And now?", at))
            .await;
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(states().await, both(OPEN, CLOSED));
        assert_eq!(house.row(&a.id).await.waiting, Some(at));

        // Opened by hand and answered in one since then, only the other waits.
        house.merge(&a.id, &b.id).await.unwrap();
        house.after(MINUTE).await;
        desk.set_closed(maren, &b.id, true).await.unwrap();
        house.after(MINUTE).await;
        desk.set_closed(maren, &b.id, false).await.unwrap();
        house.after(MINUTE).await;
        let to = Some(a.id.as_str());
        desk.reply_to(maren, &b.id, to, "k2", "Now.").await.unwrap();
        house.after(MINUTE).await;
        desk.split_thread(maren, &a.id).await.unwrap();
        assert_eq!(states().await, both(ANSWERED, OPEN));
    });
}

#[test]
fn what_was_found_is_told_by_what_shows_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Aino Saari", "B").await;
        let find = store::listen::FindRow {
            thread: a.id.clone(),
            process: a.process.clone().unwrap(),
            step: "Propose".into(),
            connection: house.connection.clone(),
            what: "tag".into(),
            words: "brewing".into(),
            at: a.created,
            author: "id-Aino Saari".into(),
            outcome: None,
            decided: None,
            decided_by: None,
        };
        let mut tx = house.db().begin().await.unwrap();
        store::listen::insert_find(&mut tx, &find).await.unwrap();
        tx.commit().await.unwrap();
        house.merge(&a.id, &b.id).await.unwrap();
        let desk = &house.desk;
        let told = [("#brewing".to_string(), "Propose".to_string())];
        assert_eq!(desk.found_by(&b.id).await.unwrap(), told);
        let about = desk.set_case(&house.maren, &b.id, "deals", Some("Torv One"));
        about.await.unwrap();
        let kinds = house.kinds().await;
        assert!(!kinds.is_empty());
        let all = events::after(house.db(), 0, 1000).await.unwrap();
        let matched = all.iter().filter(|e| e.kind == "listen.matched");
        assert_eq!(matched.count(), 1, "a find was matched");
        for what in [Queue::Found, Queue::Dismissed] {
            let page = desk.queue(&house.maren, what, None).await.unwrap();
            assert!(page.is_empty());
        }
        assert_eq!(kept::counts(house.db(), 0).await.unwrap().found, 0);
        desk.split_thread(&house.maren, &a.id).await.unwrap();
        assert_eq!(desk.found_by(&a.id).await.unwrap(), told);
        assert_eq!(desk.found_by(&b.id).await.unwrap(), []);
    });
}

#[test]
fn a_handle_takes_only_what_its_customer_began_under_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "A").await;
        let b = house.hears("b1", "Ruth Abiola", "B").await;
        let p = house.hears("p1", "Per Torv", "P").await;
        let at = house.clock.now();
        // She joins what others began.
        for (id, of) in [("r1", "a1"), ("r2", "p1")] {
            house
                .says(further(id, of, "Ruth Abiola", "Me, too.", at))
                .await;
        }
        let contact = |t: &ThreadRow| t.contact.clone().unwrap();
        let (aino, ruth, per) = (contact(&a), contact(&b), contact(&p));
        let (desk, maren) = (&house.desk, &house.maren);
        desk.merge(maren, &ruth, &aino).await.unwrap();
        let whose = async |id: &str| house.row(id).await.contact.unwrap();
        assert_eq!(whose(&p.id).await, per, "he began it");
        assert_eq!(whose(&b.id).await, aino);
        let own = desk.split(maren, "fake", "id-Ruth Abiola").await.unwrap();
        assert_eq!(whose(&b.id).await, own);
        assert_eq!(whose(&a.id).await, aino, "she began it");
        assert_eq!(whose(&p.id).await, per);

        // Of whom nobody is known to be, nobody becomes by that.
        let mut tx = house.db().begin().await.unwrap();
        kept::forget_contact(&mut tx, &b.id).await.unwrap();
        tx.commit().await.unwrap();
        desk.merge(maren, &own, &aino).await.unwrap();
        assert_eq!(house.row(&b.id).await.contact, None);
    });
}
