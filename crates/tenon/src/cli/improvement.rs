//! `tenon improvement`: what is done with one that was planned. `tenon improvements`: the ledger.

use super::print;
use base::clock::SystemClock;
use base::format;
use service::improvements::{Decision, Improvement, Improvements, Ledger, Mark, Summary, day};
use service::processes::{Library, Problem};
use std::fmt::Write;
use std::sync::Arc;

/// Start, pause, extend, unplug or decide an improvement; without a verb, look at it
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  tenon improvement show 'Ask the network'
  tenon improvement start imp_0191…
  tenon improvement extend imp_0191… North --from 2026-04-06
  tenon improvement decide imp_0191… keep --why 'A day less for a minute of work.'
  tenon improvement unplug imp_0191…

ID is the id, its beginning, or the name when only one has it. Everything is recorded; nothing in the process changes.")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// Print one JSON object for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: super::Place,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// How it stands
    Show { id: String },
    /// Start a planned one; when its first day has gone by, all days move on by whole weeks
    Start { id: String },
    /// Take the tool away for a time; its weeks are not counted
    Pause { id: String },
    /// End a pause
    Resume { id: String },
    /// Give it to a team earlier than planned: a departure from the plan
    Extend {
        id: String,
        team: String,
        /// Day it starts; today when not given
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
    },
    /// Take the tool out; what was measured stays
    Unplug { id: String },
    /// Take the last unplugging back, within a day
    PlugBack { id: String },
    /// Record what was decided and why, and do what follows from it
    Decide {
        id: String,
        #[arg(value_parser = ["keep", "extend", "change", "unplug"])]
        decision: String,
        /// Why it was decided so
        #[arg(long)]
        why: String,
    },
}

impl Verb {
    fn id(&self) -> &str {
        match self {
            Verb::Show { id }
            | Verb::Start { id }
            | Verb::Pause { id }
            | Verb::Resume { id }
            | Verb::Extend { id, .. }
            | Verb::Unplug { id }
            | Verb::PlugBack { id }
            | Verb::Decide { id, .. } => id,
        }
    }
}

/// List the improvements of a process: how each stands, and what they add up to
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon improvements --process new-business\n  tenon improvements --process new-business --json | jq '.[].mark'"
)]
pub struct ListArgs {
    /// An imported process, by its name or its name in addresses
    #[arg(long)]
    process: String,
    /// Print one JSON array for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: super::Place,
}

async fn open(place: &super::Place) -> anyhow::Result<Improvements> {
    let library = Library::open(
        &place.data,
        place.database.as_deref(),
        Arc::new(SystemClock),
    )
    .await?;
    Ok(Improvements::new(library))
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let all = open(&args.place).await?;
        let id = find(&all, args.verb.id()).await?.id;
        let actor = super::ACTOR;
        let imp = match &args.verb {
            Verb::Show { .. } => all.find(&id).await?,
            Verb::Start { .. } => all.start(&id, actor).await?,
            Verb::Pause { .. } => all.pause(&id, actor).await?,
            Verb::Resume { .. } => all.resume(&id, actor).await?,
            Verb::Unplug { .. } => all.unplug(&id, actor).await?,
            Verb::PlugBack { .. } => all.plug_back(&id, actor).await?,
            Verb::Extend { team, from, .. } => {
                let from = from.as_deref().map(day).transpose()?;
                all.extend(&id, team, from, actor).await?
            }
            Verb::Decide { decision, why, .. } => {
                let decision = Decision::parse(decision).ok_or_else(|| {
                    Problem::bad_request(
                        "No such decision.",
                        "Choose keep, extend, change or unplug.",
                    )
                })?;
                all.decide(&id, decision, why, actor).await?
            }
        };
        print(&match args.json {
            true => serde_json::to_string(&imp)?,
            false => told(&imp),
        })
    })
}

