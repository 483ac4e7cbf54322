//! The one binary: server and command line.

mod activity;
mod api;
mod app;
#[cfg(test)]
mod arrows;
mod assets;
mod cli;
mod clock;
mod exports;
mod format;
mod improvements;
mod intake;
mod jobs;
mod map;
mod policy;
mod processes;
mod sample;
mod serve;
mod settings;
mod store;
mod web;

fn main() -> std::process::ExitCode {
    cli::main()
}
