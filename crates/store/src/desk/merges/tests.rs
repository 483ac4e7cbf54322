//! On both engines.

use super::*;
use crate::desk::*;
use crate::testing::{channel, customer, on_both};
use crate::work::{
    draft, draft_about, keep_draft, move_drafts, move_drafts_about, set_draft_about,
};
use crate::{erase, listen, share, uses};

/// Three threads of a process, two of them about one case: begun at 10, 20 and 30, the second answered at 25.
async fn house(db: &Db) -> Tx {
    let mut tx = db.begin().await.unwrap();
    channel(&mut tx, "c1").await;
    customer(&mut tx, "k1", "Aino").await;
    run(
        &mut tx,
        "INSERT INTO threads (id, connection, topic, contact, title, seen, process, case_ref, step, team, reason, sure, state, created, waiting, replied, last) VALUES \
         ('t1', 'c1', 'a', 'k1', 'A', 'public', 'p', 'x', 's', 'n', '', 0, 'open', 10, 10, NULL, 10), \
         ('t2', 'c1', 'b', 'k1', 'B', 'public', 'p', 'x', 's', 'n', '', 0, 'answered', 20, NULL, 25, 25), \
         ('t3', 'c1', 'c', 'k1', 'C', 'public', 'p', NULL, 's', 'n', '', 0, 'open', 30, 30, NULL, 30)",
    )
    .await;
    for (source, thread, at) in [("a", "t1", 10), ("b", "t2", 20), ("c", "t3", 30)] {
        keep_said(&mut tx, &line(source, thread, at)).await.unwrap();
    }
    tx
}

fn line(source: &str, thread: &str, at: Micros) -> SaidRow {
    SaidRow {
        connection: "c1".into(),
        source: source.into(),
        thread: thread.into(),
        at,
        received: at,
        author: "aino".into(),
        is_ours: 0,
        handle: "@aino".into(),
        name: "Aino".into(),
        body: source.into(),
        url: None,
        reply: None,
        edited: None,
        deleted: None,
        held: None,
        raw: String::new(),
        proof: None,
        proof_by: None,
    }
}

fn merge(thread: &str, into: &str, at: Micros) -> MergeRow {
    MergeRow {
        thread: thread.into(),
        into_thread: into.into(),
        at,
        by_person: "maren".into(),
        state: OPEN.into(),
        into_state: OPEN.into(),
        into_snoozed: None,
        took_contact: 0,
    }
}

fn times(rows: &[ConversationRow]) -> Vec<(Micros, Option<Micros>)> {
    rows.iter().map(|r| (r.created, r.replied)).collect()
}

