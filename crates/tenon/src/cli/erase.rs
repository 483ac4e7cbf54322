//! `tenon erase`

use super::print;
use anyhow::Context;
use base::clock::SystemClock;
use base::format;
use base::identity::Identity;
use service::keeping::erase;
use service::processes::Library;
use std::sync::Arc;

/// Forget a person or a case for good
#[derive(clap::Args)]
#[command(after_help = "\
Nothing brings back what was erased but a backup, and backups that were taken before still hold it.

Examples:
  tenon erase person maren@company.example                   # what she wrote stays, as that of an erased person
  tenon erase person maren@company.example --with-messages   # what she wrote is emptied too
  tenon erase case leads L-2041")]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    place: super::Place,
}

#[derive(clap::Subcommand)]
enum What {
    /// Forget a person: her account, what is hers alone, her handle in what others wrote
    Person {
        email: String,
        /// Empty what she wrote too, and remove what she attached
        #[arg(long)]
        with_messages: bool,
    },
    /// Forget a case: what was said, asked, attached and checked off, and its imported events
    Case { process: String, case: String },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let database = place.database.as_deref();
        let library = Library::open(&place.data, database, Arc::new(SystemClock)).await?;
        let removed = match &args.what {
            What::Person {
                email,
                with_messages,
            } => {
                let identity = Identity::new(library.db().clone(), library.clock_handle());
                let directory = identity.directory().await?;
                let email = email.to_lowercase();
                let mut all = directory.people().iter();
                let found = all
                    .find(|p| p.email == email)
                    .with_context(|| format!("Nobody here has the address {email}."))?;
                erase::person(&identity, &found.id, *with_messages, super::ACTOR).await?
            }
            What::Case { process, case } => {
                erase::case(&library, process, case, super::ACTOR).await?
            }
        };
        print(&format!(
            "Erased, with {} and {}.",
            format::many(removed.messages, "message"),
            format::many(removed.attachments, "attachment")
        ))
    })
}
