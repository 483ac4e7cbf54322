//! `tenon settings`

use super::print;
use base::clock::SystemClock;
use service::processes::Library;
use service::settings::{self, Individual};
use std::sync::Arc;

/// What holds for the whole installation: whether figures of single people may be looked at
#[derive(clap::Args)]
#[command(after_help = "\
Measures are by team and nothing ranks people. Figures by person (who works on how many cases, hand-overs between people,
the filter by person) are off unless switched on. Locked, they stay off whatever a page or a program asks for.

Examples:
  tenon settings
  tenon settings individual-figures on
  tenon settings individual-figures locked
  tenon settings unlock")]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    place: super::Place,
}

#[derive(clap::Subcommand)]
enum What {
    /// Switch figures by person off or on, or lock them off
    IndividualFigures {
        #[arg(value_parser = ["off", "on", "locked"])]
        value: String,
    },
    /// Take the lock away; figures by person stay off. Only here, on the machine itself
    Unlock,
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
        let now = match &args.what {
            None => settings::individual(library.db()).await,
            Some(What::IndividualFigures { value }) => {
                let wanted = Individual::parse(value).unwrap_or_default();
                settings::set_individual(&library, wanted, super::ACTOR).await?
            }
            Some(What::Unlock) => settings::unlock_individual(&library, super::ACTOR).await?,
        };
        print(&format!("individual-figures: {}", now.word()))
    })
}
