//! Who signs a reply, and how long a service that asks to wait is left alone.

use super::*;

impl House {
    async fn signs(&self, how: &str, own: &str) {
        let set = self
            .connect()
            .set_signature(&self.ines, &self.connection, (how, own));
        set.await.unwrap();
    }

    /// A customer says something new; the thread.
    async fn asked(&self, id: &str, who: &str) -> String {
        self.tell(said(id, who, &format!("{id}: hello?"), self.clock.now()));
        self.after(MINUTE).await;
        let all = self.open_threads().await;
        let one = all.iter().find(|t| t.title.starts_with(id));
        one.unwrap().id.clone()
    }

    async fn reply_of(&self, thread: &str) -> kept::ReplyRow {
        let thread = self.desk.thread(&self.maren, thread).await.unwrap();
        thread.replies[0].clone()
    }
}

#[test]
fn a_reply_is_signed_by_who_wrote_it_as_the_channel_is_set() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let ways = [
            ("first", "", "Good morning. – Maren"),
            (
                "own",
                "– {name} ({first}), Halden",
                "Good morning. – Maren (Maren), Halden",
            ),
            ("none", "", "Good morning."),
            ("full", "", "Good morning. – Maren"),
        ];
        for (n, (how, own, expected)) in ways.into_iter().enumerate() {
            house.signs(how, own).await;
            let id = house.asked(&format!("m{n}"), &format!("Nr {n}")).await;
            let (desk, key) = (&house.desk, format!("k{n}"));
            let handed = desk.reply(&house.maren, &id, &key, "Good morning.").await;
            handed.unwrap();
            house.after(0).await;
            assert_eq!(house.texts().last().unwrap(), expected, "{how}");
            let thread = desk.thread(&house.maren, &id).await.unwrap();
            assert_eq!(
                thread.said[1].body, expected,
                "what is shown is what went out"
            );
            assert_eq!(thread.replies[0].body, "Good morning.");
        }
        house.signs("first", "").await;
        let id = house.asked("m9", "Nr 9").await;
        let handed = house
            .desk
            .reply(&house.maren, &id, "k9", "Yes. – Maren")
            .await;
        handed.unwrap();
        house.after(0).await;
        assert_eq!(house.texts().last().unwrap(), "Yes. – Maren", "not twice");
        for (how, own) in [("own", " "), ("own", "a\nb"), ("loud", "x")] {
            let set = house.connect();
            let set = set.set_signature(&house.ines, &house.connection, (how, own));
            assert_eq!(set.await.unwrap_err().status, 400, "{how} {own}");
        }
    });
}

#[test]
fn a_signature_counts_and_in_a_mail_it_has_a_line_of_its_own() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.signs("first", "").await;
        let id = house.asked("m1", "Aino Saari").await;
        let mut part = house.desk.part(&id).await.unwrap();
        assert_eq!(part.room("Maren"), 500 - " – Maren".chars().count());
        assert_eq!(part.sign("Maren van der Berg"), "– Maren");
        let long = "x".repeat(493);
        let refused = house.desk.reply(&house.maren, &id, "k1", &long).await;
        let told = refused.unwrap_err().what;
        assert_eq!(
            told,
            "The reply has 501 characters with its signature; the channel takes 500."
        );
        let handed = house.desk.reply(&house.maren, &id, "k1", &long[1..]).await;
        handed.unwrap();
        part.connection.kind = "mail".into();
        assert_eq!(part.signed("Maren", "Yes."), "\n\n– Maren");
        part.signature = Some("– {name}, Halden".into());
        assert_eq!(
            part.signed("Maren Lund", "Yes."),
            "\n\n– Maren Lund, Halden"
        );
    });
}

#[test]
fn each_attempt_sends_what_was_signed_when_it_was_queued_and_a_draft_is_her_own_who_wrote_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.signs("first", "").await;
        let id = house.asked("m1", "Aino Saari").await;
        *house.fake.meets.lock().unwrap() =
            vec![Meets::Lost, Meets::Fault(Fault::Unreached("no way".into()))];
        let handed = house.desk.reply(&house.maren, &id, "k1", "Good morning.");
        handed.await.unwrap();
        house.after(0).await;
        house.signs("none", "").await;
        // Not reached, then sent with the answer lost, then found as it was sent.
        house.after(HOUR).await;
        house.after(HOUR).await;
        assert_eq!(house.texts(), ["Good morning. – Maren"]);
        assert_eq!(house.reply_of(&id).await.state, SENT);
        house.signs("first", "").await;
        let reviewed = DeskPersonRow {
            person: house.kofi.id().into(),
            is_reviewed: 1,
            topics: String::new(),
        };
        let mut tx = house.db().begin().await.unwrap();
        kept::put_desk_person(&mut tx, &reviewed).await.unwrap();
        tx.commit().await.unwrap();
        let id = house.asked("m2", "Per Torv").await;
        let handed = house
            .desk
            .reply(&house.kofi, &id, "k2", "I think so.")
            .await;
        assert_eq!(handed.unwrap(), Handed::ToReview);
        house.signs("own", "Yours, {first}").await;
        let draft = house.reply_of(&id).await.id;
        let approved = house.desk.approve(&house.maren, &draft, Some("Yes."));
        approved.await.unwrap();
        house.after(0).await;
        assert_eq!(house.texts()[1], "Yes. Yours, Kofi");
    });
}

#[test]
fn a_service_that_asks_to_wait_is_sent_nothing_until_then_by_whichever_reply() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.signs("first", "").await;
        let one = house.asked("m1", "Aino Saari").await;
        let two = house.asked("m2", "Per Torv").await;
        let wait = Fault::Wait {
            until: MONDAY + HOUR,
            said: "slow down".into(),
        };
        *house.fake.meets.lock().unwrap() = vec![Meets::Fault(wait)];
        let (desk, maren) = (&house.desk, &house.maren);
        desk.reply(maren, &one, "k1", "One.").await.unwrap();
        desk.reply(maren, &two, "k2", "Two.").await.unwrap();
        house.after(0).await;
        house.after(57 * MINUTE).await;
        // A server that starts anew waits, too.
        let mut tx = house.db().begin().await.unwrap();
        connections::release(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        house.after(0).await;
        assert_eq!(house.texts(), [] as [&str; 0]);
        let waiting = desk.thread(maren, &two).await.unwrap();
        assert_eq!(waiting.parts[0].sends_from, MONDAY + HOUR);
        assert_eq!(waiting.replies[0].attempts, 0);
        assert_eq!(house.reply_of(&one).await.attempts, 0, "it was no attempt");
        house.after(MINUTE).await;
        assert_eq!(house.texts(), ["One. – Maren", "Two. – Maren"]);
    });
}
