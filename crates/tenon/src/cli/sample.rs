//! `tenon sample`

use crate::clock::{Clock, SystemClock};
use crate::format;
use crate::processes::Library;
use crate::processes::files::ReadOptions;
use crate::processes::import::ImportRequest;
use crate::sample::company::STEPS;
use crate::sample::{Improvement, Plan, Simulation, files};
use anyhow::Context;
use mining::time::DAY;
use std::path::PathBuf;
use std::sync::Arc;

/// Make a sample company: the same for the same seed and end
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon sample --import\n  tenon sample --cases 1000000 --out log.xes\n  tenon sample --cases 20000 --weeks 60 --teams 12 --improvement step=Propose,tool=playbook,effect=-15%,start=2026-03-02,every=2w --out log.csv --entries cases.csv --rollout teams.csv"
)]
pub struct Args {
    /// Cases of the company
    #[arg(long, default_value_t = 1_284)]
    cases: u64,
    /// The same seed gives the same company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Teams of the company
    #[arg(long, default_value_t = 7)]
    teams: usize,
    /// Weeks over which cases begin
    #[arg(long, default_value_t = 26)]
    weeks: u32,
    /// Last day that is known, such as 2026-08-31; today when not given
    #[arg(long)]
    until: Option<jiff::civil::Date>,
    /// A tool with a true effect, such as step=Propose,tool=playbook,effect=-15%,start=2026-03-02,every=2w,never=2
    #[arg(long)]
    improvement: Vec<Improvement>,
    /// Event log to write: .xes, .xes.gz or .csv
    #[arg(long)]
    out: Option<PathBuf>,
    /// Table of stays in the first improvement's step (case,team,enter_step,leave_step,outcome)
    #[arg(long)]
    entries: Option<PathBuf>,
    /// Table of when each team starts with the first improvement
    #[arg(long)]
    rollout: Option<PathBuf>,
    /// Put the company into the processes kept here
    #[arg(long)]
    import: bool,
    /// Name of its process there
    #[arg(long, default_value = "New business")]
    process: String,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    anyhow::ensure!(
        (1..=1_000).contains(&args.teams),
        "A company has 1 to 1,000 teams, not {}.",
        args.teams
    );
    anyhow::ensure!(
        (1..=1_000).contains(&args.weeks),
        "Cases begin over 1 to 1,000 weeks, not {}.",
        args.weeks
    );
    anyhow::ensure!(args.cases > 0, "Ask for at least one case.");
    anyhow::ensure!(
        args.out.is_some() || args.import || args.entries.is_some() || args.rollout.is_some(),
        "Say where it should go: --out FILE, or --import for the processes kept here."
    );
    let until = match args.until {
        Some(date) => (i64::from(date.since(jiff::civil::date(1970, 1, 1))?.get_days()) + 1) * DAY,
        None => SystemClock.now().div_euclid(DAY) * DAY,
    };
    let plan = Plan {
        seed: args.seed,
        cases: args.cases,
        until,
        weeks: args.weeks,
        teams: args.teams,
        improvements: args.improvement.clone(),
    };
    if let Some(path) = &args.out {
        let events = files::write_log(Simulation::new(plan.clone()), path, |_| {})
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!(
            "{}: {} cases, {} events.",
            path.display(),
            format::count(plan.cases as i64),
            format::count(events as i64)
        );
    }
    let create = |path: &PathBuf| {
        std::fs::File::create(path)
            .map(std::io::BufWriter::new)
            .with_context(|| format!("cannot write {}", path.display()))
    };
    if let Some(path) = &args.entries {
        let step = plan.improvements.first().map_or(2, |i| i.step);
        files::write_entries(Simulation::new(plan.clone()), step, &mut create(path)?)?;
        println!("{}: stays in {}.", path.display(), STEPS[step].name);
    }
    if let Some(path) = &args.rollout {
        anyhow::ensure!(
            !plan.improvements.is_empty(),
            "--rollout needs an --improvement."
        );
        files::write_rollout(&plan, 0, &mut create(path)?)?;
        println!("{}: when each team starts.", path.display());
    }
    if args.import {
        super::block_on(into_store(&args, plan))
    } else {
        Ok(())
    }
}

async fn into_store(args: &Args, plan: Plan) -> anyhow::Result<()> {
    let library = Library::open(
        &args.place.data,
        args.place.database.as_deref(),
        Arc::new(SystemClock),
    )
    .await?;
    let path = args
        .place
        .data
        .join(format!("sample-{}.xes", std::process::id()));
    files::write_log(Simulation::new(plan), &path, |_| {})?;
    let request = ImportRequest {
        path: path.clone(),
        file_name: "sample company".into(),
        process: Some(args.process.clone()),
        options: ReadOptions::default(),
        actor: "command line".into(),
    };
    let outcome = library.import(request, Arc::default()).await;
    std::fs::remove_file(&path)?;
    let outcome = outcome?;
    if outcome.already.is_none() && outcome.version == 1 {
        library
            .set_steps(&outcome.process, files::steps(), "command line")
            .await?;
    }
    println!(
        "{}: {} cases.",
        outcome.name,
        format::count(outcome.cases as i64)
    );
    Ok(())
}
