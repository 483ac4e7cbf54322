//! What happens, as it happens: the newest events of the record, handed to whoever listens.
//!
//! One task reads the record behind the last event it knows and hands on what came. It is woken by whoever wrote here, on
//! PostgreSQL by whoever wrote on any node (NOTIFY), and looks by itself now and then, so a wake that was lost costs a
//! moment and no event. Numbers become visible in their order (see [`store::events::in_order`]), so none is passed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::events::{self, Event, Heard, Others};
use store::{Db, work};
use tokio::sync::{Notify, broadcast};

/// Listeners that fall further behind read the record instead.
const KEPT: usize = 4_096;
/// How many events are read at once.
const AT_ONCE: i64 = 1_000;
/// How long a lost wake can cost.
const LOOK: Duration = Duration::from_secs(1);

/// An event, and who is told of it.
#[derive(Debug)]
pub struct Happened {
    pub event: Event,
    /// Ids of those who are told of it.
    pub told: Vec<String>,
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

    /// Reads the record as it grows, and hears who is where. Never ends.
    pub async fn keep(
        self,
        db: Db,
        mut each: impl FnMut(&Happened) + Send,
        here: impl Fn(&str) + Send,
    ) {
        let mut others = Others::listen(&db).await;
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
            let look = tokio::time::sleep(LOOK);
            tokio::pin!(look);
            loop {
                tokio::select! {
                    () = self.inner.wake.notified() => break,
                    heard = others.recv() => match heard {
                        Heard::Here(told) => here(&told),
                        Heard::Appended => break,
                    },
                    () = &mut look => break,
                }
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
        let mut told = work::told_between(db, last, newest)
            .await?
            .into_iter()
            .peekable();
        let more = new.len() as i64 == AT_ONCE;
        for event in new {
            let mut whom = Vec::new();
            while let Some((_, person)) = told.next_if(|(seq, _)| *seq <= event.seq) {
                whom.push(person);
            }
            let happened = Happened { event, told: whom };
            each(&happened);
            self.inner.last.store(happened.event.seq, Ordering::Release);
            // Nobody listening is no problem.
            let _ = self.inner.send.send(Arc::new(happened));
        }
        Ok(more)
    }
}
