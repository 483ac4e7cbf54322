//! What leaves and what comes back, on both engines, by a clock that the tests set.

pub(crate) mod dovecot;
mod hooks;
mod mail;
mod mailbox;
mod push;
mod stand_in;

use super::{Config, Delivery};
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::SetClock;
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via};
use base::policy::Site;
use mining::Micros;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use store::Db;
use store::testing::folder;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const SECOND: Micros = 1_000_000;
const LOG: &str =
    "case,activity,time\nKestrel,call,2026-01-05T10:00:00Z\nKestrel,offer,2026-01-06T10:00:00Z\n";
/// Monday, 2 March 2026, 10:00 UTC.
const MONDAY: Micros = 1_772_445_600 * SECOND;

struct House {
    delivery: Delivery,
    work: Work,
    clock: Arc<SetClock>,
    olive: Actor,
    maren: Actor,
    olu: Actor,
}

async fn person(identity: &Identity, name: &str, role: Role) -> Actor {
    let email = format!("{}@halden.example", name.to_lowercase());
    let new = NewPerson {
        name: name.into(),
        email,
        role,
        password: None,
    };
    let row = identity.add(new, "test").await.unwrap();
    Actor::of(&row, Via::Token("test".into()), Scopes::all()).unwrap()
}

impl House {
    async fn open(db: Db, config: Config) -> House {
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
        let work = Work::start(library, identity.clone());
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        House {
            delivery: Delivery::new(work.clone(), site, &config).unwrap(),
            work,
            clock,
            olive: person(&identity, "Olive", Role::Owner).await,
            maren: person(&identity, "Maren", Role::Member).await,
            olu: person(&identity, "Olu", Role::Member).await,
        }
    }

    async fn say(&self, who: &Actor, body: &str) -> i64 {
        let room = self.work.room(who, "deals", "Kestrel").await.unwrap();
        self.work.note(who, room, body, None).await.unwrap()
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, seconds: i64) {
        use base::clock::Clock;
        self.clock.set(self.clock.now() + seconds * SECOND);
        while self.delivery.pass().await.unwrap() > 0 {}
    }

    async fn said(&self) -> Vec<String> {
        let room = self.work.room(&self.olu, "deals", "Kestrel").await.unwrap();
        let all = store::work::before(self.work.db(), &room.id, i64::MAX, 50);
        all.await
            .unwrap()
            .into_iter()
            .rev()
            .map(|m| m.body)
            .collect()
    }
}

/// The mail server closes the connection when the content is about to come, or when it has it.
const CUT_BEFORE: u16 = 1;
const CUT_AFTER: u16 = 2;

/// A mail server that keeps what it is given, answers with a code of refusal, or breaks off.
struct Sink {
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
    refuses: Arc<AtomicU16>,
}

impl Sink {
    async fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Sink {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            refuses: Arc::default(),
        };
        let (got, refuses) = (sink.got.clone(), sink.refuses.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, got.clone(), refuses.clone()));
            }
        });
        sink
    }

    fn config(&self) -> Config {
        Config {
            smtp: Some(format!("smtp://127.0.0.1:{}", self.port)),
            mail_from: Some("Tenon <tenon@halden.example>".into()),
            ..Config::default()
        }
    }

    /// What came since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}

async fn talk(stream: TcpStream, got: Arc<Mutex<Vec<String>>>, refuses: Arc<AtomicU16>) {
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"220 sink\r\n").await;
    let mut line = String::new();
    while matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
        let word = line.get(..4).unwrap_or_default().to_uppercase();
        line.clear();
        let answer = match word.as_str() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n".to_string(),
            "QUIT" => return,
            "DATA" if refuses.load(Ordering::SeqCst) == CUT_BEFORE => return,
            "DATA" => {
                let _ = stream.write_all(b"354 go on\r\n").await;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && stream.read_line(&mut mail).await.is_ok() {}
                match refuses.load(Ordering::SeqCst) {
                    CUT_AFTER => {
                        got.lock().unwrap().push(mail);
                        return;
                    }
                    0 => {
                        got.lock().unwrap().push(mail);
                        "250 kept\r\n".into()
                    }
                    code => format!("{code} no\r\n"),
                }
            }
            _ => "250 ok\r\n".into(),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// A web server that keeps what it is sent and answers with a status.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    async fn open() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            status: Arc::new(AtomicU16::new(204)),
        };
        let (got, status) = (receiver.got.clone(), receiver.status.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut all, mut part) = (Vec::new(), [0; 4096]);
                while !is_whole(&all) {
                    match stream.read(&mut part).await {
                        Ok(n) if n > 0 => all.extend_from_slice(&part[..n]),
                        _ => break,
                    }
                }
                got.lock().unwrap().push(all);
                let status = status.load(Ordering::SeqCst);
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        receiver
    }

    fn take(&self) -> Vec<String> {
        let all = self.take_bytes().into_iter();
        all.map(|one| String::from_utf8(one).unwrap()).collect()
    }

    fn take_bytes(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}

fn is_whole(all: &[u8]) -> bool {
    let Some((head, body)) = halves(all) else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "));
    length.is_some_and(|l| body.len() >= l.parse().unwrap_or(0))
}

/// Head and body of a request.
fn halves(all: &[u8]) -> Option<(String, &[u8])> {
    let end = all.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8(all[..end].to_vec()).ok()?;
    Some((head, &all[end + 4..]))
}

/// A line of a head, of a request or of a mail, unfolded.
fn header(text: &str, name: &str) -> Option<String> {
    let head = text.split("\r\n\r\n").next()?;
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_string())
    })
}
