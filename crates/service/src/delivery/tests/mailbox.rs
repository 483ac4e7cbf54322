//! Answers that are fetched from a mailbox: from a stand-in that misbehaves, and from a real Dovecot.

use super::dovecot::Dovecot;
use super::stand_in::{Manner, StandIn};
use super::*;
use store::mailboxes::{self, MailboxRow};
use store::testing::on_both;

async fn open(db: Db, address: String, to: Option<&str>) -> (House, Sink, Config) {
    let sink = Sink::open().await;
    let config = Config {
        imap: Some(address),
        imap_move: to.map(String::from),
        ..sink.config()
    };
    (House::open(db, config.clone()).await, sink, config)
}

/// Where Olu's answers go, as the mail to her says.
async fn way_back(house: &House, sink: &Sink) -> String {
    house.say(&house.maren, "@olu which form?").await;
    house.after(121).await;
    header(&sink.take()[0], "Reply-To").unwrap()
}

fn answer(to: &str, id: &str, text: &str) -> String {
    format!(
        "From: Olu <olu@halden.example>\r\nTo: {to}\r\nMessage-ID: <{id}@phone>\r\nSubject: Re\r\n\r\n{text}\r\n"
    )
}

async fn row(house: &House) -> MailboxRow {
    house
        .delivery
        .mailbox()
        .await
        .unwrap()
        .unwrap()
        .row
        .unwrap()
}

async fn why(house: &House) -> String {
    row(house).await.error.unwrap_or_default()
}

async fn counts(house: &House) -> Vec<(String, i64)> {
    store::mail::counts(house.work.db(), 0).await.unwrap()
}

#[test]
fn a_mail_is_taken_in_once_and_marked_and_one_that_is_refused_is_flagged_with_the_reason() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, _) = open(db, server.address(), None).await;
        let to = way_back(&house, &sink).await;
        server.deliver(1, &answer(&to, "1", "The short one."));
        server.deliver(2, &answer("reply@halden.example", "2", "To nobody."));
        server.deliver(3, &answer(&to, "1", "The short one."));
        for _ in 0..2 {
            house.delivery.fetch_once().await.unwrap();
        }
        assert_eq!(house.said().await, ["@olu which form?", "The short one."]);
        let seen = |uid, flags: &str| (uid, flags.to_string());
        let refused = "(\\Seen \\Flagged)";
        let mut marked = server.marked();
        marked.dedup();
        let expected = [seen(1, "(\\Seen)"), seen(2, refused), seen(3, "(\\Seen)")];
        assert_eq!(marked, expected);
        let told = house.delivery.mailbox().await.unwrap().unwrap();
        assert_eq!(told.name, "reply@127.0.0.1/INBOX");
        assert_eq!(told.refused.len(), 1);
        assert_eq!(told.refused[0].sender, "olu@halden.example");
        assert!(told.refused[0].why.contains("no address of a conversation"));
        let at = row(&house).await;
        assert_eq!((at.validity, at.upto, at.error), (7, 3, None));
        // The same answer twice is one message and two mails.
        let expected = [("posted".to_string(), 2), ("refused".to_string(), 1)];
        assert_eq!(counts(&house).await, expected);
    });
}

#[test]
fn a_server_that_misbehaves_is_told_of_in_words_and_takes_nothing_away() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, _) = open(db, server.address(), None).await;
        let to = way_back(&house, &sink).await;
        server.deliver(1, &answer(&to, "1", "The short one."));
        for (manner, expected) in [
            (Manner::BreaksOff, "the connection broke off"),
            (Manner::Junk, "what is no IMAP: HTTP/1.1 400 Bad Request"),
            (Manner::Huge, "more than 32 MB at once"),
            (Manner::Endless, "more than 32 MB at once"),
            (Manner::Silent, "the mail server is silent"),
            (Manner::Forgetful, "nothing of mail 1"),
            (Manner::Telltale, "does not let us in: see its own log"),
        ] {
            server.behave(manner);
            house.delivery.fetch_once().await.unwrap_err();
            let why = why(&house).await;
            assert!(why.contains(expected), "{manner:?}: {why}");
            assert!(!why.contains("open-sesame"), "{why}");
            assert_eq!(row(&house).await.connected, None);
        }
        assert_eq!(house.said().await.len(), 1);
        server.behave(Manner::Well);
        house.delivery.fetch_once().await.unwrap();
        assert_eq!(house.said().await, ["@olu which form?", "The short one."]);
        assert_eq!(counts(&house).await, [("posted".to_string(), 1)]);
    });
}

#[test]
fn what_was_taken_in_before_a_crash_is_marked_after_it_and_not_taken_in_again() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, config) = open(db, server.address(), Some("Done")).await;
        let to = way_back(&house, &sink).await;
        server.deliver(4, &answer(&to, "1", "The short one."));
        server.behave(Manner::LeavesBeforeMarking);
        house.delivery.fetch_once().await.unwrap_err();
        assert_eq!(row(&house).await.upto, 4);
        assert_eq!(server.marked(), []);
        server.behave(Manner::Well);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let later = Delivery::new(house.work.clone(), site, &config).unwrap();
        later.fetch_once().await.unwrap();
        let expected = [(4, "(\\Seen)".to_string()), (4, "\"Done\"".to_string())];
        assert_eq!(server.marked(), expected);
        assert_eq!(house.said().await.len(), 2);
        assert_eq!(counts(&house).await, [("posted".to_string(), 1)]);
    });
}

