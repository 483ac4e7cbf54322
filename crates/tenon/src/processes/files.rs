//! Opens any file that can be imported with the reader it needs.

use super::Problem;
use mining::model::bpmn::ProcessModel;
use mining::readers::detect::{self, FileKind};
use mining::readers::{Imported, xes};
use mining::source::{Progress, Source};
use mining::{Place, ReadError};
use std::io::Read;
use std::path::Path;

/// What a person may say about how a file is to be read.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// XES: the classifier that tells activities apart.
    pub classifier: Option<String>,
    /// XES: join start and complete into one event.
    pub pair_lifecycle: bool,
}

/// A file, read.
#[derive(Debug)]
pub enum Opened {
    Log(Box<Imported>, FileKind),
    Model(Box<ProcessModel>),
}

/// The kind of a file by its content and name; looks into gzip.
pub fn kind(source: &Source, name: &str) -> Result<FileKind, Problem> {
    let mut head = source.head(4096)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        // What cannot be unpacked is told by the reader, with its place.
        let _ = flate2::read::GzDecoder::new(&head[..]).take(4096).read_to_end(&mut unpacked);
        head = unpacked;
    }
    Ok(detect::kind(&head, name))
}

/// Reads a file whole, or says why not.
pub fn read_any(path: &Path, name: &str, options: &ReadOptions, progress: &Progress) -> Result<Opened, Problem> {
    let source = Source::open(path).map_err(|e| {
        Problem::new(404, "unreadable", format!("{} cannot be opened: {e}.", path.display()), "Check its name and whether you may read it.")
    })?;
    let kind = kind(&source, name)?;
    let opened = match kind {
        FileKind::Xes => {
            let options = xes::XesOptions { classifier: options.classifier.clone(), pair_lifecycle: options.pair_lifecycle, threads: 0 };
            xes::read(&source, &options, progress).map(|log| Opened::Log(Box::new(log), kind))
        }
        FileKind::Bpmn => mining::readers::bpmn::read(&source, progress).map(|model| Opened::Model(Box::new(model))),
        FileKind::Spreadsheet => Err(ReadError::new(
            "spreadsheet",
            "This is a spreadsheet workbook.",
            Place::default(),
            "Save the sheet with the events as CSV and import that.",
        )),
        _ => Err(ReadError::new(
            "unknown_format",
            "This is no file Tenon can read.",
            Place::default(),
            "Choose an event log (XES, CSV, OCEL) or a process model (BPMN).",
        )),
    };
    Ok(opened.map_err(|e| e.in_file(name))?)
}
