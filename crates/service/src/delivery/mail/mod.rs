//! Mail: what a person is told leaves by mail, and her answers come back.
//!
//! A mail carries notifications. Which ones is fixed once, in the store, before anything is sent; the Message-ID follows
//! from the person and the newest of them; they are marked as mailed in the transaction that ends the job. So a mail that
//! is tried again is the same mail. No mail is sent twice: that it is begun is in the store before its content is handed
//! over, and what is found begun and not ended, after a crash or without an answer, is set aside instead ([`doubt`]).

mod doubt;
pub mod inbound;
pub mod preferences;
mod text;

pub(super) use text::subject;

use super::queue::Failed;
use super::sign::{self, Purpose};
use super::{Config, Delivery};
use crate::mailing::smtp::{Lost, Smtp};
use anyhow::Context;
use base::identity::{Actor, Role, Scopes, Via};
use base::problem::Problem;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use mining::Micros;
use mining::time::DAY;
use preferences::Preferences;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;
use store::jobs::JobRow;
use store::mail::{self, Carried};
use store::people::{self, PersonRow};
use store::{Tx, work};

pub const KIND: &str = "mail";
/// Mails that leave at the same time, and whose marks share a commit. Few: these are what a crash sets aside.
pub const AT_ONCE: usize = 4;
/// How long what means a person waits for more of the same conversation.
pub const GROUP: Micros = 120_000_000;
/// What is older was told while no mail left, and is left to the pages.
const OLDEST: Micros = 2 * DAY;

/// The way to the mail server.
pub struct Post {
    smtp: Smtp,
    from: Mailbox,
    /// What stands before the plus of addresses to answer to.
    reply: String,
    /// Keys of jobs that are queued already, so that they are not queued at every look.
    planned: Mutex<HashSet<String>>,
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
        let smtp = Smtp::at(url)?;
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

impl Whom {
    fn of(job: &JobRow) -> Whom {
        let whom: Value = serde_json::from_str(&job.payload).unwrap_or_default();
        Whom {
            person: whom["person"].as_str().unwrap_or_default().into(),
            conversation: whom["conversation"].as_str().map(String::from),
        }
    }
}

/// A mail that is noted as begun, and what it carries.
pub struct Begun {
    job: JobRow,
    whom: Whom,
    carried: Vec<Carried>,
}

/// Why a mail did not leave, or may have.
enum Unsent {
    Failed(Failed),
    Unknown(String),
}

impl From<Failed> for Unsent {
    fn from(failed: Failed) -> Unsent {
        Unsent::Failed(failed)
    }
}

impl From<sqlx::Error> for Unsent {
    fn from(error: sqlx::Error) -> Unsent {
        Unsent::Failed(error.into())
    }
}

impl From<Lost> for Unsent {
    fn from(lost: Lost) -> Unsent {
        match lost {
            Lost::Later(why) | Lost::OfUs { why, .. } => Failed::again(why).into(),
            Lost::Never(why) => Failed::never(why).into(),
            Lost::Unknown(why) => Unsent::Unknown(why),
        }
    }
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
                    (digest_key(&person.id, due), due, None)
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

    /// Sends mails, those that leave together after one commit that notes them as begun.
    pub(super) async fn mails(&self, jobs: &[&JobRow]) -> Result<(), Problem> {
        for few in jobs.chunks(AT_ONCE) {
            // What has not begun waits for the next start.
            if self
                .inner
                .is_stopping
                .load(std::sync::atomic::Ordering::Relaxed)
            {
                break;
            }
            let begun = self.begin(few).await?;
            let sent = begun.iter().map(|begun| self.send(begun));
            for ended in futures_util::future::join_all(sent).await {
                ended?;
            }
        }
        Ok(())
    }

    async fn send(&self, begun: &Begun) -> Result<(), Problem> {
        match self.mail(begun).await {
            Err(Unsent::Unknown(why)) => self.set_aside(&begun.job, &why).await,
            Err(Unsent::Failed(failed)) => self.queue().finish(&begun.job, Err(failed)).await,
            Ok(tx) => self.queue().finish(&begun.job, Ok(tx)).await,
        }
    }

