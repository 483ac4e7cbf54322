//! The one binary: server and command line.

mod activity;
mod api;
mod app;
#[cfg(test)]
mod arrows;
mod assets;
mod cli;
mod clock;
mod delivery;
mod exports;
mod format;
mod identity;
mod improvements;
mod intake;
mod jobs;
mod keeping;
mod map;
mod mcp;
mod outbound;
mod policy;
mod problem;
mod processes;
mod sample;
mod scim;
mod serve;
mod settings;
mod store;
mod web;
mod work;

fn main() -> std::process::ExitCode {
    cli::main()
}
