//! The queue of work to be done later, or again.
//!
//! Work is queued in the transaction of what causes it, under a key, so that it is queued once. A worker takes it for
//! [`LEASE`]; when the worker dies, another takes it after that. Who does the work hands back the transaction that holds
//! its effect, and the job ends in the same transaction: both or neither. What fails is tried again, later each time, and
//! given up after [`ATTEMPTS`] with the reason kept. Work that must not be done twice is noted as begun before it is; what is
//! found begun and not ended is set aside for an owner (`mail::doubt`).

use base::clock::Clock;
use base::identity::secret::Digest;
use base::problem::Problem;
use mining::Micros;
use mining::time::{DAY, HOUR};
use serde_json::Value;
use std::sync::Arc;
use store::jobs::{self, JobCounts, JobRow};
use store::{Db, Tx};

const SECOND: Micros = 1_000_000;
/// Longer than all that one worker takes at once.
pub const LEASE: Micros = 300 * SECOND;
/// Over about a day.
pub const ATTEMPTS: i64 = 14;
const FIRST_WAIT: Micros = 15 * SECOND;
const LONGEST_WAIT: Micros = 6 * HOUR;
/// How long it is remembered what was done; within that, nothing is queued a second time.
const REMEMBERED: Micros = 30 * DAY;

/// Why work was not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    pub why: String,
    /// Trying again cannot help.
    pub is_final: bool,
}

impl Failed {
    pub fn again(why: impl ToString) -> Failed {
        let why = why.to_string();
        Failed {
            why,
            is_final: false,
        }
    }

    pub fn never(why: impl ToString) -> Failed {
        let why = why.to_string();
        Failed {
            why,
            is_final: true,
        }
    }
}

impl<E: Into<Problem>> From<E> for Failed {
    fn from(e: E) -> Failed {
        Failed::again(e.into().what)
    }
}

#[derive(Clone)]
pub struct Queue {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Queue {
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Queue {
        Queue { db, clock }
    }

    /// Queues work with what causes it; whether it was not queued before.
    pub async fn add(
        &self,
        tx: &mut Tx,
        kind: &str,
        key: &str,
        payload: &Value,
        due: Micros,
    ) -> Result<bool, Problem> {
        let row = JobRow {
            id: format!("job_{}", self.clock.id().simple()),
            kind: kind.into(),
            key: key.into(),
            payload: payload.to_string(),
            created: self.clock.now(),
            due,
            attempts: 0,
            claimed: None,
            begun: None,
            done: None,
            dead: None,
            error: None,
        };
        Ok(jobs::enqueue(tx, &row).await?)
    }

    /// Takes what is due.
    pub async fn claim(&self, most: i64) -> Result<Vec<JobRow>, Problem> {
        let now = self.clock.now();
        // Looking takes no lock; most of the time nothing is due.
        if self.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let rows = jobs::claim(&mut tx, now, now + LEASE, most).await?;
        tx.commit().await?;
        Ok(rows)
    }

    pub async fn next_due(&self) -> Result<Option<Micros>, Problem> {
        Ok(jobs::next_due(&self.db).await?)
    }

    /// Ends a job with the transaction that holds its effect, or takes note that it failed.
    pub async fn finish(&self, job: &JobRow, done: Result<Tx, Failed>) -> Result<(), Problem> {
        let now = self.clock.now();
        let failed = match done {
            Ok(mut tx) => {
                // Whose lease ran out meanwhile leaves the effect to who has the job now.
                if jobs::done(&mut tx, job, now).await? {
                    tx.commit().await?;
                }
                return Ok(());
            }
            Err(failed) => failed,
        };
        let mut tx = self.db.begin().await?;
        if failed.is_final || job.attempts >= ATTEMPTS {
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                why = failed.why,
                "work was given up"
            );
            jobs::bury(&mut tx, job, now, &failed.why).await?;
        } else {
            let due = now + wait(&job.id, job.attempts);
            jobs::retry(&mut tx, job, due, &failed.why).await?;
        }
        Ok(tx.commit().await?)
    }

    pub async fn counts(&self) -> Result<JobCounts, Problem> {
        Ok(jobs::counts(&self.db, self.clock.now()).await?)
    }

    /// What is not done, the dead first.
    pub async fn open(&self) -> Result<Vec<JobRow>, Problem> {
        Ok(jobs::open(&self.db, 200).await?)
    }

    /// Tries again what was given up, or set aside because nobody knows whether it was done.
    pub async fn requeue(&self, id: &str) -> Result<JobRow, Problem> {
        let mut tx = self.db.begin().await?;
        let is_there = jobs::requeue(&mut tx, id, self.clock.now()).await?;
        tx.commit().await?;
        let row = jobs::find(&self.db, id).await?.filter(|_| is_there);
        row.ok_or_else(not_dead)
    }

    /// Forgets what was given up or set aside.
    pub async fn drop_dead(&self, id: &str) -> Result<(), Problem> {
        let mut tx = self.db.begin().await?;
        let is_there = jobs::drop_dead(&mut tx, id).await?;
        tx.commit().await?;
        is_there.then_some(()).ok_or_else(not_dead)
    }

