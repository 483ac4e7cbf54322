//! A server that is killed under load keeps every post it acknowledged, keeps none twice, and sends no mail twice.
//!
//! 20 kills; `TENON_KILLS=100` makes it more, `TENON_KILL_DATABASE=postgres://…` kills one over an empty PostgreSQL database.
//! The mail server's word and the commit behind it are two things. A mail that a kill caught between them is set aside, and
//! what nobody was told of has to be in one of those: the owner sends them again in the end, and then everything is told.

#![allow(clippy::unwrap_used)]

mod sink;

use serde_json::{Value, json};
use sink::Sink;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WRITERS: usize = 4;
/// Enough that mails of some leave while those of others wait for who died with them.
const CASES: usize = 60;
const PEOPLE: [&str; 3] = ["olu", "ines", "gil"];

#[test]
fn killed_under_load_a_server_keeps_what_it_acknowledged_and_sends_no_mail_twice() {
    let kills: usize = std::env::var("TENON_KILLS").map_or(20, |k| k.parse().unwrap());
    let folder = std::env::temp_dir().join(format!("tenon-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let sink = Sink::open();
    let house = House::build(&folder, sink.port);
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let mut random = 0x7e40_0000_0000_0001_u64;
    for _ in 0..kills {
        let mut server = house.serve();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(150 + (random >> 33) % 650);
        let (port, token) = (server.port, house.token.clone());
        let all: Vec<_> = writers
            .drain(..)
            .map(|mut writer| {
                let token = token.clone();
                std::thread::spawn(move || {
                    writer.write_until_it_breaks(port, &token);
                    writer
                })
            })
            .collect();
        std::thread::sleep(moment);
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        writers.extend(all.into_iter().map(|w| w.join().unwrap()));
    }
    let mut server = house.serve();
    for writer in &mut writers {
        writer.write_once(server.port, &house.token).unwrap();
    }
    house.wait_until_all_left(server.port, &sink);
    let first = sink.got.lock().unwrap().clone();
    let aside = house.send_again(server.port, &sink);

    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for case in (0..CASES).map(|n| format!("case-{n}")) {
        for body in house.said(server.port, &case) {
            *kept
                .entry(body.split_whitespace().nth(1).unwrap().to_string())
                .or_default() += 1;
        }
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let acknowledged: BTreeSet<String> = writers
        .iter()
        .flat_map(|w| w.acknowledged.clone())
        .collect();
    let lost: Vec<&String> = acknowledged
        .iter()
        .filter(|a| !kept.contains_key(*a))
        .collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    let twice: Vec<_> = kept.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "there more than once: {twice:?}");

    // A digest of a morning that came meanwhile tells of what is in doubt, and says so.
    let is_own = |mail: &&String| !mail.contains(".again@");
    let own: Vec<String> = first.iter().filter(is_own).cloned().collect();
    let (by_id, told_by) = told(&own);
    let twice: Vec<_> = by_id.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "sent twice: {twice:?}");
    let by_two: Vec<_> = told_by.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(by_two.is_empty(), "told by two mails: {by_two:?}");
    let all = sink.got.lock().unwrap().clone();
    let (in_the_end, told_in_the_end) = told(&all);
    let untold: Vec<&String> = kept
        .keys()
        .filter(|k| !told_in_the_end.contains_key(*k))
        .collect();
    assert!(untold.is_empty(), "nobody was told of {untold:?}");
    let arrived = in_the_end.values().filter(|n| **n > 1).count();
    let waited = kept.keys().filter(|k| !told_by.contains_key(*k)).count();
    println!(
        "{kills} kills: {} posts acknowledged, {} kept; {} mails, none twice; {aside} set aside, {arrived} of which had arrived, and the others tell of {waited} posts",
        acknowledged.len(),
        kept.len(),
        by_id.len()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

type Told = (BTreeMap<String, usize>, BTreeMap<String, BTreeSet<String>>);

/// How often each mail came, by its Message-ID, and which mails tell of a post.
fn told(mails: &[String]) -> Told {
    let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
    let mut told_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in mails {
        let id = mail
            .lines()
            .find_map(|l| l.strip_prefix("Message-ID: "))
            .unwrap();
        *by_id.entry(id.into()).or_default() += 1;
        for post in posts_in(mail) {
            told_by.entry(post).or_default().insert(id.into());
        }
    }
    (by_id, told_by)
}

/// The names of posts a mail tells of.
fn posts_in(mail: &str) -> BTreeSet<String> {
    // A line that was broken for the way is one line.
    let whole = mail.replace("=\r\n", "");
    let words = whole.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words
        .filter(|w| w.starts_with("post-"))
        .map(String::from)
        .collect()
}

/// Somebody who posts, and says what was not acknowledged again under the same name.
struct Writer {
    number: usize,
    next: usize,
    acknowledged: Vec<String>,
}

impl Writer {
    fn new(number: usize) -> Writer {
        Writer {
            number,
            next: 0,
            acknowledged: Vec::new(),
        }
    }

    fn write_until_it_breaks(&mut self, port: u16, token: &str) {
        while self.write_once(port, token).is_ok() {}
    }

    fn write_once(&mut self, port: u16, token: &str) -> Result<(), String> {
        let name = format!("post-{}-{}", self.number, self.next);
        let case = format!("case-{}", self.next % CASES);
        let person = PEOPLE[(self.number + self.next) % PEOPLE.len()];
        let body = json!({ "body": format!("@{person} {name}"), "client": name });
        let path = format!("/api/v1/processes/deals/cases/{case}/messages");
        let (status, answer) = ask(port, token, "POST", &path, Some(&body))?;
        assert_eq!(status, 201, "{answer}");
        self.acknowledged.push(name);
        self.next += 1;
        Ok(())
    }
}

/// One request; an error when the server is gone.
fn ask(
    port: u16,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<(u16, String), String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .map_err(|e| e.to_string())?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .map_err(|e| e.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("broke off")?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    Ok((status.ok_or("no status")?, body.to_string()))
}

struct Server {
    child: Child,
    port: u16,
}

struct House {
    data: PathBuf,
    database: Option<String>,
    smtp: u16,
    token: String,
}

impl House {
    fn build(folder: &Path, smtp: u16) -> House {
        let log = folder.join("deals.csv");
        let mut text = String::from("case,activity,time\n");
        for case in (0..CASES).map(|n| format!("case-{n}")) {
            text +=
                &format!("{case},call,2026-01-05T10:00:00Z\n{case},offer,2026-01-06T10:00:00Z\n");
        }
        std::fs::write(&log, text).unwrap();
        let mut house = House {
            data: folder.join("store"),
            database: std::env::var("TENON_KILL_DATABASE").ok(),
            smtp,
            token: String::new(),
        };
        house.run(&["import", log.to_str().unwrap()]);
        house.run(&[
            "people",
            "add",
            "maren@halden.example",
            "--name",
            "Maren Voss",
            "--role",
            "owner",
        ]);
        for person in PEOPLE {
            let email = format!("{person}@halden.example");
            house.run(&["people", "add", &email, "--name", person]);
        }
        let words = [
            "people",
            "token",
            "maren@halden.example",
            "--name",
            "load",
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
            .env("TENON_DATA", &self.data)
            .stderr(Stdio::null());
        if let Some(database) = &self.database {
            command.env("DATABASE_URL", database);
        }
        command
    }

    fn run(&self, words: &[&str]) -> String {
        let output = self.tenon().args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Server {
        let mut child = self
            .tenon()
            .args(["serve", "--port", "0", "--mail-group", "0"])
            .env("TENON_SMTP", format!("smtp://127.0.0.1:{}", self.smtp))
            .env("TENON_MAIL_FROM", "Tenon <tenon@halden.example>")
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|p| p.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the server does not start: {line}"));
        Server { child, port }
    }

    /// Until nothing is on its way and nothing came for a while.
    fn wait_until_all_left(&self, port: u16, sink: &Sink) {
        let begun = Instant::now();
        let (mut last, mut quiet) = (usize::MAX, 0);
        while quiet < 12 {
            // On PostgreSQL what a killed server had begun waits until its lease runs out.
            assert!(
                begun.elapsed() < Duration::from_secs(400),
                "mail does not leave"
            );
            std::thread::sleep(Duration::from_millis(250));
            let (_, answer) = ask(port, &self.token, "GET", "/api/v1/delivery/jobs", None).unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let counts = &answer["counts"];
            assert_eq!(counts["dead"], 0, "{answer}");
            // The mail of the next morning waits for it.
            let jobs = answer["jobs"].as_array().unwrap();
            let is_digest = |j: &&Value| j["key"].as_str().unwrap().starts_with("digest:");
            let mornings = match jobs.len() {
                // The list ends at 200.
                200 => PEOPLE.len(),
                _ => jobs.iter().filter(is_digest).count(),
            };
            let is_open =
                counts["waiting"].as_u64().unwrap() as usize > mornings || counts["running"] != 0;
            let got = sink.got.lock().unwrap().len();
            quiet = if is_open || got != last { 0 } else { quiet + 1 };
            last = got;
        }
    }

    /// Sends every mail again that was set aside; how many those were.
    fn send_again(&self, port: u16, sink: &Sink) -> usize {
        let mut all = 0;
        loop {
            let (_, answer) = ask(port, &self.token, "GET", "/api/v1/delivery/jobs", None).unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let is_aside = |j: &&Value| !j["dead"].is_null() && !j["begun"].is_null();
            let jobs = answer["jobs"].as_array().unwrap().iter().filter(is_aside);
            let ids: Vec<&str> = jobs.map(|j| j["id"].as_str().unwrap()).collect();
            if ids.is_empty() {
                return all;
            }
            all += ids.len();
            for id in ids {
                let path = format!("/api/v1/delivery/jobs/{id}/retry");
                let (status, answer) = ask(port, &self.token, "POST", &path, None).unwrap();
                assert_eq!(status, 200, "{answer}");
            }
            self.wait_until_all_left(port, sink);
        }
    }

    /// Everything that was said on a case.
    fn said(&self, port: u16, case: &str) -> Vec<String> {
        let (mut all, mut before) = (Vec::new(), i64::MAX);
        loop {
            let path =
                format!("/api/v1/processes/deals/cases/{case}/messages?limit=200&before={before}");
            let (status, answer) = ask(port, &self.token, "GET", &path, None).unwrap();
            assert_eq!(status, 200, "{answer}");
            let page: Vec<Value> = serde_json::from_str(&answer).unwrap();
            let Some(oldest) = page.last() else {
                return all;
            };
            before = oldest["id"].as_i64().unwrap();
            all.extend(page.iter().map(|m| m["body"].as_str().unwrap().to_string()));
        }
    }
}
