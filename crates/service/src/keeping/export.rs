//! Everything a company may take away, in forms that others read. Not a backup: what opens doors is not in it.

use crate::processes::Library;
use crate::settings::individual;
use anyhow::Context;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use store::{attachments, carry};

/// What is taken along.
pub(super) const TAKEN: &[&str] = &[
    "events",
    "processes",
    "versions",
    "steps",
    "models",
    "imports",
    "mappings",
    "pushed",
    "goals",
    "improvements",
    "rollouts",
    "verdicts",
    "uses",
    "counted_uses",
    "people",
    "teams",
    "members",
    "case_guests",
    "conversations",
    "messages",
    "message_versions",
    "reactions",
    "attachments",
    "follows",
    "asked",
    "playbooks",
    "checks",
    "connections",
    "written",
    "internal_rooms",
    "source_mappings",
    "source_people",
    "contacts",
    "handles",
    "consents",
    "contact_merges",
    "threads",
    "said",
    "replies",
    "thread_notes",
    "thread_merges",
    "desk_people",
    "canned",
    "wishes",
    "finds",
    "pile_ons",
    "voices",
    "shares",
    "share_credits",
    "publications",
    "share_threads",
    "share_people",
    "network_places",
    "network_questions",
    "network_answers",
];
/// What is not: it opens doors, or is only of use to Tenon itself. A table is in one of the two lists, and a test says so.
#[cfg(test)]
pub(super) const LEFT: &[&str] = &[
    // Opens doors.
    "sessions",
    "tokens",
    "passkeys",
    "one_time",
    "sign_ins",
    "feed_tokens",
    "hooks",
    "deliveries",
    "incoming",
    "push_devices",
    "settings",
    // How far Tenon has got, and what nobody has handed in.
    "jobs",
    "reads",
    "drafts",
    "notifications",
    "mailboxes",
    "mail_counts",
    "mail_refused",
    "heard",
    // On its way to the desk.
    "arrivals",
    "taken_back",
    "network_forgotten",
    // Written as files.
    "blobs",
];
/// Columns, with their table, that open doors or only say how far Tenon has got.
const SECRET: &[(&str, &str)] = &[
    ("processes", "columns_file"),
    ("people", "password"),
    ("people", "subject"),
    ("connections", "sealed"),
    ("connections", "hook"),
    ("connections", "cursor"),
    ("connections", "holder"),
    ("connections", "held_until"),
    ("connections", "listener"),
    ("connections", "listened_until"),
    ("connections", "renewer"),
    ("connections", "renewed_until"),
    ("network_places", "cursor"),
];

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exported {
    pub rows: u64,
    pub attachments: u64,
    pub processes: u64,
}

/// Writes tables as JSON lines, attachments as files and processes as XES into a folder that is not there yet.
pub async fn export(library: &Library, to: &Path) -> anyhow::Result<Exported> {
    fs::create_dir(to).with_context(|| {
        format!(
            "cannot make {}: name a folder that is not there yet",
            to.display()
        )
    })?;
    let mut done = Exported::default();
    let mut files = Vec::new();
    let mut tx = library.db().begin_reading().await?;
    for table in carry::tables(&mut tx).await? {
        if !TAKEN.contains(&table.name) {
            continue;
        }
        let mut out = BufWriter::new(File::create(to.join(format!("{}.jsonl", table.name)))?);
        let sum = carry::each(&mut tx, &table, async |rows| {
            for mut row in rows {
                if table.name == "attachments" {
                    let text = |key: &str| row.get(key).and_then(|v| v.as_str()).map(String::from);
                    files.extend(text("id").zip(text("name")).zip(text("digest")));
                }
                row.retain(|key, _| !SECRET.contains(&(table.name, key.as_str())));
                serde_json::to_writer(&mut out, &row)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        });
        done.rows += sum.await?.rows;
        out.flush()?;
    }
    drop(tx);
    fs::create_dir(to.join("attachments"))?;
    for ((id, name), digest) in files {
        // Removed meanwhile: it is in the list and not among the files.
        if let Some(content) = attachments::content(library.db(), &digest).await? {
            fs::write(to.join("attachments").join(file_name(&id, &name)), content)?;
            done.attachments += 1;
        }
    }
    fs::create_dir(to.join("processes"))?;
    let shown = individual(library.db()).await;
    for row in library.list().await? {
        let loaded = library.load(&row.id).await?;
        let path = to.join("processes").join(format!("{}.xes", row.slug));
        let mut out = BufWriter::new(File::create(path)?);
        mining::writers::xes::write(&shown.log(&loaded.log), None, &mut out)?;
        out.flush()?;
        done.processes += 1;
    }
    Ok(done)
}

/// The id of an attachment and the ending of its name: what somebody called a file is no path of ours.
fn file_name(id: &str, name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_plain = |text: &str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        text.chars().all(is_word)
    };
    match is_plain(ending) && (1..=10).contains(&ending.len()) {
        true => format!("{id}.{ending}"),
        false => id.to_string(),
    }
}
