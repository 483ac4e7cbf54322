//! Signing in with a passkey: Web Authentication level 2, with passkeys that know whom they are of, and that ask for a
//! finger, a face or a PIN.
//!
//! A challenge is a secret like any other that opens a door: only its digest is kept, it works once, and not for long.
//! It is used up by the first answer that names it, right or wrong. What a maker attests of its authenticators is not
//! asked for: whoever may sign in may choose what she signs in with.

mod cbor;
mod key;
mod said;
#[cfg(test)]
mod tests;

pub use said::Rp;

use super::secret::{Digest, Secret, hex};
use super::{Actor, Identity, Via, directory};
use crate::activity::{self, Kind};
use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mining::Micros;
use mining::time::MINUTE;
use said::{Ceremony, Client, Made, Refused};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::doors::{self, OneTimeRow};
use store::passkeys::{self, PasskeyRow};
use store::{Tx, people};

/// So long a challenge works.
const PATIENCE: Micros = 5 * MINUTE;
/// So many a person may have.
const MOST: usize = 20;
const PURPOSE: &str = "passkey";

/// What is kept of a passkey. Bytes are base64url.
#[derive(Debug, Serialize, Deserialize)]
struct Credential {
    /// What its authenticator calls it.
    id: String,
    /// Its public key, in COSE.
    key: String,
    /// How often it was used, as far as its authenticator counts.
    counter: u32,
}

/// What a browser sends when a passkey was made. Bytes are base64url.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewPasskey {
    /// What its person calls it.
    pub name: String,
    pub client: String,
    pub attestation: String,
}

/// What a browser sends when a passkey was shown. Bytes are base64url.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    pub id: String,
    pub client: String,
    pub data: String,
    pub signature: String,
    /// Whom it says it is of.
    pub user: String,
}

impl Identity {
    /// Her passkeys, oldest first.
    pub async fn passkeys(&self, person: &str) -> Result<Vec<PasskeyRow>, Problem> {
        Ok(passkeys::of_person(self.db(), person).await?)
    }

