//! A system of record says that there is something to look at. Its delivery only brings the next look forward; nothing of it is believed.

use super::Connect;
use super::take::not_genuine;
use base::activity::Kind;
use base::identity::Actor;
use base::identity::secret::{Digest, Secret};
use base::problem::Problem;
use connectors::channel::Delivery;
use connectors::source::Bell;
use mining::Micros;
use mining::time::SECOND;
use serde_json::json;
use store::connections::{self, ConnectionRow};

/// However often it is said, no look follows another sooner.
const APART: Micros = 5 * SECOND;

impl Connect {
    /// How a kind of source says that there is something to look at, if it can.
    pub fn source_bell(&self, kind: &str) -> Option<Bell> {
        self.source(kind).ok()?.bell()
    }

    /// Looks at a source soon, if the delivery is genuine. What is answered, with its content type.
    pub(super) async fn rung(
        &self,
        row: &ConnectionRow,
        delivery: &Delivery<'_>,
    ) -> Result<(&'static str, String), Problem> {
        let bell = self.source_bell(&row.kind);
        let bell = bell.ok_or_else(|| Problem::not_found("webhook"))?;
        let (settings, now) = (self.settings(row)?, self.clock().now());
        (bell.genuine)(&settings, delivery, now).map_err(not_genuine)?;
        match row.looked.map(|at| at + APART) {
            Some(at) if at > now => self.hurry(&row.id, at).await?,
            _ => self.ring(&row.id).await?,
        }
        Ok((bell.answer.0, bell.answer.1.into()))
    }

    /// Gives a source an address for its webhook in place of the one it had. It is told once.
    pub async fn new_hook(&self, actor: &Actor, id: &str) -> Result<String, Problem> {
        let row = self.find(id).await?.row;
        let bell = self.source_bell(&row.kind);
        let bell = bell.ok_or_else(|| Problem::not_found("webhook"))?;
        let settings = self.settings(&row)?;
        if let Some(name) = bell.signed_by.filter(|f| settings.get(f).trim().is_empty()) {
            let about = self.about(&row.kind)?;
            let field = about.fields.iter().find(|f| f.name == name);
            let field = field.map_or(name, |f| f.label);
            return Err(Problem::new(
                422,
                "field_missing",
                "Its deliveries could not be checked: the secret of the app is not known.",
                format!("Fill in {field} under Key first."),
            ));
        }
        let secret = Secret::new(self.clock().secret()?);
        let digest = Digest::of(&secret.text()).text();
        self.set_hook(actor, &row, Some(&digest)).await?;
        Ok(format!(
            "{}/hooks/source/{}",
            self.inner.site.url(),
            secret.text()
        ))
    }

    /// Takes the address away: nothing is heard at it any more.
    pub async fn drop_hook(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        match self.source_bell(&row.kind) {
            Some(_) => self.set_hook(actor, &row, None).await,
            None => Err(Problem::not_found("webhook")),
        }
    }

    async fn set_hook(
        &self,
        actor: &Actor,
        row: &ConnectionRow,
        digest: Option<&str>,
    ) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        connections::set_hook(&mut tx, &row.id, digest).await?;
        let payload = json!({ "webhook": digest.is_some() });
        self.note(&mut tx, actor.id(), row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }
}

#[cfg(test)]
mod tests;
