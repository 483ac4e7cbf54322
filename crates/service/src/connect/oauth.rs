//! Signing in to services with OAuth, and renewing what that gave.
//!
//! A sign-in under way is a row of ours, sealed: the browser carries a secret that finds it, for the person and the session that began it,
//! once and for some minutes. What is given for a code goes the same way, until what was signed in to is connected, and never into a page.
//!
//! A refresh token works once with many services; two who use it at once lose the connection. So whoever renews, or changes a key in any
//! way, holds the connection's key by a lease in its row, across nodes. Who comes second waits and takes what the first got. What was got is
//! committed before it is used.

use super::{Connect, told};
use base::identity::{Actor, Via, secret::Digest, secret::Secret};
use base::problem::Problem;
use connectors::oauth::{self, CLIENT_ID, CLIENT_SECRET, Client, Way};
use connectors::{About, Fault, Http, OAuth, Settings};
use mining::Micros;
use mining::time::MINUTE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use store::connections::{self, ConnectionRow, REMOVED};
use store::sign_ins::{self, AWAY, BACK, SignInRow, Whose};

/// How long somebody may be at the service, and then choose what is connected.
const WHILE_AWAY: Micros = 10 * MINUTE;
const WHILE_BACK: Micros = 30 * MINUTE;
/// An access token that ends within this is renewed before it is used.
const SOON: Micros = 2 * MINUTE;
/// How long a key is held at the most; longer than any service may take to answer.
const HELD: Micros = 2 * MINUTE;
/// How long somebody waits for the key, and how often she looks.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK: Duration = Duration::from_millis(50);

/// What the service sends the browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Back {
    code: String,
    state: String,
    error: String,
    error_description: String,
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq)]
pub enum SignedIn {
    /// To what is not connected yet: its kind, and the secret under which the tokens wait.
    New { kind: String, secret: String },
    /// To a connection there was; it goes on.
    Again { connection: String },
}

/// Nobody signed in: why, and the page to begin again on.
#[derive(Debug)]
pub struct NotIn {
    pub problem: Problem,
    pub to: String,
}

/// What waits for the browser.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    verifier: String,
    /// What the connection is going to be called.
    name: String,
    settings: BTreeMap<String, String>,
}

/// What was signed in to and is not connected yet.
pub struct Waiting {
    pub kind: String,
    pub name: String,
    pub settings: Settings,
    row: SignInRow,
}

pub(super) fn changed_meanwhile() -> Problem {
    Problem::new(
        409,
        "changed_meanwhile",
        "Its key was changed meanwhile.",
        "Look at it again, and repeat what is still to be done.",
    )
}

fn over() -> Problem {
    Problem::new(
        400,
        "begun_elsewhere",
        "This sign-in was begun elsewhere, too long ago, or is done already.",
        "Begin it again here.",
    )
}

fn missing(label: &str, hint: &str) -> Problem {
    Problem::new(422, "field_missing", format!("{label} is empty."), hint)
}

/// Of a session, or of a token.
fn door(actor: &Actor) -> String {
    match actor.via() {
        Via::Session(digest) => digest.text(),
        Via::Token(id) => id.clone(),
    }
}

impl Connect {
    /// How a kind is signed in to, where it can be.
    pub fn oauth(&self, kind: &str) -> Option<OAuth> {
        match self.channel(kind) {
            Ok(channel) => channel.oauth(),
            Err(_) => self.source(kind).ok()?.oauth(),
        }
    }

    /// The address that services send the browser back to; apps are registered with it.
    pub fn redirect(&self) -> String {
        format!("{}/connections/oauth", self.inner.site.url())
    }

    /// Begins to sign in, to something new or to a connection again: the address that the browser goes to.
    pub async fn sign_in(
        &self,
        actor: &Actor,
        kind: &str,
        (name, connection): (&str, Option<&str>),
        filled: &Settings,
    ) -> Result<String, Problem> {
        let about = self.about(kind)?;
        let oauth = self.oauth(kind);
        let oauth = oauth.ok_or_else(|| Problem::not_found("way to sign in"))?;
        let mut settings = match connection {
            Some(id) => self.settings(&self.find(id).await?.row).unwrap_or_default(),
            None => Settings::default(),
        };
        settings.0.extend(filled.0.clone());
        is_enough(&about, &oauth, &settings)?;
        let secret = || Ok::<_, Problem>(Secret::new(self.clock().secret()?).text());
        let (state, verifier) = (secret()?, secret()?);
        let redirect = self.redirect();
        let way = Way {
            redirect: &redirect,
            state: &state,
            verifier: &verifier,
        };
        let address = oauth.address(&settings, way);
        let address = address.map_err(|fault| told(&about, &fault))?;
        let kept = Kept {
            verifier: verifier.clone(),
            name: name.into(),
            settings: filled.0.clone(),
        };
        let place = (kind, connection);
        let ends = self.clock().now() + WHILE_AWAY;
        self.remember(actor, &state, place, AWAY, &kept, ends)
            .await?;
        Ok(address)
    }

