//! The shape of the crate, held by reading its `use` lines: a part knows only the parts below it.
//!
//! Add a part to [`ORDER`] where it belongs. docs/architecture.md says why each stands where it does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Parts from the top down; those in one row do not know each other. Crates of their own come with all they hold.
const ORDER: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["serve"],
    &["api", "mcp", "scim", "pages"],
    &["intake"],
    &["app"],
    &["desk", "share"],
    &["connect"],
    &["delivery"],
    &["jobs", "exports", "sample", "keeping"],
    &["work"],
    &["improvements", "map", "settings"],
    &["processes", "assets"],
    &["policy"],
    &["identity", "mailing"],
    &["activity", "outbound"],
    &["store", "problem"],
    &["clock", "format", "arrows"],
];

/// Crates whose folders and files right under `src` are parts; the other ones are parts themselves.
const OF_PARTS: [&str; 3] = ["base", "service", "tenon"];
const WHOLE: [&str; 3] = ["api", "pages", "store"];

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

/// The sources of a crate.
fn src(name: &str) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    crates.join(name).join("src")
}

/// The part a file belongs to: its crate, or its folder or name right under `src`.
fn part(file: &Path, name: &str) -> String {
    if WHOLE.contains(&name) {
        return name.into();
    }
    let below = file.strip_prefix(src(name)).unwrap();
    let first = below.components().next().unwrap().as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_string()
}

fn word(text: &str) -> String {
    let letters = text.trim_start().chars();
    letters
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The parts that a text names behind `crate::` and its like, also in `crate::{a, b::c}`.
fn named(text: &str, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for whole in WHOLE {
        let is_named = |(at, _): (usize, &str)| {
            !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        };
        if text.match_indices(&format!("{whole}::")).any(is_named) {
            found.insert(whole.to_string());
        }
    }
    let own = OF_PARTS.contains(&name).then_some("crate");
    for behind in OF_PARTS.iter().copied().chain(own) {
        for after in text.split(&format!("{behind}::")).skip(1) {
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
    }
    found
}

#[test]
fn no_arrow_runs_up() {
    let mut wrong = Vec::new();
    let (mut files, mut arrows) = (0, 0);
    for name in OF_PARTS.into_iter().chain(WHOLE) {
        for file in rust_files(&src(name)) {
            let is_test = file.components().any(|c| c.as_os_str() == "tests");
            if is_test
                || ["tests.rs", "testing.rs", "arrows.rs", "lib.rs"]
                    .iter()
                    .any(|f| file.ends_with(f))
            {
                continue;
            }
            let from = part(&file, name);
            let at = row(&from).unwrap_or_else(|| panic!("{from} has no place in ORDER"));
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            files += 1;
            for to in named(&code, name).into_iter().filter(|to| *to != from) {
                let Some(below) = row(&to) else {
                    continue;
                };
                arrows += 1;
                if below <= at {
                    wrong.push(format!(
                        "{} uses {to}, which is not below {from}",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        files > 200 && arrows > 500,
        "{files} files, {arrows} arrows: they are not seen"
    );
}

#[test]
fn only_the_store_speaks_sql() {
    for name in ["api", "base", "pages", "service", "tenon"] {
        for file in rust_files(&src(name)) {
            // The reader of object-centric logs in SQLite reads a file that somebody sent, not our database.
            if file.ends_with("processes/ocel_sqlite.rs") || file.ends_with("arrows.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            for speaks in ["sqlx::query", "store::query"] {
                assert!(!text.contains(speaks), "{} speaks SQL", file.display());
            }
        }
    }
}

#[test]
fn mining_and_stats_know_no_database_no_network_and_no_clock() {
    for name in ["mining", "stats"] {
        for file in rust_files(&src(name)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for word in NOT_PURE {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn the_reading_of_use_lines_sees_every_form() {
    let text =
        "use store::{Db, events};\nuse crate::{a, b::{c, d}, e};\nbase::f::g(); my_api::x();";
    let seen = named(text, "service");
    let all: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(all, ["a", "b", "e", "f", "store"]);
}
