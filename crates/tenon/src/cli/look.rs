//! `tenon look`: a file alone, without a server or store, or a process that was imported.

use super::{print, told};
use anyhow::Context;
use base::clock::SystemClock;
use mining::EventLog;
use mining::figures::{EndRule, Figures, Options, Selection, Steps, guess_team, reference};
use mining::fit::{self, Limits, replay};
use mining::model::bpmn::ProcessModel;
use mining::source::Progress;
use serde_json::{Value, json};
use service::processes::files::{Opened, ReadOptions, read_any};
use service::processes::{Library, filter_query};
use service::settings::individual;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Look at a file or at an imported process: strip, steps and figures in the terminal
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon look log.xes.gz\n  tenon look log.xes --json | jq .variants\n  tenon look log.xes --model process.bpmn --json\n  tenon look process.bpmn\n  tenon look\n  tenon look --process new-business --filter 'team=North&from=2026-03-01'"
)]
pub struct Args {
    /// An event log or a process model; without it, what was imported here
    #[arg(conflicts_with_all = ["process", "filter"])]
    file: Option<PathBuf>,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    /// BPMN model to hold the log against
    #[arg(long, requires = "file")]
    model: Option<PathBuf>,
    /// An imported process, by its name or its name in addresses
    #[arg(long)]
    process: Option<String>,
    /// Which of its cases, as in a page's address: 'team=North&from=2026-03-01'
    #[arg(
        long,
        requires = "process",
        default_value = "",
        hide_default_value = true
    )]
    filter: String,
    #[command(flatten)]
    reading: super::reading::Reading,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match &args.file {
        Some(file) => look_at_file(file, &args),
        None => super::block_on(look_at_imported(&args)),
    }
}

/// All processes, or one of them.
async fn look_at_imported(args: &Args) -> anyhow::Result<()> {
    let place = &args.place;
    let library = Library::open(
        &place.data,
        place.database.as_deref(),
        Arc::new(SystemClock),
    )
    .await?;
    let Some(name) = &args.process else {
        let rows = library.list().await?;
        return print(&match args.json {
            true => serde_json::to_string(&rows)?,
            false => told::list(&rows),
        });
    };
    let row = library.named(name).await?;
    let asked = filter_query::parse_text(&args.filter)?;
    let view = library.view(&row.id, &asked).await?;
    let individual = individual(library.db()).await;
    individual.allows(&asked.filter)?;
    let figures = individual.figures(&view.figures);
    print(&match args.json {
        true => serde_json::to_string(&*figures)?,
        false => told::figures(&figures),
    })
}

fn look_at_file(file: &Path, args: &Args) -> anyhow::Result<()> {
    let imported = match open(file, &args.reading.options())? {
        Opened::Model(model) => {
            let summary = model.summary();
            return print(&match args.json {
                true => serde_json::to_string(&summary)?,
                false => told::model(&summary),
            });
        }
        Opened::Log(imported, ..) => imported,
    };
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
            map.insert("file".into(), json!(file_name(file)));
            map.insert("notes".into(), json!(imported.notes));
            map.insert("skipped".into(), json!(imported.skipped.count));
            if let Some((path, model)) = &model {
                map.insert("model".into(), json!(file_name(path)));
                map.extend(conformance(&imported.log, model)?);
            }
        }
        return print(&object.to_string());
    }
    let log = &imported.log;
    let steps = Steps::propose(log, model.as_ref().map(|(_, m)| &**m), false);
    let options = Options {
        end: EndRule::propose(log, &steps),
        team: guess_team(log),
        ..Options::default()
    };
    let figures = Figures::of(log, &steps, &Selection::all(log), &options)?;
    let mut text = told::figures(&figures);
    if let Some((_, model)) = &model {
        let net = model.to_petri().context("the model cannot be run")?;
        let report = fit::check(log, None, &net, Limits::default())
            .context("the model cannot be compared with")?;
        text += &told::fit(&report);
    }
    for note in &imported.notes {
        text += &format!("\n{}", base::format::short(&note.text, 600));
    }
    if imported.skipped.count > 0 {
        text += &format!("\n{} rows could not be used.", imported.skipped.count);
    }
    print(&text)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn open(path: &Path, options: &ReadOptions) -> anyhow::Result<Opened> {
    Ok(read_any(
        path,
        &file_name(path),
        options,
        &Progress::default(),
    )?)
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
