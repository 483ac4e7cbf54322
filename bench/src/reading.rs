//! From a file to complete figures: Tenon, `process_mining` and pm4py; packed files; growth.

use crate::measure::{child, median, megabytes, number, run as timed, smallest};
use crate::table::{print, short, verdict};
use crate::{Asked, data};
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Repetitions of receipt: 200,760 cases, 1,200,780 events, 547 MB.
const TIMES: u32 = 140;

pub fn run(asked: &Asked) -> Result<()> {
    let log = asked.shared.join("data/logs/receipt.xes.gz");
    if !log.exists() {
        println!("{} is absent: nothing is read. Set TENON_SHARED.\n", log.display());
        return Ok(());
    }
    let large = data::repeated(&log, &asked.folder, TIMES)?;
    side_by_side(asked, &large)?;
    packed(asked, &large)?;
    growth(asked, &log, &large)
}

fn side_by_side(asked: &Asked, large: &Path) -> Result<()> {
    let file = large.to_string_lossy();
    let python = python(asked);
    let (mut tenon, mut crates, mut pm4py) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..asked.rounds {
        tenon.push(child(&["tenon", &file])?);
        crates.push(child(&["process_mining", &file])?);
        if let Some(python) = python.as_ref().filter(|_| round < asked.python_rounds) {
            let mut command = Command::new(python);
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peer.py")).args(["figures", &file]);
            pm4py.extend(timed(command, None)?);
        }
    }
    for key in ["cases", "events", "variants"] {
        let same = |rounds: &[Value]| rounds.iter().all(|r| r[key] == tenon[0][key]);
        anyhow::ensure!(same(&crates) && same(&pm4py), "the contenders disagree on {key}");
    }
    let wall = median(&tenon, "wall");
    let above = median(&tenon, "peak_mib") - number(&tenon[0], "columns_mib");
    let row = |name: &str, r: &[Value]| {
        let of = |key| short(median(r, key));
        vec![
            name.into(), r.len().to_string(), of("wall"), short(smallest(r, "wall")), of("import"), of("cpu"), of("peak_mib"),
            format!("{} x", short(median(r, "wall") / wall)), format!("{} x", short(median(r, "cpu") / median(&tenon, "cpu"))),
        ]
    };
    let mut rows = vec![row("Tenon", &tenon), row("process_mining", &crates)];
    if !pm4py.is_empty() {
        rows.push(row("pm4py", &pm4py));
    }
    print(
        &format!(
            "Import to complete figures: {:.0} MB of XES, {} cases, {} events, {} variants",
            megabytes(large), tenon[0]["cases"], tenon[0]["events"], tenon[0]["variants"]
        ),
        &["contender", "rounds", "wall s", "best", "of it import", "CPU s", "peak MiB", "Tenon: wall", "CPU"],
        &rows,
    );
    let times = |r: &[Value]| median(r, "wall") / wall;
    let mut goals = vec![
        goal("wall on 2 cores", "1.6 s, aim 1.0 s", format!("{} s", short(wall)), wall <= 1.6),
        goal(
            "memory above the columns", "64 MiB",
            format!("{} MiB above {} MiB", short(above), short(number(&tenon[0], "columns_mib"))), above <= 64.0,
        ),
        goal("faster than process_mining", "2 x", format!("{} x", short(times(&crates))), times(&crates) >= 2.0),
    ];
    if !pm4py.is_empty() {
        goals.push(goal("faster than pm4py", "50 x", format!("{} x", short(times(&pm4py))), times(&pm4py) >= 50.0));
    }
    print("Goals of reading", &["what", "goal", "measured", ""], &goals);
    Ok(())
}

fn packed(asked: &Asked, large: &Path) -> Result<()> {
    let file = data::packed(large)?;
    let file = file.to_string_lossy();
    let (mut tenon, mut unpack, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        tenon.push(child(&["tenon", &file])?);
        unpack.push(child(&["gunzip", &file])?);
        plain.push(child(&["tenon", &large.to_string_lossy()])?);
    }
    let (a, b) = (median(&tenon, "wall"), median(&unpack, "wall"));
    let row = |name: &str, r: &[Value]| vec![name.to_string(), short(median(r, "wall")), short(smallest(r, "wall")), short(median(r, "cpu"))];
    print(
        "The same file in gzip",
        &["", "wall s", "best", "CPU s"],
        &[row("unpacking alone", &unpack), row("Tenon from gzip to figures", &tenon), row("Tenon from the plain file", &plain)],
    );
    let share = format!("{:+.0}%", (a / b - 1.0) * 100.0);
    print("Goal of gzip", &["what", "goal", "measured", ""], &[goal("above unpacking alone", "20%", share, a <= b * 1.2)]);
    Ok(())
}

fn growth(asked: &Asked, log: &Path, large: &Path) -> Result<()> {
    let tenth = data::repeated(log, &asked.folder, TIMES / 10)?;
    let (mut small, mut big) = (Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        small.push(child(&["tenon", &tenth.to_string_lossy()])?);
        big.push(child(&["tenon", &large.to_string_lossy()])?);
    }
    let row = |name: &str, key: &str| {
        let (a, b) = (median(&small, key), median(&big, key));
        let reached = if key == "wall" { verdict(b / a <= 10.5) } else { String::new() };
        vec![name.into(), short(a), short(b), format!("{} x", short(b / a)), reached]
    };
    print(
        "Ten times the cases (goal: at most 10.5 times the time)",
        &["", "20,076 cases", "200,760 cases", "growth", ""],
        &[row("wall s", "wall"), row("CPU s", "cpu")],
    );
    Ok(())
}

pub fn goal(what: &str, goal: &str, measured: String, reached: bool) -> Vec<String> {
    vec![what.into(), goal.into(), measured, verdict(reached)]
}

/// A Python that has pm4py: the one named by TENON_PYTHON, or one installed here. `None`, said aloud, when there is none.
pub fn python(asked: &Asked) -> Option<PathBuf> {
    if let Some(python) = std::env::var_os("TENON_PYTHON") {
        return Some(python.into());
    }
    let folder = asked.folder.join("venv");
    let python = folder.join("bin/python");
    let works = |program: &Path, args: &[&str]| {
        let quiet = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    if works(&python, &["-c", "import pm4py"]) {
        return Some(python);
    }
    let made = works(Path::new("python3"), &["-m", "venv", &folder.to_string_lossy()])
        && works(&python, &["-m", "pip", "install", "--quiet", "pm4py"]);
    if !made {
        println!("pm4py is absent (python3 with pip would install it): it is not timed.\n");
    }
    made.then_some(python)
}
