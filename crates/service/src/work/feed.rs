//! The home stream of a person, kept as it was last asked for until something in it changes.

use super::Work;
use super::live::Happened;
use base::identity::{Actor, Role};
use base::problem::Problem;
use bytes::Bytes;
use mining::Micros;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, Weak};
use store::work::{self, ConversationRow, MessageRow};

/// What another node changed is seen here after this long at most, microseconds.
const KEPT: Micros = 2_000_000;
/// So many people's streams are kept.
const PEOPLE: usize = 20_000;

/// A page of a stream, ready to be shown.
#[derive(Debug)]
pub struct Page {
    pub messages: Vec<MessageRow>,
    /// The number the next page ends before, if there may be one.
    pub older: Option<i64>,
    pub conversations: HashMap<String, ConversationRow>,
    /// How far each conversation was read.
    pub reads: HashMap<String, i64>,
}

impl Page {
    pub fn is_unread(&self, message: &MessageRow, me: &str) -> bool {
        let upto = self.reads.get(&message.conversation).copied();
        message.author != me && upto.unwrap_or(0) < message.id
    }
}

/// Streams of those who asked lately.
#[derive(Default)]
pub struct Feeds {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_person: HashMap<String, Entry>,
    /// Whose streams a conversation or a person's messages would change.
    watchers: HashMap<String, HashSet<String>>,
    /// What those follow who listen, as it was when they began.
    followed: HashMap<String, (Micros, Weak<HashSet<String>>)>,
}

struct Entry {
    at: Micros,
    /// What was made of the stream, by the name of the form.
    made: HashMap<&'static str, Bytes>,
    page: Arc<Page>,
    watched: Vec<String>,
}

impl Feeds {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Something happened: the streams that show it are made anew when next asked for.
    pub fn touch(&self, happened: &Happened) {
        let event = &happened.event;
        let mut kept = self.kept();
        let mut gone: HashSet<String> = HashSet::new();
        let (subject, actor) = (event.subject.as_deref(), Some(event.actor.as_str()));
        let process = event.process.as_deref().filter(|_| !event.is_said());
        for target in [subject, actor, process].into_iter().flatten() {
            gone.extend(kept.watchers.get(target).into_iter().flatten().cloned());
        }
        gone.extend(happened.told.iter().cloned());
        // Who writes follows what she wrote in.
        gone.insert(event.actor.clone());
        for person in gone {
            kept.forget(&person);
        }
    }

    pub fn forget_all(&self) {
        *self.kept() = Kept::default();
    }

    pub fn forget(&self, person: &str) {
        self.kept().forget(person);
    }

    fn get(&self, person: &str, now: Micros) -> Option<Arc<Page>> {
        let kept = self.kept();
        let entry = kept.by_person.get(person)?;
        (0..KEPT)
            .contains(&(now - entry.at))
            .then(|| entry.page.clone())
    }

    fn followed(&self, person: &str, now: Micros) -> Option<Arc<HashSet<String>>> {
        let kept = self.kept();
        let (at, all) = kept.followed.get(person)?;
        (0..KEPT).contains(&(now - at)).then(|| all.upgrade())?
    }

    /// What was made of a person's stream in a form, if it still stands.
    pub fn made(&self, person: &str, form: &'static str, now: Micros) -> Option<Bytes> {
        let kept = self.kept();
        let entry = kept.by_person.get(person)?;
        let is_fresh = (0..KEPT).contains(&(now - entry.at));
        entry.made.get(form).filter(|_| is_fresh).cloned()
    }

    /// Keeps what was made of a page, if that page still stands.
    pub fn keep_made(&self, person: &str, page: &Arc<Page>, form: &'static str, made: Bytes) {
        if let Some(entry) = self.kept().by_person.get_mut(person)
            && Arc::ptr_eq(&entry.page, page)
        {
            entry.made.insert(form, made);
        }
    }

