//! Answers that are fetched from a mailbox by IMAP, where the mail server hands none over by a pipe.
//!
//! Each mail goes through the same intake as `tenon mail-in`. How far the mailbox was read is kept in the transaction of
//! what a mail led to, so a crash takes no mail twice and leaves none out. Then it is marked as read, and moved if there is
//! a folder for that; nothing is ever deleted. One node fetches at a time.

use super::Delivery;
use super::mail::inbound::Received;
use crate::mailing::imap::{self, Broken, Session};
use crate::mailing::place::Place;
use base::problem::Problem;
use mining::Micros;
use mining::time::DAY;
use std::time::Duration;
use store::mailboxes::{self, Fetched, MailboxRow, RefusedRow};
use tokio::sync::watch;

/// How long fetching is one node's. Longer than the longest answer of a mail server.
const LEASE: Micros = 300_000_000;
/// How long nothing is asked while nothing comes.
const LOOK: Duration = Duration::from_secs(60);
/// How long to wait for who has the mailbox.
const OTHERS: Duration = Duration::from_secs(15);
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How long it is remembered what was not let in.
pub const REMEMBERED: Micros = 30 * DAY;
const NOT_HANDED: &str = "The mail server does not hand this mail over.";
const TOO_LONG: &str = "This mail is longer than 32 MB.";
/// The largest UID there can be. A star would mean the last mail, whatever its UID.
const LAST: u32 = u32::MAX;

/// The mailbox of an installation.
pub struct Mailbox {
    place: Place,
    /// What this node is called where it has the mailbox.
    holder: String,
}

/// How a mailbox does, for owners.
pub struct Health {
    pub name: String,
    /// How far it is, once it was looked into.
    pub row: Option<MailboxRow>,
    /// What was not let in, the newest first.
    pub refused: Vec<RefusedRow>,
}

impl Mailbox {
    /// `None` when none is named.
    pub fn of(
        address: Option<&str>,
        to: Option<&str>,
        holder: String,
    ) -> anyhow::Result<Option<Mailbox>> {
        let address = address.filter(|a| !a.is_empty());
        let place = address.map(|a| Place::at(a, to)).transpose()?;
        Ok(place.map(|place| Mailbox { place, holder }))
    }
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Broken {
        Problem::from(error).into()
    }
}

impl From<Problem> for Broken {
    fn from(problem: Problem) -> Broken {
        Broken::Store(problem.what)
    }
}

