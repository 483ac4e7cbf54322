//! Webhooks that tell much at one moment.

use super::*;
use base::activity::Kind;
use base::problem::Problem;
use futures_util::future::join_all;
use store::arrivals::{self, ArrivalRow};

impl House {
    async fn is_told(&self, id: &str) -> Result<(), Problem> {
        let headers = [
            ("signature".to_string(), "right".to_string()),
            ("id".to_string(), id.to_string()),
        ];
        let delivery = Delivery {
            method: "POST",
            url: "https://tenon.example/x",
            headers: &headers,
            body: b"{}",
        };
        let told = self.connect().delivered(&self.hook, &delivery, "192.0.2.1");
        told.await.map(|_| ())
    }

    /// Tells all at one moment; each must be acknowledged.
    async fn are_told(&self, ids: &[String]) {
        let all = join_all(ids.iter().map(|id| self.is_told(id))).await;
        assert!(all.into_iter().all(|told| told.is_ok()));
    }
}

fn ids(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|i| format!("burst {i:03}")).collect()
}

/// Longer than a page of the queue.
async fn on_the_desk(house: &House) -> usize {
    store::desk::counts(house.db(), 0).await.unwrap().open as usize
}

#[test]
fn a_burst_is_kept_first_and_comes_to_the_desk_once_and_in_order() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.are_told(&ids(0, 200)).await;
        let (waiting, stuck) = arrivals::waiting(house.db()).await.unwrap();
        assert!(waiting > 1 && stuck == 0, "{waiting} {stuck}");
        let before = on_the_desk(&house).await;
        assert!(before < 200);
        // What comes now does not overtake them; what is told again is there once.
        house.are_told(&ids(150, 201)).await;
        assert_eq!(on_the_desk(&house).await, before);
        while house.connect().pass().await.unwrap() {}
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 0));
        assert_eq!(on_the_desk(&house).await, 201);
        // A few at one moment are there at once again.
        house.are_told(&ids(201, 202)).await;
        assert_eq!(on_the_desk(&house).await, 202);
        let events = store::events::after(house.db(), 0, 1_000).await.unwrap();
        let said = events
            .iter()
            .filter(|e| e.kind == Kind::CustomerSaid.word())
            .count();
        assert_eq!(said, 202);
    });
}

#[test]
fn what_cannot_be_read_keeps_nobody_waiting_and_is_not_lost() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let mut tx = house.db().begin().await.unwrap();
        let odd = ArrivalRow {
            id: "a".into(),
            at: MONDAY,
            told: "what is this".into(),
            attempts: 0,
            due: MONDAY,
            error: None,
        };
        arrivals::insert(&mut tx, &odd).await.unwrap();
        tx.commit().await.unwrap();
        house.are_told(&ids(0, 1)).await;
        while house.connect().pass().await.unwrap() {}
        assert_eq!(on_the_desk(&house).await, 1);
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 1));
        let later = house.clock.now() + HOUR;
        let put_off = arrivals::next(house.db(), later, 1)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((put_off.id.as_str(), put_off.attempts), ("a", 1));
        assert!(put_off.error.is_some());
    });
}

#[test]
fn what_a_channel_told_before_it_was_disconnected_is_let_go() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.are_told(&ids(0, 100)).await;
        let before = on_the_desk(&house).await;
        let connect = house.connect();
        connect
            .remove(&house.ines, &house.connection)
            .await
            .unwrap();
        while connect.pass().await.unwrap() {}
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 0));
        assert_eq!(on_the_desk(&house).await, before);
    });
}

#[test]
fn who_is_erased_is_taken_out_of_what_waits_too() {
    on_both(|db| async move {
        let house = House::open(db).await;
        // Names of one length are one customer's.
        house.are_told(&ids(0, 60)).await;
        let (waiting, _) = arrivals::waiting(house.db()).await.unwrap();
        assert!(waiting > 0);
        let thread = house.open_threads().await.remove(0);
        let contact = thread.contact.unwrap();
        let new = NewPerson {
            name: "Olive".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let row = house.connect().work().identity().add(new, "test").await;
        let owner = Actor::of(&row.unwrap(), Via::Token("test".into()), Scopes::all());
        house.desk.erase(&owner.unwrap(), &contact).await.unwrap();
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 0));
        while house.connect().pass().await.unwrap() {}
        assert_eq!(on_the_desk(&house).await, 0);
    });
}

