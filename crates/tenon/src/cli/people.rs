//! `tenon people`

use super::print;
use anyhow::Context;
use base::clock::SystemClock;
use base::identity::keep::Standing;
use base::identity::{Identity, NewPerson, Role, Scopes};
use service::processes::Library;
use std::sync::Arc;

/// Who works here: add somebody, let somebody in, make a token
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  tenon people
  tenon people add maren@company.example --name 'Maren Voss' --role manager
  tenon people link maren@company.example          # a link that signs her in once, within a day
  tenon people role maren@company.example owner
  tenon people suspend maren@company.example
  tenon people token maren@company.example --name 'CRM push' --scopes 'read write'")]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    place: super::Place,
}

#[derive(clap::Subcommand)]
enum What {
    /// Add somebody
    Add {
        email: String,
        /// As colleagues call her
        #[arg(long)]
        name: String,
        /// owner, manager, member or guest
        #[arg(long, default_value = "member")]
        role: String,
    },
    /// A link that signs somebody in once
    Link {
        email: String,
        /// Address of the server
        #[arg(long, env = "TENON_URL", default_value = "http://localhost:7070")]
        url: String,
    },
    /// Give somebody another role
    Role {
        email: String,
        /// owner, manager, member or guest
        role: String,
    },
    /// Let somebody in no more; what she wrote stays
    Suspend { email: String },
    /// Let somebody in again
    LetIn { email: String },
    /// A token for programs that act for somebody
    Token {
        email: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// Of read, write, admin and scim
        #[arg(long, default_value = "read write")]
        scopes: String,
    },
}

fn parsed(role: &str) -> anyhow::Result<Role> {
    Role::parse(role)
        .with_context(|| format!("{role} is no role: choose owner, manager, member or guest."))
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let place = &args.place;
        let database = place.database.as_deref();
        let library = Library::open(&place.data, database, Arc::new(SystemClock)).await?;
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let directory = identity.directory().await?;
        let known = |email: &str| {
            let email = email.to_lowercase();
            let found = directory.active().find(|p| p.email == email);
            found
                .map(|p| p.id.clone())
                .with_context(|| format!("Nobody here has the address {email}."))
        };
        let stand = async |email: &str, asked: Standing| {
            let email = email.to_lowercase();
            let mut all = directory.people().iter();
            let found = all
                .find(|p| p.email == email)
                .with_context(|| format!("Nobody here has the address {email}."))?;
            let row = identity.stand(&found.id, asked, super::ACTOR).await?;
            print(&format!("{} is {} {}.\n", row.name, row.state, row.role))
        };
        let active = |active| Standing {
            role: None,
            active: Some(active),
        };
        match args.what {
            Some(What::Role { email, role }) => {
                let asked = Standing {
                    role: Some(parsed(&role)?),
                    active: None,
                };
                stand(&email, asked).await
            }
            Some(What::Suspend { email }) => stand(&email, active(false)).await,
            Some(What::LetIn { email }) => stand(&email, active(true)).await,
            None => {
                let known = directory.people().iter().filter(|p| p.state != "erased");
                let rows = known.map(|p| {
                    let teams = directory.teams_of(&p.id);
                    let teams: Vec<&str> = teams.iter().map(|t| t.name.as_str()).collect();
                    format!(
                        "{:<28} {:<34} {:<8} {:<9} {}\n",
                        p.name,
                        p.email,
                        p.role,
                        p.state,
                        teams.join(", ")
                    )
                });
                print(&rows.collect::<String>())
            }
            Some(What::Add { email, name, role }) => {
                let role = parsed(&role)?;
                let new = NewPerson {
                    name,
                    email,
                    role,
                    password: None,
                };
                let row = identity.add(new, super::ACTOR).await?;
                print(&format!(
                    "{} is here as {}, {}.",
                    row.name,
                    role.word(),
                    row.email
                ))
            }
            Some(What::Link { email, url }) => {
                let secret = identity.link(Some(&known(&email)?)).await?;
                let url = url.trim_end_matches('/');
                print(&format!("{url}/in/{}", secret.text()))
            }
            Some(What::Token {
                email,
                name,
                scopes,
            }) => {
                let scopes = Scopes::parse(&scopes).with_context(|| {
                    format!("\"{scopes}\": name scopes of read, write, admin and scim.")
                })?;
                let person = known(&email)?;
                let made = identity.make_token(&person, &name, scopes, None, super::ACTOR);
                print(&made.await?.1)
            }
        }
    })
}
