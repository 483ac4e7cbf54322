//! What happens, as it happens: the newest events of the record, handed to whoever listens.
//!
//! One task reads the record behind the last event it knows and hands on what came. It is woken by whoever wrote here, on
//! PostgreSQL by whoever wrote on any node (NOTIFY), and looks by itself now and then, so a wake that was lost costs a
//! moment and no event. Numbers become visible in their order (see [`crate::store::events::in_order`]), so none is passed over.

use crate::store::events::{self, Event};
use crate::store::{Db, work};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// Listeners that fall further behind read the record instead.
const KEPT: usize = 4_096;
/// How many events are read at once.
const AT_ONCE: i64 = 1_000;
/// How long a lost wake can cost.
const LOOK: Duration = Duration::from_secs(1);
/// The channel on which PostgreSQL's nodes wake each other.
pub const CHANNEL: &str = "tenon_record";

/// An event, and what it says of a message.
#[derive(Debug)]
pub struct Happened {
    pub event: Event,
    /// Of a message: who wrote it, and where.
    pub message: Option<work::MessageRow>,
}

#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    wake: Notify,
    last: AtomicI64,
    send: broadcast::Sender<Arc<Happened>>,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            inner: Arc::new(Inner {
                wake: Notify::new(),
                last: AtomicI64::new(-1),
                send: broadcast::channel(KEPT).0,
            }),
        }
    }
}

impl Live {
    /// Something was written.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    pub fn listen(&self) -> broadcast::Receiver<Arc<Happened>> {
        self.inner.send.subscribe()
    }

    /// The number of the last event that was handed on; what is behind it will be.
    pub fn last(&self) -> i64 {
        self.inner.last.load(Ordering::Acquire)
    }

    /// Reads the record as it grows. Never ends.
    pub async fn keep(self, db: Db, mut each: impl FnMut(&Happened) + Send) {
        let mut others = match &db {
            Db::Postgres(pool) => listener(pool).await,
            Db::Sqlite { .. } => None,
        };
        while self.last() < 0 {
            match events::last(&db).await {
                Ok(last) => self.inner.last.store(last, Ordering::Release),
                Err(problem) => {
                    tracing::warn!(%problem, "the record could not be read");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
        loop {
            match self.pass_on(&db, &mut each).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(problem) => tracing::warn!(%problem, "the record could not be read"),
            }
            let told = async {
                match &mut others {
                    Some(others) => _ = others.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.inner.wake.notified() => {}
                () = told => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Hands on what came; whether there may be more.
    async fn pass_on(&self, db: &Db, each: &mut impl FnMut(&Happened)) -> sqlx::Result<bool> {
        let last = self.last();
        let new = events::after(db, last, AT_ONCE).await?;
        let Some(newest) = new.last().map(|e| e.seq) else {
            return Ok(false);
        };
        let has_posts = new.iter().any(|e| is_post(&e.kind));
        let mut messages = match has_posts {
            true => work::between(db, last, newest).await?,
            false => Vec::new(),
        }
        .into_iter()
        .peekable();
        let more = new.len() as i64 == AT_ONCE;
        for event in new {
            while messages.next_if(|m| m.id < event.seq).is_some() {}
            let message = messages.next_if(|m| m.id == event.seq);
            let happened = Happened { event, message };
            each(&happened);
            self.inner.last.store(happened.event.seq, Ordering::Release);
            // Nobody listening is no problem.
            let _ = self.inner.send.send(Arc::new(happened));
        }
        Ok(more)
    }
}

/// Whether an event brings a message.
pub fn is_post(kind: &str) -> bool {
    matches!(
        kind,
        "message.posted" | "question.asked" | "question.answered"
    )
}

async fn listener(pool: &sqlx::PgPool) -> Option<sqlx::postgres::PgListener> {
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}