#[test]
fn what_was_merged_is_one_conversation_from_its_first_word_to_its_first_answer() {
    on_both(|db| async move {
        house(&db).await.commit().await.unwrap();
        let all = conversations(&db, "p").await.unwrap();
        assert_eq!(times(&all), [(10, None), (20, Some(25)), (30, None)]);
        assert_eq!(merges_print(&db, "p").await.unwrap(), (0, 0));
        let mut tx = db.begin().await.unwrap();
        merge_thread(&mut tx, &merge("t1", "t2", 40)).await.unwrap();
        merge_thread(&mut tx, &merge("t2", "t3", 41)).await.unwrap();
        tx.commit().await.unwrap();
        let all = conversations(&db, "p").await.unwrap();
        assert_eq!(times(&all), [(10, Some(25))]);
        assert_eq!(
            response_times(&db, "p", "s", 0).await.unwrap(),
            [(Some("n".into()), 10, Some(25))]
        );
        let print = conversations_print(&db, "p").await.unwrap();
        assert_eq!((print.all, print.answered), (1, 1));
        assert_eq!(merges_print(&db, "p").await.unwrap(), (2, 41));
        assert_eq!(counts(&db, 0).await.unwrap().open, 1);
        let hers = threads_of_contact(&db, "k1").await.unwrap();
        assert_eq!(hers.len(), 1);
        assert_eq!((hers[0].created, hers[0].replied), (10, Some(25)));
        let ids = together(&db, "t3").await.unwrap().into_iter().map(|t| t.id);
        assert_eq!(ids.collect::<Vec<_>>(), ["t3", "t1", "t2"]);
        let bodies = said(&db, "t3", 9)
            .await
            .unwrap()
            .into_iter()
            .map(|s| s.body);
        assert_eq!(bodies.collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(merged_into(&db, &["t3".into()]).await.unwrap().len(), 2);

        let mut tx = db.begin().await.unwrap();
        let of = merges_in(&mut tx, "t3").await.unwrap();
        split_thread(&mut tx, &of[1], &["t1".into()]).await.unwrap();
        set_apart(&mut tx, "t2", (ANSWERED, None), None, None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let all = conversations(&db, "p").await.unwrap();
        assert_eq!(times(&all), [(10, Some(25)), (30, None)]);
    });
}

#[test]
fn what_is_said_and_answered_in_what_was_merged_counts_where_it_is_shown() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        merge_thread(&mut tx, &merge("t1", "t3", 40)).await.unwrap();
        let ours = SaidRow {
            is_ours: 1,
            ..line("o", "t1", 50)
        };
        keep_said(&mut tx, &ours).await.unwrap();
        we_said(&mut tx, "t1", 50).await.unwrap();
        let now = shown(&mut tx, "t1").await.unwrap().unwrap();
        assert_eq!(
            (now.id.as_str(), now.state.as_str(), now.replied),
            ("t3", ANSWERED, None)
        );
        let own = thread_in(&mut tx, "t1").await.unwrap().unwrap();
        assert_eq!((own.state.as_str(), own.replied), (MERGED, Some(50)));
        keep_said(&mut tx, &line("d", "t1", 60)).await.unwrap();
        customer_said(&mut tx, "t1", 60).await.unwrap();
        let now = shown(&mut tx, "t1").await.unwrap().unwrap();
        assert_eq!((now.state.as_str(), now.waiting), (OPEN, Some(60)));
        let d = said_in(&mut tx, "c1", "d").await.unwrap().unwrap();
        delete_said(&mut tx, &d, 61).await.unwrap();
        settle(&mut tx, "t1").await.unwrap();
        let now = shown(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!((now.state.as_str(), now.waiting), (CLOSED, None));
        let last = last_of_customer(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!(last.source, "c");
        tx.commit().await.unwrap();
    });
}

#[test]
fn erasing_and_forgetting_take_what_was_merged_with_what_shows_it() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        // It is not over while what shows it is open.
        let gone = erase::old_threads(&mut tx, "c1", 35, 9).await.unwrap();
        assert_eq!(gone, 1, "only the one that was answered");
        let left = thread_in(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!(left.title, "C");
        erase::case(&mut tx, "p", "x").await.unwrap();
        let left = thread_in(&mut tx, "t3").await.unwrap();
        assert_eq!(left, None, "it had no case of its own");
        tx.commit().await.unwrap();
        assert_eq!(conversations(&db, "p").await.unwrap(), []);
    });
}

#[test]
fn drafts_go_along_and_none_is_lost() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        let begun = [
            ("m", "/a", "one"),
            ("m", "/b", "two"),
            ("k", "/a", "three"),
            ("o", "/b", "four"),
            ("p", "/a", "five"),
        ];
        for (person, place, body) in begun {
            keep_draft(&mut tx, person, place, body, 1).await.unwrap();
        }
        set_draft_about(&mut tx, "p", "/a", Some("z"))
            .await
            .unwrap();
        set_draft_about(&mut tx, "o", "/b", Some("b"))
            .await
            .unwrap();
        move_drafts(&mut tx, "/a", "/b", "a").await.unwrap();
        tx.commit().await.unwrap();
        let at = async |person, place| {
            let body = draft(&db, person, place).await.unwrap();
            (body, draft_about(&db, person, place).await.unwrap())
        };
        let is =
            |body: &str, about: Option<&str>| (Some(body.to_string()), about.map(String::from));
        assert_eq!(at("m", "/b").await, is("two\n\none", None));
        assert_eq!(at("k", "/b").await, is("three", Some("a")));
        assert_eq!(at("p", "/b").await, is("five", Some("z")));
        assert_eq!(at("m", "/a").await, (None, None));

        // What is about a part goes with it, and behind what was begun there.
        let mut tx = db.begin().await.unwrap();
        keep_draft(&mut tx, "k", "/a", "there", 2).await.unwrap();
        let with = ["a".to_string(), "z".to_string()];
        move_drafts_about(&mut tx, "/b", "/a", &with).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(at("k", "/a").await, is("there\n\nthree", None));
        assert_eq!(at("p", "/a").await, is("five", Some("z")));
        assert_eq!(at("m", "/b").await, is("two\n\none", None));
        assert_eq!(at("o", "/b").await, is("four", Some("b")));
        assert_eq!(at("k", "/b").await, (None, None));
    });
}

/// Changes something by hand.
async fn run(tx: &mut Tx, sql: &str) {
    query_of(sql.into()).execute(tx).await.unwrap();
}

