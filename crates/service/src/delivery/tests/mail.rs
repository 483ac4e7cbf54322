//! Mail out and in.

use super::*;
use crate::delivery::mail::inbound::Received;
use crate::delivery::mail::preferences::Preferences;
use store::jobs::JobCounts;
use store::people;
use store::testing::on_both;

async fn with_mail(db: Db) -> (House, Sink) {
    let sink = Sink::open().await;
    (House::open(db, sink.config()).await, sink)
}

/// The text of a mail, its soft line breaks undone.
fn text(mail: &str) -> String {
    let parsed = mail_parser::MessageParser::default()
        .parse(mail.as_bytes())
        .unwrap()
        .into_owned();
    parsed.body_text(0).unwrap().replace("\r\n", "\n")
}

async fn prefers(house: &House, who: &Actor, wish: &Preferences, zone: &str) {
    let mut tx = house.work.db().begin().await.unwrap();
    let mut row = people::find_in(&mut tx, who.id()).await.unwrap().unwrap();
    row.settings = wish.within(&row.settings);
    row.zone = zone.into();
    people::update(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    house.work.identity().forget();
}

#[test]
fn mentions_of_two_minutes_leave_in_one_mail_a_conversation_and_once() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        house
            .say(&house.maren, "@olu what did they pay last year? <b>&</b>")
            .await;
        house.after(60).await;
        let newest = house.say(&house.maren, "@olu and the year before?").await;
        assert_eq!(sink.take(), Vec::<String>::new());
        house.after(61).await;
        let mails = sink.take();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert_eq!(header(mail, "To").unwrap(), "Olu <olu@halden.example>");
        assert_eq!(
            header(mail, "Subject").unwrap(),
            "2 messages in Kestrel, deals"
        );
        let id = format!("<{}.{newest}@halden.example>", house.olu.id());
        assert_eq!(header(mail, "Message-ID").unwrap(), id);
        assert_eq!(
            header(mail, "List-Unsubscribe-Post").unwrap(),
            "List-Unsubscribe=One-Click"
        );
        assert!(
            header(mail, "List-Unsubscribe")
                .unwrap()
                .starts_with("<https://tenon.example/unsubscribe/")
        );
        let answer = header(mail, "Reply-To").unwrap();
        let local = answer
            .split('<')
            .nth(1)
            .unwrap()
            .split('@')
            .next()
            .unwrap()
            .to_string();
        assert!(
            local.starts_with("reply+r") && local.len() <= 64,
            "{answer}"
        );
        let said = text(mail);
        assert!(
            said.contains("last year? <b>&</b>") && said.contains("the year before?"),
            "{said}"
        );
        assert!(
            said.contains("https://tenon.example/p/deals/case/Kestrel"),
            "{said}"
        );
        house.after(3600).await;
        assert_eq!(sink.take(), Vec::<String>::new(), "it left before");
        house.say(&house.maren, "@olu one more").await;
        house.after(121).await;
        assert_eq!(
            sink.take().len(),
            1,
            "what came later has a mail of its own"
        );
    });
}

#[test]
fn what_was_read_in_the_meantime_or_is_not_wanted_does_not_leave() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let id = house.say(&house.maren, "@olu @olive look").await;
        let room = house
            .work
            .room(&house.olu, "deals", "Kestrel")
            .await
            .unwrap();
        house
            .work
            .mark_read(&house.olu, &room.id, id)
            .await
            .unwrap();
        let off = Preferences {
            off: true,
            ..Preferences::default()
        };
        prefers(&house, &house.olive, &off, "UTC").await;
        house.after(121).await;
        house.after(24 * 3600).await;
        assert_eq!(sink.take(), Vec::<String>::new());
    });
}

#[test]
fn who_wants_it_so_is_told_in_the_morning_of_her_own_zone() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let late = Preferences {
            at_once: false,
            morning: "07:30".into(),
            ..Preferences::default()
        };
        prefers(&house, &house.olu, &late, "Asia/Tokyo").await;
        house.say(&house.maren, "@olu look").await;
        house.after(12 * 3600 + 29 * 60).await;
        assert_eq!(
            sink.take(),
            Vec::<String>::new(),
            "22:29 in London, 7:29 in Tokyo"
        );
        house.after(61).await;
        let mails = sink.take();
        assert_eq!(mails.len(), 1);
        assert!(
            text(&mails[0]).contains("Maren mentioned you in Kestrel, deals, 2 March, 19:00"),
            "{}",
            text(&mails[0])
        );
        assert_eq!(
            header(&mails[0], "Reply-To"),
            None,
            "a digest has no one conversation"
        );
    });
}

