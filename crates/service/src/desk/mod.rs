//! The desk: one queue of what customers said on every channel, answered once, by whoever knows, as the company.

pub mod accounts;
pub mod acts;
mod contacts;
mod house;
pub mod listen;
pub mod merge;
pub mod relation;
pub mod sign;
#[cfg(test)]
mod tests;

use crate::connect::Connect;
use crate::work::Work;
use base::identity::{Actor, Role};
use base::problem::Problem;
pub use house::topics;
use mining::Micros;
use mining::figures::Calendar;
use mining::time::{HOUR, MINUTE, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use store::connections::{self, ConnectionRow};
use store::desk::{
    self, CannedRow, ContactRow, Counts, DeskPersonRow, HandleRow, MergeRow, NoteRow, Queue,
    ReplyRow, SaidRow, ThreadRow,
};
use store::settings;

/// How long somebody has a thread after her last sign of life at it.
pub const CLAIM: Micros = 5 * MINUTE;
/// Threads on a page of the queue.
pub const PAGE: i64 = 25;
const SETTING: &str = "desk";

/// What is promised to customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// A first reply is due after this many minutes of work.
    pub minutes: i64,
    /// When the desk is open; around the clock without.
    #[serde(default)]
    pub hours: Option<Calendar>,
}

impl Default for Promise {
    fn default() -> Promise {
        Promise {
            minutes: 60,
            hours: None,
        }
    }
}

impl Promise {
    /// The moment before which whoever waits has waited for too long.
    fn late(&self, now: Micros) -> Micros {
        let promised = self.minutes * MINUTE;
        match &self.hours {
            // In a week without hours nobody is late.
            Some(hours) => hours
                .since(now, promised)
                .ok()
                .flatten()
                .unwrap_or(Micros::MIN),
            None => now - promised,
        }
    }

    /// How long somebody has waited, while the desk was open.
    fn waited(&self, since: Micros, now: Micros) -> Micros {
        let worked = self.hours.as_ref().map(|h| h.working_seconds(since, now));
        match worked {
            Some(Ok(seconds)) => (seconds * 1e6) as Micros,
            _ => now - since,
        }
    }
}

#[derive(Clone)]
pub struct Desk {
    connect: Connect,
    counted: Arc<Mutex<Counted>>,
}

/// Open threads by step: how many, and how many of them late.
type BySteps = HashMap<String, (i64, i64)>;

/// What was counted last. Where very many wait, counting them takes longer than the page, and nobody sees one more or less.
#[derive(Default)]
struct Counted {
    all: Option<(Micros, Counts)>,
    /// By process, with how many were counted: also those at no step.
    steps: HashMap<String, (Micros, i64, BySteps)>,
}

/// From so many on a count may be as old as this.
const MANY: i64 = 10_000;
const OLD: Micros = 2 * SECOND;

/// A thread with what is shown of it in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    pub thread: ThreadRow,
    /// The connector, such as mastodon.
    pub kind: String,
    pub who: String,
    pub words: String,
    /// Since when, as time goes at work: in per cent of what is promised.
    pub age: i64,
    pub is_late: bool,
}

/// A conversation at a service, alone or as one of those that a thread is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub row: ThreadRow,
    pub connection: ConnectionRow,
    /// As whom is answered.
    pub account: connectors::Account,
    /// The longest reply, in characters.
    pub longest: usize,
    /// What replies are signed with, where an owner said so.
    pub signature: Option<String>,
    /// Nothing is sent before this moment: the service asked to wait.
    pub sends_from: Micros,
}

/// A thread as it is worked on.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    pub row: ThreadRow,
    pub connection: ConnectionRow,
    pub account: connectors::Account,
    pub longest: usize,
    /// What it is made of: itself first, then what was merged into it.
    pub parts: Vec<Part>,
    pub merges: Vec<MergeRow>,
    pub contact: Option<ContactRow>,
    pub handles: Vec<HandleRow>,
    pub said: Vec<SaidRow>,
    pub replies: Vec<ReplyRow>,
    pub notes: Vec<NoteRow>,
}

impl Thread {
    /// What of it can be answered: a channel that was disconnected takes nothing any more.
    pub fn answerable(&self) -> impl Iterator<Item = &Part> {
        let parts = self.parts.iter();
        parts.filter(|p| p.connection.state != connections::REMOVED)
    }

    /// Where the customer wrote last, of what can be answered.
    pub fn part_of_newest(&self) -> Option<&Part> {
        let counts = |s: &SaidRow| s.is_ours == 0 && s.deleted.is_none() && s.held.is_none();
        let mut said = self.said.iter().rev().filter(|s| counts(s));
        let found = said.find_map(|s| self.answerable().find(|p| p.row.id == s.thread));
        found
            .or_else(|| self.answerable().next())
            .or(self.parts.first())
    }
}

