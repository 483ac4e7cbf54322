//! Replies on their way out. Each is handed over at least once and arrives at most once: the service knows our key, or the id follows from it,
//! or what may have come through is read back before it is sent again. Where only the service can say whether it took something, and did
//! not, a person decides.

use super::publish::service_topic;
use super::take::account_of;
use super::{Connect, LEASE, token, told};
use base::activity::{self, Kind};
use base::format;
use base::problem::Problem;
use connectors::channel::{Author, Once, Seen};
use connectors::{Account, Channel, Fault, Outgoing, Sent, Settings};
use mining::Micros;
use mining::time::{HOUR, SECOND};
use serde_json::json;
use store::connections::{self, ConnectionRow, SIGNED_OUT};
use store::desk::{self, FAILED, QUEUED, ReplyRow, SaidRow, ThreadRow};
use store::events;
use store::work::NotificationRow;

/// After this many failures that might pass a person looks at it.
const TRIES: i64 = 8;
/// What may have been taken is looked for by the attempts up to this one: copies of what was sent come some seconds later.
const LOOKS: i64 = 3;
const LOOKED_FOR: &str =
    "it was handed over, and nobody said whether it was taken; it is looked for";
const NOBODY_KNOWS: &str = "it was handed over, and nobody said whether it was taken; it may have arrived. Look there, then send it again or drop it";

/// When something is tried again.
pub(super) fn after(now: Micros, attempts: i64) -> Micros {
    now + ((5 * SECOND) << attempts.clamp(0, 10)).min(HOUR)
}

