//! A room in which colleagues talk about a case: its words are posts here, and posts here are told there.

use super::*;
use store::work;

impl House {
    async fn tie(&self) {
        let case = ("deals", "Saari Brewing");
        let tied = self.connect();
        let tied = tied.bridge(&self.ines, &self.connection, "!room", case);
        tied.await.unwrap();
    }

    /// Who said what on the case, oldest first.
    async fn posts(&self) -> Vec<(String, String)> {
        self.posts_of("Saari Brewing").await
    }

    async fn posts_of(&self, case: &str) -> Vec<(String, String)> {
        let work = self.connect().work();
        let room = work.room(&self.ines, "deals", case).await;
        let all = work::before(self.db(), &room.unwrap().id, i64::MAX, 100).await;
        let all = all.unwrap().into_iter().rev();
        all.map(|m| (m.author, m.body)).collect()
    }

    async fn tells_colleagues(&self, text: &str) {
        let work = self.connect().work();
        let room = work.room(&self.maren, "deals", "Saari Brewing").await;
        work.note(&self.maren, room.unwrap(), text, None)
            .await
            .unwrap();
    }
}

fn in_room(id: &str, who: &str, text: &str) -> Incoming {
    Incoming {
        thread: Some("!room".into()),
        seen: Seen::Direct,
        ..said(id, who, text, MONDAY)
    }
}

#[test]
fn what_is_said_in_an_internal_room_is_a_post_on_its_case_and_never_on_the_desk() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let (connect, id) = (house.connect(), house.connection.as_str());
        let nowhere = connect.bridge(&house.ines, id, "!other", ("deals", "Saari Brewing"));
        assert_eq!(
            nowhere.await.unwrap_err().status,
            404,
            "it is in no such room"
        );
        house.tie().await;
        let twice = connect.bridge(&house.ines, id, "!room", ("deals", "Kestrel Water"));
        assert_eq!(twice.await.unwrap_err().code, "has_one");
        let who = connect.set_who(&house.ines, id, ("id-Kofi", house.kofi.id()));
        who.await.unwrap();
        let all = events::after(house.db(), 0, 1000).await.unwrap();
        assert!(!all.iter().any(|e| e.payload.contains("id-Kofi")));
        let guest = connect.set_who(&house.ines, id, ("id-Gil", house.guest.id()));
        assert_eq!(guest.await.unwrap_err().status, 400);
        house.tell(in_room("r1", "Kofi", "It *drifts* <b>again</b>\n1. @ines"));
        house.tell(in_room("r1", "Kofi", "It *drifts* <b>again</b>\n1. @ines"));
        house.tell(in_room("r2", "Ada Far", "I saw it, too"));
        house.tell(Incoming {
            is_ours: true,
            ..in_room("r3", "Halden", "Maren: told from here")
        });
        house.tell(said("m1", "Per Torv", "A customer", MONDAY));
        house.after(0).await;
        assert_eq!(
            house.posts().await,
            [
                (
                    house.kofi.id().to_string(),
                    "It \\*drifts\\* \\<b\\>again\\</b\\>  \n1\\. @ines".to_string()
                ),
                ("Ada Far in Fake".into(), "I saw it, too".into())
            ]
        );
        let told = crate::work::markdown::html(&house.posts().await[0].1, &Default::default());
        assert!(
            told.contains("It *drifts* &lt;b&gt;again&lt;/b&gt;"),
            "{told}"
        );
        assert_eq!(house.only().await.title, "A customer");
        house.tell(Incoming {
            what: What::Edited,
            ..in_room("r2", "Ada Far", "I saw it twice")
        });
        house.tell(Incoming {
            thread: Some("!room".into()),
            ..Incoming::deleted("r1", MONDAY)
        });
        house.after(MINUTE).await;
        let posts = house.posts().await;
        assert_eq!(
            (posts[0].1.as_str(), posts[1].1.as_str()),
            ("", "I saw it twice")
        );
        assert!(house.texts().is_empty(), "nothing is told back");
        connect.unbridge(&house.ines, id, "!room").await.unwrap();
        house.tell(in_room("r4", "Ada Far", "Hello?"));
        house.after(MINUTE).await;
        assert_eq!(
            house.open_threads().await.len(),
            2,
            "a customer's from then on"
        );
        // Who writes there would read what colleagues write.
        let tied = connect.bridge(&house.ines, id, "!room", ("deals", "Torv One"));
        assert_eq!(tied.await.unwrap_err().code, "has_customers");
    });
}

