//! Mailboxes that tell when something comes (IDLE): the channel is looked at at once then, and the poll fills the gaps.

use super::{Connect, postman};
use crate::mailing::imap::{Broken, Session};
use base::problem::Problem;
use connectors::post::Mailbox;
use mining::Micros;
use mining::time::MINUTE;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use store::connections::{self, CHANNEL, ON};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// How often it is looked which connections there are.
const LOOK: Duration = Duration::from_secs(2);
/// How long one wait lasts; servers end longer ones by themselves.
const WAIT: Duration = Duration::from_secs(240);
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How often a mailbox is looked at that tells by itself.
const GAPS: Micros = MINUTE;

#[derive(Default)]
pub(super) struct Bells {
    /// Connections that rang since they were looked at last.
    rang: Mutex<HashSet<String>>,
    /// Connections at whose mailbox somebody waits now.
    attended: Mutex<HashSet<String>>,
}

fn lock(set: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    set.lock().unwrap_or_else(|e| e.into_inner())
}

impl Bells {
    /// From here on what rings is not seen by this look.
    pub fn begin(&self, id: &str) {
        lock(&self.rang).remove(id);
    }

    /// When to look next, unless it rang since the look began.
    pub fn due(&self, id: &str, now: Micros, every: Micros) -> Micros {
        if lock(&self.rang).contains(id) {
            return now;
        }
        match lock(&self.attended).contains(id) {
            true => now + GAPS,
            false => now + every,
        }
    }
}

/// Whoever waits at a mailbox, as long as it lives.
struct Attending<'a>(&'a Bells, &'a str);

impl Drop for Attending<'_> {
    fn drop(&mut self) {
        lock(&self.0.attended).remove(self.1);
    }
}

impl Connect {
    /// Waits at the mailboxes of all channels that have one, until it is told to stop.
    pub(super) async fn keep_bells(self, mut stop: watch::Receiver<bool>) {
        let mut waiting: HashMap<String, (String, AbortHandle)> = HashMap::new();
        let mut tasks = JoinSet::new();
        while !*stop.borrow() {
            match self.bells().await {
                Ok(wanted) => {
                    waiting.retain(|id, (sealed, task)| {
                        let is_same = wanted.get(id).is_some_and(|(s, _)| s == sealed);
                        if !is_same {
                            task.abort();
                        }
                        is_same
                    });
                    for (id, (sealed, mailbox)) in wanted {
                        waiting.entry(id).or_insert_with_key(|id| {
                            let task = self.clone().attend(id.clone(), mailbox);
                            (sealed, tasks.spawn(task))
                        });
                    }
                }
                Err(problem) => tracing::warn!(%problem, "mailboxes could not be found"),
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                _ = stop.changed() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// By connection: what it is sealed as, and its mailbox.
    async fn bells(&self) -> Result<HashMap<String, (String, Mailbox)>, Problem> {
        let rows = connections::list(self.db()).await?;
        let is_on = |row: &connections::ConnectionRow| row.what == CHANNEL && row.state == ON;
        let bells = rows.into_iter().filter(is_on).filter_map(|row| {
            let channel = self.channel(&row.kind).ok()?;
            let mailbox = channel.bell(&self.settings(&row).ok()?)?;
            Some((row.id, (row.sealed, mailbox)))
        });
        Ok(bells.collect())
    }

    async fn attend(self, id: String, mailbox: Mailbox) {
        let mut wait = FIRST_WAIT;
        loop {
            match self.listen(&id, &mailbox, &mut wait).await {
                Ok(()) => return,
                // What is wrong is said where the mailbox is polled.
                Err(broken) => {
                    tracing::debug!(connection = id, ?broken, "a mailbox is not waited at")
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// One connection to a mailbox, until it breaks; ends where the server cannot tell by itself.
    async fn listen(&self, id: &str, mailbox: &Mailbox, wait: &mut Duration) -> Result<(), Broken> {
        let place = postman::place(mailbox).map_err(|e| Broken::Store(e.to_string()))?;
        let mut session = Session::open(&place, &self.inner.postman.0).await?;
        if !session.can("IDLE") {
            session.leave().await;
            return Ok(());
        }
        let bells = &self.inner.bells;
        lock(&bells.attended).insert(id.to_string());
        let _attending = Attending(bells, id);
        // What came before somebody waited is looked for, too.
        let mut is_news = true;
        loop {
            if is_news {
                self.ring(id).await?;
            }
            session.wait(WAIT).await?;
            is_news = session.heard();
            *wait = FIRST_WAIT;
        }
    }

    /// Has a connection looked at, at once; one that was told to wait is left alone.
    pub(super) async fn ring(&self, id: &str) -> Result<(), Problem> {
        lock(&self.inner.bells.rang).insert(id.to_string());
        self.hurry(id, self.clock().now()).await
    }

    pub(super) async fn hurry(&self, id: &str, at: Micros) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        connections::hurry(&mut tx, id, at, self.clock().now() + 2 * GAPS).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}
