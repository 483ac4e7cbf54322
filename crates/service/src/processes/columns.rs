//! Files of columns beside the database: written whole and synced before anything points to them.

use base::format;
use mining::EventLog;
use mining::log::codec::{self, CodecError};
use mining::log::{Added, merge_kept};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// So much of a file goes by at once.
const BLOCK: usize = 1 << 16;
/// Parts that are written at the same time.
static PARTS: AtomicU64 = AtomicU64::new(0);

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
        let (name, ()) = self.write(|out| codec::write(log, out))?;
        Ok(name)
    }

    /// Writes what a kept log and a new one make together, without having the kept one in memory. Returns the name, and the
    /// moves of both.
    pub fn add(&self, name: &str, new: EventLog) -> anyhow::Result<(String, EventLog, Added)> {
        let path = self.folder.join(name);
        let both = self.write(|out| merge_kept(|| open(&path), new, out));
        let (name, (log, added)) = both.map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        Ok((name, log, added))
    }

    fn write<T, E: From<io::Error>>(
        &self,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    ) -> Result<(String, T), E> {
        let (part, file) = self.part()?;
        let written = self.write_part(&part, file, write);
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// A file of nobody else's: in two containers over one folder both programs may have the same number.
    fn part(&self) -> io::Result<(PathBuf, File)> {
        loop {
            let number = PARTS.fetch_add(1, Ordering::Relaxed);
            let part = format!("{}-{number}.part", std::process::id());
            let part = self.folder.join(part);
            match File::create_new(&part) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                made => return Ok((part, made?)),
            }
        }
    }

    fn write_part<T, E: From<io::Error>>(
        &self,
        part: &Path,
        file: File,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    ) -> Result<(String, T), E> {
        let mut out = BufWriter::with_capacity(BLOCK, file);
        let told = write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let name = named(&digest_of(part)?);
        fs::rename(part, self.folder.join(&name))?;
        File::open(&self.folder)?.sync_all()?;
        Ok((name, told))
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
        let (_, ()) = self.write(|out| out.write_all(bytes))?;
        Ok(())
    }

    /// Removes a file to which nothing points any more.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Removes a file unless it was written after a moment; whether it was there.
    pub fn remove_older(&self, name: &str, moment: mining::Micros) -> io::Result<bool> {
        let path = self.folder.join(name);
        let is_old = match written(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            at => at? <= moment,
        };
        if is_old {
            fs::remove_file(path)?;
        }
        Ok(is_old)
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
        self.read(name, codec::read_from)
    }

    /// Which activities follow each other in a log.
    pub fn moves(&self, name: &str) -> anyhow::Result<EventLog> {
        self.read(name, codec::read_moves)
    }

    fn read(
        &self,
        name: &str,
        read: impl Fn(BufReader<File>) -> Result<EventLog, CodecError>,
    ) -> anyhow::Result<EventLog> {
        let path = self.folder.join(name);
        let file = open(&path).map_err(CodecError::from);
        file.and_then(read)
            .map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
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

fn open(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(BLOCK, File::open(path)?))
}

/// The name of a file with this content.
pub fn name_of(bytes: &[u8]) -> String {
    named(&format::hex(&Sha256::digest(bytes)))
}

fn named(digest: &str) -> String {
    format!("{digest}.columns")
}

/// SHA-256 of the bytes of a file.
pub(super) fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(format::hex(&hash.finalize())),
            n => hash.update(&block[..n]),
        }
    }
}

fn older_than_an_hour(path: &Path, now: mining::Micros) -> io::Result<bool> {
    Ok(now - written(path)? > mining::time::HOUR)
}

/// When a file was written.
fn written(path: &Path) -> io::Result<mining::Micros> {
    let since = fs::metadata(path)?
        .modified()?
        .duration_since(std::time::UNIX_EPOCH);
    Ok(since.map_or(0, |d| d.as_micros() as i64))
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
        // Another program has the next names.
        let next = PARTS.load(Ordering::Relaxed);
        let others = (next..next + 50).map(|n| format!("{}-{n}.part", std::process::id()));
        let others: Vec<_> = others.map(|n| files.folder.join(n)).collect();
        others
            .iter()
            .for_each(|o| std::fs::write(o, "theirs").unwrap());
        let (same, _, added) = files.add(&name, log.clone()).unwrap();
        let theirs = |o: &PathBuf| std::fs::read(o).unwrap() == b"theirs";
        assert!(others.iter().all(theirs));
        others.iter().for_each(|o| std::fs::remove_file(o).unwrap());
        assert_eq!((same, added.known), (name.clone(), 1));
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
