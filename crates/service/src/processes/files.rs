//! Opens any file that can be imported with the reader it needs.

use super::Problem;
use mining::model::bpmn::ProcessModel;
use mining::readers::detect::{self, FileKind};
use mining::readers::{Imported, Note, csv, ocel, xes};
use mining::source::{Progress, Source};
use mining::{Place, ReadError};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// What a person may say about how a file is to be read.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// XES: the classifier that tells activities apart.
    pub classifier: Option<String>,
    /// XES: join start and complete into one event.
    pub pair_lifecycle: bool,
    /// Tables: what a person said of the columns.
    pub csv: csv::Overrides,
    /// Tables: the columns as they were confirmed; counts before any guess.
    pub mapping: Option<csv::Mapping>,
    /// Object-centric logs: the type of object that is the case.
    pub object_type: Option<String>,
}

impl ReadOptions {
    /// Takes one answer of a form, by the names that the command line uses. Says whether it was one of them.
    pub fn take(&mut self, key: &str, value: &str) -> Result<bool, Problem> {
        fn word<T: std::str::FromStr<Err = String>>(
            key: &str,
            value: &str,
        ) -> Result<Option<T>, Problem> {
            let read = (!value.is_empty()).then(|| value.parse()).transpose();
            read.map_err(|why| Problem::bad_request(format!("{key}: {why}."), "Choose again."))
        }
        let filled = Some(value.to_string()).filter(|v| !v.is_empty());
        // An empty choice of these says that there is no such column.
        let column = Some(value.to_string());
        let csv = &mut self.csv;
        match key {
            "classifier" => self.classifier = filled,
            "pair_lifecycle" => self.pair_lifecycle = filled.is_some(),
            "ocel_type" => self.object_type = filled,
            "csv_rows" => csv.shape = word(key, value)?,
            "csv_case" => csv.case = filled,
            "csv_activity" => csv.activity = filled,
            "csv_time" => csv.time = column,
            "csv_start" => csv.start = column,
            "csv_resource" => csv.resource = column,
            "csv_team" => csv.team = column,
            "csv_date_format" => csv.date_format = word(key, value)?,
            "csv_decimal" => csv.decimal = word(key, value)?,
            "csv_zone" => csv.zone = filled,
            "csv_encoding" => csv.encoding = filled,
            "csv_delimiter" => csv.delimiter = word::<csv::Delimiter>(key, value)?.map(|d| d.0),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A file, read.
#[derive(Debug)]
pub enum Opened {
    /// With how it was read, where a file can be read in several ways: the same text for the same reading.
    Log(Box<Imported>, FileKind, String),
    Model(Box<ProcessModel>),
}

/// What a person should be asked before a file is read.
#[derive(Debug)]
pub enum Question {
    Nothing,
    /// What the columns of a table are.
    Columns(Box<csv::Preview>),
    /// Which objects are the cases.
    Objects(ocel::OcelPreview),
}

/// The header of a table as a fingerprint, `None` for a file of another kind.
pub fn header(path: &Path, name: &str, said: &csv::Overrides) -> Result<Option<String>, Problem> {
    let source = open(path)?;
    match kind(&source, name)? {
        FileKind::Csv => Ok(Some(
            csv::header(&source, said).map_err(|e| e.in_file(name))?,
        )),
        _ => Ok(None),
    }
}

/// Whether a file can be imported, as far as a look at its beginning tells.
pub fn check(path: &Path, name: &str, said: &csv::Overrides) -> Result<(), Problem> {
    let source = open(path)?;
    let kind = kind(&source, name)?;
    let checked = match kind {
        FileKind::Csv => csv::header(&source, said).map(drop),
        FileKind::Spreadsheet | FileKind::Unknown => Err(refused(kind)),
        _ if source.is_empty() => Err(ReadError::new(
            "empty_file",
            "The file is empty.",
            Place::byte(0),
            "Choose a file with events, or a model.",
        )),
        _ => Ok(()),
    };
    Ok(checked.map_err(|e| e.in_file(name))?)
}

/// Looks at a file for what has to be asked; what was said already counts. `earlier` is how a table with the same header
/// was understood.
pub fn question(
    path: &Path,
    name: &str,
    said: &csv::Overrides,
    earlier: Option<&csv::Mapping>,
) -> Result<Question, Problem> {
    let source = open(path)?;
    let question = match kind(&source, name)? {
        FileKind::Csv => match earlier {
            Some(earlier) => csv::preview_like(&source, said, earlier),
            None => csv::preview(&source, said),
        }
        .map(|p| Question::Columns(Box::new(p))),
        FileKind::OcelJson | FileKind::OcelXml => {
            ocel::preview(&source, &Progress::default()).map(Question::Objects)
        }
        FileKind::OcelSqlite => sqlite(path).map(|log| Question::Objects(log.preview())),
        _ => Ok(Question::Nothing),
    };
    Ok(question.map_err(|e| e.in_file(name))?)
}

/// Opens a file, or says in plain words why that cannot be.
pub fn open(path: &Path) -> Result<Source, Problem> {
    let name = path.display();
    let no = |what: String, remedy: &str| Problem::new(404, "unreadable", what, remedy);
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound => no(
            format!("There is no file {name}."),
            "Check its name and its folder.",
        ),
        ErrorKind::PermissionDenied => no(
            format!("{name} may not be read by you."),
            "Ask its owner for the right to read it, or copy it.",
        ),
        _ => no(
            format!("{name} cannot be opened: {e}."),
            "Check its name and whether you may read it.",
        ),
    };
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(no(
            format!("{name} is a folder."),
            "Name a file that is in it.",
        ));
    }
    if !about.is_file() {
        return Err(no(
            format!("{name} is no file but a pipe or a device."),
            "Save what comes out of it to a file, and name that.",
        ));
    }
    Source::open(path).map_err(failed)
}

/// Kinds that are recognised but cannot be imported.
fn refused(kind: FileKind) -> ReadError {
    match kind {
        FileKind::Spreadsheet => ReadError::new(
            "spreadsheet",
            "This is a spreadsheet workbook.",
            Place::default(),
            "Save the sheet with the events as CSV and import that.",
        ),
        _ => ReadError::new(
            "unknown_format",
            "This is no file Tenon can read.",
            Place::default(),
            "Choose an event log (XES, CSV, OCEL) or a process model (BPMN).",
        ),
    }
}

/// The kind of a file by its content and name; looks into gzip.
pub fn kind(source: &Source, name: &str) -> Result<FileKind, Problem> {
    let mut head = source.head(4096)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        // What cannot be unpacked is told by the reader, with its place.
        let _ = flate2::read::GzDecoder::new(&head[..])
            .take(4096)
            .read_to_end(&mut unpacked);
        head = unpacked;
    }
    Ok(detect::kind(&head, name))
}

