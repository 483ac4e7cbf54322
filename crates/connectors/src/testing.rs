//! What tests share: recorded traffic beside the project.

pub mod cassette;

use std::path::PathBuf;

fn root() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var_os("TENON_SHARED").map_or(beside.into(), PathBuf::from);
    root.join("contracts")
}

/// A file beside the project, or a word that nothing was tried.
pub fn shared(name: &str) -> Option<String> {
    let text = std::fs::read_to_string(root().join(name));
    if text.is_err() {
        eprintln!("NOT TESTED: {name} is not beside the project");
    }
    text.ok()
}

/// The names of the files of a folder that end so, in order.
pub fn names(folder: &str, end: &str) -> Vec<String> {
    let files = std::fs::read_dir(root().join(folder));
    let files = files.into_iter().flatten().flatten();
    let names = files.map(|f| f.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(end)).collect();
    names.sort();
    if names.is_empty() {
        eprintln!("NOT TESTED: {folder} is not beside the project");
    }
    names
}
