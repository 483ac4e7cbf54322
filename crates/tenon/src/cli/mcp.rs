//! `tenon mcp`

use crate::mcp::{Desk, REVISION, answer};
use anyhow::Context;
use base::clock::SystemClock;
use base::identity::{Actor, Identity, Scope, Scopes, Via};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use service::connect::Connect;
use service::connect::seal::Seal;
use service::improvements::Improvements;
use service::processes::Library;
use service::work::Work;
use std::io::Write;
use std::sync::Arc;

/// Let an assistant look, note, ask and read verdicts over standard input and output (Model Context Protocol)
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  TENON_URL=https://tenon.example.com TENON_TOKEN=tenon_… tenon mcp
  tenon mcp --as ann@halden.example --data /srv/tenon    # on the machine itself, without a server")]
pub struct Args {
    /// The address of a running Tenon; needs a token
    #[arg(long, env = "TENON_URL", conflicts_with = "person")]
    url: Option<String>,
    /// A token with the scopes read and, for notes, questions and answers, write
    #[arg(long, env = "TENON_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Whose rights are used on the store of this machine: the e-mail address of a person
    #[arg(long = "as", value_name = "EMAIL")]
    person: Option<String>,
    #[command(flatten)]
    place: super::Place,
}

enum Way {
    Here(Box<Desk>, Actor),
    There(reqwest::Client, String, String),
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let way = way(args).await?;
        while let Some(line) = tokio::task::spawn_blocking(next_line).await?? {
            if line.trim().is_empty() {
                continue;
            }
            if let Some(answer) = way.ask(line).await? {
                let mut out = std::io::stdout().lock();
                writeln!(out, "{answer}")?;
                out.flush()?;
            }
        }
        Ok(())
    })
}

fn next_line() -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

async fn way(args: Args) -> anyhow::Result<Way> {
    if let Some(email) = args.person {
        let (data, database) = (&args.place.data, args.place.database.as_deref());
        let library = Library::open(data, database, Arc::new(SystemClock)).await?;
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let directory = identity.directory().await?;
        let email = email.trim().to_lowercase();
        let person = directory.active().find(|p| p.email == email);
        let scopes = Scopes::of(&[Scope::Read, Scope::Write]);
        let via = Via::Token("command line".into());
        let actor = person.and_then(|p| Actor::of(p, via, scopes));
        let actor = actor.with_context(|| {
            format!("nobody here has the address {email}; `tenon people` lists who does")
        })?;
        let work = Work::start(library.clone(), identity);
        let improvements = Improvements::new(library.clone());
        // Nothing is connected from here, so no key is opened and nothing goes out.
        let seal = Seal::of(&base::format::hex(&library.clock().secret()?))?;
        let site = Arc::new(Site::local(0));
        let outbound = Outbound::new(Allowed::parse(""));
        let connect = Connect::new(work.clone(), site, outbound, seal);
        return Ok(Way::Here(
            Box::new(Desk {
                library,
                improvements,
                work,
                customers: service::desk::Desk::new(connect),
            }),
            actor,
        ));
    }
    let url = args.url.context("say which Tenon with TENON_URL and TENON_TOKEN, or whose rights to use here with --as EMAIL")?;
    let token = args
        .token
        .context("TENON_TOKEN is missing; make a token on the page \"You\" of Tenon")?;
    // Another part may have chosen already; both choose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().user_agent("Tenon").build()?;
    Ok(Way::There(
        client,
        format!("{}/mcp", url.trim_end_matches('/')),
        token,
    ))
}

impl Way {
    async fn ask(&self, line: String) -> anyhow::Result<Option<String>> {
        let (client, url, token) = match self {
            Way::Here(desk, actor) => {
                return Ok(answer(desk, actor, line.as_bytes())
                    .await
                    .map(|a| a.to_string()));
            }
            Way::There(client, url, token) => (client, url, token),
        };
        let sent = client
            .post(url)
            .bearer_auth(token)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", REVISION)
            .body(line)
            .send();
        let got = sent
            .await
            .with_context(|| format!("{url} cannot be reached"))?;
        let (status, kind) = (got.status(), got.headers().get("content-type").cloned());
        let text = got.text().await?;
        let is_json = kind.is_some_and(|k| k.as_bytes() == b"application/json");
        anyhow::ensure!(
            is_json || status.is_success(),
            "{url} answered {status}: {text}"
        );
        Ok(Some(text).filter(|t| !t.is_empty()))
    }
}
