//! Deliveries of webhooks on their way into the store. Each is acknowledged when it is on the disk, and not before.
//!
//! A few that come at one moment go to the desk with one commit. A burst is kept as it came, as fast as the disk allows, and
//! [`Connect::keep_arrivals`] takes it to the desk after that, in the order in which it came.

use super::Connect;
use base::problem::Problem;
use connectors::Incoming;
use mining::Micros;
use mining::time::{HOUR, MINUTE};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::slice::from_ref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::arrivals::{self, ArrivalRow};
use store::connections::{self, ConnectionRow};
use store::desk::HandleRow;
use store::{Tx, events};
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

/// Deliveries that wait; more wait at the socket.
const WAITING: usize = 4_096;
/// Deliveries that are not genuine, or to no address of ours, in a minute.
const REFUSED: u32 = 120;
/// Deliveries that are taken to the desk at once; more at one moment are a burst.
const AT_ONCE: usize = 16;
/// Deliveries of a burst that are kept with one commit.
const IN_A_BURST: usize = 1_024;
/// Deliveries of a burst that are kept as one: nobody else writes while they are taken to the desk.
const TOGETHER: usize = 8;
/// So many are taken to the desk with one commit when no storm is under way.
const AT_REST: usize = 48;
/// More in a second than the desk can take are a storm: those who wait to be acknowledged come before the desk.
const STORM: f64 = 2_000.0;
/// About so many messages of a channel that were taken back and are not here are remembered.
const MOST_REMEMBERED: i64 = if cfg!(test) { 40 } else { 10_000 };
/// After so many more those above are forgotten.
const TRIMMED_AFTER: u64 = if cfg!(test) { 20 } else { 500 };
/// Over so long a time they are counted; a storm is over when nothing was kept for as long.
const COUNTED: Duration = Duration::from_millis(100);

/// How much is kept for the desk.
struct Pace {
    since: Instant,
    deliveries: usize,
    /// Deliveries a second, when they were counted last.
    rate: f64,
    last: Option<Instant>,
}

impl Pace {
    fn count(&mut self, deliveries: usize, now: Instant) {
        let counted = now - self.since;
        if counted >= COUNTED {
            self.rate = self.deliveries as f64 / counted.as_secs_f64();
            (self.since, self.deliveries) = (now, 0);
        }
        self.deliveries += deliveries;
        self.last = Some(now);
    }

    fn is_storm(&self, now: Instant) -> bool {
        self.rate > STORM && self.last.is_some_and(|at| now - at < COUNTED)
    }
}

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
    /// A burst was kept, and at which pace.
    arrived: Notify,
    pace: std::sync::Mutex<Pace>,
    /// How many that were taken back are remembered since this node started.
    remembered: AtomicU64,
}

/// A delivery as it is kept.
#[derive(Serialize, Deserialize)]
struct Told {
    connection: String,
    items: Vec<Incoming>,
}

impl Default for Intake {
    fn default() -> Intake {
        let (to, from) = mpsc::channel(WAITING);
        let from = Mutex::new(from);
        let refused = std::sync::Mutex::default();
        Intake {
            to,
            from,
            refused,
            arrived: Notify::new(),
            pace: std::sync::Mutex::new(Pace {
                since: Instant::now(),
                deliveries: 0,
                rate: 0.0,
                last: None,
            }),
            remembered: AtomicU64::new(0),
        }
    }
}