pub fn list(args: ListArgs) -> anyhow::Result<()> {
    super::block_on(async {
        let all = open(&args.place).await?;
        let process = all.library().named(&args.process).await?;
        let ledger = all.ledger(&process.id).await?;
        print(&match args.json {
            true => serde_json::to_string(&ledger.rows())?,
            false => listed(&ledger),
        })
    })
}

/// An improvement by its id, the beginning of it, or its name.
pub async fn find(all: &Improvements, key: &str) -> anyhow::Result<Improvement> {
    if let Ok(imp) = all.find(key).await {
        return Ok(imp);
    }
    let mut found = Vec::new();
    let mut known = Vec::new();
    for process in all.library().list().await? {
        for imp in all.of_process(&process.id).await? {
            known.push(imp.name.clone());
            let begins = key.len() > "imp_".len() && imp.id.starts_with(key);
            if begins || imp.name.eq_ignore_ascii_case(key) {
                found.push(imp);
            }
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 if known.is_empty() => {
            anyhow::bail!("Nothing is plugged in here yet. See `tenon plug --help`.")
        }
        0 => anyhow::bail!(
            "There is no improvement \"{key}\" here. Choose one of: {}.",
            known.join(", ")
        ),
        n => anyhow::bail!(
            "{n} improvements are called \"{key}\". Say which by id: `tenon improvements` lists them."
        ),
    }
}

/// Who starts when, a line a team.
pub fn order(imp: &Improvement) -> String {
    let wide = imp
        .teams
        .iter()
        .map(|t| t.team.chars().count())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for team in &imp.teams {
        let pad = " ".repeat(wide - team.team.chars().count());
        let start = team.start().map_or("waits".into(), format::date);
        let moved = if team.moved.is_some() {
            ", earlier than planned"
        } else {
            ""
        };
        let _ = writeln!(out, "  {}{pad}  {start}{moved}", team.team);
    }
    out
}

fn told(imp: &Improvement) -> String {
    format!(
        "{} at {} is {} ({}).\n{}",
        imp.name,
        imp.step,
        imp.state.word(),
        imp.id,
        order(imp)
    )
}

fn listed(ledger: &Ledger) -> String {
    if ledger.all.is_empty() {
        return "Nothing is plugged in here yet. See `tenon plug --help`.".into();
    }
    let wide = |of: &dyn Fn(&Summary) -> usize| ledger.all.iter().map(of).max().unwrap_or(0);
    let (name, step) = (
        wide(&|s| s.imp.name.chars().count()),
        wide(&|s| s.imp.step.chars().count()),
    );
    let mut out = String::new();
    for one in &ledger.all {
        let state = match one.mark {
            Mark::Planned => String::new(),
            _ => format!(" ({})", one.imp.state.word()),
        };
        let effect = one.shown().map_or(String::new(), |(effect, low, high)| {
            let measure = one.imp.measure.judged();
            let decimals = measure.decimals(high - low);
            let signed = |end: f64| {
                let sign = if end < 0.0 { "−" } else { "" };
                format!("{sign}{}", measure.amount(end, decimals))
            };
            let sign = if effect < 0.0 { "−" } else { "" };
            format!(
                "{sign}{} ({} to {})",
                measure.with_unit(effect, decimals),
                signed(low),
                signed(high)
            )
        });
        let _ = writeln!(
            out,
            "{:<name$}  {:<step$}  {:<36}  {effect:<28}  {}",
            one.imp.name,
            one.imp.step,
            format!("{}{state}", one.mark.said()),
            one.imp.id
        );
    }
    if let Some(sum) = ledger.sum() {
        let signed = |days: f64| format!("{}{:.1}", if days < 0.0 { "−" } else { "" }, days.abs());
        let _ = writeln!(
            out,
            "\nAll that shorten or lengthen a step, added up: {} days a case (95% interval {} to {}).",
            signed(sum.days),
            signed(sum.low),
            signed(sum.high)
        );
    }
    out
}
