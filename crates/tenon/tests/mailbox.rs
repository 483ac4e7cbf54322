//! The whole server on a real Dovecot: answers come in over TLS at once, and a server that is killed takes each in once.

#![allow(clippy::unwrap_used)]

#[path = "../../service/src/delivery/tests/dovecot.rs"]
#[allow(dead_code)]
mod dovecot;
mod sink;

use dovecot::{Dovecot, PASSWORD};
use serde_json::{Value, json};
use sink::Sink;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[test]
fn answers_come_in_over_tls_at_once_and_the_password_is_nowhere() {
    let Some(dovecot) = Dovecot::start_or_say() else {
        return;
    };
    let house = House::build("tls");
    let mut n = 0;
    for address in [
        format!("imaps://reply:{PASSWORD}@localhost:{}/INBOX", dovecot.imaps),
        format!(
            "imap://reply:{PASSWORD}@localhost:{}/?tls=required",
            dovecot.imap
        ),
    ] {
        let server = house.serve(&address, &dovecot.folder.join("ca.pem"));
        let to = house.way_back(server.port);
        until("it is connected", || {
            house.page(server.port).contains("connected since")
        });
        for _ in 0..3 {
            n += 1;
            let begun = Instant::now();
            dovecot.deliver("reply", &answer(&to, n));
            until("the answer stands", || {
                house.said(server.port).contains(&format!("answer-{n}"))
            });
            // Long before the next look by the clock.
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "{:?}",
                begun.elapsed()
            );
        }
        let page = house.page(server.port);
        assert!(
            page.contains("reply@localhost/INBOX") && !page.contains(PASSWORD),
            "{page}"
        );
        assert!(!server.end().contains(PASSWORD));
    }
    // Whom nobody vouches for is not spoken to.
    let address = format!("imaps://reply:{PASSWORD}@localhost:{}/INBOX", dovecot.imaps);
    let server = house.serve(&address, Path::new("/nonexistent"));
    until("it says why not", || {
        house.page(server.port).contains("UnknownIssuer")
    });
    assert!(house.page(server.port).contains("not connected"));
    assert!(!server.end().contains(PASSWORD));
}

#[test]
fn a_server_that_is_killed_while_it_fetches_takes_each_answer_in_once() {
    let Some(dovecot) = Dovecot::start_or_say() else {
        return;
    };
    let kills: usize = std::env::var("TENON_MAILBOX_KILLS").map_or(8, |k| k.parse().unwrap());
    let house = House::build("kill");
    let address = dovecot.address("reply");
    let server = house.serve(&address, Path::new("/nonexistent"));
    let to = house.way_back(server.port);
    drop(server);
    let mut n = 0;
    for kill in 0..kills {
        for _ in 0..25 {
            n += 1;
            dovecot.deliver("reply", &answer(&to, n));
        }
        let server = house.serve(&address, Path::new("/nonexistent"));
        std::thread::sleep(Duration::from_millis(60 + 37 * (kill as u64 % 12)));
        drop(server);
    }
    let server = house.serve(&address, Path::new("/nonexistent"));
    until("the last one stands", || {
        house.said(server.port).contains(&format!("answer-{n}"))
    });
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for body in house.said(server.port) {
        *times.entry(body).or_default() += 1;
    }
    let all: Vec<String> = (1..=n).map(|i| format!("answer-{i}")).collect();
    let missing: Vec<_> = all.iter().filter(|a| !times.contains_key(*a)).collect();
    assert!(missing.is_empty(), "not taken in: {missing:?}");
    let twice: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "taken in twice: {twice:?}");
    until("all are marked", || {
        dovecot
            .flags("reply", "INBOX")
            .iter()
            .all(|f| f == "\\Seen")
    });
    println!("{kills} kills: {n} answers, each there once");
}

