//! A file becomes a process, or more of one: read whole, kept in columns, then made visible in one transaction.

use super::files::{self, Opened, Question, ReadOptions, read_any};
use super::reread::Readings;
use super::{Changes, Definition, Library, Problem, columns, push};
use base::activity;
use base::format;
use mining::figures::Steps;
use mining::log::Added;
use mining::model::bpmn::ProcessModel;
use mining::readers::{Note, Skipped, csv};
use mining::source::Progress;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::imports::ImportRow;
use store::models::ModelRow;
use store::processes::ProcessRow;
use store::pushed::Place;
use store::versions::VersionRow;
use store::{Tx, imports, mappings, models, processes, pushed, steps, versions};
use tokio::sync::OwnedMutexGuard;

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

/// A file, read: what is to be kept of it.
struct Parts {
    digest: String,
    kind: String,
    /// The log as it is from now on, maybe without its attributes, and the file that holds it.
    kept: Option<(Arc<mining::EventLog>, String, Added)>,
    model: Option<ProcessModel>,
    notes: Vec<Note>,
    skipped: Skipped,
    /// Columns to be remembered.
    table: Option<Table>,
    /// What other programs told us, taken in by this import, and how they are read.
    pushed: Vec<Place>,
    readings: Readings,
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

    /// A process as it is when it is one's turn to add to it.
    async fn in_turn(
        &self,
        target: Option<ProcessRow>,
    ) -> Result<(Option<OwnedMutexGuard<()>>, Option<ProcessRow>), Problem> {
        let Some(row) = target else {
            return Ok((None, None));
        };
        let turn = self.turn(&row.id).await;
        Ok((Some(turn), Some(self.process(&row.id).await?)))
    }

