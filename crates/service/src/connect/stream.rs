//! Streams: a service that keeps telling is listened to beside the poll, so that what a customer says is there within the second. A stream
//! only makes it sooner: whenever one ends, the poll looks for what it may have missed. One node listens to a channel at a time.

use super::{Connect, MINUTE};
use base::problem::Problem;
use connectors::{Budget, Cursor, Fault};
use mining::Micros;
use mining::time::SECOND;
use std::collections::HashMap;
use std::time::Duration;
use store::connections::{self, CHANNEL, ConnectionRow, ON};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often it is looked for channels that nobody listens to.
const LOOK: Duration = Duration::from_secs(2);
/// How long a stream is this node's; renewed while it is read.
const LEASE: Micros = MINUTE;
const RENEW: Duration = Duration::from_secs(15);
/// A stream that says nothing for so long, not even that it lives, is dead.
const SILENCE: Duration = Duration::from_secs(120);
const SHORTEST: Duration = Duration::from_secs(5);
/// A stream's word that does not end is none, in bytes.
const LONGEST: usize = 8 << 20;
const LONGEST_WAIT: Micros = 10 * MINUTE;

/// One that is listened to, and how often in a row that went wrong.
#[derive(Default)]
struct Ear {
    task: Option<JoinHandle<bool>>,
    failures: u32,
    not_before: Micros,
}

