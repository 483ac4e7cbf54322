//! People and teams as a directory of the company keeps them here (SCIM). It makes, renames and suspends; roles are
//! given here or by the groups of the identity provider, never by the directory.

use super::keep::Standing;
use super::{Identity, NewPerson, Role, directory};
use crate::activity::{self, Kind};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::people::{self, PersonRow, TeamRow};

/// How teams that the directory keeps are marked.
const MARK: &str = "scim:";

/// What the directory says of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioned {
    /// Under which name the directory knows her.
    pub user_name: String,
    pub external_id: Option<String>,
    pub email: String,
    pub name: String,
    pub active: bool,
}

/// What of it has no column of its own; kept beside the person's settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    external_id: Option<String>,
    /// Taken away by the directory: suspended, and made anew by the next who sends her.
    deleted: bool,
}

impl Kept {
    fn of(row: &PersonRow) -> Kept {
        let all: serde_json::Value = serde_json::from_str(&row.settings).unwrap_or_default();
        serde_json::from_value(all["directory"].clone()).unwrap_or_default()
    }

    fn put(&self, row: &mut PersonRow) {
        let mut all: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&row.settings).unwrap_or_default();
        let value = serde_json::to_value(self).unwrap_or_default();
        all.insert("directory".into(), value);
        row.settings = serde_json::Value::Object(all).to_string();
    }
}

impl Provisioned {
    /// `None` for one whom the directory has taken away, or who was erased.
    pub fn of(row: &PersonRow) -> Option<Provisioned> {
        let kept = Kept::of(row);
        let is_there = !kept.deleted && row.state != "erased";
        is_there.then(|| Provisioned {
            user_name: row.external.clone().unwrap_or_else(|| row.email.clone()),
            external_id: kept.external_id,
            email: row.email.clone(),
            name: row.name.clone(),
            active: row.state == "active",
        })
    }
}

/// What the directory calls a team.
pub fn external_of(team: &TeamRow) -> Option<&str> {
    team.external.as_deref()?.strip_prefix(MARK)
}

