//! Optimal alignments with a model mined from the log: Tenon, `process_mining` and pm4py on the same net.

use crate::measure::{Watch, child, child_within, median, number, run as timed};
use crate::reading::python;
use crate::table::{print, short, verdict};
use crate::{Asked, children};
use anyhow::Result;
use mining::EventLog;
use mining::discovery::inductive::{Options, mine};
use mining::fit::{Aligner, Limits, variants};
use mining::model::petri::PetriNet;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Peers are given this long; pm4py would take hours on bpic2012 and is not asked.
const LIMIT: Duration = Duration::from_secs(300);

pub fn run(asked: &Asked) -> Result<()> {
    let mut rows = Vec::new();
    for (name, goal) in [("receipt", 0.1), ("bpic2012", 17.0)] {
        let log = asked.shared.join(format!("data/logs/{name}.xes.gz"));
        if !log.exists() {
            println!(
                "{} is absent: alignments on it are not timed.\n",
                log.display()
            );
            continue;
        }
        for noise in ["0", "0.2"] {
            rows.extend(one(asked, name, &log, noise, goal)?);
        }
    }
    print(
        "Optimal alignments of all variants with the model mined from the log",
        &[
            "log",
            "noise left out",
            "contender",
            "wall s",
            "CPU s",
            "cost of the log",
            "Tenon is faster",
            "goal",
        ],
        &rows,
    );
    Ok(())
}

fn one(asked: &Asked, name: &str, log: &Path, noise: &str, goal: f64) -> Result<Vec<Vec<String>>> {
    let path = log.to_string_lossy();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..asked.rounds {
        ours.push(child(&["fit-tenon", &path, noise])?);
        // On bpic2012 one round of theirs takes long enough to tell.
        if name == "receipt" || round == 0 {
            theirs.extend(child_within(
                &["fit-process_mining", &path, noise],
                Some(LIMIT),
            )?);
        }
    }
    let wall = median(&ours, "wall");
    let row = |contender: &str, wall_of: f64, cpu: f64, cost: String, goal: String| {
        vec![
            name.into(),
            noise.into(),
            contender.into(),
            short(wall_of),
            short(cpu),
            cost,
            format!("{} x", short(wall_of / wall)),
            goal,
        ]
    };
    let unfinished = |contender: &str| {
        let ended = format!("ended after {} s", LIMIT.as_secs());
        row(contender, f64::NAN, f64::NAN, ended, String::new())
    };
    let cost = |r: &Value| match number(r, "failed") {
        0.0 => r["cost"].to_string(),
        n => format!("{}, {n} variants not aligned", r["cost"]),
    };
    let reached = format!("< {goal} s: {}", verdict(wall < goal));
    let mut rows = vec![
        row("Tenon", wall, median(&ours, "cpu"), cost(&ours[0]), reached),
        match theirs.first() {
            Some(first) => row(
                "process_mining",
                median(&theirs, "wall"),
                median(&theirs, "cpu"),
                cost(first),
                String::new(),
            ),
            None => unfinished("process_mining"),
        },
    ];
    if let (Some(python), true) = (python(asked), name == "receipt") {
        let net = asked.folder.join(format!("{name}-{noise}.json"));
        std::fs::write(
            &net,
            net_json(&mined(&children::open(log)?, noise.parse()?)).to_string(),
        )?;
        let mut command = Command::new(python);
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peer.py"))
            .args(["fit", &path])
            .arg(&net);
        match timed(command, Some(LIMIT))? {
            Some(r) => rows.push(row(
                "pm4py",
                number(&r, "wall"),
                number(&r, "cpu"),
                cost(&r),
                String::new(),
            )),
            None => rows.push(unfinished("pm4py")),
        }
    }
    Ok(rows)
}

pub fn mined(log: &EventLog, noise: f64) -> PetriNet {
    let variants: Vec<(Vec<u32>, u64)> = variants(log, None)
        .into_iter()
        .map(|v| (v.trace, v.cases.len() as u64))
        .collect();
    mine(&variants, &log.activities, Options { noise }).to_petri()
}

/// The child: a log and its model ready, all variants aligned.
pub fn tenon(path: &Path, noise: f64) -> Result<()> {
    let log = children::open(path)?;
    let net = mined(&log, noise);
    let variants = variants(&log, None);
    let watch = Watch::start();
    let aligner = Aligner::new(&net, &log.activities, Limits::default())?;
    let traces: Vec<&[u32]> = variants.iter().map(|v| v.trace.as_slice()).collect();
    let aligned = aligner.align_all(&traces);
    let (mut cost, mut failed) = (0, 0);
    for (variant, result) in variants.iter().zip(&aligned) {
        match result.aligned() {
            Some(alignment) => cost += u64::from(alignment.cost) * variant.cases.len() as u64,
            None => failed += 1,
        }
    }
    watch.print(json!({ "variants": variants.len(), "cost": cost, "failed": failed }));
    Ok(())
}

fn net_json(net: &PetriNet) -> Value {
    let transitions: Vec<Value> = net
        .transitions
        .iter()
        .map(|t| json!({ "label": t.label, "inputs": t.inputs, "outputs": t.outputs }))
        .collect();
    json!({ "places": net.places, "transitions": transitions, "initial": net.initial, "final": net.r#final })
}
