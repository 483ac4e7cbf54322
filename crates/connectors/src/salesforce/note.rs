//! A finished task at an opportunity: it stands in the activities, and is nobody's to do.

use super::wire::{Found, Made, Task};
use super::{Salesforce, VERSION};
use crate::source::Note;
use crate::{Fault, Via};
use serde_json::json;

/// Characters of a subject.
const SUBJECT: usize = 255;

impl Salesforce {
    pub(super) async fn write_note(
        &self,
        via: &Via<'_>,
        deal: &str,
        note: &Note,
    ) -> Result<String, Fault> {
        // It goes into a question.
        if deal.is_empty() || !deal.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Fault::Gone(format!("no opportunity is called {deal:?}")));
        }
        // What it says cannot be asked for, only read.
        let soql = format!("SELECT Id, Description FROM Task WHERE WhatId = '{deal}'");
        let there: Found<Task> = self.query(via, &soql).await?;
        let ours = |t: &Task| {
            t.description
                .as_deref()
                .is_some_and(|d| d.contains(&note.key))
        };
        if let Some(task) = there.records.into_iter().find(ours) {
            return Ok(task.id);
        }
        let done =
            "SELECT ApiName FROM TaskStatus WHERE IsClosed = true ORDER BY SortOrder LIMIT 1";
        let done: Found<serde_json::Value> = self.query(via, done).await?;
        let status = done.records.first().and_then(|s| s["ApiName"].as_str());
        let status = status.ok_or_else(|| Fault::Strange("no status of a finished task".into()))?;
        let subject: String = note.title.chars().take(SUBJECT).collect();
        let body = json!({ "WhatId": deal, "Subject": subject, "Status": status, "Description": note.plain() });
        let path = format!("/services/data/{VERSION}/sobjects/Task");
        let made: Made = self.post(via, &path, &body).await?;
        Ok(made.id)
    }
}