#[test]
fn what_was_said_on_one_case_is_neither_anothers_nor_a_customers_afterwards() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let (connect, id) = (house.connect(), house.connection.as_str());
        house.tie().await;
        house.tell(in_room("r1", "Ada Far", "Secret of the first"));
        house.after(MINUTE).await;
        connect.unbridge(&house.ines, id, "!room").await.unwrap();
        let other = connect.bridge(&house.ines, id, "!room", ("deals", "Kestrel Water"));
        other.await.unwrap();
        let edited = |text: &str| Incoming {
            what: What::Edited,
            ..in_room("r1", "Ada Far", text)
        };
        house.tell(edited("Secret, changed"));
        house.tell(in_room("r1", "Ada Far", "Secret of the first"));
        house.tell(in_room("r2", "Ada Far", "Of the second"));
        house.tell(said("m1", "Per Torv", "A customer", MONDAY));
        house.after(HOUR).await;
        let ada = "Ada Far in Fake".to_string();
        let first = [(ada.clone(), "Secret of the first".to_string())];
        assert_eq!(house.posts().await, first);
        let second = [(ada, "Of the second".to_string())];
        assert_eq!(house.posts_of("Kestrel Water").await, second);
        assert_eq!(house.only().await.title, "A customer", "nothing is held up");
        connect.unbridge(&house.ines, id, "!room").await.unwrap();
        house.tell(edited("Secret, changed again"));
        house.after(HOUR).await;
        assert_eq!(house.only().await.title, "A customer");
    });
}

#[test]
fn who_became_a_guest_does_not_speak_as_herself_and_a_channel_that_is_removed_ties_no_case() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let (connect, id) = (house.connect(), house.connection.as_str());
        house.tie().await;
        let who = connect.set_who(&house.ines, id, ("id-Kofi", house.kofi.id()));
        who.await.unwrap();
        let mut tx = house.db().begin().await.unwrap();
        let kofi = store::people::find_in(&mut tx, house.kofi.id()).await;
        let kofi = store::people::PersonRow {
            role: "guest".into(),
            ..kofi.unwrap().unwrap()
        };
        store::people::update(&mut tx, &kofi).await.unwrap();
        tx.commit().await.unwrap();
        house.tell(in_room("r1", "Kofi", "Hello"));
        house.after(0).await;
        let posts = [("Kofi in Fake".to_string(), "Hello".to_string())];
        assert_eq!(house.posts().await, posts);
        connect.remove(&house.ines, id).await.unwrap();
        let left = store::internal_rooms::list(house.db(), id).await.unwrap();
        assert_eq!(left, []);
    });
}

#[test]
fn what_is_written_on_the_case_is_told_in_the_room_once() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tells_colleagues("Before it was tied").await;
        house.tie().await;
        house.tells_colleagues("Who looks at the *meter*?").await;
        let wait = Fault::Wait {
            until: MONDAY + HOUR,
            said: "slow down".into(),
        };
        *house.fake.meets.lock().unwrap() = vec![Meets::Lost, Meets::Fault(wait)];
        house.after(0).await;
        house.after(30 * MINUTE).await;
        assert!(house.texts().is_empty(), "it asked to wait");
        let (_, sends_from) = house.connect().sending(&house.connection).await.unwrap();
        assert_eq!(sends_from, MONDAY + HOUR, "and replies wait, too");
        let (rooms, _) = house.connect().inside(&house.connection).await.unwrap();
        assert_eq!(
            rooms[0].error.as_deref(),
            Some("Fake: asked too often: slow down.")
        );
        house.after(30 * MINUTE).await;
        house.tells_colleagues("And who writes to her?").await;
        house.after(HOUR).await;
        assert_eq!(
            house.texts(),
            [
                "Maren: Who looks at the *meter*?",
                "Maren: And who writes to her?"
            ],
            "its answer was lost, and it is there once"
        );
        let out = house.fake.sent.lock().unwrap()[0].1.clone();
        assert_eq!(out.thread.as_deref(), Some("!room"));
        // They come back as what our account said.
        house.tell(Incoming {
            is_ours: true,
            ..in_room("out0", "Halden", "Maren: Who looks at the *meter*?")
        });
        house.tell(in_room("r1", "Ada Far", "I do"));
        house.after(HOUR).await;
        assert_eq!(house.posts().await.len(), 4);
        assert_eq!(
            house.texts().len(),
            2,
            "what came from there is not told there"
        );
        assert!(house.open_threads().await.is_empty());
        let mut tx = house.db().begin().await.unwrap();
        let process = rooms[0].process.as_str();
        store::erase::case(&mut tx, process, "Saari Brewing")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        house.tell(in_room("r2", "Ada Far", "Still here"));
        house.after(HOUR).await;
        assert!(
            house.open_threads().await.is_empty(),
            "nor on the desk then"
        );
    });
}
