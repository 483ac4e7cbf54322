//! Who the provider speaks of: found, or made on her first sign-in, in the role and teams that her groups give.

use super::Settings;
use crate::activity::{self, Kind};
use crate::identity::keep::Standing;
use crate::identity::secret::Digest;
use crate::identity::{Identity, NewPerson, Role, directory};
use crate::problem::Problem;
use serde_json::{Value, json};
use store::Tx;
use store::people::{self, PersonRow};

/// How addresses end that stand in for ones nobody has verified. No mail goes there.
const UNVERIFIED: &str = "@unverified.invalid";
/// How teams that come of groups are marked.
const MARK: &str = "oidc:";

/// What the provider says of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Issuer and subject.
    subject: String,
    /// Only one that the provider has verified.
    email: Option<String>,
    name: String,
    groups: Vec<String>,
}

impl Told {
    pub fn of(claims: &Value, settings: &Settings) -> Option<Told> {
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
    /// The person the provider speaks of, made on her first sign-in, in the role and teams that her groups give.
    pub(super) async fn told_by(
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
        let person = self.matched(tx, told, role, settings).await?;
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
    async fn matched(
        &self,
        tx: &mut Tx,
        told: &Told,
        role: Role,
        settings: &Settings,
    ) -> Result<PersonRow, Problem> {
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
            None if settings.is_public => {
                return Err(Problem::new(
                    403,
                    "not_here",
                    format!(
                        "Nobody here has the address that {} tells of you.",
                        settings.name
                    ),
                    "Ask an owner of this Tenon to invite you under that address, then sign in again.",
                ));
            }
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