    fn put(&self, person: &str, page: Arc<Page>, watched: Vec<String>, at: Micros) {
        let mut kept = self.kept();
        kept.forget(person);
        if kept.by_person.len() >= PEOPLE {
            *kept = Kept::default();
        }
        for target in &watched {
            let watchers = kept.watchers.entry(target.clone()).or_default();
            watchers.insert(person.into());
        }
        let entry = Entry {
            at,
            made: HashMap::new(),
            page,
            watched,
        };
        kept.by_person.insert(person.into(), entry);
    }
}

impl Kept {
    fn forget(&mut self, person: &str) {
        self.followed.remove(person);
        let Some(entry) = self.by_person.remove(person) else {
            return;
        };
        for target in entry.watched {
            if let Some(watchers) = self.watchers.get_mut(&target) {
                watchers.remove(person);
                if watchers.is_empty() {
                    self.watchers.remove(&target);
                }
            }
        }
    }
}

/// How many messages a page of the stream holds.
pub const PAGE: i64 = 20;

impl Work {
    pub fn feeds(&self) -> &Feeds {
        &self.inner.feeds
    }

    /// The newest page of what a person follows.
    pub async fn newest(&self, actor: &Actor) -> Result<Arc<Page>, Problem> {
        let now = self.clock().now();
        if let Some(page) = self.inner.feeds.get(actor.id(), now) {
            return Ok(page);
        }
        let (page, watched) = self.read_stream(actor, i64::MAX).await?;
        let page = Arc::new(page);
        self.inner.feeds.put(actor.id(), page.clone(), watched, now);
        Ok(page)
    }

    /// An older page: messages before a number.
    pub async fn older(&self, actor: &Actor, before: i64) -> Result<Page, Problem> {
        Ok(self.read_stream(actor, before).await?.0)
    }

    /// Ids of what a person follows and has not muted or snoozed. Those who ask at the same time share them: a person may
    /// have many pages open, and follow much.
    pub async fn followed(&self, actor: &Actor) -> Result<Arc<HashSet<String>>, Problem> {
        let now = self.clock().now();
        if let Some(shared) = self.inner.feeds.followed(actor.id(), now) {
            return Ok(shared);
        }
        let rows = work::follows_of(self.db(), actor.id()).await?;
        let kept = rows
            .into_iter()
            .filter(|(_, _, level, until)| level == "follow" && until.is_none_or(|u| u < now));
        let followed = Arc::new(kept.map(|(_, target, ..)| target).collect());
        let mut kept = self.inner.feeds.kept();
        kept.followed
            .retain(|_, (at, all)| all.strong_count() > 0 && (0..KEPT).contains(&(now - *at)));
        let shared = (now, Arc::downgrade(&followed));
        kept.followed.insert(actor.id().into(), shared);
        Ok(followed)
    }

    async fn read_stream(
        &self,
        actor: &Actor,
        before: i64,
    ) -> Result<(Page, Vec<String>), Problem> {
        let (db, me) = (self.db(), actor.id());
        let now = self.clock().now();
        let follows = work::follows_of(db, me).await?;
        let watched: Vec<String> = follows.into_iter().map(|f| f.1).collect();
        let mut messages = work::stream(db, me, before, PAGE, now).await?;
        let last = messages.last().filter(|_| messages.len() as i64 == PAGE);
        let older = last.map(|m| m.id);
        let mut ids: Vec<String> = messages.iter().map(|m| m.conversation.clone()).collect();
        ids.sort();
        ids.dedup();
        let rows = work::by_ids(db, &ids).await?;
        let mut conversations: HashMap<String, ConversationRow> = HashMap::new();
        for mut row in rows {
            if actor.role() == Role::Guest && row.kind == "room" {
                // Where her case stands is nothing a guest is told.
                row.step = None;
            }
            // Somebody whose role changed follows things she no longer sees.
            if self.may_see(actor, &super::Place::of(&row)).await.is_ok() {
                conversations.insert(row.id.clone(), row);
            }
        }
        messages.retain(|m| conversations.contains_key(&m.conversation));
        let reads = work::reads_among(db, me, &ids).await?.into_iter().collect();
        let page = Page {
            messages,
            older,
            conversations,
            reads,
        };
        Ok((page, watched))
    }
}
