//! Systems of record and channels at work: connecting them, looking at them again and again, taking in what they tell.
//!
//! One loop takes what is due, a page at a time. The cursor moves in the transaction that keeps what the page held, so a crash
//! loses nothing and doubles nothing; on PostgreSQL several nodes share the work by leases.

mod bell;
mod carrier;
mod columns;
mod command;
mod filter;
mod folders;
mod inside;
mod intake;
pub(crate) mod listen;
pub mod mapping;
pub mod matching;
mod network;
mod oauth;
mod postman;
mod publish;
mod ring;
pub mod seal;
mod send;
mod source;
mod stream;
mod take;
#[cfg(test)]
mod tests;
mod token;
mod writing;

use crate::keeping::retention::days;
use crate::processes::Library;
use crate::work::Work;
use base::activity::{self, Kind};
use base::clock::Clock;
use base::identity::{Actor, secret::Digest};
use base::outbound::Outbound;
use base::policy::Site;
use base::problem::Problem;
use carrier::Carrier;
use connectors::{About, Account, Channel, Fault, Network, Pipeline, Settings, Source, Via};
use matching::Matcher;
use mining::Micros;
use mining::time::{HOUR, MINUTE, SECOND};
use postman::Postman;
use seal::Seal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::connections::{self, CHANNEL, ConnectionRow, NETWORK, ON, PAUSED, SIGNED_OUT, SOURCE};
use store::{Db, Tx, networks};
use tokio::sync::{Notify, OnceCell, watch};

/// How often a channel and a source are looked at.
const CHANNEL_EVERY: Micros = 15 * SECOND;
const SOURCE_EVERY: Micros = MINUTE;
/// How long a node has what it looks at; renewed with every page.
pub(crate) const LEASE: Micros = 2 * MINUTE;
/// The longest the loop sleeps.
const LOOK: Duration = Duration::from_secs(2);
/// After failures the next try waits twice as long each time, up to this.
const LONGEST_WAIT: Micros = HOUR;
/// Characters of a name.
const LENGTH: usize = 200;

pub use network::Plugged;
pub use oauth::{Back, NotIn, SignedIn, Waiting};
pub(crate) use publish::lacks;
pub(crate) use take::account_of;
pub use writing::{Writing, cannot_write};

#[derive(Clone)]
pub struct Connect {
    inner: Arc<Inner>,
}

/// By process: its columns and the revision of its steps, and the matcher that was made of them.
type Matchers = HashMap<String, ((Option<String>, i64), Arc<Matcher>)>;

struct Inner {
    work: Work,
    site: Arc<Site>,
    carrier: Carrier,
    postman: Postman,
    bells: bell::Bells,
    /// What tokens are made with, once it was asked for.
    token_key: OnceCell<[u8; 32]>,
    seal: Seal,
    /// This node, in leases.
    node: String,
    wake: Notify,
    wake_sending: Notify,
    intake: intake::Intake,
    channels: Vec<&'static dyn Channel>,
    sources: Vec<&'static dyn Source>,
    networks: Vec<&'static dyn Network>,
    /// The last matcher of a process, by what it was made of.
    matchers: Mutex<Matchers>,
}

/// All kinds of connections.
type Kinds = (
    Vec<&'static dyn Channel>,
    Vec<&'static dyn Source>,
    Vec<&'static dyn Network>,
);

/// A connection as it is shown: nothing of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    pub row: ConnectionRow,
    pub about: Option<About>,
    pub account: Account,
    pub pipeline: Option<Pipeline>,
}

impl Connect {
    pub fn new(work: Work, site: Arc<Site>, outbound: Outbound, seal: Seal) -> Connect {
        Connect::with(
            work,
            site,
            outbound,
            seal,
            connectors::channels(),
            connectors::sources(),
        )
    }

    /// The same with other connectors, for tests.
    pub fn with(
        work: Work,
        site: Arc<Site>,
        outbound: Outbound,
        seal: Seal,
        channels: Vec<&'static dyn Channel>,
        sources: Vec<&'static dyn Source>,
    ) -> Connect {
        Connect::with_networks(
            work,
            site,
            outbound,
            seal,
            (channels, sources, connectors::networks()),
        )
    }

