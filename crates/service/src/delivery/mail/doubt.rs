//! Mails of which nobody here knows whether they were taken.
//!
//! A mail is noted as begun, and all that leave together in one commit, before any of them is handed over. It ends when the
//! mail server answers. Where no answer came, or whoever waited for it died, it is not sent again: it is set aside for an
//! owner, who can send it again or drop it. What it told of stays unread on the pages, and the person's next morning tells
//! of what she has not read until then once more, as "perhaps told before".

use super::{Begun, KIND, Preferences, Whom};
use crate::delivery::Delivery;
use base::problem::Problem;
use mining::Micros;
use mining::time::DAY;
use serde_json::json;
use store::jobs::{self, JobRow};
use store::{Tx, mail, people};

/// A mail is begun only by who has it for so long: longer than all that handing it over may take.
const ENOUGH: Micros = 200_000_000;
/// What is counted of these.
pub const WORD: &str = "unknown";
const DIED: &str = "Tenon was stopped, or lost its database, after it began to hand this mail over and before it had noted an answer.";

impl Delivery {
    /// Notes mails as begun and fixes what they carry, in one commit. Those that were begun before are set aside.
    pub(in crate::delivery) async fn begin(&self, few: &[&JobRow]) -> Result<Vec<Begun>, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let mut begun = Vec::with_capacity(few.len());
        for job in few {
            if job.begun.is_some() {
                self.set_aside_in(&mut tx, job, DIED).await?;
                continue;
            }
            // Whose lease is about to end leaves the mail to who has it next.
            if !jobs::begin(&mut tx, job, now, now + ENOUGH).await? {
                continue;
            }
            let job = JobRow {
                begun: Some(now),
                ..(*job).clone()
            };
            let whom = Whom::of(&job);
            // Fixed at the first attempt, the same ever after.
            let mut carried = mail::carried(&mut tx, &job.id).await?;
            if carried.is_empty() {
                let conversation = whom.conversation.as_deref();
                mail::take(&mut tx, &job.id, &whom.person, conversation).await?;
                if conversation.is_none() {
                    mail::take_doubtful(&mut tx, &job.id, &whom.person, now).await?;
                }
                carried = mail::carried(&mut tx, &job.id).await?;
            }
            begun.push(Begun { job, whom, carried });
        }
        tx.commit().await?;
        Ok(begun)
    }

    /// Sets a mail aside that may have been taken.
    pub(super) async fn set_aside(&self, job: &JobRow, why: &str) -> Result<(), Problem> {
        let why = format!(
            "It was handed over, and the mail server did not say whether it took it: {why}"
        );
        let mut tx = self.db().begin().await?;
        self.set_aside_in(&mut tx, job, &why).await?;
        Ok(tx.commit().await?)
    }

    async fn set_aside_in(&self, tx: &mut Tx, job: &JobRow, why: &str) -> Result<(), Problem> {
        let now = self.clock().now();
        if !jobs::set_aside(tx, job, now, why).await? {
            return Ok(());
        }
        tracing::warn!(
            job = job.id,
            why,
            "it is not known whether a mail was taken"
        );
        mail::count(tx, now / DAY, WORD).await?;
        let person = people::find_in(tx, &Whom::of(job).person).await?;
        let Some(person) = person.filter(|p| p.state == "active") else {
            return Ok(());
        };
        // Her next morning may have a mail already; then that one tells of this too.
        let due = Preferences::of(&person.settings).next_morning(now, &person.zone);
        let key = super::digest_key(&person.id, due);
        let payload = json!({ "person": person.id, "conversation": null });
        self.queue().add(tx, KIND, &key, &payload, due).await?;
        Ok(())
    }
}
