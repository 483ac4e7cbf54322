//! Posts of our own on their way out, and what comes back. A post is let go when its time has come; each of its channels is an outbox entry of
//! its own, so that one that fails does not hold up the others; and each arrives at most once, as replies do.

use super::{Connect, LEASE, told};
use base::activity::{self, Kind};
use base::format;
use base::problem::Problem;
use connectors::channel::Seen;
use connectors::publish::Echo;
use connectors::{Fault, Incoming, Outgoing, Sent, Settings};
use mining::Micros;
use mining::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use store::connections::{self, ConnectionRow, SIGNED_OUT};
use store::desk::About;
use store::share::{self, CreditRow, FAILED, Figures, PublicationRow, QUEUED, SOMEBODY, ShareRow};
use store::{Tx, events};

/// After this many failures that might pass a person looks at it.
const TRIES: i64 = 8;
/// What came of a post is read for so long.
pub const ECHOES: Micros = 30 * DAY;
/// For the first time.
const FIRST_ECHO: Micros = 15 * SECOND;
/// Posts of which it is read at once.
const AT_ONCE: i64 = 25;

/// The permission that a post lacks for what it republishes; `None`: it may go.
pub(crate) fn lacks(row: &ShareRow, credits: &[CreditRow]) -> Option<String> {
    match row.republishes.as_str() {
        share::NOBODY if credits.is_empty() => None,
        SOMEBODY => {
            let is_given = |c: &&CreditRow| {
                !c.given_by.is_empty() && !c.given_how.is_empty() && c.given_on.is_some()
            };
            let lacking = credits.iter().find(|c| !is_given(c));
            match (credits.is_empty(), lacking) {
                (true, _) => Some("Say whose words or pictures it republishes.".into()),
                (_, Some(c)) => Some(format!(
                    "Say who gave the permission for {} of {}, when, and by what.",
                    if c.what == "picture" {
                        "a picture"
                    } else {
                        "words"
                    },
                    c.whose
                )),
                _ => None,
            }
        }
        _ => Some("Say whether it republishes somebody's words or pictures.".into()),
    }
}

/// When it is read next what came of a post: less often as it grows old, and no more in the end.
fn next_echo(sent: Micros, now: Micros) -> Option<Micros> {
    let every = match now - sent {
        age if age < HOUR => 15 * MINUTE,
        age if age < DAY => HOUR,
        age if age < ECHOES => DAY,
        _ => return None,
    };
    Some((now + every).min(sent + ECHOES))
}

/// A post of ours that somebody answers.
pub(super) struct Answered {
    publication: PublicationRow,
    share: ShareRow,
}

impl Answered {
    /// Each who answers has a conversation of her own: what it shares at the service, and who she is.
    pub fn topic(&self, item: &Incoming) -> String {
        let post = self.publication.source.as_deref().unwrap_or_default();
        format!("{post}\n{}", item.author.id)
    }

    /// It belongs to the step the post was written at; to her case where that is one of the same process.
    pub fn about(&self, found: About) -> About {
        let is_same = found.process.as_deref() == Some(self.share.process.as_str());
        let case_ref = found.case_ref.filter(|_| is_same);
        let answers = format!("It answers a post of ours, shared at {}.", self.share.step);
        About {
            reason: match &case_ref {
                Some(_) => format!("{} {answers}", found.reason),
                None => answers,
            },
            sure: if case_ref.is_some() { found.sure } else { 0 },
            team: found.team.filter(|_| is_same),
            process: Some(self.share.process.clone()),
            step: Some(self.share.step.clone()),
            case_ref,
            by: None,
        }
    }

    pub async fn tie(&self, tx: &mut Tx, thread: &str) -> sqlx::Result<()> {
        share::tie_thread(tx, thread, &self.publication.id).await
    }
}

/// What the messages of a thread share at the service: of an answer to a post that is the post.
pub(super) fn service_topic(topic: &str) -> &str {
    topic.split('\n').next().unwrap_or(topic)
}

impl Connect {
    /// The post of ours that something answers, by what the service says it answers or belongs to.
    pub(super) async fn post_answered(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
    ) -> Result<Option<Answered>, Problem> {
        let of = [item.reply_to.as_deref(), item.thread.as_deref()];
        for source in of.into_iter().flatten().filter(|of| *of != item.id) {
            let found = share::by_source(tx, &row.id, source).await?;
            if let Some(publication) = found
                && let Some(share) = share::find_in(tx, &publication.share).await?
            {
                return Ok(Some(Answered { publication, share }));
            }
        }
        Ok(None)
    }

    /// One step of sharing: a post is let go, one goes out on a channel, and it is read what came of some.
    pub(super) async fn share_on(&self) -> Result<bool, Problem> {
        if !share::is_anything_due(self.db(), self.clock().now()).await? {
            return Ok(false);
        }
        let released = self.release_next().await?;
        let published = self.publish_next().await?;
        Ok(released | published | self.echo_next().await?)
    }

