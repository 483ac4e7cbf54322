//! Files to time with: receipt's cases, repeated under new names.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufWriter, Read, Write, copy};
use std::path::{Path, PathBuf};

const NAME: &str = "key=\"concept:name\" value=\"";

/// The log repeated so many times, generated when it is not there yet.
pub fn repeated(log: &Path, folder: &Path, times: u32) -> Result<PathBuf> {
    let path = folder.join(format!("receipt-{times}.xes"));
    if path.exists() {
        return Ok(path);
    }
    let mut text = String::new();
    let file = File::open(log)
        .with_context(|| format!("{} is needed; set TENON_SHARED", log.display()))?;
    MultiGzDecoder::new(file).read_to_string(&mut text)?;
    let first = text.find("<trace>").context("no traces")?;
    let end = text.rfind("</trace>").context("no traces")? + "</trace>".len();
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    out.write_all(&text.as_bytes()[..first])?;
    for round in 0..times {
        for trace in text[first..end].split_inclusive("</trace>") {
            // The name of the case is the trace's own and stands before its first event.
            let (head, tail) = trace.split_at(trace.find("<event>").unwrap_or(trace.len()));
            let (before, name) =
                head.split_at(head.find(NAME).context("a trace without a name")? + NAME.len());
            write!(out, "{before}{round}-{name}{tail}")?;
        }
    }
    out.write_all(&text.as_bytes()[end..])?;
    out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
    std::fs::rename(part, &path)?;
    Ok(path)
}

/// The same file packed, as `gzip` does unless told otherwise.
pub fn packed(path: &Path) -> Result<PathBuf> {
    let packed = path.with_extension("xes.gz");
    if packed.exists() {
        return Ok(packed);
    }
    let part = packed.with_extension("part");
    let mut out = GzEncoder::new(BufWriter::new(File::create(&part)?), Compression::new(6));
    copy(&mut File::open(path)?, &mut out)?;
    out.finish()?.flush()?;
    std::fs::rename(part, &packed)?;
    Ok(packed)
}
