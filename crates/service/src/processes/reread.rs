//! How a source is read, as it is kept; and what it told already, read in another way.

use super::mapping::Mapping;
use super::push::{self, Attributes};
use super::{Library, Problem};
use mining::EventLog;
use mining::log::{LogBuilder, Who, merge};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::pushed::PushedRow;
use store::source_mappings::{self, MappingRow, PersonRow};
use store::{Tx, column_files, processes};

/// How those are read who told something, each in the version that was kept when it was looked at.
#[derive(Default)]
pub(super) struct Readings {
    pub mappings: HashMap<String, Mapping>,
    versions: BTreeMap<String, i64>,
}

/// A mapping as it is kept.
pub fn kept(row: Option<&MappingRow>, people: Vec<PersonRow>) -> Result<Mapping, Problem> {
    let fields = row.map(|row| serde_json::from_str(&row.fields));
    let fields = fields.transpose().map_err(anyhow::Error::from)?;
    Ok(Mapping {
        fields: fields.unwrap_or_default(),
        people: people.into_iter().map(|p| (p.told, p.name)).collect(),
    })
}

/// The mapping of a connection, as the transaction sees it, and its version: 0 before there is any.
pub async fn mapping_in(tx: &mut Tx, connection: &str) -> Result<(i64, Mapping), Problem> {
    let row = source_mappings::find_in(tx, connection).await?;
    let people = source_mappings::people_in(tx, connection).await?;
    let version = row.as_ref().map_or(0, |row| row.version);
    Ok((version, kept(row.as_ref(), people)?))
}

impl Readings {
    /// Holds the connections and says whether they are still read like this.
    pub async fn still(&self, tx: &mut Tx) -> Result<bool, Problem> {
        for (who, version) in &self.versions {
            if !source_mappings::hold(tx, who).await? {
                continue;
            }
            let now = source_mappings::find_in(tx, who).await?;
            if now.map_or(0, |row| row.version) != *version {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is to be read in another way.
#[derive(Debug, Default)]
pub struct Anew {
    /// Case by case what of it is shown otherwise from now on.
    pub attributes: Vec<(String, Attributes)>,
    /// Columns that are another field's by now, or nobody's.
    pub names: Vec<String>,
    /// Cases that a source told of, and columns it may have filled there once and that are not to be kept: a case whose field was emptied
    /// there is told without it since.
    pub gone: (HashSet<String>, Vec<String>),
    /// By case: who did events.
    pub who: HashMap<String, Vec<Who>>,
}

impl Anew {
    fn of(self, log: &EventLog) -> EventLog {
        let cases: HashSet<String> = self.attributes.iter().map(|(c, _)| c.clone()).collect();
        let mut builder = LogBuilder::new();
        for (name, attributes) in self.attributes {
            // What waits to be taken in is read like this when it is.
            if log.case_names.code(&name).is_none() {
                continue;
            }
            let case = builder.case(&name);
            for (name, value) in attributes {
                if let Some(cell) = push::cell(value) {
                    builder.case_attribute(case, &name, cell);
                }
            }
        }
        let rest = log.clone().without_values(&cases, &self.names);
        let rest = rest.without_values(&self.gone.0, &self.gone.1);
        merge(rest.with_who(&self.who), builder.finish()).0
    }
}

impl Library {
    /// Adds how each of those is read who told these rows.
    pub(super) async fn read_as(
        &self,
        all: &mut Readings,
        rows: &[PushedRow],
    ) -> Result<(), Problem> {
        for row in rows {
            let who = row.by_person.as_str();
            if all.versions.contains_key(who) {
                continue;
            }
            let found = source_mappings::find(self.db(), who).await?;
            let version = found.as_ref().map_or(0, |row| row.version);
            all.versions.insert(who.into(), version);
            if found.is_some() {
                let people = source_mappings::people(self.db(), who).await?;
                let mapping = kept(found.as_ref(), people)?;
                all.mappings.insert(who.into(), mapping);
            }
        }
        Ok(())
    }

    /// Reads what is in the columns of a process in another way, in the transaction that says so. Returns the file that held it, to be
    /// [`discarded`](Library::discard), where it became another. Events, their activities and moments stay as they are.
    pub async fn reread(
        &self,
        tx: &mut Tx,
        process: &str,
        anew: Anew,
    ) -> Result<Option<String>, Problem> {
        processes::hold(tx, process).await?;
        let found = processes::find(&mut *tx, process).await?;
        let mut row = found.ok_or_else(|| Problem::not_found("process"))?;
        let Some(name) = row.columns_file.clone() else {
            return Ok(None);
        };
        self.have(&mut *tx, &name).await?;
        let (library, before) = (self.clone(), name.clone());
        let written = tokio::task::spawn_blocking(move || -> anyhow::Result<String> {
            let log = library.log(&before)?;
            Ok(library.inner.files.put(&anew.of(&log))?)
        });
        let file = written.await.map_err(anyhow::Error::from)??;
        if file == name {
            return Ok(None);
        }
        self.share(tx, &file).await?;
        row.columns_file = Some(file);
        processes::update(tx, &row).await?;
        column_files::remove(tx, &name).await?;
        Ok(Some(name))
    }

    /// What was kept of a process as it was read before is forgotten, in memory and on the disk.
    pub async fn forget_reading(&self, process: &str, file: &str) -> Result<(), Problem> {
        self.let_go(process, file);
        self.discard(file).await
    }
}
