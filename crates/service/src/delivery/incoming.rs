//! Incoming webhooks: an address here under which a program writes a note to a case, as the person who made it.

use super::Delivery;
use base::identity::secret::{Digest, Secret};
use base::identity::{Actor, Scopes, Via};
use base::problem::Problem;
use mining::Micros;
use mining::time::HOUR;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use store::hooks::{self, IncomingRow};
use store::people;

const MINUTE: Micros = 60_000_000;
/// Notes a minute; as many may come at once.
pub const A_MINUTE: f64 = 60.0;

/// What a program sends.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The case, as its source calls it.
    pub case: String,
    /// Markdown.
    pub text: String,
    /// What the program calls it, so that a second try does not post twice.
    #[serde(default)]
    pub client: Option<String>,
}

impl Delivery {
    pub async fn incoming(&self) -> Result<Vec<IncomingRow>, Problem> {
        Ok(hooks::incoming(self.db()).await?)
    }

    /// Makes an address; its secret is shown now and never again.
    pub async fn make_incoming(
        &self,
        actor: &Actor,
        process: &str,
        name: &str,
    ) -> Result<(IncomingRow, String), Problem> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Problem::bad_request(
                "An address has a name of 1 to 100 characters.",
                "Say what will write under it.",
            ));
        }
        let process = self.inner.work.library().process(process).await?;
        let secret = Secret::new(self.clock().secret()?);
        let row = IncomingRow {
            id: format!("in_{}", self.clock().id().simple()),
            digest: secret.digest().text(),
            person: actor.id().into(),
            process: process.id,
            name: name.into(),
            created: self.clock().now(),
            used: None,
            revoked: None,
        };
        let mut tx = self.db().begin().await?;
        hooks::add_incoming(&mut tx, &row).await?;
        let payload = json!({ "incoming": row.id, "process": row.process });
        self.changed(&mut tx, actor, &payload).await?;
        tx.commit().await?;
        let address = format!("{}/hooks/{}", self.site().url(), secret.text());
        Ok((row, address))
    }

    pub async fn revoke_incoming(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        if !hooks::revoke_incoming(&mut tx, id, self.clock().now()).await? {
            return Err(Problem::not_found("address"));
        }
        let payload = json!({ "incoming": id, "state": "revoked" });
        self.changed(&mut tx, actor, &payload).await?;
        Ok(tx.commit().await?)
    }

    /// Writes what came in; answers with the number of the note.
    pub async fn write_note(&self, secret: &str, note: &Note) -> Result<i64, Problem> {
        let unknown = || Problem::not_found("address");
        let row = hooks::incoming_by_digest(self.db(), &Digest::of(secret).text()).await?;
        let row = row.ok_or_else(unknown)?;
        let now = self.clock().now();
        if !self.inner.rates.let_in(&row.id, now) {
            return Err(Problem::new(
                429,
                "too_many",
                format!("More than {A_MINUTE} notes a minute came in under this address."),
                "Wait a minute, and send fewer at a time.",
            ));
        }
        let person = people::find(self.db(), &row.person).await?;
        let via = Via::Token(row.id.clone());
        let actor = person.and_then(|p| Actor::of(&p, via, Scopes::all()));
        let actor = actor.ok_or_else(unknown)?;
        let work = &self.inner.work;
        let room = work.room(&actor, &row.process, &note.case).await?;
        let id = work
            .note(&actor, room, &note.text, note.client.as_deref())
            .await?;
        if row.used.is_none_or(|u| now - u > HOUR) {
            let mut tx = self.db().begin().await?;
            hooks::incoming_used(&mut tx, &row.id, now).await?;
            tx.commit().await?;
        }
        Ok(id)
    }
}

/// How much each address may still let in.
#[derive(Default)]
pub struct Rates(Mutex<HashMap<String, Left>>);

/// What is left, and as of when.
type Left = (f64, Micros);

impl Rates {
    fn let_in(&self, id: &str, now: Micros) -> bool {
        let mut rates = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let (left, at) = rates.entry(id.into()).or_insert((A_MINUTE, now));
        let since = (now - *at).max(0) as f64 / MINUTE as f64;
        *left = (*left + since * A_MINUTE).min(A_MINUTE);
        *at = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}
