//! Who is in a room right now, and who is writing there. Kept in memory only: it is nothing to remember.
//!
//! A page says every so often that it is open; who has not said so for a while is gone. On PostgreSQL what one node hears
//! all hear (NOTIFY), on SQLite there is one node.

use super::{Place, Work};
use base::identity::{Actor, Role};
use base::problem::Problem;
use mining::Micros;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::{Db, events};
use tokio::sync::broadcast;

const SECOND: Micros = 1_000_000;
/// How long a page that says nothing more is taken to be open; it says so about twice in that time.
const HERE: Micros = 45 * SECOND;
/// How long somebody writes after the last key.
const WRITING: Micros = 7 * SECOND;
/// Listeners that fall further behind ask anew.
const KEPT: usize = 256;
/// So many rooms are kept.
const ROOMS: usize = 20_000;

/// What a person does in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Has it open.
    Reading,
    Writing,
    /// Has closed it.
    Gone,
}

/// Somebody who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Present {
    /// Id of the person.
    pub person: String,
    pub name: String,
    pub writing: bool,
}

/// What one node tells the others.
#[derive(Serialize, Deserialize)]
struct Told {
    room: String,
    person: String,
    doing: Doing,
}

#[derive(Clone, Copy)]
struct Seen {
    here: Micros,
    writing: Micros,
}

pub struct Presence {
    rooms: Mutex<HashMap<String, HashMap<String, Seen>>>,
    changed: broadcast::Sender<Arc<str>>,
}

impl Default for Presence {
    fn default() -> Self {
        Presence {
            rooms: Mutex::default(),
            changed: broadcast::channel(KEPT).0,
        }
    }
}

impl Presence {
    /// Ids of rooms in which somebody came, went, began or ceased to write.
    pub fn listen(&self) -> broadcast::Receiver<Arc<str>> {
        self.changed.subscribe()
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, HashMap<String, HashMap<String, Seen>>> {
        self.rooms.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Notes what somebody does; whether that is news to those who look.
    fn note(&self, room: &str, person: &str, doing: Doing, now: Micros) -> bool {
        let mut rooms = self.rooms();
        if rooms.len() >= ROOMS && !rooms.contains_key(room) {
            rooms.retain(|_, all| all.values().any(|s| s.here > now));
            if rooms.len() >= ROOMS {
                return false;
            }
        }
        let all = rooms.entry(room.into()).or_default();
        all.retain(|_, s| s.here > now);
        let was = all.get(person).map(|s| s.writing > now);
        let is = match doing {
            Doing::Gone => {
                all.remove(person);
                None
            }
            _ => {
                let writing = doing == Doing::Writing;
                let until = if writing { now + WRITING } else { 0 };
                let here = now + HERE;
                let seen = Seen {
                    here,
                    writing: until,
                };
                all.insert(person.into(), seen);
                Some(writing)
            }
        };
        if all.is_empty() {
            rooms.remove(room);
        }
        was != is
    }

    /// Takes in what this or another node was told.
    pub fn hear(&self, told: &str, now: Micros) {
        let Ok(told) = serde_json::from_str::<Told>(told) else {
            return;
        };
        if self.note(&told.room, &told.person, told.doing, now) {
            // Nobody listening is no problem.
            let _ = self.changed.send(told.room.into());
        }
    }

    /// Ids of those in a room, with whether they write.
    fn of(&self, room: &str, now: Micros) -> Vec<(String, bool)> {
        let rooms = self.rooms();
        let all = rooms.get(room).into_iter().flatten();
        let all = all.filter(|(_, s)| s.here > now);
        let mut all: Vec<(String, bool)> = all.map(|(p, s)| (p.clone(), s.writing > now)).collect();
        all.sort();
        all
    }
}

impl Work {
    pub fn presence(&self) -> &Presence {
        &self.inner.presence
    }

    /// Says what a person does in a room.
    pub async fn say_here(&self, actor: &Actor, room: &str, doing: Doing) -> Result<(), Problem> {
        let told = Told {
            room: room.into(),
            person: actor.id().into(),
            doing,
        };
        let told = serde_json::to_string(&told).map_err(anyhow::Error::from)?;
        match self.db() {
            // All nodes hear it, this one too.
            Db::Postgres(_) => events::tell_here(self.db(), &told).await?,
            Db::Sqlite { .. } => self.inner.presence.hear(&told, self.clock().now()),
        }
        Ok(())
    }

    /// The others in a room, by name. A guest learns of nobody who only reads.
    pub async fn others_here(&self, actor: &Actor, room: &str) -> Result<Vec<Present>, Problem> {
        let directory = self.identity().directory().await?;
        let all = self.inner.presence.of(room, self.clock().now());
        let others = all.into_iter().filter(|(person, writing)| {
            person != actor.id() && (*writing || actor.role() > Role::Guest)
        });
        let mut others: Vec<Present> = others
            .map(|(person, writing)| Present {
                name: directory.name(&person).to_string(),
                person,
                writing,
            })
            .collect();
        others.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(others)
    }

    /// The place of a room by its id, also of a case's room in which nobody has spoken yet, and of a thread of the desk.
    pub async fn place_or_room(&self, actor: &Actor, id: &str) -> Result<String, Problem> {
        let name = id.strip_prefix("room_").or(id.strip_prefix("thr_"));
        let is_room =
            name.is_some_and(|n| n.len() == 32 && n.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_room && actor.role() > Role::Guest {
            return Ok(id.into());
        }
        let place: Arc<Place> = self.place(actor, id).await?;
        Ok(place.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_more_is_gone_and_only_news_is_told() {
        let all = Presence::default();
        let mut heard = all.listen();
        let say = |person: &str, doing: Doing, now: Micros| {
            let told = Told {
                room: "room_1".into(),
                person: person.into(),
                doing,
            };
            all.hear(&serde_json::to_string(&told).unwrap(), now);
        };
        say("olu", Doing::Reading, 0);
        say("olu", Doing::Reading, 20 * SECOND);
        say("maren", Doing::Writing, 21 * SECOND);
        assert_eq!(
            all.of("room_1", 22 * SECOND),
            [("maren".into(), true), ("olu".into(), false)]
        );
        // She stopped to write, he closed his machine without a word.
        assert_eq!(
            all.of("room_1", 65 * SECOND),
            [("maren".into(), false)],
            "45 s after the last word"
        );
        say("maren", Doing::Gone, 65 * SECOND);
        assert!(all.of("room_1", 65 * SECOND).is_empty());
        let mut news = 0;
        while heard.try_recv().is_ok() {
            news += 1;
        }
        assert_eq!(
            news, 3,
            "came, wrote, went; that he is still there is no news"
        );
        all.hear("no JSON", 0);
        assert!(all.rooms().is_empty(), "nothing is kept of empty rooms");
    }
}
