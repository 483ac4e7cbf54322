//! What this machine is, and what a process took: seconds, CPU seconds, memory.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Linux counts CPU time of a process in hundredths of a second.
const TICK: f64 = 0.01;

pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|l| l.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown CPU", |(_, name)| name.trim())
        .to_string();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    format!("{cores} cores, {model}; load before: {}", load.join(" "))
}

/// CPU seconds of a process so far, all threads, user and system.
pub fn cpu_of(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks; what follows it does not.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |n: usize| {
        rest.split_whitespace()
            .nth(n)
            .and_then(|f| f.parse::<f64>().ok())
    };
    (field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0)) * TICK
}

/// A line of /proc/PID/status such as `VmHWM`, in MiB.
pub fn memory_of(pid: &str, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|l| l.strip_prefix(line)?.strip_prefix(':'))
        .and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// CPU seconds of this process so far, exact to the microsecond.
fn cpu_here() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// Times parts of the work within a child.
pub struct Watch {
    begun: Instant,
    last: Instant,
    cpu: f64,
    parts: serde_json::Map<String, Value>,
}

impl Watch {
    pub fn start() -> Self {
        let now = Instant::now();
        Watch {
            begun: now,
            last: now,
            cpu: cpu_here(),
            parts: serde_json::Map::new(),
        }
    }

    /// Ends a part.
    pub fn part(&mut self, name: &str) {
        self.parts
            .insert(name.into(), json!(self.last.elapsed().as_secs_f64()));
        self.last = Instant::now();
    }

    /// Prints what was measured, with what was found, as one line of JSON.
    pub fn print(self, mut found: Value) {
        let wall = self.begun.elapsed().as_secs_f64();
        if let Value::Object(map) = &mut found {
            map.extend(self.parts);
            map.insert("wall".into(), json!(wall));
            map.insert("cpu".into(), json!(cpu_here() - self.cpu));
            map.insert("peak_mib".into(), json!(memory_of("self", "VmHWM")));
        }
        println!("{found}");
    }
}

/// Runs this program as a child with the given words and returns what it printed.
pub fn child(words: &[&str]) -> Result<Value> {
    child_within(words, None)?.context("a child without a limit ends")
}

/// The same; `None` when it was ended because it took longer than `limit`.
pub fn child_within(words: &[&str], limit: Option<Duration>) -> Result<Option<Value>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("child").args(words);
    run(command, limit)
}

/// Runs a command; `None` when it was ended because it took longer than `limit`.
pub fn run(mut command: Command, limit: Option<Duration>) -> Result<Option<Value>> {
    let mut process = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let begun = Instant::now();
    while let Some(limit) = limit {
        if process.try_wait()?.is_some() {
            break;
        }
        if begun.elapsed() > limit {
            process.kill()?;
            process.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = process.wait_with_output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let line = text
        .lines()
        .rfind(|l| l.starts_with('{'))
        .with_context(|| format!("{command:?} printed no figures"))?;
    Ok(Some(serde_json::from_str(line)?))
}

pub fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(f64::NAN)
}

/// The median of one key over rounds.
pub fn median(rounds: &[Value], key: &str) -> f64 {
    middle(rounds.iter().map(|r| number(r, key)).collect())
}

pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[n / 2],
        n => (numbers[n / 2 - 1] + numbers[n / 2]) / 2.0,
    }
}

pub fn smallest(rounds: &[Value], key: &str) -> f64 {
    rounds
        .iter()
        .map(|r| number(r, key))
        .fold(f64::NAN, f64::min)
}

pub fn megabytes(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(f64::NAN, |m| m.len() as f64 / 1e6)
}
