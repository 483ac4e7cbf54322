//! The shape of the crate, held by reading its `use` lines: a part knows only the parts below it.
//!
//! Add a part to [`ORDER`] where it belongs. docs/architecture.md says why each stands where it does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Parts from the top down; those in one row do not know each other.
const ORDER: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["serve"],
    &["api", "mcp", "scim", "web"],
    &["intake"],
    &["app"],
    &["delivery"],
    &["jobs", "exports", "sample", "keeping"],
    &["work"],
    &["improvements", "map", "settings"],
    &["processes", "assets"],
    &["policy"],
    &["identity"],
    &["activity", "outbound"],
    &["store", "problem"],
    &["clock", "format", "arrows"],
];

/// What the pure crates must never name.
const NOT_PURE: &[&str] = &[
    "sqlx",
    "tokio",
    "axum",
    "reqwest",
    "std::net",
    "SystemTime",
    "Instant::now",
    "async fn",
];

fn row(part: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&part))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The part a file belongs to: its folder or its name right under `src`.
fn part(file: &Path, src: &Path) -> String {
    let below = file.strip_prefix(src).unwrap();
    let first = below.components().next().unwrap().as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_string()
}

/// The parts that a text names behind `crate::`, also in `crate::{a, b::c}`.
fn named(text: &str) -> BTreeSet<String> {
    let word = |s: &str| {
        s.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let mut found = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => _ = found.insert(word(after)),
            Some(list) => {
                let (mut depth, mut item) = (0, String::new());
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => _ = found.insert(word(&std::mem::take(&mut item))),
                        _ if depth == 0 => item.push(c),
                        _ => {}
                    }
                }
                found.insert(word(&item));
            }
        }
    }
    found
}

#[test]
fn no_arrow_runs_up() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        if ["tests.rs", "testing.rs", "arrows.rs"]
            .iter()
            .any(|f| file.ends_with(f))
        {
            continue;
        }
        let from = part(&file, &src);
        let at = row(&from).unwrap_or_else(|| panic!("{from} has no place in ORDER"));
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for to in named(&code).into_iter().filter(|to| *to != from) {
            if let Some(below) = row(&to)
                && below <= at
            {
                wrong.push(format!(
                    "{} uses {to}, which is not below {from}",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_store_speaks_sql() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // The reader of object-centric logs in SQLite reads a file that somebody sent, not our database.
    let allowed = ["store", "processes/ocel_sqlite.rs", "arrows.rs"];
    for file in rust_files(&src) {
        let below = file.strip_prefix(&src).unwrap();
        if allowed.iter().any(|a| below.starts_with(a)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains("sqlx::query"),
            "{} speaks SQL",
            file.display()
        );
    }
}

#[test]
fn mining_and_stats_know_no_database_no_network_and_no_clock() {
    for name in ["mining", "stats"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(name)
            .join("src");
        for file in rust_files(&folder) {
            let text = std::fs::read_to_string(&file).unwrap();
            for word in NOT_PURE {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn the_reading_of_use_lines_sees_every_form() {
    let seen =
        named("use crate::store::{Db, events};\nuse crate::{a, b::{c, d}, e};\ncrate::f::g();");
    let all: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(all, ["a", "b", "e", "f", "store"]);
}
