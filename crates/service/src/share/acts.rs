//! What is done with a post: it is drafted, handed in, read by a colleague, given a time, and withdrawn.

use super::Share;
use base::activity::Kind;
use base::identity::{Actor, Role};
use base::problem::Problem;
use mining::Micros;
use mining::time::{DAY, MINUTE};
use serde_json::{Value, json};
use store::share::{
    self, APPROVED, CreditRow, DISCARDED, DRAFT, DROPPED, FAILED, NOBODY, PublicationRow, QUEUED,
    RETURNED, REVIEW, SCHEDULED, SOMEBODY, ShareRow,
};
use store::{Tx, events};

/// Characters of a post, whatever its channels take.
const LONGEST: usize = 70_000;
/// People whose words or pictures a post may hold.
const CREDITS: usize = 10;
/// Characters of a name, or of how a permission was given.
const LINE: usize = 300;
/// The longest a post waits for its time.
const AHEAD: Micros = 366 * DAY;

/// What is written of a post.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    pub body: String,
    /// Whether it republishes words or pictures of `nobody` or `somebody`; empty while that is not said.
    pub republishes: String,
    pub credits: Vec<Credit>,
    /// Connections, each with other words for it where it has some.
    pub channels: Vec<(String, Option<String>)>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credit {
    pub whose: String,
    pub is_picture: bool,
    pub given_by: String,
    /// First moment of the day in UTC.
    pub given_on: Option<Micros>,
    pub given_how: String,
}

/// Where a post is written, and of what it is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct From {
    /// Id of the process, or its name in addresses.
    pub process: String,
    pub step: String,
    pub case: Option<String>,
    /// A question whose answer was accepted.
    pub conversation: Option<String>,
}

fn moved_on() -> Problem {
    Problem::new(
        409,
        "moved_on",
        "Somebody changed this post meanwhile.",
        "Load the page anew.",
    )
}

fn not_yours(what: &str, remedy: &str) -> Problem {
    Problem::new(403, "not_yours", what, remedy)
}

fn is_too_long(text: &str, most: usize) -> bool {
    text.chars().count() > most || text.contains('\0')
}

impl Share {
    /// Begins a draft under a key of the writer's: begun twice it is there once.
    pub async fn draft(
        &self,
        actor: &Actor,
        key: &str,
        from: &From,
        draft: &Draft,
    ) -> Result<String, Problem> {
        Self::admit(actor)?;
        let is_key = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if key.is_empty() || key.len() > 100 || !key.bytes().all(is_key) {
            return Err(Problem::bad_request(
                "The post has no usable key.",
                "Send 1 to 100 letters, digits, - or _.",
            ));
        }
        let place = self.place(&from.process, &from.step).await?;
        let place = place.ok_or_else(|| {
            Problem::new(
                409,
                "not_plugged_in",
                format!(
                    "Share is not plugged in at \"{}\".",
                    base::format::short(&from.step, 60)
                ),
                "Choose a step where it is, or ask a manager to plug it in.",
            )
        })?;
        let (case, conversation) = self.checked_from(&place.process, from).await?;
        let draft = self.checked(draft).await?;
        let now = self.now();
        let row = ShareRow {
            id: format!("sha_{}_{key}", actor.id()),
            process: place.process,
            step: place.step,
            improvement: place.improvement,
            case_ref: case,
            conversation,
            person: actor.id().into(),
            created: now,
            changed: now,
            body: draft.body.clone(),
            republishes: draft.republishes.clone(),
            state: DRAFT.into(),
            reviewer: None,
            note: None,
            at: None,
            scheduled_by: None,
        };
        let mut tx = self.connect.db().begin().await?;
        events::in_order(&mut tx).await?;
        if !share::insert(&mut tx, &row).await? {
            return Ok(row.id);
        }
        self.keep_parts(&mut tx, &row.id, &draft).await?;
        self.note(&mut tx, actor, &row, Kind::ShareDrafted, json!({}))
            .await?;
        self.connect.done(tx).await?;
        Ok(row.id)
    }

    /// The case there is, and the question at hand, if its answer was accepted.
    async fn checked_from(
        &self,
        process: &str,
        from: &From,
    ) -> Result<(Option<String>, Option<String>), Problem> {
        let case = from.case.clone().filter(|c| !c.trim().is_empty());
        if let Some(case) = &case {
            let loaded = self.improvements.library().load(process).await?;
            if loaded.log.case_names.code(case).is_none() {
                return Err(Problem::not_found("case"));
            }
        }
        let question = from.conversation.clone().filter(|c| !c.is_empty());
        if let Some(id) = &question {
            let found = store::work::find(self.connect.db(), id).await?;
            let found = found.filter(|c| c.process == process && c.accepted.is_some());
            if found.is_none() {
                return Err(Problem::not_found("accepted answer"));
            }
        }
        Ok((case, question))
    }

