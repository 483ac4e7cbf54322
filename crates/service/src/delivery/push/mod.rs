//! Push: a browser is told at once what would be told by mail at once, also while no page of Tenon is open in it.
//!
//! Each browser has its own place in what its person is told, so nothing is lost while a push service is down, and nothing is
//! queued twice. What is pushed is one line and where it leads; the rest is read here, by who may. What was read before it
//! leaves does not leave.

mod sealed;
#[cfg(test)]
pub(super) use sealed::tests as sealing;
mod vapid;

use super::Delivery;
use super::mail::subject;
use super::queue::Failed;
use super::sign::mac;
use base::activity::{self, Kind};
use base::identity::secret::Digest;
use base::identity::{Actor, Scopes, Via};
use base::outbound::{Request, SHORT};
use base::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::Method;
use mining::Micros;
use mining::time::DAY;
use sealed::Browser;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use store::devices::{self, DeviceRow, News};
use store::jobs::JobRow;
use store::mail::Carried;
use store::{Tx, events, people, settings, work};
pub use vapid::Key;

pub const KIND: &str = "push";
/// Who is looking at the page meanwhile has read it before it leaves.
const WAIT: Micros = 5_000_000;
/// What is older waited for a push service too long, and is left to the pages and to mail.
const OLDEST: Micros = DAY;
/// So long a push service keeps it for a browser that is off, seconds.
const KEPT: &str = "86400";
/// A longer link, of a case with a very long name, leads to the stream instead. Bytes.
const LONGEST: usize = 1000;
/// So many browsers a person may have.
const MOST: usize = 10;

/// What a browser says of itself when it is switched on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewDevice {
    /// Where its push service takes messages.
    pub address: String,
    /// Its public key and the secret it shares with us, base64url.
    pub public: String,
    pub auth: String,
}

/// Which notifications a job tells of: those of its device's person in one conversation, after an event up to another.
#[derive(Debug, Serialize, Deserialize)]
struct Of {
    device: String,
    conversation: String,
    after: i64,
    upto: i64,
}

impl Delivery {
    /// The public key browsers are switched on with, base64url.
    pub async fn push_key(&self) -> Result<String, Problem> {
        Ok(self.vapid().await?.public())
    }

    async fn vapid(&self) -> Result<&Key, Problem> {
        let key = &self.inner.push_key;
        key.get_or_try_init(|| self.make_push_key()).await
    }

    async fn make_push_key(&self) -> Result<Key, Problem> {
        const NAME: &str = "push-key";
        let mut tx = self.db().begin().await?;
        // Two nodes that start at once agree on one.
        events::in_order(&mut tx).await?;
        let kept = settings::get(&mut tx, NAME).await?;
        if let Some(key) = kept.as_deref().and_then(Key::read) {
            return Ok(key);
        }
        let none = || anyhow::anyhow!("no key for push could be made");
        let made = Key::make().map_err(|_| none())?;
        settings::put(&mut tx, NAME, &made).await?;
        tx.commit().await?;
        Ok(Key::read(&made).ok_or_else(none)?)
    }

    /// Her browsers that are told, oldest first.
    pub async fn devices(&self, person: &str) -> Result<Vec<DeviceRow>, Problem> {
        Ok(devices::of_person(self.db(), person, self.clock().now()).await?)
    }

