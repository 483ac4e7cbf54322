//! What was read becomes visible: columns first, then one transaction.

use super::Outcome;
use super::name::name_of;
use super::versions::{model_of, renew_version};
use super::{ImportRequest, Table};
use crate::processes::push;
use crate::processes::reread::Readings;
use crate::processes::{Library, Problem};
use base::activity::{self, Kind};
use mining::log::Added;
use mining::model::bpmn::ProcessModel;
use mining::readers::{Note, Skipped};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use store::imports::ImportRow;
use store::models::ModelRow;
use store::processes::ProcessRow;
use store::pushed::Place;
use store::{Tx, imports, mappings, models, processes, pushed};
use tokio::sync::OwnedMutexGuard;

/// A file, read: what is to be kept of it.
pub(super) struct Parts {
    pub digest: String,
    pub kind: String,
    /// The log as it is from now on, or its moves, and the file that holds it.
    pub kept: Option<(Arc<mining::EventLog>, String, Added)>,
    pub model: Option<ProcessModel>,
    pub notes: Vec<Note>,
    pub skipped: Skipped,
    /// Columns to be remembered.
    pub table: Option<Table>,
    /// What other programs told us, taken in by this import, and how they are read.
    pub pushed: Vec<Place>,
    pub readings: Readings,
}

impl Library {
    /// A process as it is when it is one's turn to add to it.
    pub(super) async fn in_turn(
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
    pub(in crate::processes) async fn join(
        &self,
        before: Option<String>,
        new: mining::EventLog,
    ) -> Result<(Arc<mining::EventLog>, String, Added), Problem> {
        if let Some(name) = &before {
            self.have(self.db(), name).await?;
        }
        let library = self.clone();
        super::blocking(move || {
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

    /// Everything an import changes, in one transaction.
    pub(super) async fn commit(
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
        // Before anybody has to wait for us: it is a whole file.
        let before = match target.as_ref().and_then(|row| row.columns_file.clone()) {
            Some(file) if !pushed.is_empty() => {
                self.have(self.db(), &file).await?;
                let library = self.clone();
                let read = tokio::task::spawn_blocking(move || library.moves(&file)).await;
                Some(read.map_err(anyhow::Error::from)??)
            }
            _ => None,
        };
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
            Some(row) => as_it_was(&mut tx, &row).await?,
            None => self.new_row(&mut tx, name.unwrap_or_default(), now).await?,
        };
        let log = kept.as_ref().map(|(log, _, _)| log.clone());
        // A process that grows event by event is proposed anew until somebody reads it differently.
        let is_proposed = !pushed.is_empty()
            && self
                .is_as_proposed(&mut tx, &row, before.as_deref())
                .await?;
        drop(before);
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
        let model_read = match &model {
            Some(model) => Some(model.clone()),
            None => model_of(&mut tx, &row.id).await?,
        };
        let log_now = match (&log, &row.columns_file) {
            (Some(log), _) => Some(log.clone()),
            (None, Some(name)) => {
                self.have(&mut tx, name).await?;
                Some(self.moves(name)?)
            }
            (None, None) => None,
        };
        if let (Some(model), Some(bpmn)) = (&model, bpmn.take()) {
            let name = if model.name.is_empty() {
                name_of(&request.file_name)
            } else {
                model.name.clone()
            };
            let pinned = ModelRow {
                at: now,
                origin: "imported".into(),
                name,
                bpmn,
            };
            models::put(&mut tx, &row.id, &pinned).await?;
        }
        let of = (log_now.as_deref(), model_read.as_ref());
        let (changes, is_first) = renew_version(&mut tx, &mut row, of, now).await?;
        if let Some(log) = &log {
            let of = (&**log, model_read.as_ref());
            self.renew_steps(&mut tx, &mut row, of, is_proposed, now)
                .await?;
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
        let (actor, imported) = (&request.actor, Kind::ProcessImported);
        activity::record(&mut tx, now, imported, actor, &row.id, &payload).await?;
        let changes = changes.filter(|_| !is_first);
        if let Some(changes) = &changes {
            let payload = json!({ "version": row.version, "changes": changes });
            activity::record(&mut tx, now, Kind::VersionMade, actor, &row.id, &payload).await?;
        }
        tx.commit().await?;
        if let Some(file) = old_file.filter(|old| Some(old) != row.columns_file.as_ref()) {
            self.let_go(&row.id, &file);
            self.inner.spent.add(file, self.clock().now());
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
            changes,
            notes,
            skipped: skipped.count,
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
            digest: super::with_reading(&content, push::KIND),
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
            options: crate::processes::files::ReadOptions::default(),
            actor: told.teller.unwrap_or_else(|| "push".into()),
        };
        self.commit(request, Some(target), parts).await.map(Some)
    }
}

/// A process as the transaction holds it: another import may have come between.
async fn as_it_was(tx: &mut Tx, row: &ProcessRow) -> Result<ProcessRow, Problem> {
    processes::hold(tx, &row.id).await?;
    let fresh = processes::find(&mut *tx, &row.id).await?;
    let fresh = fresh.ok_or_else(|| Problem::not_found("process"))?;
    match fresh.columns_file == row.columns_file {
        true => Ok(fresh),
        false => Err(busy()),
    }
}

fn busy() -> Problem {
    Problem::new(
        409,
        "busy",
        "Another import into this process was finished meanwhile.",
        "Import the file again.",
    )
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, Problem> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}
