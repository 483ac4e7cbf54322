//! Mail: what a person is told leaves by mail, and her answers come back.
//!
//! A mail carries notifications. Which ones is fixed once, in the store, before anything is sent; the Message-ID follows
//! from the person and the newest of them; they are marked as mailed in the transaction that ends the job. So a mail that
//! is tried again is the same mail. What cannot be had: the mail server's word and our commit are two things. What the
//! server took is noted in a file at once ([`journal`]). Only when this process dies after it handed the mail over and
//! before the answer was noted, or the whole machine does, is the mail sent again, under the same Message-ID, and most
//! mailboxes show it once.

pub mod inbound;
mod journal;
pub mod preferences;
mod quoted;
mod text;

pub(super) use text::subject;

use super::queue::Failed;
use super::sign::{self, Purpose};
use super::{Config, Delivery};
use crate::identity::{Actor, Scopes, Via};
use crate::problem::Problem;
use crate::store::jobs::{self, JobRow};
use crate::store::mail::{self, Carried};
use crate::store::people::{self, PersonRow};
use crate::store::{Tx, work};
use anyhow::Context;
use journal::Journal;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use mining::Micros;
use mining::time::DAY;
use preferences::Preferences;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

pub const KIND: &str = "mail";
/// Mails that leave at the same time. Few: each that the mail server took and whose commit a crash prevents leaves twice.
pub const AT_ONCE: usize = 2;
/// How long what means a person waits for more of the same conversation.
pub const GROUP: Micros = 120_000_000;
/// What is older was told while no mail left, and is left to the pages.
const OLDEST: Micros = 2 * DAY;
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the mail server.
pub struct Post {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What stands before the plus of addresses to answer to.
    reply: String,
    /// Keys of jobs that are queued already, so that they are not queued at every look.
    planned: Mutex<HashSet<String>>,
    /// What was taken and may not be committed yet.
    journal: Option<Journal>,
}

impl Post {
    /// `None` when no mail server is named.
    pub fn of(config: &Config) -> anyhow::Result<Option<Post>> {
        let Some(url) = config.smtp.as_deref().filter(|u| !u.is_empty()) else {
            return Ok(None);
        };
        let from = config.mail_from.as_deref().unwrap_or_default();
        let from: Mailbox = from.parse().ok().with_context(|| {
            format!("\"{from}\" is no sender of mails; set TENON_MAIL_FROM to something like 'Tenon <tenon@example.com>'")
        })?;
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            // The address may hold a password, so it is not repeated.
            .map_err(|_| anyhow::anyhow!("TENON_SMTP is no address of a mail server; write it as smtps://user:password@mail.example.com"))?
            .timeout(Some(PATIENCE))
            .build();
        let reply = config.mail_reply.clone().unwrap_or_else(|| "reply".into());
        anyhow::ensure!(
            (1..=10).contains(&reply.len()) && reply.chars().all(|c| c.is_ascii_alphanumeric()),
            "\"{reply}\" cannot stand before the plus of an address; set TENON_MAIL_REPLY to up to 10 letters and digits"
        );
        Ok(Some(Post {
            smtp,
            from,
            reply,
            planned: Mutex::default(),
            journal: match &config.journal {
                Some(path) => Some(
                    Journal::open(path)
                        .with_context(|| format!("cannot write {}", path.display()))?,
                ),
                None => None,
            },
        }))
    }

    /// Who sends.
    pub fn address(&self) -> &str {
        self.from.email.as_ref()
    }

    fn domain(&self) -> &str {
        self.from.email.domain()
    }