impl Desk {
    pub fn new(connect: Connect) -> Desk {
        Desk {
            connect,
            counted: Arc::default(),
        }
    }

    pub fn connect(&self) -> &Connect {
        &self.connect
    }

    fn work(&self) -> &Work {
        self.connect.work()
    }

    fn now(&self) -> Micros {
        self.connect.clock().now()
    }

    /// Guests are not colleagues who answer for the company.
    fn admit(actor: &Actor) -> Result<(), Problem> {
        match actor.is_at_least(Role::Member) {
            true => Ok(()),
            false => Err(Problem::new(
                403,
                "not_yours",
                "Guests have no desk.",
                "Ask a colleague.",
            )),
        }
    }

    pub async fn promise(&self) -> Result<Promise, Problem> {
        let kept = settings::get(self.connect.db(), SETTING).await?;
        Ok(kept
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    /// The moment before which whoever waits has waited for too long.
    async fn late(&self) -> Result<(Promise, Micros), Problem> {
        let promise = self.promise().await?;
        let since = promise.late(self.now());
        Ok((promise, since))
    }

    pub async fn counts(&self, actor: &Actor) -> Result<Counts, Problem> {
        Self::admit(actor)?;
        let mine = desk::mine(self.connect.db(), actor.id()).await?;
        let now = self.now();
        let kept = self.counted().all;
        if let Some((_, counts)) = kept.filter(|(at, c)| c.open >= MANY && now - at < OLD) {
            return Ok(Counts { mine, ..counts });
        }
        let (_, late) = self.late().await?;
        let counts = desk::counts(self.connect.db(), late).await?;
        self.counted().all = Some((now, counts));
        Ok(Counts { mine, ..counts })
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Open threads by step of a process: the step, how many, how many of them late.
    pub async fn by_step(&self, process: &str) -> Result<BySteps, Problem> {
        let now = self.now();
        let kept = self.counted().steps.get(process).cloned();
        if let Some((_, _, steps)) = kept.filter(|(at, n, _)| *n >= MANY && now - at < OLD) {
            return Ok(steps);
        }
        let (_, late) = self.late().await?;
        let rows = desk::open_by_step(self.connect.db(), process, late).await?;
        let all = rows.iter().map(|(_, n, _)| n).sum();
        let steps = rows
            .into_iter()
            .filter_map(|(step, n, late)| Some((step?, (n, late))));
        let steps: BySteps = steps.collect();
        let kept = (now, all, steps.clone());
        self.counted().steps.insert(process.into(), kept);
        Ok(steps)
    }

    /// A page of the queue, behind a thread.
    pub async fn queue(
        &self,
        actor: &Actor,
        what: Queue<'_>,
        behind: Option<(Micros, &str)>,
    ) -> Result<Vec<Waiting>, Problem> {
        Self::admit(actor)?;
        let begin = match what {
            Queue::Open | Queue::Snoozed | Queue::Of(_) => (Micros::MIN, ""),
            Queue::Held | Queue::Found | Queue::Dismissed | Queue::Done => (Micros::MAX, ""),
        };
        let db = self.connect.db();
        let rows = desk::queue(db, what, self.now(), behind.unwrap_or(begin), PAGE).await?;
        let (promise, late) = self.late().await?;
        let mut newest = self.newest(&rows).await?;
        let kinds = connections::list(db).await?;
        let kind_of = |id: &str| {
            kinds
                .iter()
                .find(|c| c.id == id)
                .map_or(String::new(), |c| c.kind.clone())
        };
        let now = self.now();
        Ok(rows
            .into_iter()
            .map(|thread| {
                let (who, words) = newest.remove(&thread.id).unwrap_or_default();
                let since = thread.waiting.unwrap_or(thread.last);
                Waiting {
                    kind: kind_of(&thread.connection),
                    who,
                    words: base::format::short(&words, 140),
                    age: share(promise.waited(since, now), promise.minutes),
                    is_late: thread.waiting.is_some_and(|w| w <= late),
                    thread,
                }
            })
            .collect())
    }

    /// Who said what last in each thread, with what was merged into it.
    async fn newest(
        &self,
        rows: &[ThreadRow],
    ) -> Result<HashMap<String, (String, String)>, Problem> {
        let db = self.connect.db();
        let mut ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
        let merged = desk::merged_into(db, &ids).await?;
        ids.extend(merged.iter().map(|(id, _)| id.clone()));
        let shown: HashMap<String, String> = merged.into_iter().collect();
        let mut said = desk::newest_said(db, &ids).await?;
        said.sort_by_key(|(_, at, ..)| *at);
        let newest = said.into_iter().map(|(thread, _, name, handle, body)| {
            let thread = shown.get(&thread).cloned().unwrap_or(thread);
            (thread, (if name.is_empty() { handle } else { name }, body))
        });
        Ok(newest.collect())
    }

    /// The thread that shows one that was merged, by its id.
    pub async fn shown_in(&self, actor: &Actor, id: &str) -> Result<Option<String>, Problem> {
        Self::admit(actor)?;
        let row = desk::thread(self.connect.db(), id).await?;
        Ok(row.and_then(|r| r.merged_into))
    }

    pub async fn thread(&self, actor: &Actor, id: &str) -> Result<Thread, Problem> {
        Self::admit(actor)?;
        let db = self.connect.db();
        let row = desk::thread(db, id)
            .await?
            .ok_or_else(|| Problem::not_found("thread"))?;
        let id = row.merged_into.as_deref().unwrap_or(id);
        let mut parts = Vec::new();
        for row in desk::together(db, id).await? {
            parts.push(self.part_with(row).await?);
        }
        let shown = parts.first().ok_or_else(|| Problem::not_found("thread"))?;
        let contact = match &shown.row.contact {
            Some(contact) => desk::contact(db, contact).await?,
            None => None,
        };
        let handles = match &contact {
            Some(contact) => desk::handles(db, &contact.id).await?,
            None => Vec::new(),
        };
        Ok(Thread {
            row: shown.row.clone(),
            connection: shown.connection.clone(),
            account: shown.account.clone(),
            longest: shown.longest,
            said: desk::said(db, id, 200).await?,
            replies: desk::replies(db, id).await?,
            notes: desk::notes(db, id).await?,
            merges: desk::merges(db, id).await?,
            contact,
            handles,
            parts,
        })
    }

    /// One conversation by itself, whether it was merged or not.
    async fn part(&self, id: &str) -> Result<Part, Problem> {
        let row = desk::thread(self.connect.db(), id).await?;
        self.part_with(row.ok_or_else(|| Problem::not_found("thread"))?)
            .await
    }

    async fn part_with(&self, row: ThreadRow) -> Result<Part, Problem> {
        let connection = connections::find(self.connect.db(), &row.connection).await?;
        let connection = connection.ok_or_else(|| Problem::not_found("connection"))?;
        let (signature, sends_from) = self.connect.sending(&connection.id).await?;
        Ok(Part {
            signature,
            sends_from,
            account: crate::connect::account_of(&connection),
            longest: self
                .connect
                .channel(&connection.kind)
                .map_or(0, |c| c.longest()),
            connection,
            row,
        })
    }

    /// What is there to be read by a colleague before it goes, oldest first.
    pub async fn in_state(&self, actor: &Actor, state: &str) -> Result<Vec<ReplyRow>, Problem> {
        Self::admit(actor)?;
        Ok(desk::replies_in_state(self.connect.db(), state, 100).await?)
    }

    /// Conversations with the customer of a case, newest first.
    pub async fn of_case(
        &self,
        actor: &Actor,
        process: &str,
        case: &str,
    ) -> Result<Vec<ThreadRow>, Problem> {
        if !actor.is_at_least(Role::Member) {
            return Ok(Vec::new());
        }
        Ok(desk::threads_of_case(self.connect.db(), process, case).await?)
    }

    /// Addresses whose mail lands on a case, for whoever answers its customer.
    pub async fn addresses(
        &self,
        actor: &Actor,
        process: &str,
        case: &str,
    ) -> Result<Vec<String>, Problem> {
        match actor.is_at_least(Role::Member) {
            true => self.connect.addresses(process, case).await,
            false => Ok(Vec::new()),
        }
    }

    pub async fn canned(&self) -> Result<Vec<CannedRow>, Problem> {
        Ok(desk::canned(self.connect.db()).await?)
    }

    pub async fn people(&self) -> Result<Vec<DeskPersonRow>, Problem> {
        Ok(desk::desk_people(self.connect.db()).await?)
    }

    /// Whether a colleague reads what she writes before it goes.
    pub async fn is_reviewed(&self, person: &str) -> Result<bool, Problem> {
        let all = self.people().await?;
        Ok(all.iter().any(|p| p.person == person && p.is_reviewed != 0))
    }
}

/// A wait in per cent of what is promised.
fn share(waited: Micros, minutes: i64) -> i64 {
    (waited * 100 / (minutes.max(1) * MINUTE)).clamp(0, 100)
}

/// The longest a thread may sleep.
const SNOOZE: Micros = 30 * 24 * HOUR;