#[test]
fn what_is_emptied_waits_for_nobody_when_what_showed_it_is_erased() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        channel(&mut tx, "c2").await;
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        run(
            &mut tx,
            "UPDATE threads SET connection = 'c2', state = 'closed' WHERE id = 't1'",
        )
        .await;
        let gone = erase::old_threads(&mut tx, "c1", 35, 9).await.unwrap();
        assert_eq!(gone, 2);
        let emptied = thread_in(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!((emptied.title.as_str(), emptied.waiting), ("", None));
        // As one emptied by an earlier version is.
        run(&mut tx, "UPDATE threads SET waiting = 30 WHERE id = 't3'").await;
        run(&mut tx, "UPDATE threads SET state = 'open' WHERE id = 't1'").await;
        erase::contact(&mut tx, "k1").await.unwrap();
        let left = thread_in(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!(
            (left.state.as_str(), left.waiting, left.merged_into),
            (CLOSED, None, None)
        );
        tx.commit().await.unwrap();
        assert_eq!(counts(&db, 99).await.unwrap().open, 0);
    });
}

#[test]
fn what_stands_alone_because_what_showed_it_is_erased_waits_since_what_is_not_answered() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        customer(&mut tx, "k2", "Ruth").await;
        merge_thread(&mut tx, &merge("t1", "t2", 40)).await.unwrap();
        let second = MergeRow {
            state: ANSWERED.into(),
            ..merge("t2", "t3", 41)
        };
        merge_thread(&mut tx, &second).await.unwrap();
        let ours = SaidRow {
            is_ours: 1,
            ..line("o", "t1", 50)
        };
        keep_said(&mut tx, &ours).await.unwrap();
        we_said(&mut tx, "t1", 50).await.unwrap();
        keep_said(&mut tx, &line("d", "t2", 60)).await.unwrap();
        customer_said(&mut tx, "t2", 60).await.unwrap();
        run(&mut tx, "UPDATE threads SET contact = 'k2' WHERE id = 't3'").await;
        erase::contact(&mut tx, "k2").await.unwrap();
        for (id, state, waiting) in [("t1", ANSWERED, None), ("t2", OPEN, Some(60))] {
            let own = thread_in(&mut tx, id).await.unwrap().unwrap();
            assert_eq!(own.merged_into, None);
            assert_eq!((own.state.as_str(), own.waiting), (state, waiting), "{id}");
        }
        merge_thread(&mut tx, &merge("t1", "t2", 70)).await.unwrap();
        let all = merges_in(&mut tx, "t2").await.unwrap();
        assert_eq!(all, [merge("t1", "t2", 70)]);
        tx.commit().await.unwrap();
    });
}

#[test]
fn what_a_person_closed_stays_closed_when_what_showed_it_is_erased() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        customer(&mut tx, "k2", "Ruth").await;
        merge_thread(&mut tx, &merge("t1", "t3", 40)).await.unwrap();
        run(
            &mut tx,
            "UPDATE threads SET contact = 'k2', state = 'closed', waiting = NULL WHERE id = 't3'",
        )
        .await;
        erase::contact(&mut tx, "k2").await.unwrap();
        let own = thread_in(&mut tx, "t1").await.unwrap().unwrap();
        assert_eq!((own.state.as_str(), own.waiting), (CLOSED, None));
        tx.commit().await.unwrap();
    });
}

#[test]
fn what_went_in_by_one_that_is_erased_can_still_be_split() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        customer(&mut tx, "k2", "Ruth").await;
        merge_thread(&mut tx, &merge("t1", "t2", 40)).await.unwrap();
        let second = MergeRow {
            into_state: CLOSED.into(),
            into_snoozed: Some(99),
            ..merge("t2", "t3", 41)
        };
        merge_thread(&mut tx, &second).await.unwrap();
        run(&mut tx, "UPDATE threads SET contact = 'k2' WHERE id = 't2'").await;
        erase::contact(&mut tx, "k2").await.unwrap();
        let all = merges_in(&mut tx, "t3").await.unwrap();
        let now = MergeRow {
            into_state: CLOSED.into(),
            into_snoozed: Some(99),
            ..merge("t1", "t3", 40)
        };
        assert_eq!(all, [now]);
        split_thread(&mut tx, &all[0], &[]).await.unwrap();
        merge_thread(&mut tx, &merge("t1", "t3", 70)).await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[test]
fn nobody_waits_for_what_was_erased_out_of_a_thread() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        customer(&mut tx, "k2", "Ruth").await;
        merge_thread(&mut tx, &merge("t2", "t3", 40)).await.unwrap();
        let ours = SaidRow {
            is_ours: 1,
            ..line("o", "t3", 50)
        };
        keep_said(&mut tx, &ours).await.unwrap();
        we_said(&mut tx, "t3", 50).await.unwrap();
        keep_said(&mut tx, &line("d", "t2", 60)).await.unwrap();
        customer_said(&mut tx, "t2", 60).await.unwrap();
        run(&mut tx, "UPDATE threads SET contact = 'k2' WHERE id = 't2'").await;
        let shown = thread_in(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!((shown.state.as_str(), shown.waiting), (OPEN, Some(60)));
        erase::contact(&mut tx, "k2").await.unwrap();
        let shown = thread_in(&mut tx, "t3").await.unwrap().unwrap();
        assert_eq!((shown.state.as_str(), shown.waiting), (CLOSED, None));
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_merge_of_what_has_no_process_changes_the_print_of_what_shows_it() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        run(
            &mut tx,
            "UPDATE threads SET process = NULL, step = NULL WHERE id = 't3'",
        )
        .await;
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(merges_print(&db, "p").await.unwrap(), (1, 40));
        assert_eq!(merges_print(&db, "q").await.unwrap(), (0, 0));
    });
}

