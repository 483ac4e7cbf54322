//! `tenon sample`

use anyhow::Context;
use base::clock::{Clock, SetClock, SystemClock};
use base::format;
use base::identity::Identity;
use mining::Micros;
use mining::time::{DAY, WEEK};
use service::improvements::Improvements;
use service::processes::Library;
use service::sample::advance::{Came, found, go_on};
use service::sample::company::STEPS;
use service::sample::{Improvement, Kept, Plan, Rule, Simulation, asked, files, past, people};
use service::work::Work;
use std::path::PathBuf;
use std::sync::Arc;

/// Make a sample company, and let its days go on: the same for the same seed and end
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  tenon sample --import
  tenon sample --advance 7d
  tenon sample --advance 14d --process 'New business' --effect step=Propose,tool=playbook,effect=-15%,goes_on=2%
  tenon sample --import --plain --cases 1284 --weeks 26 --teams 7
  tenon sample --cases 1000000 --out log.xes
  tenon sample --cases 20000 --weeks 60 --teams 12 --improvement step=Propose,tool=playbook,effect=-15%,start=2026-03-02,every=2w --out log.csv --entries cases.csv --rollout teams.csv")]
pub struct Args {
    /// Cases that begin in the weeks; 1,284, or 5,800 in a company with a past
    #[arg(long)]
    cases: Option<u64>,
    /// The same seed gives the same company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Teams; 7, or 8 in a company with a past
    #[arg(long)]
    teams: Option<usize>,
    /// Weeks over which cases begin; 26, or 64 in a company with a past
    #[arg(long)]
    weeks: Option<u32>,
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
    /// Put the company into the processes kept here, with the improvements it tried
    #[arg(long)]
    import: bool,
    /// Import cases only: nothing was tried yet
    #[arg(long, requires = "import")]
    plain: bool,
    /// Let the days of a company that is kept here go on: 7d, 2w
    #[arg(long, value_name = "SPAN", value_parser = span, conflicts_with_all = ["import", "out", "entries", "rollout", "improvement"])]
    advance: Option<Micros>,
    /// What a tool that people plug in truly does from now on, such as step=Propose,tool=playbook,effect=-15%,goes_on=2%
    #[arg(long)]
    effect: Vec<Rule>,
    /// Name of its process there
    #[arg(long, default_value = "New business")]
    process: String,
    #[command(flatten)]
    place: super::Place,
}

fn span(text: &str) -> Result<Micros, String> {
    let days = text
        .strip_suffix('w')
        .map(|n| (n, 7))
        .or(text.strip_suffix('d').map(|n| (n, 1)))
        .unwrap_or((text, 1));
    match days.0.parse::<u16>() {
        Ok(n) if (1..=3_650).contains(&(n * days.1)) => Ok(Micros::from(n * days.1) * DAY),
        _ => Err("write it as 7d or 2w".into()),
    }
}

impl Args {
    /// The company that is imported tried things in its past.
    fn has_past(&self) -> bool {
        self.import && !self.plain && self.improvement.is_empty()
    }

    fn sizes(&self) -> (u64, u32, usize) {
        let (cases, weeks, teams) = match self.has_past() {
            true => (past::CASES, past::WEEKS, past::TEAMS),
            false => (1_284, 26, 7),
        };
        (
            self.cases.unwrap_or(cases),
            self.weeks.unwrap_or(weeks),
            self.teams.unwrap_or(teams),
        )
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Some(span) = args.advance {
        return super::block_on(move_on(&args, span));
    }
    let (cases, weeks, teams) = args.sizes();
    anyhow::ensure!(
        (1..=1_000).contains(&teams),
        "A company has 1 to 1,000 teams, not {teams}."
    );
    anyhow::ensure!(
        (1..=1_000).contains(&weeks),
        "Cases begin over 1 to 1,000 weeks, not {weeks}."
    );
    anyhow::ensure!(cases > 0, "Ask for at least one case.");
    anyhow::ensure!(
        !args.has_past() || (weeks >= past::WEEKS && teams >= 4),
        "A company with a past needs at least {} weeks and 4 teams. Give more, or --plain for cases only.",
        past::WEEKS
    );
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
        from: until - Micros::from(weeks) * WEEK,
        cases,
        weeks,
        until,
        teams,
        improvements: args.improvement.clone(),
        tools: Vec::new(),
        approval: None,
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

async fn open(args: &Args, clock: Arc<dyn Clock>) -> anyhow::Result<Improvements> {
    let place = &args.place;
    let library = Library::open(&place.data, place.database.as_deref(), clock).await?;
    Ok(Improvements::new(library))
}

async fn into_store(args: &Args, plan: Plan) -> anyhow::Result<()> {
    let clock = Arc::new(SetClock::at(SystemClock.now()));
    let all = open(args, clock.clone()).await?;
    if let Ok(known) = all.library().named(&args.process).await {
        let is_sample = Kept::find(all.library().db(), &known.id).await?.is_some();
        anyhow::ensure!(
            is_sample,
            "There is a process \"{}\" here already. Give the company another name with --process.",
            known.name
        );
        println!(
            "{}: the sample company is here already, with {} cases. Let its days go on with `tenon sample --advance 7d`.",
            known.name,
            format::count(known.cases)
        );
        return Ok(());
    }
    let came = if args.has_past() {
        let kept = past::before(plan, args.effect.clone());
        let until = kept.from + Micros::from(kept.weeks) * WEEK;
        past::live(&all, &clock, &args.process, &kept, until).await?
    } else {
        let until = plan.until;
        let kept = Kept::new(plan, args.effect.clone());
        found(&all, &args.process, &kept, until, super::ACTOR).await?
    };
    println!("{}: {} cases.", came.name, format::count(came.cases as i64));
    let library = all.library();
    let identity = Identity::new(library.db().clone(), library.clock_handle());
    if people::settle(&identity, args.sizes().2, super::ACTOR).await? {
        if args.has_past() {
            let work = Work::start(library.clone(), identity);
            asked::over_time(&work, &all, &clock, &came.process).await?;
            clock.set(SystemClock.now());
            people::talk(&work, &came.process).await?;
        }
        println!("Its owner: `tenon people link {}`.", people::OWNER.1);
    }
    if args.has_past() {
        println!(
            "What it tried: `tenon improvements --process {}`.",
            slug(&all, &came).await?
        );
    }
    Ok(())
}

async fn slug(all: &Improvements, came: &Came) -> anyhow::Result<String> {
    Ok(all.library().process(&came.process).await?.slug)
}

async fn move_on(args: &Args, span: Micros) -> anyhow::Result<()> {
    let all = open(args, Arc::new(SystemClock)).await?;
    let process = all.library().named(&args.process).await?;
    let came = go_on(&all, &process.id, span, &args.effect, super::ACTOR).await?;
    all.refresh(&process.id).await?;
    println!(
        "{}: it is {} there now. {} new cases and {} events came in, {} cases in all.",
        came.name,
        format::date(came.until),
        format::count(came.cases_added as i64),
        format::count(came.events_added as i64),
        format::count(came.cases as i64)
    );
    Ok(())
}