    /// Begins to add one: what the browser is to make (PublicKeyCredentialCreationOptions; bytes are base64url).
    /// Only from a browser: a token that could add one would soon do all that its person may.
    pub async fn begin_passkey(&self, actor: &Actor, rp: &Rp) -> Result<Value, Problem> {
        in_a_browser(actor)?;
        let person = self.me(actor).await?;
        let kept = self.passkeys(&person.id).await?;
        if kept.len() >= MOST {
            return Err(too_many());
        }
        self.inner.throttle.begun(&person.id, self.now())?;
        let known: Vec<_> = kept
            .iter()
            .filter_map(|row| credential(row).ok())
            .map(|c| json!({ "type": "public-key", "id": c.id }))
            .collect();
        let kinds = key::UNDERSTOOD.map(|alg| json!({ "type": "public-key", "alg": alg }));
        Ok(json!({
            "challenge": self.challenge(Some(&person.id)).await?,
            "rp": { "id": rp.id, "name": "Tenon" },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(&person.id),
                "name": person.email,
                "displayName": person.name,
            },
            "pubKeyCredParams": kinds,
            "excludeCredentials": known,
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
            "timeout": PATIENCE / 1000,
        }))
    }

    /// Adds what the browser made.
    pub async fn add_passkey(
        &self,
        actor: &Actor,
        rp: &Rp,
        new: &NewPasskey,
    ) -> Result<(), Problem> {
        in_a_browser(actor)?;
        let name = directory::name(&new.name)?;
        if self.passkeys(actor.id()).await?.len() >= MOST {
            return Err(too_many());
        }
        let mut tx = self.db().begin().await?;
        let (made, counter) = match self.made(&mut tx, actor.id(), rp, new).await? {
            Ok(made) => made,
            Err(why) => {
                // The challenge stays used.
                tx.commit().await?;
                tracing::info!(%why, "a passkey was not added");
                return Err(not_added(why));
            }
        };
        let credential = Credential {
            id: URL_SAFE_NO_PAD.encode(&made.id),
            key: URL_SAFE_NO_PAD.encode(&made.key),
            counter,
        };
        let row = PasskeyRow {
            id: id_of(&made.id),
            person: actor.id().into(),
            name,
            credential: serde_json::to_string(&credential).map_err(anyhow::Error::from)?,
            created: self.now(),
            used: None,
        };
        if !passkeys::insert(&mut tx, &row).await? {
            tx.commit().await?;
            return Err(Problem::new(
                409,
                "taken",
                "This passkey is here already.",
                "Sign in with it, or make another.",
            ));
        }
        let payload = json!({ "passkey": row.id, "person": row.person });
        let (now, kind) = (row.created, Kind::PasskeyAdded);
        activity::record_installation(&mut tx, now, kind, actor.id(), &payload).await?;
        Ok(tx.commit().await?)
    }

    async fn made(
        &self,
        tx: &mut Tx,
        person: &str,
        rp: &Rp,
        new: &NewPasskey,
    ) -> Result<Result<(Made, u32), Refused>, Problem> {
        let Ok((client, attestation)) = bytes(&new.client).and_then(|c| {
            let attestation = bytes(&new.attestation)?;
            Ok((Client::read(&c)?, attestation))
        }) else {
            return Ok(Err(Refused::Form));
        };
        if !self.answers(tx, &client, Some(person)).await? {
            return Ok(Err(Refused::Challenge));
        }
        let checked = client.check(Ceremony::Make, rp);
        Ok(checked.and_then(|()| said::made(&attestation, rp)))
    }

    pub async fn remove_passkey(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        in_a_browser(actor)?;
        let mut tx = self.db().begin().await?;
        if !passkeys::remove(&mut tx, actor.id(), id).await? {
            return Err(Problem::not_found("passkey"));
        }
        let payload = json!({ "passkey": id, "person": actor.id() });
        let (now, kind) = (self.now(), Kind::PasskeyRemoved);
        activity::record_installation(&mut tx, now, kind, actor.id(), &payload).await?;
        Ok(tx.commit().await?)
    }

    /// Begins to sign in: what the browser is to show (PublicKeyCredentialRequestOptions; bytes are base64url).
    pub async fn begin_sign_in(&self, rp: &Rp, place: &str) -> Result<Value, Problem> {
        self.inner.throttle.begun(place, self.now())?;
        Ok(json!({
            "challenge": self.challenge(None).await?,
            "rpId": rp.id,
            "userVerification": "required",
            "timeout": PATIENCE / 1000,
        }))
    }

    /// Signs in with what the browser showed.
    pub async fn sign_in_by_passkey(
        &self,
        rp: &Rp,
        shown: &Shown,
        (agent, place): (&str, &str),
    ) -> Result<Secret, Problem> {
        let id = id_of(&bytes(&shown.id).unwrap_or_default());
        self.inner.throttle.count(&id, place, self.now())?;
        let mut tx = self.db().begin().await?;
        let why = match self.shown(&mut tx, &id, rp, shown).await? {
            Ok(person) => {
                let secret = self.open_session(&mut tx, &person, agent, PURPOSE).await?;
                tx.commit().await?;
                self.inner.throttle.forgive(&id);
                return Ok(secret);
            }
            Err(why) => why,
        };
        let mut payload = json!({ "by": PURPOSE, "why": why.to_string() });
        if why == Refused::Counter {
            // Owners see of whom a copy may be about.
            let kept = passkeys::find_in(&mut tx, &id).await?;
            payload["passkey"] = id.into();
            payload["person"] = json!(kept.map(|p| p.person));
        }
        let (now, kind) = (self.now(), Kind::SignInRefused);
        activity::record_installation(&mut tx, now, kind, "nobody", &payload).await?;
        tx.commit().await?;
        tracing::info!(%why, "a passkey was refused");
        Err(refused(why))
    }

    /// The person whose passkey was shown.
    async fn shown(
        &self,
        tx: &mut Tx,
        id: &str,
        rp: &Rp,
        shown: &Shown,
    ) -> Result<Result<String, Refused>, Problem> {
        let parts = [&shown.client, &shown.data, &shown.signature, &shown.user];
        let [Ok(client), Ok(data), Ok(sign), Ok(user)] = parts.map(|p| bytes(p)) else {
            return Ok(Err(Refused::Form));
        };
        let told = match Client::read(&client) {
            Ok(told) => told,
            Err(why) => return Ok(Err(why)),
        };
        if !self.answers(tx, &told, None).await? {
            return Ok(Err(Refused::Challenge));
        }
        if let Err(why) = told.check(Ceremony::Show, rp) {
            return Ok(Err(why));
        }
        let Some(row) = passkeys::find_in(tx, id).await? else {
            return Ok(Err(Refused::Unknown));
        };
        if user != row.person.as_bytes() {
            return Ok(Err(Refused::Person));
        }
        let mut kept = credential(&row)?;
        let public = bytes(&kept.key).unwrap_or_default();
        let data = match said::shown((&data, &client, &sign), &public, rp) {
            Ok(data) => data,
            Err(why) => return Ok(Err(why)),
        };
        if !data.counts_up(kept.counter) {
            return Ok(Err(Refused::Counter));
        }
        let person = people::find_in(tx, &row.person).await?;
        if person.is_none_or(|p| p.state != "active") {
            return Ok(Err(Refused::Suspended));
        }
        kept.counter = data.counter;
        let kept = serde_json::to_string(&kept).map_err(anyhow::Error::from)?;
        passkeys::used(tx, &row.id, &kept, self.now()).await?;
        Ok(Ok(row.person))
    }

    /// A fresh challenge, base64url: for a person who adds a passkey, or for whoever signs in.
    async fn challenge(&self, person: Option<&str>) -> Result<String, Problem> {
        let (secret, now) = (self.secret()?, self.now());
        let row = OneTimeRow {
            digest: secret.digest().text(),
            purpose: PURPOSE.into(),
            person: person.map(String::from),
            payload: "{}".into(),
            created: now,
            ends: now + PATIENCE,
            used: None,
        };
        let mut tx = self.db().begin().await?;
        doors::sweep_one_time(&mut tx, PURPOSE, now).await?;
        doors::add_one_time(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(URL_SAFE_NO_PAD.encode(secret.text()))
    }

    /// Uses up the challenge that is answered; whether there was such a one, for that person or for whoever signs in.
    async fn answers(
        &self,
        tx: &mut Tx,
        client: &Client,
        person: Option<&str>,
    ) -> Result<bool, Problem> {
        let said = bytes(&client.challenge).unwrap_or_default();
        let digest = Digest::of(&String::from_utf8_lossy(&said)).text();
        let found = doors::use_one_time(tx, &digest, self.now()).await?;
        let found = found.filter(|f| f.purpose == PURPOSE);
        Ok(found.is_some_and(|f| f.person.as_deref() == person))
    }
}

