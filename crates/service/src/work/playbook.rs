//! Playbooks: a checklist a step, written in Markdown, versioned. It never blocks the step; what was done goes to the record.
//!
//! An item is a line of a list: `- [ ] Ask for the service level annex`. Its name is its text without marks, so an item that
//! stays the same from version to version keeps what was done of it, and one that is reworded is a new one.

use super::{Work, markdown};
use base::activity::{self, Kind};
use base::identity::Actor;
use base::problem::Problem;
use mining::Micros;
use serde::Serialize;
use serde_json::json;
use store::playbooks::{self, CheckRow, PlaybookRow};

/// Items a playbook may have.
const MOST: usize = 50;

/// A checklist.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Playbook {
    pub step: String,
    pub title: String,
    pub version: i64,
    pub at: Micros,
    /// Id of a person.
    pub by: String,
    /// Markdown as it was written.
    pub body: String,
    pub items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Item {
    /// What it is called in the record.
    pub name: String,
    /// Markdown of the line.
    pub text: String,
    /// On a case: when it was done.
    pub done: Option<Micros>,
    /// On a case: id of who did it.
    pub by: Option<String>,
}

/// The lines of a text that are items.
pub fn items(body: &str) -> Vec<Item> {
    let lines = body.lines().filter_map(|line| {
        let line = line.trim_start();
        let rest = ["- ", "* ", "+ "].iter().find_map(|m| line.strip_prefix(m));
        let numbered = || {
            let (number, rest) = line.split_once(". ")?;
            (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(rest)
        };
        let rest = rest.or_else(numbered)?.trim_start();
        let boxes = ["[ ] ", "[x] ", "[X] "];
        let text = boxes
            .iter()
            .find_map(|b| rest.strip_prefix(b))
            .unwrap_or(rest)
            .trim();
        let name = markdown::plain(text, 200);
        (!name.is_empty()).then(|| Item {
            name,
            text: text.into(),
            done: None,
            by: None,
        })
    });
    let mut found: Vec<Item> = Vec::new();
    for item in lines {
        if !found.iter().any(|f| f.name == item.name) {
            found.push(item);
        }
    }
    found
}

impl Playbook {
    fn of(row: PlaybookRow) -> Playbook {
        Playbook {
            items: items(&row.body),
            step: row.step,
            title: row.title,
            version: row.version,
            at: row.at,
            by: row.by_person,
            body: row.body,
        }
    }

    pub fn done(&self) -> usize {
        self.items.iter().filter(|i| i.done.is_some()).count()
    }
}

impl Work {
    /// The playbook of each step that has one.
    pub async fn playbooks(&self, process: &str) -> Result<Vec<Playbook>, Problem> {
        let rows = playbooks::of_process(self.db(), process).await?;
        let all = rows.into_iter().map(Playbook::of);
        Ok(all.filter(|p| !p.items.is_empty()).collect())
    }

    /// The same, with what was done on a case.
    pub async fn playbooks_of_case(
        &self,
        process: &str,
        case: &str,
    ) -> Result<Vec<Playbook>, Problem> {
        let mut all = self.playbooks(process).await?;
        let done = playbooks::checks(self.db(), process, case).await?;
        for playbook in &mut all {
            for item in &mut playbook.items {
                let check = done
                    .iter()
                    .find(|d| d.step == playbook.step && d.item == item.name);
                item.done = check.map(|c| c.at);
                item.by = check.map(|c| c.by_person.clone());
            }
        }
        Ok(all)
    }

    pub async fn playbook_versions(
        &self,
        process: &str,
        step: &str,
    ) -> Result<Vec<Playbook>, Problem> {
        let rows = playbooks::versions(self.db(), process, step).await?;
        Ok(rows.into_iter().map(Playbook::of).collect())
    }

    /// Writes a new version of a step's playbook. One without items takes it away; versions before stay.
    pub async fn write_playbook(
        &self,
        actor: &Actor,
        process: &str,
        step: &str,
        title: &str,
        body: &str,
    ) -> Result<i64, Problem> {
        let loaded = self.library().load(process).await?;
        if !loaded.steps.steps.iter().any(|s| s.name == step) {
            return Err(Problem::not_found("step"));
        }
        let found = items(body).len();
        if found > MOST || body.len() > 20_000 {
            return Err(Problem::bad_request(
                format!("The checklist has {found} items; {MOST} are too many to be followed."),
                "Keep what matters at this step.",
            ));
        }
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let row = PlaybookRow {
            process: loaded.row.id.clone(),
            step: step.into(),
            version: 0,
            at: self.clock().now(),
            by_person: actor.id().into(),
            title: base::format::short(if title.is_empty() { "Playbook" } else { &title }, 100),
            body: body.replace("\r\n", "\n"),
        };
        let mut tx = self.db().begin().await?;
        let version = playbooks::add(&mut tx, &row).await?;
        let payload = json!({ "step": step, "version": version, "items": found });
        let kind = Kind::PlaybookWritten;
        activity::record(&mut tx, row.at, kind, actor.id(), &row.process, &payload).await?;
        self.done(tx).await?;
        Ok(version)
    }

    /// Marks an item of a case as done, or takes that back.
    pub async fn check(
        &self,
        actor: &Actor,
        process: &str,
        case: &str,
        (step, item): (&str, &str),
        is_done: bool,
    ) -> Result<(), Problem> {
        let room = self.room(actor, process, case).await?;
        let all = self.playbooks(&room.process).await?;
        let is_known = all
            .iter()
            .any(|p| p.step == step && p.items.iter().any(|i| i.name == item));
        if !is_known {
            return Err(Problem::bad_request(
                "The playbook of this step has no such item.",
                "Reload the page: it may have been reworded.",
            ));
        }
        let row = CheckRow {
            step: step.into(),
            item: item.into(),
            at: self.clock().now(),
            by_person: actor.id().into(),
        };
        let mut tx = self.db().begin().await?;
        if playbooks::check(&mut tx, &room.process, case, &row, is_done).await? {
            let payload = json!({ "case": case, "step": step, "item": item });
            let kind = match is_done {
                true => Kind::ItemDone,
                false => Kind::ItemUndone,
            };
            let of = (room.process.as_str(), room.id.as_str());
            activity::record_of(&mut tx, row.at, kind, actor.id(), of, &payload).await?;
        }
        self.done(tx).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_lists_are_items_each_once() {
        let body = "# Propose\nFirst read this.\n- [ ] Ask for **annex B**\n* [x] Send terms\n2. Call\n- [ ] Ask for annex B\n-\n";
        let names: Vec<String> = items(body).into_iter().map(|i| i.name).collect();
        assert_eq!(names, ["Ask for annex B", "Send terms", "Call"]);
    }
}
