//! Keeping an installation: backup and restore, moving between databases, erasure and retention.

mod archive;
pub mod backup;
pub mod erase;
pub mod export;
pub mod moving;
pub mod restore;
pub mod retention;
#[cfg(test)]
mod tests;

use crate::processes::columns::{self, ColumnFiles};
use anyhow::Context;
use std::path::{Path, PathBuf};
use store::{Db, Tx, column_files};

/// A database, and the folder of data beside it.
pub struct Installation {
    pub db: Db,
    pub folder: PathBuf,
}

impl Installation {
    /// Opens one that is there, with its schema as it is.
    pub async fn there(folder: &Path, database: Option<&str>) -> anyhow::Result<Installation> {
        let db = match database {
            Some(url) => Db::postgres_as_it_is(url).await?,
            None => {
                let file = folder.join("tenon.db");
                anyhow::ensure!(
                    file.exists(),
                    "There is no Tenon in {}: name its folder with --data, or its database with --database.",
                    folder.display()
                );
                Db::sqlite_as_it_is(&file).await?
            }
        };
        Ok(Installation {
            db,
            folder: folder.into(),
        })
    }

    /// Opens one that is to be filled. Nothing is made in it yet but the file of its database.
    pub async fn to_fill(folder: &Path, database: Option<&str>) -> anyhow::Result<Installation> {
        let db = match database {
            Some(url) => Db::postgres_as_it_is(url).await?,
            None => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make {}", folder.display()))?;
                Db::sqlite_as_it_is(&folder.join("tenon.db")).await?
            }
        };
        Ok(Installation {
            db,
            folder: folder.into(),
        })
    }

    fn files(&self) -> anyhow::Result<ColumnFiles> {
        Ok(ColumnFiles::open(self.folder.join("columns"))?)
    }

    /// The content of a column file that a process of this transaction points to.
    async fn columns(&self, tx: &mut Tx, name: &str) -> anyhow::Result<Vec<u8>> {
        if let Tx::Postgres(_) = tx
            && let Some(bytes) = column_files::get(&mut *tx, name).await?
        {
            return Ok(bytes);
        }
        self.files()?.bytes(name)
    }

    /// Keeps a column file where this installation has its own.
    async fn keep_columns(
        &self,
        tx: &mut Tx,
        name: &str,
        at: mining::Micros,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        anyhow::ensure!(
            columns::name_of(bytes) == name,
            "{name} is not what its name says: the content was changed"
        );
        match tx {
            Tx::Postgres(_) => Ok(column_files::put(tx, name, at, bytes).await?),
            Tx::Sqlite(_) => Ok(self.files()?.keep(name, bytes)?),
        }
    }
}
