//! `tenon serve`

use crate::serve::{Config, LOOPBACK, serve};
use anyhow::Context;
use base::identity::oidc::Settings;
use service::keeping::retention::{self, Retention};
use std::net::IpAddr;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Serve the pages and the API on this machine
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  tenon serve\n  tenon serve --port 8080 --data /srv/tenon")]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
    /// Port to listen on
    #[arg(long, env = "TENON_PORT", default_value_t = 7070)]
    port: u16,
    /// Address to listen on; one that others reach needs --url
    #[arg(long, env = "TENON_ADDRESS", default_value_t = LOOPBACK)]
    address: IpAddr,
    /// By which address people reach it, such as https://tenon.example.com
    #[arg(long, env = "TENON_URL")]
    url: Option<String>,
    #[command(flatten)]
    leaving: super::leaving::Leaving,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
    /// Remove what colleagues wrote after so many days; before what the settings page says
    #[arg(long, env = "TENON_RETENTION_MESSAGES_DAYS")]
    retention_messages_days: Option<String>,
    /// Remove lines of the record that tell of no process after so many days; before what the settings page says
    #[arg(long, env = "TENON_RETENTION_AUDIT_DAYS")]
    retention_audit_days: Option<String>,
    /// What keys of connections are sealed with: 64 hexadecimal digits; several with commas, of which the first seals and all
    /// open. Without it a key is kept in connections.key beside the database
    #[arg(long = "key", env = "TENON_KEY", hide_env_values = true)]
    key: Option<String>,
    #[command(flatten)]
    oidc: Oidc,
}

/// The company's identity provider, which speaks OpenID Connect; docs/identity.md tells how to set it up.
#[derive(clap::Args)]
struct Oidc {
    /// Its address, such as https://login.example.com
    #[arg(long = "oidc-issuer", env = "TENON_OIDC_ISSUER", requires = "client")]
    issuer: Option<String>,
    /// As what Tenon is known there
    #[arg(long = "oidc-client-id", env = "TENON_OIDC_CLIENT_ID")]
    client: Option<String>,
    /// The secret it gave Tenon
    #[arg(
        long = "oidc-client-secret",
        env = "TENON_OIDC_CLIENT_SECRET",
        hide_env_values = true
    )]
    secret: Option<String>,
    /// What the button says: "Sign in with" and this
    #[arg(long = "oidc-name", env = "TENON_OIDC_NAME")]
    name: Option<String>,
    /// What is asked for
    #[arg(
        long = "oidc-scopes",
        env = "TENON_OIDC_SCOPES",
        default_value = "openid email profile"
    )]
    scopes: String,
    /// The claim that lists the groups of a person
    #[arg(
        long = "oidc-groups",
        env = "TENON_OIDC_GROUPS",
        default_value = "groups"
    )]
    groups: String,
    /// Which group is in which role, such as tenon-admins=owner,sales=member; * is everybody
    #[arg(long = "oidc-roles", env = "TENON_OIDC_ROLES")]
    roles: Option<String>,
    /// Which group is which team, such as sales-north=North; * makes a team of every group
    #[arg(long = "oidc-teams", env = "TENON_OIDC_TEAMS")]
    teams: Option<String>,
}

impl Oidc {
    fn settings(self) -> anyhow::Result<Option<Settings>> {
        let Some(issuer) = self.issuer.filter(|i| !i.is_empty()) else {
            return Ok(None);
        };
        let plain = Settings::new(&issuer, &self.client.unwrap_or_default())?;
        let mapped = plain
            .with_roles(&self.roles.unwrap_or_default())?
            .with_teams(&self.teams.unwrap_or_default())?;
        let settings = Settings {
            secret: self.secret.filter(|s| !s.is_empty()),
            name: self.name.unwrap_or_else(|| mapped.name.clone()),
            scopes: self.scopes,
            groups: self.groups,
            ..mapped
        };
        settings.checked().map(Some)
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let filter: Targets = match std::env::var("RUST_LOG") {
        Ok(given) => given
            .parse()
            .context("RUST_LOG: write levels by target, as in info,sqlx=warn")?,
        Err(_) => "info,sqlx=warn".parse()?,
    };
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(filter)
        .init();
    let days = |given: Option<String>| retention::days(&given.unwrap_or_default());
    let retention = Retention {
        messages: days(args.retention_messages_days)?,
        audit: days(args.retention_audit_days)?,
    };
    let config = Config {
        delivery: args.leaving.config(),
        retention,
        data: args.place.data,
        database: args.place.database,
        address: args.address,
        port: args.port,
        url: args.url,
        open: args.open,
        oidc: args.oidc.settings()?,
        key: args.key,
    };
    super::block_on(serve(config, |url, first| {
        println!("Tenon is at {url}");
        if let Some(link) = &first {
            println!("Open this once, within a day, and you are in as its owner: {link}");
        }
        if args.open {
            open(first.as_deref().unwrap_or(url));
        }
    }))
}

/// Opens a page where there is a screen to open it on.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let _ = std::process::Command::new(program)
        .arg(url)
        .stderr(std::process::Stdio::null())
        .spawn();
}
