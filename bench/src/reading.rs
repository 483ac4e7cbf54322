//! From a file to complete figures: Tenon, `process_mining` and pm4py; packed files; growth.

use crate::measure::{child, median, megabytes, middle, number, run as timed, smallest};
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
        println!(
            "{} is absent: nothing is read. Set TENON_SHARED.\n",
            log.display()
        );
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
            command
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peer.py"))
                .args(["figures", &file]);
            pm4py.extend(timed(command, None)?);
        }
    }
    for key in ["cases", "events", "variants"] {
        let same = |rounds: &[Value]| rounds.iter().all(|r| r[key] == tenon[0][key]);
        anyhow::ensure!(
            same(&crates) && same(&pm4py),
            "the contenders disagree on {key}"
        );
    }
    let wall = median(&tenon, "wall");
    let above = median(&tenon, "peak_mib") - number(&tenon[0], "columns_mib");
    let row = |name: &str, r: &[Value]| {
        let of = |key| short(median(r, key));
        vec![
            name.into(),
            r.len().to_string(),
            of("wall"),
            short(smallest(r, "wall")),
            of("import"),
            of("cpu"),
            of("peak_mib"),
            format!("{} x", short(median(r, "wall") / wall)),
            format!("{} x", short(median(r, "cpu") / median(&tenon, "cpu"))),
        ]
    };
    let mut rows = vec![row("Tenon", &tenon), row("process_mining", &crates)];
    if !pm4py.is_empty() {
        rows.push(row("pm4py", &pm4py));
    }
    print(
        &format!(
            "Import to complete figures: {:.0} MB of XES, {} cases, {} events, {} variants",
            megabytes(large),
            tenon[0]["cases"],
            tenon[0]["events"],
            tenon[0]["variants"]
        ),
        &[
            "contender",
            "rounds",
            "wall s",
            "best",
            "of it import",
            "CPU s",
            "peak MiB",
            "Tenon: wall",
            "CPU",
        ],
        &rows,
    );
    let times = |r: &[Value]| median(r, "wall") / wall;
    let mut goals = vec![
        goal(
            "wall on 2 cores",
            "1.6 s, aim 1.0 s",
            format!("{} s", short(wall)),
            wall <= 1.6,
        ),
        goal(
            "memory above the columns",
            "64 MiB",
            format!(
                "{} MiB above {} MiB",
                short(above),
                short(number(&tenon[0], "columns_mib"))
            ),
            above <= 64.0,
        ),
        goal(
            "faster than process_mining",
            "2 x",
            format!("{} x", short(times(&crates))),
            times(&crates) >= 2.0,
        ),
    ];
    if !pm4py.is_empty() {
        goals.push(goal(
            "faster than pm4py",
            "50 x",
            format!("{} x", short(times(&pm4py))),
            times(&pm4py) >= 50.0,
        ));
    }
    print(
        "Goals of reading",
        &["what", "goal", "measured", ""],
        &goals,
    );
    Ok(())
}

fn packed(asked: &Asked, large: &Path) -> Result<()> {
    let file = data::packed(large)?;
    let file = file.to_string_lossy();
    let (mut tenon, mut unpack, mut plain, mut tool) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        tool.extend(gzip_tool(&file)?);
        tenon.push(child(&["tenon", &file])?);
        unpack.push(child(&["gunzip", &file])?);
        plain.push(child(&["tenon", &large.to_string_lossy()])?);
    }
    let (a, b) = (median(&tenon, "wall"), median(&unpack, "wall"));
    let row = |name: &str, r: &[Value]| {
        vec![
            name.to_string(),
            short(median(r, "wall")),
            short(smallest(r, "wall")),
            short(median(r, "cpu")),
        ]
    };
    let by_tool = middle(tool.clone());
    let mut rows = vec![
        row(
            "unpacking alone, by the library Tenon has (zlib-rs)",
            &unpack,
        ),
        row("Tenon from gzip to figures", &tenon),
        row("Tenon from the plain file to figures", &plain),
    ];
    if !tool.is_empty() {
        let best = tool.iter().copied().fold(f64::NAN, f64::min);
        rows.insert(
            0,
            vec![
                "unpacking alone, `gzip -dc`".into(),
                short(by_tool),
                short(best),
                String::new(),
            ],
        );
    }
    print(
        "The same file in gzip",
        &["", "wall s", "best", "CPU s"],
        &rows,
    );
    let share = |than: f64| format!("{:+.0}%", (a / than - 1.0) * 100.0);
    let mut goals = vec![goal(
        "above unpacking by the library alone",
        "20%",
        share(b),
        a <= b * 1.2,
    )];
    if !tool.is_empty() {
        goals.insert(
            0,
            goal(
                "above `gzip -dc` alone",
                "20%",
                share(by_tool),
                a <= by_tool * 1.2,
            ),
        );
    }
    print("Goals of gzip", &["what", "goal", "measured", ""], &goals);
    Ok(())
}

/// What the library takes against what people have: `gzip -dc`.
fn gzip_tool(file: &str) -> Result<Option<f64>> {
    let begun = std::time::Instant::now();
    let ended = Command::new("gzip")
        .args(["-dc", file])
        .stdout(Stdio::null())
        .status();
    Ok(ended
        .is_ok_and(|s| s.success())
        .then(|| begun.elapsed().as_secs_f64()))
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
        let reached = if key == "wall" {
            verdict(b / a <= 10.5)
        } else {
            String::new()
        };
        vec![
            name.into(),
            short(a),
            short(b),
            format!("{} x", short(b / a)),
            reached,
        ]
    };
    print(
        "Ten times the cases (goal: at most 10.5 times the time)",
        &["", "20,076 cases", "200,760 cases", "growth", ""],
        &[row("wall s", "wall"), row("CPU s", "cpu")],
    );
    Ok(())
}

pub fn goal(what: &str, goal: &str, measured: String, reached: bool) -> Vec<String> {
    let verdict = if goal == "–" {
        String::new()
    } else {
        verdict(reached)
    };
    vec![what.into(), goal.into(), measured, verdict]
}

/// A Python that has pm4py: the one named by TENON_PYTHON, or one installed here. `None`, said aloud, when there is none.
pub fn python(asked: &Asked) -> Option<PathBuf> {
    let given = std::env::var_os("TENON_PYTHON").map(PathBuf::from);
    given.or_else(|| python_with(asked, &["pm4py"]))
}

/// A Python that has these packages, installed here. `None`, said aloud, when they cannot be installed.
pub fn python_with(asked: &Asked, packages: &[&str]) -> Option<PathBuf> {
    let folder = asked.folder.join(format!("venv-{}", packages.join("-")));
    let python = folder.join("bin/python");
    let works = |program: &Path, args: &[&str]| {
        let quiet = Command::new(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        quiet.is_ok_and(|status| status.success())
    };
    if works(&python, &["-c", &format!("import {}", packages.join(", "))]) {
        return Some(python);
    }
    let mut wanted = vec!["-m", "pip", "install", "--quiet"];
    wanted.extend(packages);
    let made = works(
        Path::new("python3"),
        &["-m", "venv", &folder.to_string_lossy()],
    ) && works(&python, &wanted);
    if !made {
        println!(
            "{} cannot be installed (python3 with pip would): not timed.\n",
            packages.join(" and ")
        );
    }
    made.then_some(python)
}