#[test]
fn a_mailbox_that_lets_nothing_be_marked_is_read_all_the_same() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, _) = open(db, server.address(), None).await;
        let to = way_back(&house, &sink).await;
        server.deliver(1, &answer(&to, "1", "One."));
        server.deliver(2, &answer(&to, "2", "Two."));
        server.behave(Manner::ReadOnly);
        house.delivery.fetch_once().await.unwrap();
        assert_eq!(house.said().await.len(), 3);
        assert_eq!(
            why(&house).await,
            "a mail cannot be marked as read: read only"
        );
    });
}

#[test]
fn mails_that_are_numbered_anew_are_taken_in_once() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, _) = open(db, server.address(), None).await;
        let to = way_back(&house, &sink).await;
        server.deliver(5, &answer(&to, "1", "One."));
        house.delivery.fetch_once().await.unwrap();
        server.inside.lock().unwrap().validity = 8;
        server.inside.lock().unwrap().mails.clear();
        server.deliver(1, &answer(&to, "1", "One."));
        server.deliver(2, &answer(&to, "2", "Two."));
        house.delivery.fetch_once().await.unwrap();
        assert_eq!(house.said().await, ["@olu which form?", "One.", "Two."]);
        assert_eq!(row(&house).await.validity, 8);
    });
}

#[test]
fn one_node_fetches_and_the_other_waits_until_it_is_gone() {
    on_both(|db| async move {
        let server = StandIn::open().await;
        let (house, sink, config) = open(db.clone(), server.address(), None).await;
        let to = way_back(&house, &sink).await;
        server.deliver(1, &answer(&to, "1", "One."));
        let hold = async |now: Micros| {
            let mut tx = db.begin().await.unwrap();
            let name = "reply@127.0.0.1/INBOX";
            let until = now + 300 * SECOND;
            let held = mailboxes::hold(&mut tx, name, "another", now, until).await;
            tx.commit().await.unwrap();
            held.unwrap()
        };
        use base::clock::Clock;
        let now = house.clock.now();
        assert!(hold(now).await.is_some());
        let broken = house.delivery.fetch_once().await.unwrap_err();
        assert!(broken.to_string().contains("another node"), "{broken}");
        assert_eq!(row(&house).await.error, None, "that is nothing wrong");
        house.clock.set(now + 301 * SECOND);
        house.delivery.fetch_once().await.unwrap();
        assert_eq!(house.said().await.len(), 2);
        // Who lost it meanwhile takes nothing in.
        let late = mailboxes::Fetched {
            mailbox: "reply@127.0.0.1/INBOX".into(),
            holder: "another".into(),
            validity: 7,
            uid: 2,
        };
        let mail = answer(&to, "2", "Two.");
        let refused = house.delivery.receive_from(mail.as_bytes(), late).await;
        assert!(refused.is_err());
        assert_eq!(house.said().await.len(), 2);
        let _ = config;
    });
}

#[test]
fn a_colleague_answers_from_her_mailbox_and_it_stands_in_the_conversation() {
    let Some(dovecot) = Dovecot::start_or_say() else {
        return;
    };
    let users = std::sync::Mutex::new(vec!["other", "reply"]);
    on_both(|db| {
        let user = users.lock().unwrap().pop().unwrap();
        let dovecot = &dovecot;
        async move {
            dovecot.deliver(
                user,
                &answer("reply@halden.example", "old", "Read long ago."),
            );
            let mut reader = super::dovecot::Client::open(dovecot.imap, user);
            reader.say("SELECT INBOX");
            reader.say("STORE 1 +FLAGS (\\Seen)");
            let (house, sink, _) = open(db, dovecot.address(user), Some("Taken in")).await;
            let loaded = house.work.library().load("deals").await.unwrap();
            let step = loaded.steps.steps[0].name.clone();
            let asked = house
                .work
                .ask(&house.maren, "deals", &step, None, "Which form?", None);
            let question = asked.await.unwrap();
            for _ in 0..4 {
                house.after(4 * 3600 + 60).await;
                house.after(121).await;
            }
            let mails = sink.take();
            let mail = mails
                .iter()
                .find(|m| header(m, "To").unwrap().contains("olive"))
                .unwrap();
            let to = header(mail, "Reply-To").unwrap();
            let written = answer(&to, "1", "The *short* one. ünïcode")
                .replace("Olu <olu@", "Olive <olive@")
                .replace(
                    "\r\n\r\n",
                    "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
                );
            dovecot.deliver(user, &written);
            dovecot.deliver(user, &answer("reply@halden.example", "2", "To nobody."));
            for _ in 0..2 {
                house.delivery.fetch_once().await.unwrap();
            }
            let said = store::work::before(house.work.db(), &question, i64::MAX, 9).await;
            let said: Vec<String> = said.unwrap().into_iter().map(|m| m.body).collect();
            assert_eq!(said, ["The *short* one. ünïcode", "Which form?"]);
            let inbox = ["\\Seen", "\\Flagged \\Seen"];
            assert_eq!(
                dovecot.flags(user, "INBOX"),
                inbox,
                "the one read long ago is left alone"
            );
            assert_eq!(dovecot.flags(user, "Taken in"), ["\\Seen"]);
            dovecot.number_anew(user);
            dovecot.deliver(
                user,
                &written
                    .replace("<1@phone>", "<3@phone>")
                    .replace("short", "long"),
            );
            house.delivery.fetch_once().await.unwrap();
            let said = store::work::before(house.work.db(), &question, i64::MAX, 9).await;
            assert_eq!(said.unwrap().len(), 3);
        }
    });
}