/// Under what a passkey is kept: the ids that authenticators give are of any length.
fn id_of(id: &[u8]) -> String {
    format!("key_{}", hex(&Sha256::digest(id)))
}

fn credential(row: &PasskeyRow) -> Result<Credential, Problem> {
    Ok(serde_json::from_str(&row.credential).map_err(anyhow::Error::from)?)
}

fn bytes(text: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Form)
}

fn in_a_browser(actor: &Actor) -> Result<(), Problem> {
    match actor.via() {
        Via::Session(_) => Ok(()),
        Via::Token(_) => Err(Problem::new(
            403,
            "session",
            "A token keeps no passkeys.",
            "Sign in with a browser.",
        )),
    }
}

fn too_many() -> Problem {
    Problem::new(
        409,
        "too_many",
        format!("{MOST} passkeys are as many as a person may have."),
        "Take one away first.",
    )
}

fn not_added(why: Refused) -> Problem {
    let (what, remedy) = match why {
        Refused::Challenge => (
            "This took more than 5 minutes, or was done already.",
            "Begin it again.",
        ),
        Refused::Unverified | Refused::Absent => (
            "This passkey asks for no finger, face or PIN.",
            "Set one up where it is kept, or make it elsewhere.",
        ),
        Refused::Key => (
            "This passkey signs in a way that is not understood here.",
            "Make it with another device.",
        ),
        _ => (
            "This passkey was not made for here.",
            "Open Tenon by its own address and begin again.",
        ),
    };
    Problem::bad_request(what, remedy)
}

/// Who is refused learns no more than what helps: not whether somebody is suspended, nor whose it is.
fn refused(why: Refused) -> Problem {
    let what = match why {
        Refused::Challenge => "Signing in took more than 5 minutes, or was done already.",
        _ => "This passkey lets nobody in here.",
    };
    let remedy = "Try again, or sign in by another way.";
    Problem::new(401, "passkey", what, remedy)
}