/// Reads a file whole, or says why not.
pub fn read_any(
    path: &Path,
    name: &str,
    options: &ReadOptions,
    progress: &Progress,
) -> Result<Opened, Problem> {
    let source = open(path)?;
    let kind = kind(&source, name)?;
    let opened = match kind {
        FileKind::Xes => {
            let options = xes::XesOptions {
                classifier: options.classifier.clone(),
                pair_lifecycle: options.pair_lifecycle,
                threads: 0,
            };
            let reading = format!("{:?} {}", options.classifier, options.pair_lifecycle);
            xes::read(&source, &options, progress)
                .map(|log| Opened::Log(Box::new(log), kind, reading))
        }
        FileKind::Bpmn => mining::readers::bpmn::read(&source, progress)
            .map(|model| Opened::Model(Box::new(model))),
        FileKind::Csv => {
            let (log, mapping) = table(&source, options, progress).map_err(|e| e.in_file(name))?;
            return Ok(Opened::Log(Box::new(log), kind, table_reading(&mapping)?));
        }
        FileKind::OcelJson | FileKind::OcelXml => ocel::read(&source, progress)
            .and_then(|log| flatten(&log, options))
            .map(|(log, chosen)| Opened::Log(Box::new(log), kind, chosen)),
        FileKind::OcelSqlite => sqlite(path)
            .and_then(|log| flatten(&log, options))
            .map(|(log, chosen)| Opened::Log(Box::new(log), kind, chosen)),
        FileKind::Spreadsheet | FileKind::Unknown => Err(refused(kind)),
    };
    Ok(opened.map_err(|e| e.in_file(name))?)
}