    /// A server over SQLite is the only one: what had work when it starts is dead, and its lease need not run out.
    pub async fn release(&self) -> Result<(), Problem> {
        let mut tx = self.db.begin().await?;
        jobs::release(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    pub async fn sweep(&self) -> Result<(), Problem> {
        let mut tx = self.db.begin().await?;
        jobs::sweep(&mut tx, self.clock.now() - REMEMBERED).await?;
        Ok(tx.commit().await?)
    }
}

fn not_dead() -> Problem {
    Problem::new(
        404,
        "not_found",
        "There is no such job among those that were given up or set aside.",
        "Look at the list again: it may have been tried already.",
    )
}

/// How long to wait after an attempt: doubled each time, a fifth more or less by the job, so that a thousand jobs that
/// failed together do not come back together.
fn wait(job: &str, attempt: i64) -> Micros {
    let doubled = FIRST_WAIT << (attempt - 1).clamp(0, 20);
    let spread = Digest::of(&format!("{job} {attempt}")).text();
    let spread = i64::from_str_radix(&spread[..4], 16).unwrap_or(0);
    doubled.min(LONGEST_WAIT) * (800 + 400 * spread / 0xffff) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::SetClock;
    use serde_json::json;
    use store::testing::on_both;

    async fn add(queue: &Queue, key: &str, due: Micros) -> bool {
        let mut tx = queue.db.begin().await.unwrap();
        let added = queue
            .add(&mut tx, "test", key, &json!({ "n": 1 }), due)
            .await;
        tx.commit().await.unwrap();
        added.unwrap()
    }

    fn keys(rows: &[JobRow]) -> Vec<&str> {
        rows.iter().map(|r| r.key.as_str()).collect()
    }

    #[test]
    fn work_is_taken_once_when_it_is_due_and_again_when_its_worker_died() {
        on_both(|db| async move {
            let clock = Arc::new(SetClock::at(HOUR));
            let queue = Queue::new(db.clone(), clock.clone());
            assert!(add(&queue, "a", HOUR).await && !add(&queue, "a", HOUR).await);
            assert!(add(&queue, "b", HOUR + 1).await);
            let taken = queue.claim(10).await.unwrap();
            assert_eq!((keys(&taken), taken[0].attempts), (vec!["a"], 1));
            assert!(queue.claim(10).await.unwrap().is_empty());
            clock.set(HOUR + LEASE);
            let again = queue.claim(10).await.unwrap();
            assert_eq!((keys(&again), again[0].attempts), (vec!["a", "b"], 2));
            let late = db.begin().await.unwrap();
            queue.finish(&taken[0], Ok(late)).await.unwrap();
            assert_eq!(
                queue.counts().await.unwrap().running,
                2,
                "the first lost its lease"
            );
            let tx = db.begin().await.unwrap();
            queue.finish(&again[0], Ok(tx)).await.unwrap();
            let counts = JobCounts {
                waiting: 0,
                running: 1,
                dead: 0,
                unknown: 0,
            };
            assert_eq!(queue.counts().await.unwrap(), counts);
            assert!(!add(&queue, "a", HOUR).await, "done is not queued again");
        });
    }

    #[test]
    fn what_fails_is_tried_later_each_time_given_up_in_the_end_and_can_be_brought_back() {
        on_both(|db| async move {
            let clock = Arc::new(SetClock::at(HOUR));
            let queue = Queue::new(db, clock.clone());
            add(&queue, "a", HOUR).await;
            let mut waits = Vec::new();
            for attempt in 1..=ATTEMPTS {
                let taken = queue.claim(1).await.unwrap();
                assert_eq!(taken[0].attempts, attempt);
                queue
                    .finish(&taken[0], Err(Failed::again("no answer")))
                    .await
                    .unwrap();
                if let Some(due) = queue.next_due().await.unwrap() {
                    waits.push((due - clock.now()) / SECOND);
                    clock.set(due);
                }
            }
            assert!(waits[0] >= 12 && waits[0] <= 18, "{waits:?}");
            assert!(waits.iter().sum::<i64>() > 16 * 3600, "{waits:?}");
            let dead = queue.open().await.unwrap();
            assert_eq!(dead[0].error.as_deref(), Some("no answer"));
            assert!(dead[0].dead.is_some() && queue.claim(1).await.unwrap().is_empty());
            queue.requeue(&dead[0].id).await.unwrap();
            let taken = queue.claim(1).await.unwrap();
            queue
                .finish(&taken[0], Err(Failed::never("refused")))
                .await
                .unwrap();
            assert_eq!(
                queue.counts().await.unwrap().dead,
                1,
                "no use in trying again"
            );
            queue.drop_dead(&dead[0].id).await.unwrap();
            assert_eq!(queue.drop_dead(&dead[0].id).await.unwrap_err().status, 404);
            assert_eq!(queue.counts().await.unwrap(), JobCounts::default());
        });
    }

    #[test]
    fn two_workers_share_what_is_due_and_never_have_the_same() {
        on_both(|db| async move {
            let clock = Arc::new(SetClock::at(HOUR));
            let queue = Queue::new(db, clock);
            for n in 0..40 {
                add(&queue, &n.to_string(), HOUR).await;
            }
            let (a, b) = tokio::join!(queue.claim(30), queue.claim(30));
            let mut all: Vec<JobRow> = a.unwrap();
            all.extend(b.unwrap());
            let mut all = keys(&all);
            all.sort_unstable();
            let taken = all.len();
            all.dedup();
            assert_eq!(all.len(), taken, "the same job was taken twice");
            // Who comes while the other's transaction is open passes over what that has.
            assert!(taken >= 30, "{taken}");
        });
    }

    #[test]
    fn the_wait_is_the_same_in_every_run_and_differs_between_jobs() {
        assert_eq!(wait("job_1", 3), wait("job_1", 3));
        assert_ne!(wait("job_1", 3), wait("job_2", 3));
    }
}
