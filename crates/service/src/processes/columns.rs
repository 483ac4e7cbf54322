//! Files of columns beside the database: written whole and synced before anything points to them.

use mining::EventLog;
use mining::log::codec;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of column files.
#[derive(Debug, Clone)]
pub struct ColumnFiles {
    folder: PathBuf,
}

impl ColumnFiles {
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(ColumnFiles { folder })
    }

    /// Writes a log under the name of its content and returns that name. After this the file survives a crash.
    pub fn put(&self, log: &EventLog) -> io::Result<String> {
        let mut bytes = Vec::new();
        codec::write(log, &mut bytes)?;
        let name = name_of(&bytes);
        self.keep(&name, &bytes)?;
        Ok(name)
    }

    /// Writes the content of a file that came from elsewhere. After this it survives a crash.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if name_of(bytes) != name {
            let told = format!("{name} is not what its name says: the content was changed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        let path = self.folder.join(name);
        if path.exists() {
            return Ok(());
        }
        let part = self
            .folder
            .join(format!("{name}.{}.part", std::process::id()));
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Removes a file to which nothing points any more.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// A file as it is kept.
    pub fn bytes(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.folder.join(name);
        fs::read(&path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
    }

    pub fn get(&self, name: &str) -> anyhow::Result<EventLog> {
        let bytes = self.bytes(name)?;
        codec::read(&bytes)
            .map_err(|e| anyhow::anyhow!("{}: {e}", self.folder.join(name).display()))
    }

    /// Removes files that nothing points to and that are older than an hour, left by a crash or replaced since.
    pub fn sweep(&self, known: &[String], now: mining::Micros) -> io::Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !known.contains(&name) && older_than_an_hour(&entry.path(), now)? {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// The name of a file with this content.
pub fn name_of(bytes: &[u8]) -> String {
    format!("{}.columns", base::format::hex(&Sha256::digest(bytes)))
}

fn older_than_an_hour(path: &Path, now: mining::Micros) -> io::Result<bool> {
    let written = fs::metadata(path)?
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_micros() as i64);
    Ok(now - written > mining::time::HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::log::LogBuilder;

    #[test]
    fn a_log_is_kept_once_and_what_nothing_points_to_is_swept() {
        let folder = store::testing::folder();
        let files = ColumnFiles::open(folder.clone()).unwrap();
        let mut b = LogBuilder::new();
        let case = b.case("1");
        b.event(case, "a", 1, 1);
        let log = b.finish();
        let name = files.put(&log).unwrap();
        assert_eq!(files.put(&log).unwrap(), name);
        assert_eq!(files.get(&name).unwrap(), log);
        let later = i64::MAX / 2;
        assert_eq!(files.sweep(std::slice::from_ref(&name), later).unwrap(), 0);
        assert_eq!(
            files.sweep(&[], 0).unwrap(),
            0,
            "young files may be an import under way"
        );
        assert_eq!(files.sweep(&[], later).unwrap(), 1);
        assert!(files.get(&name).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