/// How a table is read, as text.
pub fn table_reading(mapping: &csv::Mapping) -> Result<String, Problem> {
    Ok(serde_json::to_string(mapping).map_err(anyhow::Error::from)?)
}

/// A table, by the confirmed mapping or by a guess that is told.
fn table(
    source: &Source,
    options: &ReadOptions,
    progress: &Progress,
) -> Result<(Imported, csv::Mapping), ReadError> {
    if let Some(mapping) = &options.mapping {
        let imported = csv::read(source, mapping, progress)?;
        return Ok((imported, mapping.clone()));
    }
    let preview = csv::preview(source, &options.csv)?;
    let mut imported = csv::read(source, &preview.mapping, progress)?;
    imported.notes.splice(0..0, guessed(preview.reasons));
    Ok((imported, preview.mapping))
}

/// What was guessed, as notes.
pub fn guessed(reasons: Vec<String>) -> impl Iterator<Item = Note> {
    reasons.into_iter().map(|text| Note {
        code: "guessed",
        text,
    })
}

/// One case an object of the type that was named, or of the one proposed; the others are told.
fn flatten(log: &ocel::ObjectLog, options: &ReadOptions) -> Result<(Imported, String), ReadError> {
    let preview = log.preview();
    let known: Vec<String> = preview
        .types
        .iter()
        .map(|t| format!("{} ({} objects)", t.name, t.objects))
        .collect();
    let wrong = |what: String| {
        ReadError::new(
            "no_object_type",
            what,
            Place::default(),
            format!("Choose one of: {}.", known.join(", ")),
        )
    };
    let chosen = match &options.object_type {
        Some(name) => preview
            .types
            .iter()
            .find(|t| t.name == *name)
            .map(|t| t.name.clone())
            .ok_or_else(|| wrong(format!("The log has no objects of type \"{name}\".")))?,
        None => preview
            .proposed
            .clone()
            .ok_or_else(|| wrong("The log has no objects that events happen to.".into()))?,
    };
    let mut imported = log.flatten(&chosen);
    imported.notes.insert(
        0,
        Note {
            code: "object_type",
            text: format!(
                "A case is one of \"{chosen}\". The log has {}.",
                known.join(", ")
            ),
        },
    );
    if imported.log.events() == 0 {
        return Err(ReadError::new(
            "empty_log",
            format!("No event happens to objects of type \"{chosen}\"."),
            Place::default(),
            "Choose another type of object.",
        ));
    }
    Ok((imported, chosen))
}

/// Reading SQLite is asynchronous and we are on a thread of our own, inside a server's runtime or without any.
fn sqlite(path: &Path) -> Result<ocel::ObjectLog, ReadError> {
    let path = path.to_path_buf();
    let work = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .map_err(|e| e.to_string())
            .map(|r| r.block_on(super::ocel_sqlite::read(&path)))
    });
    match work.join() {
        Ok(Ok(result)) => result,
        _ => Err(ReadError::new(
            "unreadable",
            "The database could not be read.",
            Place::default(),
            "Copy the file again.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_told_in_plain_words() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let told = |path: &Path| open(path).unwrap_err().to_string();
        assert!(told(here).contains("is a folder. Name a file"));
        let none = told(&here.join("nosuch.xes"));
        assert!(none.starts_with("There is no file ") && !none.contains("os error"));
        #[cfg(unix)]
        assert!(told(Path::new("/dev/null")).contains("a pipe or a device"));
    }
}
