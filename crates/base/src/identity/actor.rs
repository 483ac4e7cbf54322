//! Who asks, in which role, and through which door.

use super::secret::Digest;
use std::sync::Arc;
use store::people::PersonRow;

/// What a person is here. Each may do what those before her may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees only the cases she was asked into, and not who works here.
    Guest,
    /// Looks at processes, works on cases.
    Member,
    /// Imports, plugs in, decides, writes playbooks.
    Manager,
    /// Keeps people, settings and data.
    Owner,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Guest, Role::Member, Role::Manager, Role::Owner];

    pub fn word(self) -> &'static str {
        match self {
            Role::Guest => "guest",
            Role::Member => "member",
            Role::Manager => "manager",
            Role::Owner => "owner",
        }
    }

    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.word() == word)
    }
}

/// What a token may be used for. A person's own session may do all that her role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Read,
    Write,
    /// Keeping people, settings and data.
    Admin,
    /// Provisioning of people and groups only.
    Scim,
}

impl Scope {
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Write, Scope::Admin, Scope::Scim];

    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
            Scope::Scim => "scim",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    pub fn all() -> Scopes {
        Scopes::of(&Scope::ALL)
    }

    pub fn of(scopes: &[Scope]) -> Scopes {
        Scopes(scopes.iter().fold(0, |set, &s| set | 1 << s as u8))
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    /// Whether all of these are among them.
    pub fn holds(self, others: Scopes) -> bool {
        others.0 & !self.0 == 0
    }

    /// Words with blanks between them. `None` when a word is unknown or there is none.
    pub fn parse(words: &str) -> Option<Scopes> {
        let mut found = Vec::new();
        for word in words.split_whitespace() {
            found.push(Scope::ALL.into_iter().find(|s| s.word() == word)?);
        }
        (!found.is_empty()).then(|| Scopes::of(&found))
    }

    pub fn words(self) -> String {
        let held = Scope::ALL.into_iter().filter(|&s| self.has(s));
        held.map(Scope::word).collect::<Vec<_>>().join(" ")
    }
}

/// Through which door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    Session(Digest),
    /// The id of the token.
    Token(String),
}

/// Who asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Actor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    name: String,
    email: String,
    handle: String,
    role: Role,
    scopes: Scopes,
    via: Via,
}

impl Actor {
    /// `None` for one who was suspended or erased.
    pub fn of(person: &PersonRow, via: Via, scopes: Scopes) -> Option<Actor> {
        let role = Role::parse(&person.role)?;
        (person.state == "active").then(|| {
            Actor(Arc::new(Inner {
                id: person.id.clone(),
                name: person.name.clone(),
                email: person.email.clone(),
                handle: person.handle.clone(),
                role,
                scopes,
                via,
            }))
        })
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn email(&self) -> &str {
        &self.0.email
    }

    pub fn handle(&self) -> &str {
        &self.0.handle
    }

    pub fn role(&self) -> Role {
        self.0.role
    }

    pub fn scopes(&self) -> Scopes {
        self.0.scopes
    }

    pub fn via(&self) -> &Via {
        &self.0.via
    }

    pub fn is_at_least(&self, role: Role) -> bool {
        self.0.role >= role
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Actor {
    type Rejection = axum::http::StatusCode;

    /// The gate has put it there; on a route that is open to anybody there may be none.
    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Actor, Self::Rejection> {
        let found = parts.extensions.get::<Actor>().cloned();
        found.ok_or(axum::http::StatusCode::UNAUTHORIZED)
    }
}

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for Actor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Option<Actor>, Self::Rejection> {
        Ok(parts.extensions.get::<Actor>().cloned())
    }
}