#[test]
fn words_in_what_was_merged_are_on_the_case_of_what_shows_it_unless_that_is_held() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        merge_thread(&mut tx, &merge("t2", "t1", 41)).await.unwrap();
        tx.commit().await.unwrap();
        let words = async || {
            let said = share::said_on_case(&db, "p", "x", 9).await.unwrap();
            said.into_iter().map(|(.., body)| body).collect::<Vec<_>>()
        };
        assert_eq!(words().await, ["c", "b", "a"]);
        let mut tx = db.begin().await.unwrap();
        run(&mut tx, "UPDATE threads SET state = 'held' WHERE id = 't1'").await;
        tx.commit().await.unwrap();
        assert!(words().await.is_empty());
    });
}

#[test]
fn a_reply_in_what_was_merged_is_one_at_the_step_of_what_shows_it() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        let columns = "id, thread, person, at, body, state, due, attempts, held_until, sent";
        for (id, thread) in [("r1", "t1"), ("r3", "t3")] {
            run(
                &mut tx,
                &format!("INSERT INTO replies ({columns}) VALUES ('{id}', '{thread}', 'maren', 50, '', 'sent', 0, 0, 0, 50)"),
            )
            .await;
        }
        run(
            &mut tx,
            "UPDATE threads SET process = NULL, step = NULL WHERE id = 't3'",
        )
        .await;
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        tx.commit().await.unwrap();
        let acts = uses::answering(&db, "p", "s", 0).await.unwrap();
        let cases = acts.iter().map(|a| (a.at, a.case_ref.as_deref()));
        assert_eq!(
            cases.collect::<Vec<_>>(),
            [(50, Some("x")), (50, Some("x"))]
        );
    });
}

#[test]
fn what_was_found_and_merged_is_matched_and_answered_as_what_shows_it() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        let find = listen::FindRow {
            thread: "t3".into(),
            process: "p".into(),
            step: "s".into(),
            connection: "c1".into(),
            what: "tag".into(),
            words: "brewing".into(),
            at: 30,
            author: "aino".into(),
            outcome: None,
            decided: None,
            decided_by: None,
        };
        listen::insert_find(&mut tx, &find).await.unwrap();
        merge_thread(&mut tx, &merge("t3", "t1", 40)).await.unwrap();
        we_said(&mut tx, "t1", 50).await.unwrap();
        tx.commit().await.unwrap();
        let all = listen::brought(&db, "p", "s", 0).await.unwrap();
        let told = (all[0].found, all[0].matched, all[0].answered, all[0].noise);
        assert_eq!(told, (1, 1, 1, 0));
        let mut tx = db.begin().await.unwrap();
        run(&mut tx, "UPDATE threads SET state = 'held' WHERE id = 't1'").await;
        tx.commit().await.unwrap();
        let all = listen::brought(&db, "p", "s", 0).await.unwrap();
        assert_eq!(all[0].noise, 1);
    });
}

#[test]
fn two_answers_to_a_post_that_were_merged_are_one_wherever_they_went() {
    on_both(|db| async move {
        let mut tx = house(&db).await;
        for sql in [
            "INSERT INTO processes (id, slug, name, created, cases, events, version, revision) VALUES ('p', 'p', 'P', 0, 0, 0, 1, 0)",
            "INSERT INTO shares (id, process, step, improvement, person, created, changed, body, republishes, state) \
             VALUES ('h', 'p', 's', 'i', 'maren', 0, 0, '', '', 'published')",
            "INSERT INTO publications (id, share, connection, state, due, held_until, attempts, sent) VALUES ('b', 'h', 'c1', 'sent', 0, 0, 0, 5)",
            "INSERT INTO share_threads (thread, publication) VALUES ('t1', 'b'), ('t2', 'b')",
        ] {
            run(&mut tx, sql).await;
        }
        merge_thread(&mut tx, &merge("t1", "t3", 40)).await.unwrap();
        merge_thread(&mut tx, &merge("t2", "t3", 41)).await.unwrap();
        tx.commit().await.unwrap();
        let n = share::answers(&db, ("p", "s"), 0, 100).await.unwrap();
        assert_eq!(n, 1);
    });
}
