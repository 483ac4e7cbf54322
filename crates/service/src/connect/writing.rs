//! The one thing that is written to a system of record, where an owner wants it: a note at the deal with a link to its case. It is due
//! when colleagues first work on the case, and is written once: what was written is kept, and a connector looks for the note's key
//! before every try.

use super::{Connect, LEASE, LONGEST_WAIT, told};
use base::activity::Kind;
use base::format;
use base::identity::{Actor, secret::hex};
use base::problem::Problem;
use connectors::source::Writes;
use connectors::{Fault, Note};
use mining::Micros;
use mining::time::MINUTE;
use serde_json::json;
use store::connections::{self, ConnectionRow, SIGNED_OUT};
use store::written::{self, Counts, WrittenRow};

/// After this many failures that might pass a person looks at it.
const TRIES: i64 = 8;
/// Failures that are shown.
const SHOWN: i64 = 20;
const TITLE: &str = "This case in Tenon";
const TEXT: &str = "What colleagues say, ask and answer about it is kept there.";

/// How writing back is, of a source that can.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// Since when it is on.
    pub since: Option<Micros>,
    /// What is written there, and what it needs.
    pub writes: Writes,
    pub title: &'static str,
    /// Where links lead, without the case.
    pub address: String,
    pub counts: Counts,
    /// What could not be written, and why.
    pub unwritten: Vec<WrittenRow>,
}

impl Connect {
    /// How writing back is; `None` where nothing can be written.
    pub async fn writing(&self, id: &str) -> Result<Option<Writing>, Problem> {
        let row = self.find(id).await?.row;
        let Some(writes) = self.writes(&row) else {
            return Ok(None);
        };
        let process = row.process.as_deref().unwrap_or_default();
        let process = self.library().process(process).await?;
        Ok(Some(Writing {
            since: written::since(self.db(), id).await?,
            writes,
            title: TITLE,
            address: format!("{}/p/{}/case/", self.inner.site.url(), process.slug),
            counts: written::counts(self.db(), id).await?,
            unwritten: written::unwritten(self.db(), id, SHOWN).await?,
        }))
    }

    fn writes(&self, row: &ConnectionRow) -> Option<Writes> {
        self.source(&row.kind).ok()?.writes_back()
    }

    /// Writes back from now on, or not any more.
    pub async fn set_writing(&self, actor: &Actor, id: &str, is_on: bool) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        if self.writes(&row).is_none() {
            return Err(cannot_write(&row.name));
        }
        if written::since(self.db(), id).await?.is_some() == is_on {
            return Ok(());
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        written::set(&mut tx, id, is_on.then_some(now), now).await?;
        let payload = json!({ "writes_back": is_on });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }

    /// Tries again what was given up.
    pub async fn write_again(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let mut tx = self.db().begin().await?;
        let tried = written::again(&mut tx, id, self.clock().now()).await?;
        if tried > 0 {
            let payload = json!({ "links_tried_again": tried });
            self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
                .await?;
        }
        self.done(tx).await?;
        self.wake();
        Ok(())
    }

    /// Writes one link that is due; whether there was one.
    pub(super) async fn write_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let Some(link) = written::claim(self.db(), now, now + LEASE).await? else {
            return Ok(false);
        };
        let row = connections::find(self.db(), &link.connection).await?;
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        let note = self.link_to(&link).await?;
        let now = self.clock().now();
        match self.write(&row, &link, &note).await {
            Ok(place) => {
                let mut tx = self.db().begin().await?;
                written::done(&mut tx, &link, now, &format::short(&place, 200)).await?;
                self.done(tx).await?;
            }
            Err(fault) => self.unwritten(&row, &link, &fault).await?,
        }
        Ok(true)
    }

    async fn link_to(&self, link: &WrittenRow) -> Result<Note, Problem> {
        let process = self.library().process(&link.process).await?;
        let case = format::urlencode(&link.case_ref);
        Ok(Note {
            key: key(&link.connection, &link.case_ref),
            title: TITLE.into(),
            url: format!("{}/p/{}/case/{case}", self.inner.site.url(), process.slug),
            text: TEXT.into(),
        })
    }

    async fn write(
        &self,
        row: &ConnectionRow,
        link: &WrittenRow,
        note: &Note,
    ) -> Result<String, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let source = self.source(&row.kind).map_err(inside)?;
        let settings = self.settings(row);
        let settings = settings.map_err(|e| Fault::SignedOut(e.to_string()))?;
        let via = self.via(&settings);
        source.write_back(&via, &link.case_ref, note).await
    }

    async fn unwritten(
        &self,
        row: &ConnectionRow,
        link: &WrittenRow,
        fault: &Fault,
    ) -> Result<(), Problem> {
        let now = self.clock().now();
        let why = match self.about(&row.kind) {
            Ok(about) => told(&about, fault).what,
            Err(_) => fault.to_string(),
        };
        let why = format::short(&why, 300);
        let mut tx = self.db().begin().await?;
        match fault {
            Fault::Wait { until, .. } => written::wait(&mut tx, link, *until, &why).await?,
            // It waits for the key, and goes on with it.
            Fault::SignedOut(said) => {
                written::not_done(&mut tx, link, now, None, &why).await?;
                let said = format::short(said, 300);
                connections::signed_out(&mut tx, &row.id, now, &said).await?;
                let payload = json!({ "state": SIGNED_OUT });
                self.note(&mut tx, "tenon", row, Kind::ConnectionChanged, payload)
                    .await?;
            }
            _ if fault.passes() && link.attempts < TRIES => {
                let doubled = MINUTE << link.attempts.clamp(0, 10);
                let due = now + doubled.min(LONGEST_WAIT);
                written::not_done(&mut tx, link, due, None, &why).await?;
            }
            _ => written::not_done(&mut tx, link, now, Some(now), &why).await?,
        }
        self.done(tx).await
    }
}

/// Nothing can be written to a connection of this name.
pub fn cannot_write(name: &str) -> Problem {
    Problem::new(
        409,
        "cannot_write",
        format!("Nothing can be written to {name}."),
        "Look at the connections of other systems.",
    )
}

/// What a link is known by at the service: the same for a case and its connection, also where the database was lost and restored.
fn key(connection: &str, case: &str) -> String {
    let said = format!("link to a case\0{connection}\0{case}");
    let digest = ring::digest::digest(&ring::digest::SHA256, said.as_bytes());
    format!("tenon-{}", hex(&digest.as_ref()[..8]))
}

#[cfg(test)]
mod tests;