    /// Switches push on in the browser that asks; it is told of what happens from here on, until its session ends.
    pub async fn add_device(
        &self,
        actor: &Actor,
        new: &NewDevice,
        agent: &str,
    ) -> Result<(), Problem> {
        let Via::Session(session) = actor.via() else {
            return Err(Problem::new(
                403,
                "session",
                "A token switches no push on.",
                "Sign in with a browser.",
            ));
        };
        let wrong = || {
            Problem::bad_request(
                "This browser cannot be told by push.",
                "Try again, or with another browser.",
            )
        };
        if new.address.len() > 1000 || self.inner.to_push.check_foreign(&new.address).is_err() {
            return Err(wrong());
        }
        browser(&new.public, &new.auth).ok_or_else(wrong)?;
        let id = id_of(&new.address);
        let kept = self.devices(actor.id()).await?;
        if kept.len() >= MOST && kept.iter().all(|d| d.id != id) {
            return Err(Problem::new(
                409,
                "too_many",
                format!("{MOST} browsers are as many as a person may be told in."),
                "Take one away first.",
            ));
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let upto = self.noted(&mut tx, actor, "push on").await?;
        let row = DeviceRow {
            id,
            person: actor.id().into(),
            session: session.text(),
            address: new.address.clone(),
            public: new.public.clone(),
            auth: new.auth.clone(),
            agent: agent.chars().take(200).collect(),
            created: now,
            used: None,
            upto,
        };
        devices::put(&mut tx, &row).await?;
        Ok(tx.commit().await?)
    }

    pub async fn remove_device(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        if !devices::remove(&mut tx, actor.id(), id).await? {
            return Err(Problem::not_found("browser"));
        }
        self.noted(&mut tx, actor, "push off").await?;
        Ok(tx.commit().await?)
    }

    async fn noted(&self, tx: &mut Tx, actor: &Actor, what: &str) -> Result<i64, Problem> {
        let payload = json!({ "person": actor.id(), "what": what });
        let (now, kind) = (self.clock().now(), Kind::PersonChanged);
        Ok(activity::record_installation(tx, now, kind, actor.id(), &payload).await?)
    }

    /// Queues what each browser has not been told yet.
    pub(super) async fn plan_push(&self) -> Result<(), Problem> {
        let now = self.clock().now();
        let news = devices::news(self.db(), now).await?;
        if news.is_empty() {
            return Ok(());
        }
        let mut by_device: BTreeMap<&str, Vec<&News>> = BTreeMap::new();
        for one in &news {
            by_device.entry(&one.device).or_default().push(one);
        }
        let mut tx = self.db().begin().await?;
        for (device, news) in by_device {
            let (after, upto) = (news[0].upto, news[news.len() - 1].event);
            if !devices::move_on(&mut tx, device, after, upto).await? {
                // Another node was here.
                continue;
            }
            let is_told = |n: &&&News| n.is_direct && n.read.is_none() && n.at > now - OLDEST;
            let mut due: BTreeMap<&str, Micros> = BTreeMap::new();
            for one in news.iter().filter(is_told) {
                if let Some(conversation) = &one.conversation {
                    due.entry(conversation).or_insert(one.at + WAIT);
                }
            }
            for (conversation, due) in due {
                let key = format!("{KIND}:{device}:{conversation}:{upto}");
                let of = Of {
                    device: device.into(),
                    conversation: conversation.into(),
                    after,
                    upto,
                };
                let of = serde_json::to_value(of).map_err(anyhow::Error::from)?;
                self.queue().add(&mut tx, KIND, &key, &of, due).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Forgets browsers in which nobody is signed in any more.
    pub(super) async fn sweep_devices(&self) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        devices::sweep(&mut tx, self.clock().now()).await?;
        Ok(tx.commit().await?)
    }

    /// Tells one browser of one conversation.
    pub(super) async fn push(&self, job: &JobRow) -> Result<Tx, Failed> {
        let of: Of = serde_json::from_str(&job.payload).map_err(Failed::never)?;
        let now = self.clock().now();
        let device = devices::find(self.db(), &of.device, now).await?;
        let notice = match &device {
            Some(device) => self.notice(job, device, &of).await?,
            None => None,
        };
        let (Some(device), Some(notice)) = (device, notice) else {
            return Ok(self.db().begin().await?);
        };
        let is_there = self.send_notice(&device, &of, &notice).await?;
        let mut tx = self.db().begin().await?;
        match is_there {
            true => devices::used(&mut tx, &device.id, now).await?,
            false => _ = devices::remove(&mut tx, &device.person, &device.id).await?,
        }
        Ok(tx)
    }

    /// What is told: a line, and where it leads. `None` when there is nothing she wants to be told, or may see.
    async fn notice(
        &self,
        job: &JobRow,
        device: &DeviceRow,
        of: &Of,
    ) -> Result<Option<String>, Failed> {
        let Some(person) = people::find(self.db(), &device.person).await? else {
            return Ok(None);
        };
        let Some(reader) = Actor::of(&person, Via::Token(job.id.clone()), Scopes::all()) else {
            return Ok(None);
        };
        let whose = (person.id.as_str(), of.conversation.as_str());
        let carried = devices::unread(self.db(), whose, of.after, of.upto).await?;
        let carried = self.heard(&reader, &of.conversation, carried).await?;
        let told = self.told_of(&reader, &carried).await?;
        let Some(first) = told.first() else {
            return Ok(None);
        };
        let link = first.address.strip_prefix(self.site().url());
        let link = link.filter(|l| l.len() <= LONGEST).unwrap_or("/");
        let notice = json!({ "title": subject(&told, true), "link": link });
        Ok(Some(notice.to_string()))
    }

    /// What of it she wants to hear: nothing of a conversation, step or process that she muted or snoozed, nor of whom.
    async fn heard(
        &self,
        reader: &Actor,
        conversation: &str,
        carried: Vec<Carried>,
    ) -> Result<Vec<Carried>, Problem> {
        let Some(row) = work::find(self.db(), conversation).await? else {
            // A thread of the desk is nobody's to mute.
            let mut carried = carried;
            carried.retain(|c| work::is_of_desk(&c.kind));
            return Ok(carried);
        };
        let now = self.clock().now();
        let follows = work::follows_of(self.db(), reader.id()).await?;
        let muted: HashSet<(String, String)> = follows
            .into_iter()
            .filter(|(_, _, level, until)| until.map_or(level == "mute", |u| u > now))
            .map(|(kind, target, ..)| (kind, target))
            .collect();
        let is_muted = |kind: &str, target: &str| muted.contains(&(kind.into(), target.into()));
        let step = row.step.as_ref().map(|s| format!("{}/{s}", row.process));
        if is_muted("conversation", conversation)
            || is_muted("process", &row.process)
            || step.is_some_and(|s| is_muted("step", &s))
        {
            return Ok(Vec::new());
        }
        let mut heard = Vec::new();
        for one in carried {
            let message = work::message_of(self.db(), one.event).await?;
            // Being asked is no message: it is the asker who is muted, or not.
            let author = message.map_or(row.created_by.clone(), |m| m.author);
            if !is_muted("person", &author) {
                heard.push(one);
            }
        }
        Ok(heard)
    }

    /// Whether the browser is still there.
    async fn send_notice(&self, device: &DeviceRow, of: &Of, notice: &str) -> Result<bool, Failed> {
        let no = |what: &'static str| move || Failed::never(what);
        let keys = browser(&device.public, &device.auth).ok_or_else(no("it has no keys"))?;
        let body = sealed::seal(notice.as_bytes(), &keys);
        let body = body.map_err(|_| Failed::never("it could not be sealed for this browser"))?;
        let url = url::Url::parse(&device.address).map_err(Failed::never)?;
        let origin = url.origin().ascii_serialization();
        let (key, now) = (self.vapid().await?, self.clock().now());
        let signed = key.signed(&origin, &self.contact(), now);
        let request = Request {
            method: Method::POST,
            url: &device.address,
            headers: vec![
                (
                    "authorization",
                    signed.map_err(|_| Failed::again("no signature"))?,
                ),
                ("content-encoding", "aes128gcm".into()),
                ("content-type", "application/octet-stream".into()),
                ("ttl", KEPT.into()),
                ("topic", self.topic(&of.conversation).await?),
                ("urgency", "normal".into()),
            ],
            body: Bytes::from(body),
            longest: SHORT,
        };
        match self.inner.to_push.send(request).await {
            Ok(answer) => match answer.status {
                200..=299 => Ok(true),
                429 | 500..=599 => Err(Failed::again(format!("answered {}", answer.status))),
                // Gone (404, 410), or it will never take anything of ours: there is nothing to keep it for.
                other => {
                    tracing::info!(
                        status = other,
                        "a push service refuses; the browser is forgotten"
                    );
                    Ok(false)
                }
            },
            Err(e) if e.is_final() => {
                tracing::info!(why = %e, "a push service cannot be spoken to; the browser is forgotten");
                Ok(false)
            }
            Err(e) => Err(Failed::again(e)),
        }
    }

    /// What stands in place of an older notice of the same conversation that a browser has not fetched yet. The push service
    /// does not learn which conversation it is.
    async fn topic(&self, conversation: &str) -> Result<String, Problem> {
        let mac = mac(
            self.key().await?,
            format!("topic {conversation}").as_bytes(),
        );
        Ok(URL_SAFE_NO_PAD.encode(&mac[..24]))
    }

    /// Whom a push service may write to when something is wrong: who sends mail here, or the server itself.
    fn contact(&self) -> String {
        match &self.inner.mail {
            Some(post) => format!("mailto:{}", post.address()),
            None => self.site().url().into(),
        }
    }
}

/// Under what a browser is kept; its script finds itself by the same.
fn id_of(address: &str) -> String {
    format!("push_{}", &Digest::of(address).text()[..32])
}

fn browser(public: &str, auth: &str) -> Option<Browser> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    Browser::of(bytes(public)?, bytes(auth)?)
}
