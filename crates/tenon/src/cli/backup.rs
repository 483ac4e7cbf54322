//! `tenon backup`

use super::print;
use base::clock::{Clock, SystemClock};
use base::format;
use service::keeping::{Installation, backup};
use std::path::PathBuf;

/// Write everything that is kept into one file, also while the server runs
#[derive(clap::Args)]
#[command(after_help = "\
The file is readable only by who writes it. It is restored into SQLite or PostgreSQL, whichever it came from.

Examples:
  tenon backup --to tenon-2026-10-05.tar.gz
  tenon backup --data /srv/tenon --to /backups/tenon.tar.gz
  tenon backup --database postgres://tenon@db/tenon --to tenon.tar.gz")]
pub struct Args {
    /// File to write, which is not there yet
    #[arg(long)]
    to: PathBuf,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let of = Installation::there(&place.data, place.database.as_deref()).await?;
        let manifest = backup::backup(&of, &args.to, SystemClock.now()).await?;
        let bytes = std::fs::metadata(&args.to)?.len();
        print(&format!(
            "{}: {} and {}, {:.1} MB",
            args.to.display(),
            format::many(manifest.rows(), "row"),
            format::many(manifest.columns() as u64, "column file"),
            bytes as f64 / 1e6
        ))
    })
}