/// Deliveries of one message each, as they are kept.
fn told(house: &House, items: &[Incoming]) -> String {
    let one = |item| serde_json::json!({ "connection": house.connection, "items": [item] });
    serde_json::Value::from(items.iter().map(one).collect::<Vec<_>>()).to_string()
}

async fn kept_as(house: &House, id: &str, told: String) {
    let row = ArrivalRow {
        id: id.into(),
        at: MONDAY,
        told,
        attempts: 0,
        due: MONDAY,
        error: None,
    };
    let mut tx = house.db().begin().await.unwrap();
    arrivals::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

fn taken_back(id: &str) -> Incoming {
    Incoming {
        what: What::Deleted,
        ..said(id, "Aino Saari", "", MONDAY)
    }
}

#[test]
fn what_is_taken_back_while_it_is_put_off_does_not_come_any_more() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let [one, other] = ["m1", "m2"].map(|id| said(id, "Aino Saari", "Secret", MONDAY));
        kept_as(&house, "a", told(&house, std::slice::from_ref(&one))).await;
        let both = serde_json::json!([{ "connection": house.connection, "items": [one, other] }]);
        kept_as(&house, "b", both.to_string()).await;
        let mut tx = house.db().begin().await.unwrap();
        let later = MONDAY + HOUR;
        for id in ["a", "b"] {
            let of = (id, Some(house.connection.as_str()));
            arrivals::put_off(&mut tx, of, later, "no room")
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        house.tell(taken_back("m1"));
        house.is_told("").await.unwrap();
        let mut tx = house.db().begin().await.unwrap();
        let left = arrivals::all(&mut tx).await.unwrap();
        drop(tx);
        assert_eq!(left.len(), 1, "nothing else was told in the first");
        assert!(!left[0].told.contains("m1"), "her words are gone at once");
        house.after(2 * HOUR).await;
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 0));
        let thread = house.only().await;
        let all = store::desk::said(house.db(), &thread.id, 9).await.unwrap();
        let ids: Vec<&str> = all.iter().map(|s| s.source.as_str()).collect();
        assert_eq!(ids, ["m2"]);
    });
}

#[test]
fn a_row_that_is_parted_still_comes_before_what_was_told_after_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        // PostgreSQL keeps no such id, so that the row fails there and is parted.
        let odd = said("odd\0", "Ruth Abiola", "Hello", MONDAY);
        let one = said("m1", "Aino Saari", "Secret", MONDAY);
        kept_as(&house, "a", told(&house, &[odd, one])).await;
        kept_as(&house, "b", told(&house, &[taken_back("m1")])).await;
        while house.connect().take_arrival().await.unwrap() {}
        let known = store::desk::said_of(house.db(), &house.connection, "m1").await;
        let known = known.unwrap().unwrap();
        assert!(known.deleted.is_some() && known.body.is_empty());
    });
}

#[test]
fn what_is_taken_back_by_the_poll_while_it_waits_in_a_burst_does_not_come_any_more() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let [one, other] = ["m1", "m2"].map(|id| said(id, "Aino Saari", "Secret", MONDAY));
        kept_as(&house, "a", told(&house, &[one, other])).await;
        // It is not its turn yet.
        store::testing::arrivals_later(house.db()).await;
        house.tell(taken_back("m1"));
        house.after(MINUTE).await;
        let mut tx = house.db().begin().await.unwrap();
        let left = arrivals::all(&mut tx).await.unwrap();
        drop(tx);
        assert_eq!(left.len(), 1);
        assert!(!left[0].told.contains("m1") && left[0].told.contains("m2"));
        house.after(2 * HOUR).await;
        let known = store::desk::said_of(house.db(), &house.connection, "m1").await;
        assert_eq!(known.unwrap(), None);
        house.only().await;
    });
}

#[test]
fn nothing_is_put_off_while_something_is_taken_back() {
    on_both(|db| async move {
        let house = House::open(db).await;
        kept_as(&house, "a", "what is this".into()).await;
        let mut tx = house.db().begin().await.unwrap();
        store::events::in_order(&mut tx).await.unwrap();
        let connect = house.connect().clone();
        let taking = tokio::spawn(async move { connect.take_arrival().await });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(!taking.is_finished());
        tx.commit().await.unwrap();
        assert!(taking.await.unwrap().unwrap());
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 1));
    });
}

