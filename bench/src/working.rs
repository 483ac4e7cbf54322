//! Colleagues at work, many at once: posts that are safe on the disk, the home stream as JSON and as a page, and readers
//! who are told as it happens. The load comes from this process over loopback, on the same cores as the server.

use crate::Asked;
use crate::measure::memory_of;
use crate::table::{print, short, verdict};
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

const WRITERS: usize = 64;
const READERS: usize = 32;
const SECONDS: u64 = 10;

pub fn run(asked: &Asked) -> Result<()> {
    let Some(tenon) = &asked.tenon else {
        println!("No binary: `cargo build --release -p tenon` first.\n");
        return Ok(());
    };
    let mut house = House::open(tenon, asked)?;
    let mut rows = Vec::new();
    let posts = house.posts()?;
    // The commands of the server read the same variable.
    let (engine, least) = match std::env::var_os("DATABASE_URL") {
        Some(_) => ("PostgreSQL", 3_000.0),
        None => ("SQLite", 6_000.0),
    };
    rows.push(row(
        &format!("posts on {engine}, safe on the disk, one in four with a mention, 64 writers"),
        &posts,
        least,
        40.0,
    ));
    if let Some(wanted) = filled(engine)? {
        house.fill(wanted)?;
    }
    let before = house.count()?;
    for (what, path, least) in [
        ("home stream of 20 as JSON", "/api/v1/stream", 15_000.0),
        ("home as a page", "/", 8_000.0),
    ] {
        let reads = house.reads(path)?;
        rows.push(row(
            &format!("{what}, {before} messages, 32 readers"),
            &reads,
            least,
            20.0,
        ));
    }
    let sought = house.searches()?;
    rows.push(vec![
        format!("search for two words, {before} messages, one asker"),
        "50 ms".into(),
        format!(
            "median {} ms, p99 {} ms",
            short(sought.median),
            short(sought.p99)
        ),
        verdict(sought.p99 <= 50.0),
    ]);
    let live = house.live()?;
    rows.push(vec![
        format!("{} open readers: a post is seen by all", live.readers),
        "500 ms (p99)".into(),
        format!(
            "{} ms (p99), median {} ms",
            short(live.p99),
            short(live.median)
        ),
        verdict(live.p99 <= 500.0),
    ]);
    rows.push(vec![
        "memory a reader".into(),
        "20 kB".into(),
        format!("{} kB", short(live.kib)),
        verdict(live.kib <= 20.0),
    ]);
    print(
        &format!(
            "Work: {SECONDS} s each, server resident {:.0} MB at the end",
            house.resident()
        ),
        &["what", "goal", "measured", ""],
        &rows,
    );
    Ok(())
}

/// How many messages there are to be before anything is read (`TENON_MESSAGES`): SQLite alone is filled.
fn filled(engine: &str) -> Result<Option<u64>> {
    let Ok(wanted) = std::env::var("TENON_MESSAGES") else {
        return Ok(None);
    };
    ensure!(engine == "SQLite", "TENON_MESSAGES fills SQLite alone");
    Ok(Some(wanted.parse().context("TENON_MESSAGES is a number")?))
}

struct Load {
    a_second: f64,
    median: f64,
    p99: f64,
    failed: u64,
}

fn row(what: &str, load: &Load, least: f64, p99: f64) -> Vec<String> {
    vec![
        what.into(),
        format!("{least:.0}/s, p99 under {p99:.0} ms"),
        format!(
            "{:.0}/s, median {} ms, p99 {} ms, {} failed",
            load.a_second,
            short(load.median),
            short(load.p99),
            load.failed
        ),
        verdict(load.a_second >= least && load.p99 <= p99 && load.failed == 0),
    ]
}

