//! What leaves Tenon, and what comes back: mail, push, webhooks, feeds, and the queue behind them.
//!
//! One worker looks for what is to leave, queues it, and does what is due. It is woken by what happens (Work's live
//! stream) and by the clock. Nothing that leaves is lost by a crash: what is to leave follows from the record and the
//! notifications, and is queued and marked in transactions.

pub mod atom;
pub mod hooks;
pub mod incoming;
pub mod mail;
pub mod mailbox;
pub mod push;
pub mod queue;
pub mod sign;
#[cfg(test)]
pub(crate) mod tests;

use crate::work::{Place, Work};
use base::clock::Clock;
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use base::problem::Problem;
use mining::Micros;
use mining::time::{DAY, HOUR};
use queue::{Failed, Queue};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use store::jobs::JobRow;
use store::{Db, Tx};
use tokio::sync::{OnceCell, watch};

/// How much is done at once.
const AT_ONCE: i64 = 16;
/// The longest the worker sleeps: what another node queued is seen then.
const LOOK: Duration = Duration::from_secs(5);
/// Much that happens in a moment is looked at once.
const BREATH: Duration = Duration::from_millis(200);

/// Work that looks for questions nobody answered.
const ESCALATE: &str = "escalate";
/// How often that is done.
const EVERY: Micros = HOUR / 6;

/// What an installation says of the world outside.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The mail server, such as `smtps://user:password@mail.example.com`. Without one no mail leaves.
    pub smtp: Option<String>,
    /// Who sends, such as `Tenon <tenon@example.com>`. Answers come back to `reply+…@example.com`.
    pub mail_from: Option<String>,
    /// What stands before the plus of addresses to answer to; `reply` when not said.
    pub mail_reply: Option<String>,
    /// Hosts that may be spoken to although they are not public.
    pub allow_hosts: String,
    /// Folders that files may be read from, with commas between them.
    pub csv_folders: String,
    /// Hosts of push services that are not public.
    pub push_hosts: String,
    /// The mailbox answers are fetched from, such as `imaps://user:password@mail.example.com/INBOX`.
    pub imap: Option<String>,
    /// The folder for what was taken in; it stays where it is without one.
    pub imap_move: Option<String>,
    /// How long mentions wait for others of the same conversation; two minutes when not said.
    pub group: Option<Micros>,
}

#[derive(Clone)]
pub struct Delivery {
    inner: Arc<Inner>,
}

struct Inner {
    work: Work,
    site: Arc<Site>,
    queue: Queue,
    outbound: Outbound,
    /// To push services, whose addresses anybody here may name: hosts that are allowed to owners are not allowed to them.
    to_push: Outbound,
    mail: Option<mail::Post>,
    mailbox: Option<mailbox::Mailbox>,
    group: Micros,
    key: OnceCell<[u8; 32]>,
    push_key: OnceCell<push::Key>,
    rates: incoming::Rates,
    /// The last turn in which what comes by the clock was queued.
    turn: AtomicI64,
    is_stopping: AtomicBool,
}

impl Delivery {
    pub fn new(work: Work, site: Arc<Site>, config: &Config) -> anyhow::Result<Delivery> {
        let queue = Queue::new(work.db().clone(), work.library().clock_handle());
        let node = work.library().clock().id().simple().to_string();
        let imap = (config.imap.as_deref(), config.imap_move.as_deref());
        Ok(Delivery {
            inner: Arc::new(Inner {
                queue,
                outbound: Outbound::new(Allowed::parse(&config.allow_hosts)),
                to_push: Outbound::new(Allowed::parse(&config.push_hosts)),
                mail: mail::Post::of(config)?,
                mailbox: mailbox::Mailbox::of(imap.0, imap.1, node)?,
                group: config.group.unwrap_or(mail::GROUP),
                key: OnceCell::new(),
                push_key: OnceCell::new(),
                rates: incoming::Rates::default(),
                turn: AtomicI64::new(0),
                is_stopping: AtomicBool::new(false),
                site,
                work,
            }),
        })
    }

    pub fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    pub fn outbound(&self) -> &Outbound {
        &self.inner.outbound
    }

    /// Whether mail leaves at all.
    pub fn has_mail(&self) -> bool {
        self.inner.mail.is_some()
    }

    /// What became of mail that came in, in the last thirty days.
    pub async fn mail_counts(&self) -> Result<Vec<(String, i64)>, Problem> {
        let since = self.clock().now() / DAY - 30;
        Ok(store::mail::counts(self.db(), since).await?)
    }

    fn db(&self) -> &Db {
        self.inner.work.db()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.work.clock()
    }

    fn site(&self) -> &Site {
        &self.inner.site
    }

