//! The one binary: server and command line.

mod activity;
mod api;
mod cli;
mod clock;
mod exports;
mod jobs;
mod policy;
mod processes;
mod sample;
mod serve;
mod store;
mod web;

fn main() -> std::process::ExitCode {
    cli::main()
}
