//! Working together at the steps: rooms of cases, questions to the network, playbooks, what each person is told.

pub mod ask;
pub mod feed;
pub mod live;
pub mod markdown;
pub mod playbook;
mod posts;
pub mod talk;
#[cfg(test)]
mod tests;

pub use live::Live;

use crate::activity::{self, Kind};
use crate::clock::Clock;
use crate::identity::{Actor, Identity};
use crate::policy::may;
use crate::problem::Problem;
use crate::processes::Library;
use crate::store::work::{self, ConversationRow, NotificationRow};
use crate::store::{Db, Tx};
use posts::Posts;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Everything people say to each other. Cheap to clone.
#[derive(Clone)]
pub struct Work {
    inner: Arc<Inner>,
}

struct Inner {
    library: Library,
    identity: Identity,
    live: Live,
    posts: Posts,
    /// What of a conversation never changes, by its id.
    places: RwLock<HashMap<String, Arc<Place>>>,
    feeds: feed::Feeds,
}

/// Where a conversation is held.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub id: String,
    pub is_question: bool,
    pub process: String,
    pub case: Option<String>,
    pub step: Option<String>,
    pub created_by: String,
}

impl Work {
    /// Starts what has to run: the task that writes, and the one that hands on what happens.
    pub fn start(library: Library, identity: Identity) -> Work {
        let live = Live::default();
        let work = Work {
            inner: Arc::new(Inner {
                posts: Posts::start(library.db().clone(), live.clone()),
                live: live.clone(),
                library,
                identity,
                places: RwLock::default(),
                feeds: feed::Feeds::default(),
            }),
        };
        let feeds = work.clone();
        tokio::spawn(live.keep(work.db().clone(), move |h| feeds.inner.feeds.touch(h)));
        work
    }

    pub fn db(&self) -> &Db {
        self.inner.library.db()
    }

    pub fn clock(&self) -> &dyn Clock {
        self.inner.library.clock()
    }

    pub fn library(&self) -> &Library {
        &self.inner.library
    }

    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Commits, and lets those who listen know.
    async fn done(&self, tx: Tx) -> Result<(), Problem> {
        tx.commit().await?;
        self.inner.live.wake();
        Ok(())
    }

    /// Where a conversation is held, if this person may see it.
    pub async fn place(&self, actor: &Actor, id: &str) -> Result<Arc<Place>, Problem> {
        let kept = read(&self.inner.places).get(id).cloned();
        let place = match kept {
            Some(place) => place,
            None => {
                let row = work::find(self.db(), id).await?;
                let row = row.ok_or_else(|| Problem::not_found("conversation"))?;
                let place = Arc::new(Place::of(&row));
                let mut places = self.inner.places.write().unwrap_or_else(|e| e.into_inner());
                if places.len() > 100_000 {
                    places.clear();
                }
                places.insert(id.into(), place.clone());
                place
            }
        };
        self.may_see(actor, &place).await?;
        Ok(place)
    }

    /// Guests see what is said on the cases they were asked into, and nothing at steps.
    async fn may_see(&self, actor: &Actor, place: &Place) -> Result<(), Problem> {
        let case = place.case.as_deref().unwrap_or_default();
        may::see_case(self.db(), actor, &place.process, case).await
    }

    /// The room of a case, whether or not anything was said there yet.
    pub async fn room(&self, actor: &Actor, process: &str, case: &str) -> Result<Place, Problem> {
        let loaded = self.library().load(process).await?;
        let is_there = loaded.log.case_names.code(case).is_some();
        let place = Place {
            id: room_id(&loaded.row.id, case),
            is_question: false,
            process: loaded.row.id.clone(),
            case: Some(case.into()),
            step: None,
            created_by: actor.id().into(),
        };
        self.may_see(actor, &place).await?;
        match is_there {
            true => Ok(place),
            false => Err(Problem::not_found("case")),
        }
    }
}

impl Work {
    /// Asks somebody into a case; a guest sees it from then on.
    pub async fn invite(
        &self,
        actor: &Actor,
        process: &str,
        case: &str,
        person: &str,
    ) -> Result<(), Problem> {
        let room = self.room(actor, process, case).await?;
        let directory = self.identity().directory().await?;
        if directory.person(person).is_none() {
            return Err(Problem::not_found("person"));
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        work::invite(&mut tx, &room.process, case, person, actor.id(), now).await?;
        let payload = serde_json::json!({ "case": case, "person": person });
        let of = (room.process.as_str(), room.id.as_str());
        let kind = Kind::GuestInvited;
        let seq = activity::record_of(&mut tx, now, kind, actor.id(), of, &payload).await?;
        let told = NotificationRow {
            person: person.into(),
            event: seq,
            kind: "invited".into(),
            conversation: Some(room.id.clone()),
            at: now,
            read: None,
            mailed: None,
        };
        work::notify(&mut tx, &told).await?;
        self.done(tx).await
    }
}

impl Place {
    fn of(row: &ConversationRow) -> Place {
        Place {
            id: row.id.clone(),
            is_question: row.kind == "question",
            process: row.process.clone(),
            case: row.case_ref.clone(),
            step: row.step.clone(),
            created_by: row.created_by.clone(),
        }
    }
}

/// A case has one room, and its id follows from the case: nobody has to look it up, and two who open it open the same.
fn room_id(process: &str, case: &str) -> String {
    let digest = crate::identity::secret::Digest::of(&format!("{process}\n{case}"));
    format!("room_{}", &digest.text()[..32])
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|e| e.into_inner())
}
