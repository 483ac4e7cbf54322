//! Mail as a channel: a real Dovecot, and a mail server that misbehaves when told.

use super::Connect;
use super::seal::Seal;
use crate::delivery::tests::dovecot::{Client, Dovecot, PASSWORD};
use crate::desk::Desk;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::Settings;
use mail_parser::{Message, MessageParser};
use mining::Micros;
use mining::time::{MINUTE, SECOND};
use std::sync::{Arc, Mutex};
use store::Db;
use store::connections;
use store::desk::{self as kept, ANSWERED, FAILED, HELD, OPEN, QUEUED, Queue, SENT, ThreadRow};
use store::testing::{folder, on_both};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const LOG: &str = "case,activity,time,email,contact,team\n\
    Saari Brewing,Establish trust,2026-03-01T10:00:00Z,aino@saari.example,Aino Saari,Nordics\n\
    Kestrel Water,Propose,2026-02-20T10:00:00Z,ruth@kestrel.example,Ruth Abiola,UK\n";
/// Monday, 2 March 2026, 10:00 UTC.
const MONDAY: Micros = 1_772_445_600 * SECOND;
const OURS: &str = "support@halden.example";

/// What a mail server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Takes,
    /// Keeps it and hangs up instead of answering.
    HangsUp,
    /// Refuses the content, or who sends, with a code.
    Refuses(u16),
    RefusesUs(u16),
}

struct Sink {
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Sink {
    async fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Sink {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            manner: Arc::new(Mutex::new(Manner::Takes)),
        };
        let (got, manner) = (sink.got.clone(), sink.manner.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, got.clone(), manner.clone()));
            }
        });
        sink
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, got: Arc<Mutex<Vec<String>>>, manner: Arc<Mutex<Manner>>) {
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"220 sink\r\n").await;
    let mut line = String::new();
    while matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
        let word = line.get(..4).unwrap_or_default().to_uppercase();
        line.clear();
        let manner = *manner.lock().unwrap();
        let answer = match (word.as_str(), manner) {
            ("EHLO", _) => "250-sink\r\n250 8BITMIME\r\n".to_string(),
            ("QUIT", _) => return,
            ("MAIL", Manner::RefusesUs(code)) => format!("{code} not yours\r\n"),
            ("DATA", _) => {
                let _ = stream.write_all(b"354 go on\r\n").await;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && stream.read_line(&mut mail).await.is_ok() {}
                if let Manner::Refuses(code) = manner {
                    format!("{code} no\r\n")
                } else {
                    got.lock().unwrap().push(mail);
                    if manner == Manner::HangsUp {
                        return;
                    }
                    "250 kept\r\n".into()
                }
            }
            _ => "250 ok\r\n".into(),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

struct House {
    desk: Desk,
    clock: Arc<SetClock>,
    connection: String,
    sink: Sink,
    maren: Actor,
}

fn settings(imap: u16, smtp: u16, user: &str) -> Settings {
    let imap = format!("imap://{user}@127.0.0.1:{imap}/INBOX");
    let smtp = format!("smtp://127.0.0.1:{smtp}");
    Settings::of([
        ("address", OURS),
        ("sender", "Halden Support"),
        ("imap", imap.as_str()),
        ("smtp", smtp.as_str()),
        ("password", PASSWORD),
    ])
}

/// A server without connections, with the mail connector alone.
pub(super) async fn ground(db: Db, allowed: &str) -> (Connect, Arc<SetClock>, [Actor; 2]) {
    let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
    let library = Library::with(db, &folder, clock.clone()).await.unwrap();
    let path = folder.join("deals.csv");
    std::fs::write(&path, LOG).unwrap();
    let request = ImportRequest {
        path,
        file_name: "deals.csv".into(),
        process: None,
        options: Default::default(),
        actor: "test".into(),
    };
    library.import(request, Arc::default()).await.unwrap();
    let identity = Identity::new(library.db().clone(), library.clock_handle());
    let mut people = Vec::new();
    for (name, role) in [("Ines", Role::Manager), ("Maren", Role::Member)] {
        let new = NewPerson {
            name: name.into(),
            email: format!("{}@halden.example", name.to_lowercase()),
            role,
            password: None,
        };
        let row = identity.add(new, "test").await.unwrap();
        people.push(Actor::of(&row, Via::Token("test".into()), Scopes::all()).unwrap());
    }
    let work = Work::start(library, identity);
    let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
    let seal = Seal::of(&"a1".repeat(32)).unwrap();
    let outbound = Outbound::new(Allowed::parse(allowed));
    let channels: Vec<&'static dyn connectors::Channel> = vec![&connectors::mail::Mail];
    let connect = Connect::with(work, site, outbound, seal, channels, Vec::new());
    (connect, clock, people.try_into().ok().unwrap())
}

impl House {
    async fn open(db: Db, dovecot: &Dovecot, user: &str) -> House {
        let (connect, clock, [ines, maren]) = ground(db, "127.0.0.1").await;
        let sink = Sink::open().await;
        let settings = settings(dovecot.imap, sink.port, user);
        let added = connect.add_channel(&ines, "mail", "", &settings, Some("deals"));
        let (connection, _) = added.await.unwrap();
        House {
            desk: Desk::new(connect),
            clock,
            connection,
            sink,
            maren,
        }
    }

    fn connect(&self) -> &Connect {
        self.desk.connect()
    }

    fn db(&self) -> &Db {
        self.connect().db()
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect().pass().await.unwrap() {}
    }

    async fn threads(&self, queue: Queue<'_>) -> Vec<ThreadRow> {
        let page = self.desk.queue(&self.maren, queue, None).await.unwrap();
        page.into_iter().map(|w| w.thread).collect()
    }

    async fn only(&self, queue: Queue<'_>) -> ThreadRow {
        let mut all = self.threads(queue).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    async fn said(&self, thread: &str) -> Vec<String> {
        let said = kept::said(self.db(), thread, 50).await.unwrap();
        said.into_iter().map(|s| s.body).collect()
    }

    async fn answer(&self, thread: &str, key: &str, body: &str) -> String {
        let handed = self.desk.reply(&self.maren, thread, key, body).await;
        handed.unwrap();
        format!("rep_{}_{key}", self.maren.id())
    }

    async fn reply(&self, id: &str) -> kept::ReplyRow {
        kept::reply(self.db(), id).await.unwrap().unwrap()
    }

    async fn error(&self) -> Option<String> {
        let row = connections::find(self.db(), &self.connection).await;
        row.unwrap().unwrap().error
    }
}

fn mail(from: &str, id: &str, headers: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {OURS}\r\nSubject: The meter\r\nDate: Mon, 02 Mar 2026 09:59:00 +0000\r\nMessage-ID: <{id}>\r\n{headers}\r\n{text}\r\n"
    )
}

fn parsed(mail: &str) -> Message<'_> {
    MessageParser::default().parse(mail.as_bytes()).unwrap()
}

