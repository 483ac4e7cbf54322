//! `tenon mail-in`

use base::clock::SystemClock;
use base::identity::Identity;
use base::policy::Site;
use service::delivery::mail::inbound::Received;
use service::delivery::{Config, Delivery};
use service::processes::Library;
use service::work::Work;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

/// Longer mails are not read.
const LONGEST: u64 = 32 << 20;
/// What mail servers understand (sysexits.h): no such user, try again later, not allowed.
const NO_PERMISSION: u8 = 77;
const TRY_AGAIN: u8 = 75;

/// Take in a mail that a mail server hands over: an answer to a mail of Tenon's goes into its conversation
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  tenon mail-in < answer.eml
  tenon mail-in --recipient \"$ORIGINAL_RECIPIENT\"    # from a mail server's pipe; see docs/delivery.md")]
pub struct Args {
    /// To which address it was delivered, where its headers do not say
    #[arg(long)]
    recipient: Option<String>,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> ExitCode {
    match super::block_on(receive(args)) {
        // What a machine wrote is taken and not answered: two machines would answer each other for ever.
        Ok(Received::Posted(_) | Received::Automatic) => ExitCode::SUCCESS,
        Ok(Received::Refused(why)) => {
            eprintln!("{why}");
            ExitCode::from(NO_PERMISSION)
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(TRY_AGAIN)
        }
    }
}

async fn receive(args: Args) -> anyhow::Result<Received> {
    let mut raw = Vec::new();
    std::io::stdin().take(LONGEST + 1).read_to_end(&mut raw)?;
    if raw.len() as u64 > LONGEST {
        return Ok(Received::Refused("This mail is longer than 32 MB."));
    }
    let place = &args.place;
    let library = Library::open(
        &place.data,
        place.database.as_deref(),
        Arc::new(SystemClock),
    )
    .await?;
    let identity = Identity::new(library.db().clone(), library.clock_handle());
    let work = Work::start(library, identity);
    let delivery = Delivery::new(work, Arc::new(Site::local(0)), &Config::default())?;
    Ok(delivery.receive(&raw, args.recipient.as_deref()).await?)
}