#[test]
fn a_mail_that_is_tried_again_is_the_same_mail_and_a_mailbox_that_is_not_there_is_given_up() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        sink.refuses.store(451, Ordering::SeqCst);
        let first = house.say(&house.maren, "@olu look").await;
        house.after(121).await;
        house.say(&house.maren, "@olu and here").await;
        sink.refuses.store(0, Ordering::SeqCst);
        house.after(30).await;
        let mails = sink.take();
        let id = |event| format!("<{}.{event}@halden.example>", house.olu.id());
        assert_eq!(header(&mails[0], "Message-ID").unwrap(), id(first));
        assert!(
            !text(&mails[0]).contains("and here"),
            "what came later is not in it"
        );
        house.after(121).await;
        assert_eq!(sink.take().len(), 1);
        sink.refuses.store(550, Ordering::SeqCst);
        house.say(&house.maren, "@olu gone").await;
        house.after(121).await;
        assert_eq!(house.delivery.queue().counts().await.unwrap().dead, 1);
        sink.refuses.store(0, Ordering::SeqCst);
        house.say(&house.maren, "@olu back").await;
        house.after(121).await;
        assert_eq!(
            sink.take().len(),
            1,
            "one that was given up does not hold up the next"
        );
        let dead = house.delivery.queue().open().await.unwrap();
        house.delivery.queue().requeue(&dead[0].id).await.unwrap();
        house.after(1).await;
        assert!(text(&sink.take()[0]).contains("gone"));
    });
}

#[test]
fn an_answer_by_mail_stands_in_the_conversation_once() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        house.say(&house.maren, "@olu which form?").await;
        house.after(121).await;
        let mail = sink.take().remove(0);
        let to = header(&mail, "Reply-To").unwrap();
        let answer = |from: &str, to: &str, more: &str| {
            format!(
                "From: Olu <{from}>\r\nTo: {to}\r\nMessage-ID: <1@phone>\r\n{more}Subject: Re\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\nThe *short* one.\r\n\r\n\
                 On 2 Mar 2026 Tenon wrote:\r\n> --- Answer above this line ---\r\n> Hello Olu\r\n"
            )
        };
        let olu = "Olu@Halden.example";
        let receive =
            async |mail: String| house.delivery.receive(mail.as_bytes(), None).await.unwrap();
        let first = receive(answer(olu, &to, "")).await;
        assert!(matches!(first, Received::Posted(_)), "{first:?}");
        assert_eq!(
            receive(answer(olu, &to, "")).await,
            first,
            "the same mail twice"
        );
        assert_eq!(house.said().await, ["@olu which form?", "The *short* one."]);
        for (from, to, more) in [
            ("maren@halden.example", to.as_str(), ""),
            ("stranger@elsewhere.example", to.as_str(), ""),
            (olu, "reply@halden.example", ""),
            (
                olu,
                "reply+r00000000000000000000000000000000-00000000000000000000@halden.example",
                "",
            ),
        ] {
            let got = receive(answer(from, to, more)).await;
            assert!(matches!(got, Received::Refused(_)), "{from} {to}: {got:?}");
        }
        for more in [
            "Auto-Submitted: auto-replied\r\n",
            "Precedence: bulk\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "Return-Path: <>\r\n",
        ] {
            assert_eq!(
                receive(answer(olu, &to, more)).await,
                Received::Automatic,
                "{more}"
            );
        }
        let behind = format!("Delivered-To: {to}\r\nMessage-ID: <2@phone>\r\n");
        let got = receive(
            answer(olu, "list@halden.example", &behind).replace("Message-ID: <1@phone>\r\n", ""),
        )
        .await;
        assert!(matches!(got, Received::Posted(_)), "{got:?}");
        assert_eq!(house.said().await.len(), 3);
        let counts = store::mail::counts(house.work.db(), 0).await.unwrap();
        let counts: Vec<(&str, i64)> = counts.iter().map(|(w, n)| (w.as_str(), *n)).collect();
        assert_eq!(counts, [("automatic", 4), ("posted", 3), ("refused", 4)]);
    });
}

