//! `tenon import`

use base::clock::SystemClock;
use base::format;
use mining::source::Progress;
use service::processes::import::{ImportRequest, Outcome};
use service::processes::{Library, Problem, files};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Import files into the processes kept here
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  tenon import log.xes.gz\n  tenon import deals-may.xes deals-june.xes --process 'New business'\n  tenon import process.bpmn --process 'New business'"
)]
pub struct Args {
    /// Event logs and process models
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Process to add to, made new when there is none of that name. Without it each file becomes a new process, named after the file
    #[arg(long)]
    process: Option<String>,
    #[command(flatten)]
    reading: super::reading::Reading,
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    super::block_on(async {
        let library = Library::open(
            &args.place.data,
            args.place.database.as_deref(),
            Arc::new(SystemClock),
        )
        .await?;
        let options = args.reading.options();
        // What can be seen to be wrong is said before anything is imported.
        for path in &args.files {
            files::check(path, &file_name(path), &options.csv)
                .map_err(|problem| unfinished(&problem, &args.files, 0))?;
        }
        for (at, path) in args.files.iter().enumerate() {
            let size = std::fs::metadata(path).map_or(0, |m| m.len());
            let request = ImportRequest {
                path: path.clone(),
                file_name: file_name(path),
                process: args.process.clone(),
                options: options.clone(),
                actor: "command line".into(),
            };
            let progress = Arc::new(Progress::default());
            let work = library.import(request, progress.clone());
            tokio::pin!(work);
            let begun = Instant::now();
            let outcome = loop {
                tokio::select! {
                    done = &mut work => break done,
                    () = tokio::time::sleep(Duration::from_millis(100)) => bar(&path.display().to_string(), progress.done().min(size), size, begun),
                }
            };
            if std::io::stderr().is_terminal() {
                eprint!("\r\x1b[K");
            }
            tell(&outcome.map_err(|problem| unfinished(&problem, &args.files, at))?);
        }
        Ok(())
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// What is wrong with a file, and of several files which were imported and which were not.
fn unfinished(problem: &Problem, files: &[PathBuf], done: usize) -> anyhow::Error {
    let list = |files: &[PathBuf]| {
        let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
        names.join(", ")
    };
    match (files.len(), done) {
        (1, _) => anyhow::anyhow!("{problem}"),
        (_, 0) => anyhow::anyhow!("{problem}\nNone of the files was imported."),
        _ => anyhow::anyhow!(
            "{problem}\nImported before: {}. Not imported: {}.",
            list(&files[..done]),
            list(&files[done..])
        ),
    }
}

/// A line that is drawn over, where somebody looks.
fn bar(name: &str, done: u64, size: u64, begun: Instant) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    let share = done as f64 / size.max(1) as f64;
    let full = (share * 24.0) as usize;
    let left = if rate > 0.0 && done < size {
        format!(", {} left", format::span_text((size - done) as f64 / rate))
    } else {
        String::new()
    };
    eprint!(
        "\r\x1b[K{name} {}{} {:.0}% {}/s{left}",
        "━".repeat(full),
        "─".repeat(24 - full),
        share * 100.0,
        format::bytes(rate)
    );
    let _ = std::io::stderr().flush();
}

fn tell(done: &Outcome) {
    if done.already.is_some() {
        println!(
            "{}: this file was imported before; nothing was added.",
            done.name
        );
        return;
    }
    let local = "http://localhost:7070";
    println!("{}: {}.", done.name, done.told());
    if let Some(changes) = done.changes.as_ref().filter(|_| !done.is_model()) {
        println!(
            "  The process changed: this is version {}. {}",
            done.version,
            changes.told()
        );
    }
    if done.events_known > 0 {
        let events = format::many(done.events_known, "event");
        println!("  Known already: {events}.");
    }
    if done.skipped > 0 {
        println!(
            "  Not used: {}, with the reason for each at {local}/api/v1/imports/{}/skipped.csv while `tenon serve` runs.",
            format::many(done.skipped, "row"),
            done.import
        );
    }
    for note in &done.notes {
        println!("  {}", note.text);
    }
    println!(
        "  See it at {local}/p/{} while `tenon serve` runs.",
        done.slug
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_files_it_is_said_which_were_imported() {
        let problem = Problem::bad_request("It is broken.", "Mend it.");
        let files = ["a.csv", "b.csv", "c.csv"].map(PathBuf::from);
        let told = |n: usize, done: usize| unfinished(&problem, &files[..n], done).to_string();
        assert_eq!(told(1, 0), "It is broken. Mend it.");
        assert_eq!(
            told(3, 0),
            "It is broken. Mend it.\nNone of the files was imported."
        );
        assert_eq!(
            told(3, 1),
            "It is broken. Mend it.\nImported before: a.csv. Not imported: b.csv, c.csv."
        );
    }
}