impl Intake {
    fn is_storm(&self) -> bool {
        let pace = self.pace.lock().unwrap_or_else(|e| e.into_inner());
        pace.is_storm(Instant::now())
    }

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
        while batch.len() < IN_A_BURST
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
            let kept = connect.keep_or_hold(&mut batch).await;
            for one in batch {
                let _ = one.done.send(kept.clone());
            }
        });
        let _ = kept.await;
    }

    /// What comes while a burst is on its way to the desk comes after it.
    async fn keep_or_hold(&self, batch: &mut [Taken]) -> Result<(), Problem> {
        if batch.len() <= AT_ONCE && !arrivals::is_behind(self.db()).await? {
            return self.keep(batch).await;
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        for some in batch.chunks_mut(TOGETHER) {
            let told: Vec<Told> = some
                .iter_mut()
                .map(|one| Told {
                    connection: one.row.id.clone(),
                    items: std::mem::take(&mut one.items),
                })
                .collect();
            self.hold(&mut tx, &self.id("arr"), now, &told).await?;
        }
        tx.commit().await?;
        let intake = &self.inner.intake;
        let mut pace = intake.pace.lock().unwrap_or_else(|e| e.into_inner());
        pace.count(batch.len(), Instant::now());
        drop(pace);
        intake.arrived.notify_one();
        Ok(())
    }

    async fn hold(&self, tx: &mut Tx, id: &str, at: Micros, told: &[Told]) -> Result<(), Problem> {
        let row = ArrivalRow {
            id: id.into(),
            at,
            told: serde_json::to_string(told).map_err(anyhow::Error::from)?,
            attempts: 0,
            due: at,
            error: None,
        };
        Ok(arrivals::insert(tx, &row).await?)
    }

    async fn keep(&self, batch: &[Taken]) -> Result<(), Problem> {
        let now = self.clock().now();
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
            self.take(&mut tx, &one.row, hearing, &one.items, now)
                .await?;
        }
        self.done(tx).await
    }

    /// Takes bursts to the desk until it is told to stop.
    pub(super) async fn keep_arrivals(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let began = Instant::now();
            match self.take_arrival().await {
                // In a storm half of the time belongs to those who wait to be acknowledged.
                Ok(true) if self.inner.intake.is_storm() => {
                    tokio::time::sleep(began.elapsed()).await;
                    continue;
                }
                Ok(true) => continue,
                Ok(false) => {}
                Err(problem) => {
                    tracing::warn!(%problem, "deliveries could not be taken to the desk")
                }
            }
            tokio::select! {
                _ = stop.changed() => break,
                () = self.inner.intake.arrived.notified() => {}
                () = tokio::time::sleep(super::LOOK) => {}
            }
        }
    }

    /// Takes the oldest that a burst left to the desk; whether there was anything. One that cannot be taken in is put off alone, and
    /// tried for as long as it takes: it was acknowledged.
    pub(crate) async fn take_arrival(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let most = match self.inner.intake.is_storm() {
            true => TOGETHER,
            false => AT_REST,
        };
        let mut rows = arrivals::next(self.db(), now, most as i64).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let read = |row: &ArrivalRow| serde_json::from_str(&row.told);
        let all: Result<Vec<Vec<Told>>, _> = rows.iter().map(read).collect();
        if let Ok(mut all) = all {
            // So many deliveries, in however many rows they came.
            let mut n = 0;
            let fits = |told: &&Vec<Told>| {
                n += told.len();
                n <= most
            };
            let fit = all.iter().take_while(fits).count().max(1);
            all.truncate(fit);
            rows.truncate(fit);
            if self.take_told(&rows, &all).await.is_ok() {
                return Ok(true);
            }
        }
        for row in rows {
            // What it was parted into comes before what is behind it.
            if self.take_alone(row, now).await? {
                break;
            }
        }
        Ok(true)
    }

    /// Takes one row to the desk, puts it off, or parts it; whether it was parted.
    async fn take_alone(&self, row: ArrivalRow, now: Micros) -> Result<bool, Problem> {
        let (told, problem) = match serde_json::from_str::<Vec<Told>>(&row.told) {
            Ok(told) => match self.take_told(from_ref(&row), from_ref(&told)).await {
                Ok(()) => return Ok(false),
                Err(problem) => (told, problem),
            },
            Err(error) => (Vec::new(), anyhow::Error::from(error).into()),
        };
        let mut tx = self.db().begin().await?;
        // Whoever takes something back at this moment finds it here, or in what it is parted into.
        events::in_order(&mut tx).await?;
        let is_parted = told.len() > 1;
        if is_parted {
            if let Some(told) = arrivals::take(&mut tx, &row.id).await? {
                let told: Vec<Told> = serde_json::from_str(&told).map_err(anyhow::Error::from)?;
                for (at, one) in told.into_iter().enumerate() {
                    let id = format!("{}-{at:04}", row.id);
                    self.hold(&mut tx, &id, row.at, &[one]).await?;
                }
            }
        } else {
            let why = base::format::short(&problem.to_string(), 300);
            tracing::warn!(arrival = row.id, %problem, "a delivery could not be taken to the desk");
            let wait = (MINUTE << row.attempts.clamp(0, 10)).min(HOUR);
            let connection = told.first().map(|one| one.connection.as_str());
            arrivals::put_off(&mut tx, (&row.id, connection), now + wait, &why).await?;
        }
        tx.commit().await?;
        Ok(is_parted)
    }

    async fn take_told(&self, rows: &[ArrivalRow], all: &[Vec<Told>]) -> Result<(), Problem> {
        let mut ears = HashMap::new();
        for one in all.iter().flatten() {
            if ears.contains_key(&one.connection) {
                continue;
            }
            let connection = connections::find(self.db(), &one.connection).await?;
            // What was disconnected meanwhile is not listened to any more.
            let connection = connection.filter(|c| c.state != connections::REMOVED);
            let ear = match connection {
                Some(row) => Some((self.hearing(&row).await?, row)),
                None => None,
            };
            ears.insert(one.connection.clone(), ear);
        }
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        for (row, told) in rows.iter().zip(all) {
            // Another node may have it by now.
            let Some(left) = arrivals::take(&mut tx, &row.id).await? else {
                continue;
            };
            // Something of it may have been taken back since it was read.
            let fresh: Option<Vec<Told>> = match left == row.told {
                true => None,
                false => Some(serde_json::from_str(&left).map_err(anyhow::Error::from)?),
            };
            for one in fresh.as_ref().unwrap_or(told) {
                if let Some(Some((hearing, connection))) = ears.get(&one.connection) {
                    self.take(&mut tx, connection, hearing, &one.items, row.at)
                        .await?;
                }
            }
        }
        self.done(tx).await
    }

    /// Takes what somebody said out of what waits: by the kind of channel and her id there.
    pub(crate) async fn forget_arrivals(
        &self,
        tx: &mut Tx,
        handles: &[HandleRow],
        kinds: &HashMap<String, String>,
    ) -> Result<(), Problem> {
        for row in arrivals::all(tx).await? {
            let is_hers = |one: &Told, item: &Incoming| {
                let kind = kinds.get(&one.connection);
                let mut all = handles.iter();
                all.any(|h| Some(&h.kind) == kind && h.author == item.author.id)
            };
            strike(tx, row, is_hers).await?;
        }
        Ok(())
    }

    /// Its author took a message back that is not on the desk: it comes neither out of what waits nor by another way.
    pub(super) async fn take_back(
        &self,
        tx: &mut Tx,
        connection: &str,
        source: &str,
    ) -> Result<(), Problem> {
        let quoted = serde_json::to_string(source).map_err(anyhow::Error::from)?;
        for row in arrivals::telling(tx, connection, &quoted).await? {
            let is_it =
                |one: &Told, item: &Incoming| one.connection == connection && item.id == source;
            strike(tx, row, is_it).await?;
        }
        let (of, now) = ((connection, source), self.clock().now());
        let is_new = arrivals::remember(tx, of, now).await?;
        let all = &self.inner.intake.remembered;
        if is_new && (all.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(TRIMMED_AFTER) {
            arrivals::trim(tx, connection, MOST_REMEMBERED).await?;
        }
        Ok(())
    }

    /// When a message was taken back before it came, if it was.
    pub(super) async fn taken_back(
        &self,
        tx: &mut Tx,
        connection: &str,
        source: &str,
    ) -> Result<Option<Micros>, Problem> {
        let since = self.clock().now() - arrivals::REMEMBERED;
        Ok(arrivals::taken_back(tx, (connection, source), since).await?)
    }

    /// How many deliveries of a connection could not be taken to the desk so far, and why.
    pub async fn stuck(&self, connection: &str) -> Result<Option<(i64, String)>, Problem> {
        Ok(arrivals::stuck(self.db(), connection).await?)
    }
}

