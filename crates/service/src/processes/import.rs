//! A file becomes a process, or more of one: read whole, kept in columns, then made visible in one transaction.

mod keep;
mod name;
#[cfg(test)]
mod tests;
mod versions;

pub(super) use versions::{last_definition, put_version};

use super::files::{self, Opened, Question, ReadOptions, read_any};
use super::reread::Readings;
use super::{Changes, Library, Problem, columns};
use base::format;
use keep::Parts;
use mining::model::bpmn::ProcessModel;
use mining::readers::{Note, Skipped, csv};
use mining::source::Progress;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::imports::{self, ImportRow};
use store::processes::{self, ProcessRow};

/// The kind of an import that brought a model and no cases.
pub const BPMN: &str = "bpmn";

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    pub path: PathBuf,
    /// Its name as the person knows it.
    pub file_name: String,
    /// Process to add to: id, name in addresses, or name; a new one of that name when there is none such. Without it
    /// always a new one, named after the file.
    pub process: Option<String>,
    pub options: ReadOptions,
    pub actor: String,
}

/// What an import did.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Outcome {
    pub import: String,
    pub process: String,
    pub slug: String,
    pub name: String,
    /// What the file was: `xes`, `csv`, `bpmn` and so on.
    pub kind: String,
    /// The same file was imported before, at this moment: nothing was added.
    pub already: Option<mining::Micros>,
    pub cases_added: u64,
    pub events_added: u64,
    pub events_known: u64,
    pub cases: u64,
    pub events: u64,
    pub version: i64,
    pub changes: Option<Changes>,
    pub notes: Vec<Note>,
    pub skipped: u64,
}

/// What has to be asked, and whether the columns were confirmed before.
pub struct Asked {
    pub question: Question,
    pub remembered: bool,
}

/// How the columns of a table were understood.
struct Table {
    fingerprint: String,
    mapping: csv::Mapping,
    /// Something of it was said by this request, so that it is to be remembered.
    is_said: bool,
    /// What was guessed or remembered.
    notes: Vec<Note>,
}

impl Outcome {
    /// The file was a model, not a log.
    pub fn is_model(&self) -> bool {
        self.kind == BPMN
    }

    /// What was added, in words.
    pub fn told(&self) -> String {
        if self.is_model() {
            return match (&self.changes, self.version) {
                (None, 1) => "model pinned".into(),
                (None, _) => "model pinned; it says what the last one said".into(),
                (Some(_), version) => format!("model pinned, version {version}"),
            };
        }
        format!(
            "{} and {} added, {} in all",
            format::many(self.cases_added, "case"),
            format::many(self.events_added, "event"),
            format::many(self.cases, "case")
        )
    }
}

impl Library {
    /// Imports a file. When this returns an error nothing of the file was kept.
    pub async fn import(
        &self,
        request: ImportRequest,
        progress: Arc<Progress>,
    ) -> Result<Outcome, Problem> {
        let content = {
            let path = request.path.clone();
            blocking(move || digest(&path)).await?
        };
        let target = match &request.process {
            Some(key) => self.find_by_any_name(key).await?,
            None => None,
        };
        // Into any process when none is named, else into that one; a new one has no imports yet.
        let within = (target.is_some() || request.process.is_none())
            .then(|| target.as_ref().map(|p| p.id.clone()));
        // The same file is the same import when nothing is said of how to read it, else when it is read the same way.
        if let Some(within) = within
            .as_ref()
            .filter(|_| request.options == ReadOptions::default())
        {
            let twin = imports::by_content(self.db(), &content, within.as_deref()).await?;
            if let Some(twin) = twin {
                return self.already(twin).await;
            }
        }
        let (request, table) = self.understand(request).await?;
        if let (Some(within), Some(mapping)) = (&within, &request.options.mapping) {
            let digest = with_reading(&content, &files::table_reading(mapping)?);
            let twin = imports::by_digest(self.db(), &digest, within.as_deref()).await?;
            if let Some(twin) = twin {
                return self.already(twin).await;
            }
        }
        let opened = {
            let request = request.clone();
            blocking(move || {
                read_any(
                    &request.path,
                    &request.file_name,
                    &request.options,
                    &progress,
                )
            })
            .await?
        };
        let (_turn, target) = self.in_turn(target).await?;
        match opened {
            Opened::Log(imported, kind, reading) => {
                let digest = with_reading(&content, &reading);
                if let Some(within) = &within
                    && let Some(twin) =
                        imports::by_digest(self.db(), &digest, within.as_deref()).await?
                {
                    return self.already(twin).await;
                }
                let before = target.as_ref().and_then(|p| p.columns_file.clone());
                let imported = *imported;
                let (mut notes, skipped) = (imported.notes, imported.skipped);
                if let Some(table) = &table {
                    notes.splice(0..0, table.notes.iter().cloned());
                }
                let kept = self.join(before, imported.log).await?;
                let kind = serde_json::to_value(kind)
                    .ok()
                    .and_then(|k| k.as_str().map(str::to_string))
                    .unwrap_or_default();
                let parts = Parts {
                    digest,
                    kind,
                    kept: Some(kept),
                    model: None,
                    notes,
                    skipped,
                    table: table.filter(|t| t.is_said),
                    pushed: Vec::new(),
                    readings: Readings::default(),
                };
                self.commit(request, target, parts).await
            }
            Opened::Model(model) => {
                let notes = ignored_notes(&model);
                let parts = Parts {
                    digest: with_reading(&content, ""),
                    kind: BPMN.into(),
                    kept: None,
                    model: Some(*model),
                    notes,
                    skipped: Skipped::default(),
                    table: None,
                    pushed: Vec::new(),
                    readings: Readings::default(),
                };
                self.commit(request, target, parts).await
            }
        }
    }