impl Identity {
    /// Makes a person, or brings back one whom the directory has taken away.
    pub async fn provision(&self, asked: &Provisioned, by: &str) -> Result<PersonRow, Problem> {
        let mut tx = self.db().begin().await?;
        people::lock(&mut tx).await?;
        let email = directory::email(&asked.email)?;
        let known = match people::by_external_in(&mut tx, &asked.user_name).await? {
            Some(known) => Some(known),
            None => people::by_email_in(&mut tx, &email).await?,
        };
        let row = match known {
            Some(known) if Kept::of(&known).deleted => known,
            Some(known) => return Err(taken(&known.email)),
            None => {
                let new = NewPerson {
                    name: asked.name.clone(),
                    email,
                    role: Role::Member,
                    password: None,
                };
                self.add_in(&mut tx, new, by).await?
            }
        };
        let row = self.set_in(&mut tx, row, asked, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    /// Replaces what the directory says of a person.
    pub async fn replace(
        &self,
        id: &str,
        asked: &Provisioned,
        by: &str,
    ) -> Result<PersonRow, Problem> {
        let mut tx = self.db().begin().await?;
        people::lock(&mut tx).await?;
        let row = people::find_in(&mut tx, id).await?;
        let row = row
            .filter(|r| Provisioned::of(r).is_some())
            .ok_or_else(|| Problem::not_found("person"))?;
        let row = self.set_in(&mut tx, row, asked, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    async fn set_in(
        &self,
        tx: &mut Tx,
        before: PersonRow,
        asked: &Provisioned,
        by: &str,
    ) -> Result<PersonRow, Problem> {
        let mut row = before.clone();
        row.email = directory::email(&asked.email)?;
        if row.email != before.email && before.role == Role::Owner.word() {
            // By another address somebody else could come in as an owner.
            return Err(Problem::new(
                409,
                "kept_here",
                "The address of an owner is not changed by the directory.",
                "Make her a manager first, or leave the address.",
            ));
        }
        row.name = directory::name(&asked.name)?;
        row.external = Some(asked.user_name.clone());
        Kept {
            external_id: asked.external_id.clone(),
            deleted: false,
        }
        .put(&mut row);
        let others = [
            people::by_email_in(tx, &row.email).await?,
            people::by_external_in(tx, &asked.user_name).await?,
        ];
        if let Some(other) = others.into_iter().flatten().find(|p| p.id != row.id) {
            return Err(taken(&other.email));
        }
        if row != before {
            people::update(tx, &row).await?;
            let payload = json!({ "person": row.id, "what": "directory" });
            let kind = Kind::PersonChanged;
            activity::record_installation(tx, self.now(), kind, by, &payload).await?;
        }
        let standing = Standing {
            role: None,
            active: Some(asked.active),
        };
        self.stand_in(tx, &row.id, &standing, by).await
    }

    /// The directory takes a person away: she is suspended, and what she wrote stays.
    pub async fn deprovision(&self, id: &str, by: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        let out = Standing {
            role: None,
            active: Some(false),
        };
        let mut row = self.stand_in(&mut tx, id, &out, by).await?;
        let kept = Kept::of(&row);
        if kept.deleted {
            return Err(Problem::not_found("person"));
        }
        Kept {
            deleted: true,
            ..kept
        }
        .put(&mut row);
        people::update(&mut tx, &row).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Makes a team with those in it.
    pub async fn provision_team(
        &self,
        name: &str,
        external: Option<&str>,
        members: &[String],
        by: &str,
    ) -> Result<TeamRow, Problem> {
        let mut tx = self.db().begin().await?;
        let mark = external.map(|e| format!("{MARK}{e}"));
        let all = people::teams_in(&mut tx).await?;
        if mark.is_some() && all.iter().any(|t| t.external == mark) {
            return Err(taken(name));
        }
        let row = self.add_team_in(&mut tx, name, mark.as_deref(), by).await?;
        self.set_members_in(&mut tx, &row.id, (members, &[]), by)
            .await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    /// Changes a team at once: its name, who comes in, who goes out.
    pub async fn change_team(
        &self,
        id: &str,
        name: Option<&str>,
        (add, remove): (&[String], &[String]),
        by: &str,
    ) -> Result<TeamRow, Problem> {
        let mut tx = self.db().begin().await?;
        let all = people::teams_in(&mut tx).await?;
        let row = all.into_iter().find(|t| t.id == id);
        let row = row.ok_or_else(|| Problem::not_found("team"))?;
        let row = match name {
            Some(name) => self.rename_team_in(&mut tx, id, name, by).await?,
            None => row,
        };
        self.set_members_in(&mut tx, id, (add, remove), by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    pub async fn remove_team(&self, id: &str, by: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        if !people::teams_in(&mut tx).await?.iter().any(|t| t.id == id) {
            return Err(Problem::not_found("team"));
        }
        people::delete_team(&mut tx, id).await?;
        let (payload, kind) = (json!({ "team": id, "what": "removed" }), Kind::TeamChanged);
        activity::record_installation(&mut tx, self.now(), kind, by, &payload).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }
}

fn taken(name: &str) -> Problem {
    Problem::new(
        409,
        "taken",
        format!("{name} is already here."),
        "Find it with a filter, and change it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::sync::Arc;
    use store::testing::on_both;

    fn maren() -> Provisioned {
        Provisioned {
            user_name: "mvoss".into(),
            external_id: Some("7".into()),
            email: "maren@halden.example".into(),
            name: "Maren Voss".into(),
            active: true,
        }
    }

    #[test]
    fn the_directory_makes_renames_takes_away_and_brings_back() {
        on_both(|db| async move {
            let all = Identity::new(db, Arc::new(SystemClock));
            let made = all.provision(&maren(), "t").await.unwrap();
            assert_eq!(Provisioned::of(&made), Some(maren()));
            assert_eq!(all.provision(&maren(), "t").await.unwrap_err().status, 409);
            let out = Provisioned {
                name: "Maren V.".into(),
                active: false,
                ..maren()
            };
            let changed = all.replace(&made.id, &out, "t").await.unwrap();
            assert_eq!(Provisioned::of(&changed), Some(out.clone()));
            all.deprovision(&made.id, "t").await.unwrap();
            let gone = all.replace(&made.id, &out, "t").await.unwrap_err();
            assert_eq!(gone.status, 404);
            let again = all.provision(&maren(), "t").await.unwrap();
            assert_eq!((again.id, again.state.as_str()), (made.id, "active"));
        });
    }
}