fn text(mail: &Message<'_>) -> String {
    let text = mail.body_text(0).unwrap().into_owned();
    text.trim_end_matches(['\r', '\n', '.']).to_string()
}

/// Runs a test on both engines, each with a mailbox of its own.
fn with_dovecot<T>(test: impl Fn(Db, Arc<Dovecot>, &'static str) -> T + Sync)
where
    T: Future<Output = ()>,
{
    let Some(dovecot) = Dovecot::start_or_say() else {
        return;
    };
    let dovecot = Arc::new(dovecot);
    let users = Mutex::new(vec!["other", "reply"]);
    on_both(|db| {
        let user = users.lock().unwrap().pop().unwrap();
        test(db, dovecot.clone(), user)
    });
}

#[test]
fn a_mail_of_a_customer_lands_on_her_case_and_is_answered_once_in_its_thread() {
    with_dovecot(async |db, dovecot, user| {
        dovecot.deliver(
            user,
            &mail("Old <old@x.example>", "0@x", "", "Read long ago."),
        );
        let mut reader = Client::open(dovecot.imap, user);
        reader.say("SELECT INBOX");
        reader.say("STORE 1 +FLAGS (\\Seen)");
        let house = House::open(db, &dovecot, user).await;
        let first = mail(
            "Aino Saari <Aino@saari.example>",
            "a@saari",
            "",
            "Our meter drifts after cleaning.",
        );
        dovecot.deliver(user, &first);
        dovecot.deliver(user, &first);
        house.after(0).await;
        let thread = house.only(Queue::Open).await;
        assert_eq!(thread.title, "The meter");
        assert_eq!(thread.case_ref.as_deref(), Some("Saari Brewing"));
        assert_eq!(thread.step.as_deref(), Some("Establish trust"));
        assert_eq!(
            (thread.reason.as_str(), thread.sure),
            ("Her e-mail address is the email of the case.", 95)
        );
        assert_eq!(thread.seen, "direct");
        let second = mail(
            "Aino <aino@saari.example>",
            "b@saari",
            "In-Reply-To: <a@saari>\r\nReferences: <a@saari>\r\n",
            "And it is warm.\r\n\r\n> Our meter drifts after cleaning.",
        );
        dovecot.deliver(user, &second);
        house.after(MINUTE).await;
        assert_eq!(house.only(Queue::Open).await.id, thread.id);
        let said = house.said(&thread.id).await;
        assert_eq!(
            said,
            ["Our meter drifts after cleaning.", "And it is warm."]
        );
        let flags = dovecot.flags(user, "INBOX");
        assert_eq!(flags, ["\\Seen", "", "", ""], "reading marks nothing");

        house.desk.claim(&house.maren, &thread.id).await.unwrap();
        let reply = house
            .answer(&thread.id, "1", "A new one is on its way.")
            .await;
        house.after(0).await;
        assert_eq!(house.reply(&reply).await.state, SENT);
        assert_eq!(house.threads(Queue::Done).await[0].state, ANSWERED);
        let got = house.sink.got();
        assert_eq!(got.len(), 1);
        let sent = parsed(&got[0]);
        assert_eq!(sent.subject(), Some("Re: The meter"));
        assert_eq!(sent.in_reply_to().as_text(), Some("b@saari"));
        let chain = sent.references().as_text_list().unwrap();
        assert_eq!(chain, ["a@saari", "b@saari"]);
        assert_eq!(text(&sent), "A new one is on its way.\r\n\r\n– Maren");
        let from = sent.from().unwrap().first().unwrap();
        assert_eq!(from.address(), Some(OURS));
        assert_eq!(from.name(), Some("Halden Support"));
        let to = sent.to().unwrap().first().unwrap().address();
        assert_eq!(to, Some("aino@saari.example"));
        let back = sent.reply_to().unwrap().first().unwrap().address().unwrap();
        let process = thread.process.as_deref().unwrap();
        let its = house.connect().addresses(process, "Saari Brewing").await;
        assert_eq!(its.unwrap(), [back]);

        // Her answer to ours names only our mail; a copy of ours that comes back is ours.
        let ours = sent.message_id().unwrap();
        let third = format!("In-Reply-To: <{ours}>\r\n");
        dovecot.deliver(
            user,
            &mail("aino@saari.example", "c@saari", &third, "Thank you."),
        );
        let copy = got[0].trim_end_matches(".\r\n").to_string();
        dovecot.deliver(user, &copy);
        house.after(MINUTE).await;
        let thread = house.only(Queue::Open).await;
        assert_eq!(thread.state, OPEN);
        let said = house.said(&thread.id).await;
        assert_eq!(said.len(), 4, "{said:?}");
        house.after(MINUTE).await;
        assert_eq!(house.sink.got().len(), 1);
        assert_eq!(house.error().await, None);

        dovecot.number_anew(user);
        dovecot.deliver(
            user,
            &mail("aino@saari.example", "d@saari", &third, "One more."),
        );
        house.after(MINUTE).await;
        assert_eq!(
            house.said(&thread.id).await.len(),
            5,
            "numbered anew, nothing doubles"
        );
    });
}

#[test]
fn a_mail_that_may_have_arrived_is_not_sent_again_by_itself() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        dovecot.deliver(user, &mail("aino@saari.example", "a@saari", "", "Hello?"));
        house.after(0).await;
        let thread = house.only(Queue::Open).await.id;
        house.sink.behave(Manner::HangsUp);
        let reply = house.answer(&thread, "1", "Hello!").await;
        house.after(0).await;
        let row = house.reply(&reply).await;
        assert_eq!((row.state.as_str(), row.begun.is_some()), (QUEUED, true));
        house.sink.behave(Manner::Takes);
        for _ in 0..5 {
            house.after(MINUTE).await;
        }
        let row = house.reply(&reply).await;
        assert_eq!((row.state.as_str(), row.begun), (FAILED, None));
        let why = row.error.unwrap();
        assert!(why.contains("it may have arrived"), "{why}");
        assert_eq!(house.sink.got().len(), 1, "it was handed over once");
        // A person looked, and means it.
        house.desk.again(&house.maren, &reply, true).await.unwrap();
        house.after(0).await;
        assert_eq!(house.reply(&reply).await.state, SENT);
        let ids: Vec<String> = house
            .sink
            .got()
            .iter()
            .map(|m| parsed(m).message_id().unwrap().to_string())
            .collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1], "for mail programs it is the same mail");
    });
}

