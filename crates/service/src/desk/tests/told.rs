//! What is for a colleague to look at is told to her, once, and what sleeps is found.

use super::*;

impl House {
    /// What somebody was told of and has not seen: kind and thread.
    pub(super) async fn told(&self, who: &Actor) -> Vec<(String, String)> {
        let all = store::work::notifications(self.db(), who.id(), true, i64::MAX, 20);
        let all = all.await.unwrap().into_iter();
        all.map(|n| (n.kind, n.conversation.unwrap_or_default()))
            .collect()
    }
}

#[test]
fn who_is_handed_a_thread_or_gets_a_reply_back_is_told() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        let of = |kind: &str| vec![(kind.to_string(), id.clone())];
        let kofi = Some(house.kofi.id());
        house.desk.claim(&house.maren, &id).await.unwrap();
        house.desk.give(&house.maren, &id, kofi).await.unwrap();
        assert_eq!(house.told(&house.kofi).await, of("desk_given"));
        // Who takes it herself knows, and so does who gives it back.
        let kofi_himself = house.desk.give(&house.kofi, &id, kofi);
        kofi_himself.await.unwrap();
        house.desk.give(&house.kofi, &id, None).await.unwrap();
        assert_eq!(house.told(&house.kofi).await, of("desk_given"));
        assert!(house.told(&house.maren).await.is_empty());
        let row = DeskPersonRow {
            person: house.maren.id().into(),
            is_reviewed: 1,
            topics: String::new(),
        };
        house.desk.set_person(&house.ines, &row).await.unwrap();
        let handed = house
            .desk
            .reply(&house.maren, &id, "k", "It will not drift.");
        assert_eq!(handed.await.unwrap(), Handed::ToReview);
        assert_eq!(house.told(&house.ines).await, of("desk_review"));
        let waiting = house.desk.in_state(&house.kofi, REVIEW).await.unwrap();
        let back = house
            .desk
            .send_back(&house.kofi, &waiting[0].id, "Do not promise.");
        back.await.unwrap();
        assert_eq!(house.told(&house.maren).await, of("desk_returned"));
        let work = house.connect().work();
        work.mark_read(&house.maren, &id, i64::MAX).await.unwrap();
        assert!(house.told(&house.maren).await.is_empty());
    });
}

#[test]
fn what_sleeps_is_in_a_view_of_its_own_until_it_wakes() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        let until = house.clock.now() + HOUR;
        let asleep = house.desk.snooze(&house.maren, &id, Some(until));
        asleep.await.unwrap();
        let asleep = || house.desk.queue(&house.maren, Queue::Snoozed, None);
        assert_eq!(asleep().await.unwrap()[0].thread.id, id);
        assert!(house.open_threads().await.is_empty());
        house.after(2 * HOUR).await;
        assert!(asleep().await.unwrap().is_empty());
        assert_eq!(house.only().await.id, id);
    });
}

#[test]
fn what_was_written_is_kept_whatever_stands_in_the_way() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(said("m1", "Aino Saari", "Hello?", MONDAY));
        house.after(0).await;
        let id = house.only().await.id;
        let (desk, maren) = (&house.desk, &house.maren);
        desk.set_held(maren, &id, Some("noise")).await.unwrap();
        let held = desk.reply(maren, &id, "k", "Good morning.").await;
        assert_eq!(held.unwrap_err().code, "held");
        assert_eq!(desk.draft(maren, &id).await.unwrap(), "Good morning.");
        desk.set_held(maren, &id, None).await.unwrap();
        desk.reply(maren, &id, "k", "Good morning.").await.unwrap();
        assert_eq!(desk.draft(maren, &id).await.unwrap(), "");
        let other = desk.reply(maren, &id, "k", "Good evening.").await;
        assert_eq!(other.unwrap_err().code, "key_used");
        assert_eq!(desk.draft(maren, &id).await.unwrap(), "Good evening.");
    });
}

#[test]
fn what_was_told_of_a_thread_leads_to_what_shows_it_and_goes_with_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "Our meter drifts.").await;
        let b = house.hears("b1", "Aino Saari", "It drifts, really.").await;
        let (desk, kofi) = (&house.desk, &house.kofi);
        desk.claim(&house.maren, &a.id).await.unwrap();
        let given = desk.give(&house.maren, &a.id, Some(kofi.id()));
        given.await.unwrap();
        let of = |id: &str| vec![("desk_given".to_string(), id.to_string())];
        desk.merge_threads(kofi, &a.id, &b.id).await.unwrap();
        assert_eq!(house.told(kofi).await, of(&b.id));
        desk.split_thread(kofi, &a.id).await.unwrap();
        assert_eq!(house.told(kofi).await, of(&a.id));
        desk.merge_threads(kofi, &a.id, &b.id).await.unwrap();
        let mut tx = house.db().begin().await.unwrap();
        let contact = a.contact.unwrap();
        store::erase::contact(&mut tx, &contact).await.unwrap();
        tx.commit().await.unwrap();
        assert!(house.told(kofi).await.is_empty());
    });
}
