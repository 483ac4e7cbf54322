//! Working together at the steps: rooms of cases, questions to the network, playbooks, what each person is told.

pub mod ask;
pub mod attach;
pub mod feed;
pub mod known;
pub mod live;
pub mod markdown;
pub mod playbook;
mod posts;
pub mod presence;
pub mod search;
pub mod talk;
#[cfg(test)]
mod tests;
pub mod updates;

pub use live::Live;

use crate::processes::Library;
use base::activity::{self, Kind};
use base::clock::Clock;
use base::identity::{Actor, Identity, Role};
use base::policy::may;
use base::problem::Problem;
use posts::Posts;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use store::work::{self, ConversationRow, NotificationRow};
use store::{Db, Tx, events};

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
    /// The process of a case that was asked for, by the names in its address.
    rooms: RwLock<HashMap<(String, String), String>>,
    feeds: feed::Feeds,
    presence: presence::Presence,
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
                rooms: RwLock::default(),
                feeds: feed::Feeds::default(),
                presence: presence::Presence::default(),
            }),
        };
        let (feeds, here) = (work.clone(), work.clone());
        tokio::spawn(work.clone().keep_words());
        let hear = move |told: &str| here.presence().hear(told, here.clock().now());
        tokio::spawn(live.keep(work.db().clone(), move |h| feeds.heard(h), hear));
        work
    }

    /// What was kept in memory and is no longer so, on whichever node it was changed.
    fn heard(&self, happened: &live::Happened) {
        let kind = happened.event.kind.as_str();
        let takes_away = [Kind::PersonErased, Kind::CaseErased, Kind::RetentionApplied];
        if takes_away.iter().any(|k| k.word() == kind) {
            write(&self.inner.places).clear();
            write(&self.inner.rooms).clear();
            self.inner.feeds.forget_all();
            self.identity().forget();
        }
        let is_read_anew = kind == Kind::StepsEdited.word();
        if (is_read_anew || kind == Kind::ProcessImported.word())
            && let Some(process) = happened.event.process.clone()
        {
            let (work, by) = (self.clone(), happened.event.actor.clone());
            tokio::spawn(async move {
                if let Err(problem) = work.note_moves(&process, &by, is_read_anew).await {
                    tracing::warn!(process, %problem, "cases that moved could not be noted");
                }
            });
        }
        self.inner.feeds.touch(happened);
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
                self.remember(Place::of(&row))
            }
        };
        self.may_see(actor, &place).await?;
        Ok(place)
    }

    /// Keeps where a conversation is held, so that it is not looked up again.
    fn remember(&self, place: Place) -> Arc<Place> {
        let place = Arc::new(place);
        let places = self.inner.places.write();
        let mut places = places.unwrap_or_else(|e| e.into_inner());
        if places.len() > 100_000 {
            places.clear();
        }
        places.insert(place.id.clone(), place.clone());
        place
    }

    /// Guests see what is said on the cases they were asked into, and nothing at steps.
    async fn may_see(&self, actor: &Actor, place: &Place) -> Result<(), Problem> {
        let case = place.case.as_deref().unwrap_or_default();
        may::see_case(self.db(), actor, &place.process, case).await
    }

    /// The room of a case, whether or not anything was said there yet.
    pub async fn room(&self, actor: &Actor, process: &str, case: &str) -> Result<Place, Problem> {
        // A case stays until it is erased, which empties this, and a process keeps its name in addresses.
        let key = (process.to_string(), case.to_string());
        let kept = read(&self.inner.rooms).get(&key).cloned();
        let is_kept = kept.is_some();
        let found = match kept {
            Some(id) => Some(id),
            None => {
                // Which processes there are is nothing a guest learns.
                let loaded = match self.library().load(process).await {
                    Err(e) if e.status == 404 && actor.role() == Role::Guest => {
                        return Err(Problem::not_found("case"));
                    }
                    loaded => loaded?,
                };
                let is_there = loaded.log.case_names.code(case).is_some();
                is_there.then(|| loaded.row.id.clone())
            }
        };
        let Some(process) = found else {
            return Err(Problem::not_found("case"));
        };
        let place = Place {
            id: room_id(&process, case),
            is_question: false,
            process,
            case: Some(case.into()),
            step: None,
            created_by: actor.id().into(),
        };
        self.may_see(actor, &place).await?;
        if !is_kept {
            let rooms = self.inner.rooms.write();
            let mut rooms = rooms.unwrap_or_else(|e| e.into_inner());
            if rooms.len() > 100_000 {
                rooms.clear();
            }
            rooms.insert(key, place.process.clone());
        }
        Ok(place)
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
        // So that there is something to be told of.
        let opens = self.opening(actor, &room).await?;
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        work::insert(&mut tx, &opens).await?;
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
    let digest = base::identity::secret::Digest::of(&format!("{process}\n{case}"));
    format!("room_{}", &digest.text()[..32])
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|e| e.into_inner())
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|e| e.into_inner())
}
