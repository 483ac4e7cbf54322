//! Where bytes come from: a file that can be read at any place by several threads, or bytes in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A finite run of bytes that can be read at any offset, from any thread.
#[derive(Debug, Clone)]
pub enum Source {
    File { file: Arc<File>, len: u64 },
    Bytes(Arc<[u8]>),
}

impl Source {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Source::File {
            file: Arc::new(file),
            len,
        })
    }

    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Source::Bytes(bytes.into())
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Source::File { len, .. } => *len,
            Source::Bytes(bytes) => bytes.len() as u64,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads into `buffer` from `offset`; returns how many bytes were read, fewer only at the end.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::File { file, .. } => {
                let mut done = 0;
                while done < buffer.len() {
                    let n = read_file_at(file, &mut buffer[done..], offset + done as u64)?;
                    if n == 0 {
                        break;
                    }
                    done += n;
                }
                Ok(done)
            }
            Source::Bytes(bytes) => {
                let from = (offset as usize).min(bytes.len());
                let n = buffer.len().min(bytes.len() - from);
                buffer[..n].copy_from_slice(&bytes[from..from + n]);
                Ok(n)
            }
        }
    }

    /// The first bytes, at most `n`, to tell what kind of file this is.
    pub fn head(&self, n: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; n.min(self.len() as usize)];
        let read = self.read_at(0, &mut head)?;
        head.truncate(read);
        Ok(head)
    }

    /// A reader from the start. `progress` counts the bytes handed out.
    pub fn reader<'a>(&self, progress: &'a Progress) -> SourceReader<'a> {
        SourceReader {
            source: self.clone(),
            at: 0,
            progress,
        }
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_file_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Sequential [`Read`] over a [`Source`].
pub struct SourceReader<'a> {
    source: Source,
    at: u64,
    progress: &'a Progress,
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read_at(self.at, buffer)?;
        self.at += n as u64;
        self.progress.add(n as u64);
        Ok(n)
    }
}

/// Bytes of the file read so far, shared with whoever draws the progress bar. Cancelling makes the reader stop
/// with the error code `cancelled`.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    cancelled: std::sync::atomic::AtomicBool,
}

impl Progress {
    pub fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
