//! Signing in to a service with OAuth 2.0 (RFC 6749, authorization code, with PKCE of RFC 7636), as values: the address a browser is sent
//! to, the requests for tokens, and what is answered. Whoever drives it keeps the state and carries the requests.

use crate::text::line;
use crate::{Fault, Field, Micros, Request, Response, Settings};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// What the app is called that was registered with the service, and its secret.
pub const CLIENT_ID: &str = "client_id";
pub const CLIENT_SECRET: &str = "client_secret";
/// What signing in gave beside the access token: what renews it, and when it ends, in microseconds since 1970.
const REFRESH: &str = "oauth_refresh_token";
const ENDS: &str = "oauth_ends";
/// What was granted, where that was told.
const SCOPES: &str = "oauth_scopes";
/// An access token that nobody says the end of is taken to be as good as new; one that ends later than this does not end.
const LONGEST: i64 = 10 * 366 * 86_400;

/// Where a service is signed in to.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Where the browser goes.
    pub authorize: String,
    /// Where a code becomes tokens, and tokens new ones.
    pub token: String,
}

/// How an app says who it is when it asks for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// With its secret, among the fields.
    Secret,
    /// With its secret in the header where it has one; a public app has none.
    SecretOrPublic,
}

/// How signing in to a service works.
#[derive(Debug, Clone, Copy)]
pub struct OAuth {
    /// The addresses, which may depend on what was filled in.
    pub places: fn(&Settings) -> Result<Places, Fault>,
    /// The least that is needed, in the words of the service.
    pub scopes: &'static [&'static str],
    pub client: Client,
    /// Whether the code is bound to us with PKCE (S256). Only a service that refuses it goes without; the secret of its app stands in.
    pub has_pkce: bool,
    /// What else the address carries.
    pub extra: &'static [(&'static str, &'static str)],
    /// The setting that the access token goes into.
    pub into: &'static str,
    /// The setting that the address goes into which comes with the token.
    pub instance: Option<&'static str>,
    /// Settings that a key is pasted into, where nobody signs in.
    pub pasted: &'static [&'static str],
    /// How the app is registered with the service, in a sentence or two.
    pub guide: &'static str,
}

/// The browser goes away with these and comes back with a code.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    pub redirect: &'a str,
    pub state: &'a str,
    /// 43 to 128 letters and digits that nobody else knows.
    pub verifier: &'a str,
}

/// What was given for a code or a refresh token. Its `Debug` tells nothing.
#[derive(Clone, PartialEq)]
pub struct Tokens {
    access: String,
    refresh: Option<String>,
    ends: Option<Micros>,
    instance: Option<String>,
    scopes: Option<String>,
}

impl Tokens {
    pub fn access(&self) -> &str {
        &self.access
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

#[derive(serde::Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    /// Seconds; some services write them as a text.
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    instance_url: Option<String>,
    #[serde(default)]
    scope: serde_json::Value,
}

#[derive(Default, serde::Deserialize)]
struct Refusal {
    #[serde(default)]
    error: serde_json::Value,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    status: serde_json::Value,
    #[serde(default)]
    message: String,
}

const fn field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    is_secret: bool,
) -> Field {
    Field {
        name,
        label,
        hint,
        is_secret,
        is_required: false,
    }
}

impl OAuth {
    /// What is filled in about the app.
    pub fn fields(&self) -> [Field; 2] {
        let secret = match self.client {
            Client::Secret => "Of the same app",
            Client::SecretOrPublic => "Of the same app; empty where it is a public one",
        };
        [
            field(CLIENT_ID, "Client ID", "Of the app you registered", false),
            field(CLIENT_SECRET, "Client secret", secret, true),
        ]
    }

    /// Whether a field is filled in by signing in.
    pub fn gives(&self, name: &str) -> bool {
        name == self.into || Some(name) == self.instance
    }

