//! The one form of a backup: a packed tar of JSON lines of each table, the column files, and last a manifest that says
//! what there has to be and what it digests to. It belongs to neither engine, so it is restored into either.

use anyhow::Context;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mining::Micros;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
/// The first words of a manifest; another form gets another number.
const FORM: &str = "tenon backup 1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub form: String,
    /// The Tenon that wrote it.
    pub tenon: String,
    pub at: Micros,
    /// How many steps its schema had.
    pub schema: i64,
    /// The number of the last event; the next one after a restore has a higher.
    pub last_event: i64,
    pub tables: Vec<Counted>,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    pub table: String,
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Part {
    fn of(path: &str, content: &[u8]) -> Part {
        Part {
            path: path.into(),
            bytes: content.len() as u64,
            sha256: base::format::hex(&Sha256::digest(content)),
        }
    }
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }

    pub fn columns(&self) -> usize {
        let columns = self.parts.iter();
        columns.filter(|p| p.path.starts_with("columns/")).count()
    }
}

/// Writes beside the name it is to have, and takes that name when it is whole.
pub struct Writer {
    tar: tar::Builder<GzEncoder<BufWriter<File>>>,
    parts: Vec<Part>,
    at: Micros,
    to: PathBuf,
    part: Unfinished,
}

/// A file that is removed unless it was finished.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Writer {
    pub fn create(to: &Path, at: Micros) -> anyhow::Result<Writer> {
        anyhow::ensure!(
            !to.exists(),
            "{} is there already; name another file.",
            to.display()
        );
        let mut part = to.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&part)
            .with_context(|| format!("cannot write {}", part.display()))?;
        Ok(Writer {
            tar: tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast())),
            parts: Vec::new(),
            at,
            to: to.into(),
            part: Unfinished(part),
        })
    }

    pub fn add(&mut self, path: &str, content: &[u8]) -> anyhow::Result<()> {
        self.append(path, content)?;
        self.parts.push(Part::of(path, content));
        Ok(())
    }

    fn append(&mut self, path: &str, content: &[u8]) -> std::io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime((self.at / 1_000_000).max(0) as u64);
        self.tar.append_data(&mut header, path, content)
    }

    pub fn finish(
        mut self,
        schema: i64,
        last_event: i64,
        tables: Vec<Counted>,
    ) -> anyhow::Result<Manifest> {
        let manifest = Manifest {
            form: FORM.into(),
            tenon: env!("CARGO_PKG_VERSION").into(),
            at: self.at,
            schema,
            last_event,
            tables,
            parts: std::mem::take(&mut self.parts),
        };
        self.append(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
        let mut file = self.tar.into_inner()?.finish()?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&self.part.0, &self.to)?;
        if let Some(folder) = self.to.parent().filter(|f| !f.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(manifest)
    }
}

type Packed = tar::Archive<GzDecoder<BufReader<File>>>;

fn open(path: &Path) -> anyhow::Result<Packed> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(tar::Archive::new(GzDecoder::new(BufReader::new(file))))
}

/// Hands on path and content of each entry.
async fn entries(
    path: &Path,
    mut to: impl AsyncFnMut(String, Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let broken = || format!("{} is no backup of Tenon, or was damaged", path.display());
    let mut packed = open(path)?;
    for entry in packed.entries().with_context(broken)? {
        let mut entry = entry.with_context(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).with_context(broken)?;
        to(name, content).await?;
    }
    // The end of the packed file carries a checksum of its own, which is only looked at when it is read.
    let mut rest = packed.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink()).with_context(broken)?;
    Ok(())
}

/// Reads a backup to its end: its manifest, if everything the manifest names is there and as it was written.
pub async fn verified(path: &Path) -> anyhow::Result<Manifest> {
    let (mut found, mut manifest) = (Vec::new(), None);
    entries(path, async |name, content| {
        match name.as_str() {
            MANIFEST => manifest = Some(content),
            _ => found.push(Part::of(&name, &content)),
        }
        Ok(())
    })
    .await?;
    let incomplete = || format!("{} is incomplete: take another backup", path.display());
    let manifest = manifest.with_context(incomplete)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).with_context(incomplete)?;
    anyhow::ensure!(
        manifest.form == FORM,
        "{} was written in another form ({}); use the Tenon that wrote it ({}).",
        path.display(),
        manifest.form,
        manifest.tenon
    );
    if let Some(wrong) = manifest.parts.iter().find(|p| !found.contains(p)) {
        anyhow::bail!(
            "{}: {} is missing or is not what was written; take another backup.",
            path.display(),
            wrong.path
        );
    }
    anyhow::ensure!(found.len() == manifest.parts.len(), incomplete());
    Ok(manifest)
}

/// Hands on the parts of a backup that was [`verified`], in their order.
pub async fn parts(
    path: &Path,
    manifest: &Manifest,
    mut to: impl AsyncFnMut(&str, Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    entries(path, async |name, content| {
        if name == MANIFEST {
            return Ok(());
        }
        let part = Part::of(&name, &content);
        anyhow::ensure!(
            manifest.parts.contains(&part),
            "{} was changed while it was read.",
            path.display()
        );
        to(&name, content).await
    })
    .await
}
