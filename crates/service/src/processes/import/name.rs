//! What a process is called, and an empty one to push into.

use crate::processes::{Library, Problem};
use base::activity;
use mining::readers::Note;
use serde_json::json;
use store::Tx;
use store::processes::{self, ProcessRow};

impl Library {
    /// Makes an empty process to push into.
    pub async fn make(&self, name: &str, actor: &str) -> Result<ProcessRow, Problem> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > 200 || name.contains('\0') {
            return Err(Problem::bad_request(
                "The process has no name that can be kept.",
                "Give it a name of 1 to 200 characters.",
            ));
        }
        if self.list().await?.iter().any(|p| p.name == name) {
            return Err(Problem::new(
                409,
                "name_taken",
                format!("There is a process \"{name}\" already."),
                "Push into that one, or choose another name.",
            ));
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let row = self.new_row(&mut tx, name, now).await?;
        processes::insert(&mut tx, &row).await?;
        let (kind, payload) = (activity::Kind::ProcessMade, json!({ "name": row.name }));
        activity::record(&mut tx, now, kind, actor, &row.id, &payload).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A process that holds nothing yet, under a name in addresses that is free.
    pub(super) async fn new_row(
        &self,
        tx: &mut Tx,
        name: String,
        now: i64,
    ) -> Result<ProcessRow, Problem> {
        let base = slug_of(&name);
        let (mut slug, mut n) = (base.clone(), 1);
        while processes::find(&mut *tx, &slug).await?.is_some() {
            n += 1;
            slug = format!("{base}-{n}");
        }
        Ok(ProcessRow {
            id: format!("proc_{}", self.clock().id().simple()),
            slug,
            name,
            created: now,
            columns_file: None,
            cases: 0,
            events: 0,
            version: 0,
            revision: 0,
            team_column: None,
        })
    }

    /// A name that no process has yet, and what to say when the one that was wanted is taken.
    pub(super) async fn free_name(&self, wanted: &str) -> Result<(String, Option<Note>), Problem> {
        let all = self.list().await?;
        let Some(first) = all.iter().find(|p| p.name == wanted) else {
            return Ok((wanted.to_string(), None));
        };
        let mut n = 2;
        let mut name = format!("{wanted} (2)");
        while all.iter().any(|p| p.name == name) {
            n += 1;
            name = format!("{wanted} ({n})");
        }
        let text = format!(
            "There was a process \"{wanted}\" already, so this new one is called \"{name}\". To add to the first, name it when you import (--process {}).",
            first.slug
        );
        let note = Note {
            code: "name_taken",
            text,
        };
        Ok((name, Some(note)))
    }
}

/// A file name without its endings.
pub(super) fn name_of(file_name: &str) -> String {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = base.strip_suffix(".gz").unwrap_or(base);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    if stem.trim().is_empty() {
        "Process".into()
    } else {
        stem.trim().to_string()
    }
}

/// A name as it stands in addresses.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars().take(60) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if c.is_alphanumeric() => slug.push(c),
            _ if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "process".into()
    } else {
        slug.into()
    }
}
