//! `tenon look`: a file alone, without a server or store.

use crate::processes::files::{Opened, ReadOptions, read_any};
use crate::web::format;
use anyhow::Context;
use mining::EventLog;
use mining::figures::{EndRule, Figures, Options, Selection, Steps, guess_team, reference};
use mining::fit::{self, Limits, replay};
use mining::model::bpmn::ProcessModel;
use mining::source::Progress;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Look at a file: strip, steps and figures in the terminal
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon look log.xes.gz\n  tenon look log.xes --json | jq .variants\n  tenon look log.xes --model process.bpmn --json\n  tenon look process.bpmn --json"
)]
pub struct Args {
    file: PathBuf,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    /// BPMN model to hold the log against
    #[arg(long)]
    model: Option<PathBuf>,
    #[command(flatten)]
    reading: super::reading::Reading,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let options = args.reading.options();
    match open(&args.file, &options)? {
        Opened::Model(model) => model_told(&model, args.json),
        Opened::Log(imported, _) => {
            let model = match &args.model {
                Some(path) => match open(path, &ReadOptions::default())? {
                    Opened::Model(model) => Some((path, model)),
                    Opened::Log(..) => anyhow::bail!(
                        "{} is an event log; --model takes a BPMN model.",
                        path.display()
                    ),
                },
                None => None,
            };
            if args.json {
                let mut object = serde_json::to_value(reference::look(&imported.log))?;
                if let Value::Object(map) = &mut object {
                    map.insert(
                        "file".into(),
                        json!(args.file.file_name().map(|n| n.to_string_lossy())),
                    );
                    map.insert("notes".into(), json!(imported.notes));
                    map.insert("skipped".into(), json!(imported.skipped.count));
                    if let Some((path, model)) = &model {
                        map.insert(
                            "model".into(),
                            json!(path.file_name().map(|n| n.to_string_lossy())),
                        );
                        map.extend(conformance(&imported.log, model)?);
                    }
                }
                println!("{object}");
                return Ok(());
            }
            told(&imported.log, model.as_ref().map(|(_, m)| &**m))?;
            for note in &imported.notes {
                println!("  {}", note.text);
            }
            Ok(())
        }
    }
}

fn open(path: &Path, options: &ReadOptions) -> anyhow::Result<Opened> {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(read_any(path, &name, options, &Progress::default())?)
}

/// The keys that other tools give: a fast preview by token replay, and optimal alignments.
fn conformance(
    log: &EventLog,
    model: &ProcessModel,
) -> anyhow::Result<serde_json::Map<String, Value>> {
    let net = model.to_petri().context("the model cannot be run")?;
    let variants = fit::variants(log, None);
    let report = fit::check(log, None, &net, Limits::default())
        .context("the model cannot be compared with")?;
    let percent = report.fitting.map(|f| f * 100.0);
    let per_variant: Vec<Value> = report
        .per_variant
        .iter()
        .map(|v| json!({ "activities": v.variant.activities, "cases": v.variant.cases, "cost": v.cost, "fitness": v.fitness, "sentence": v.sentence }))
        .collect();
    let object = json!({
        "token_replay": replay::replay(&net, &log.activities, &variants),
        "alignments": {
            "percFitTraces": percent,
            "percentage_of_fitting_traces": percent,
            "averageFitness": report.average_trace_fitness,
            "average_trace_fitness": report.average_trace_fitness,
            "log_fitness": report.log_fitness,
            "precision": report.precision,
            "not_within_limit": report.not_within_limit,
            "never_seen": report.never_seen,
            "not_in_model": report.not_in_model,
            "per_variant": per_variant,
        },
    });
    match object {
        Value::Object(map) => Ok(map),
        _ => Ok(serde_json::Map::new()),
    }
}

fn model_told(model: &ProcessModel, as_json: bool) -> anyhow::Result<()> {
    let summary = model.summary();
    if as_json {
        println!("{}", serde_json::to_string(&summary)?);
        return Ok(());
    }
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}

fn told(log: &EventLog, model: Option<&ProcessModel>) -> anyhow::Result<()> {
    let steps = Steps::propose(log, model, false);
    let options = Options {
        end: EndRule::propose(log, &steps),
        team: guess_team(log),
        ..Options::default()
    };
    let figures = Figures::of(log, &steps, &Selection::all(log), &options)?;
    let c = &figures.counts;
    println!(
        "{} cases, {} events, {} activities, {} open",
        format::count(c.cases as i64),
        format::count(c.events as i64),
        c.activities,
        format::count(c.open as i64)
    );
    println!();
    strip(&figures);
    println!();
    println!("Longest waits");
    let mut edges: Vec<_> = figures.edges.iter().filter(|e| e.wait.is_some()).collect();
    edges.sort_by(|a, b| {
        let cost = |e: &mining::figures::EdgeFigures| {
            e.wait
                .as_ref()
                .map_or(0.0, |w| w.mean_seconds * e.count as f64)
        };
        cost(b).total_cmp(&cost(a))
    });
    for e in edges.iter().take(5) {
        let wait = e
            .wait
            .as_ref()
            .map(|w| format::span_text(w.median_seconds))
            .unwrap_or_default();
        println!(
            "  {wait:>8}  {} → {}  {}",
            e.from,
            e.to,
            format::count(e.count as i64)
        );
    }
    println!();
    println!("Variants: {}", format::count(figures.variants.total as i64));
    for v in figures.variants.shown.iter().take(5) {
        println!(
            "  {:>6}  {:>5}  {}",
            format::count(v.cases as i64),
            format::percent(v.share),
            v.activities.join(" › ")
        );
    }
    Ok(())
}

/// The beam in letters: figures above it, the steps on it, the share that goes on between.
fn strip(figures: &Figures) {
    let width = figures.steps.len().max(1);
    let cell = (78 / width).clamp(12, 26);
    let fit = |text: &str| {
        let mut text: String = if text.chars().count() > cell - 2 {
            text.chars().take(cell - 3).chain(['…']).collect()
        } else {
            text.into()
        };
        text.extend(std::iter::repeat_n(' ', cell - 1 - text.chars().count()));
        text
    };
    let line = |f: &dyn Fn(&mining::figures::StepFigures) -> String| {
        figures.steps.iter().map(|s| fit(&f(s))).collect::<Vec<_>>()
    };
    let median = line(&|s| {
        s.time
            .median_days
            .map(format::days)
            .unwrap_or_else(|| "–".into())
    });
    let cases = line(&|s| format!("{} cases", format::count(s.cases as i64)));
    let names = line(&|s| s.name.clone());
    let on = line(&|s| {
        s.conversion
            .map(|c| format!("{} go on", format::percent(c)))
            .unwrap_or_default()
    });
    println!(" {}", median.join(" "));
    println!(" {}", cases.join(" "));
    println!("┏{}┓", vec!["━".repeat(cell - 1); width].join("┳"));
    println!("┃{}┃", names.join("┃"));
    println!("┗{}┛", vec!["━".repeat(cell - 1); width].join("┻"));
    println!(" {}", on.join(" "));
}
