//! What a child process does: one contender, one task, figures printed as JSON.

use crate::measure::{Watch, memory_of};
use crate::{fitting, peer};
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use mining::EventLog;
use mining::figures::{EndRule, Figures, Options, Selection, Steps, guess_team};
use mining::readers::xes::{XesOptions, read};
use mining::source::{Progress, Source};
use serde_json::json;
use std::io::{BufReader, Read};
use std::path::Path;

pub fn run(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["tenon", file] => tenon(Path::new(file)),
        ["process_mining", file] => peer::figures(Path::new(file)),
        ["again", file] => again(Path::new(file)),
        ["gunzip", file] => gunzip(Path::new(file)),
        ["fit-tenon", file, noise] => fitting::tenon(Path::new(file), noise.parse()?),
        ["fit-process_mining", file, noise] => peer::fit(Path::new(file), noise.parse()?),
        _ => bail!("unknown task {words:?}"),
    }
}

/// A log, or why not.
pub fn open(path: &Path) -> Result<EventLog> {
    let source = Source::open(path).with_context(|| path.display().to_string())?;
    Ok(read(&source, &XesOptions::default(), &Progress::default())?.log)
}

/// All that the process page shows: steps proposed, map with times, variants, losses, weeks, hand-overs.
fn tenon(path: &Path) -> Result<()> {
    let mut watch = Watch::start();
    let log = open(path)?;
    watch.part("import");
    let read = memory_of("self", "VmHWM");
    let steps = Steps::propose(&log, None, false);
    let options = Options {
        end: EndRule::propose(&log, &steps),
        team: guess_team(&log),
        ..Options::default()
    };
    let figures = Figures::of(&log, &steps, &Selection::all(&log), &options)?;
    watch.part("figures");
    let columns = log.bytes() as f64 / 1_048_576.0;
    watch.print(json!({
        "cases": figures.counts.cases, "events": figures.counts.events, "variants": figures.variants.total,
        "edges": figures.edges.len(), "columns_mib": columns, "import_peak_mib": read,
    }));
    Ok(())
}

/// Figures alone, of a log in memory: the mean of twenty, as after filters.
fn again(path: &Path) -> Result<()> {
    const TIMES: usize = 20;
    let log = open(path)?;
    let steps = Steps::propose(&log, None, false);
    let options = Options {
        end: EndRule::propose(&log, &steps),
        team: guess_team(&log),
        ..Options::default()
    };
    let all = Selection::all(&log);
    let mut watch = Watch::start();
    for _ in 0..TIMES {
        Figures::of(&log, &steps, &all, &options)?;
    }
    watch.part("figures");
    watch.print(json!({ "times": TIMES }));
    Ok(())
}

/// Unpacking alone, with the library and the buffers that the reader has.
fn gunzip(path: &Path) -> Result<()> {
    let watch = Watch::start();
    let mut unpacker = MultiGzDecoder::new(BufReader::with_capacity(
        1 << 17,
        std::fs::File::open(path)?,
    ));
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match unpacker.read(&mut buffer)? {
            0 => break,
            n => bytes += n,
        }
    }
    watch.print(json!({ "bytes": bytes }));
    Ok(())
}
