//! The command line: one file a command.

mod backup;
mod erase;
mod export;
mod file;
mod import;
mod improvement;
mod leaving;
mod look;
mod mail_in;
mod mcp;
mod moving;
mod people;
mod plug;
mod prove;
mod reading;
mod restore;
mod sample;
mod serve;
mod settings;
mod study;
mod told;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// See how a process really runs, plug tools into its steps, and prove whether they helped.
#[derive(Parser)]
#[command(name = "tenon", version, about, long_about = None)]
struct Cli {
    /// File with settings: lines of NAME = value, by the names they have in the environment
    #[arg(long, env = file::VARIABLE, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(import::Args),
    Look(look::Args),
    Export(export::Args),
    Plug(plug::Args),
    Improvement(improvement::Args),
    Improvements(improvement::ListArgs),
    Prove(prove::Args),
    Study(study::Args),
    Sample(sample::Args),
    People(people::Args),
    Settings(settings::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Move(moving::Args),
    Erase(erase::Args),
    Serve(serve::Args),
    MailIn(mail_in::Args),
    Mcp(mcp::Args),
    /// Print completions for a shell, such as `tenon completions bash > /etc/bash_completion.d/tenon`
    Completions {
        shell: clap_complete::Shell,
    },
}

/// Who did it, in the record.
const ACTOR: &str = "command line";

/// Where Tenon keeps what it knows.
#[derive(clap::Args, Clone)]
struct Place {
    /// Folder that holds the database and the columns
    #[arg(long, env = "TENON_DATA", default_value = ".tenon", global = true)]
    data: PathBuf,
    /// PostgreSQL to use instead of the database in the folder, such as postgres://tenon@db/tenon
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database: Option<String>,
}

pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let result = match cli.command {
        Command::Import(args) => import::run(args),
        Command::Look(args) => look::run(args),
        Command::Export(args) => export::run(args),
        Command::Plug(args) => plug::run(args),
        Command::Improvement(args) => improvement::run(args),
        Command::Improvements(args) => improvement::list(args),
        Command::Prove(args) => prove::run(args),
        Command::Study(args) => study::run(args),
        Command::Sample(args) => sample::run(args),
        Command::People(args) => people::run(args),
        Command::Settings(args) => settings::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Move(args) => moving::run(args),
        Command::Erase(args) => erase::run(args),
        Command::Serve(args) => serve::run(args),
        Command::MailIn(args) => return mail_in::run(args),
        Command::Mcp(args) => mcp::run(args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tenon", &mut std::io::stdout());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads from us has seen enough, as `head` has.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command line, with what a file of settings says where nothing else is said.
fn parse() -> anyhow::Result<Cli> {
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let mut command = Cli::command();
    if let Some(path) = file::asked(&args, std::env::var_os(file::VARIABLE)) {
        command = file::with(command, &path)?;
    }
    let found = command.get_matches_from(args);
    Cli::from_arg_matches(&found).map_err(|e| e.exit())
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prints a text, ended by one line break.
fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(
        std::io::stdout().lock(),
        "{}",
        text.trim_end_matches('\n')
    )?)
}

/// Runs async work to its end.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_says_what_it_is_for() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands() {
            for flag in command.get_arguments().filter(|a| !a.is_positional()) {
                assert!(
                    flag.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    flag.get_id()
                );
            }
        }
    }
}
