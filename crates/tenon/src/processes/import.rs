//! A file becomes a process, or more of one: read whole, kept in columns, then made visible in one transaction.

use super::files::{self, Opened, Question, ReadOptions, read_any};
use super::{Changes, Definition, Library, Problem};
use crate::activity;
use crate::format;
use crate::store::imports::ImportRow;
use crate::store::models::ModelRow;
use crate::store::processes::ProcessRow;
use crate::store::versions::VersionRow;
use crate::store::{imports, mappings, models, processes, steps, versions};
use mining::figures::Steps;
use mining::log::Added;
use mining::model::bpmn::ProcessModel;
use mining::readers::{Note, Skipped, csv};
use mining::source::Progress;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The kind of an import that brought a model and no cases.
pub const BPMN: &str = "bpmn";

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    pub path: PathBuf,
    /// Its name as the person knows it.
    pub file_name: String,
    /// Process to add to: id, name in addresses, or name. A new one, named after the file, when there is none such.
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

/// A file, read: what is to be kept of it.
struct Parts {
    digest: String,
    kind: String,
    kept: Option<(Arc<mining::EventLog>, String, Added)>,
    model: Option<ProcessModel>,
    notes: Vec<Note>,
    skipped: Skipped,
    /// Columns to be remembered.
    table: Option<Table>,
}

