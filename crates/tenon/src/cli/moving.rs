//! `tenon move`

use super::print;
use base::clock::{Clock, SystemClock};
use service::keeping::{Installation, moving};
use std::path::Path;

/// Carry everything over to another database, and compare what came with what was sent
#[derive(clap::Args)]
#[command(after_help = "\
Stop the server first: what is written afterwards would stay behind. Nothing is removed where it came from, and a target
in which something is kept already is refused.

Examples:
  tenon move --to postgres://tenon@db/tenon
  tenon move --database postgres://tenon@db/tenon --to sqlite:/srv/tenon")]
pub struct Args {
    /// postgres://… or sqlite:FOLDER
    #[arg(long)]
    to: String,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let from = Installation::there(&place.data, place.database.as_deref()).await?;
        let to = match args.to.strip_prefix("sqlite:") {
            Some(folder) => Installation::to_fill(Path::new(folder), None).await?,
            None => {
                anyhow::ensure!(
                    args.to.starts_with("postgres://") || args.to.starts_with("postgresql://"),
                    "{}: write postgres://user@host/database or sqlite:FOLDER.",
                    args.to
                );
                Installation::to_fill(&place.data, Some(&args.to)).await?
            }
        };
        let carried = moving::carry_over(&from, &to, SystemClock.now(), super::ACTOR).await?;
        let lines = carried.iter().filter(|c| c.rows > 0);
        let lines = lines.map(|c| format!("{:<18} {:>10}  {}\n", c.table, c.rows, c.digest));
        print(&format!(
            "{}Moved: {} rows in {} tables, counted and compared on both sides.\n",
            lines.collect::<String>(),
            carried.iter().map(|c| c.rows).sum::<u64>(),
            carried.len()
        ))
    })
}
