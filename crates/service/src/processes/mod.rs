//! Import, versions, steps and figures of processes.

pub mod attributes;
pub mod cache;
pub mod columns;
pub mod definition;
pub mod files;
pub mod filter_query;
pub mod fit;
pub mod import;
pub mod mapping;
pub mod ocel_sqlite;
pub mod push;
pub mod reading;
pub mod reread;
pub mod spent;
pub mod stages;
pub mod uploads;
pub mod view;

pub use base::problem::Problem;
pub use definition::{Changes, Definition};
pub use view::{Loaded, View};

use base::clock::Clock;
use cache::Cache;
use columns::ColumnFiles;
use mining::figures::Steps;
use mining::readers::csv;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use store::processes::ProcessRow;
use store::{
    Db, On, Tx, column_files, events, imports, mappings, models, processes, settings, steps,
    versions,
};
use tokio::sync::OwnedMutexGuard;

/// All processes of an installation. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    files: ColumnFiles,
    clock: Arc<dyn Clock>,
    logs: Cache<String, mining::EventLog>,
    loaded: Cache<(String, Option<String>, i64), Loaded>,
    views: Cache<(String, Option<String>, i64, String), View>,
    fits: Cache<(String, Option<String>, i64, String), fit::Fit>,
    /// By process: whoever adds to it has it.
    turns: Mutex<HashMap<String, Turn>>,
    spent: spent::Spent,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Kept logs may weigh this much together.
const LOGS: usize = 1 << 30;
/// Kept views: one weighs about as much as its cases.
const VIEWS: usize = 8 << 20;