    /// New events beside those that are known, written under the name of their content. What is known is not read into memory for
    /// it: a process that grows may be looked at by nobody.
    pub(super) async fn join(
        &self,
        before: Option<String>,
        new: mining::EventLog,
    ) -> Result<(Arc<mining::EventLog>, String, Added), Problem> {
        if let Some(name) = &before {
            self.have(self.db(), name).await?;
        }
        let library = self.clone();
        blocking(move || {
            if let Some(name) = before {
                let (file, log, added) = library.inner.files.add(&name, new)?;
                return Ok((Arc::new(log), file, added));
            }
            let added = Added {
                cases: new.cases() as u64,
                events: new.events() as u64,
                known: 0,
            };
            let (file, log) = (library.inner.files.put(&new)?, Arc::new(new));
            let logs = &library.inner.logs;
            logs.put(file.clone(), log.clone(), log.bytes());
            Ok((log, file, added))
        })
        .await
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
            mut notes,
            skipped,
            table,
            pushed,
            readings,
        } = parts;
        let now = self.clock().now();
        let name = match (&target, &request.process) {
            (Some(_), _) => None,
            (None, Some(name)) => Some(name.clone()),
            (None, None) => {
                let (name, taken) = self.free_name(&name_of(&request.file_name)).await?;
                notes.extend(taken);
                Some(name)
            }
        };
        let mut bpmn = match &model {
            Some(_) => Some(
                std::fs::read(&request.path).map(|b| String::from_utf8_lossy(&b).into_owned())?,
            ),
            None => None,
        };
        let id = format!("import_{}", self.clock().id().simple());
        let mut tx = self.db().begin().await?;
        if !readings.still(&mut tx).await? {
            return Err(busy());
        }
        // First of all: whoever takes in the same beside us waits here, and then finds it taken.
        if let Some(row) = &target
            && !pushed::fold(&mut tx, &row.id, &pushed, &id).await?
        {
            return Err(busy());
        }
        let is_new = target.is_none();
        let mut row = match target {
            // Read again inside the transaction: another import may have come between.
            Some(row) => {
                processes::hold(&mut tx, &row.id).await?;
                let fresh = processes::find(&mut tx, &row.id)
                    .await?
                    .ok_or_else(|| Problem::not_found("process"))?;
                if fresh.columns_file != row.columns_file {
                    return Err(busy());
                }
                fresh
            }
            None => self.new_row(&mut tx, name.unwrap_or_default(), now).await?,
        };
        let log = kept.as_ref().map(|(log, _, _)| log.clone());
        // A process that grows event by event is proposed anew until somebody reads it differently.
        let is_proposed = !pushed.is_empty() && self.is_as_proposed(&mut tx, &row).await?;
        let old_file = row.columns_file.clone();
        if let Some((log, file, _)) = &kept {
            row.columns_file = Some(file.clone());
            row.cases = log.cases() as i64;
            row.events = log.events() as i64;
            self.share(&mut tx, file).await?;
        }
        if is_new {
            processes::insert(&mut tx, &row).await?;
        }
        let known_model = if model.is_none() {
            models::find(&mut tx, &row.id).await?
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
            (None, Some(name)) => {
                self.have(&mut tx, name).await?;
                Some(self.frame(name)?)
            }
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
        let before = versions::of_process(&mut tx, &row.id)
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
            let steps = if row.revision == 0 || is_proposed {
                let proposed = Steps::propose(log, model_read.as_ref(), false);
                let known = self.steps_of(&mut tx, &row.id, row.revision).await?;
                Some(proposed).filter(|p| row.revision == 0 || *p != known)
            } else {
                self.with_new_activities(&mut tx, &row, log).await?
            };
            if let Some(steps) = steps {
                row.revision += 1;
                steps::insert(&mut tx, &row.id, row.revision, now, &to_json(&steps)?).await?;
            }
        }
        processes::update(&mut tx, &row).await?;
        let added = kept.as_ref().map_or(Added::default(), |k| k.2);
        let import = ImportRow {
            id,
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
        if let Some(file) = old_file.filter(|old| Some(old) != row.columns_file.as_ref()) {
            self.let_go(&row.id, &file);
        }
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

    /// Makes an empty process to push into.
    pub async fn make(&self, name: &str, actor: &str) -> Result<ProcessRow, Problem> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > 200 || name.contains('\0') {
            return Err(Problem::bad_request(
                "The process has no name that can be kept.",
                "Give it a name of 1 to 200 characters.",
            ));
        }
        if self.list().await?.iter().any(|p| p.name == name) {
            return Err(Problem::new(
                409,
                "name_taken",
                format!("There is a process \"{name}\" already."),
                "Push into that one, or choose another name.",
            ));
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let row = self.new_row(&mut tx, name, now).await?;
        processes::insert(&mut tx, &row).await?;
        let (kind, payload) = (activity::Kind::ProcessMade, json!({ "name": row.name }));
        activity::record(&mut tx, now, kind, actor, &row.id, &payload).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A process that holds nothing yet, under a name in addresses that is free.
    async fn new_row(&self, tx: &mut Tx, name: String, now: i64) -> Result<ProcessRow, Problem> {
        let base = slug_of(&name);
        let (mut slug, mut n) = (base.clone(), 1);
        while processes::find(&mut *tx, &slug).await?.is_some() {
            n += 1;
            slug = format!("{base}-{n}");
        }
        Ok(ProcessRow {
            id: format!("proc_{}", self.clock().id().simple()),
            slug,
            name,
            created: now,
            columns_file: None,
            cases: 0,
            events: 0,
            version: 0,
            revision: 0,
            team_column: None,
        })
    }

    /// Takes in what was pushed, oldest first; `None` when nothing waits. All of it or nothing.
    pub async fn fold(&self, process: &str) -> Result<Option<Outcome>, Problem> {
        let _turn = self.turn(process).await;
        let mut told = self.told(process).await?;
        if told.rows.is_empty() {
            return Ok(None);
        }
        let target = self.process(process).await?;
        let (content, log) = told.finish();
        let kept = self.join(target.columns_file.clone(), log).await?;
        let parts = Parts {
            digest: with_reading(&content, push::KIND),
            kind: push::KIND.into(),
            kept: Some(kept),
            model: None,
            notes: Vec::new(),
            skipped: Skipped::default(),
            table: None,
            pushed: told.rows,
            readings: told.readings,
        };
        let request = ImportRequest {
            path: PathBuf::new(),
            file_name: push::KIND.into(),
            process: Some(target.id.clone()),
            options: ReadOptions::default(),
            actor: told.teller.unwrap_or_else(|| "push".into()),
        };
        self.commit(request, Some(target), parts).await.map(Some)
    }

    /// Whether the steps are still those that were proposed for the log as it is.
    async fn is_as_proposed(&self, tx: &mut Tx, row: &ProcessRow) -> Result<bool, Problem> {
        let Some(file) = &row.columns_file else {
            return Ok(row.revision == 0);
        };
        let model = models::find(&mut *tx, &row.id).await?;
        let model = model.map(|m| read_model(&m.bpmn)).transpose()?;
        let known = self.steps_of(&mut *tx, &row.id, row.revision).await?;
        Ok(known == Steps::propose(&*self.frame(file)?, model.as_ref(), false))
    }

    /// The owner's steps with activities that a new import brought put where a proposal for the whole log has them.
    async fn with_new_activities(
        &self,
        tx: &mut Tx,
        row: &ProcessRow,
        log: &mining::EventLog,
    ) -> Result<Option<Steps>, Problem> {
        let mut steps = self.steps_of(&mut *tx, &row.id, row.revision).await?;
        let unassigned = steps.check(log).unassigned;
        let known: Vec<String> = match versions::of_process(&mut *tx, &row.id).await?.first() {
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

    /// A name that no process has yet, and what to say when the one that was wanted is taken.
    async fn free_name(&self, wanted: &str) -> Result<(String, Option<Note>), Problem> {
        let all = self.list().await?;
        let Some(first) = all.iter().find(|p| p.name == wanted) else {
            return Ok((wanted.to_string(), None));
        };
        let mut n = 2;
        let mut name = format!("{wanted} (2)");
        while all.iter().any(|p| p.name == name) {
            n += 1;
            name = format!("{wanted} ({n})");
        }
        let text = format!(
            "There was a process \"{wanted}\" already, so this new one is called \"{name}\". To add to the first, name it when you import (--process {}).",
            first.slug
        );
        let note = Note {
            code: "name_taken",
            text,
        };
        Ok((name, Some(note)))
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

fn busy() -> Problem {
    Problem::new(
        409,
        "busy",
        "Another import into this process was finished meanwhile.",
        "Import the file again.",
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::{Clock, SystemClock};

    struct House {
        library: Library,
        folder: PathBuf,
    }

    impl House {
        async fn open() -> House {
            let clock = Arc::new(SystemClock);
            let folder = std::env::temp_dir().join(format!("tenon-import-{}", clock.id().simple()));
            let library = Library::open(&folder, None, clock).await.unwrap();
            House { library, folder }
        }

        async fn import(&self, name: &str, text: &str, options: ReadOptions) -> Outcome {
            let path = self.folder.join(name);
            std::fs::write(&path, text).unwrap();
            let request = ImportRequest {
                path,
                file_name: name.into(),
                process: None,
                options,
                actor: "test".into(),
            };
            self.library.import(request, Arc::default()).await.unwrap()
        }

        /// All that the page sends when a person confirms what it shows.
        async fn as_the_page_says(&self, name: &str, text: &str) -> ReadOptions {
            let path = self.folder.join(name);
            std::fs::write(&path, text).unwrap();
            let mut options = ReadOptions::default();
            let asked = self.library.question(&path, name, &options.csv);
            let question = asked.await.unwrap().question;
            match question {
                Question::Columns(preview) => options.csv = preview.mapping.as_said(),
                Question::Objects(preview) => options.object_type = preview.proposed,
                Question::Nothing => {}
            }
            options
        }
    }

    impl Drop for House {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    const TABLE: &str = "case,activity,time,who\n1,a,2026-01-05,Ann\n1,b,2026-01-06,Bob\n";
    const OBJECTS: &str = include_str!("../../../mining/tests/fixtures/orders.ocel2.json");

    #[tokio::test]
    async fn the_same_file_adds_nothing_whether_the_page_or_the_command_line_came_first() {
        for (name, text) in [("a.csv", TABLE), ("a.json", OBJECTS)] {
            for page_first in [true, false] {
                let house = House::open().await;
                let page = house.as_the_page_says(name, text).await;
                let mut options = [page, ReadOptions::default()];
                if !page_first {
                    options.reverse();
                }
                let [first, second] = options;
                let added = house.import(name, text, first.clone()).await;
                assert!(added.already.is_none() && added.events_added > 0, "{name}");
                for again in [second, first] {
                    let outcome = house.import(name, text, again).await;
                    assert!(
                        outcome.already.is_some(),
                        "{name}, page first: {page_first}"
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_is_read_in_another_way_is_another_import() {
        let house = House::open().await;
        house.import("a.csv", TABLE, ReadOptions::default()).await;
        let mut by_person = ReadOptions::default();
        by_person.csv.case = Some("who".into());
        let outcome = house.import("a.csv", TABLE, by_person).await;
        assert_eq!((outcome.already, outcome.cases_added), (None, 2));
    }

    #[tokio::test]
    async fn confirmed_columns_are_used_for_a_file_written_in_another_way() {
        let house = House::open().await;
        let mut said = ReadOptions::default();
        said.csv.date_format = Some(csv::DateFormat::Dmy);
        let first = "case;activity;time\n1;a;03/04/2026\n1;b;04/04/2026\n";
        house.import("first.csv", first, said).await;
        for (name, text) in [
            (
                "iso.csv",
                "case,activity,time\r2,a,2026-04-03\r2,b,2026-04-04\r",
            ),
            (
                "epoch.csv",
                "case\tactivity\ttime\n3\ta\t1775174400\n3\tb\t1775260800\n",
            ),
            (
                "same.csv",
                "case,activity,time\n4,a,03/04/2026\n4,b,04/04/2026\n",
            ),
        ] {
            let outcome = house.import(name, text, ReadOptions::default()).await;
            assert_eq!(outcome.events_added, 2, "{name}");
            let told = &outcome.notes[0].text;
            assert!(
                told.contains("as they were confirmed") && told.contains("--csv-case"),
                "{told}"
            );
            let log = house
                .library
                .load(&outcome.process)
                .await
                .unwrap()
                .log
                .clone();
            assert_eq!(log.time[0], 1_775_174_400_000_000, "{name}");
        }
    }

    #[test]
    fn more_at_once_than_there_are_connections_are_all_taken_in() {
        store::testing::on_both(|db| async move {
            let folder = store::testing::folder();
            let all = Library::with(db, &folder, Arc::new(SystemClock));
            let all = all.await.unwrap();
            let deals = all.make("Deals", "test").await.unwrap();
            let mut under_way = tokio::task::JoinSet::new();
            for n in 0..24 {
                // Some into one process, some into one of their own.
                let process = (n % 2 == 0).then(|| deals.id.clone());
                let path = folder.join(format!("{n}.csv"));
                let text = format!("case,activity,time\n{n},a,2026-01-05\n{n},b{n},2026-01-06\n");
                std::fs::write(&path, text).unwrap();
                let (all, file_name) = (all.clone(), format!("{n}.csv"));
                under_way.spawn(async move {
                    let request = ImportRequest {
                        path,
                        file_name,
                        process,
                        options: ReadOptions::default(),
                        actor: "test".into(),
                    };
                    all.import(request, Arc::default()).await.unwrap()
                });
            }
            let done = under_way.join_all().await;
            assert!(
                done.iter()
                    .all(|o| (o.cases_added, o.events_added) == (1, 2))
            );
            let deals = all.process(&deals.id).await.unwrap();
            assert_eq!((deals.cases, deals.events), (12, 24));
            assert_eq!(all.list().await.unwrap().len(), 13);
            std::fs::remove_dir_all(folder).unwrap();
        });
    }

    #[tokio::test]
    async fn a_second_file_of_one_name_makes_a_process_of_another_name_and_says_so() {
        let house = House::open().await;
        house.import("a.csv", TABLE, ReadOptions::default()).await;
        let other = TABLE.replace("Ann", "Eve");
        let outcome = house.import("a.csv", &other, ReadOptions::default()).await;
        assert_eq!(
            (outcome.name.as_str(), outcome.slug.as_str()),
            ("a (2)", "a-2")
        );
        let told = outcome
            .notes
            .iter()
            .find(|n| n.code == "name_taken")
            .unwrap();
        assert!(told.text.contains("--process a)"), "{}", told.text);
    }
}