    fn planned(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.planned.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Whom a job is for, and the one conversation it tells of, if it is no digest.
struct Whom {
    person: String,
    conversation: Option<String>,
}

impl Delivery {
    /// Queues a mail for whatever is to leave by one and is not yet on its way.
    pub(super) async fn plan_mail(&self) -> Result<(), Problem> {
        let Some(post) = &self.inner.mail else {
            return Ok(());
        };
        let all = mail::unplanned(self.db()).await?;
        let directory = self.inner.work.identity().directory().await?;
        let now = self.clock().now();
        let mut plans = Vec::new();
        let (mut silent, mut is_old) = (Vec::new(), false);
        for new in &all {
            is_old |= new.since < now - OLDEST;
            let person = directory
                .person(&new.person)
                .filter(|p| p.state == "active");
            let wish = person.map(|p| Preferences::of(&p.settings));
            let (Some(person), Some(wish)) = (person, wish.filter(|w| !w.off)) else {
                silent.push(new.person.as_str());
                continue;
            };
            let is_direct = new.is_direct && wish.at_once;
            let (key, due, conversation) = match &new.conversation {
                Some(c) if is_direct => {
                    let key = format!("mail:{}:{c}:{}", person.id, new.first);
                    (key, new.since + self.inner.group, Some(c))
                }
                _ => {
                    let due = wish.next_morning(new.since, &person.zone);
                    (format!("digest:{}:{due}", person.id), due, None)
                }
            };
            if !post.planned().contains(&key) {
                plans.push((
                    key,
                    due,
                    json!({ "person": person.id, "conversation": conversation }),
                ));
            }
        }
        if plans.is_empty() && silent.is_empty() && !is_old {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for person in silent {
            mail::leave_out(&mut tx, Some(person), Micros::MIN).await?;
        }
        if is_old {
            mail::leave_out(&mut tx, None, now - OLDEST).await?;
        }
        for (key, due, payload) in &plans {
            self.queue().add(&mut tx, KIND, key, payload, *due).await?;
        }
        tx.commit().await?;
        let mut planned = post.planned();
        if planned.len() > 100_000 {
            planned.clear();
        }
        planned.extend(plans.into_iter().map(|p| p.0));
        Ok(())
    }

    /// Ends the jobs whose mails were taken and whose commit a crash, or the database, prevented.
    pub(super) async fn settle_mail(&self) -> Result<(), Problem> {
        let Some(journal) = self.inner.mail.as_ref().and_then(|m| m.journal.as_ref()) else {
            return Ok(());
        };
        let noted = journal.noted()?;
        if noted.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        for job in &noted {
            mail::mailed(&mut tx, job, now).await?;
            jobs::known_done(&mut tx, job, now).await?;
        }
        tx.commit().await?;
        Ok(journal.clear()?)
    }

    /// Nothing of a pass that ended well has to be remembered.
    pub(super) fn settled(&self) -> Result<(), Problem> {
        let journal = self.inner.mail.as_ref().and_then(|m| m.journal.as_ref());
        Ok(journal.map_or(Ok(()), Journal::clear)?)
    }

    /// Sends one mail.
    pub(super) async fn mail(&self, job: &JobRow) -> Result<Tx, Failed> {
        let Some(post) = &self.inner.mail else {
            return Err(Failed::again("no mail server is named (TENON_SMTP)"));
        };
        let whom: Value = serde_json::from_str(&job.payload).map_err(Failed::never)?;
        let whom = Whom {
            person: whom["person"].as_str().unwrap_or_default().into(),
            conversation: whom["conversation"].as_str().map(String::from),
        };
        let carried = self.fix(job, &whom).await?;
        let person = people::find(self.db(), &whom.person).await?;
        let via = Via::Token(job.id.clone());
        let reader = person
            .as_ref()
            .and_then(|p| Actor::of(p, via, Scopes::all()));
        let mut message = None;
        if let (Some(person), Some(reader)) = (&person, &reader) {
            let is_wanted = !Preferences::of(&person.settings).off;
            // What she read in the meantime needs no mail.
            if is_wanted && carried.iter().any(|c| c.read.is_none()) {
                message = self.compose(post, person, reader, &whom, &carried).await?;
            }
        }
        let Some(message) = message else {
            return Ok(self.db().begin().await?);
        };
        post.smtp.send(message).await.map_err(refused)?;
        if let Some(journal) = &post.journal
            && let Err(problem) = journal.note(&job.id)
        {
            tracing::warn!(%problem, "a mail that was taken could not be noted");
        }
        let mut tx = self.db().begin().await?;
        mail::mailed(&mut tx, &job.id, self.clock().now()).await?;
        Ok(tx)
    }

    /// What the job carries: fixed at its first attempt, the same ever after.
    async fn fix(&self, job: &JobRow, whom: &Whom) -> Result<Vec<Carried>, Problem> {
        let mut tx = self.db().begin().await?;
        let mut carried = mail::carried(&mut tx, &job.id).await?;
        if carried.is_empty() {
            let conversation = whom.conversation.as_deref();
            mail::take(&mut tx, &job.id, &whom.person, conversation).await?;
            carried = mail::carried(&mut tx, &job.id).await?;
        }
        tx.commit().await?;
        Ok(carried)
    }

    /// `None` when there is nothing left that she may see.
    async fn compose(
        &self,
        post: &Post,
        person: &PersonRow,
        reader: &Actor,
        whom: &Whom,
        carried: &[Carried],
    ) -> Result<Option<Message>, Failed> {
        let told = self.told_of(reader, carried).await?;
        let (Some(newest), false) = (carried.last(), told.is_empty()) else {
            return Ok(None);
        };
        let key = self.key().await?;
        let site = self.site().url();
        let code = sign::code(key, Purpose::Unsubscribe, &[&person.id]);
        let unsubscribe = format!("{site}/unsubscribe/{code}");
        let written = text::Written {
            name: &person.name,
            zone: &person.zone,
            site,
            unsubscribe: &unsubscribe,
            can_answer: whom.conversation.is_some(),
            told: &told,
        };
        let to = person.email.parse::<Address>().map_err(|e| {
            Failed::never(format!(
                "{} is no address mail can be sent to: {e}",
                person.email
            ))
        })?;
        let id = |local: &str| format!("<{local}@{}>", post.domain());
        let at = u64::try_from(newest.at).unwrap_or_default();
        let mut message = Message::builder()
            .from(post.from.clone())
            .to(Mailbox::new(Some(person.name.clone()), to))
            .subject(written.subject())
            .date(std::time::UNIX_EPOCH + Duration::from_micros(at))
            .message_id(Some(id(&format!("{}.{}", person.id, newest.event))));
        if let Some(conversation) = &whom.conversation {
            // The mails of a conversation stand together in a mailbox.
            message = message.references(id(conversation));
            let code = reply_code(key, &person.id, conversation);
            let address = format!("{}+{code}@{}", post.reply, post.domain());
            let address = address.parse::<Address>().map_err(Failed::never)?;
            message = message.reply_to(Mailbox::new(Some("Tenon".into()), address));
        }
        for (name, value) in [
            ("List-Unsubscribe", format!("<{unsubscribe}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()),
            ("Auto-Submitted", "auto-generated".into()),
        ] {
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::dangerous_new_pre_encoded(
                name,
                value.clone(),
                value,
            ));
        }
        let both = MultiPart::alternative_plain_html(written.plain(), written.html());
        message.multipart(both).map(Some).map_err(Failed::never)
    }

    /// What happened, as far as she may see it, in order.
    pub(super) async fn told_of(
        &self,
        reader: &Actor,
        carried: &[Carried],
    ) -> Result<Vec<text::Told>, Problem> {
        let directory = self.inner.work.identity().directory().await?;
        let mut told = Vec::new();
        for one in carried {
            let Some(conversation) = &one.conversation else {
                continue;
            };
            let place = match self.inner.work.place(reader, conversation).await {
                Ok(place) => place,
                Err(problem) if problem.status < 500 => continue,
                Err(problem) => return Err(problem),
            };
            let row = work::find(self.db(), conversation).await?;
            let message = match work::message(self.db(), one.event).await? {
                Some(message) => Some(message),
                // Being asked is no message; the question is.
                None => self.first_message(conversation).await?,
            };
            let message = message.filter(|m| m.deleted.is_none());
            let shown = message.as_ref().map(|m| m.id);
            let process = self.inner.work.library().process(&place.process).await?;
            let title = row.map(|r| r.title).unwrap_or_default();
            told.push(text::Told {
                kind: one.kind.clone(),
                at: one.at,
                who: message
                    .as_ref()
                    .map(|m| directory.name(&m.author).to_string()),
                html: message
                    .as_ref()
                    .map(|m| crate::work::markdown::html(&m.body, &directory)),
                body: message.map(|m| m.body),
                place: super::place_name(&place, &process.name, &title),
                address: super::address(self.site(), &place, &process.slug, shown),
            });
        }
        Ok(told)
    }

    async fn first_message(&self, conversation: &str) -> Result<Option<work::MessageRow>, Problem> {
        Ok(mail::first_message(self.db(), conversation).await?)
    }

    /// Ends all mail to whom a code was made for; her name. With `look`, only says whose it is.
    pub async fn unsubscribe(&self, code: &str, look: bool) -> Result<String, Problem> {
        let unknown = || Problem::not_found("address to unsubscribe at");
        let said = sign::read(self.key().await?, Purpose::Unsubscribe, code).ok_or_else(unknown)?;
        let id = said.first().ok_or_else(unknown)?;
        if look {
            let person = people::find(self.db(), id).await?;
            return person.map(|p| p.name).ok_or_else(unknown);
        }
        let mut tx = self.db().begin().await?;
        let mut person = people::find_in(&mut tx, id).await?.ok_or_else(unknown)?;
        let wish = Preferences {
            off: true,
            ..Preferences::of(&person.settings)
        };
        person.settings = wish.within(&person.settings);
        people::update(&mut tx, &person).await?;
        tx.commit().await?;
        self.inner.work.identity().forget();
        Ok(person.name)
    }
}

/// The code in the address that answers go to. It has to fit, with what stands before the plus, into 64 letters: so it
/// names the conversation, and the person only by what is signed.
fn reply_code(key: &[u8], person: &str, conversation: &str) -> String {
    let short = conversation.replace("room_", "r").replace("ask_", "a");
    let made = sign::code(key, Purpose::Reply, &[person, &short]);
    let mac = made.rsplit_once('-').map_or("", |(_, mac)| mac);
    format!("{short}-{mac}")
}

/// The conversation a code names, if it was made for that person.
fn replied_to(key: &[u8], person: &str, code: &str) -> Option<String> {
    let code = code.to_ascii_lowercase();
    let (short, mac) = code.rsplit_once('-')?;
    sign::read(key, Purpose::Reply, &format!("{person}-{short}-{mac}"))?;
    match short.split_at_checked(1)? {
        ("r", id) => Some(format!("room_{id}")),
        ("a", id) => Some(format!("ask_{id}")),
        _ => None,
    }
}

/// Whether the mail server will ever take it. What it says of the mailbox is final; what it says of us is not.
fn refused(error: lettre::transport::smtp::Error) -> Failed {
    let code = error.status().map(u16::from);
    match code {
        Some(550..=554) => Failed::never(error),
        _ => Failed::again(error),
    }
}