fn answer(to: &str, n: usize) -> String {
    format!("From: olu@halden.example\r\nTo: {to}\r\nMessage-ID: <{n}@phone>\r\n\r\nanswer-{n}\r\n")
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(40), "not so: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

struct House {
    folder: PathBuf,
    token: String,
    sink: Sink,
    /// For mails that are told of once.
    asked: Mutex<usize>,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Server {
    child: Child,
    port: u16,
    said: Arc<Mutex<String>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Kills it; everything it logged.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        self.said.lock().unwrap().clone()
    }
}

impl House {
    fn build(name: &str) -> House {
        let folder =
            std::env::temp_dir().join(format!("tenon-mailbox-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join("deals.csv");
        std::fs::write(
            &log,
            "case,activity,time\nKestrel,call,2026-01-05T10:00:00Z\n",
        )
        .unwrap();
        let mut house = House {
            folder,
            token: String::new(),
            sink: Sink::open(),
            asked: Mutex::new(0),
        };
        house.run(&["import", log.to_str().unwrap()]);
        let maren = "maren@halden.example";
        house.run(&["people", "add", maren, "--name", "Maren", "--role", "owner"]);
        house.run(&["people", "add", "olu@halden.example", "--name", "olu"]);
        let words = [
            "people",
            "token",
            maren,
            "--name",
            "t",
            "--scopes",
            "read write admin",
        ];
        house.token = house.run(&words).trim().to_string();
        house
    }

    fn tenon(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .env_remove("DATABASE_URL")
            .env("TENON_DATA", self.folder.join("store"));
        command
    }

    fn run(&self, words: &[&str]) -> String {
        let output = self.tenon().args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self, address: &str, trusted: &Path) -> Server {
        let mut child = self
            .tenon()
            .args(["serve", "--port", "0", "--mail-group", "0"])
            .env("TENON_SMTP", format!("smtp://127.0.0.1:{}", self.sink.port))
            .env("TENON_MAIL_FROM", "Tenon <tenon@halden.example>")
            .env("TENON_IMAP", address)
            .env("SSL_CERT_FILE", trusted)
            .env("SSL_CERT_DIR", "/nonexistent")
            .env("RUST_LOG", "trace,sqlx=warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said: Arc<Mutex<String>> = Arc::default();
        let (mut log, to) = (child.stderr.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(n @ 1..) = log.read(&mut part) {
                *to.lock().unwrap() += &String::from_utf8_lossy(&part[..n]);
            }
        });
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|p| p.parse().ok());
        let port = port.unwrap_or_else(|| panic!("it does not start: {}", said.lock().unwrap()));
        Server { child, port, said }
    }

    /// Asks Olu something; where her answer goes, as the mail to her says.
    fn way_back(&self, port: u16) -> String {
        let n = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        let path = "/api/v1/processes/deals/cases/Kestrel/messages";
        let body = json!({ "body": format!("@olu which form? {n}") });
        assert_eq!(self.ask(port, "POST", path, Some(&body)).0, 201);
        until("a mail left", || self.sink.got.lock().unwrap().len() >= n);
        let mail = self.sink.got.lock().unwrap()[n - 1].replace("\r\n ", " ");
        let to = mail.lines().find_map(|l| l.strip_prefix("Reply-To: "));
        to.unwrap().split(['<', '>']).nth(1).unwrap().to_string()
    }

    fn said(&self, port: u16) -> Vec<String> {
        let (mut all, mut before) = (Vec::new(), i64::MAX);
        loop {
            let path =
                format!("/api/v1/processes/deals/cases/Kestrel/messages?limit=200&before={before}");
            let (_, answer) = self.ask(port, "GET", &path, None);
            let page: Vec<Value> = serde_json::from_str(&answer).unwrap();
            let Some(oldest) = page.last() else {
                return all;
            };
            before = oldest["id"].as_i64().unwrap();
            all.extend(page.iter().map(|m| m["body"].as_str().unwrap().to_string()));
        }
    }

    /// The page that owners see.
    fn page(&self, port: u16) -> String {
        self.ask(port, "GET", "/delivery", None).1
    }

    fn ask(&self, port: u16, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: localhost:{port}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.into(),
        )
    }
}