#[test]
fn after_a_crash_between_hand_over_and_receipt_what_is_in_the_sent_folder_was_sent() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        dovecot.deliver(user, &mail("aino@saari.example", "a@saari", "", "Hello?"));
        house.after(0).await;
        let thread = house.only(Queue::Open).await.id;
        house.sink.behave(Manner::HangsUp);
        let reply = house.answer(&thread, "1", "Hello!").await;
        house.after(0).await;
        // The mail server keeps a copy, as some do.
        let got = house.sink.got();
        let copy = got[0].trim_end_matches(".\r\n");
        let mut keeper = Client::open(dovecot.imap, user);
        keeper.say("CREATE Sent");
        keeper.say(&format!("APPEND Sent {{{}+}}\r\n{copy}", copy.len()));
        house.after(MINUTE).await;
        assert_eq!(house.reply(&reply).await.state, SENT);
        assert_eq!(house.sink.got().len(), 1);
        assert_eq!(house.said(&thread).await, ["Hello?", "Hello!\n\n– Maren"]);
    });
}

#[test]
fn what_a_mail_server_says_it_did_not_take_goes_later_or_is_told() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        dovecot.deliver(user, &mail("aino@saari.example", "a@saari", "", "Hello?"));
        house.after(0).await;
        let thread = house.only(Queue::Open).await.id;
        house.sink.behave(Manner::Refuses(451));
        let reply = house.answer(&thread, "1", "Hello!").await;
        house.after(0).await;
        let row = house.reply(&reply).await;
        assert_eq!((row.state.as_str(), row.begun), (QUEUED, None));
        house.sink.behave(Manner::Takes);
        house.after(MINUTE).await;
        assert_eq!(house.reply(&reply).await.state, SENT);
        assert_eq!(house.sink.got().len(), 1);
        for (n, manner) in [Manner::Refuses(554), Manner::RefusesUs(553)]
            .iter()
            .enumerate()
        {
            house.sink.behave(*manner);
            let reply = house.answer(&thread, &format!("x{n}"), "More.").await;
            house.after(0).await;
            let row = house.reply(&reply).await;
            assert_eq!(row.state, FAILED, "{manner:?}");
            assert!(!row.error.unwrap().is_empty());
            house.desk.again(&house.maren, &reply, false).await.unwrap();
        }
        house.sink.behave(Manner::RefusesUs(535));
        let reply = house.answer(&thread, "y", "More.").await;
        house.after(0).await;
        assert_eq!(house.reply(&reply).await.state, FAILED);
        let row = connections::find(house.db(), &house.connection).await;
        assert_eq!(row.unwrap().unwrap().state, connections::SIGNED_OUT);
    });
}

