//! `tenon study`

use super::print;
use stats::study::{Effort, run as study, scenarios};
use std::num::NonZeroUsize;
use std::time::Instant;

/// Simulate companies where the truth is known, and count how often verdicts are right and wrong
#[derive(clap::Args)]
#[command(after_help = "\
Replications are numbered, so the same seed gives the same table on any machine, however many threads there are.
Exits with an error when a gate is missed.

Examples:
  tenon study --short
  tenon study --replications 2000 > study.md
  tenon study --only 'no effect' --json | jq .gates")]
pub struct Args {
    /// Replications of each scenario that is held to a gate; the others get a quarter
    #[arg(long, default_value_t = 2_000)]
    replications: usize,
    /// Number of the first replication
    #[arg(long, default_value_t = 20_261_125)]
    seed: u64,
    /// 40 replications, for a first look: chance in the simulation is then wide
    #[arg(long, conflicts_with = "replications")]
    short: bool,
    /// Scenarios whose name contains this
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "NAME"
    )]
    only: String,
    /// All cores when not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
}

const SHORT: usize = 40;

pub fn run(args: Args) -> anyhow::Result<()> {
    let replications = if args.short { SHORT } else { args.replications };
    anyhow::ensure!(replications > 0, "Ask for at least one replication.");
    let all = scenarios()
        .into_iter()
        .filter(|s| s.name.contains(&args.only))
        .count();
    anyhow::ensure!(all > 0, "No scenario's name contains \"{}\".", args.only);
    let effort = Effort {
        replications,
        threads: args
            .threads
            .or(std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN),
        seed: args.seed,
    };
    let begun = Instant::now();
    let mut done = 0;
    let table = study(&effort, &args.only, |name| {
        done += 1;
        eprintln!(
            "{done} of {all}, {:.0} s: {name}",
            begun.elapsed().as_secs_f64()
        );
    });
    let gates = table.gates();
    if args.json {
        print(&serde_json::json!({ "table": table, "gates": gates }).to_string())?;
    } else {
        print(&format!(
            "{} replications, seed {}\n\n{}",
            table.replications,
            table.seed,
            table.markdown()
        ))?;
    }
    let missed: Vec<&str> = gates
        .iter()
        .filter(|g| !g.is_kept())
        .map(|g| g.name.as_str())
        .collect();
    anyhow::ensure!(
        args.short || missed.is_empty(),
        "Missed: {}.",
        missed.join("; ")
    );
    Ok(())
}
