//! Signing in with the company's identity provider: OpenID Connect, authorization code with PKCE.
//!
//! What a sign-in under way has to remember (state, nonce, verifier) is in a cookie of the browser that began it, so
//! that nobody fills our database by beginning, any node can end what another began, and a code that was begun
//! elsewhere ends nowhere.

mod provider;
mod settings;
mod token;
mod told;

pub use provider::Provider;
pub use settings::Settings;
use told::Told;

use super::Identity;
use super::secret::{Digest, Secret};
use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provider::Back;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A sign-in under way, as the browser keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub struct UnderWay {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go afterwards.
    pub to: String,
}

impl UnderWay {
    pub fn cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn of_cookie(text: &str) -> Option<UnderWay> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// What the provider sends the browser back with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    code: String,
    state: String,
    iss: String,
    error: String,
}

impl Identity {
    /// What the button at the door says, where there is an identity provider.
    pub fn provider_name(&self) -> Option<&str> {
        let provider = self.inner.provider.as_ref()?;
        Some(&provider.settings.name)
    }

    fn provider(&self) -> Result<&Provider, Problem> {
        let none = || Problem::not_found("identity provider");
        self.inner.provider.as_ref().ok_or_else(none)
    }

    /// Begins: where the browser goes, and what it keeps meanwhile.
    pub async fn begin(&self, to: &str, redirect: &str) -> Result<(String, UnderWay), Problem> {
        let provider = self.provider()?;
        let offer = provider.offer(self.now()).await?;
        let under_way = UnderWay {
            state: self.secret()?.text(),
            nonce: self.secret()?.text(),
            verifier: self.secret()?.text(),
            to: to.into(),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(under_way.verifier.as_bytes()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &provider.settings.scopes)
            .append_pair("state", &under_way.state)
            .append_pair("nonce", &under_way.nonce);
        if !provider.settings.is_old {
            query
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        let query = query.finish();
        let joint = if offer.authorization_endpoint.contains('?') {
            '&'
        } else {
            '?'
        };
        let url = format!("{}{joint}{query}", offer.authorization_endpoint);
        Ok((url, under_way))
    }

    /// Ends: the session of the person the provider names.
    pub async fn finish(
        &self,
        under_way: Option<&UnderWay>,
        answer: &Answer,
        redirect: &str,
        agent: &str,
    ) -> Result<Secret, Problem> {
        let provider = self.provider()?;
        let begun = under_way.filter(|u| Digest::of(&u.state) == Digest::of(&answer.state));
        let issuer = provider.settings.issuer.trim_end_matches('/');
        let is_other = !answer.iss.is_empty() && answer.iss.trim_end_matches('/') != issuer;
        let Some(begun) = begun.filter(|_| !is_other) else {
            return Err(Problem::new(
                400,
                "begun_elsewhere",
                "This sign-in was begun elsewhere, or too long ago.",
                "Begin it again here.",
            ));
        };
        if !answer.error.is_empty() || answer.code.is_empty() {
            let said = crate::format::short(&answer.error, 60);
            return Err(Problem::new(
                403,
                "provider",
                format!("{} did not let you in: {said}.", provider.settings.name),
                "Try again, or ask who keeps it in your company.",
            ));
        }
        let back = Back {
            code: &answer.code,
            verifier: &begun.verifier,
            nonce: &begun.nonce,
            redirect,
        };
        let claims = provider.claims(back, self.now()).await?;
        let told = Told::of(&claims, &provider.settings)
            .ok_or_else(|| Problem::new(502, "provider", "Nobody was named.", "Try again."))?;
        let mut tx = self.db().begin().await?;
        let person = self.told_by(&mut tx, &told, &provider.settings).await?;
        let secret = self
            .open_session(&mut tx, &person.id, agent, "oidc")
            .await?;
        tx.commit().await?;
        self.forget();
        Ok(secret)
    }
}

#[cfg(test)]
mod tests;