#[test]
fn the_address_of_a_case_leads_to_it_and_cannot_be_made_up() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        let process = house.connect().library().process("deals").await.unwrap().id;
        let addresses = house.connect().addresses(&process, "Kestrel Water").await;
        let address = addresses.unwrap().remove(0);
        let to = format!("Delivered-To: {address}\r\n");
        dovecot.deliver(
            user,
            &mail("per@torv.example", "a@torv", &to, "About the pump."),
        );
        let made_up = to.replace("support+", "support+0").replace("0@", "@");
        dovecot.deliver(user, &mail("eve@x.example", "a@x", &made_up, "Hello."));
        dovecot.deliver(
            user,
            &mail(
                "eve@x.example",
                "b@x",
                "Cc: support+kestrel@halden.example\r\n",
                "Hi.",
            ),
        );
        house.after(0).await;
        let mut all = house.threads(Queue::Open).await;
        all.sort_by_key(|t| t.case_ref.is_none());
        let cases: Vec<_> = all.iter().map(|t| t.case_ref.as_deref()).collect();
        assert_eq!(cases, [Some("Kestrel Water"), None, None]);
        assert_eq!(all[0].reason, "It was sent to the address of this case.");
        assert_eq!((all[0].sure, all[0].team.as_deref()), (100, Some("UK")));
        // What names no mail that is known stays with what she wrote to that case.
        let lost = format!("{to}In-Reply-To: <nobody@knows>\r\n");
        dovecot.deliver(
            user,
            &mail("Per@torv.example", "b@torv", &lost, "And the valve."),
        );
        // A thread without a case gets one by its address.
        let found = format!("{to}In-Reply-To: <b@x>\r\n");
        dovecot.deliver(user, &mail("eve@x.example", "c@x", &found, "Now I know."));
        house.after(MINUTE).await;
        assert_eq!(
            house.said(&all[0].id).await,
            ["About the pump.", "And the valve."]
        );
        let after = house.threads(Queue::Open).await;
        let eves = after.iter().filter(|t| t.case_ref.is_some());
        assert_eq!(eves.count(), 2, "{after:?}");
    });
}