    /// A draft may lack anything; what it holds has to be possible.
    async fn checked(&self, draft: &Draft) -> Result<Draft, Problem> {
        let mut draft = draft.clone();
        draft.body = draft.body.replace("\r\n", "\n").trim().to_string();
        let others = draft.channels.iter().filter_map(|(_, body)| body.as_ref());
        if others.chain([&draft.body]).any(|t| is_too_long(t, LONGEST)) {
            return Err(Problem::bad_request(
                "The post is too long.",
                "Write up to 70,000 characters.",
            ));
        }
        if !matches!(draft.republishes.as_str(), "" | NOBODY | SOMEBODY) {
            return Err(Problem::bad_request(
                "It is not understood whether it republishes anything.",
                "Say nobody or somebody.",
            ));
        }
        if draft.republishes != SOMEBODY {
            draft.credits.clear();
        }
        draft.credits.retain(|c| !c.whose.trim().is_empty());
        let is_long = |c: &Credit| {
            [&c.whose, &c.given_by, &c.given_how]
                .iter()
                .any(|t| is_too_long(t, LINE))
        };
        if draft.credits.len() > CREDITS || draft.credits.iter().any(is_long) {
            return Err(Problem::bad_request(
                "That is more than is kept of permissions.",
                "Name up to 10 people, with up to 300 characters in each field.",
            ));
        }
        if draft.credits.iter().any(|c| c.given_on > Some(self.now())) {
            return Err(Problem::bad_request(
                "A permission was given on a day to come.",
                "Write the day it was given.",
            ));
        }
        let outlets = self.outlets().await?;
        draft.channels.sort();
        draft.channels.dedup_by(|a, b| a.0 == b.0);
        for (connection, body) in &mut draft.channels {
            if !outlets.iter().any(|o| o.connection == *connection) {
                return Err(Problem::not_found("channel that takes posts"));
            }
            let own = body
                .take()
                .map(|b| b.replace("\r\n", "\n").trim().to_string());
            *body = own.filter(|b| !b.is_empty() && *b != draft.body);
        }
        Ok(draft)
    }

    async fn keep_parts(&self, tx: &mut Tx, id: &str, draft: &Draft) -> Result<(), Problem> {
        let credits = draft.credits.iter().map(|c| CreditRow {
            whose: c.whose.trim().into(),
            what: if c.is_picture { "picture" } else { "words" }.into(),
            given_by: c.given_by.trim().into(),
            given_on: c.given_on,
            given_how: c.given_how.trim().into(),
            ..CreditRow::default()
        });
        share::put_credits(tx, id, &credits.collect::<Vec<_>>()).await?;
        let channels = draft
            .channels
            .iter()
            .map(|(connection, body)| PublicationRow {
                id: self.connect.id("pub"),
                connection: connection.clone(),
                body: body.clone(),
                ..PublicationRow::default()
            });
        share::choose(tx, id, &channels.collect::<Vec<_>>()).await?;
        Ok(())
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ShareRow,
        kind: Kind,
        payload: Value,
    ) -> Result<(), Problem> {
        self.connect
            .note_share(tx, actor.id(), row, kind, payload)
            .await
    }