impl Library {
    /// Opens what is kept in a folder; `database` is a PostgreSQL address, or `None` for SQLite in the folder.
    pub async fn open(
        folder: &Path,
        database: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Library> {
        std::fs::create_dir_all(folder)?;
        let db = match database {
            Some(url) => Db::postgres(url).await?,
            None => Db::sqlite(&folder.join("tenon.db")).await?,
        };
        Library::with(db, folder, clock).await
    }

    /// The same over a database that is open already; the columns are in the folder.
    pub async fn with(db: Db, folder: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<Library> {
        let files = ColumnFiles::open(folder.join("columns"))?;
        let known = processes::columns_files(&db).await?;
        let swept = files.sweep(&known, clock.now())?;
        if swept > 0 {
            tracing::info!(files = swept, "removed column files that nothing points to");
        }
        let inner = Inner {
            db,
            files,
            clock,
            logs: Cache::new(LOGS),
            loaded: Cache::new(64),
            views: Cache::new(VIEWS),
            fits: Cache::new(200),
            turns: Mutex::default(),
            spent: spent::Spent::default(),
        };
        let library = Library {
            inner: Arc::new(inner),
        };
        if let Db::Postgres(_) = library.db() {
            let mut tx = library.db().begin().await?;
            column_files::sweep(&mut tx, library.clock().now() - mining::time::HOUR).await?;
            for name in known.iter().filter(|name| library.inner.files.has(name)) {
                if !column_files::is_kept(&mut tx, name).await? {
                    library.share(&mut tx, name).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(library)
    }

    /// On PostgreSQL: puts a column file where every node finds it, visible with what points to it.
    async fn share(&self, tx: &mut Tx, name: &str) -> anyhow::Result<()> {
        if let Tx::Postgres(_) = tx
            && !column_files::renew(tx, name, self.clock().now()).await?
        {
            let bytes = self.inner.files.bytes(name)?;
            column_files::put(tx, name, self.clock().now(), &bytes).await?;
        }
        Ok(())
    }

    /// Takes the imported events of a case out of the columns of its process, if there are any; returns the file that held
    /// them, to be [`discarded`](Library::discard). The one change to what was imported, asked for by whoever may have a
    /// case forgotten.
    pub async fn forget_case(
        &self,
        tx: &mut Tx,
        process: &str,
        case: &str,
    ) -> Result<Option<String>, Problem> {
        processes::hold(tx, process).await?;
        let found = processes::find(&mut *tx, process).await?;
        let Some(mut row) = found else {
            return Ok(None);
        };
        let Some(name) = row.columns_file.clone() else {
            return Ok(None);
        };
        self.have(&mut *tx, &name).await?;
        let (library, case, before) = (self.clone(), case.to_string(), name.clone());
        let kept = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let log = library.log(&before)?;
            if !(0..log.cases()).any(|c| log.case_name(c) == case) {
                return Ok(None);
            }
            let rest = (*log).clone().without_case(&case);
            let file = library.inner.files.put(&rest)?;
            Ok(Some((file, rest.cases(), rest.events())))
        });
        let kept = kept.await.map_err(anyhow::Error::from)??;
        let Some((file, cases, events)) = kept else {
            return Ok(None);
        };
        self.share(tx, &file).await?;
        row.columns_file = Some(file);
        (row.cases, row.events) = (cases as i64, events as i64);
        processes::update(tx, &row).await?;
        column_files::remove(tx, &name).await?;
        Ok(Some(name))
    }

    /// Removes a column file to which nothing points any more, unless another process has the same content.
    pub async fn discard(&self, name: &str) -> Result<(), Problem> {
        let known = processes::columns_files(self.db()).await?;
        if !known.iter().any(|k| k == name) {
            self.inner.files.remove(name)?;
        }
        Ok(())
    }

    /// Fetches a column file that another node wrote. Whoever is in a transaction asks in it: one that waits for a second connection
    /// while it holds one may wait for others that do the same.
    async fn have(&self, on: impl Into<On<'_>>, name: &str) -> anyhow::Result<()> {
        if let Db::Postgres(_) = self.db()
            && !self.inner.files.has(name)
            && let Some(bytes) = column_files::get(on, name).await?
        {
            self.inner.files.keep(name, &bytes)?;
        }
        Ok(())
    }

    /// Waits until nobody here adds to a process: what two join with the same columns at once is of use to one of them only.
    async fn turn(&self, process: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let turns = self.inner.turns.lock();
            let mut turns = turns.unwrap_or_else(|e| e.into_inner());
            turns.entry(process.to_string()).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// What is kept in memory of a process as it was: nobody will ask for it by its columns of then.
    fn let_go(&self, process: &str, file: &str) {
        let inner = &self.inner;
        let is_old = |id: &str, of: &Option<String>| id == process && of.as_deref() == Some(file);
        inner.loaded.retain(|(id, of, _)| !is_old(id, of));
        inner.views.retain(|(id, of, _, _)| !is_old(id, of));
        inner.fits.retain(|(id, of, _, _)| !is_old(id, of));
        inner.logs.retain(|name| name != file);
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The same clock, to be kept.
    pub fn clock_handle(&self) -> Arc<dyn Clock> {
        self.inner.clock.clone()
    }

    /// What counts as now for a process: the clock, or for a sample company whose days were moved on, the last of them.
    pub async fn today(&self, process: &str) -> Result<mining::Micros, Problem> {
        let now = self.clock().now();
        let moved = settings::get(&self.inner.db, &today_of(process)).await?;
        Ok(moved
            .and_then(|m| m.parse().ok())
            .map_or(now, |m: i64| m.max(now)))
    }

    /// Moves the days of a sample company on; one that is not ahead of the clock goes by the clock.
    pub async fn set_today(
        &self,
        tx: &mut Tx,
        process: &str,
        today: mining::Micros,
    ) -> Result<(), Problem> {
        if today > self.clock().now() {
            settings::put(tx, &today_of(process), &today.to_string()).await?;
        }
        Ok(())
    }

    /// The number of the last event of all.
    pub async fn last_event(&self) -> Result<i64, Problem> {
        Ok(events::last(&self.inner.db).await?)
    }

    /// What happened anywhere after a number, oldest first, at most `limit` events.
    pub async fn events_after(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<events::Event>, Problem> {
        Ok(events::after(&self.inner.db, after, limit).await?)
    }

    pub async fn list(&self) -> Result<Vec<ProcessRow>, Problem> {
        Ok(processes::list(&self.inner.db).await?)
    }

    /// A process by id or by its name in addresses.
    pub async fn process(&self, key: &str) -> Result<ProcessRow, Problem> {
        processes::find(&self.inner.db, key)
            .await?
            .ok_or_else(|| Problem::not_found("process"))
    }

    /// A process by id, by its name in addresses, or by its name.
    pub async fn named(&self, key: &str) -> Result<ProcessRow, Problem> {
        if let Some(row) = processes::find(&self.inner.db, key).await? {
            return Ok(row);
        }
        let all = self.list().await?;
        let known: Vec<String> = all.iter().map(|p| p.slug.clone()).collect();
        all.into_iter().find(|p| p.name == key).ok_or_else(|| {
            Problem::new(
                404,
                "not_found",
                format!("There is no process \"{key}\" here."),
                match known.is_empty() {
                    true => "Import a file first.".into(),
                    false => format!("Choose one of: {}.", known.join(", ")),
                },
            )
        })
    }

    pub async fn versions(&self, process: &str) -> Result<Vec<versions::VersionRow>, Problem> {
        Ok(versions::of_process(&self.inner.db, process).await?)
    }

    pub async fn imports(&self, process: &str) -> Result<Vec<imports::ImportRow>, Problem> {
        Ok(imports::of_process(&self.inner.db, process).await?)
    }

    pub async fn import_row(&self, id: &str) -> Result<imports::ImportRow, Problem> {
        imports::find(&self.inner.db, id)
            .await?
            .ok_or_else(|| Problem::not_found("import"))
    }

    /// What happened to a process after the event numbered `after`, oldest first, at most `limit` events.
    pub async fn events(
        &self,
        process: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<events::Event>, Problem> {
        Ok(events::of_process(&self.inner.db, process, after, limit).await?)
    }

    /// How the columns of a table with this header were understood when somebody last confirmed it.
    pub async fn remembered(&self, fingerprint: &str) -> Result<Option<csv::Mapping>, Problem> {
        let kept = mappings::find(&self.inner.db, fingerprint).await?;
        Ok(kept.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// The model the cases are held against.
    pub async fn model(&self, process: &str) -> Result<Option<models::ModelRow>, Problem> {
        Ok(models::find(&self.inner.db, process).await?)
    }

    async fn steps_of(
        &self,
        on: impl Into<On<'_>>,
        process: &str,
        revision: i64,
    ) -> anyhow::Result<Steps> {
        let json = steps::find(on, process, revision).await?;
        json.map_or_else(
            || Ok(Steps::default()),
            |json| Ok(serde_json::from_str(&json)?),
        )
    }
}

fn today_of(process: &str) -> String {
    format!("today.{process}")
}
