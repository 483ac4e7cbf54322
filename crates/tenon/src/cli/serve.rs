//! `tenon serve`

use crate::serve::{Config, LOOPBACK, serve};
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
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "info,sqlx=warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let config = Config {
        delivery: args.leaving.config(&args.place.data),
        data: args.place.data,
        database: args.place.database,
        address: args.address,
        port: args.port,
        url: args.url,
    };
    super::block_on(serve(config, |url, first| {
        println!("Tenon is at {url}");
        if let Some(link) = &first {
            println!("Nobody is here yet. Open this once, to become its owner: {link}");
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
