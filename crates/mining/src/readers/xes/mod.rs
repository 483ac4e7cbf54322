//! The XES reader (IEEE 1849-2016), plain or gzipped, in one pass and on all cores.
//!
//! The text is cut into pieces of whole traces; threads take turns reading the next piece and parse it on their own.
//! Memory: the columns, a block of text a thread, and one column twice while threads are joined.
//!
//! - Every lifecycle transition is an event as it stands, unless [`XesOptions::pair_lifecycle`] joins them.
//! - Defaults of global attributes fill absent values, but never times: a default date is no fact.
//! - Attributes nested inside others become columns named after the way to them, such as `cost/total`.
//! - Traces that share a name are one case.

mod ahead;
mod columns;
mod date;
mod head;
mod merge;
mod scan;
mod shape;
mod shard;
mod split;

pub use head::Classifier;

use crate::error::{Place, ReadError};
use crate::log::{Dict, NONE};
use crate::readers::{Imported, Note};
use crate::source::{Progress, Source};
use head::Head;
use shard::Shard;
use split::Splitter;
use std::io::Read;
use std::sync::Mutex;

pub(crate) use date::{days_from_civil, days_in_month, parse as parse_date};

/// How to read the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XesOptions {
    /// Name of the classifier that tells activities apart; `concept:name` when none is named.
    pub classifier: Option<String>,
    /// Join start and complete of the same activity into one event with both times.
    pub pair_lifecycle: bool,
    /// Threads to parse with; 0 for one a core.
    pub threads: usize,
}

/// Reads a log, or nothing at all.
pub fn read(
    source: &Source,
    options: &XesOptions,
    progress: &Progress,
) -> Result<Imported, ReadError> {
    let reader = crate::readers::text::text(source, progress)?;
    let (splitter, head) = Splitter::open(reader)?;
    check_utf8(&head, 0)?;
    let head = Head::read(&head)?;
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let shards = parse(splitter, threads, progress)?;
    let mut notes = Vec::new();
    let bad_times: u64 = shards.iter().map(|s| s.bad_times).sum();
    let left_out: u64 = shards.iter().map(|s| s.left_out).sum();
    let unreadable: u64 = shards
        .iter()
        .flat_map(|s| {
            s.case_columns
                .columns
                .iter()
                .chain(&s.event_columns.columns)
        })
        .map(|c| c.unreadable)
        .sum();
    let log = merge::merge(shards, &head);
    note(&mut notes, "bad_times", bad_times, |n| {
        format!("{n} events have a time that is no date; they have no time now.")
    });
    note(&mut notes, "bad_values", unreadable, |n| {
        format!(
            "{n} attribute values are not of the type they were declared with and were left out."
        )
    });
    note(&mut notes, "nested", left_out, |n| {
        format!(
            "{n} attributes nested inside others were left out: there are too many different ones."
        )
    });
    shape::finish(log, &head, options, notes)
}

/// The classifiers a log declares, without reading its events.
pub fn classifiers(source: &Source) -> Result<Vec<Classifier>, ReadError> {
    let progress = Progress::default();
    let (_, head) = Splitter::open(crate::readers::text::text(source, &progress)?)?;
    Ok(Head::read(&head)?.classifiers)
}

fn note(notes: &mut Vec<Note>, code: &'static str, count: u64, text: impl FnOnce(u64) -> String) {
    if count > 0 {
        notes.push(Note {
            code,
            text: text(count),
        });
    }
}

fn parse<R: Read + Send>(
    splitter: Splitter<R>,
    threads: usize,
    progress: &Progress,
) -> Result<Vec<Shard>, ReadError> {
    let splitter = Mutex::new(Ok(splitter));
    let work = || -> Result<Shard, (usize, ReadError)> {
        let mut shard = Shard::default();
        let mut buffer = Vec::new();
        loop {
            let piece = {
                let mut guard = splitter.lock().unwrap_or_else(|e| e.into_inner());
                let Ok(source) = guard.as_mut() else {
                    return Ok(shard);
                };
                if progress.is_cancelled() {
                    *guard = Err(());
                    let what = ReadError::new(
                        "cancelled",
                        "The import was stopped.",
                        Place::default(),
                        "Nothing of it was kept.",
                    );
                    return Err((0, what));
                }
                match source.next(&mut buffer) {
                    Ok(Some(piece)) => piece,
                    Ok(None) => return Ok(shard),
                    Err(error) => {
                        *guard = Err(());
                        return Err((usize::MAX, error));
                    }
                }
            };
            let text = &buffer[..piece.len];
            if let Err(error) = check_utf8(text, piece.base)
                .and_then(|()| shard.read(piece.number, text, piece.base))
            {
                *splitter.lock().unwrap_or_else(|e| e.into_inner()) = Err(());
                return Err((piece.number, error));
            }
        }
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|h| {
                h.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    // Of several errors the one that stands first in the file is the one to tell.
    let mut shards = Vec::new();
    let mut first: Option<(usize, ReadError)> = None;
    for result in results {
        match result {
            Ok(shard) => shards.push(shard),
            Err((at, error)) if first.as_ref().is_none_or(|(n, _)| at < *n) => {
                first = Some((at, error))
            }
            Err(_) => {}
        }
    }
    first.map_or(Ok(shards), |(_, error)| Err(error))
}

fn check_utf8(text: &[u8], base: u64) -> Result<(), ReadError> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(e) => Err(ReadError::new(
            "not_utf8",
            "The file has bytes that are not valid in its encoding.",
            Place::byte(base + e.valid_up_to() as u64),
            "Export it as UTF-8, or name its encoding in the first line.",
        )),
    }
}

/// For columns made outside the parser.
pub(super) fn intern_or_none(dict: &mut Dict, value: Option<&str>) -> u32 {
    value.map_or(NONE, |v| dict.intern(v))
}

#[cfg(test)]
mod tests;