    /// Lets a post go whose time has come. One without the permissions it needs goes back to who wrote it.
    async fn release_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let Some(row) = share::release(&mut tx, now).await? else {
            return Ok(false);
        };
        let lacks = lacks(&row, &share::credits_in(&mut tx, &row.id).await?);
        let Some(lacks) = lacks else {
            tx.commit().await?;
            return Ok(true);
        };
        drop(tx);
        let mut tx = self.db().begin().await?;
        let back = ShareRow {
            state: share::RETURNED.into(),
            note: Some(format!("It was not published. {lacks}")),
            at: None,
            changed: now,
            ..row
        };
        share::update(&mut tx, &back).await?;
        self.done(tx).await?;
        Ok(true)
    }

    async fn publish_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let found = share::claim(&mut tx, now, now + LEASE).await?;
        tx.commit().await?;
        let Some(publication) = found else {
            return Ok(false);
        };
        let share = share::find(self.db(), &publication.share).await?;
        let share = share.ok_or_else(|| Problem::not_found("post"))?;
        let row = connections::find(self.db(), &publication.connection).await?;
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        match self.publish(&row, &share, &publication).await {
            Ok(sent) => self.published(&row, &share, &publication, &sent).await?,
            Err(fault) => self.unpublished(&row, &share, &publication, &fault).await?,
        }
        Ok(true)
    }

    async fn publish(
        &self,
        row: &ConnectionRow,
        share: &ShareRow,
        publication: &PublicationRow,
    ) -> Result<Sent, Fault> {
        let settings = self.opened(row).await?;
        match self.publish_with(row, &settings, share, publication).await {
            // The service took nothing: it is the same attempt.
            Err(Fault::SignedOut(said)) => {
                let settings = self.after(row, settings, said).await?;
                self.publish_with(row, &settings, share, publication).await
            }
            sent => sent,
        }
    }

    async fn publish_with(
        &self,
        row: &ConnectionRow,
        settings: &Settings,
        share: &ShareRow,
        publication: &PublicationRow,
    ) -> Result<Sent, Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let (channel, account) = self.there(row)?;
        let out = Outgoing {
            key: publication.id.clone(),
            text: publication
                .body
                .clone()
                .unwrap_or_else(|| share.body.clone()),
            reply_to: None,
            thread: None,
            to: None,
            seen: Seen::Public,
            since: publication.begun.unwrap_or_else(|| self.clock().now()),
            answered: None,
            back: None,
        };
        match channel.publishes() {
            Some(publishes) if publishes.takes(&out.text) => {}
            Some(_) => return Err(Fault::Refused("the text is too long for it".into())),
            None => return Err(Fault::Refused("it takes no posts of our own".into())),
        }
        if publication.begun.is_some()
            && let Some(sent) = self.may_be_there(channel, settings, &account, &out).await?
        {
            let whose = self.whose(row, &sent).await.map_err(inside)?;
            // The same words may be there from another post.
            if whose.is_none_or(|p| p.id == publication.id) {
                return Ok(sent);
            }
        }
        // From here on it may be there, whatever becomes of us.
        let begun = async {
            let mut tx = self.db().begin().await?;
            share::begin(&mut tx, &publication.id, self.clock().now()).await?;
            tx.commit().await
        };
        begun.await.map_err(|e| Fault::Unreached(e.to_string()))?;
        channel.send(&self.via(settings), &account, &out).await
    }

    async fn whose(
        &self,
        row: &ConnectionRow,
        sent: &Sent,
    ) -> Result<Option<PublicationRow>, Problem> {
        let mut tx = self.db().begin().await?;
        Ok(share::by_source(&mut tx, &row.id, &sent.id).await?)
    }

    async fn published(
        &self,
        row: &ConnectionRow,
        share: &ShareRow,
        publication: &PublicationRow,
        sent: &Sent,
    ) -> Result<(), Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        let url = sent.url.as_deref().filter(|u| u.starts_with("http"));
        let there = (sent.id.as_str(), url);
        share::sent(&mut tx, &publication.id, now, there, now + FIRST_ECHO).await?;
        // Who answered before we knew that it is there.
        for (thread, case) in share::untied(&mut tx, &row.id, &sent.id).await? {
            share::tie_thread(&mut tx, &thread, &publication.id).await?;
            if case.is_none() {
                let at = (share.process.as_str(), share.step.as_str());
                let why = format!("It answers a post of ours, shared at {}.", share.step);
                share::set_step(&mut tx, &thread, at, &why).await?;
            }
        }
        let payload = json!({ "channel": row.kind, "publication": publication.id, "url": url });
        self.note_share(&mut tx, &share.person, share, Kind::SharePublished, payload)
            .await?;
        self.done(tx).await
    }

    async fn unpublished(
        &self,
        row: &ConnectionRow,
        share: &ShareRow,
        publication: &PublicationRow,
        fault: &Fault,
    ) -> Result<(), Problem> {
        let now = self.clock().now();
        let is_retried = fault.passes() && publication.attempts < TRIES;
        let (state, due) = match fault {
            Fault::Wait { until, .. } => (QUEUED, *until),
            _ if is_retried => {
                let wait = (5 * SECOND) << publication.attempts.clamp(0, 10);
                (QUEUED, now + wait.min(HOUR))
            }
            _ => (FAILED, now),
        };
        let why = format::short(&self.why(row, fault), 300);
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        share::unsent(&mut tx, &publication.id, state, due, &why).await?;
        if matches!(fault, Fault::SignedOut(_)) && row.state != connections::REMOVED {
            connections::set_state(&mut tx, &row.id, SIGNED_OUT, now).await?;
        }
        if state == FAILED {
            let payload = json!({ "channel": row.kind, "publication": publication.id, "why": why });
            self.note_share(&mut tx, &share.person, share, Kind::ShareFailed, payload)
                .await?;
        }
        self.done(tx).await
    }

    fn why(&self, row: &ConnectionRow, fault: &Fault) -> String {
        match self.about(&row.kind) {
            Ok(about) => told(&about, fault).what,
            Err(_) => fault.to_string(),
        }
    }

    /// Appends to the record what happened to a post.
    pub(crate) async fn note_share(
        &self,
        tx: &mut Tx,
        by: &str,
        row: &ShareRow,
        kind: Kind,
        mut payload: Value,
    ) -> Result<(), Problem> {
        payload["step"] = json!(row.step);
        payload["case"] = json!(row.case_ref);
        let (now, of) = (self.clock().now(), (row.process.as_str(), row.id.as_str()));
        activity::record_of(tx, now, kind, by, of, &payload).await?;
        Ok(())
    }

    /// Reads what came of some posts of one channel.
    async fn echo_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        let due = share::claim_echoes(&mut tx, now, now + LEASE, AT_ONCE).await?;
        tx.commit().await?;
        let Some(first) = due.first() else {
            return Ok(false);
        };
        let row = connections::find(self.db(), &first.connection).await?;
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        let asked = match row.state.as_str() {
            connections::REMOVED => None,
            _ => Some(self.ask_echoes(&row, &due).await),
        };
        let mut tx = self.db().begin().await?;
        events::in_order(&mut tx).await?;
        for publication in &due {
            let next = next_echo(publication.sent.unwrap_or(now), now);
            match &asked {
                None => share::not_echoed(&mut tx, &publication.id, None, None).await?,
                Some(Ok(told)) => self.echoed(&mut tx, &row, publication, told, next).await?,
                Some(Err(fault)) => {
                    let next = match fault {
                        Fault::Wait { until, .. } => next.map(|_| *until),
                        _ => next.map(|_| now + HOUR),
                    };
                    let why = format::short(&self.why(&row, fault), 300);
                    share::not_echoed(&mut tx, &publication.id, next, Some(&why)).await?;
                }
            }
        }
        self.done(tx).await?;
        Ok(true)
    }

    async fn ask_echoes(
        &self,
        row: &ConnectionRow,
        due: &[PublicationRow],
    ) -> Result<Vec<Echo>, Fault> {
        let settings = self.opened(row).await?;
        let (channel, account) = self.there(row)?;
        let ids: Vec<String> = due.iter().filter_map(|p| p.source.clone()).collect();
        let told = channel.echo(&self.via(&settings), &account, &ids).await;
        match told {
            Err(Fault::SignedOut(said)) => {
                let settings = self.after(row, settings, said).await?;
                channel.echo(&self.via(&settings), &account, &ids).await
            }
            told => told,
        }
    }

    async fn echoed(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        publication: &PublicationRow,
        told: &[Echo],
        next: Option<Micros>,
    ) -> Result<(), Problem> {
        let found = told
            .iter()
            .find(|e| Some(&e.id) == publication.source.as_ref());
        let number = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let new = found.map_or_else(Figures::default, |e| Figures {
            likes: number(e.likes),
            reposts: number(e.reposts),
            replies: number(e.replies),
            views: number(e.views),
        });
        let now = self.clock().now();
        share::echoed(tx, &publication.id, now, next, &new).await?;
        // Only what changed is told.
        if found.is_none() || publication.figures() == new {
            return Ok(());
        }
        let Some(share) = share::find_in(tx, &publication.share).await? else {
            return Ok(());
        };
        let payload = json!({
            "channel": row.kind,
            "publication": publication.id,
            "likes": new.likes,
            "reposts": new.reposts,
            "replies": new.replies,
            "views": new.views,
        });
        self.note_share(tx, "tenon", &share, Kind::ShareEchoed, payload)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_post_is_read_less_and_less_often_and_for_thirty_days() {
        assert_eq!(next_echo(0, MINUTE), Some(16 * MINUTE));
        assert_eq!(next_echo(0, 2 * HOUR), Some(3 * HOUR));
        assert_eq!(next_echo(0, 3 * DAY), Some(4 * DAY));
        assert_eq!(
            next_echo(0, 30 * DAY - HOUR),
            Some(30 * DAY),
            "once at the end"
        );
        assert_eq!(next_echo(0, 30 * DAY), None);
    }

    #[test]
    fn what_a_service_shares_is_told_from_who_answers() {
        assert_eq!(
            service_topic("urn:li:share:1\nurn:li:person:ada"),
            "urn:li:share:1"
        );
        assert_eq!(service_topic("plain"), "plain");
    }
}
