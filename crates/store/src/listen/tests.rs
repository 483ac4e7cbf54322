//! On both engines.

use super::*;
use crate::testing::{channel, on_both};

async fn house(db: &Db) -> Tx {
    let mut tx = db.begin().await.unwrap();
    channel(&mut tx, "c1").await;
    query(
        "INSERT INTO threads (id, connection, topic, title, seen, reason, sure, state, created, last) \
         VALUES ('t1', 'c1', 'a', 'A', 'public', '', 0, 'found', 1, 1), ('t2', 'c1', 'b', 'B', 'public', '', 0, 'found', 2, 2)",
    )
    .execute(&mut tx)
    .await
    .unwrap();
    tx
}

fn find(thread: &str, step: &str, author: &str, at: Micros) -> FindRow {
    FindRow {
        thread: thread.into(),
        process: "p1".into(),
        step: step.into(),
        connection: "c1".into(),
        what: "tag".into(),
        words: "brewing".into(),
        at,
        author: author.into(),
        outcome: None,
        decided: None,
        decided_by: None,
    }
}

#[test]
fn what_was_found_is_counted_by_week_with_what_became_of_it() {
    on_both(|db| async move {
        const WEEK: Micros = 604_800_000_000;
        let mut tx = house(&db).await;
        for row in [
            find("t1", "Trust", "ada", 10),
            find("t1", "Trust", "ada", 10),
            find("t2", "Trust", "bob", WEEK + 1),
            find("t2", "Propose", "bob", WEEK + 1),
        ] {
            insert_find(&mut tx, &row).await.unwrap();
        }
        query(
            "UPDATE threads SET state = 'dismissed', case_ref = 'x', replied = 5 WHERE id = 't2'",
        )
        .execute(&mut tx)
        .await
        .unwrap();
        decide(&mut tx, "t2", Some(DISMISSED), "ines", 7)
            .await
            .unwrap();
        assert!(is_find(&mut tx, "t1").await.unwrap());
        tx.commit().await.unwrap();
        let first = BroughtRow {
            week: 0,
            found: 1,
            ..BroughtRow::default()
        };
        let second = BroughtRow {
            week: 1,
            found: 1,
            matched: 1,
            answered: 1,
            noise: 1,
        };
        assert_eq!(
            brought(&db, "p1", "Trust", 0).await.unwrap(),
            [first, second]
        );
        let rows = finds_of_thread(&db, "t2").await.unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|r| r.decided_by.as_deref() == Some("ines")));
    });
}

#[test]
fn the_same_text_of_others_is_counted_and_forgotten_after_a_while() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        for (author, at, others) in [("a", 1, 0), ("b", 2, 1), ("b", 3, 1), ("c", 4, 2)] {
            let heard = hear(&mut tx, "same", ("c1", author), at, 0).await.unwrap();
            assert_eq!(heard, others, "{author} at {at}");
        }
        let later = hear(&mut tx, "same", ("c1", "d"), 100, 4).await.unwrap();
        assert_eq!(later, 1, "what is older is forgotten");
    });
}

#[test]
fn a_crowd_on_a_tag_is_counted_by_account_and_moved_together() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        insert_find(&mut tx, &find("t1", "Trust", "ada", 50))
            .await
            .unwrap();
        insert_find(&mut tx, &find("t2", "Trust", "bob", 150))
            .await
            .unwrap();
        let of = ("c1", "brewing");
        assert_eq!(crowd(&mut tx, of, "cleo", (100, 0)).await.unwrap(), (1, 1));
        assert_eq!(crowd(&mut tx, of, "bob", (0, 0)).await.unwrap(), (1, 0));
        let held = ("held", Some("pile-on on #brewing"));
        let moved = move_pile_on(&mut tx, of, 100, ("found", None), held)
            .await
            .unwrap();
        assert_eq!(moved, 1);
        let back = move_pile_on(&mut tx, of, 0, held, ("found", None))
            .await
            .unwrap();
        assert_eq!(back, 1);
        let row = PileOnRow {
            id: "p".into(),
            connection: "c1".into(),
            words: "brewing".into(),
            began: 100,
            last: 150,
            authors: 2,
            state: "held".into(),
            decided_by: None,
        };
        insert_pile_on(&mut tx, &row).await.unwrap();
        pile_on_grew(&mut tx, "p", 160, 3).await.unwrap();
        let found = pile_on_under_way(&mut tx, "c1", "brewing", 160)
            .await
            .unwrap();
        assert_eq!(found.map(|p| p.authors), Some(3));
        let over = pile_on_under_way(&mut tx, "c1", "brewing", 161)
            .await
            .unwrap();
        assert_eq!(over, None);
        decide_pile_on(&mut tx, "p", LET_IN, Some("ines"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let all = pile_ons(&db, 0).await.unwrap();
        assert_eq!((all.len(), all[0].state.as_str()), (1, LET_IN));
    });
}

#[test]
fn a_voice_has_one_mark_on_a_channel_and_loses_it_again() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        for mark in [ALLOWED, BLOCKED] {
            let row = VoiceRow {
                connection: "c1".into(),
                author: "ada".into(),
                mark: mark.into(),
                handle: "@ada".into(),
                at: 1,
                by_person: "ines".into(),
            };
            put_voice(&mut tx, &row).await.unwrap();
        }
        let found = voice_in(&mut tx, "c1", "ada").await.unwrap();
        assert_eq!(found.map(|v| v.mark).as_deref(), Some(BLOCKED));
        assert!(remove_voice(&mut tx, "c1", "ada").await.unwrap());
        assert!(!remove_voice(&mut tx, "c1", "ada").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(voices(&db, 10).await.unwrap(), []);
    });
}