/// What is kept of a message.
async fn known(house: &House, id: &str) -> Option<store::desk::SaidRow> {
    let known = store::desk::said_of(house.db(), &house.connection, id).await;
    known.unwrap()
}

#[test]
fn what_was_taken_back_before_it_came_comes_as_taken_back() {
    on_both(|db| async move {
        let house = House::open(db).await;
        house.tell(taken_back("m1"));
        house.after(MINUTE).await;
        // It begins nothing: nobody ever saw it.
        house.tell(said("m1", "Aino Saari", "Secret", MONDAY));
        house.after(MINUTE).await;
        assert_eq!(known(&house, "m1").await, None);
        assert_eq!(on_the_desk(&house).await, 0);
        assert_eq!(house.kinds().await, [""; 0]);

        // In what is there it is seen that something was.
        house.tell(said("m2", "Aino Saari", "Hello", MONDAY));
        house.tell(taken_back("m3"));
        house.after(MINUTE).await;
        let thread = house.only().await;
        let desk = &house.desk;
        desk.set_closed(&house.maren, &thread.id, true)
            .await
            .unwrap();
        let events = house.kinds().await.len();
        let late = Incoming {
            what: What::Edited,
            reply_to: Some("m2".into()),
            ..said("m3", "Aino Saari", "Secret", MONDAY + MINUTE)
        };
        house.tell(late);
        house.after(MINUTE).await;
        let kept = known(&house, "m3").await.unwrap();
        assert!(kept.deleted.is_some());
        assert_eq!((kept.body.as_str(), kept.raw.as_str()), ("", ""));
        assert_eq!(on_the_desk(&house).await, 0, "nobody waits");
        assert_eq!(house.kinds().await.len(), events, "nobody is told");

        // After a week nobody knows.
        house.tell(taken_back("m4"));
        house.after(MINUTE).await;
        house.after(8 * 24 * HOUR).await;
        house.tell(said("m4", "Aino Saari", "Again", MONDAY));
        house.after(MINUTE).await;
        assert_eq!(house.only().await.title, "Again");
    });
}

#[test]
fn what_is_edited_while_it_is_put_off_is_shown_once_as_edited() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let one = said("m1", "Aino Saari", "Frist", MONDAY);
        kept_as(&house, "a", told(&house, std::slice::from_ref(&one))).await;
        let mut tx = house.db().begin().await.unwrap();
        let of = ("a", Some(house.connection.as_str()));
        arrivals::put_off(&mut tx, of, MONDAY + HOUR, "no room")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let edited = |text: &str, at: Micros| Incoming {
            what: What::Edited,
            ..said("m1", "Aino Saari", text, at)
        };
        house.clock.set(MONDAY + 10 * MINUTE);
        house.tell(edited("First, and more", MONDAY + 2 * MINUTE));
        house.tell(edited("First", MONDAY + MINUTE));
        house.after(MINUTE).await;
        house.after(2 * HOUR).await;
        assert_eq!(arrivals::waiting(house.db()).await.unwrap(), (0, 0));
        let thread = house.only().await;
        let all = store::desk::said(house.db(), &thread.id, 9).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].body, "First, and more", "the newest words");
        assert_eq!(all[0].edited, Some(MONDAY + 2 * MINUTE));
        assert_eq!(all[0].at, MONDAY, "when she said it");
        assert_eq!((thread.created, thread.waiting), (MONDAY, Some(MONDAY)));
        assert_eq!(house.kinds().await, ["customer.said"]);
    });
}

#[test]
fn what_was_taken_back_unknown_is_trimmed_now_and_then() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let remembered = async || {
            let mut tx = house.db().begin().await.unwrap();
            let mut all = 0;
            for n in 0..60 {
                let of = (house.connection.as_str(), &*format!("m{n}"));
                let known = arrivals::taken_back(&mut tx, of, 0).await.unwrap();
                all += usize::from(known.is_some());
            }
            all
        };
        let tell = async |from: usize, to: usize| {
            for n in from..to {
                house.tell(taken_back(&format!("m{n}")));
                house.after(MINUTE).await;
            }
        };
        tell(0, 59).await;
        assert_eq!(remembered().await, 59);
        tell(59, 60).await;
        assert_eq!(remembered().await, 40);
    });
}