    /// The same with other networks, too.
    pub(crate) fn with_networks(
        work: Work,
        site: Arc<Site>,
        outbound: Outbound,
        seal: Seal,
        (channels, sources, networks): Kinds,
    ) -> Connect {
        let node = work.clock().id().simple().to_string();
        Connect {
            inner: Arc::new(Inner {
                carrier: Carrier::new(outbound.clone()),
                postman: Postman(outbound),
                bells: bell::Bells::default(),
                token_key: OnceCell::new(),
                seal,
                node,
                wake: Notify::new(),
                wake_sending: Notify::new(),
                intake: intake::Intake::default(),
                channels,
                sources,
                networks,
                matchers: Mutex::default(),
                site,
                work,
            }),
        }
    }

    /// With folders on this server that files may be read from, commas between them.
    pub fn with_folders(self, allowed: &str) -> Connect {
        self.inner.carrier.allow(allowed);
        self
    }

    pub(crate) fn db(&self) -> &Db {
        self.inner.work.db()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.work.clock()
    }

    fn library(&self) -> &Library {
        self.inner.work.library()
    }

    pub fn work(&self) -> &Work {
        &self.inner.work
    }

    pub(crate) fn id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.clock().id().simple())
    }

    /// Does at once what is due.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
        self.inner.wake_sending.notify_one();
    }

    /// Commits, and lets those who listen know.
    pub(crate) async fn done(&self, tx: Tx) -> Result<(), Problem> {
        tx.commit().await?;
        self.inner.work.live().wake();
        Ok(())
    }

    pub fn channels(&self) -> &[&'static dyn Channel] {
        &self.inner.channels
    }

    pub fn sources(&self) -> &[&'static dyn Source] {
        &self.inner.sources
    }

    pub fn networks(&self) -> &[&'static dyn Network] {
        &self.inner.networks
    }

    pub(crate) fn channel(&self, kind: &str) -> Result<&'static dyn Channel, Problem> {
        let found = self.inner.channels.iter().find(|c| c.about().name == kind);
        found
            .copied()
            .ok_or_else(|| Problem::not_found("kind of channel"))
    }

    /// Whether a kind of channel takes webhooks.
    pub fn takes_webhooks(&self, kind: &str) -> bool {
        let nothing = connectors::channel::Delivery {
            method: "POST",
            url: "",
            headers: &[],
            body: b"",
        };
        let (settings, account) = (Settings::default(), Account::default());
        self.channel(kind)
            .is_ok_and(|c| c.deliver(&settings, &account, &nothing, 0).is_some())
    }

    fn source(&self, kind: &str) -> Result<&'static dyn Source, Problem> {
        let found = self.inner.sources.iter().find(|c| c.about().name == kind);
        found
            .copied()
            .ok_or_else(|| Problem::not_found("kind of system"))
    }

    /// What there is to fill in for a kind, of whichever sort.
    pub fn about(&self, kind: &str) -> Result<About, Problem> {
        match (self.channel(kind), self.network(kind)) {
            (Ok(channel), _) => Ok(channel.about()),
            (_, Ok(network)) => Ok(network.about()),
            _ => Ok(self.source(kind)?.about()),
        }
    }

    pub(crate) fn via<'a>(&'a self, settings: &'a Settings) -> Via<'a> {
        Via {
            wishes: &[],
            settings,
            http: &self.inner.carrier,
            post: &self.inner.postman,
            now: self.clock().now(),
        }
    }

    /// Opens what was filled in.
    pub(crate) fn settings(&self, row: &ConnectionRow) -> anyhow::Result<Settings> {
        let text = self.inner.seal.open(&row.id, &row.sealed)?;
        Ok(Settings(serde_json::from_str(&text)?))
    }

    fn sealed(&self, id: &str, settings: &Settings) -> Result<String, Problem> {
        let text = serde_json::to_string(&settings.0).map_err(anyhow::Error::from)?;
        Ok(self.inner.seal.seal(self.clock(), id, &text)?)
    }

    /// Asks the service whose account it is. What was left out is said with its name; a service that refuses says why.
    pub async fn try_out(&self, kind: &str, settings: &Settings) -> Result<Account, Problem> {
        let about = self.about(kind)?;
        for field in about.fields.iter().filter(|f| f.is_required) {
            if settings.get(field.name).trim().is_empty() {
                return Err(Problem::new(
                    422,
                    "field_missing",
                    format!("{} is empty.", field.label),
                    field.hint,
                ));
            }
        }
        let via = self.via(settings);
        let asked = match (self.channel(kind), self.network(kind)) {
            (Ok(channel), _) => channel.account(&via).await,
            (_, Ok(network)) => network.account(&via).await,
            _ => self.source(kind)?.account(&via).await,
        };
        asked.map_err(|fault| told(&about, &fault))
    }

    /// The ways of working that a source knows.
    pub async fn pipelines(
        &self,
        kind: &str,
        settings: &Settings,
    ) -> Result<Vec<Pipeline>, Problem> {
        let source = self.source(kind)?;
        let found = source.pipelines(&self.via(settings)).await;
        found.map_err(|fault| told(&source.about(), &fault))
    }

    /// Connects a channel; what its cases are is looked for in a process. The address of its webhook is told once.
    pub async fn add_channel(
        &self,
        actor: &Actor,
        kind: &str,
        name: &str,
        settings: &Settings,
        process: Option<&str>,
    ) -> Result<(String, String), Problem> {
        let account = self.try_out(kind, settings).await?;
        let process = match process.filter(|p| !p.is_empty()) {
            Some(key) => Some(self.library().process(key).await?.id),
            None => None,
        };
        let secret = base::identity::secret::Secret::new(self.clock().secret()?);
        let row = ConnectionRow {
            hook: Some(Digest::of(&secret.text()).text()),
            process,
            ..self.new_row(actor, kind, CHANNEL, name, settings, &account)?
        };
        self.insert(actor, &row).await?;
        let address = format!("{}/hooks/channel/{}", self.inner.site.url(), secret.text());
        Ok((row.id, address))
    }

    /// Connects a source: makes the process that its pipeline becomes, and begins to read its history.
    pub async fn add_source(
        &self,
        actor: &Actor,
        kind: &str,
        name: &str,
        settings: &Settings,
        pipeline: &str,
    ) -> Result<(String, String), Problem> {
        let of = (kind, name);
        self.add_source_as(actor, of, settings, pipeline, ON).await
    }

    /// The same, and nothing is read yet: first it is said what is to be kept.
    pub async fn add_source_paused(
        &self,
        actor: &Actor,
        kind: &str,
        name: &str,
        settings: &Settings,
        pipeline: &str,
    ) -> Result<(String, String), Problem> {
        let of = (kind, name);
        self.add_source_as(actor, of, settings, pipeline, PAUSED)
            .await
    }

    async fn add_source_as(
        &self,
        actor: &Actor,
        (kind, name): (&str, &str),
        settings: &Settings,
        pipeline: &str,
        state: &str,
    ) -> Result<(String, String), Problem> {
        let account = self.try_out(kind, settings).await?;
        let all = self.pipelines(kind, settings).await?;
        let pipeline = all.into_iter().find(|p| p.id == pipeline);
        let pipeline = pipeline.ok_or_else(|| Problem::not_found("pipeline"))?;
        let expected = self
            .source(kind)?
            .count(&self.via(settings), &pipeline)
            .await;
        let name = match name.trim() {
            "" => pipeline.name.clone(),
            name => name.to_string(),
        };
        let process = self.library().make(&name, actor.id()).await?;
        let row = ConnectionRow {
            pipeline: Some(source::kept(&pipeline)?),
            process: Some(process.id),
            expected: expected.ok().flatten().map(|n| n as i64),
            state: state.into(),
            ..self.new_row(actor, kind, SOURCE, &name, settings, &account)?
        };
        self.insert(actor, &row).await?;
        Ok((row.id, process.slug))
    }

    fn new_row(
        &self,
        actor: &Actor,
        kind: &str,
        what: &str,
        name: &str,
        settings: &Settings,
        account: &Account,
    ) -> Result<ConnectionRow, Problem> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = match name.as_str() {
            "" => account.handle.clone(),
            name => name.to_string(),
        };
        if name.chars().count() > LENGTH || name.contains('\0') {
            return Err(Problem::bad_request(
                "The name is too long.",
                "Give it up to 200 characters.",
            ));
        }
        let id = self.id("con");
        let now = self.clock().now();
        Ok(ConnectionRow {
            sealed: self.sealed(&id, settings)?,
            id,
            kind: kind.into(),
            what: what.into(),
            name,
            created: now,
            created_by: actor.id().into(),
            account: take::account_text(account),
            state: ON.into(),
            hook: None,
            pipeline: None,
            process: None,
            cursor: None,
            due: now,
            synced: None,
            looked: None,
            taken: 0,
            expected: None,
            error: None,
            error_at: None,
            failures: 0,
        })
    }

    async fn insert(&self, actor: &Actor, row: &ConnectionRow) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        connections::insert(&mut tx, row).await?;
        self.note(
            &mut tx,
            actor.id(),
            row,
            Kind::ConnectionMade,
            serde_json::json!({}),
        )
        .await?;
        self.done(tx).await?;
        self.wake();
        Ok(())
    }

    /// Appends to the record what happened to a connection.
    pub(crate) async fn note(
        &self,
        tx: &mut Tx,
        by: &str,
        row: &ConnectionRow,
        kind: Kind,
        mut payload: serde_json::Value,
    ) -> Result<(), Problem> {
        payload["connection"] = serde_json::json!(row.id);
        payload["kind"] = serde_json::json!(row.kind);
        payload["name"] = serde_json::json!(row.name);
        activity::record_installation(tx, self.clock().now(), kind, by, &payload).await?;
        Ok(())
    }

    pub async fn list(&self) -> Result<Vec<Connection>, Problem> {
        let rows = connections::list(self.db()).await?;
        Ok(rows.into_iter().map(|row| self.shown(row)).collect())
    }

    pub async fn find(&self, id: &str) -> Result<Connection, Problem> {
        let row = connections::find(self.db(), id).await?;
        let row = row.filter(|r| r.state != connections::REMOVED);
        Ok(self.shown(row.ok_or_else(|| Problem::not_found("connection"))?))
    }

    fn shown(&self, row: ConnectionRow) -> Connection {
        Connection {
            about: self.about(&row.kind).ok(),
            account: take::account_of(&row),
            pipeline: row.pipeline.as_deref().and_then(source::read),
            row,
        }
    }

    /// Stops looking, or goes on where it stopped.
    pub async fn set_on(&self, actor: &Actor, id: &str, is_on: bool) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let state = if is_on { ON } else { PAUSED };
        let mut tx = self.db().begin().await?;
        connections::set_state(&mut tx, id, state, self.clock().now()).await?;
        let payload = serde_json::json!({ "state": state });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await?;
        self.wake();
        Ok(())
    }

    /// Replaces the key: what is left empty stays as it was. Another account than before is refused, for its conversations are not ours.
    pub async fn rekey(&self, actor: &Actor, id: &str, new: &Settings) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        if let Ok(settings) = self.settings(&row) {
            // What cannot be renewed is met again when it is tried out.
            drop(self.fresh(&row, settings).await);
        }
        let oauth = self.oauth(&row.kind);
        self.change_key(actor, id, |settings| {
            let filled = new.0.iter().filter(|(_, v)| !v.trim().is_empty());
            let filled: Vec<_> = filled.map(|(k, v)| (k.clone(), v.clone())).collect();
            if let Some(oauth) = oauth
                && filled
                    .iter()
                    .any(|(k, _)| oauth.pasted.contains(&k.as_str()))
            {
                oauth.forget(settings);
            }
            settings.0.extend(filled);
        })
        .await
    }

    /// Changes the key, tries it out and goes on with it. Nobody else changes it meanwhile.
    pub(crate) async fn change_key(
        &self,
        actor: &Actor,
        id: &str,
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), Problem> {
        let holder = self.hold_key(id).await?;
        let changed = async {
            let row = self.find(id).await?.row;
            let mut settings = self.settings(&row).unwrap_or_default();
            change(&mut settings);
            let account = self.try_out(&row.kind, &settings).await?;
            if account.id != take::account_of(&row).id {
                let what = format!("That key is of another account, {}.", account.handle);
                return Err(Problem::new(
                    409,
                    "another_account",
                    what,
                    "Connect that account beside this one.",
                ));
            }
            let sealed = self.sealed(id, &settings)?;
            let text = take::account_text(&account);
            let mut tx = self.db().begin().await?;
            if !connections::set_key(&mut tx, (id, &holder), &sealed, Some(&text)).await? {
                return Err(oauth::changed_meanwhile());
            }
            connections::set_state(&mut tx, id, ON, self.clock().now()).await?;
            let payload = serde_json::json!({ "key": "replaced" });
            self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
                .await?;
            self.done(tx).await
        };
        let changed = changed.await;
        self.let_key_go(id, &holder).await?;
        self.wake();
        changed
    }

    /// How long what is said on a channel is kept.
    pub async fn kept(&self, id: &str) -> Result<connections::Kept, Problem> {
        Ok(connections::kept(self.db(), id).await?)
    }

    /// Says how long what is said on a channel is kept, in days as a person writes them; nothing is for ever.
    pub async fn set_kept(
        &self,
        actor: &Actor,
        id: &str,
        (said, raw): (&str, &str),
    ) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let kept = connections::Kept {
            said: days(said)?,
            raw: days(raw)?,
        };
        let mut tx = self.db().begin().await?;
        connections::set_kept(&mut tx, id, kept).await?;
        let payload = serde_json::json!({ "said_days": kept.said, "raw_days": kept.raw });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }

    /// Forgets the key. What came by it stays, but for answers of a network: nobody would take back what is taken back there.
    pub async fn remove(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let places = networks::of_connection(self.db(), id).await?;
        let mut tx = self.db().begin().await?;
        connections::remove(&mut tx, id).await?;
        for place in &places {
            self.take_out(&mut tx, actor, place).await?;
        }
        self.note(
            &mut tx,
            actor.id(),
            &row,
            Kind::ConnectionRemoved,
            serde_json::json!({}),
        )
        .await?;
        self.done(tx).await
    }

    /// What was sealed with a key that was replaced is sealed with the new one.
    async fn seal_anew(&self) -> Result<(), Problem> {
        for row in connections::list(self.db()).await? {
            if self.inner.seal.is_current(&row.sealed) {
                continue;
            }
            let Ok(settings) = self.settings(&row) else {
                continue;
            };
            let mut tx = self.db().begin().await?;
            let sealed = self.sealed(&row.id, &settings)?;
            let both = (row.sealed.as_str(), sealed.as_str());
            connections::seal_anew(&mut tx, &row.id, both, self.clock().now()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Looks and sends until it is told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let begun = async {
            let mut tx = self.db().begin().await?;
            connections::release(&mut tx).await?;
            tx.commit().await?;
            self.seal_anew().await
        };
        if let Err(problem) = begun.await {
            tracing::warn!(%problem, "connections could not be made ready");
        }
        let listening = self.keep_ears(stop.clone());
        let bells = tokio::spawn(self.clone().keep_bells(stop.clone()));
        let sending = self.clone().keep_sending(stop.clone());
        let taking = self.keep_arrivals(stop.clone());
        let looking = async {
            while !*stop.borrow() {
                match self.look().await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(problem) => tracing::warn!(%problem, "connections could not be looked at"),
                }
                tokio::select! {
                    _ = stop.changed() => break,
                    () = self.inner.wake.notified() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        tokio::join!(listening, looking, sending, taking);
        bells.abort();
    }

    /// Sends beside the looks: a service that answers slowly keeps neither waiting for the other.
    async fn keep_sending(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let (sent, shared, written, told) = tokio::join!(
                self.send_next(),
                self.share_on(),
                self.write_next(),
                Box::pin(self.tell_next())
            );
            match sent.and_then(|sent| Ok(sent | shared? | written? | told?)) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(problem) => {
                    tracing::warn!(%problem, "replies, posts and links could not be sent")
                }
            }
            tokio::select! {
                _ = stop.changed() => break,
                () = self.inner.wake_sending.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// One page of whatever is due, one reply, one step of sharing, one link, and one part of a burst; whether there was anything. What [`Connect::run`] does without end.
    pub async fn pass(&self) -> Result<bool, Problem> {
        let (looked, sent, shared, written, told, taken) = tokio::join!(
            self.look(),
            self.send_next(),
            self.share_on(),
            self.write_next(),
            Box::pin(self.tell_next()),
            self.take_arrival()
        );
        Ok(looked? | sent? | shared? | written? | told? | taken?)
    }

    async fn look(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let row = connections::claim(&mut tx, &self.inner.node, now, now + LEASE).await?;
        tx.commit().await?;
        let Some(row) = row else {
            return Ok(false);
        };
        match self.look_with_key(&row).await {
            Ok(()) => {}
            Err(Stopped::By(fault)) => self.failed(&row, &fault).await?,
            Err(Stopped::Inside(problem)) => {
                tracing::warn!(connection = row.id, %problem, "a connection could not be looked at");
                self.failed(&row, &Fault::Unreached(problem.what.clone()))
                    .await?;
            }
        }
        Ok(true)
    }

    /// Looks with a key that is good; once more with another one where the service says that it is over.
    async fn look_with_key(&self, row: &ConnectionRow) -> Result<(), Stopped> {
        let settings = self.settings(row)?;
        let settings = self.fresh(row, settings).await.map_err(Stopped::By)?;
        match self.look_at(row, &settings).await {
            Err(Stopped::By(Fault::SignedOut(said))) => {
                let settings = self.after(row, settings, said).await;
                self.look_at(row, &settings.map_err(Stopped::By)?).await
            }
            looked => looked,
        }
    }

    async fn look_at(&self, row: &ConnectionRow, settings: &Settings) -> Result<(), Stopped> {
        match row.what.as_str() {
            SOURCE => self.look_at_source(row, settings).await,
            NETWORK => self.look_at_network(row, settings).await,
            _ => self.look_at_channel(row, settings).await,
        }
    }

    async fn failed(&self, row: &ConnectionRow, fault: &Fault) -> Result<(), Problem> {
        let now = self.clock().now();
        let doubled = MINUTE << row.failures.clamp(0, 10);
        let (state, due) = match fault {
            Fault::SignedOut(_) => (SIGNED_OUT, now),
            Fault::Wait { until, .. } => (ON, *until),
            _ => (ON, now + doubled.min(LONGEST_WAIT)),
        };
        let mut tx = self.db().begin().await?;
        let whose = (row.id.as_str(), self.inner.node.as_str());
        connections::failed(
            &mut tx,
            whose,
            state,
            now,
            due,
            &base::format::short(&fault.to_string(), 300),
        )
        .await?;
        if state == SIGNED_OUT {
            let payload = serde_json::json!({ "state": state });
            self.note(&mut tx, "tenon", row, Kind::ConnectionChanged, payload)
                .await?;
        }
        self.done(tx).await
    }

    /// What finds the cases of a process, made anew when its log or its steps changed.
    pub(crate) async fn matcher(&self, process: &str) -> Result<Arc<Matcher>, Problem> {
        let loaded = self.library().load(process).await?;
        let of = (loaded.row.columns_file.clone(), loaded.row.revision);
        let kept = |all: &Matchers| {
            let found = all
                .get(&loaded.row.id)
                .filter(|(made_of, _)| *made_of == of);
            found.map(|(_, matcher)| matcher.clone())
        };
        if let Some(matcher) = kept(
            &self
                .inner
                .matchers
                .lock()
                .unwrap_or_else(|e| e.into_inner()),
        ) {
            return Ok(matcher);
        }
        let id = loaded.row.id.clone();
        let made = tokio::task::spawn_blocking(move || Arc::new(Matcher::new(loaded))).await;
        let made = made.map_err(anyhow::Error::from)?;
        let mut all = self
            .inner
            .matchers
            .lock()
            .unwrap_or_else(|e| e.into_inner());
        all.insert(id, (of, made.clone()));
        Ok(made)
    }
}

/// Why a look ended early.
pub(crate) enum Stopped {
    By(Fault),
    Inside(Problem),
}

impl<E: Into<Problem>> From<E> for Stopped {
    fn from(problem: E) -> Stopped {
        Stopped::Inside(problem.into())
    }
}

/// What went wrong at a service, for whoever connects it.
pub(crate) fn told(about: &About, fault: &Fault) -> Problem {
    let title = about.title;
    let said = base::format::short(&fault.to_string(), 300);
    let (status, code, remedy) = match fault {
        Fault::SignedOut(_) => (
            422,
            "signed_out",
            format!("Check what you filled in. {}", about.guide),
        ),
        Fault::NotAllowed(_) => (
            422,
            "not_allowed",
            format!("It needs: {}.", about.rights.join(", ")),
        ),
        Fault::Gone(_) => (422, "not_there", "Check the address and the names.".into()),
        Fault::Refused(_) => (422, "refused", "Check what you filled in.".into()),
        Fault::Wait { .. } => (503, "asked_too_often", "Try again in some minutes.".into()),
        Fault::Unreached(_) => (
            502,
            "not_reached",
            "Check the address; try again in a moment.".into(),
        ),
        Fault::Unknown(_) => (
            502,
            "outcome_unknown",
            "Look whether it arrived before you send it again.".into(),
        ),
        Fault::Strange(_) => (
            502,
            "not_understood",
            format!("Is there really {title} at this address?"),
        ),
    };
    Problem::new(status, code, format!("{title}: {said}."), remedy)
}
