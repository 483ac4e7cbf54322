//! Folders on this server that files may be read from: those that whoever starts it allows, and what is in them. No way leads out, not
//! by a path and not by a link.

use connectors::csv_url::Listed;
use connectors::{Fault, Request, Response};
use std::path::{Path, PathBuf};

/// A file is never longer.
const LONGEST: u64 = 16 << 20;
/// More in a folder are not listed.
const FILES: usize = 10_000;

#[derive(Clone, Default)]
pub(super) struct Folders(Vec<PathBuf>);

impl Folders {
    /// Paths with commas between them.
    pub fn parse(text: &str) -> Folders {
        let paths = text.split(',').map(str::trim).filter(|p| !p.is_empty());
        Folders(paths.map(PathBuf::from).collect())
    }

    /// Answers what is asked of a folder, as a service would.
    pub fn answer(&self, request: &Request) -> Result<Response, Fault> {
        let asked = request.url.strip_prefix("folder:").unwrap_or_default();
        let file = request.headers.iter().find(|(name, _)| name == "file");
        let found = self
            .within(Path::new(asked))
            .and_then(|(root, folder)| match file {
                Some((_, name)) => read(&root, &folder, name),
                None => list(&root, &folder),
            });
        let (status, body) = match found {
            Ok(body) => (200, body),
            Err((status, said)) => (status, said.into_bytes()),
        };
        Ok(Response {
            status,
            headers: vec![("content-length".into(), body.len().to_string())],
            body,
        })
    }

    /// The folder as it really is, and the allowed one that it is in.
    fn within(&self, asked: &Path) -> Found<(PathBuf, PathBuf)> {
        let not_allowed = || {
            let why = "that folder is in none that this server allows; whoever starts it names them in TENON_CSV_FOLDERS";
            (403, why.to_string())
        };
        if !asked.is_absolute() {
            return Err(not_allowed());
        }
        // Nothing is said of what is elsewhere, not even whether it is there.
        let real = asked.canonicalize().map_err(|_| not_allowed())?;
        let mut roots = self.0.iter().filter_map(|root| root.canonicalize().ok());
        let root = roots.find(|root| real.starts_with(root));
        Ok((root.ok_or_else(not_allowed)?, real))
    }
}

type Found<T> = Result<T, (u16, String)>;

fn failed(error: &std::io::Error) -> (u16, String) {
    match error.kind() {
        std::io::ErrorKind::NotFound => (404, "it is not there".into()),
        std::io::ErrorKind::PermissionDenied => (403, "this server may not read it".into()),
        _ => (500, error.to_string()),
    }
}

/// A file of the folder that is one, and does not lead out.
fn inside(root: &Path, folder: &Path, name: &str) -> Found<PathBuf> {
    let gone = || (404, "it is not there".to_string());
    if name.contains(['/', '\\', '\0']) || !name.to_lowercase().ends_with(".csv") {
        return Err(gone());
    }
    let real = folder.join(name).canonicalize().map_err(|e| failed(&e))?;
    match real.starts_with(root) && real.is_file() {
        true => Ok(real),
        false => Err(gone()),
    }
}

fn list(root: &Path, folder: &Path) -> Found<Vec<u8>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| failed(&e))? {
        let entry = entry.map_err(|e| failed(&e))?;
        let Some(name) = entry.file_name().to_str().map(String::from) else {
            continue;
        };
        let Ok(real) = inside(root, folder, &name) else {
            continue;
        };
        let Ok(about) = real.metadata() else {
            continue;
        };
        let modified = about.modified().ok();
        let modified = modified.and_then(|m| jiff::Timestamp::try_from(m).ok());
        files.push(Listed {
            modified: modified.map_or(0, |m| m.as_microsecond()),
            name,
            size: about.len(),
        });
        if files.len() > FILES {
            return Err((400, format!("it has more than {FILES} files")));
        }
    }
    serde_json::to_vec(&files).map_err(|e| (500, e.to_string()))
}

fn read(root: &Path, folder: &Path, name: &str) -> Found<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(inside(root, folder, name)?).map_err(|e| failed(&e))?;
    let mut body = Vec::new();
    let mut most = file.take(LONGEST + 1);
    most.read_to_end(&mut body).map_err(|e| failed(&e))?;
    match body.len() as u64 > LONGEST {
        true => Err((400, format!("{name} is longer than 16 MB"))),
        false => Ok(body),
    }
}

#[cfg(test)]
mod tests;
