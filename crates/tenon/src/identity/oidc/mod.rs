//! Signing in with the company's identity provider: OpenID Connect, authorization code with PKCE.
//!
//! What a sign-in under way has to remember (state, nonce, verifier) is in a cookie of the browser that began it, so
//! that nobody fills our database by beginning, any node can end what another began, and a code that was begun
//! elsewhere ends nowhere.

mod provider;
mod settings;
mod token;

pub use provider::Provider;
pub use settings::Settings;

use super::keep::Standing;
use super::secret::{Digest, Secret};
use super::{Identity, NewPerson, Role, directory};
use crate::activity::{self, Kind};
use crate::problem::Problem;
use crate::store::Tx;
use crate::store::people::{self, PersonRow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provider::Back;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How addresses end that stand in for ones nobody has verified. No mail goes there.
const UNVERIFIED: &str = "@unverified.invalid";
/// How teams that come of groups are marked.
const MARK: &str = "oidc:";

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

/// What the provider says of a person.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    /// Issuer and subject.
    subject: String,
    /// Only one that the provider has verified.
    email: Option<String>,
    name: String,
    groups: Vec<String>,
}

impl Told {
    fn of(claims: &Value, settings: &Settings) -> Option<Told> {
        let text = |name: &str| {
            claims[name]
                .as_str()
                .map(str::trim)
                .filter(|t| !t.is_empty())
        };
        let is_verified = claims["email_verified"] == true || claims["email_verified"] == "true";
        let email = text("email").filter(|_| is_verified);
        let name = ["name", "preferred_username", "nickname", "email"];
        let name = name.into_iter().find_map(text).unwrap_or("Somebody new");
        let groups = match &claims[settings.groups.as_str()] {
            Value::String(one) => vec![one.clone()],
            many => many
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|g| g.as_str().map(String::from))
                .collect(),
        };
        Some(Told {
            subject: format!("{} {}", settings.issuer.trim_end_matches('/'), text("sub")?),
            email: email.and_then(|e| directory::email(e).ok()),
            name: name.chars().take(100).collect(),
            groups,
        })
    }
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
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &provider.settings.scopes)
            .append_pair("state", &under_way.state)
            .append_pair("nonce", &under_way.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
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

    /// The person the provider speaks of, made on her first sign-in, in the role and teams that her groups give.
    async fn told_by(
        &self,
        tx: &mut Tx,
        told: &Told,
        settings: &Settings,
    ) -> Result<PersonRow, Problem> {
        people::lock(tx).await?;
        let role = settings.role(&told.groups).ok_or_else(|| {
            Problem::new(
                403,
                "no_group",
                "None of your groups is let in here.",
                "Ask an owner of this Tenon, or who keeps the groups in your company.",
            )
        })?;
        let person = self.matched(tx, told, role).await?;
        if person.state != "active" {
            return Err(Problem::new(
                403,
                "suspended",
                "Your account here is suspended.",
                "Ask an owner of this Tenon.",
            ));
        }
        if !settings.roles.is_empty() && person.role != role.word() {
            let asked = Standing {
                role: Some(role),
                active: None,
            };
            match self
                .stand_in(tx, &person.id, &asked, "identity provider")
                .await
            {
                // Groups that were set up wrong must not leave nobody who can set them right.
                Err(problem) if problem.code == "last_owner" => {}
                done => _ = done?,
            }
        }
        if !settings.teams.is_empty() {
            self.put_into_teams(tx, &person.id, &settings.teams(&told.groups))
                .await?;
        }
        Ok(person)
    }

    /// By subject; else by an address that the provider has verified; else somebody new.
    async fn matched(&self, tx: &mut Tx, told: &Told, role: Role) -> Result<PersonRow, Problem> {
        if let Some(mut known) = people::by_subject_in(tx, &told.subject).await? {
            // What was not verified at first may be now.
            if let Some(email) = &told.email
                && known.email.ends_with(UNVERIFIED)
                && people::by_email_in(tx, email).await?.is_none()
            {
                known.email = email.clone();
                people::update(tx, &known).await?;
            }
            return Ok(known);
        }
        let known = match &told.email {
            Some(email) => people::by_email_in(tx, email).await?,
            None => None,
        };
        let mut row = match known {
            Some(known) if known.subject.is_some() => {
                return Err(Problem::new(
                    409,
                    "taken",
                    "Your address belongs to somebody who signs in with another account.",
                    "Sign in with that one, or ask an owner of this Tenon.",
                ));
            }
            Some(known) => known,
            None => {
                // An address nobody has verified may be another's: mail must not go there.
                let none = || {
                    let digest = Digest::of(&told.subject).text();
                    format!("{}{UNVERIFIED}", &digest[..16])
                };
                let new = NewPerson {
                    name: told.name.clone(),
                    email: told.email.clone().unwrap_or_else(none),
                    role,
                    password: None,
                };
                self.add_in(tx, new, "identity provider").await?
            }
        };
        row.subject = Some(told.subject.clone());
        people::update(tx, &row).await?;
        let payload = json!({ "person": row.id, "what": "identity provider" });
        let kind = Kind::PersonChanged;
        activity::record_installation(tx, self.now(), kind, &row.id, &payload).await?;
        Ok(row)
    }

    /// Into the teams of her groups, and out of those that come of groups she is not in.
    async fn put_into_teams(
        &self,
        tx: &mut Tx,
        person: &str,
        wanted: &[(String, String)],
    ) -> Result<(), Problem> {
        const BY: &str = "identity provider";
        let held = people::teams_of_in(tx, person).await?;
        let mut stays = Vec::new();
        for (group, name) in wanted {
            let mark = format!("{MARK}{group}");
            let all = people::teams_in(tx).await?;
            let found = all
                .iter()
                .find(|t| t.external.as_deref() == Some(&mark))
                .or_else(|| all.iter().find(|t| &t.name == name));
            let id = match found {
                Some(team) => team.id.clone(),
                None => self.add_team_in(tx, name, Some(&mark), BY).await?.id,
            };
            if !held.contains(&id) {
                self.set_members_in(tx, &id, (&[person.to_string()], &[]), BY)
                    .await?;
            }
            stays.push(id);
        }
        for team in people::teams_in(tx).await? {
            let is_ours = team
                .external
                .as_deref()
                .is_some_and(|e| e.starts_with(MARK));
            if is_ours && held.contains(&team.id) && !stays.contains(&team.id) {
                self.set_members_in(tx, &team.id, (&[], &[person.to_string()]), BY)
                    .await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