#[test]
fn what_no_person_wrote_is_held_with_its_reason() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        dovecot.deliver(user, &mail("aino@saari.example", "a@saari", "", "Hello?"));
        house.after(0).await;
        let thread = house.only(Queue::Open).await.id;
        house.answer(&thread, "1", "Hello!").await;
        house.after(0).await;
        let ours = parsed(&house.sink.got()[0])
            .message_id()
            .unwrap()
            .to_string();
        let away = format!("Auto-Submitted: auto-replied\r\nIn-Reply-To: <{ours}>\r\n");
        dovecot.deliver(
            user,
            &mail("aino@saari.example", "b@saari", &away, "I am away."),
        );
        dovecot.deliver(
            user,
            &mail(
                "news@x.example",
                "a@x",
                "List-Id: <news.x.example>\r\n",
                "News!",
            ),
        );
        dovecot.deliver(
            user,
            &mail(
                "support@ha1den.example",
                "a@y",
                "",
                "Your invoice, colleague.",
            ),
        );
        house.after(MINUTE).await;
        assert_eq!(house.threads(Queue::Open).await, [], "she does not wait");
        let said = kept::said(house.db(), &thread, 10).await.unwrap();
        let held: Vec<_> = said.iter().map(|s| s.held.as_deref()).collect();
        assert_eq!(held, [None, None, Some("automatic answer")]);
        let mut why: Vec<_> = house
            .threads(Queue::Held)
            .await
            .into_iter()
            .map(|t| (t.state, t.held.unwrap()))
            .collect();
        why.sort();
        let expected = ["look-alike account", "mailing list"];
        assert_eq!(why, expected.map(|w| (HELD.to_string(), w.to_string())));
    });
}

#[test]
fn hostile_mails_are_on_the_desk_and_harm_nothing() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        let deep = (0..500).fold("x".to_string(), |inner, n| {
            format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n{inner}\r\n--b{n}--\r\n")
        });
        let html = "<script>alert(1)</script><p>Hello <img src=x onerror=alert(1)></p>";
        let all = [
            mail(
                "a@x.example",
                "1@x",
                &format!("X-A: {}\r\n", "y".repeat(300_000)),
                "huge",
            ),
            format!("From: b@x.example\r\nMessage-ID: <2@x>\r\n{deep}"),
            mail("c@x.example", "3@x", "Content-Type: text/html\r\n", html),
            mail(
                "d@x.example",
                "4@x",
                "Content-Type: text/plain; charset=none\r\n",
                "odd",
            ),
            mail(
                "=?utf-8?q?E=0D=0ABcc:_v@x.example?= <e@x.example>",
                "5@x",
                "",
                "name",
            )
            .replace("The meter", "=?utf-8?q?a=0D=0ABcc:_v@x.example=00?="),
            "\r\n".into(),
            mail("f@x.example", "6@x", "", &"long line ".repeat(600_000)),
            mail("g@x.example", "7@x", "", "after the hostile"),
        ];
        for one in &all {
            dovecot.deliver(user, one);
        }
        house.after(0).await;
        assert_eq!(house.error().await, None);
        let threads = house.threads(Queue::Open).await;
        assert_eq!(threads.len(), all.len(), "none is lost");
        for thread in &threads {
            let said = house.said(&thread.id).await.join("\n");
            assert!(!said.contains("<script") && said.chars().count() < 21_000);
        }
        let named = threads.iter().find(|t| t.title.contains("Bcc")).unwrap();
        house
            .answer(&named.id, "1", "Hello\n.\nBcc: v@x.example")
            .await;
        house.after(0).await;
        let got = house.sink.got();
        let sent = parsed(&got[0]);
        assert!(sent.bcc().is_none());
        assert_eq!(
            sent.to().unwrap().first().unwrap().address(),
            Some("e@x.example")
        );
        assert_eq!(sent.subject(), Some("Re: a Bcc: v@x.example"));
    });
}

