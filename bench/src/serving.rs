//! The binary itself: its size, its start, its memory, and how fast pages come, asked over HTTP as a browser does.

use crate::measure::{cpu_of, memory_of, middle};
use crate::reading::goal;
use crate::table::print;
use crate::{Asked, data};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub fn run(asked: &Asked) -> Result<()> {
    let Some(tenon) = &asked.tenon else {
        println!("The binary is not built (`make release`): pages are not timed.\n");
        return Ok(());
    };
    let size = std::fs::metadata(tenon)?.len() as f64 / 1e6;
    let mut rows = vec![goal(
        &format!("size of {}", name_of(tenon)),
        "30 MB",
        format!("{size:.1} MB"),
        size < 30.0,
    )];
    rows.extend(start_and_idle(asked, tenon)?);
    let log = asked.shared.join("data/logs/receipt.xes.gz");
    if log.exists() {
        rows.extend(pages(asked, tenon, &log)?);
    } else {
        println!(
            "{} is absent: pages of a large log are not timed.\n",
            log.display()
        );
    }
    print("Serving", &["what", "goal", "measured", ""], &rows);
    Ok(())
}

fn name_of(tenon: &Path) -> String {
    let mut parts = tenon
        .components()
        .rev()
        .map(|c| c.as_os_str().to_string_lossy().into_owned());
    let (name, profile) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!("{profile}/{name}")
}

/// With the sample company, as `make run` starts it.
fn start_and_idle(asked: &Asked, tenon: &Path) -> Result<Vec<Vec<String>>> {
    let data = fresh(asked, "sample")?;
    ensure!(
        quiet(tenon)
            .args(["sample", "--import", "--data"])
            .arg(&data)
            .status()?
            .success(),
        "tenon sample failed"
    );
    let (mut starts, mut firsts, mut idle, mut looked) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.rounds.max(3) {
        let server = Server::start(tenon, &data)?;
        starts.push(server.started.as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(1));
        idle.push(memory_of(&server.pid(), "VmRSS"));
        firsts.push(server.get("/p/new-business")?.whole);
        looked.push(memory_of(&server.pid(), "VmRSS"));
    }
    let (start, idle) = (middle(starts), middle(idle));
    Ok(vec![
        goal(
            "start to first page",
            "300 ms",
            format!("{start:.0} ms"),
            start < 300.0,
        ),
        goal(
            "resident when idle",
            "60 MB",
            format!(
                "{:.0} MiB; {:.0} MiB after the sample's page",
                idle,
                middle(looked)
            ),
            idle * 1.048_576 < 60.0,
        ),
        goal(
            "first look at the sample's page",
            "–",
            format!("{:.0} ms", middle(firsts)),
            true,
        ),
    ])
}

/// 1.2 million events.
fn pages(asked: &Asked, tenon: &Path, log: &Path) -> Result<Vec<Vec<String>>> {
    let large = data::repeated(log, &asked.folder, 140)?;
    let data = fresh(asked, "large")?;
    let begun = Instant::now();
    let mut import = quiet(tenon);
    import
        .arg("import")
        .arg(&large)
        .args(["--process", "receipt", "--data"])
        .arg(&data);
    ensure!(import.status()?.success(), "tenon import failed");
    let imported = begun.elapsed().as_secs_f64();
    let server = Server::start(tenon, &data)?;
    let cold = server.get("/p/receipt")?.whole;
    let cached: Vec<f64> = (0..50)
        .map(|_| Ok(server.get("/p/receipt")?.whole))
        .collect::<Result<_>>()?;
    let drawn: Vec<f64> = (0..20)
        .map(|_| Ok(server.get("/p/receipt/map.svg")?.whole))
        .collect::<Result<_>>()?;
    let mut first_bytes = Vec::new();
    let used = cpu_of(&server.pid());
    for query in questions() {
        let answer = server.get(&format!("/p/receipt?{query}"))?;
        first_bytes.push((answer.first, query));
    }
    let used = (cpu_of(&server.pid()) - used) * 1e3 / first_bytes.len() as f64;
    first_bytes.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (ms, query) in &first_bytes {
        println!("{ms:.0} ms  ?{query}");
    }
    println!();
    let worst = first_bytes.last().context("no filter was tried")?.0;
    let filtered = middle(first_bytes.iter().map(|f| f.0).collect());
    let (cached, drawn) = (middle(cached), middle(drawn));
    let memory = memory_of(&server.pid(), "VmRSS");
    Ok(vec![
        goal(
            "import of 547 MB into the store",
            "–",
            format!("{imported:.1} s"),
            true,
        ),
        goal(
            "its page for the first time after the start",
            "–",
            format!("{cold:.0} ms"),
            true,
        ),
        goal(
            "its page from cache",
            "10 ms",
            format!("{cached:.1} ms"),
            cached < 10.0,
        ),
        goal(
            "first byte after a filter not asked before",
            "150 ms",
            format!(
                "{filtered:.0} ms, slowest of {} {worst:.0} ms; {used:.0} ms of CPU each",
                first_bytes.len()
            ),
            worst < 150.0,
        ),
        goal(
            "map laid out and drawn, /map.svg",
            "70 ms",
            format!("{drawn:.1} ms"),
            drawn < 70.0,
        ),
        goal(
            "resident with 1.2 million events looked at",
            "–",
            format!("{memory:.0} MiB"),
            true,
        ),
    ])
}

