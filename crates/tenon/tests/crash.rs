//! An import that is killed at any moment leaves all of it or none, and the next one succeeds.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const MOMENTS: u32 = 50;
const CASES: u64 = 400;
/// Imports that go into the same process, so that adding to one is killed too.
const A_PROCESS: u32 = 5;

#[test]
fn killed_at_fifty_moments_an_import_is_there_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("tenon-crash-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Store(folder.join("store"));

    // How long an undisturbed one takes here: the moments are spread over that and a little more.
    let whole = log(&folder, "whole");
    let begun = Instant::now();
    assert!(store.import(&whole, "whole").status().unwrap().success());
    let span = begun.elapsed().mul_f64(1.1);

    let mut random = 0x7e40_0000_0000_0001_u64;
    let (mut none, mut all) = (0, 0);
    for moment in 0..MOMENTS {
        let process = format!("round {}", moment / A_PROCESS);
        let before = u64::from(moment % A_PROCESS) * CASES;
        let file = log(&folder, &moment.to_string());
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share =
            (f64::from(moment) + (random >> 11) as f64 / (1u64 << 53) as f64) / f64::from(MOMENTS);

        let mut child = store.import(&file, &process).spawn().unwrap();
        std::thread::sleep(span.mul_f64(share));
        child.kill().unwrap();
        child.wait().unwrap();

        match store.cases(&process) {
            n if n == before => none += 1,
            n if n == before + CASES => all += 1,
            n => panic!("moment {moment}: {n} cases where {before} were known and {CASES} added"),
        }
        assert!(
            store.import(&file, &process).status().unwrap().success(),
            "moment {moment}: the next import fails"
        );
        assert_eq!(
            store.figures(&process)["counts"]["cases"],
            before + CASES,
            "moment {moment}"
        );
    }
    println!("killed within {span:?}: {none} left none, {all} left all");
    assert!(none > 0, "no moment fell into the import");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A store that only the command line touches.
struct Store(PathBuf);

impl Store {
    fn tenon(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .env_remove("DATABASE_URL")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn import(&self, file: &Path, process: &str) -> Command {
        let mut command = self.tenon();
        command
            .arg("import")
            .arg(file)
            .args(["--process", process, "--data"])
            .arg(&self.0);
        command
    }

    /// Cases of a process; 0 when there is no such process.
    fn cases(&self, process: &str) -> u64 {
        let rows = self.json(&["look", "--json"]);
        let row = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == process);
        row.map_or(0, |row| row["cases"].as_u64().unwrap())
    }

    /// Opens the columns too.
    fn figures(&self, process: &str) -> Value {
        self.json(&["look", "--json", "--process", process])
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self
            .tenon()
            .args(words)
            .arg("--data")
            .arg(&self.0)
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "the store does not open: {words:?}"
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A log whose cases no other has.
fn log(folder: &Path, name: &str) -> PathBuf {
    let mut text = String::from("<log>\n");
    for case in 0..CASES {
        let _ = writeln!(
            text,
            "<trace><string key=\"concept:name\" value=\"{name}-{case}\"/>"
        );
        for (hour, activity) in ["Asked", "Offered", "Called", "Agreed"].iter().enumerate() {
            let day = case % 28 + 1;
            let _ = writeln!(
                text,
                "<event><string key=\"concept:name\" value=\"{activity}\"/><date key=\"time:timestamp\" value=\"2026-02-{day:02}T{hour:02}:00:00Z\"/></event>"
            );
        }
        text.push_str("</trace>\n");
    }
    let path = folder.join(format!("{name}.xes"));
    std::fs::write(&path, text + "</log>\n").unwrap();
    path
}
