//! Two servers on one PostgreSQL are one Tenon: what is done on one is there on the other.
//!
//! Each has a folder of its own, as on machines of their own. Where PostgreSQL cannot be started this says so loudly.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../store/src/testing/postgres.rs"]
mod postgres;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TENON: &str = env!("CARGO_BIN_EXE_tenon");

const LOG: &str = "case,activity,time,who\n\
    A-1,Meet,2026-01-05T10:00:00Z,Ann\n\
    A-1,Sell,2026-01-06T10:00:00Z,Bob\n\
    A-2,Meet,2026-01-07T10:00:00Z,Ann\n";

/// A server of its own; it ends with the test.
struct Node {
    server: Child,
    url: String,
    folder: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Node {
    fn start(database: &str) -> Node {
        let folder = postgres::folder();
        let mut server = tenon(database, &folder)
            .args(["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = String::new();
        let mut out = BufReader::new(server.stdout.take().unwrap());
        out.read_line(&mut told).unwrap();
        let url = told.trim().strip_prefix("Tenon is at ");
        let url = url.unwrap_or_else(|| panic!("{told}")).to_string();
        // What it says later is read and forgotten, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Node {
            server,
            url,
            folder,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn tenon(database: &str, folder: &Path) -> Command {
    let mut command = Command::new(TENON);
    command
        .env("DATABASE_URL", database)
        .env("TENON_DATA", folder);
    command
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap().trim().into()
}

/// A program that carries a token.
struct Asker {
    http: reqwest::Client,
    token: String,
}

impl Asker {
    async fn ask(&self, method: &str, url: String, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, url: String) -> (u16, Value) {
        self.ask("GET", url, None).await
    }

    async fn say(&self, node: &Node, body: &str) -> i64 {
        let url = node.at("/api/v1/processes/leads/cases/A-1/messages");
        let (status, posted) = self.ask("POST", url, Some(json!({ "body": body }))).await;
        assert_eq!(status, 201, "{posted}");
        posted["id"].as_i64().unwrap()
    }

    async fn import(&self, node: &Node) {
        let body = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n\r\n{LOG}\r\n--limit--\r\n"
        );
        let request = self.http.post(node.at("/api/v1/imports"));
        let request = request.bearer_auth(&self.token);
        let request = request.header("content-type", "multipart/form-data; boundary=limit");
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
    }

    /// Listens to a conversation on a node.
    async fn listen(&self, node: &Node, conversation: &str, after: Option<i64>) -> Reader {
        let url = node.at(&format!("/api/v1/live?conversation={conversation}"));
        let mut request = self.http.get(url).bearer_auth(&self.token);
        if let Some(last) = after {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        Reader {
            answer,
            read: String::new(),
        }
    }
}

/// Someone who reads what happens as it happens.
struct Reader {
    answer: reqwest::Response,
    read: String,
}

impl Reader {
    /// The number of the next event.
    async fn next(&mut self) -> i64 {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let id = event.lines().find_map(|l| l.strip_prefix("id:"));
                let id = id.map(|id| id.trim().parse().unwrap());
                self.read = rest.to_string();
                match id {
                    Some(id) => return id,
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.answer.chunk());
            let chunk = chunk.await.expect("nothing came").unwrap().unwrap();
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

/// Asks until it is so, at most this long; how long it took.
async fn until(most: Duration, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < most, "not within {most:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

#[tokio::test]
async fn what_is_done_on_one_node_is_there_on_the_other() {
    let port = match postgres::start() {
        Ok(port) => port,
        Err(why) => {
            // Past the harness, which shows nothing of tests that pass.
            let told = format!("\n*** TWO NODES WERE NOT TESTED: {why} ***\n\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
            return;
        }
    };
    let database = format!("postgres://tenon@127.0.0.1:{port}/postgres");
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Both start on an empty database at the same moment.
    let starting = database.clone();
    let second = std::thread::spawn(move || Node::start(&starting));
    let here = Node::start(&database);
    let there = second.join().unwrap();

    let people = |args: &[&str]| said(tenon(&database, &here.folder).arg("people").args(args));
    let olive = "olive@halden.example";
    people(&["add", olive, "--name", "Olive", "--role", "owner"]);
    let all = "read write admin";
    let token = people(&["token", olive, "--name", "test", "--scopes", all]);
    let http = reqwest::Client::builder().build().unwrap();
    let asker = Asker { http, token };

    // An import here shows there, where the file of columns is not.
    asker.import(&here).await;
    let figures = there.at("/api/v1/processes/leads/figures");
    until(Duration::from_secs(20), async || {
        asker.get(figures.clone()).await.0 == 200
    })
    .await;
    let (_, process) = asker.get(there.at("/api/v1/processes/leads")).await;
    assert_eq!(process["events"], 3, "{process}");

    // A message posted here reaches a reader there within a second.
    asker.say(&here, "First").await;
    let messages = there.at("/api/v1/processes/leads/cases/A-1/messages");
    let (_, first) = asker.get(messages.clone()).await;
    let room = first[0]["conversation"].as_str().unwrap().to_string();
    let mut reader = asker.listen(&there, &room, None).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut slowest = Duration::ZERO;
    let mut last = 0;
    for n in 0..5 {
        let begun = Instant::now();
        last = asker.say(&here, &format!("Word {n}")).await;
        let mut seen = reader.next().await;
        // What was said before she listened may still be on its way to that node.
        while n == 0 && seen < last {
            seen = reader.next().await;
        }
        assert_eq!(seen, last);
        slowest = slowest.max(begun.elapsed());
    }
    eprintln!("a message reached the other node within {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");

    // Who was away comes back on the other node and gets all she missed, once, and then what happens next.
    drop(reader);
    let mut missed = Vec::new();
    for node in [&here, &there, &here] {
        missed.push(asker.say(node, "While she was away").await);
    }
    let mut reader = asker.listen(&here, &room, Some(last)).await;
    for id in missed {
        assert_eq!(reader.next().await, id);
    }
    let next = asker.say(&there, "And on it goes").await;
    assert_eq!(reader.next().await, next);

    // A token revoked here is refused there soon after.
    let new = json!({ "name": "short", "scopes": ["read"] });
    let (_, made) = asker
        .ask("POST", here.at("/api/v1/me/tokens"), Some(new))
        .await;
    let short = Asker {
        http: asker.http.clone(),
        token: made["text"].as_str().unwrap().into(),
    };
    let me = there.at("/api/v1/me");
    assert_eq!(short.get(me.clone()).await.0, 200);
    let id = made["token"]["id"].as_str().unwrap();
    let revoked = here.at(&format!("/api/v1/me/tokens/{id}"));
    assert_eq!(asker.ask("DELETE", revoked, None).await.0, 204);
    let took = until(Duration::from_secs(6), async || {
        short.get(me.clone()).await.0 == 401
    })
    .await;
    eprintln!("a revoked token was refused on the other node after {took:?}");

    // A backup is taken while both run, and restored elsewhere.
    let to = here.folder.join("backup.tar.gz");
    said(
        tenon(&database, &here.folder)
            .arg("backup")
            .arg("--to")
            .arg(&to),
    );
    let place = postgres::folder();
    said(
        Command::new(TENON)
            .arg("restore")
            .arg(&to)
            .arg("--data")
            .arg(&place),
    );
    let told = said(Command::new(TENON).arg("people").arg("--data").arg(&place));
    assert!(told.contains(olive), "{told}");
    std::fs::remove_dir_all(place).unwrap();
}