#[test]
fn one_click_ends_all_mail_and_a_code_of_ones_own_making_does_nothing() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        house.say(&house.maren, "@olu look").await;
        house.after(121).await;
        let link = header(&sink.take()[0], "List-Unsubscribe").unwrap();
        let code = link
            .trim_end_matches('>')
            .rsplit('/')
            .next()
            .unwrap()
            .to_string();
        assert_eq!(
            house.delivery.unsubscribe(&code, true).await.unwrap(),
            "Olu"
        );
        let forged = code.replace(house.olu.id(), house.maren.id());
        assert_eq!(
            house
                .delivery
                .unsubscribe(&forged, false)
                .await
                .unwrap_err()
                .status,
            404
        );
        house.delivery.unsubscribe(&code, false).await.unwrap();
        house.say(&house.maren, "@olu again").await;
        house.after(121).await;
        assert_eq!(sink.take(), Vec::<String>::new());
    });
}

/// Mails up to where a crash leaves them: begun in the store, and perhaps handed over.
async fn begin_and_crash(house: &House) {
    use base::clock::Clock;
    house.delivery.plan_mail().await.unwrap();
    house.clock.set(house.clock.now() + 121 * SECOND);
    let jobs = house.delivery.queue().claim(10).await.unwrap();
    let jobs: Vec<_> = jobs.iter().filter(|j| j.kind == "mail").collect();
    assert!(!jobs.is_empty());
    house.delivery.begin(&jobs).await.unwrap();
}

async fn set_aside(house: &House) -> Vec<store::jobs::JobRow> {
    let open = house.delivery.queue().open().await.unwrap();
    let is_aside = |j: &store::jobs::JobRow| j.dead.is_some() && j.begun.is_some();
    open.into_iter().filter(is_aside).collect()
}

#[test]
fn a_mail_that_was_begun_before_a_crash_is_set_aside_and_the_next_morning_tells_of_it_once() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let event = house.say(&house.maren, "@olu look").await;
        begin_and_crash(&house).await;
        house.after(3600).await;
        assert_eq!(sink.take(), Vec::<String>::new(), "nobody knows: not again");
        let aside = set_aside(&house).await;
        assert_eq!(aside.len(), 1);
        assert!(aside[0].error.as_deref().unwrap().contains("stopped"));
        let counts = house.delivery.queue().counts().await.unwrap();
        let expected = JobCounts {
            waiting: 1,
            unknown: 1,
            ..JobCounts::default()
        };
        assert_eq!(counts, expected, "the morning's mail waits");
        house.after(24 * 3600).await;
        let mails = sink.take();
        assert_eq!(mails.len(), 1);
        let told = text(&mails[0]);
        assert!(
            told.contains("(perhaps told before)") && told.contains("look"),
            "{told}"
        );
        let id = format!("<{}.{event}.again@halden.example>", house.olu.id());
        assert_eq!(header(&mails[0], "Message-ID").unwrap(), id);
        assert_eq!(
            set_aside(&house).await.len(),
            0,
            "nothing of it is left to tell"
        );
        house.after(48 * 3600).await;
        assert_eq!(sink.take(), Vec::<String>::new(), "once");
    });
}

#[test]
fn what_was_read_until_the_morning_is_not_told_of_again() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let event = house.say(&house.maren, "@olu look").await;
        begin_and_crash(&house).await;
        house.after(3600).await;
        let room = house
            .work
            .room(&house.olu, "deals", "Kestrel")
            .await
            .unwrap();
        let read = house.work.mark_read(&house.olu, &room.id, event);
        read.await.unwrap();
        house.after(24 * 3600).await;
        assert_eq!(sink.take(), Vec::<String>::new());
        assert_eq!(set_aside(&house).await.len(), 0);
    });
}

#[test]
fn a_digest_that_is_itself_in_doubt_is_told_of_once_more_and_then_left_to_the_owner() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        house.say(&house.maren, "@olu look").await;
        begin_and_crash(&house).await;
        house.after(3600).await;
        use base::clock::Clock;
        house.clock.set(house.clock.now() + 24 * 3600 * SECOND);
        begin_and_crash(&house).await;
        house.after(3 * 24 * 3600).await;
        assert_eq!(sink.take(), Vec::<String>::new());
        let aside = set_aside(&house).await;
        assert_eq!(aside.len(), 1, "{aside:?}");
        assert!(aside[0].key.starts_with("digest:"));
        house.delivery.queue().requeue(&aside[0].id).await.unwrap();
        house.after(1).await;
        assert!(text(&sink.take()[0]).contains("perhaps told before"));
    });
}