/// Every kind of filter, none twice.
fn questions() -> Vec<String> {
    let texts = [
        "from=2011-01-01",
        "to=2011-06-30",
        "from=2010-11-01&to=2011-03-31",
        "from=2011-04-01&to=2011-09-30",
        "activity=T03+Adjust+confirmation+of+receipt",
        "activity=T10+Determine+necessity+to+stop+indication",
        "edge_from=Confirmation+of+receipt&edge_to=T02+Check+confirmation+of+receipt",
        "edge_from=T04+Determine+confirmation+of+receipt&edge_to=T05+Print+and+send+confirmation+of+receipt",
        "attr.channel=Internet",
        "attr.channel=Desk",
        "attr.department=General",
        "attr.responsible=Resource21",
        "team=Group+1",
        "team=Group+4",
        "team=Group+2&attr.channel=Internet",
        "person=Resource10",
        "person=Resource21",
        "state=open",
        "working=Europe/Amsterdam",
        "from=2011-02-01&working=Europe/Amsterdam",
    ];
    texts.map(String::from).to_vec()
}

fn quiet(tenon: &Path) -> Command {
    let mut command = Command::new(tenon);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn fresh(asked: &Asked, name: &str) -> Result<PathBuf> {
    let folder = asked.folder.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Adds an owner where there is none of that name yet, and returns a token of hers.
fn looker(tenon: &Path, data: &Path) -> Result<String> {
    const EMAIL: &str = "bench@halden.example";
    let mut add = quiet(tenon);
    add.args([
        "people", "add", EMAIL, "--name", "Bench", "--role", "owner", "--data",
    ]);
    // She may be here from the round before.
    add.arg(data).status()?;
    let mut token = Command::new(tenon);
    token.args(["people", "token", EMAIL, "--name", "bench", "--data"]);
    let output = token.arg(data).output()?;
    ensure!(output.status.success(), "tenon people token failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_string())
}

/// A server of ours, ended when it is let go.
struct Server {
    process: Child,
    port: u16,
    /// Of an owner who looks.
    token: String,
    /// From the start of the program to the whole first page.
    started: Duration,
}

struct Answer {
    /// Milliseconds from the request to the first byte of the answer, and to its last.
    first: f64,
    whole: f64,
}

impl Server {
    fn start(tenon: &Path, data: &Path) -> Result<Server> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let token = looker(tenon, data)?;
        let begun = Instant::now();
        let process = quiet(tenon)
            .args(["serve", "--port", &port.to_string(), "--data"])
            .arg(data)
            .spawn()?;
        let mut server = Server {
            process,
            port,
            token,
            started: Duration::ZERO,
        };
        while begun.elapsed() < Duration::from_secs(20) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                server.get("/")?;
                server.started = begun.elapsed();
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("the server did not start")
    }

    fn pid(&self) -> String {
        self.process.id().to_string()
    }

    fn get(&self, path: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let begun = Instant::now();
        let ms = || begun.elapsed().as_secs_f64() * 1e3;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.port, self.token
        )?;
        let mut answer = vec![0; 1 << 16];
        let mut n = stream.read(&mut answer)?;
        let first = ms();
        let status = String::from_utf8_lossy(&answer[..n.min(40)]).into_owned();
        ensure!(status.starts_with("HTTP/1.1 200"), "{path}: {status}");
        while n > 0 {
            n = stream.read(&mut answer)?;
        }
        Ok(Answer { first, whole: ms() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
