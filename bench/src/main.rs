//! Times Tenon beside crate `process_mining`, pm4py, csdid and differences: `make bench`, or
//! `cargo run --release --manifest-path bench/Cargo.toml -- [--rounds N] [--only PART]`.
//!
//! Each contender runs in a process of its own, so that memory is its own too, and contenders take turns within a round, so
//! that a busy moment of the machine meets all of them. What is printed are medians over rounds and ratios, as tables in
//! Markdown. CPU seconds are of all threads; they suffer least from whatever else the machine does.

mod children;
mod data;
mod fitting;
mod judging;
mod measure;
mod peer;
mod reading;
mod serving;
mod table;
mod working;

use anyhow::{Result, bail};
use std::path::PathBuf;

/// What is asked for on the command line.
pub struct Asked {
    pub rounds: usize,
    /// pm4py takes minutes a round.
    pub python_rounds: usize,
    pub only: Option<String>,
    /// Receipt, bpic2012 and the rest; see CONTRIBUTING.md.
    pub shared: PathBuf,
    /// Where generated files go.
    pub folder: PathBuf,
    /// The binary whose pages are timed.
    pub tenon: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "child") {
        return children::run(&args[1..]);
    }
    let asked = asked(&args)?;
    let wanted = |part: &str| asked.only.as_deref().is_none_or(|only| only == part);
    println!("{}\n", measure::machine());
    if wanted("reading") {
        reading::run(&asked)?;
    }
    if wanted("fitting") {
        fitting::run(&asked)?;
    }
    if wanted("judging") {
        judging::run(&asked)?;
    }
    if wanted("working") {
        working::run(&asked)?;
    }
    if wanted("serving") {
        serving::run(&asked)?;
    }
    Ok(())
}

fn asked(args: &[String]) -> Result<Asked> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(here.join("target"), PathBuf::from);
    let built = [target.clone(), here.join("../target")]
        .into_iter()
        .flat_map(|t| [t.join("release/tenon"), t.join("quick/tenon")])
        .find(|p| p.exists());
    let mut asked = Asked {
        rounds: 5,
        python_rounds: 1,
        only: None,
        shared: std::env::var_os("TENON_SHARED").map_or(here.join("../../shared"), PathBuf::from),
        folder: target.join("bench-data"),
        tenon: built,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(value) = args.next() else {
            bail!("{arg} needs a value");
        };
        match arg.as_str() {
            "--rounds" => asked.rounds = value.parse()?,
            "--python-rounds" => asked.python_rounds = value.parse()?,
            "--only" => asked.only = Some(value.clone()),
            "--tenon" => asked.tenon = Some(value.into()),
            _ => bail!(
                "unknown argument {arg}; there are --rounds, --python-rounds, --only and --tenon"
            ),
        }
    }
    if asked
        .only
        .as_deref()
        .is_some_and(|o| !["reading", "fitting", "judging", "working", "serving"].contains(&o))
    {
        bail!("--only takes reading, fitting, judging, working or serving");
    }
    std::fs::create_dir_all(&asked.folder)?;
    Ok(asked)
}
