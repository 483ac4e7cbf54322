//! `tenon serve`

use crate::serve::{Config, LOOPBACK, local, serve};
use std::net::IpAddr;

/// Serve the pages and the API on this machine
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  tenon serve\n  tenon serve --port 8080 --data /srv/tenon")]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
    /// Port to listen on
    #[arg(long, env = "TENON_PORT", default_value_t = 7070)]
    port: u16,
    /// Address to listen on; only this machine's own until sign-in exists
    #[arg(long, default_value_t = LOOPBACK)]
    address: IpAddr,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "info,sqlx=warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let config = Config {
        data: args.place.data,
        database: args.place.database,
        address: args.address,
        port: args.port,
    };
    super::block_on(serve(config, |address| {
        println!("Tenon is at {}", local(address.port()));
        if args.open {
            open(&local(address.port()));
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