#[test]
fn a_mail_is_on_the_desk_at_once_for_the_mailbox_tells() {
    with_dovecot(async |db, dovecot, user| {
        let house = House::open(db, &dovecot, user).await;
        // The clock stands still: nothing but the bell makes the mailbox due.
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(house.connect().clone().run(stopping));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let mut slowest = std::time::Duration::ZERO;
        for n in 0..5 {
            let id = format!("{n}@saari");
            dovecot.deliver(user, &mail("aino@saari.example", &id, "", "Now."));
            let begun = tokio::time::Instant::now();
            while house.threads(Queue::Open).await.len() <= n {
                assert!(begun.elapsed().as_secs() < 20, "mail {n} does not come");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            slowest = slowest.max(begun.elapsed());
        }
        eprintln!("the slowest of five mails was on the desk after {slowest:?}");
        stop.send(true).unwrap();
        running.await.unwrap();
    });
}

#[test]
fn a_mailbox_is_reached_only_where_it_may_be_and_its_password_is_told_nobody() {
    with_dovecot(async |db, dovecot, user| {
        let (connect, ..) = ground(db, "other.example").await;
        let sink = Sink::open().await;
        let given = settings(dovecot.imap, sink.port, user);
        let refused = connect.try_out("mail", &given).await.unwrap_err();
        assert!(refused.what.contains("not public"), "{refused}");
        let imap = &format!("127.0.0.1:{}", dovecot.imap);
        let connect = connect_that_may(&connect, imap);
        let refused = connect.try_out("mail", &given).await.unwrap_err();
        assert!(
            refused.what.contains("not public"),
            "the mail server: {refused}"
        );
        let both = &format!("{imap}, 127.0.0.1:{}", sink.port);
        let connect = connect_that_may(&connect, both);
        let account = connect.try_out("mail", &given).await.unwrap();
        assert_eq!(
            (account.handle.as_str(), account.name.as_str()),
            (OURS, "Halden Support")
        );
        let mut wrong = given.clone();
        wrong.0.insert("password".into(), "hunter2".into());
        let refused = connect.try_out("mail", &wrong).await.unwrap_err();
        assert_eq!(refused.code, "signed_out");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
        let mut nowhere = given;
        let address = format!("imap://{user}@{imap}/Nowhere");
        nowhere.0.insert("imap".into(), address);
        let refused = connect.try_out("mail", &nowhere).await.unwrap_err();
        assert_eq!(refused.code, "not_there");
    });
}

/// The same server with other hosts allowed.
fn connect_that_may(connect: &Connect, allowed: &str) -> Connect {
    let channels: Vec<&'static dyn connectors::Channel> = vec![&connectors::mail::Mail];
    Connect::with(
        connect.work().clone(),
        connect.inner.site.clone(),
        Outbound::new(Allowed::parse(allowed)),
        Seal::of(&"a1".repeat(32)).unwrap(),
        channels,
        Vec::new(),
    )
}

/// What a mail server that is believed says of mail from Saari.
fn found(result: &str) -> String {
    format!(
        "Authentication-Results: mx.halden.example; dmarc={result} header.from=saari.example\r\n"
    )
}

#[test]
fn what_the_mail_server_says_of_a_sender_is_kept_and_who_is_not_confirmed_is_matched_by_a_person() {
    with_dovecot(async |db, dovecot, user| {
        const AINO: &str = "Aino Saari <aino@saari.example>";
        let house = House::open(db, &dovecot, user).await;
        let said = async |words: &str| {
            for thread in house.threads(Queue::Open).await {
                let all = kept::said(house.db(), &thread.id, 50).await.unwrap();
                if let Some(found) = all.into_iter().find(|s| s.body == words) {
                    return (thread, found);
                }
            }
            panic!("{words:?} is not there");
        };
        let arrives = async |from: &str, id: &str, headers: &str, words: &str| {
            dovecot.deliver(user, &mail(from, id, headers, words));
            house.after(MINUTE).await;
        };
        arrives(AINO, "a@saari", &found("fail"), "Nobody is asked.").await;
        let (thread, one) = said("Nobody is asked.").await;
        assert_eq!(
            (one.proof, thread.sure),
            (None, 95),
            "without the setting nothing changes"
        );
        let aino = thread.contact.unwrap();

        let named = Settings::of([("authserv", "MX.halden.example")]);
        let rekeyed = house
            .connect()
            .rekey(&house.maren, &house.connection, &named);
        rekeyed.await.unwrap();
        let forged =
            "Authentication-Results: mx.evil.example; dmarc=pass header.from=saari.example\r\n";
        let headers = format!("{forged}{}{}", found("fail"), found("pass"));
        arrives(AINO, "b@evil", &headers, "Send it to my new address.").await;
        let (doubted, one) = said("Send it to my new address.").await;
        assert_eq!(
            (one.proof.as_deref(), one.proof_by.as_deref()),
            (Some("failed"), Some("DMARC: fail"))
        );
        assert_eq!(
            (&doubted.contact, &doubted.case_ref, doubted.sure),
            (&None, &None, 0)
        );
        assert_eq!(
            doubted.reason,
            "The sender's domain does not confirm this mail (DMARC: fail). By her address it would be Saari Brewing: choose it if it is hers."
        );
        arrives(AINO, "c@evil", &found("fail"), "About Kestrel Water I ask.").await;
        let (thread, _) = said("About Kestrel Water I ask.").await;
        assert_eq!(
            (thread.case_ref.as_deref(), thread.sure, thread.contact),
            (Some("Kestrel Water"), 30, None)
        );
        assert!(
            thread
                .reason
                .ends_with("does not confirm this mail (DMARC: fail)."),
            "{}",
            thread.reason
        );
        arrives(AINO, "d@saari", &found("pass"), "Confirmed.").await;
        let (thread, one) = said("Confirmed.").await;
        assert_eq!(
            (one.proof.as_deref(), thread.contact.as_deref()),
            (Some("passed"), Some(aino.as_str()))
        );
        assert_eq!(thread.case_ref.as_deref(), Some("Saari Brewing"));
        arrives(AINO, "e@saari", "", "Nobody looked.").await;
        let (thread, one) = said("Nobody looked.").await;
        assert_eq!(
            (one.proof.as_deref(), thread.contact.as_deref()),
            (Some("none"), Some(aino.as_str()))
        );

        let as_us = found("fail").replace("saari.example", "halden.example");
        arrives(OURS, "f@evil", &as_us, "I am you.").await;
        let held = house.only(Queue::Held).await;
        assert_eq!(
            (held.held.as_deref(), held.contact),
            (Some("it says that it is from us"), None)
        );

        // Between the look and the click somebody else writes into the thread.
        let (_, looked_at) = said("Send it to my new address.").await;
        let joins = found("fail").replace("saari.example", "torv.example");
        let joins = format!("{joins}In-Reply-To: <b@evil>\r\n");
        let per = "Per Torv <per@torv.example>";
        arrives(per, "h@evil", &joins, "And to mine.").await;
        let (joined, _) = said("And to mine.").await;
        assert_eq!(joined.id, doubted.id);
        let elsewhere = house.desk.vouch(&house.maren, &doubted.id, "c@evil").await;
        assert_eq!(elsewhere.unwrap_err().status, 404);
        let vouched = house
            .desk
            .vouch(&house.maren, &doubted.id, &looked_at.source);
        vouched.await.unwrap();
        let (thread, _) = said("Send it to my new address.").await;
        assert_eq!(thread.contact.as_ref(), Some(&aino));
        let answers = format!("{}In-Reply-To: <c@evil>\r\n", found("pass"));
        arrives(AINO, "g@saari", &answers, "It was me.").await;
        let (thread, _) = said("About Kestrel Water I ask.").await;
        assert_eq!(thread.contact, Some(aino), "she goes on with it");
        let again = house
            .desk
            .vouch(&house.maren, &doubted.id, &looked_at.source);
        let again = again.await;
        assert_eq!(again.unwrap_err().code, "known_already");
    });
}