#[test]
fn an_owner_sends_it_again_or_drops_it() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let event = house.say(&house.maren, "@olu @olive look").await;
        begin_and_crash(&house).await;
        house.after(3600).await;
        let aside = set_aside(&house).await;
        assert_eq!(aside.len(), 2);
        let (olu, olive): (Vec<_>, Vec<_>) =
            aside.iter().partition(|j| j.key.contains(house.olu.id()));
        house.delivery.queue().requeue(&olu[0].id).await.unwrap();
        house
            .delivery
            .queue()
            .drop_dead(&olive[0].id)
            .await
            .unwrap();
        house.after(1).await;
        let mails = sink.take();
        let id = format!("<{}.{event}@halden.example>", house.olu.id());
        assert_eq!(mails.len(), 1);
        assert_eq!(
            header(&mails[0], "Message-ID").unwrap(),
            id,
            "the same mail"
        );
        house.after(48 * 3600).await;
        assert_eq!(
            sink.take(),
            Vec::<String>::new(),
            "dropped is left to the pages"
        );
    });
}

#[test]
fn only_what_comes_after_the_content_was_handed_over_is_in_doubt() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        // Refused, cut off before the content, and with an answer that says no: tried again by itself.
        for refusal in [451, CUT_BEFORE] {
            sink.refuses.store(refusal, Ordering::SeqCst);
            house.say(&house.maren, "@olu look").await;
            house.after(121).await;
            assert_eq!(set_aside(&house).await.len(), 0, "{refusal}");
            sink.refuses.store(0, Ordering::SeqCst);
            house.after(60).await;
            assert_eq!(sink.take().len(), 1, "{refusal}");
        }
        sink.refuses.store(CUT_AFTER, Ordering::SeqCst);
        house.say(&house.maren, "@olu and now").await;
        house.after(121).await;
        sink.refuses.store(0, Ordering::SeqCst);
        house.after(3600).await;
        assert_eq!(sink.take().len(), 1, "it was taken, and is not sent again");
        let aside = set_aside(&house).await;
        assert!(aside[0].error.as_deref().unwrap().contains("did not say"));
        let all = store::mail::counts(house.work.db(), 0).await.unwrap();
        assert_eq!(all, [("unknown".to_string(), 1)]);
    });
}

#[test]
fn two_workers_send_one_mail() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        house.say(&house.maren, "@olu look").await;
        use base::clock::Clock;
        house.clock.set(house.clock.now() + 121 * SECOND);
        let (a, b) = tokio::join!(house.delivery.pass(), house.delivery.pass());
        assert!(a.is_ok() && b.is_ok());
        house.after(1).await;
        assert_eq!(sink.take().len(), 1);
    });
}

#[test]
fn a_question_nobody_answers_is_passed_on_and_the_next_is_told_by_mail() {
    on_both(|db| async move {
        let (house, sink) = with_mail(db).await;
        let loaded = house.work.library().load("deals").await.unwrap();
        let step = loaded.steps.steps[0].name.clone();
        let asked = house.work.ask(
            &house.maren,
            "deals",
            &step,
            Some("Kestrel"),
            "Which form?",
            None,
        );
        let id = asked.await.unwrap();
        for _ in 0..4 {
            house.after(4 * 3600 + 60).await;
            house.after(121).await;
        }
        let mails = sink.take();
        let mut escalated = mails
            .iter()
            .filter(|m| header(m, "To").unwrap().contains("olive"));
        let last = escalated
            .next_back()
            .unwrap_or_else(|| panic!("the owner was never told: {mails:?}"));
        assert!(text(last).contains("Which form?"), "{}", text(last));
        assert!(
            text(last).contains(&format!("https://tenon.example/q/{id}")),
            "{}",
            text(last)
        );
        let answer = format!(
            "From: olive@halden.example\r\nTo: {}\r\nMessage-ID: <9@phone>\r\n\r\nThe short one.\r\n",
            header(last, "Reply-To").unwrap()
        );
        let got = house
            .delivery
            .receive(answer.as_bytes(), None)
            .await
            .unwrap();
        assert!(matches!(got, Received::Posted(_)), "{got:?}");
        house.after(121).await;
        let told = sink.take();
        let maren = told
            .iter()
            .find(|m| header(m, "To").unwrap().contains("maren"))
            .unwrap();
        assert!(text(maren).contains("Olive answered") && text(maren).contains("The short one."));
    });
}