    /// What signs codes in mails. Made once an installation, and kept with its settings.
    async fn key(&self) -> Result<&[u8; 32], Problem> {
        self.inner
            .key
            .get_or_try_init(|| sign::kept(self.db(), self.clock()))
            .await
    }

    /// Looks for what is to leave and does what is due, until it is told to stop; what was begun is ended.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if let Err(problem) = self.queue().release().await {
            tracing::warn!(%problem, "what was begun before waits until its lease runs out");
        }
        let (inner, mut stopping) = (self.inner.clone(), stop.clone());
        tokio::spawn(async move {
            let _ = stopping.wait_for(|s| *s).await;
            inner.is_stopping.store(true, Ordering::Relaxed);
        });
        let mut happens = self.inner.work.live().listen();
        while !*stop.borrow() {
            match self.pass().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(problem) => tracing::warn!(%problem, "nothing could be delivered"),
            }
            tokio::select! {
                _ = stop.changed() => break,
                _ = happens.recv() => {}
                () = tokio::time::sleep(self.pause().await) => {}
            }
            tokio::select! {
                _ = stop.changed() => break,
                () = tokio::time::sleep(BREATH) => {}
            }
            happens = happens.resubscribe();
        }
    }

    async fn pause(&self) -> Duration {
        let next = self.queue().next_due().await.ok().flatten();
        let wait = next.map_or(0, |due| due - self.clock().now());
        match u64::try_from(wait) {
            Ok(wait) if wait > 0 => LOOK.min(Duration::from_micros(wait)),
            _ => LOOK,
        }
    }

    /// One look: queues what is to leave and does what is due; how much was done.
    pub async fn pass(&self) -> Result<usize, Problem> {
        self.plan_hooks().await?;
        self.plan_mail().await?;
        self.plan_push().await?;
        self.plan_turn().await?;
        let jobs = self.queue().claim(AT_ONCE).await?;
        let (mails, others): (Vec<&JobRow>, Vec<&JobRow>) =
            jobs.iter().partition(|job| job.kind == mail::KIND);
        // Those that wait for slow receivers do not hold up one another.
        let others = futures_util::future::join_all(others.into_iter().map(|j| self.work_on(j)));
        let (others, mails) = tokio::join!(others, self.mails(&mails));
        mails?;
        for ended in others {
            ended?;
        }
        Ok(jobs.len())
    }

    /// Queues what comes by the clock: once a turn, whatever the number of nodes.
    async fn plan_turn(&self) -> Result<(), Problem> {
        let now = self.clock().now();
        let turn = now / EVERY;
        if self.inner.turn.swap(turn, Ordering::Relaxed) == turn {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        let key = format!("{ESCALATE}:{turn}");
        let nothing = serde_json::json!({});
        self.queue()
            .add(&mut tx, ESCALATE, &key, &nothing, now)
            .await?;
        let refused = now - mailbox::REMEMBERED;
        store::mailboxes::sweep(&mut tx, refused).await?;
        tx.commit().await?;
        self.sweep_devices().await?;
        self.queue().sweep().await
    }

    async fn escalate(&self) -> Result<Tx, Failed> {
        self.inner.work.escalate().await?;
        Ok(self.db().begin().await?)
    }

    async fn work_on(&self, job: &JobRow) -> Result<(), Problem> {
        let done: Result<Tx, Failed> = match job.kind.as_str() {
            hooks::KIND => self.deliver(job).await,
            push::KIND => self.push(job).await,
            ESCALATE => self.escalate().await,
            other => Err(Failed::never(format!(
                "nothing here does work of the kind {other}"
            ))),
        };
        self.queue().finish(job, done).await
    }
}

/// Where a conversation is held, in words.
fn place_name(place: &Place, process: &str, title: &str) -> String {
    match (&place.case, &place.step) {
        (_, Some(step)) if !title.is_empty() => format!("\"{title}\" at {step}, {process}"),
        (Some(case), _) => format!("{case}, {process}"),
        (None, Some(step)) => format!("{step}, {process}"),
        (None, None) => process.into(),
    }
}

/// The address of a message on the page of its conversation; of the page without one.
fn address(site: &Site, place: &Place, process: &str, message: Option<i64>) -> String {
    let mut address = match &place.case {
        Some(case) if !place.is_question => {
            let case: String = form_urlencoded::byte_serialize(case.as_bytes()).collect();
            // A plus is a blank in forms only.
            let case = case.replace('+', "%20");
            format!("{}/p/{process}/case/{case}", site.url())
        }
        _ => format!("{}/q/{}", site.url(), place.id),
    };
    if let Some(message) = message {
        address += &format!("#m{message}");
    }
    address
}
