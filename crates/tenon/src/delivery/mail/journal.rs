//! Which mails the mail server took, noted the moment it did.
//!
//! Between the mail server's word and our commit lies a wait for the database. A process that is killed in that wait would
//! send the mail again. So the job is noted in a file first, by one write that outlives the process, and who starts next
//! ends the jobs noted there instead of doing them again.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

pub struct Journal(Mutex<File>);

impl Journal {
    pub fn open(path: &Path) -> std::io::Result<Journal> {
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)?;
        Ok(Journal(Mutex::new(file)))
    }

    fn file(&self) -> std::sync::MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The mail of this job was taken.
    pub fn note(&self, job: &str) -> std::io::Result<()> {
        self.file().write_all(format!("{job}\n").as_bytes())
    }

    /// Jobs noted. A line that was not written to its end is none.
    pub fn noted(&self) -> std::io::Result<Vec<String>> {
        let (mut file, mut text) = (self.file(), String::new());
        file.seek(SeekFrom::Start(0))?;
        file.read_to_string(&mut text)?;
        let whole = text
            .split_inclusive('\n')
            .filter_map(|l| l.strip_suffix('\n'));
        Ok(whole.map(String::from).collect())
    }

    /// All that is noted is committed.
    pub fn clear(&self) -> std::io::Result<()> {
        self.file().set_len(0)
    }
}
