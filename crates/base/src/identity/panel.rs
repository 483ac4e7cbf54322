//! The panel inside another site's page. A browser does not send our session's cookie there, so a window of our own, where she
//! is signed in, hands the panel a code, and the panel gets a token of its own for it.

use super::{Identity, Scope, Scopes};
use crate::problem::Problem;
use mining::Micros;
use mining::time::HOUR;
use store::doors::{self, OneTimeRow};

use super::secret::{Digest, Secret};

const PURPOSE: &str = "panel";
/// The code goes from one window to the other and no further.
const HANDED: Micros = 60_000_000;
/// A panel stays let in for this long.
pub const LASTS: Micros = 12 * HOUR;

impl Identity {
    /// A code for a panel of this person, good once and for a minute.
    pub async fn panel_code(&self, person: &str) -> Result<Secret, Problem> {
        let (secret, now) = (self.secret()?, self.now());
        let row = OneTimeRow {
            digest: secret.digest().text(),
            purpose: PURPOSE.into(),
            person: Some(person.into()),
            payload: "{}".into(),
            created: now,
            ends: now + HANDED,
            used: None,
        };
        let mut tx = self.db().begin().await?;
        doors::add_one_time(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// The token for a code: she sees and revokes it among her tokens.
    pub async fn panel_token(&self, code: &str) -> Result<String, Problem> {
        let (digest, now) = (Digest::of(code).text(), self.now());
        let found = doors::one_time(self.db(), &digest, now).await?;
        let person = found
            .filter(|r| r.purpose == PURPOSE)
            .and_then(|r| r.person);
        let person = person.ok_or_else(super::used_up)?;
        let mut tx = self.db().begin().await?;
        let used = doors::use_one_time(&mut tx, &digest, now).await?;
        used.ok_or_else(super::used_up)?;
        tx.commit().await?;
        let scopes = Scopes::of(&[Scope::Read, Scope::Write]);
        let ends = Some(now + LASTS);
        let made = self.make_token(&person, "Panel inside another page", scopes, ends, &person);
        Ok(made.await?.1)
    }
}