/// Takes something out of what waits.
async fn strike(
    tx: &mut Tx,
    row: ArrivalRow,
    is_it: impl Fn(&Told, &Incoming) -> bool,
) -> Result<(), Problem> {
    // What cannot be read was never anybody's to our knowledge.
    let Ok(mut told) = serde_json::from_str::<Vec<Told>>(&row.told) else {
        return Ok(());
    };
    for one in &mut told {
        let items = std::mem::take(&mut one.items);
        one.items = items.into_iter().filter(|i| !is_it(one, i)).collect();
    }
    told.retain(|one| !one.items.is_empty());
    if told.is_empty() {
        arrivals::take(tx, &row.id).await?;
        return Ok(());
    }
    let left = serde_json::to_string(&told).map_err(anyhow::Error::from)?;
    if left != row.told {
        arrivals::rewrite(tx, &row.id, &left).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_more_than_the_desk_can_take_and_ends_with_it() {
        let begun = Instant::now();
        let mut pace = Pace {
            since: begun,
            deliveries: 0,
            rate: 0.0,
            last: None,
        };
        let at = |ms: u64| begun + Duration::from_millis(ms);
        assert!(!pace.is_storm(begun));
        // A thousand a second.
        (0..300).for_each(|ms| pace.count(1, at(ms)));
        assert!(!pace.is_storm(at(300)));
        // Five thousand.
        (300..600).for_each(|ms| pace.count(5, at(ms)));
        assert!(pace.is_storm(at(600)));
        assert!(!pace.is_storm(at(700)), "nothing came for a while");
    }
}