impl Delivery {
    /// Fetches answers until it is told to stop. Does nothing where no mailbox is named.
    pub async fn keep_fetching(self, mut stop: watch::Receiver<bool>) {
        let Some(mailbox) = &self.inner.mailbox else {
            return;
        };
        if let Err(problem) = self.release_mailbox().await {
            tracing::warn!(%problem, "the mailbox waits until its lease runs out");
        }
        let mut wait = FIRST_WAIT;
        while !*stop.borrow() {
            let ended = self.attend(mailbox, &mut stop, &mut wait).await;
            let pause = match &ended {
                Ok(()) | Err(Broken::Held) => OTHERS,
                Err(broken) => {
                    let why = mailbox.place.without_secret(&broken.to_string());
                    tracing::warn!(why, "answers cannot be fetched");
                    wait
                }
            };
            if !matches!(ended, Ok(()) | Err(Broken::Held)) {
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            if let Err(problem) = self.let_go(mailbox, ended.err().as_ref()).await {
                tracing::warn!(%problem, "the mailbox waits until its lease runs out");
            }
            tokio::select! {
                _ = stop.wait_for(|s| *s) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn attend(
        &self,
        mailbox: &Mailbox,
        stop: &mut watch::Receiver<bool>,
        wait: &mut Duration,
    ) -> Result<(), Broken> {
        let mut session = self.open(mailbox).await?;
        self.mark_last(mailbox, &mut session).await?;
        while !*stop.borrow() {
            self.take_all(mailbox, &mut session, stop).await?;
            // It works: what goes wrong next begins with a short wait.
            *wait = FIRST_WAIT;
            tokio::select! {
                _ = stop.wait_for(|s| *s) => return Ok(()),
                waited = session.wait(LOOK) => waited?,
            }
        }
        session.leave().await;
        Ok(())
    }

    async fn open(&self, mailbox: &Mailbox) -> Result<Session, Broken> {
        let row = self.hold(mailbox).await?;
        let session = Session::open(&mailbox.place, self.outbound()).await?;
        let mut tx = self.db().begin().await?;
        let name = mailbox.place.name();
        let now = self.clock().now();
        if !mailboxes::connected(&mut tx, &name, &mailbox.holder, now).await? {
            return Err(Broken::Held);
        }
        if row.validity != session.validity {
            let whose = (name.as_str(), mailbox.holder.as_str());
            mailboxes::renumber(&mut tx, whose, session.validity, session.next - 1).await?;
        }
        tx.commit().await?;
        Ok(session)
    }

    async fn hold(&self, mailbox: &Mailbox) -> Result<MailboxRow, Broken> {
        let (name, now) = (mailbox.place.name(), self.clock().now());
        let mut tx = self.db().begin().await?;
        let row = mailboxes::hold(&mut tx, &name, &mailbox.holder, now, now + LEASE).await?;
        tx.commit().await?;
        row.ok_or(Broken::Held)
    }

    /// Whoever took the last mail in may have died before it was marked.
    async fn mark_last(&self, mailbox: &Mailbox, session: &mut Session) -> Result<(), Broken> {
        let row = self.hold(mailbox).await?;
        if row.upto == 0 {
            return Ok(());
        }
        let last = mailbox.fetched(session, row.upto);
        let is_refused = mailboxes::was_refused(self.db(), &last).await?;
        self.mark(mailbox, session, row.upto, is_refused).await
    }

    /// Takes in everything that is new.
    async fn take_all(
        &self,
        mailbox: &Mailbox,
        session: &mut Session,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), Broken> {
        let row = self.hold(mailbox).await?;
        for uid in session.search(&wanted(&row)).await? {
            if uid <= row.upto {
                continue;
            }
            if *stop.borrow() {
                return Ok(());
            }
            self.hold(mailbox).await?;
            // One mail that is too long or is not handed out does not keep the others out; an answer that
            // is longer than the server announced ends the connection, for nothing of it is in step any more.
            let size = session.size(uid).await;
            let is_too_long = matches!(size, Ok(Some(size)) if size > imap::LONGEST);
            let mail = match size {
                Ok(Some(_)) if !is_too_long => session.mail(uid).await,
                size => size.map(|size| size.map(|_| Vec::new())),
            };
            let fetched = mailbox.fetched(session, uid);
            let received = match mail {
                Ok(None) => continue,
                Ok(Some(_)) if is_too_long => self.turn_away(TOO_LONG, fetched).await?,
                Ok(Some(mail)) => self.receive_from(&mail, fetched).await?,
                Err(Broken::Said(..)) => self.turn_away(NOT_HANDED, fetched).await?,
                Err(broken) => return Err(broken),
            };
            let is_refused = matches!(received, Received::Refused(_));
            self.mark(mailbox, session, uid, is_refused).await?;
        }
        let mut tx = self.db().begin().await?;
        let (name, now) = (mailbox.place.name(), self.clock().now());
        mailboxes::looked(&mut tx, &name, &mailbox.holder, now).await?;
        Ok(tx.commit().await?)
    }

    /// Marks a mail as read. What was refused is flagged for whoever keeps the mailbox and stays where it is.
    async fn mark(
        &self,
        mailbox: &Mailbox,
        session: &mut Session,
        uid: i64,
        is_refused: bool,
    ) -> Result<(), Broken> {
        match self.try_to_mark(mailbox, session, uid, is_refused).await {
            // A mailbox that lets nothing be marked can be read all the same.
            Err(broken @ (Broken::Said(..) | Broken::Lacks(_))) => {
                let why = mailbox.place.without_secret(&broken.to_string());
                let (name, now) = (mailbox.place.name(), self.clock().now());
                let mut tx = self.db().begin().await?;
                mailboxes::note(&mut tx, &name, now, &why).await?;
                Ok(tx.commit().await?)
            }
            marked => marked,
        }
    }

    async fn try_to_mark(
        &self,
        mailbox: &Mailbox,
        session: &mut Session,
        uid: i64,
        is_refused: bool,
    ) -> Result<(), Broken> {
        if is_refused {
            return session.flag(uid, "\\Seen \\Flagged").await;
        }
        session.flag(uid, "\\Seen").await?;
        match &mailbox.place.to {
            Some(folder) => session.put(uid, folder).await,
            None => Ok(()),
        }
    }

    async fn let_go(&self, mailbox: &Mailbox, broken: Option<&Broken>) -> Result<(), Problem> {
        let why = broken.filter(|b| !matches!(b, Broken::Held));
        let why = why.map(|b| mailbox.place.without_secret(&b.to_string()));
        let (name, now) = (mailbox.place.name(), self.clock().now());
        let mut tx = self.db().begin().await?;
        mailboxes::let_go(&mut tx, &name, &mailbox.holder, now, why.as_deref()).await?;
        Ok(tx.commit().await?)
    }

    async fn release_mailbox(&self) -> Result<(), Problem> {
        let mut tx = self.db().begin().await?;
        mailboxes::release(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// How the mailbox does; `None` where none is named.
    pub async fn mailbox(&self) -> Result<Option<Health>, Problem> {
        let Some(mailbox) = &self.inner.mailbox else {
            return Ok(None);
        };
        let name = mailbox.place.name();
        let now = self.clock().now();
        let row = mailboxes::find(self.db(), &name)
            .await?
            .map(|row| MailboxRow {
                // Whose lease ran out is gone.
                connected: row.connected.filter(|_| row.held_until > now),
                ..row
            });
        let refused = mailboxes::refusals(self.db(), 20).await?;
        Ok(Some(Health { name, row, refused }))
    }

    /// One look from beginning to end, for tests.
    #[cfg(test)]
    pub(super) async fn fetch_once(&self) -> Result<(), Broken> {
        let mailbox = self.inner.mailbox.as_ref().unwrap();
        let (_still, stop) = watch::channel(false);
        let once = async {
            let mut session = self.open(mailbox).await?;
            self.mark_last(mailbox, &mut session).await?;
            self.take_all(mailbox, &mut session, &stop).await?;
            session.leave().await;
            Ok(())
        };
        let ended = once.await;
        self.let_go(mailbox, ended.as_ref().err()).await.unwrap();
        ended
    }
}

impl Mailbox {
    fn fetched(&self, session: &Session, uid: i64) -> Fetched {
        Fetched {
            mailbox: self.place.name(),
            holder: self.holder.clone(),
            validity: session.validity,
            uid,
        }
    }
}

/// What is searched for: what is new; of what was there before, what nobody has read or what came since the last look.
fn wanted(row: &MailboxRow) -> String {
    let new = format!("UID {}:{LAST}", row.upto + 1);
    if row.upto >= row.old {
        return new;
    }
    let behind = format!("UID {}:{LAST}", row.old + 1);
    // A server that numbers anew shows mails that came while nobody looked, and those may have been read since.
    let since = row.looked.and_then(|at| {
        let day = jiff::Timestamp::from_microsecond(at - DAY).ok()?;
        Some(day.strftime("%-d-%b-%Y").to_string())
    });
    match since {
        Some(day) => format!("{new} OR {behind} OR UNSEEN SINCE {day}"),
        None => format!("{new} OR {behind} UNSEEN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_taken_in_only_if_nobody_has_read_it() {
        let row = |upto, old, looked| MailboxRow {
            name: "reply@localhost/INBOX".into(),
            validity: 1,
            upto,
            old,
            looked,
            holder: String::new(),
            held_until: 0,
            connected: None,
            last_mail: None,
            error: None,
            error_at: None,
        };
        for (upto, old, looked, expected) in [
            (7, 7, None, "UID 8:4294967295"),
            (0, 7, None, "UID 1:4294967295 OR UID 8:4294967295 UNSEEN"),
            (
                3,
                7,
                Some(1_772_445_600_000_000),
                "UID 4:4294967295 OR UID 8:4294967295 OR UNSEEN SINCE 1-Mar-2026",
            ),
        ] {
            assert_eq!(wanted(&row(upto, old, looked)), expected);
        }
    }
}
