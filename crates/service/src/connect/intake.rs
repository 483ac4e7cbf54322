//! Deliveries of webhooks on their way into the store: all that wait at one moment go in with one commit, so that a burst is
//! taken as fast as the disk allows. Each is acknowledged when it is on the disk, and not before.

use super::Connect;
use base::problem::Problem;
use connectors::Incoming;
use mining::Micros;
use mining::time::MINUTE;
use std::collections::HashMap;
use store::connections::ConnectionRow;
use store::events;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Deliveries that wait; more wait at the socket.
const WAITING: usize = 4_096;
/// Deliveries that are not genuine, or to no address of ours, in a minute.
const REFUSED: u32 = 120;
/// Deliveries in one commit.
const AT_ONCE: usize = 512;

pub(super) struct Taken {
    row: ConnectionRow,
    items: Vec<Incoming>,
    done: oneshot::Sender<Result<(), Problem>>,
}

pub(super) struct Intake {
    to: mpsc::Sender<Taken>,
    /// Whoever holds it takes in what waits, for all.
    from: Mutex<mpsc::Receiver<Taken>>,
    /// The minute, and how many were refused in it, by where they came from and whose they claimed to be.
    refused: std::sync::Mutex<(Micros, HashMap<String, u32>)>,
}

impl Default for Intake {
    fn default() -> Intake {
        let (to, from) = mpsc::channel(WAITING);
        let from = Mutex::new(from);
        let refused = std::sync::Mutex::default();
        Intake { to, from, refused }
    }
}

impl Intake {
    /// Counts what was refused.
    pub fn refuse(&self, whose: &str, now: Micros) {
        let mut refused = self.refused.lock().unwrap_or_else(|e| e.into_inner());
        if refused.0 != now.div_euclid(MINUTE) {
            *refused = (now.div_euclid(MINUTE), HashMap::new());
        }
        // So many places at once are no places any more.
        if refused.1.len() < 100_000 {
            *refused.1.entry(whose.into()).or_default() += 1;
        }
    }

    /// Whether it is still looked at.
    pub fn admit(&self, whose: &str, now: Micros) -> Result<(), Problem> {
        let refused = self.refused.lock().unwrap_or_else(|e| e.into_inner());
        let n = refused.1.get(whose).copied().unwrap_or(0);
        match refused.0 == now.div_euclid(MINUTE) && n >= REFUSED {
            false => Ok(()),
            true => Err(Problem::new(
                429,
                "too_many_refused",
                "Too many deliveries that are not genuine.",
                "Send what the service signed, to the address it was given.",
            )
            .after((MINUTE - now.rem_euclid(MINUTE)) / 1_000_000 + 1)),
        }
    }
}

impl Connect {
    /// Keeps what a delivery told, together with whatever else waits.
    pub(super) async fn take_in(
        &self,
        row: ConnectionRow,
        items: Vec<Incoming>,
    ) -> Result<(), Problem> {
        let (done, mut is_done) = oneshot::channel();
        let lost = || {
            Problem::new(
                503,
                "busy",
                "Too much comes in at once.",
                "Send it again in a moment.",
            )
            .after(5)
        };
        let taken = Taken { row, items, done };
        self.inner.intake.to.send(taken).await.map_err(|_| lost())?;
        loop {
            tokio::select! {
                biased;
                kept = &mut is_done => return kept.unwrap_or_else(|_| Err(lost())),
                mut from = self.inner.intake.from.lock() => self.take_what_waits(&mut from).await,
            }
        }
    }

    async fn take_what_waits(&self, from: &mut mpsc::Receiver<Taken>) {
        let mut batch = Vec::new();
        while batch.len() < AT_ONCE
            && let Ok(one) = from.try_recv()
        {
            batch.push(one);
        }
        if batch.is_empty() {
            return;
        }
        // Whoever asked may be gone; what it took out of the queue for the others is kept all the same.
        let connect = self.clone();
        let kept = tokio::spawn(async move {
            let kept = connect.keep(&batch).await;
            for one in batch {
                let _ = one.done.send(kept.clone());
            }
        });
        let _ = kept.await;
    }

    async fn keep(&self, batch: &[Taken]) -> Result<(), Problem> {
        let mut hearings = HashMap::new();
        for one in batch {
            if !hearings.contains_key(&one.row.id) {
                hearings.insert(one.row.id.clone(), self.hearing(&one.row).await?);
            }
        }
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        for one in batch {
            let hearing = &hearings[&one.row.id];
            self.take(&mut tx, &one.row, hearing, &one.items).await?;
        }
        self.done(tx).await
    }
}