    /// For a table: what its columns mean, as a person says now or confirmed for an earlier table with this header, or as
    /// they are guessed.
    async fn understand(
        &self,
        mut request: ImportRequest,
    ) -> Result<(ImportRequest, Option<Table>), Problem> {
        if request.options.mapping.is_some() {
            return Ok((request, None));
        }
        let said = request.options.csv.clone();
        let found = self
            .question(&request.path, &request.file_name, &said)
            .await;
        // What is wrong is told where the file is read.
        let Ok(Asked {
            question: Question::Columns(preview),
            remembered,
        }) = found
        else {
            return Ok((request, None));
        };
        let mut notes = Vec::new();
        // Whoever said all of it needs not be told.
        if said != preview.mapping.as_said() {
            if remembered {
                notes.push(Note {
                    code: "remembered",
                    text: "The columns were read as they were confirmed for an earlier table with this header; --csv-case, --csv-time and the like say otherwise.".into(),
                });
            }
            notes.extend(files::guessed(preview.reasons));
        }
        request.options.mapping = Some(preview.mapping.clone());
        let table = Table {
            fingerprint: preview.fingerprint,
            mapping: preview.mapping,
            is_said: said != csv::Overrides::default(),
            notes,
        };
        Ok((request, Some(table)))
    }

    /// What has to be asked about a file before it is read. The columns of a table mean what they meant when somebody
    /// confirmed them for its header, unless something else is said.
    pub async fn question(
        &self,
        path: &Path,
        name: &str,
        said: &csv::Overrides,
    ) -> Result<Asked, Problem> {
        let file = (path.to_path_buf(), name.to_string(), said.clone());
        let header = {
            let (path, name, said) = file.clone();
            // What is wrong with the header is told by the question.
            blocking(move || Ok(files::header(&path, &name, &said).ok().flatten())).await?
        };
        let earlier = match header {
            Some(fingerprint) => self.remembered(&fingerprint).await?,
            None => None,
        };
        let remembered = earlier.is_some();
        let (path, name, said) = file;
        let question =
            blocking(move || files::question(&path, &name, &said, earlier.as_ref())).await?;
        Ok(Asked {
            question,
            remembered,
        })
    }

    async fn already(&self, twin: ImportRow) -> Result<Outcome, Problem> {
        let row = self.process(&twin.process).await?;
        Ok(Outcome {
            import: twin.id,
            process: row.id,
            slug: row.slug,
            name: row.name,
            kind: twin.kind,
            already: Some(twin.at),
            cases_added: 0,
            events_added: 0,
            events_known: twin.events_added as u64,
            cases: row.cases as u64,
            events: row.events as u64,
            version: row.version,
            changes: None,
            notes: Vec::new(),
            skipped: 0,
        })
    }

    async fn find_by_any_name(&self, key: &str) -> Result<Option<ProcessRow>, Problem> {
        if let Some(row) = processes::find(self.db(), key).await? {
            return Ok(Some(row));
        }
        Ok(self.list().await?.into_iter().find(|p| p.name == key))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(anyhow::Error::from)?
}

pub(super) fn read_model(bpmn: &str) -> Result<ProcessModel, Problem> {
    Ok(mining::readers::bpmn::read(
        &mining::source::Source::bytes(bpmn.as_bytes()),
        &Progress::default(),
    )?)
}

fn ignored_notes(model: &ProcessModel) -> Vec<Note> {
    let kinds: Vec<String> = model
        .ignored
        .iter()
        .map(|i| format!("{} {}", i.count, i.element))
        .collect();
    if kinds.is_empty() {
        return Vec::new();
    }
    vec![Note {
        code: "ignored",
        text: format!(
            "These elements do not change how cases run and were read past: {}.",
            kinds.join(", ")
        ),
    }]
}

/// SHA-256 of the bytes of a file.
fn digest(path: &Path) -> Result<String, Problem> {
    // Says in plain words what cannot be opened.
    files::open(path)?;
    Ok(columns::digest_of(path)?)
}

/// The digest of a file and of what makes a reading of it another import.
fn with_reading(content: &str, reading: &str) -> String {
    let reading = format::hex(&Sha256::digest(reading));
    format!("{content}-{}", &reading[..32])
}