    /// Sends one mail.
    async fn mail(&self, begun: &Begun) -> Result<Tx, Unsent> {
        let (job, whom) = (&begun.job, &begun.whom);
        let Some(post) = &self.inner.mail else {
            return Err(Failed::again("no mail server is named (TENON_SMTP)").into());
        };
        let person = people::find(self.db(), &whom.person).await?;
        let via = Via::Token(job.id.clone());
        let reader = person
            .as_ref()
            .and_then(|p| Actor::of(p, via, Scopes::all()));
        let mut message = None;
        if let (Some(person), Some(reader)) = (&person, &reader) {
            let is_wanted = !Preferences::of(&person.settings).off;
            // What she read in the meantime needs no mail.
            if is_wanted && begun.carried.iter().any(|c| c.read.is_none()) {
                let carried = &begun.carried;
                message = self.compose(post, person, reader, whom, carried).await?;
            }
        }
        let Some(message) = message else {
            return Ok(self.db().begin().await?);
        };
        let text = message.formatted();
        post.smtp.send(message.envelope(), &text).await?;
        // From here on it was taken: what goes wrong now must not send it again.
        let commit = async {
            let mut tx = self.db().begin().await?;
            mail::mailed(&mut tx, &job.id, self.clock().now()).await?;
            Ok::<Tx, Problem>(tx)
        };
        commit.await.map_err(|problem| {
            Unsent::Unknown(format!(
                "the mail server took it, and that could not be noted: {}",
                problem.what
            ))
        })
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
        // Nobody answers a customer by answering a mail of ours.
        let is_of_desk = |t: &text::Told| work::is_of_desk(&t.kind);
        let answerable = whom.conversation.as_ref();
        let answerable = answerable.filter(|_| !told.iter().any(is_of_desk));
        let written = text::Written {
            name: &person.name,
            zone: &person.zone,
            site,
            unsubscribe: &unsubscribe,
            can_answer: answerable.is_some(),
            told: &told,
        };
        let to = person.email.parse::<Address>().map_err(|e| {
            Failed::never(format!(
                "{} is no address mail can be sent to: {e}",
                person.email
            ))
        })?;
        let id = |local: &str| format!("<{local}@{}>", post.domain());
        let mut local = format!("{}.{}", person.id, newest.event);
        if carried.iter().any(|c| c.in_doubt) {
            // Another mail than the one that may have told of it before.
            local += ".again";
        }
        let at = u64::try_from(newest.at).unwrap_or_default();
        let mut message = Message::builder()
            .from(post.from.clone())
            .to(Mailbox::new(Some(person.name.clone()), to))
            .subject(written.subject())
            .date(std::time::UNIX_EPOCH + Duration::from_micros(at))
            .message_id(Some(id(&local)));
        if let Some(conversation) = &whom.conversation {
            // The mails of a conversation stand together in a mailbox.
            message = message.references(id(conversation));
        }
        if let Some(conversation) = answerable {
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
            if work::is_of_desk(&one.kind) {
                told.extend(self.told_of_thread(reader, one, conversation).await?);
                continue;
            }
            let place = match self.inner.work.place(reader, conversation).await {
                Ok(place) => place,
                Err(problem) if problem.status < 500 => continue,
                Err(problem) => return Err(problem),
            };
            let row = work::find(self.db(), conversation).await?;
            let message = match work::message_of(self.db(), one.event).await? {
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
                in_doubt: one.in_doubt,
            });
        }
        Ok(told)
    }

    /// What happened to a thread of the desk: what the customer wrote stays there.
    async fn told_of_thread(
        &self,
        reader: &Actor,
        one: &Carried,
        thread: &str,
    ) -> Result<Option<text::Told>, Problem> {
        let row = store::desk::thread(self.db(), thread).await?;
        let row = row.filter(|_| reader.is_at_least(Role::Member));
        Ok(row.map(|row| text::Told {
            kind: one.kind.clone(),
            at: one.at,
            who: None,
            html: None,
            body: None,
            place: format!("\u{201c}{}\u{201d}", base::format::short(&row.title, 60)),
            address: format!("{}/desk/{}", self.site().url(), row.id),
            in_doubt: one.in_doubt,
        }))
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

/// One mail a person and morning.
fn digest_key(person: &str, due: Micros) -> String {
    format!("digest:{person}:{due}")
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
