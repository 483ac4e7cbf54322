//! What owners do: who is here in which role, and the teams.

use super::secret::Secret;
use super::{Identity, Role, directory};
use crate::activity::{self, Kind};
use crate::problem::Problem;
use mining::Micros;
use serde_json::json;
use std::collections::HashMap;
use store::people::{self, PersonRow, TeamRow};
use store::{Tx, doors};

/// What is to change at a person; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub role: Option<Role>,
    /// Whether she may sign in.
    pub active: Option<bool>,
}

impl Identity {
    /// Changes role and state. The last owner stays one, and stays active.
    pub async fn stand(&self, id: &str, asked: Standing, by: &str) -> Result<PersonRow, Problem> {
        let mut tx = self.db().begin().await?;
        let row = self.stand_in(&mut tx, id, &asked, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    pub async fn stand_in(
        &self,
        tx: &mut Tx,
        id: &str,
        asked: &Standing,
        by: &str,
    ) -> Result<PersonRow, Problem> {
        // Two owners who demote each other at the same moment: the second sees what the first did.
        people::lock(tx).await?;
        let found = people::find_in(tx, id).await?;
        let before = found
            .filter(|p| p.state != "erased")
            .ok_or_else(|| Problem::not_found("person"))?;
        let mut row = before.clone();
        if let Some(role) = asked.role {
            row.role = role.word().into();
        }
        if let Some(active) = asked.active {
            row.state = if active { "active" } else { "suspended" }.into();
        }
        if row == before {
            return Ok(row);
        }
        let stays_owner = row.role == "owner" && row.state == "active";
        if !stays_owner && people::owners_in(tx).await? == [row.id.clone()] {
            return Err(Problem::new(
                409,
                "last_owner",
                format!("{} is the last owner.", row.name),
                "Make somebody else an owner first.",
            ));
        }
        people::update(tx, &row).await?;
        if row.state != "active" {
            doors::close_sessions(tx, &row.id, None).await?;
        }
        let payload = json!({ "person": row.id, "role": row.role, "state": row.state });
        let kind = Kind::PersonChanged;
        activity::record_installation(tx, self.now(), kind, by, &payload).await?;
        Ok(row)
    }

    /// A link that signs somebody in once, for an owner to pass on.
    pub async fn pass(&self, person: &PersonRow, by: &str) -> Result<Secret, Problem> {
        if person.state != "active" {
            return Err(Problem::new(
                409,
                "suspended",
                format!("{} is suspended.", person.name),
                "Let her in again first.",
            ));
        }
        let mut tx = self.db().begin().await?;
        let payload = json!({ "person": person.id, "what": "link" });
        let kind = Kind::PersonChanged;
        activity::record_installation(&mut tx, self.now(), kind, by, &payload).await?;
        tx.commit().await?;
        self.link(Some(&person.id)).await
    }

    /// When each person was last here, by session or token.
    pub async fn last_seen(&self) -> Result<HashMap<String, Micros>, Problem> {
        Ok(doors::last_seen(self.db()).await?.into_iter().collect())
    }

    pub async fn add_team(&self, name: &str, by: &str) -> Result<TeamRow, Problem> {
        let mut tx = self.db().begin().await?;
        let row = self.add_team_in(&mut tx, name, None, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    pub async fn add_team_in(
        &self,
        tx: &mut Tx,
        name: &str,
        external: Option<&str>,
        by: &str,
    ) -> Result<TeamRow, Problem> {
        let name = directory::name(name)?;
        if people::teams_in(tx).await?.iter().any(|t| t.name == name) {
            return Err(taken_name(&name));
        }
        let handle = super::free_handle(tx, &name).await?;
        let row = TeamRow {
            id: self.new_id("team"),
            name,
            handle,
            created: self.now(),
            external: external.map(String::from),
        };
        people::insert_team(tx, &row).await?;
        self.record_team(tx, &row.id, "added", by).await?;
        Ok(row)
    }

    /// Gives a team another name; its handle stays, so that what was written to it still finds it.
    pub async fn rename_team(&self, id: &str, name: &str, by: &str) -> Result<TeamRow, Problem> {
        let mut tx = self.db().begin().await?;
        let row = self.rename_team_in(&mut tx, id, name, by).await?;
        tx.commit().await?;
        self.forget();
        Ok(row)
    }

    pub async fn rename_team_in(
        &self,
        tx: &mut Tx,
        id: &str,
        name: &str,
        by: &str,
    ) -> Result<TeamRow, Problem> {
        let name = directory::name(name)?;
        let all = people::teams_in(tx).await?;
        if all.iter().any(|t| t.name == name && t.id != id) {
            return Err(taken_name(&name));
        }
        let found = all.into_iter().find(|t| t.id == id);
        let mut row = found.ok_or_else(|| Problem::not_found("team"))?;
        if row.name != name {
            row.name = name;
            people::update_team(tx, &row).await?;
            self.record_team(tx, id, "renamed", by).await?;
        }
        Ok(row)
    }

    /// Puts people into a team and takes others out, by their ids.
    pub async fn set_members(
        &self,
        team: &str,
        (add, remove): (&[String], &[String]),
        by: &str,
    ) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        self.set_members_in(&mut tx, team, (add, remove), by)
            .await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    pub async fn set_members_in(
        &self,
        tx: &mut Tx,
        team: &str,
        (add, remove): (&[String], &[String]),
        by: &str,
    ) -> Result<(), Problem> {
        if !people::teams_in(tx).await?.iter().any(|t| t.id == team) {
            return Err(Problem::not_found("team"));
        }
        for id in add {
            let found = people::find_in(tx, id).await?;
            if found.is_none_or(|p| p.state == "erased") {
                return Err(Problem::not_found("person"));
            }
            people::join(tx, team, id).await?;
        }
        for id in remove {
            people::leave(tx, team, id).await?;
        }
        if !add.is_empty() || !remove.is_empty() {
            let payload = json!({ "team": team, "joined": add, "left": remove });
            let kind = Kind::TeamChanged;
            activity::record_installation(tx, self.now(), kind, by, &payload).await?;
        }
        Ok(())
    }

    async fn record_team(
        &self,
        tx: &mut Tx,
        id: &str,
        what: &str,
        by: &str,
    ) -> Result<(), Problem> {
        let payload = json!({ "team": id, "what": what });
        let kind = Kind::TeamChanged;
        activity::record_installation(tx, self.now(), kind, by, &payload).await?;
        Ok(())
    }
}

fn taken_name(name: &str) -> Problem {
    Problem::new(
        409,
        "taken",
        format!("There is a team called {name} already."),
        "Choose another name.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::identity::NewPerson;
    use std::sync::Arc;
    use store::testing::on_both;

    fn person(name: &str, role: Role) -> NewPerson {
        NewPerson {
            name: name.into(),
            email: format!("{}@halden.example", name.to_lowercase()),
            role,
            password: None,
        }
    }

    #[test]
    fn the_last_owner_stays_an_owner_and_who_is_suspended_is_out_at_once() {
        on_both(|db| async move {
            let all = Identity::new(db, Arc::new(SystemClock));
            let olive = all.add(person("Olive", Role::Owner), "t").await.unwrap();
            let maren = all.add(person("Maren", Role::Member), "t").await.unwrap();
            let demoted = Standing {
                role: Some(Role::Manager),
                active: None,
            };
            let suspended = Standing {
                role: None,
                active: Some(false),
            };
            for asked in [&demoted, &suspended] {
                let refused = all.stand(&olive.id, asked.clone(), "t").await.unwrap_err();
                assert_eq!((refused.status, refused.code.as_str()), (409, "last_owner"));
            }
            let link = all.link(Some(&maren.id)).await.unwrap().text();
            let session = all.enter(&link, None, "").await.unwrap().text();
            assert!(all.who(&session).await.unwrap().is_some());
            let seen = all.last_seen().await.unwrap();
            assert_eq!(seen.keys().collect::<Vec<_>>(), [&maren.id]);
            all.stand(&maren.id, suspended, "t").await.unwrap();
            assert!(all.who(&session).await.unwrap().is_none());
            let owner = Standing {
                role: Some(Role::Owner),
                active: Some(true),
            };
            all.stand(&maren.id, owner, "t").await.unwrap();
            assert!(
                all.who(&session).await.unwrap().is_none(),
                "the session is over"
            );
            let olive = all.stand(&olive.id, demoted, "t").await.unwrap();
            assert_eq!(olive.role, "manager");
        });
    }

    #[test]
    fn teams_are_named_renamed_and_joined() {
        on_both(|db| async move {
            let all = Identity::new(db, Arc::new(SystemClock));
            let north = all.add(person("North", Role::Member), "t").await.unwrap();
            let team = all.add_team("North", "t").await.unwrap();
            assert_eq!(team.handle, "north2", "a person is called north");
            assert_eq!(all.add_team(" North ", "t").await.unwrap_err().status, 409);
            all.rename_team(&team.id, "Nordic", "t").await.unwrap();
            let joined = [north.id.clone()];
            all.set_members(&team.id, (&joined, &[]), "t")
                .await
                .unwrap();
            let directory = all.directory().await.unwrap();
            assert_eq!(directory.members(&team.id), joined);
            assert_eq!(directory.teams_of(&north.id)[0].name, "Nordic");
            all.set_members(&team.id, (&[], &joined), "t")
                .await
                .unwrap();
            assert!(all.directory().await.unwrap().members(&team.id).is_empty());
            let strangers = ["per_none".to_string()];
            let refused = all.set_members(&team.id, (&strangers, &[]), "t").await;
            assert_eq!(refused.unwrap_err().status, 404);
        });
    }
}