impl Connect {
    /// Listens to every channel that has a stream, until it is told to stop.
    pub(super) async fn keep_ears(&self, mut stop: watch::Receiver<bool>) {
        let mut ears: HashMap<String, Ear> = HashMap::new();
        while !*stop.borrow() {
            if let Err(problem) = self.lend_ears(&mut ears).await {
                tracing::warn!(%problem, "channels could not be listened to");
            }
            tokio::select! {
                _ = stop.wait_for(|s| *s) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        for ear in ears.into_values().filter_map(|e| e.task) {
            ear.abort();
        }
    }

    async fn lend_ears(&self, ears: &mut HashMap<String, Ear>) -> Result<(), Problem> {
        let now = self.clock().now();
        for ear in ears.values_mut() {
            if !ear.task.as_ref().is_some_and(JoinHandle::is_finished) {
                continue;
            }
            let task = ear.task.take();
            let went_well = match task {
                Some(task) => task.await.unwrap_or(false),
                None => false,
            };
            ear.failures = if went_well { 0 } else { ear.failures + 1 };
            let wait = match ear.failures {
                0 => 0,
                n => ((2 * SECOND) << n.min(10)).min(LONGEST_WAIT),
            };
            ear.not_before = now + wait;
        }
        let rows = connections::list(self.db()).await?;
        let rows = rows
            .into_iter()
            .filter(|r| r.what == CHANNEL && r.state == ON);
        let rows: Vec<ConnectionRow> = rows.collect();
        // Whoever is paused or gone finds out by her lease.
        ears.retain(|id, ear| ear.task.is_some() || rows.iter().any(|r| r.id == *id));
        for row in rows {
            let ear = ears.entry(row.id.clone()).or_default();
            if ear.task.is_some() || ear.not_before > now || !self.has_stream(&row) {
                continue;
            }
            // What is billed is listened to as far as the connection allows.
            if self.is_spent(&row).await? {
                continue;
            }
            let connect = self.clone();
            ear.task = Some(tokio::spawn(async move { connect.follow(&row).await }));
        }
        Ok(())
    }

    fn has_stream(&self, row: &ConnectionRow) -> bool {
        let Ok(channel) = self.channel(&row.kind) else {
            return false;
        };
        let Ok(settings) = self.settings(row) else {
            return false;
        };
        channel.stream(&settings, cursor(row).as_ref()).is_some()
    }

    /// What reading has cost this month, by poll and by stream, where the service bills it.
    pub(crate) async fn budget(&self, row: &ConnectionRow) -> Result<Option<Budget>, Problem> {
        let (Ok(channel), Ok(settings)) = (self.channel(&row.kind), self.settings(row)) else {
            return Ok(None);
        };
        let now = self.clock().now();
        let Some(budget) = channel.budget(&settings, cursor(row).as_ref(), now) else {
            return Ok(None);
        };
        let told = connections::told(self.db(), &row.id, &budget.month).await?;
        let told = told.max(0) as u64;
        Ok(Some(Budget {
            read: budget.read + told,
            found: budget.found + told,
            ..budget
        }))
    }

    /// Whether what the connection allows for this month is used up.
    pub(super) async fn is_spent(&self, row: &ConnectionRow) -> Result<bool, Problem> {
        let budget = self.budget(row).await?;
        Ok(budget.is_some_and(|b| b.found >= b.most))
    }

    /// Counts what a stream told where it is billed; `false` when that was the last for this month.
    async fn count_told(&self, row: &ConnectionRow, more: usize) -> Result<bool, Problem> {
        let row = connections::find(self.db(), &row.id).await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let Some(budget) = self.budget(&row).await? else {
            return Ok(true);
        };
        let mut tx = self.db().begin().await?;
        connections::count_told(&mut tx, &row.id, &budget.month, more as i64).await?;
        tx.commit().await?;
        Ok(budget.found + (more as u64) < budget.most)
    }

    /// Streams of a channel, one after the other, until it is not this node's any more or one cannot be read; whether that was well.
    async fn follow(&self, row: &ConnectionRow) -> bool {
        let mut row = row.clone();
        loop {
            let began = tokio::time::Instant::now();
            match self.read_stream(&row).await {
                Ok(true) => {}
                Ok(false) => return true,
                Err(fault) => {
                    // The poll meets the same and tells of it on the page.
                    tracing::debug!(connection = row.id, %fault, "a stream ended");
                    return false;
                }
            }
            let Some(now) = self.after_a_look(&row).await else {
                return true;
            };
            // One that ends as soon as it began, and for nothing, is not opened again and again.
            if now.cursor == row.cursor && began.elapsed() < SHORTEST {
                return false;
            }
            row = now;
        }
    }

    /// The channel as it is when the poll has looked, or after a second without.
    async fn after_a_look(&self, row: &ConnectionRow) -> Option<ConnectionRow> {
        let mut now = None;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            now = connections::find(self.db(), &row.id).await.ok().flatten();
            if now.as_ref().is_none_or(|n| n.cursor != row.cursor) {
                break;
            }
        }
        now.filter(|n| n.state == ON)
    }

    /// One stream from its beginning to its end; `false` when there is none for this node.
    async fn read_stream(&self, row: &ConnectionRow) -> Result<bool, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let settings = self.opened(row).await?;
        let (channel, account) = self.there(row)?;
        let Some(request) = channel.stream(&settings, cursor(row).as_ref()) else {
            return Ok(false);
        };
        if !self.keep_listening(row).await.map_err(inside)? {
            return Ok(false);
        }
        let mut stream = self.inner.carrier.open(request?).await?;
        if !(200..300).contains(&stream.status) {
            return Err(Fault::Refused(format!("status {}", stream.status)));
        }
        // What was said since the last look and before this moment is not told by the stream.
        self.ring(&row.id).await.map_err(inside)?;
        let mut buffer = Vec::new();
        let mut renewal = tokio::time::interval(RENEW);
        let mut spoke = tokio::time::Instant::now();
        loop {
            tokio::select! {
                chunk = stream.chunk() => {
                    let Some(chunk) = chunk else { break };
                    spoke = tokio::time::Instant::now();
                    buffer.extend_from_slice(&chunk);
                    let told = channel.streamed(&settings, &account, &mut buffer)?;
                    if buffer.len() > LONGEST {
                        break;
                    }
                    if !told.is_empty() {
                        let more = told.len();
                        self.take_in(row.clone(), told).await.map_err(inside)?;
                        if !self.count_told(row, more).await.map_err(inside)? {
                            return Ok(false);
                        }
                    }
                }
                _ = renewal.tick() => {
                    if !self.keep_listening(row).await.map_err(inside)? {
                        return Ok(false);
                    }
                    if spoke.elapsed() > SILENCE {
                        break;
                    }
                }
            }
        }
        self.ring(&row.id).await.map_err(inside)?;
        Ok(true)
    }

    /// Says that this node goes on listening; `false` when another one does, or when the channel is not what it was.
    async fn keep_listening(&self, row: &ConnectionRow) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let whose = (row.id.as_str(), self.inner.node.as_str());
        let is_ours = connections::listen(&mut tx, whose, &row.sealed, now, now + LEASE).await?;
        tx.commit().await?;
        Ok(is_ours)
    }
}

fn cursor(row: &ConnectionRow) -> Option<Cursor> {
    let text = row.cursor.as_deref()?;
    serde_json::from_str(text).ok()
}
