//! A verdict, with all its checks and repeated looks, beside what csdid and differences give for an estimate alone.

use crate::measure::{median, number, run as timed, smallest};
use crate::reading::python_with;
use crate::table::{print, short, verdict};
use crate::{Asked, data};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const HORIZON: &str = "14";

pub fn run(asked: &Asked) -> Result<()> {
    let Some(tenon) = &asked.tenon else {
        println!("No binary: `cargo build --release -p tenon` first.\n");
        return Ok(());
    };
    let (cases, teams) = data::stays(&asked.folder, 1_000_000, 200, 104)?;
    let python = python_with(asked, &["csdid", "differences"]);
    let mut ours = Vec::new();
    let mut peers: [(&str, Vec<Value>); 2] = [("csdid", Vec::new()), ("differences", Vec::new())];
    for _ in 0..asked.rounds {
        ours.push(told(tenon, &cases, &teams)?);
        for (name, found) in &mut peers {
            if let Some(python) = &python {
                let mut command = Command::new(python);
                command
                    .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/did_peer.py"))
                    .args([&cases, &teams])
                    .args([HORIZON, name]);
                found.extend(timed(command, None)?);
            }
        }
    }
    let wall = median(&ours, "judging");
    let row = |name: &str, rounds: &[Value], goal: Option<f64>| {
        let ratio = median(rounds, "judging") / wall;
        vec![
            name.into(),
            rounds.len().to_string(),
            short(median(rounds, "judging")),
            short(smallest(rounds, "judging")),
            short(median(rounds, "reading")),
            format!(
                "{:.4} ± {:.4}",
                number(&rounds[0], "estimate"),
                number(&rounds[0], "error")
            ),
            format!("{ratio:.1} x"),
            goal.map_or_else(
                || format!("< 2 s: {}", verdict(wall < 2.0)),
                |g| format!("≥ {g} x: {}", verdict(ratio >= g)),
            ),
        ]
    };
    let mut rows = vec![row("Tenon: verdict with all checks", &ours, None)];
    for ((name, found), goal) in peers.iter().zip([1.0, 5.0]) {
        if !found.is_empty() {
            rows.push(row(
                &format!("{name}: group-time effects and their average"),
                found,
                Some(goal),
            ));
        }
    }
    print(
        "A verdict: 1,000,000 cases, 200 teams, 104 weeks",
        &[
            "contender",
            "rounds",
            "judging, s, median",
            "least",
            "reading, s",
            "estimate, days",
            "of Tenon's",
            "goal",
        ],
        &rows,
    );
    Ok(())
}

/// What `tenon prove` tells, under the names that the peers use.
fn told(tenon: &Path, cases: &Path, teams: &Path) -> Result<Value> {
    let mut command = Command::new(tenon);
    command
        .arg("prove")
        .arg("--cases")
        .arg(cases)
        .arg("--rollout")
        .arg(teams);
    command.args(["--measure", "days-in-step", "--horizon", "14d", "--json"]);
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        output.status
    );
    let told: Value = serde_json::from_slice(&output.stdout)?;
    Ok(serde_json::json!({
        "judging": told["seconds"]["judging"], "reading": told["seconds"]["reading"],
        "estimate": told["estimate"], "error": told["jackknife_se"],
    }))
}