/// A server that answers.
fn served(tenon: &Path, data: &Path, port: u16) -> Result<Child> {
    let server = Command::new(tenon)
        .args(["serve", "--port", &port.to_string(), "--data"])
        .arg(data)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let is_late = begun.elapsed() > Duration::from_secs(20);
        ensure!(!is_late, "{} did not start", tenon.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// A server of its own with a sample company and people who have tokens.
struct House {
    tenon: PathBuf,
    data: PathBuf,
    server: Child,
    port: u16,
    tokens: Vec<String>,
    handles: Vec<String>,
    cases: Vec<String>,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

impl House {
    fn open(tenon: &Path, asked: &Asked) -> Result<House> {
        let data = asked.folder.join("working");
        let _ = std::fs::remove_dir_all(&data);
        command(
            tenon,
            &data,
            &[
                "sample", "--import", "--plain", "--cases", "1000", "--teams", "16",
            ],
        )?;
        let people = command(tenon, &data, &["people"])?;
        let emails: Vec<&str> = people
            .split_whitespace()
            .filter(|w| w.contains('@'))
            .take(WRITERS)
            .collect();
        ensure!(
            emails.len() == WRITERS,
            "{} people, not {WRITERS}",
            emails.len()
        );
        let mut tokens = Vec::new();
        for email in &emails {
            tokens.push(
                command(tenon, &data, &["people", "token", email, "--name", "load"])?
                    .trim()
                    .to_string(),
            );
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let server = served(tenon, &data, port)?;
        let mut house = House {
            tenon: tenon.into(),
            handles: emails
                .iter()
                .map(|e| e.split('@').next().unwrap_or_default().to_string())
                .collect(),
            data,
            server,
            port,
            tokens,
            cases: Vec::new(),
        };
        let listed = Client::new(port)?.ask(
            "GET",
            "/api/v1/processes/new-business/cases?limit=200",
            &house.tokens[0],
            "",
        )?;
        ensure!(listed.0 == 200, "{}", listed.1);
        let listed: serde_json::Value = serde_json::from_str(&listed.1)?;
        let rows = listed["rows"].as_array().context("no cases")?;
        house.cases = rows
            .iter()
            .filter_map(|r| r["name"].as_str())
            .map(|n| n.replace(' ', "%20"))
            .collect();
        Ok(house)
    }

    /// Stops the server, writes messages past it, and starts it again.
    fn fill(&mut self, wanted: u64) -> Result<()> {
        let _ = self.server.kill();
        self.server.wait()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fill.py");
        let begun = Instant::now();
        let filled = Command::new("python3")
            .arg(script)
            .arg(self.data.join("tenon.db"))
            .arg(wanted.to_string())
            .status()?;
        ensure!(filled.success(), "the database was not filled");
        println!(
            "{wanted} messages written past the server in {:.0} s",
            begun.elapsed().as_secs_f64()
        );
        self.server = served(&self.tenon, &self.data, self.port)?;
        Ok(())
    }

    fn count(&self) -> Result<u64> {
        let told = Client::new(self.port)?
            .ask("GET", "/api/v1/stream", &self.tokens[0], "")?
            .1;
        let rows: serde_json::Value = serde_json::from_str(&told)?;
        Ok(rows[0]["id"].as_u64().unwrap_or(0))
    }

    fn posts(&self) -> Result<Load> {
        self.load(WRITERS, |client, who, n| {
            let case = &self.cases[(who * 31 + n as usize * 7) % self.cases.len()];
            let other = &self.handles[(who + 1 + n as usize) % WRITERS];
            let call = if n % 4 == 0 { format!("@{other} ") } else { String::new() };
            let body = format!("{{\"body\":\"{call}The board meets on the 25th; the annex goes out on Friday, number {n}.\",\"client\":\"{who}-{n}\"}}");
            let path = format!("/api/v1/processes/new-business/cases/{case}/messages");
            client.ask("POST", &path, &self.tokens[who], &body).map(|a| a.0 == 201)
        })
    }

    fn reads(&self, path: &str) -> Result<Load> {
        self.load(READERS, |client, who, _| {
            client
                .ask("GET", path, &self.tokens[who], "")
                .map(|a| a.0 == 200 && a.1.len() > 500)
        })
    }

    fn searches(&self) -> Result<Load> {
        const SOUGHT: [&str; 6] = [
            "board+friday",
            "annex+number",
            "meter+pump",
            "harbour+vis",
            "25th+goes",
            "carrier+wint",
        ];
        self.load(1, |client, who, n| {
            let path = format!("/api/v1/search?q={}", SOUGHT[n as usize % SOUGHT.len()]);
            client
                .ask("GET", &path, &self.tokens[who], "")
                .map(|a| a.0 == 200)
        })
    }

    /// So many threads, each with a connection of its own, ask as fast as they are answered.
    fn load(
        &self,
        threads: usize,
        ask: impl Fn(&mut Client, usize, u64) -> Result<bool> + Sync,
    ) -> Result<Load> {
        let (all, failed) = (Mutex::new(Vec::new()), AtomicU64::new(0));
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for who in 0..threads {
                let (all, failed, ask) = (&all, &failed, &ask);
                scope.spawn(move || {
                    let mut times = Vec::new();
                    let Ok(mut client) = Client::new(self.port) else {
                        failed.fetch_add(1, Ordering::Relaxed);
                        return;
                    };
                    for n in 0.. {
                        if begun.elapsed() > Duration::from_secs(SECONDS) {
                            break;
                        }
                        let asked = Instant::now();
                        match ask(&mut client, who, n) {
                            Ok(true) => times.push(asked.elapsed().as_secs_f64() * 1e3),
                            _ => _ = failed.fetch_add(1, Ordering::Relaxed),
                        }
                    }
                    all.lock()
                        .unwrap_or_else(|e| e.into_inner())
                        .append(&mut times);
                });
            }
        });
        let spent = begun.elapsed().as_secs_f64();
        let mut times = all.into_inner().unwrap_or_else(|e| e.into_inner());
        times.sort_by(f64::total_cmp);
        if times.is_empty() {
            bail!("nothing was answered");
        }
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        Ok(Load {
            a_second: times.len() as f64 / spent,
            median: at(0.5),
            p99: at(0.99),
            failed: failed.into_inner(),
        })
    }

    fn resident(&self) -> f64 {
        memory_of(&self.server.id().to_string(), "VmRSS") * 1.048_576
    }

    /// Readers who wait for what happens in one room, and posts into it.
    fn live(&self) -> Result<Live> {
        let readers = 5_000;
        let case = &self.cases[0];
        let path = format!("/api/v1/processes/new-business/cases/{case}/messages");
        let mut poster = Client::new(self.port)?;
        let mut post = |n: u64| {
            poster.ask(
                "POST",
                &path,
                &self.tokens[0],
                &format!("{{\"body\":\"live {n}\"}}"),
            )
        };
        ensure!(post(0)?.0 == 201, "no post");
        let told = Client::new(self.port)?
            .ask("GET", &path, &self.tokens[0], "")?
            .1;
        let rows: serde_json::Value = serde_json::from_str(&told)?;
        let room = rows[0]["conversation"]
            .as_str()
            .context("no room")?
            .to_string();
        let before = self.resident();
        let seen = Arc::new(Mutex::new(Vec::<Instant>::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let barrier = Arc::new(Barrier::new(readers + 1));
        let mut threads = Vec::new();
        for n in 0..readers {
            let (seen, barrier, stop) = (seen.clone(), barrier.clone(), stop.clone());
            let (port, room, token) = (self.port, room.clone(), self.tokens[n % WRITERS].clone());
            let thread = std::thread::Builder::new().stack_size(48 << 10).spawn(move || -> Result<()> {
                let mut stream = TcpStream::connect(("127.0.0.1", port))?;
                // In one piece, as browsers send it.
                let asked = format!("GET /api/v1/live?conversation={room} HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {token}\r\n\r\n");
                stream.write_all(asked.as_bytes())?;
                let mut reader = BufReader::with_capacity(1 << 10, stream);
                let mut line = String::new();
                while reader.read_line(&mut line)? > 2 {
                    line.clear();
                }
                barrier.wait();
                while !stop.load(Ordering::Relaxed) {
                    line.clear();
                    if reader.read_line(&mut line)? == 0 {
                        break;
                    }
                    if line.starts_with("data:") {
                        seen.lock().unwrap_or_else(|e| e.into_inner()).push(Instant::now());
                    }
                }
                Ok(())
            })?;
            threads.push(thread);
        }
        barrier.wait();
        std::thread::sleep(Duration::from_millis(500));
        let kib = (self.resident() - before) * 1e6 / readers as f64 / 1e3;
        let mut worst = Vec::new();
        for n in 1..=20 {
            seen.lock().unwrap_or_else(|e| e.into_inner()).clear();
            let begun = Instant::now();
            ensure!(post(n)?.0 == 201, "no post");
            while seen.lock().unwrap_or_else(|e| e.into_inner()).len() < readers {
                ensure!(
                    begun.elapsed() < Duration::from_secs(20),
                    "not all readers were told"
                );
                std::thread::sleep(Duration::from_millis(5));
            }
            let last = seen
                .lock()
                .unwrap_or_else(|e| e.into_inner())
                .iter()
                .max()
                .copied();
            worst.push((last.unwrap_or(begun) - begun).as_secs_f64() * 1e3);
        }
        stop.store(true, Ordering::Relaxed);
        let _ = post(99);
        worst.sort_by(f64::total_cmp);
        drop(threads);
        Ok(Live {
            readers,
            p99: worst[worst.len() - 1],
            median: worst[worst.len() / 2],
            kib,
        })
    }
}

struct Live {
    readers: usize,
    median: f64,
    p99: f64,
    kib: f64,
}

fn command(tenon: &Path, data: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new(tenon)
        .args(args)
        .arg("--data")
        .arg(data)
        .output()?;
    ensure!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// A connection that is kept.
struct Client {
    port: u16,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn new(port: u16) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Client {
            port,
            reader: BufReader::with_capacity(32 << 10, stream),
        })
    }

    /// Asks and reads the whole answer: status and body.
    fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        self.reader.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("no status")?.parse()?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let lower = line.trim_end().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            if let Some(n) = lower.strip_prefix("content-length: ") {
                length = n.parse()?;
            }
            is_chunked |= lower == "transfer-encoding: chunked";
        }
        let mut body = Vec::new();
        if is_chunked {
            loop {
                line.clear();
                self.reader.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16)?;
                let from = body.len();
                body.resize(from + size, 0);
                self.reader.read_exact(&mut body[from..])?;
                line.clear();
                self.reader.read_line(&mut line)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(length, 0);
            self.reader.read_exact(&mut body)?;
        }
        Ok((status, String::from_utf8(body)?))
    }
}