    async fn remember(
        &self,
        actor: &Actor,
        secret: &str,
        (kind, connection): (&str, Option<&str>),
        stage: &str,
        kept: &Kept,
        ends: Micros,
    ) -> Result<(), Problem> {
        let digest = Digest::of(secret).text();
        let text = serde_json::to_string(kept).map_err(anyhow::Error::from)?;
        let row = SignInRow {
            sealed: self.inner.seal.seal(self.clock(), &digest, &text)?,
            digest,
            person: actor.id().into(),
            door: door(actor),
            kind: kind.into(),
            connection: connection.map(String::from),
            stage: stage.into(),
            ends,
        };
        let mut tx = self.db().begin().await?;
        sign_ins::insert(&mut tx, &row, self.clock().now()).await?;
        Ok(tx.commit().await?)
    }

    fn remembered(&self, row: &SignInRow) -> Result<Kept, Problem> {
        let text = self.inner.seal.open(&row.digest, &row.sealed)?;
        Ok(serde_json::from_str(&text).map_err(anyhow::Error::from)?)
    }

    /// The browser is back: the code becomes tokens, and they wait, or the connection goes on with them.
    pub async fn signed_in(&self, actor: &Actor, back: &Back) -> Result<SignedIn, NotIn> {
        let nowhere = |problem: Problem| NotIn {
            problem,
            to: "/connections".into(),
        };
        let (digest, door) = (Digest::of(&back.state).text(), door(actor));
        let whose = Whose {
            digest: &digest,
            person: actor.id(),
            door: &door,
            stage: AWAY,
            now: self.clock().now(),
        };
        let taken = async {
            let mut tx = self.db().begin().await?;
            let row = sign_ins::take(&mut tx, &whose).await?;
            tx.commit().await?;
            row.ok_or_else(over)
        };
        let row = taken.await.map_err(nowhere)?;
        let to = match &row.connection {
            Some(id) => format!("/connections/{id}"),
            None => format!("/connections/new?kind={}", row.kind),
        };
        // Whoever closes the page while tokens are fetched would lose them.
        let (connect, actor) = (self.clone(), actor.clone());
        let (code, refused) = (back.code.clone(), refusal(back));
        let done = tokio::spawn(async move {
            let done = connect.came_back(&actor, row, &code, refused).await;
            done.map_err(|problem| NotIn { problem, to })
        });
        done.await
            .map_err(|e| nowhere(anyhow::Error::from(e).into()))?
    }

    async fn came_back(
        &self,
        actor: &Actor,
        row: SignInRow,
        code: &str,
        refused: Option<String>,
    ) -> Result<SignedIn, Problem> {
        let about = self.about(&row.kind)?;
        let oauth = self.oauth(&row.kind);
        let oauth = oauth.ok_or_else(|| Problem::not_found("way to sign in"))?;
        if let Some(said) = refused {
            return Err(Problem::new(
                403,
                "denied",
                format!("{} did not let us in: {said}.", about.title),
                "Begin again, and allow it there.",
            ));
        }
        let kept = self.remembered(&row)?;
        let mut settings = match &row.connection {
            Some(id) => self.settings(&self.find(id).await?.row).unwrap_or_default(),
            None => Settings::default(),
        };
        settings.0.extend(kept.settings.clone());
        let redirect = self.redirect();
        let way = Way {
            redirect: &redirect,
            state: "",
            verifier: &kept.verifier,
        };
        let asked = async {
            let request = oauth.exchange(&settings, way, code)?;
            let answer = self.inner.carrier.send(request).await?;
            oauth::tokens(&answer, self.clock().now())
        };
        let tokens = asked.await.map_err(|fault| not_given(&about, &fault))?;
        if let Some(connection) = row.connection {
            let filled = kept.settings;
            let change = |settings: &mut Settings| {
                settings.0.extend(filled);
                oauth.forget(settings);
                oauth.put(settings, tokens);
            };
            self.change_key(actor, &connection, change).await?;
            return Ok(SignedIn::Again { connection });
        }
        oauth.forget(&mut settings);
        oauth.put(&mut settings, tokens);
        let ends = self.clock().now() + WHILE_BACK;
        let ends = oauth.ends(&settings).map_or(ends, |e| e.min(ends));
        let kept = Kept {
            verifier: String::new(),
            name: kept.name,
            settings: settings.0,
        };
        let secret = Secret::new(self.clock().secret()?).text();
        let place = (row.kind.as_str(), None);
        self.remember(actor, &secret, place, BACK, &kept, ends)
            .await?;
        Ok(SignedIn::New {
            kind: row.kind,
            secret,
        })
    }

