//! Who is asking: people, how they sign in, and what programs carry in their place.
//!
//! What opens a door (a session, a token, a link) is a random secret; only its digest is kept. Who was let in is
//! remembered for [`REMEMBERED`], so that a door that was shut elsewhere is shut here soon after.

pub mod account;
mod actor;
pub mod directory;
pub mod keep;
pub mod oidc;
pub mod panel;
pub mod passkey;
mod password;
pub mod provision;
pub mod secret;
mod throttle;
pub mod wishes;

pub use actor::{Actor, Role, Scope, Scopes, Via};
pub use directory::Directory;

use crate::activity::{self, Kind};
use crate::clock::Clock;
use crate::problem::Problem;
use mining::Micros;
use mining::time::{DAY, HOUR};
use secret::{Digest, Secret};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use store::doors::{self, OneTimeRow, SessionRow, TokenRow};
use store::people::{self, PersonRow};
use store::{Db, Tx};

/// How long it is remembered whom a session or token belongs to, microseconds.
const REMEMBERED: Micros = 5_000_000;
/// A session nobody uses ends after this long.
const SESSION: Micros = 30 * DAY;
/// A link that signs in works for this long.
const LINK: Micros = 24 * HOUR;

/// All that is known of who works here. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    known: RwLock<HashMap<Digest, (Actor, Micros)>>,
    directory: RwLock<(Arc<Directory>, Micros)>,
    throttle: throttle::Throttle,
    provider: Option<oidc::Provider>,
}

/// What a new person is.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Plain; kept only as argon2id.
    pub password: Option<String>,
}

impl Identity {
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Identity {
        Identity {
            inner: Arc::new(Inner {
                db,
                clock,
                known: RwLock::default(),
                directory: RwLock::new((Arc::default(), Micros::MIN)),
                throttle: throttle::Throttle::default(),
                provider: None,
            }),
        }
    }

    /// With an identity provider to sign in by; before it is shared with others.
    pub fn with_provider(mut self, provider: Option<oidc::Provider>) -> Identity {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.provider = provider;
        }
        self
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn now(&self) -> Micros {
        self.inner.clock.now()
    }

    fn secret(&self) -> Result<Secret, Problem> {
        Ok(Secret::new(self.inner.clock.secret()?))
    }