impl Connect {
    /// Sends one reply that is due; whether there was one.
    pub(super) async fn send_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let reply = desk::claim_reply(&mut tx, now, now + LEASE).await?;
        tx.commit().await?;
        let Some(reply) = reply else {
            return Ok(false);
        };
        let thread = desk::thread(self.db(), &reply.thread).await?;
        let thread = thread.ok_or_else(|| Problem::not_found("thread"))?;
        let row = connections::find(self.db(), &thread.connection).await?;
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        match Box::pin(self.send(&row, &thread, &reply)).await {
            Ok(sent) => self.sent(&row, &thread, &reply, &sent).await?,
            Err(fault) => self.unsent(&row, &thread, &reply, &fault).await?,
        }
        Ok(true)
    }

    async fn send(
        &self,
        row: &ConnectionRow,
        thread: &ThreadRow,
        reply: &ReplyRow,
    ) -> Result<Sent, Fault> {
        let settings = self.opened(row).await?;
        match self.send_with(row, &settings, thread, reply).await {
            // The service took nothing: it is the same attempt.
            Err(Fault::SignedOut(said)) => {
                let settings = self.after(row, settings, said).await?;
                self.send_with(row, &settings, thread, reply).await
            }
            sent => sent,
        }
    }

    async fn send_with(
        &self,
        row: &ConnectionRow,
        settings: &Settings,
        thread: &ThreadRow,
        reply: &ReplyRow,
    ) -> Result<Sent, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let (channel, account) = self.there(row)?;
        let out = self.outgoing(thread, reply).await.map_err(inside)?;
        let once = channel.once();
        if reply.begun.is_some() {
            let found = self.may_be_there(channel, settings, &account, &out);
            match found.await? {
                Some(sent) => return Ok(sent),
                None if once == Once::Asked => {
                    let is_last = reply.attempts >= LOOKS;
                    let told = if is_last { NOBODY_KNOWS } else { LOOKED_FOR };
                    return Err(Fault::Unknown(told.into()));
                }
                None => {}
            }
        }
        let answered = reply.reply_to.as_deref();
        let objected = desk::objector(self.db(), &thread.id, answered).await;
        if objected
            .map_err(|e| Fault::Unreached(e.to_string()))?
            .is_some()
        {
            return Err(Fault::Refused("she objected to being answered".into()));
        }
        // From here on it may be there, whatever becomes of us.
        let begun = async {
            let mut tx = self.db().begin().await?;
            desk::begin_reply(&mut tx, &reply.id, self.clock().now()).await?;
            tx.commit().await
        };
        begun.await.map_err(|e| Fault::Unreached(e.to_string()))?;
        let sent = channel.send(&self.via(settings), &account, &out).await;
        if once == Once::Asked
            && sent
                .as_ref()
                .is_err_and(|fault| !matches!(fault, Fault::Unknown(_)))
        {
            // It was not taken, and whoever did not take it says so.
            let mut tx = self.db().begin().await.map_err(|e| inside(e.into()))?;
            let not_begun = desk::unbegin_reply(&mut tx, &reply.id).await;
            not_begun.map_err(|e| inside(e.into()))?;
            tx.commit().await.map_err(|e| inside(e.into()))?;
        }
        sent
    }

    /// The key of a channel, good to be spoken with.
    pub(super) async fn opened(&self, row: &ConnectionRow) -> Result<Settings, Fault> {
        self.there(row)?;
        let settings = self.settings(row);
        let settings = settings.map_err(|e| Fault::SignedOut(e.to_string()))?;
        self.fresh(row, settings).await
    }

    /// A channel with its account, where it still is connected.
    pub(super) fn there(
        &self,
        row: &ConnectionRow,
    ) -> Result<(&'static dyn Channel, Account), Fault> {
        if row.state == connections::REMOVED {
            let why = "the channel is not connected any more";
            return Err(Fault::Refused(why.into()));
        }
        let channel = self.channel(&row.kind);
        let channel = channel.map_err(|problem| Fault::Unreached(problem.what))?;
        Ok((channel, account_of(row)))
    }

    /// What an earlier attempt sent, where only the service can tell.
    pub(super) async fn may_be_there(
        &self,
        channel: &dyn Channel,
        settings: &Settings,
        account: &Account,
        out: &Outgoing,
    ) -> Result<Option<Sent>, Fault> {
        match channel.once() {
            Once::Key | Once::Id => Ok(None),
            Once::ReadBack | Once::Asked => {
                channel.find_sent(&self.via(settings), account, out).await
            }
        }
    }

    async fn outgoing(&self, thread: &ThreadRow, reply: &ReplyRow) -> Result<Outgoing, Problem> {
        let answered = match &reply.reply_to {
            Some(source) => desk::said_of(self.db(), &thread.connection, source).await?,
            None => None,
        };
        Ok(Outgoing {
            key: reply.id.clone(),
            text: reply.text(),
            reply_to: reply.reply_to.clone(),
            thread: Some(service_topic(&thread.topic).to_string()),
            to: answered.as_ref().map(|s| Author {
                id: s.author.clone(),
                handle: s.handle.clone(),
                name: s.name.clone(),
                url: None,
            }),
            seen: match thread.seen.as_str() {
                "direct" => Seen::Direct,
                _ => Seen::Public,
            },
            since: reply.begun.unwrap_or_else(|| self.clock().now()),
            answered: answered.map(|s| s.raw).filter(|r| !r.is_empty()),
            back: match (&thread.process, &thread.case_ref) {
                (Some(process), Some(case)) => {
                    Some(token::of_case(self.token_key().await?, process, case))
                }
                _ => None,
            },
        })
    }

    async fn sent(
        &self,
        row: &ConnectionRow,
        thread: &ThreadRow,
        reply: &ReplyRow,
        sent: &Sent,
    ) -> Result<(), Problem> {
        let now = self.clock().now();
        let account = account_of(row);
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        let said = SaidRow {
            proof: None,
            proof_by: None,
            connection: row.id.clone(),
            source: sent.id.clone(),
            thread: thread.id.clone(),
            at: now,
            received: now,
            author: account.id,
            is_ours: 1,
            handle: account.handle,
            name: account.name,
            body: reply.text(),
            url: sent.url.clone().filter(|u| u.starts_with("http")),
            reply: Some(reply.id.clone()),
            edited: None,
            deleted: None,
            held: None,
            raw: String::new(),
        };
        // A look may have brought it back already.
        if !desk::keep_said(&mut tx, &said).await? {
            desk::tie_said(&mut tx, &row.id, &sent.id, &reply.id).await?;
        }
        // It may be part of another by now.
        let shown = desk::shown(&mut tx, &thread.id).await?;
        let shown = shown.as_ref().unwrap_or(thread);
        desk::sent_reply(&mut tx, &reply.id, now).await?;
        desk::we_said(&mut tx, &thread.id, now).await?;
        let waited = shown.waiting.map(|since| (now - since) / SECOND);
        let payload = json!({ "case": shown.case_ref, "step": shown.step, "team": shown.team, "channel": row.kind, "reply": reply.id, "waited_seconds": waited });
        let (kind, by, process) = (
            Kind::DeskSent.word(),
            reply.person.as_str(),
            shown.process.as_deref(),
        );
        events::append(&mut tx, now, kind, by, process, Some(&shown.id), &payload).await?;
        self.done(tx).await
    }

    async fn unsent(
        &self,
        row: &ConnectionRow,
        thread: &ThreadRow,
        reply: &ReplyRow,
        fault: &Fault,
    ) -> Result<(), Problem> {
        let now = self.clock().now();
        // It was looked for often enough and not found.
        let is_given_up = matches!(fault, Fault::Unknown(_))
            && (reply.attempts >= TRIES || reply.begun.is_some() && reply.attempts >= LOOKS);
        let is_retried = fault.passes() && reply.attempts < TRIES && !is_given_up;
        let (state, due) = match is_retried {
            true => (QUEUED, after(now, reply.attempts)),
            false => (FAILED, now),
        };
        let why = match self.about(&row.kind) {
            Ok(about) => told(&about, fault).what,
            Err(_) => fault.to_string(),
        };
        let mut tx = self.db().begin().await?;
        if let Fault::Wait { until, .. } = fault {
            let whose = (reply.id.as_str(), row.id.as_str());
            desk::reply_waits(&mut tx, whose, *until, &format::short(&why, 300)).await?;
            return self.done(tx).await;
        }
        events::in_order(&mut tx).await?;
        desk::unsent_reply(&mut tx, &reply.id, state, due, &format::short(&why, 300)).await?;
        if is_given_up {
            // A person decides; who sends it again means it.
            desk::unbegin_reply(&mut tx, &reply.id).await?;
        }
        if matches!(fault, Fault::SignedOut(_)) {
            let said = format::short(&fault.to_string(), 300);
            connections::signed_out(&mut tx, &row.id, now, &said).await?;
            let payload = json!({ "state": SIGNED_OUT });
            self.note(&mut tx, "tenon", row, Kind::ConnectionChanged, payload)
                .await?;
        }
        if state == FAILED {
            let shown = desk::shown(&mut tx, &thread.id).await?;
            let shown = shown.as_ref().unwrap_or(thread);
            let payload = json!({ "reply": reply.id, "why": format::short(&why, 300) });
            let (process, by) = (
                shown.process.as_deref().unwrap_or_default(),
                reply.person.as_str(),
            );
            let event = activity::record_of(
                &mut tx,
                now,
                Kind::DeskFailed,
                by,
                (process, &shown.id),
                &payload,
            );
            let told = NotificationRow {
                person: by.into(),
                event: event.await?,
                kind: "desk_failed".into(),
                conversation: Some(shown.id.clone()),
                at: now,
                read: None,
                mailed: None,
            };
            store::work::notify(&mut tx, &told).await?;
        }
        self.done(tx).await
    }
}