    /// What was signed in to and waits to be connected.
    pub async fn waiting(&self, actor: &Actor, secret: &str) -> Result<Waiting, Problem> {
        let (digest, door) = (Digest::of(secret).text(), door(actor));
        let row = sign_ins::find(self.db(), &self.back(actor, &digest, &door)).await?;
        self.opened_waiting(row)
    }

    /// The same, and nobody else gets it any more: a refresh token is of one connection.
    pub async fn take_waiting(&self, actor: &Actor, secret: &str) -> Result<Waiting, Problem> {
        let (digest, door) = (Digest::of(secret).text(), door(actor));
        let mut tx = self.db().begin().await?;
        let row = sign_ins::take(&mut tx, &self.back(actor, &digest, &door)).await?;
        tx.commit().await?;
        self.opened_waiting(row)
    }

    /// It was not connected, and waits on.
    pub async fn put_back(&self, waiting: &Waiting) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        sign_ins::insert(&mut tx, &waiting.row, self.clock().now()).await?;
        Ok(tx.commit().await?)
    }

    fn back<'a>(&self, actor: &'a Actor, digest: &'a str, door: &'a str) -> Whose<'a> {
        Whose {
            digest,
            person: actor.id(),
            door,
            stage: BACK,
            now: self.clock().now(),
        }
    }

    fn opened_waiting(&self, row: Option<SignInRow>) -> Result<Waiting, Problem> {
        let row = row.ok_or_else(over)?;
        let kept = self.remembered(&row)?;
        Ok(Waiting {
            kind: row.kind.clone(),
            name: kept.name,
            settings: Settings(kept.settings),
            row,
        })
    }

    /// The key of a connection, renewed where it is about to end.
    pub(crate) async fn fresh(
        &self,
        row: &ConnectionRow,
        settings: Settings,
    ) -> Result<Settings, Fault> {
        let oauth = self.oauth(&row.kind);
        match oauth.filter(|o| o.is_renewable(&settings)) {
            Some(oauth) if self.ends_soon(&oauth, &settings) => {
                self.renew(&row.id, oauth, settings).await
            }
            _ => Ok(settings),
        }
    }

    /// The key of a connection after the service said of this one that it is over.
    pub(super) async fn after(
        &self,
        row: &ConnectionRow,
        used: Settings,
        said: String,
    ) -> Result<Settings, Fault> {
        let oauth = self.oauth(&row.kind);
        match oauth.filter(|o| o.is_renewable(&used)) {
            Some(oauth) => self.renew(&row.id, oauth, used).await,
            None => Err(Fault::SignedOut(said)),
        }
    }

    fn ends_soon(&self, oauth: &OAuth, settings: &Settings) -> bool {
        let ends = oauth.ends(settings);
        ends.is_some_and(|ends| ends <= self.clock().now() + SOON)
    }

    /// Another key than this one: what somebody got meanwhile, or a new one.
    async fn renew(&self, id: &str, oauth: OAuth, used: Settings) -> Result<Settings, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let holder = self.id("hold");
        let begun = tokio::time::Instant::now();
        loop {
            let is_held = self.try_hold_key(id, &holder).await.map_err(inside)?;
            let now = self.current(id).await.map_err(inside);
            let is_other = |now: &Settings| now.get(oauth.into) != used.get(oauth.into);
            match now {
                Ok(now) if !is_other(&now) && is_held => {
                    // Whoever asked may go away; what is got for the refresh token must not be lost by that.
                    let (connect, id) = (self.clone(), id.to_string());
                    let task = tokio::spawn(async move {
                        let renewed = connect.renew_held(&id, &holder, oauth, now).await;
                        let let_go = connect.let_key_go(&id, &holder).await;
                        renewed.and_then(|s| let_go.map(|()| s).map_err(inside))
                    });
                    return task.await.map_err(|e| Fault::Unreached(e.to_string()))?;
                }
                Ok(now) if !is_other(&now) && begun.elapsed() < PATIENCE => {}
                now => {
                    if is_held {
                        self.let_key_go(id, &holder).await.map_err(inside)?;
                    }
                    let now = now?;
                    return match is_other(&now) {
                        true => Ok(now),
                        false => Err(Fault::Unreached(
                            "its key is being renewed by another node".into(),
                        )),
                    };
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn renew_held(
        &self,
        id: &str,
        holder: &str,
        oauth: OAuth,
        mut settings: Settings,
    ) -> Result<Settings, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let Some(request) = oauth.renewal(&settings) else {
            return Err(Fault::SignedOut("the access has ended".into()));
        };
        let answer = self.inner.carrier.send(request?).await?;
        let tokens = oauth::tokens(&answer, self.clock().now()).map_err(|fault| match fault {
            Fault::SignedOut(said) => Fault::SignedOut(format!(
                "the service does not renew the access any more ({said}); sign in again"
            )),
            fault => fault,
        })?;
        oauth.put(&mut settings, tokens);
        let kept = async {
            let sealed = self.sealed(id, &settings)?;
            let mut tx = self.db().begin().await?;
            let is_kept = connections::set_key(&mut tx, (id, holder), &sealed, None).await?;
            tx.commit().await?;
            Ok::<_, Problem>(is_kept)
        };
        match kept.await.map_err(inside)? {
            true => Ok(settings),
            // Held for too long: whoever has it by now knows better.
            false => self.current(id).await.map_err(inside),
        }
    }

    /// The key as it is now.
    async fn current(&self, id: &str) -> Result<Settings, Problem> {
        let row = connections::find(self.db(), id).await?;
        let row = row.filter(|r| r.state != REMOVED);
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        Ok(self.settings(&row)?)
    }

    async fn try_hold_key(&self, id: &str, holder: &str) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let is_held = connections::hold_key(&mut tx, (id, holder), now, now + HELD).await?;
        tx.commit().await?;
        Ok(is_held)
    }

    /// Makes a key somebody's to change; whoever changes it first is waited for.
    pub(super) async fn hold_key(&self, id: &str) -> Result<String, Problem> {
        self.find(id).await?;
        let holder = self.id("hold");
        let begun = tokio::time::Instant::now();
        while !self.try_hold_key(id, &holder).await? {
            if begun.elapsed() > PATIENCE {
                return Err(changed_meanwhile());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(holder)
    }

    pub(super) async fn let_key_go(&self, id: &str, holder: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        connections::let_key_go(&mut tx, (id, holder)).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether all is filled in that signing in does not give.
fn is_enough(about: &About, oauth: &OAuth, settings: &Settings) -> Result<(), Problem> {
    let is_empty = |name: &str| settings.get(name).trim().is_empty();
    let is_app = |name: &str| name == CLIENT_ID || name == CLIENT_SECRET;
    for field in about.fields.iter().filter(|f| f.is_required) {
        let comes = oauth.gives(field.name) || oauth.pasted.contains(&field.name);
        if !comes && !is_app(field.name) && is_empty(field.name) {
            return Err(missing(field.label, field.hint));
        }
    }
    for field in oauth.fields() {
        let is_needed = field.name == CLIENT_ID || oauth.client == Client::Secret;
        if is_needed && is_empty(field.name) {
            return Err(missing(field.label, field.hint));
        }
    }
    Ok(())
}

/// What the service says instead of a code.
fn refusal(back: &Back) -> Option<String> {
    let said = match (back.error.as_str(), back.error_description.as_str()) {
        ("", _) if !back.code.is_empty() => return None,
        ("", _) => "it gave no code".to_string(),
        (error, "") => error.to_string(),
        (error, described) => format!("{described} ({error})"),
    };
    let said: String = said.chars().filter(|c| !c.is_control()).collect();
    let said = base::format::short(&said, 200);
    Some(said.trim_end_matches('.').to_string())
}

/// Why there are no tokens for a code.
fn not_given(about: &About, fault: &Fault) -> Problem {
    match fault {
        Fault::SignedOut(said) => Problem::new(
            422,
            "code_refused",
            format!(
                "{} did not take what it gave: {}.",
                about.title,
                base::format::short(said, 200).trim_end_matches('.')
            ),
            "Check the client ID and secret, and that the app is registered with the address shown here. Then begin again.",
        ),
        fault => told(about, fault),
    }
}

#[cfg(test)]
mod tests;
