//! Files that were sent and wait for their import, or for an answer about how they are to be read.

use super::Problem;
use base::clock::Clock;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The folder they wait in. What lies there when a server starts belongs to no import and is removed.
#[derive(Debug)]
pub struct Uploads {
    folder: PathBuf,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    pub id: String,
    /// Its name as the person knows it.
    pub file_name: String,
    /// Process to add to.
    pub process: Option<String>,
    pub size: u64,
}

impl Uploads {
    pub fn open(folder: PathBuf) -> std::io::Result<Uploads> {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Uploads { folder })
    }

    pub fn new_id(&self, clock: &dyn Clock) -> String {
        clock.id().simple().to_string()
    }

    /// Where the file with an id from [`Uploads::new_id`] lies.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// Keeps what is known of a file until it is asked for by id.
    pub fn keep(&self, upload: &Upload) -> anyhow::Result<()> {
        std::fs::write(self.card(&upload.id), serde_json::to_vec(upload)?)?;
        Ok(())
    }

    pub fn find(&self, id: &str) -> Result<Upload, Problem> {
        let gone = || {
            Problem::new(
                404,
                "not_found",
                "This file is no longer here.",
                "It was imported, or the server was restarted meanwhile: send it again.",
            )
        };
        // Ids are hexadecimal: nothing else becomes part of a path.
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(gone());
        }
        let card = std::fs::read(self.card(id)).map_err(|_| gone())?;
        serde_json::from_slice(&card).map_err(|_| gone())
    }

    /// Removes a file and what was known of it.
    pub fn remove(path: &Path) {
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_file(path.with_extension("json"));
    }

    fn card(&self, id: &str) -> PathBuf {
        self.folder.join(id).with_extension("json")
    }
}