    /// A post that is to be changed; nobody else changes it meanwhile.
    async fn begin(&self, actor: &Actor, id: &str) -> Result<(Tx, ShareRow), Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect.db().begin().await?;
        events::in_order(&mut tx).await?;
        let row = share::find_in(&mut tx, id).await?;
        Ok((tx, row.ok_or_else(|| Problem::not_found("post"))?))
    }

    /// A post of her own that is a draft.
    async fn begin_own(
        &self,
        actor: &Actor,
        id: &str,
        states: &[&str],
    ) -> Result<(Tx, ShareRow), Problem> {
        let (tx, row) = self.begin(actor, id).await?;
        if row.person != actor.id() {
            return Err(not_yours(
                "Only who wrote a post changes it.",
                "Send it back with a note, or ask her.",
            ));
        }
        match states.contains(&row.state.as_str()) {
            true => Ok((tx, row)),
            false => Err(moved_on()),
        }
    }

    /// Writes a draft anew.
    pub async fn edit(&self, actor: &Actor, id: &str, draft: &Draft) -> Result<(), Problem> {
        Self::admit(actor)?;
        let draft = self.checked(draft).await?;
        let (mut tx, row) = self.begin_own(actor, id, &[DRAFT, RETURNED]).await?;
        let row = ShareRow {
            body: draft.body.clone(),
            republishes: draft.republishes.clone(),
            changed: self.now().max(row.changed + 1),
            ..row
        };
        share::update(&mut tx, &row).await?;
        self.keep_parts(&mut tx, id, &draft).await?;
        self.connect.done(tx).await
    }

    /// Hands a post in: a colleague reads it, or nobody does where a manager said so. Whether it needs no one.
    pub async fn hand_in(&self, actor: &Actor, id: &str) -> Result<bool, Problem> {
        let whole = self.whole(actor, id).await?;
        let is_free = self.free_people().await?.iter().any(|p| p == actor.id());
        let (mut tx, row) = self.begin_own(actor, id, &[DRAFT, RETURNED]).await?;
        if row.changed != whole {
            return Err(moved_on());
        }
        let state = if is_free { APPROVED } else { REVIEW };
        let row = ShareRow {
            state: state.into(),
            reviewer: None,
            note: None,
            changed: self.now().max(row.changed + 1),
            ..row
        };
        share::update(&mut tx, &row).await?;
        self.note(
            &mut tx,
            actor,
            &row,
            Kind::ShareHandedIn,
            json!({ "state": state }),
        )
        .await?;
        self.connect.done(tx).await?;
        Ok(is_free)
    }

    /// That nothing is lacking, and when what was looked at was changed last; what is lacking is said.
    async fn whole(&self, actor: &Actor, id: &str) -> Result<Micros, Problem> {
        let post = self.post(actor, id).await?;
        match post.lacks.first() {
            None => Ok(post.row.changed),
            Some(first) => Err(Problem::new(
                422,
                "not_whole",
                first.clone(),
                "Complete the draft, save it, and hand it in again.",
            )),
        }
    }

    /// Lets a post go or sends it back with a note; never her own. `seen` is when what she read was changed last.
    pub async fn review(
        &self,
        actor: &Actor,
        id: &str,
        seen: Option<Micros>,
        is_good: bool,
        note: &str,
    ) -> Result<(), Problem> {
        let note = note.trim();
        let mut seen = seen;
        if is_good {
            let whole = self.whole(actor, id).await?;
            seen = seen.or(Some(whole));
        } else if note.is_empty() || is_too_long(note, 2_000) {
            return Err(Problem::bad_request(
                "It goes back without a word.",
                "Say in up to 2,000 characters what to change.",
            ));
        }
        let (mut tx, row) = self.begin(actor, id).await?;
        if row.person == actor.id() {
            return Err(not_yours(
                "Nobody lets her own post go.",
                "Ask a colleague to read it.",
            ));
        }
        if row.state != REVIEW || seen.is_some_and(|seen| seen != row.changed) {
            return Err(moved_on());
        }
        let row = ShareRow {
            state: if is_good { APPROVED } else { RETURNED }.into(),
            reviewer: Some(actor.id().into()),
            note: Some(note.to_string()).filter(|n| !n.is_empty()),
            changed: self.now().max(row.changed + 1),
            ..row
        };
        share::update(&mut tx, &row).await?;
        let payload = json!({ "approved": is_good });
        self.note(&mut tx, actor, &row, Kind::ShareReviewed, payload)
            .await?;
        self.connect.done(tx).await
    }

    /// Sets when a post goes, or another time; `None`: at once.
    pub async fn schedule(
        &self,
        actor: &Actor,
        id: &str,
        at: Option<Micros>,
    ) -> Result<(), Problem> {
        let whole = self.whole(actor, id).await?;
        let now = self.now();
        let at = at.unwrap_or(now);
        if at < now - 5 * MINUTE {
            return Err(Problem::bad_request(
                "That moment is over.",
                "Choose one to come, or publish it now.",
            ));
        }
        if at > now + AHEAD {
            return Err(Problem::bad_request(
                "That is more than a year ahead.",
                "Choose a nearer day.",
            ));
        }
        let (mut tx, row) = self.begin(actor, id).await?;
        if !matches!(row.state.as_str(), APPROVED | SCHEDULED) || row.changed != whole {
            return Err(moved_on());
        }
        let row = ShareRow {
            state: SCHEDULED.into(),
            at: Some(at),
            scheduled_by: Some(actor.id().into()),
            changed: now.max(row.changed + 1),
            ..row
        };
        share::update(&mut tx, &row).await?;
        self.note(
            &mut tx,
            actor,
            &row,
            Kind::ShareScheduled,
            json!({ "at": at }),
        )
        .await?;
        self.connect.done(tx).await?;
        self.connect.wake();
        Ok(())
    }

    /// Takes a post out of those that wait for their time; it can be given another.
    pub async fn withdraw(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let (tx, row) = self.begin(actor, id).await?;
        if row.state != SCHEDULED {
            return Err(moved_on());
        }
        self.put_back(tx, actor, row, APPROVED).await
    }

    /// Makes a draft of it again: who wrote it, or a manager, until it goes.
    pub async fn reopen(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let (tx, row) = self.begin(actor, id).await?;
        if row.person != actor.id() && !actor.is_at_least(Role::Manager) {
            return Err(not_yours(
                "Only who wrote a post, or a manager, makes a draft of it again.",
                "Ask her, or withdraw it.",
            ));
        }
        let states = [REVIEW, APPROVED, SCHEDULED, DISCARDED];
        if !states.contains(&row.state.as_str()) {
            return Err(moved_on());
        }
        self.put_back(tx, actor, row, DRAFT).await
    }

    /// Lays a draft aside; it can be taken up again.
    pub async fn discard(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        let (tx, row) = self.begin_own(actor, id, &[DRAFT, RETURNED]).await?;
        self.put_back(tx, actor, row, DISCARDED).await
    }

    async fn put_back(
        &self,
        mut tx: Tx,
        actor: &Actor,
        row: ShareRow,
        state: &str,
    ) -> Result<(), Problem> {
        let was = row.state.clone();
        let row = ShareRow {
            state: state.into(),
            at: None,
            scheduled_by: None,
            reviewer: row.reviewer.filter(|_| state == APPROVED),
            changed: self.now().max(row.changed + 1),
            ..row
        };
        share::update(&mut tx, &row).await?;
        let payload = json!({ "from": was, "state": state });
        self.note(&mut tx, actor, &row, Kind::ShareWithdrawn, payload)
            .await?;
        self.connect.done(tx).await
    }

    /// Publishes once more on a channel where it failed, or lets that be.
    pub async fn again(
        &self,
        actor: &Actor,
        id: &str,
        publication: &str,
        is_sent: bool,
    ) -> Result<(), Problem> {
        let (mut tx, row) = self.begin(actor, id).await?;
        let found = share::publication_in(&mut tx, publication).await?;
        if found.is_none_or(|p| p.share != id) {
            return Err(Problem::not_found("channel of this post"));
        }
        let to = if is_sent { QUEUED } else { DROPPED };
        if !share::step_on(&mut tx, publication, (FAILED, to), self.now()).await? {
            return Err(Problem::new(
                409,
                "moved_on",
                "It did not fail there, or is on its way again.",
                "Load the page anew.",
            ));
        }
        let payload = json!({ "publication": publication, "again": is_sent });
        self.note(&mut tx, actor, &row, Kind::ShareChanged, payload)
            .await?;
        self.connect.done(tx).await?;
        self.connect.wake();
        Ok(())
    }

    /// Says whether somebody's posts need no colleague to read them first; never her own.
    pub async fn set_free(
        &self,
        actor: &Actor,
        person: &str,
        is_free: bool,
    ) -> Result<(), Problem> {
        if !actor.is_at_least(Role::Manager) {
            return Err(not_yours("This takes a manager.", "Ask one."));
        }
        if actor.id() == person {
            return Err(not_yours(
                "Nobody says this of herself.",
                "Ask another manager.",
            ));
        }
        let directory = self.connect.work().identity().directory().await?;
        let found = directory.person(person).filter(|p| p.state == "active");
        let found = found.ok_or_else(|| Problem::not_found("person"))?;
        if Role::parse(&found.role) < Some(Role::Member) {
            return Err(Problem::bad_request(
                "She shares nothing as the company.",
                "Choose a colleague.",
            ));
        }
        let now = self.now();
        let mut tx = self.connect.db().begin().await?;
        events::in_order(&mut tx).await?;
        share::set_free(&mut tx, person, is_free, now, actor.id()).await?;
        let payload = json!({ "setting": "share_without_review", "person": person, "on": is_free });
        base::activity::record_installation(
            &mut tx,
            now,
            Kind::SettingChanged,
            actor.id(),
            &payload,
        )
        .await?;
        self.connect.done(tx).await
    }
}