    /// Where the browser goes.
    pub fn address(&self, settings: &Settings, way: Way<'_>) -> Result<String, Fault> {
        let places = (self.places)(settings)?;
        let scopes = self.scopes.join(" ");
        let challenge = challenge(way.verifier);
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", settings.get(CLIENT_ID).trim()),
            ("redirect_uri", way.redirect),
            ("scope", &scopes),
            ("state", way.state),
        ];
        if self.has_pkce {
            fields.push(("code_challenge", &challenge));
            fields.push(("code_challenge_method", "S256"));
        }
        fields.extend(self.extra);
        Ok(Request::get(places.authorize).query(&fields).url)
    }

    /// Asks for the tokens that a code stands for.
    pub fn exchange<'a>(
        &self,
        settings: &'a Settings,
        way: Way<'a>,
        code: &'a str,
    ) -> Result<Request, Fault> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", way.redirect),
        ];
        if self.has_pkce {
            fields.push(("code_verifier", way.verifier));
        }
        self.ask(settings, fields)
    }

    /// Asks for a new access token; nothing where nothing renews it.
    pub fn renewal(&self, settings: &Settings) -> Option<Result<Request, Fault>> {
        let refresh = settings.get(REFRESH);
        let fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh)];
        (!refresh.is_empty()).then(|| self.ask(settings, fields))
    }

    fn ask<'a>(
        &self,
        settings: &'a Settings,
        mut fields: Vec<(&'a str, &'a str)>,
    ) -> Result<Request, Fault> {
        let url = (self.places)(settings)?.token;
        let id = settings.get(CLIENT_ID).trim();
        let secret = settings.get(CLIENT_SECRET).trim();
        fields.push(("client_id", id));
        let is_in_header = self.client == Client::SecretOrPublic && !secret.is_empty();
        if !is_in_header && !secret.is_empty() {
            fields.push(("client_secret", secret));
        }
        let request = Request::form(url, &fields).header("accept", "application/json");
        if !is_in_header {
            return Ok(request);
        }
        let encoded =
            |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let both = BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
        Ok(request.header("authorization", format!("Basic {both}")))
    }

    /// Whether somebody signed in, as told by what is filled in, and it can be renewed.
    pub fn is_renewable(&self, settings: &Settings) -> bool {
        !settings.get(REFRESH).is_empty()
    }

    /// When the access token ends, where that is known.
    pub fn ends(&self, settings: &Settings) -> Option<Micros> {
        settings.get(ENDS).parse().ok()
    }

    /// Puts the tokens among what was filled in. A service that gives no new refresh token goes by the old one.
    pub fn put(&self, settings: &mut Settings, tokens: Tokens) {
        let mut set = |name: &str, value: Option<String>| match value {
            Some(value) => drop(settings.0.insert(name.into(), value)),
            None => drop(settings.0.remove(name)),
        };
        set(self.into, Some(tokens.access));
        set(ENDS, tokens.ends.map(|ends| ends.to_string()));
        if tokens.refresh.is_some() {
            set(REFRESH, tokens.refresh);
        }
        if tokens.scopes.is_some() {
            set(SCOPES, tokens.scopes);
        }
        if let (Some(name), Some(instance)) = (self.instance, tokens.instance) {
            set(name, Some(instance));
        }
    }

    /// Takes away what an earlier signing in gave, and what was pasted in its stead.
    pub fn forget(&self, settings: &mut Settings) {
        for name in [self.into, REFRESH, ENDS, SCOPES].iter().chain(self.pasted) {
            settings.0.remove(*name);
        }
    }
}

/// What was granted at signing in, as the service told it with the token; nothing where it did not, or where a key was pasted.
pub fn granted(settings: &Settings) -> Vec<String> {
    let scopes = settings.get(SCOPES).split([' ', ',']).map(line);
    scopes.filter(|s| !s.is_empty()).collect()
}

/// The S256 challenge of a verifier.
pub fn challenge(verifier: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(digest.as_ref())
}

/// The tokens that were given, or why none were. What a service refuses to renew needs somebody who signs in again; a server that is
/// ill, or something on the way to it, does not.
pub fn tokens(answer: &Response, now: Micros) -> Result<Tokens, Fault> {
    if answer.is_success() {
        return given(answer.read()?, now);
    }
    let refusal: Refusal = answer.read().unwrap_or_default();
    let code = [&refusal.error, &refusal.status]
        .into_iter()
        .find_map(|v| v.as_str().filter(|s| !s.is_empty()))
        .unwrap_or_default();
    let told = match refusal.error_description.is_empty() {
        true => refusal.message.as_str(),
        false => refusal.error_description.as_str(),
    };
    let said = line(format!("{code} {told}").trim());
    Err(match (answer.status, code) {
        (_, "") | (408 | 429 | 500.., _) | (_, "temporarily_unavailable" | "server_error") => {
            let said = match said.is_empty() {
                true => format!("status {} at signing in", answer.status),
                false => said,
            };
            match answer.status {
                429 => answer.fault(now, said),
                _ => Fault::Unreached(said),
            }
        }
        (_, "invalid_scope") => Fault::NotAllowed(said),
        _ => Fault::SignedOut(said),
    })
}

fn given(given: Given, now: Micros) -> Result<Tokens, Fault> {
    if given.access_token.is_empty() {
        return Err(Fault::Strange("a token that is empty".into()));
    }
    let text = given
        .expires_in
        .as_str()
        .and_then(|s| s.trim().parse().ok());
    let seconds = given.expires_in.as_f64().or(text);
    let lasts = seconds.filter(|s| *s > 0.0 && *s < LONGEST as f64);
    let instance = given.instance_url.filter(|url| !url.is_empty());
    if instance
        .as_ref()
        .is_some_and(|u| !u.starts_with("https://"))
    {
        return Err(Fault::Strange("a token for an address without TLS".into()));
    }
    Ok(Tokens {
        access: given.access_token,
        refresh: given.refresh_token.filter(|t| !t.is_empty()),
        ends: lasts.map(|s| now + (s * 1e6) as Micros),
        instance,
        // Some write a list.
        scopes: match &given.scope {
            serde_json::Value::Array(all) => {
                let all: Vec<&str> = all.iter().filter_map(|s| s.as_str()).collect();
                Some(all.join(" "))
            }
            one => one.as_str().map(String::from),
        }
        .filter(|s| !s.trim().is_empty()),
    })
}

#[cfg(test)]
mod tests;
