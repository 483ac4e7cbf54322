//! `tenon restore`

use super::print;
use base::clock::{Clock, SystemClock};
use base::format;
use service::keeping::{Installation, restore};
use std::path::PathBuf;

/// Bring back what a backup holds, into a folder or database that is empty
#[derive(clap::Args)]
#[command(after_help = "\
Every digest in the file is looked at first, and all of it is restored or nothing.

Examples:
  tenon restore tenon-2026-10-05.tar.gz --data /srv/tenon
  tenon restore tenon.tar.gz --database postgres://tenon@db/tenon")]
pub struct Args {
    /// What `tenon backup` wrote
    file: PathBuf,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let into = Installation::to_fill(&place.data, place.database.as_deref()).await?;
        let manifest = restore::restore(&args.file, &into, SystemClock.now(), super::ACTOR).await?;
        print(&format!(
            "Restored as of {}: {} and {}. Words to search by are gathered when the server runs.",
            format::date_time(manifest.at),
            format::many(manifest.rows(), "row"),
            format::many(manifest.columns() as u64, "column file"),
        ))
    })
}
