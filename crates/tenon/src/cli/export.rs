//! `tenon export`

use anyhow::Context;
use base::clock::SystemClock;
use base::format::many;
use service::exports::{self, KINDS};
use service::keeping::export;
use service::processes::{Library, filter_query};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Save what an imported process shows: map, model, tables, log; or everything
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon export new-business map.svg --detail 60 --out map.svg\n  tenon export new-business cases.csv --filter 'team=North&state=open'\n  tenon export new-business log.xes | gzip > log.xes.gz\n  tenon export --all taken-away"
)]
pub struct Args {
    /// The process, by its name or its name in addresses
    #[arg(required_unless_present = "all")]
    process: Option<String>,
    #[arg(value_parser = KINDS, required_unless_present = "all")]
    what: Option<String>,
    /// Write everything there is into a new folder: tables as JSON lines, attachments, processes as XES; nothing that opens a door
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["process", "what", "filter", "detail", "out"])]
    all: Option<PathBuf>,
    /// Which of its cases, as in a page's address: 'team=North&from=2026-03-01'
    #[arg(long, default_value = "", hide_default_value = true)]
    filter: String,
    /// map.svg: how many of the moves are drawn, from 0 (the fewest) to 100 (all); without it as many as can be read
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=100))]
    detail: Option<u32>,
    /// File to write; without it the terminal
    #[arg(long, short)]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let library = Library::open(
            &place.data,
            place.database.as_deref(),
            Arc::new(SystemClock),
        )
        .await?;
        if let Some(folder) = &args.all {
            let done = export::export(&library, folder).await?;
            return super::print(&format!(
                "{}: {}, {} and {}",
                folder.display(),
                many(done.rows, "row"),
                many(done.attachments, "attachment"),
                many(done.processes, "log")
            ));
        }
        let (process, what) = (
            args.process.unwrap_or_default(),
            args.what.unwrap_or_default(),
        );
        let row = library.named(&process).await?;
        let view = library
            .view(&row.id, &filter_query::parse_text(&args.filter)?)
            .await?;
        let (bytes, _) = exports::file(&library, &view, &what, args.detail).await?;
        match &args.out {
            Some(path) => std::fs::write(path, bytes)
                .with_context(|| format!("cannot write {}", path.display())),
            None => Ok(std::io::stdout().write_all(&bytes)?),
        }
    })
}
