//! The one binary: server and command line.

#[cfg(test)]
mod arrows;
mod cli;
mod mcp;
mod scim;
mod serve;

fn main() -> std::process::ExitCode {
    cli::main()
}