/// How the columns of a table were understood.
struct Table {
    fingerprint: String,
    mapping: csv::Mapping,
    /// By this request, not by an earlier one.
    is_said: bool,
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
        let digest = {
            let request = request.clone();
            blocking(move || digest(&request.path, &request.options)).await?
        };
        let (request, table) = self.recall(request).await?;
        let target = match &request.process {
            Some(key) => self.find_by_any_name(key).await?,
            None => None,
        };
        let twin =
            imports::by_digest(self.db(), &digest, target.as_ref().map(|p| p.id.as_str())).await?;
        if let Some(twin) = twin.filter(|_| target.is_some() || request.process.is_none()) {
            return self.already(twin).await;
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
        match opened {
            Opened::Log(imported, kind) => {
                let before = target.as_ref().and_then(|p| p.columns_file.clone());
                let library = self.clone();
                let imported = *imported;
                let (mut notes, skipped) = (imported.notes, imported.skipped);
                if table.as_ref().is_some_and(|t| !t.is_said) {
                    notes.insert(
                        0,
                        Note {
                            code: "remembered",
                            text: "The columns were read as they were confirmed for an earlier table with this header.".into(),
                        },
                    );
                }
                let kept = blocking(move || {
                    let (log, added) = match before {
                        Some(name) => {
                            let old = library.log(&name)?;
                            mining::log::merge((*old).clone(), imported.log)
                        }
                        None => {
                            let added = Added {
                                cases: imported.log.cases() as u64,
                                events: imported.log.events() as u64,
                                known: 0,
                            };
                            (imported.log, added)
                        }
                    };
                    let file = library.inner.files.put(&log)?;
                    let log = Arc::new(log);
                    library
                        .inner
                        .logs
                        .put(file.clone(), log.clone(), log.bytes());
                    Ok((log, file, added))
                })
                .await?;
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
                };
                self.commit(request, target, parts).await
            }
            Opened::Model(model) => {
                let notes = ignored_notes(&model);
                let parts = Parts {
                    digest,
                    kind: BPMN.into(),
                    kept: None,
                    model: Some(*model),
                    notes,
                    skipped: Skipped::default(),
                    table: None,
                };
                self.commit(request, target, parts).await
            }
        }
    }

    /// For a table: what its columns mean, as a person says now or confirmed for an earlier table with this header.
    async fn recall(
        &self,
        mut request: ImportRequest,
    ) -> Result<(ImportRequest, Option<Table>), Problem> {
        let (path, name) = (request.path.clone(), request.file_name.clone());
        let said = request.options.csv.clone();
        let is_said = said != csv::Overrides::default();
        let is_table = {
            let path = path.clone();
            let name = name.clone();
            blocking(move || files::is_table(&path, &name)).await?
        };
        if !is_table || request.options.mapping.is_some() {
            return Ok((request, None));
        }
        let Ok(Question::Columns(preview)) =
            blocking(move || files::question(&path, &name, &said)).await
        else {
            // What is wrong is told where the file is read.
            return Ok((request, None));
        };
        let mapping = match is_said {
            true => Some(preview.mapping),
            false => self.remembered(&preview.fingerprint).await?,
        };
        let Some(mapping) = mapping else {
            return Ok((request, None));
        };
        request.options.mapping = Some(mapping.clone());
        let table = Table {
            fingerprint: preview.fingerprint,
            mapping,
            is_said,
        };
        Ok((request, Some(table)))
    }

    /// Everything an import changes, in one transaction.
    async fn commit(
        &self,
        request: ImportRequest,
        target: Option<ProcessRow>,
        parts: Parts,
    ) -> Result<Outcome, Problem> {
        let Parts {
            digest,
            kind,
            kept,
            model,
            notes,
            skipped,
            table,
        } = parts;
        let now = self.clock().now();
        let mut bpmn = match &model {
            Some(_) => Some(
                std::fs::read(&request.path).map(|b| String::from_utf8_lossy(&b).into_owned())?,
            ),
            None => None,
        };
        let mut tx = self.db().begin().await?;
        let is_new = target.is_none();
        let mut row = match target {
            // Read again inside the transaction: another import may have come between.
            Some(row) => {
                let fresh = processes::find_in(&mut tx, &row.id)
                    .await?
                    .ok_or_else(|| Problem::not_found("process"))?;
                if fresh.columns_file != row.columns_file {
                    return Err(Problem::new(
                        409,
                        "busy",
                        "Another import into this process was finished meanwhile.",
                        "Import the file again.",
                    ));
                }
                fresh
            }
            None => {
                let name = request
                    .process
                    .clone()
                    .unwrap_or_else(|| name_of(&request.file_name));
                let id = format!("proc_{}", self.clock().id().simple());
                let mut slug = slug_of(&name);
                if processes::find_in(&mut tx, &slug).await?.is_some() {
                    slug = format!("{slug}-{}", &id[id.len() - 6..]);
                }
                ProcessRow {
                    id,
                    slug,
                    name,
                    created: now,
                    columns_file: None,
                    cases: 0,
                    events: 0,
                    version: 0,
                    revision: 0,
                    team_column: None,
                }
            }
        };
        let log = kept.as_ref().map(|(log, _, _)| log.clone());
        if let Some((log, file, _)) = &kept {
            row.columns_file = Some(file.clone());
            row.cases = log.cases() as i64;
            row.events = log.events() as i64;
        }
        if is_new {
            processes::insert(&mut tx, &row).await?;
        }
        let known_model = if model.is_none() {
            models::find(self.db(), &row.id).await?
        } else {
            None
        };
        let model_read = match (&model, &known_model) {
            (Some(model), _) => Some(model.clone()),
            (None, Some(kept)) => Some(read_model(&kept.bpmn)?),
            (None, None) => None,
        };
        let log_now = match (&log, &row.columns_file) {
            (Some(log), _) => Some(log.clone()),
            (None, Some(name)) => Some(self.log(name)?),
            (None, None) => None,
        };
        if let (Some(model), Some(bpmn)) = (&model, bpmn.take()) {
            let name = if model.name.is_empty() {
                name_of(&request.file_name)
            } else {
                model.name.clone()
            };
            models::put(
                &mut tx,
                &row.id,
                &ModelRow {
                    at: now,
                    origin: "imported".into(),
                    name,
                    bpmn,
                },
            )
            .await?;
        }
        let definition = Definition::of(log_now.as_deref(), model_read.as_ref());
        let before = versions::of_process(self.db(), &row.id)
            .await?
            .into_iter()
            .next();
        let before: Option<Definition> =
            before.and_then(|v| serde_json::from_str(&v.definition).ok());
        let changes = match &before {
            None => Some(Changes::default()),
            Some(before) => definition.changes_since(before),
        };
        if let Some(changes) = &changes {
            row.version += 1;
            let version = VersionRow {
                number: row.version,
                at: now,
                definition: to_json(&definition)?,
                changes: to_json(changes)?,
            };
            versions::insert(&mut tx, &row.id, &version).await?;
        }
        if let Some(log) = &log {
            // A first log is read in steps by proposal; later ones keep the owner's reading, with new activities added.
            let steps = if row.revision == 0 {
                Some(Steps::propose(log, model_read.as_ref(), false))
            } else {
                self.with_new_activities(&row, log).await?
            };
            if let Some(steps) = steps {
                row.revision += 1;
                steps::insert(&mut tx, &row.id, row.revision, now, &to_json(&steps)?).await?;
            }
        }
        processes::update(&mut tx, &row).await?;
        let added = kept.as_ref().map_or(Added::default(), |k| k.2);
        let import = ImportRow {
            id: format!("import_{}", self.clock().id().simple()),
            process: row.id.clone(),
            at: now,
            file_name: request.file_name.clone(),
            digest,
            kind,
            cases_added: added.cases as i64,
            events_added: added.events as i64,
            skipped: skipped.count as i64,
            notes: to_json(&notes)?,
            skipped_rows: to_json(&skipped.rows)?,
        };
        imports::insert(&mut tx, &import).await?;
        if let Some(table) = &table {
            let mapping = to_json(&table.mapping)?;
            mappings::put(&mut tx, &table.fingerprint, now, &mapping).await?;
        }
        let payload = json!({ "import": import.id, "file": import.file_name, "cases": added.cases, "events": added.events, "skipped": skipped.count });
        activity::record(
            &mut tx,
            now,
            activity::Kind::ProcessImported,
            &request.actor,
            &row.id,
            &payload,
        )
        .await?;
        if let (Some(changes), Some(_)) = (&changes, &before) {
            let payload = json!({ "version": row.version, "changes": changes });
            activity::record(
                &mut tx,
                now,
                activity::Kind::VersionMade,
                &request.actor,
                &row.id,
                &payload,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(Outcome {
            import: import.id,
            process: row.id,
            slug: row.slug,
            name: row.name,
            kind: import.kind,
            already: None,
            cases_added: added.cases,
            events_added: added.events,
            events_known: added.known,
            cases: row.cases as u64,
            events: row.events as u64,
            version: row.version,
            changes: changes.filter(|_| before.is_some()),
            notes,
            skipped: skipped.count,
        })
    }

    /// The owner's steps with activities that a new import brought put where a proposal for the whole log has them.
    async fn with_new_activities(
        &self,
        row: &ProcessRow,
        log: &mining::EventLog,
    ) -> Result<Option<Steps>, Problem> {
        let mut steps = self.steps_of(&row.id, row.revision).await?;
        let unassigned = steps.check(log).unassigned;
        let known: Vec<String> = match versions::of_process(self.db(), &row.id).await?.first() {
            Some(v) => serde_json::from_str::<Definition>(&v.definition)
                .map(|d| d.activities)
                .unwrap_or_default(),
            None => Vec::new(),
        };
        // Activities the owner left out on purpose stay out.
        let new: Vec<String> = unassigned
            .into_iter()
            .filter(|a| !known.contains(a))
            .collect();
        if new.is_empty() || steps.steps.is_empty() {
            return Ok(None);
        }
        let proposed = Steps::propose(log, None, false);
        for activity in new {
            let neighbours = proposed
                .steps
                .iter()
                .find(|s| s.activities.contains(&activity));
            let home = neighbours.and_then(|n| {
                steps
                    .steps
                    .iter()
                    .position(|s| s.activities.iter().any(|a| n.activities.contains(a)))
            });
            let last = steps.steps.len() - 1;
            if proposed.won.contains(&activity) {
                steps.won.push(activity);
            } else if proposed.lost.contains(&activity) {
                steps.lost.push(activity);
            } else {
                steps.steps[home.unwrap_or(last)].activities.push(activity);
            }
        }
        Ok(Some(steps))
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

fn to_json<T: Serialize>(value: &T) -> Result<String, Problem> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
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

fn digest(path: &Path, options: &ReadOptions) -> Result<String, Problem> {
    let mut file = std::fs::File::open(path).map_err(|e| {
        Problem::new(
            404,
            "unreadable",
            format!("{} cannot be opened: {e}.", path.display()),
            "Check its name and whether you may read it.",
        )
    })?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
    }
    hash.update(serde_json::to_vec(options).map_err(anyhow::Error::from)?);
    Ok(format::hex(&hash.finalize()))
}

/// A file name without its endings.
fn name_of(file_name: &str) -> String {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = base.strip_suffix(".gz").unwrap_or(base);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    if stem.trim().is_empty() {
        "Process".into()
    } else {
        stem.trim().to_string()
    }
}

/// A name as it stands in addresses.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars().take(60) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if c.is_alphanumeric() => slug.push(c),
            _ if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "process".into()
    } else {
        slug.into()
    }
}