    fn new_id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.inner.clock.id().simple())
    }

    /// Everybody and every team, as of at most [`REMEMBERED`] ago.
    pub async fn directory(&self) -> Result<Arc<Directory>, Problem> {
        let now = self.now();
        {
            let kept = read(&self.inner.directory);
            if is_fresh(kept.1, now) {
                return Ok(kept.0.clone());
            }
        }
        let fresh = Arc::new(Directory::load(self.db()).await?);
        *write(&self.inner.directory) = (fresh.clone(), now);
        Ok(fresh)
    }

    /// What was remembered is read again by the next who asks.
    pub fn forget(&self) {
        write(&self.inner.known).clear();
        write(&self.inner.directory).1 = Micros::MIN;
    }

    /// Whether an owner can sign in; before that, a link on the machine makes the first.
    pub async fn has_owner(&self) -> Result<bool, Problem> {
        let all = people::all(self.db()).await?;
        Ok(all.iter().any(|p| p.role == "owner" && p.state == "active"))
    }

    /// Adds a person in a transaction of its own.
    pub async fn add(&self, new: NewPerson, by: &str) -> Result<PersonRow, Problem> {
        let mut tx = self.db().begin().await?;
        let row = self.add_in(&mut tx, new, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    /// Adds a person; her handle is what stands before the @, made unique.
    pub async fn add_in(
        &self,
        tx: &mut Tx,
        new: NewPerson,
        by: &str,
    ) -> Result<PersonRow, Problem> {
        let email = directory::email(&new.email)?;
        let name = directory::name(&new.name)?;
        let password = match &new.password {
            Some(plain) => Some(password::hashed(plain).await?),
            None => None,
        };
        if people::by_email_in(tx, &email).await?.is_some() {
            return Err(Problem::new(
                409,
                "taken",
                format!("{email} is already here."),
                "Sign in with it, or choose another address.",
            ));
        }
        let wish = email.split('@').next().unwrap_or_default();
        let handle = free_handle(tx, wish).await?;
        let row = PersonRow {
            id: self.new_id("per"),
            handle,
            email,
            name,
            role: new.role.word().into(),
            state: "active".into(),
            created: self.now(),
            password,
            subject: None,
            external: None,
            zone: "UTC".into(),
            settings: "{}".into(),
        };
        people::insert(tx, &row).await?;
        let payload = json!({ "person": row.id, "role": row.role });
        activity::record_installation(tx, row.created, Kind::PersonAdded, by, &payload).await?;
        Ok(row)
    }

    /// A link that signs a person in once, or, without one, makes the first owner.
    pub async fn link(&self, person: Option<&str>) -> Result<Secret, Problem> {
        let (secret, now) = (self.secret()?, self.now());
        let mut tx = self.db().begin().await?;
        let row = OneTimeRow {
            digest: secret.digest().text(),
            purpose: if person.is_some() { "sign-in" } else { "first" }.into(),
            person: person.map(String::from),
            payload: "{}".into(),
            created: now,
            ends: now + LINK,
            used: None,
        };
        doors::add_one_time(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// For whom a link is, without using it: `None` inside for the first owner.
    pub async fn peek(&self, code: &str) -> Result<Option<PersonRow>, Problem> {
        let digest = Digest::of(code).text();
        let row = doors::one_time(self.db(), &digest, self.now())
            .await?
            .filter(|r| ["first", "sign-in"].contains(&r.purpose.as_str()))
            .ok_or_else(used_up)?;
        match row.person {
            None if self.has_owner().await? => Err(used_up()),
            None => Ok(None),
            Some(id) => Ok(Some(self.active(&id).await?)),
        }
    }

    /// Signs in by a link. `first` says who the first owner is to be.
    pub async fn enter(
        &self,
        code: &str,
        first: Option<NewPerson>,
        agent: &str,
    ) -> Result<Secret, Problem> {
        let whom = self.peek(code).await?;
        let mut tx = self.db().begin().await?;
        doors::use_one_time(&mut tx, &Digest::of(code).text(), self.now())
            .await?
            .ok_or_else(used_up)?;
        let person = match (whom, first) {
            (Some(person), _) => person,
            (None, Some(new)) => {
                let new = NewPerson {
                    role: Role::Owner,
                    ..new
                };
                self.add_in(&mut tx, new, "command line").await?
            }
            (None, None) => {
                return Err(Problem::bad_request(
                    "Nobody was named.",
                    "Give name and e-mail address.",
                ));
            }
        };
        let secret = self
            .open_session(&mut tx, &person.id, agent, "link")
            .await?;
        tx.commit().await?;
        self.forget();
        Ok(secret)
    }

    /// Signs in with a password. Takes as long for an unknown address as for a wrong password.
    pub async fn sign_in(
        &self,
        email: &str,
        plain: &str,
        (agent, place): (&str, &str),
    ) -> Result<Secret, Problem> {
        let email = email.trim().to_lowercase();
        self.inner.throttle.count(&email, place, self.now())?;
        let person = people::by_email(self.db(), &email).await?;
        let kept = person.as_ref().and_then(|p| p.password.clone());
        let fits = password::fits(plain, kept).await?;
        let Some(person) = person.filter(|p| fits && p.state == "active") else {
            let mut tx = self.db().begin().await?;
            let payload = json!({ "by": "password" });
            let (now, kind) = (self.now(), Kind::SignInRefused);
            activity::record_installation(&mut tx, now, kind, "nobody", &payload).await?;
            tx.commit().await?;
            return Err(Problem::new(
                401,
                "wrong_password",
                "This address and password do not fit together.",
                "Try again, or ask an owner for a link that signs you in.",
            ));
        };
        let mut tx = self.db().begin().await?;
        let secret = self
            .open_session(&mut tx, &person.id, agent, "password")
            .await?;
        tx.commit().await?;
        self.inner.throttle.forgive(&email);
        Ok(secret)
    }

    /// Opens a session; its secret goes into the cookie.
    pub async fn open_session(
        &self,
        tx: &mut Tx,
        person: &str,
        agent: &str,
        by: &str,
    ) -> Result<Secret, Problem> {
        let (secret, now) = (self.secret()?, self.now());
        let row = SessionRow {
            digest: secret.digest().text(),
            person: person.into(),
            created: now,
            seen: now,
            ends: now + SESSION,
            agent: agent.chars().take(200).collect(),
        };
        doors::open_session(tx, &row).await?;
        let payload = json!({ "by": by });
        activity::record_installation(tx, now, Kind::SignedIn, person, &payload).await?;
        Ok(secret)
    }

    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Problem> {
        if let Via::Session(digest) = actor.via() {
            let mut tx = self.db().begin().await?;
            doors::close_session(&mut tx, &digest.text()).await?;
            tx.commit().await?;
            self.forget();
        }
        Ok(())
    }

    /// A token for programs; its text is shown once and kept nowhere.
    pub async fn make_token(
        &self,
        person: &str,
        name: &str,
        scopes: Scopes,
        ends: Option<Micros>,
        by: &str,
    ) -> Result<(TokenRow, String), Problem> {
        let secret = self.secret()?;
        let text = format!("{}{}", secret::TOKEN, secret.text());
        let name = directory::name(name)?;
        let row = TokenRow {
            id: self.new_id("tok"),
            digest: Digest::of(&text).text(),
            person: person.into(),
            name,
            scopes: scopes.words(),
            created: self.now(),
            ends,
            used: None,
            revoked: None,
        };
        let mut tx = self.db().begin().await?;
        doors::add_token(&mut tx, &row).await?;
        let payload = json!({ "token": row.id, "person": person, "scopes": row.scopes });
        activity::record_installation(&mut tx, row.created, Kind::TokenMade, by, &payload).await?;
        tx.commit().await?;
        Ok((row, text))
    }

    pub async fn revoke_token(&self, person: &str, id: &str, by: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        if !doors::revoke_token(&mut tx, person, id, self.now()).await? {
            return Err(Problem::not_found("token"));
        }
        let (now, payload) = (self.now(), json!({ "token": id, "person": person }));
        activity::record_installation(&mut tx, now, Kind::TokenRevoked, by, &payload).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Who carries this secret: a session's cookie, or a token. `None`: nobody whom we know.
    pub async fn who(&self, carried: &str) -> Result<Option<Actor>, Problem> {
        let (digest, now) = (Digest::of(carried), self.now());
        if let Some((actor, at)) = read(&self.inner.known).get(&digest)
            && is_fresh(*at, now)
        {
            return Ok(Some(actor.clone()));
        }
        let found = if carried.starts_with(secret::TOKEN) {
            self.by_token(digest, now).await?
        } else {
            self.by_session(digest, now).await?
        };
        let mut known = write(&self.inner.known);
        match &found {
            Some(actor) => {
                if known.len() > 50_000 {
                    known.clear();
                }
                known.insert(digest, (actor.clone(), now));
            }
            None => _ = known.remove(&digest),
        }
        Ok(found)
    }

    async fn by_session(&self, digest: Digest, now: Micros) -> Result<Option<Actor>, Problem> {
        let Some(session) = doors::session(self.db(), &digest.text()).await? else {
            return Ok(None);
        };
        if session.ends <= now {
            return Ok(None);
        }
        // Once an hour is enough to know that a session is in use.
        if now - session.seen > HOUR {
            let mut tx = self.db().begin().await?;
            doors::seen(&mut tx, &session.digest, now, now + SESSION).await?;
            tx.commit().await?;
        }
        let person = people::find(self.db(), &session.person).await?;
        Ok(person.and_then(|p| Actor::of(&p, Via::Session(digest), Scopes::all())))
    }

    async fn by_token(&self, digest: Digest, now: Micros) -> Result<Option<Actor>, Problem> {
        let Some(token) = doors::token(self.db(), &digest.text()).await? else {
            return Ok(None);
        };
        if token.revoked.is_some() || token.ends.is_some_and(|e| e <= now) {
            return Ok(None);
        }
        if token.used.is_none_or(|u| now - u > HOUR) {
            let mut tx = self.db().begin().await?;
            doors::token_used(&mut tx, &token.id, now).await?;
            tx.commit().await?;
        }
        let person = people::find(self.db(), &token.person).await?;
        let scopes = Scopes::parse(&token.scopes).unwrap_or_default();
        Ok(person.and_then(|p| Actor::of(&p, Via::Token(token.id.clone()), scopes)))
    }

    async fn active(&self, id: &str) -> Result<PersonRow, Problem> {
        people::find(self.db(), id)
            .await?
            .filter(|p| p.state == "active")
            .ok_or_else(|| Problem::not_found("person"))
    }
}

/// A handle like the wish that nobody has, nor a team.
async fn free_handle(tx: &mut Tx, wish: &str) -> Result<String, Problem> {
    let wish = directory::handle(wish);
    let mut handle = wish.clone();
    let mut n = 1;
    while people::is_handle_taken(tx, &handle, "").await? {
        n += 1;
        handle = format!("{wish}{n}");
    }
    Ok(handle)
}

/// Whether what was read at a moment still counts.
fn is_fresh(at: Micros, now: Micros) -> bool {
    (0..REMEMBERED).contains(&now.saturating_sub(at))
}

fn used_up() -> Problem {
    Problem::new(
        404,
        "link_used",
        "This link was used already, or is too old.",
        "Ask an owner for a new one, or on the machine itself: `tenon people link`.",
    )
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|e| e.into_inner())
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use store::testing::on_both;

    fn person(email: &str, role: Role) -> NewPerson {
        NewPerson {
            name: "Ann Other".into(),
            email: email.into(),
            role,
            password: None,
        }
    }

    #[test]
    fn who_was_added_is_in_the_directory_of_another_process_at_once() {
        on_both(|db| async move {
            let here = Identity::new(db.clone(), Arc::new(SystemClock));
            let added = here
                .add(person("Ann@Halden.example", Role::Member), "test")
                .await;
            let added = added.unwrap();
            assert_eq!(
                (added.email.as_str(), added.handle.as_str()),
                ("ann@halden.example", "ann")
            );
            let there = Identity::new(db, Arc::new(SystemClock));
            assert_eq!(there.directory().await.unwrap().people(), [added]);
            let again = here
                .add(person("ann@halden.example", Role::Member), "test")
                .await;
            assert_eq!(again.unwrap_err().status, 409);
        });
    }

    #[test]
    fn a_link_lets_in_once_and_a_door_that_is_shut_stays_shut() {
        on_both(|db| async move {
            let all = Identity::new(db, Arc::new(SystemClock));
            let first = all.link(None).await.unwrap().text();
            let owner = Some(person("olive@halden.example", Role::Member));
            let session = all.enter(&first, owner, "a browser").await.unwrap().text();
            let actor = all.who(&session).await.unwrap().unwrap();
            assert_eq!((actor.role(), actor.name()), (Role::Owner, "Ann Other"));
            assert_eq!(all.enter(&first, None, "").await.unwrap_err().status, 404);
            let unused = all.link(None).await.unwrap().text();
            assert_eq!(
                all.peek(&unused).await.unwrap_err().status,
                404,
                "there is an owner"
            );
            all.sign_out(&actor).await.unwrap();
            assert!(all.who(&session).await.unwrap().is_none());
            let made = all.make_token(actor.id(), "push", Scopes::of(&[Scope::Read]), None, "test");
            let (row, token) = made.await.unwrap();
            let program = all.who(&token).await.unwrap().unwrap();
            assert!(program.scopes().has(Scope::Read) && !program.scopes().has(Scope::Write));
            all.revoke_token(actor.id(), &row.id, "test").await.unwrap();
            assert!(all.who(&token).await.unwrap().is_none());
            assert!(all.who("tenon_").await.unwrap().is_none());
        });
    }
}
