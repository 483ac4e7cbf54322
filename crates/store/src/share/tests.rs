use super::*;
use crate::testing::on_both;
use crate::{connections, processes};

fn share(id: &str) -> ShareRow {
    ShareRow {
        id: id.into(),
        process: "p1".into(),
        step: "Propose".into(),
        improvement: "imp".into(),
        case_ref: None,
        conversation: None,
        person: "maren".into(),
        created: 5,
        changed: 5,
        body: "News".into(),
        republishes: String::new(),
        state: DRAFT.into(),
        reviewer: None,
        note: None,
        at: None,
        scheduled_by: None,
    }
}

fn on(share: &str, connection: &str) -> PublicationRow {
    PublicationRow {
        id: format!("{share}-{connection}"),
        connection: connection.into(),
        ..PublicationRow::default()
    }
}

async fn made(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let process = processes::ProcessRow {
        id: "p1".into(),
        slug: "p1".into(),
        name: "P".into(),
        created: 1,
        columns_file: None,
        cases: 0,
        events: 0,
        version: 1,
        revision: 0,
        team_column: None,
    };
    processes::insert(&mut tx, &process).await.unwrap();
    for id in ["c1", "c2"] {
        let row = connections::ConnectionRow {
            id: id.into(),
            kind: "mastodon".into(),
            what: connections::CHANNEL.into(),
            name: id.into(),
            created: 1,
            created_by: "ines".into(),
            sealed: String::new(),
            account: "{}".into(),
            state: connections::ON.into(),
            hook: None,
            pipeline: None,
            process: None,
            cursor: None,
            due: 1,
            synced: None,
            looked: None,
            taken: 0,
            expected: None,
            error: None,
            error_at: None,
            failures: 0,
        };
        connections::insert(&mut tx, &row).await.unwrap();
    }
    assert!(insert(&mut tx, &share("s1")).await.unwrap());
    assert!(!insert(&mut tx, &share("s1")).await.unwrap(), "once");
    choose(&mut tx, "s1", &[on("s1", "c1"), on("s1", "c2")])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn a_post_comes_back_with_its_channels_and_whose_words_it_has() {
    on_both(|db| async move {
        made(&db).await;
        let mut tx = db.begin().await.unwrap();
        let credit = CreditRow {
            share: "s1".into(),
            number: 0,
            whose: "Aino".into(),
            what: "words".into(),
            given_by: "Aino".into(),
            given_on: Some(0),
            given_how: "mail".into(),
        };
        put_credits(&mut tx, "s1", &[credit.clone(), credit.clone()])
            .await
            .unwrap();
        put_credits(&mut tx, "s1", std::slice::from_ref(&credit))
            .await
            .unwrap();
        choose(&mut tx, "s1", &[on("s1", "c2")]).await.unwrap();
        let changed = ShareRow {
            body: "Better".into(),
            state: REVIEW.into(),
            note: Some("n".into()),
            ..share("s1")
        };
        update(&mut tx, &changed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(find(&db, "s1").await.unwrap(), Some(changed.clone()));
        assert_eq!(credits(&db, "s1").await.unwrap(), [credit]);
        let chosen = publications(&db, "s1").await.unwrap();
        assert_eq!(chosen.len(), 1);
        assert_eq!(
            (chosen[0].connection.as_str(), chosen[0].state.as_str()),
            ("c2", CHOSEN)
        );
        let to_review = list(&db, View::ToReview, Some(("p1", "Propose")), 9).await;
        assert_eq!(to_review.unwrap(), [changed]);
        let elsewhere = list(&db, View::ToReview, Some(("p1", "Close")), 9).await;
        assert_eq!(elsewhere.unwrap(), []);
        let counts = counts(&db, None).await.unwrap();
        assert_eq!(counts, [(REVIEW.into(), 1), (FAILED.into(), 0)]);
    });
}

#[test]
fn what_is_due_is_let_go_once_and_each_channel_is_taken_by_one() {
    on_both(|db| async move {
        made(&db).await;
        let mut tx = db.begin().await.unwrap();
        let waits = ShareRow {
            state: SCHEDULED.into(),
            at: Some(100),
            ..share("s1")
        };
        update(&mut tx, &waits).await.unwrap();
        assert_eq!(release(&mut tx, 99).await.unwrap(), None, "not yet");
        assert!(claim(&mut tx, 99, 199).await.unwrap().is_none());
        assert_eq!(release(&mut tx, 100).await.unwrap().unwrap().id, "s1");
        assert_eq!(release(&mut tx, 100).await.unwrap(), None, "once");
        let first = claim(&mut tx, 100, 200).await.unwrap().unwrap();
        let second = claim(&mut tx, 100, 200).await.unwrap().unwrap();
        assert_ne!(first.id, second.id);
        assert!(
            claim(&mut tx, 100, 200).await.unwrap().is_none(),
            "each by one"
        );
        begin(&mut tx, &first.id, 101).await.unwrap();
        begin(&mut tx, &first.id, 102).await.unwrap();
        sent(&mut tx, &first.id, 103, ("out1", None), 110)
            .await
            .unwrap();
        unsent(&mut tx, &second.id, FAILED, 103, "no")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let failed = list(&db, View::Failed, None, 9).await.unwrap();
        assert_eq!(failed.len(), 1);
        let mut tx = db.begin().await.unwrap();
        let again = step_on(&mut tx, &second.id, (FAILED, QUEUED), 104).await;
        assert!(again.unwrap());
        let found = by_source(&mut tx, "c1", "out1").await.unwrap();
        let found = found
            .or(by_source(&mut tx, "c2", "out1").await.unwrap())
            .unwrap();
        assert_eq!((found.begun, found.state.as_str()), (Some(101), SENT));
        assert_eq!(by_source(&mut tx, "c1", "other").await.unwrap(), None);
    });
}

#[test]
fn what_came_of_it_is_kept_and_added_up_by_step() {
    on_both(|db| async move {
        made(&db).await;
        let mut tx = db.begin().await.unwrap();
        for (n, id) in ["s1-c1", "s1-c2"].into_iter().enumerate() {
            sent(&mut tx, id, 50, (&format!("out{n}"), None), 60)
                .await
                .unwrap();
        }
        assert_eq!(claim_echoes(&mut tx, 59, 90, 25).await.unwrap(), []);
        let due = claim_echoes(&mut tx, 60, 90, 25).await.unwrap();
        assert_eq!(due.len(), 1, "those of one connection");
        let told = Figures {
            likes: Some(3),
            views: None,
            ..Figures::default()
        };
        echoed(&mut tx, &due[0].id, 61, Some(200), &told)
            .await
            .unwrap();
        let more = Figures {
            likes: Some(4),
            reposts: Some(1),
            ..Figures::default()
        };
        let other = claim_echoes(&mut tx, 61, 90, 25).await.unwrap();
        echoed(&mut tx, &other[0].id, 61, None, &more)
            .await
            .unwrap();
        echoed(&mut tx, &other[0].id, 62, None, &Figures::default())
            .await
            .unwrap();
        not_echoed(&mut tx, &due[0].id, None, Some("no"))
            .await
            .unwrap();
        assert_eq!(claim_echoes(&mut tx, 900, 990, 25).await.unwrap(), []);
        tx.commit().await.unwrap();
        let sum = came_of(&db, ("p1", "Propose"), 0, 100).await.unwrap();
        let expected = CameOf {
            posts: 1,
            publications: 2,
            likes: 7,
            reposts: 1,
            ..CameOf::default()
        };
        assert_eq!(sum, expected, "what is not told again stays");
        let later = came_of(&db, ("p1", "Propose"), 51, 100).await.unwrap();
        assert_eq!(later, CameOf::default());
        assert_eq!(answers(&db, ("p1", "Propose"), 0, 100).await.unwrap(), 0);
    });
}

#[test]
fn whose_posts_nobody_reads_first_is_said_and_taken_back() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        for (person, is_free) in [
            ("maren", true),
            ("maren", true),
            ("kofi", true),
            ("kofi", false),
        ] {
            set_free(&mut tx, person, is_free, 1, "ines").await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(free_people(&db).await.unwrap(), ["maren"]);
    });
}
