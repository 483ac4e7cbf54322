//! What a person does to her own account.

use super::wishes::{self, Wishes};
use super::{Actor, Identity, Via, directory, password};
use crate::activity::{self, Kind};
use crate::problem::Problem;
use serde_json::json;
use store::doors::{self, SessionRow, TokenRow};
use store::people::{self, PersonRow};

/// What is to change; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub name: Option<String>,
    pub handle: Option<String>,
    pub zone: Option<String>,
    pub wishes: Option<Wishes>,
}

impl Identity {
    /// The person behind a request, as she is kept now.
    pub async fn me(&self, actor: &Actor) -> Result<PersonRow, Problem> {
        self.active(actor.id()).await
    }

    /// Changes what a person says of herself.
    pub async fn edit(&self, person: &str, asked: Profile, by: &str) -> Result<PersonRow, Problem> {
        let mut tx = self.db().begin().await?;
        let before = people::find_in(&mut tx, person)
            .await?
            .ok_or_else(|| Problem::not_found("person"))?;
        let mut row = before.clone();
        if let Some(name) = &asked.name {
            row.name = directory::name(name)?;
        }
        if let Some(zone) = &asked.zone {
            row.zone = wishes::zone(zone)?;
        }
        if let Some(wish) = asked.handle.as_deref().filter(|h| *h != before.handle) {
            row.handle = directory::handle(wish);
            if people::is_handle_taken(&mut tx, &row.handle, person).await? {
                return Err(taken_handle(&row.handle));
            }
        }
        if let Some(wishes) = asked.wishes {
            row.settings = wishes.checked()?.kept_in(&row.settings);
        }
        if row == before {
            return Ok(row);
        }
        people::update(&mut tx, &row).await?;
        let payload = json!({ "person": person, "what": "profile" });
        activity::record_installation(&mut tx, self.now(), Kind::PersonChanged, by, &payload)
            .await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    /// Sets a password; who has one has to know it. Everybody else who is signed in as her is signed out.
    /// Only from a browser: a token that could set a password would soon do all that its person may.
    pub async fn set_password(&self, actor: &Actor, old: &str, new: &str) -> Result<(), Problem> {
        let Via::Session(here) = actor.via() else {
            return Err(Problem::new(
                403,
                "session",
                "A token sets no password.",
                "Sign in with a browser.",
            ));
        };
        let person = self.me(actor).await?;
        if let Some(kept) = person.password.clone() {
            let (throttle, now) = (&self.inner.throttle, self.now());
            throttle.count(&person.email, &person.id, now)?;
            if !password::fits(old, Some(kept)).await? {
                return Err(Problem::new(
                    403,
                    "wrong_password",
                    "The present password is another one.",
                    "Try again, or ask an owner for a link that signs you in.",
                ));
            }
            throttle.forgive(&person.email);
        }
        let hashed = password::hashed(new).await?;
        let mut tx = self.db().begin().await?;
        let mut row = people::find_in(&mut tx, &person.id)
            .await?
            .ok_or_else(|| Problem::not_found("person"))?;
        row.password = Some(hashed);
        people::update(&mut tx, &row).await?;
        doors::close_sessions(&mut tx, &row.id, Some(&here.text())).await?;
        let payload = json!({ "person": row.id, "what": "password" });
        let (now, kind) = (self.now(), Kind::PersonChanged);
        activity::record_installation(&mut tx, now, kind, actor.id(), &payload).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Her sessions that are not over, newest first.
    pub async fn sessions(&self, person: &str) -> Result<Vec<SessionRow>, Problem> {
        let mut all = doors::sessions_of(self.db(), person).await?;
        let now = self.now();
        all.retain(|s| s.ends > now);
        Ok(all)
    }

    /// Ends one session of hers by the beginning of its digest, or all but the one that asks.
    pub async fn end_sessions(&self, actor: &Actor, which: Option<&str>) -> Result<(), Problem> {
        // Read before the transaction: who holds one asks for no second connection.
        let all = doors::sessions_of(self.db(), actor.id()).await?;
        let mut tx = self.db().begin().await?;
        match which {
            Some(begin) => {
                let found = all
                    .iter()
                    .find(|s| begin.len() >= 16 && s.digest.starts_with(begin))
                    .ok_or_else(|| Problem::not_found("session"))?;
                doors::close_session(&mut tx, &found.digest).await?;
            }
            None => {
                let here = match actor.via() {
                    Via::Session(digest) => Some(digest.text()),
                    Via::Token(_) => None,
                };
                doors::close_sessions(&mut tx, actor.id(), here.as_deref()).await?;
            }
        }
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Her tokens that still work, newest first.
    pub async fn tokens(&self, person: &str) -> Result<Vec<TokenRow>, Problem> {
        let mut all = doors::tokens_of(self.db(), person).await?;
        let now = self.now();
        all.retain(|t| t.revoked.is_none() && t.ends.is_none_or(|e| e > now));
        Ok(all)
    }

    /// A token for the one who asks. A token makes none that may more, or works longer, than itself.
    pub async fn make_own_token(
        &self,
        actor: &Actor,
        name: &str,
        scopes: super::Scopes,
        ends: Option<mining::Micros>,
    ) -> Result<(TokenRow, String), Problem> {
        if ends.is_some_and(|e| e <= self.now()) {
            return Err(Problem::bad_request(
                "The end lies in the past.",
                "Choose a later day, or none.",
            ));
        }
        for scope in [super::Scope::Admin, super::Scope::Scim] {
            if scopes.has(scope) && !actor.is_at_least(super::Role::Owner) {
                return Err(Problem::new(
                    403,
                    "role",
                    format!("The scope \"{}\" is for owners.", scope.word()),
                    "Leave it out.",
                ));
            }
        }
        if let Via::Token(id) = actor.via() {
            let own = self.tokens(actor.id()).await?;
            let limit = own.iter().find(|t| &t.id == id).and_then(|t| t.ends);
            let is_longer = limit.is_some_and(|l| ends.is_none_or(|e| e > l));
            if !actor.scopes().holds(scopes) || is_longer {
                return Err(Problem::new(
                    403,
                    "scope",
                    "A token makes none that may more, or works longer, than itself.",
                    "Ask for less, or make it on the page of your account.",
                ));
            }
        }
        self.make_token(actor.id(), name, scopes, ends, actor.id())
            .await
    }
}

fn taken_handle(handle: &str) -> Problem {
    Problem::new(
        409,
        "taken",
        format!("@{handle} is somebody else, or a team."),
        "Choose another.",
    )
}
