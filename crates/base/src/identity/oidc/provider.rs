//! The identity provider as we reach it: what it offers, its keys, and a code turned into claims.

use super::settings::{Settings, is_safe};
use super::token::{self, Expected, Keys, Refused};
use crate::problem::Problem;
use mining::Micros;
use mining::time::{HOUR, MINUTE, SECOND};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// No answer of a provider is longer.
const LONGEST: usize = 1 << 20;
/// One that did not answer is left alone for so long, or those who wait for it would stand in a row.
const PAUSE: Micros = 5 * SECOND;

pub struct Provider {
    pub settings: Settings,
    http: reqwest::Client,
    /// What was found, and when. Nothing is asked of it before somebody signs in.
    found: Mutex<Option<(Found, Micros)>>,
    keys: Mutex<Option<(Arc<Keys>, Micros)>>,
}

type Found = Result<Arc<Offer>, Problem>;

/// What the provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
pub struct Offer {
    issuer: String,
    pub authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// A sign-in under way, as the browser brings it back.
pub struct Back<'a> {
    pub code: &'a str,
    pub verifier: &'a str,
    pub nonce: &'a str,
    pub redirect: &'a str,
}

impl Provider {
    pub fn new(settings: Settings) -> anyhow::Result<Provider> {
        // Another part may have chosen already; both choose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Tenon")
            .build()?;
        Ok(Provider {
            settings,
            http,
            found: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    /// What it offers, as of at most an hour ago.
    pub async fn offer(&self, now: Micros) -> Result<Arc<Offer>, Problem> {
        let mut found = self.found.lock().await;
        if let Some((offer, at)) = found.as_ref()
            && now - at < if offer.is_ok() { HOUR } else { PAUSE }
        {
            return offer.clone();
        }
        let offer = self.discovered().await.map(Arc::new);
        *found = Some((offer.clone(), now));
        offer
    }

    async fn discovered(&self) -> Result<Offer, Problem> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let offer: Offer = self.fetch(self.http.get(&url)).await?;
        let ends = [
            &offer.authorization_endpoint,
            &offer.token_endpoint,
            &offer.jwks_uri,
        ];
        let is_its_own = offer.issuer.trim_end_matches('/') == issuer;
        if !is_its_own || !ends.into_iter().all(|u| is_safe(u)) {
            return Err(self.unreachable(&format!(
                "{url} describes {} or is not encrypted",
                offer.issuer
            )));
        }
        Ok(offer)
    }

    /// Its keys. Asked anew after an hour, or when one is missing, but not more than once a minute.
    async fn keys(&self, offer: &Offer, now: Micros, missing: bool) -> Result<Arc<Keys>, Problem> {
        let mut kept = self.keys.lock().await;
        let fresh = if missing { MINUTE } else { HOUR };
        if let Some((keys, at)) = kept.as_ref()
            && now - at < fresh
        {
            return Ok(keys.clone());
        }
        let keys: Arc<Keys> = Arc::new(self.fetch(self.http.get(&offer.jwks_uri)).await?);
        *kept = Some((keys.clone(), now));
        Ok(keys)
    }

    /// The claims behind a code: those of the ID token, and what else the provider tells of the person.
    pub async fn claims(&self, back: Back<'_>, now: Micros) -> Result<Value, Problem> {
        let offer = self.offer(now).await?;
        let tokens = self.tokens(&offer, &back).await?;
        let expected = Expected {
            issuer: &offer.issuer,
            client: &self.settings.client,
            nonce: back.nonce,
            needs_nonce: !self.settings.is_old,
            now: now.div_euclid(1_000_000),
        };
        let keys = self.keys(&offer, now, false).await?;
        let mut claims = token::verified(&tokens.id_token, &keys, expected);
        if claims == Err(Refused::UnknownKey) {
            let keys = self.keys(&offer, now, true).await?;
            claims = token::verified(&tokens.id_token, &keys, expected);
        }
        let mut claims =
            claims.map_err(|why| self.unreachable(&format!("the ID token was refused: {why}")))?;
        let more = match (&offer.userinfo_endpoint, &tokens.access_token) {
            (Some(url), Some(token)) if is_safe(url) => {
                let asked = self.http.get(url).bearer_auth(token);
                self.fetch::<Value>(asked).await?
            }
            _ => Value::Null,
        };
        // What is told of another person is not of this one.
        if more["sub"] == claims["sub"]
            && let (Value::Object(more), Some(claims)) = (more, claims.as_object_mut())
        {
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    async fn tokens(&self, offer: &Offer, back: &Back<'_>) -> Result<Tokens, Problem> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", back.code),
            ("redirect_uri", back.redirect),
        ];
        if !self.settings.is_old {
            form.push(("code_verifier", back.verifier));
        }
        let mut asked = self.http.post(&offer.token_endpoint);
        let ways = &offer.token_endpoint_auth_methods_supported;
        let basic = ways.is_empty() || ways.iter().any(|w| w == "client_secret_basic");
        match &self.settings.secret {
            Some(secret) if basic => {
                asked = asked.basic_auth(encoded(&self.settings.client), Some(encoded(secret)));
            }
            Some(secret) => {
                form.push(("client_id", &self.settings.client));
                form.push(("client_secret", secret));
            }
            None => form.push(("client_id", &self.settings.client)),
        }
        self.fetch(asked.form(&form)).await
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        asked: reqwest::RequestBuilder,
    ) -> Result<T, Problem> {
        let mut answer = asked
            .header("accept", "application/json")
            .send()
            .await
            .map_err(|e| self.unreachable(&format!("{e:?}")))?;
        let (status, url) = (answer.status(), answer.url().to_string());
        let mut body = Vec::new();
        loop {
            let chunk = answer.chunk().await;
            match chunk.map_err(|e| self.unreachable(&format!("{e:?}")))? {
                None => break,
                Some(chunk) if body.len() + chunk.len() <= LONGEST => body.extend(chunk),
                Some(_) => {
                    return Err(self.unreachable(&format!("{url} answers at too great length")));
                }
            }
        }
        if !status.is_success() {
            let said = crate::format::short(&String::from_utf8_lossy(&body), 300);
            return Err(self.unreachable(&format!("{url} answers {status}: {said}")));
        }
        serde_json::from_slice(&body)
            .map_err(|e| self.unreachable(&format!("{url} cannot be read: {e}")))
    }

    /// The log is told in full; the person what she can do.
    fn unreachable(&self, why: &str) -> Problem {
        tracing::warn!(issuer = self.settings.issuer, why, "sign-in failed");
        Problem::new(
            502,
            "provider",
            format!("{} did not answer as it should.", self.settings.name),
            "Try again in a moment. An owner can let you in by a link; the server's log says what went wrong.",
        )
    }
}

/// As RFC 6749, 2.3.1 wants names and secrets in the header.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
