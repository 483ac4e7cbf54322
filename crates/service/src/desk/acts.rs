//! What is done at the desk.

use super::{CLAIM, Desk, Part, SNOOZE, Thread};
use base::activity::Kind;
use base::identity::{Actor, Role};
use base::problem::Problem;
use mining::Micros;
use serde_json::{Value, json};
use store::desk::{
    self, CLOSED, DISMISSED, FAILED, FOUND, HELD, NoteRow, OPEN, QUEUED, Queue, RETURNED, REVIEW,
    ReplyRow, ThreadRow, WITHDRAWN,
};
use store::work::{self, NotificationRow};
use store::{Tx, connections, events};

/// What became of a reply that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It leaves at once.
    Queued,
    /// A colleague reads it first.
    ToReview,
}

fn taken(by: &str) -> Problem {
    Problem::new(
        409,
        "taken",
        format!("{by} is replying to this customer."),
        "Your text is kept as your draft. Wait, send a hint as a note, or take over.",
    )
}

impl Desk {
    /// Begins to act on a thread: on the one that shows it, where it was merged.
    pub(super) async fn begin(&self, id: &str) -> Result<(Tx, ThreadRow), Problem> {
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        let row = desk::shown(&mut tx, id).await?;
        Ok((tx, row.ok_or_else(|| Problem::not_found("thread"))?))
    }

    pub(super) async fn note_of(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ThreadRow,
        kind: Kind,
        payload: Value,
    ) -> Result<(), Problem> {
        let noted = self.noted(tx, actor, row, kind, payload).await;
        noted.map(drop)
    }

    /// The same, with the number that it has in the record.
    async fn noted(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ThreadRow,
        kind: Kind,
        mut payload: Value,
    ) -> Result<i64, Problem> {
        payload["case"] = json!(row.case_ref);
        payload["step"] = json!(row.step);
        payload["team"] = json!(row.team);
        let (process, now) = (row.process.as_deref(), self.now());
        let event = events::append(
            tx,
            now,
            kind.word(),
            actor.id(),
            process,
            Some(&row.id),
            &payload,
        );
        Ok(event.await?)
    }

    /// Tells a colleague of an event on a thread.
    async fn tell(
        &self,
        tx: &mut Tx,
        person: &str,
        event: i64,
        kind: &str,
        row: &ThreadRow,
    ) -> Result<(), Problem> {
        let told = NotificationRow {
            person: person.into(),
            event,
            kind: kind.into(),
            conversation: Some(row.merged_into.clone().unwrap_or(row.id.clone())),
            at: self.now(),
            read: None,
            mailed: None,
        };
        Ok(work::notify(tx, &told).await?)
    }

    /// Who has a thread now, if it is somebody else: her id.
    pub(super) fn holder<'a>(&self, row: &'a ThreadRow, actor: &Actor) -> Option<&'a str> {
        let by = row.claimed_by.as_deref().filter(|by| *by != actor.id());
        by.filter(|_| row.claimed_until.is_some_and(|until| until > self.now()))
    }

    /// That somebody else has it. Asked outside of a transaction: whoever is in one and asks for a second connection waits for all the others
    /// who do the same, and they for her.
    pub(super) async fn taken(&self, by: &str) -> Problem {
        match self.work().identity().directory().await {
            Ok(directory) => {
                let person = directory.person(by);
                taken(person.map_or("A colleague", |p| p.name.as_str()))
            }
            Err(problem) => problem,
        }
    }

    /// Makes a thread hers for a while, if it is nobody else's; renewed by doing it again.
    pub async fn claim(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        let now = self.now();
        if !desk::claim_thread(&mut tx, &row.id, actor.id(), now, now + CLAIM).await? {
            drop(tx);
            return Err(match self.holder(&row, actor) {
                Some(by) => self.taken(by).await,
                None => Problem::new(
                    409,
                    "not_open",
                    "This thread does not wait for an answer.",
                    "Open it again first.",
                ),
            });
        }
        // Only the taking is told, not each sign of life.
        if row.claimed_by.as_deref() != Some(actor.id()) {
            self.note_of(&mut tx, actor, &row, Kind::DeskClaimed, json!({}))
                .await?;
        }
        self.connect().done(tx).await
    }

    /// Takes the one that waits longest and is nobody's.
    pub async fn take_next(&self, actor: &Actor) -> Result<Option<String>, Problem> {
        let mut behind: Option<(Micros, String)> = None;
        loop {
            let from = behind.as_ref().map(|(at, id)| (*at, id.as_str()));
            let page = self.queue(actor, Queue::Open, from).await?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            behind = Some((
                last.thread.waiting.unwrap_or(last.thread.last),
                last.thread.id.clone(),
            ));
            for one in &page {
                let is_free = one
                    .thread
                    .claimed_until
                    .is_none_or(|until| until <= self.now());
                if is_free && self.claim(actor, &one.thread.id).await.is_ok() {
                    return Ok(Some(one.thread.id.clone()));
                }
            }
        }
    }

    /// Leaves a thread to whoever comes, or hands it to somebody with all that is in it.
    pub async fn give(&self, actor: &Actor, id: &str, to: Option<&str>) -> Result<(), Problem> {
        Self::admit(actor)?;
        let directory = self.work().identity().directory().await?;
        if let Some(to) = to {
            let person = directory
                .person(to)
                .ok_or_else(|| Problem::not_found("person"))?;
            if Role::parse(&person.role) < Some(Role::Member) || person.state != "active" {
                return Err(Problem::bad_request(
                    "She cannot answer at the desk.",
                    "Choose a colleague.",
                ));
            }
        }
        let (mut tx, row) = self.begin(id).await?;
        if self.holder(&row, actor).is_some() && !actor.is_at_least(Role::Manager) {
            return Err(Problem::new(
                403,
                "not_yours",
                "Somebody else has this thread.",
                "Ask her, or take over when she stops.",
            ));
        }
        let until = to.map(|_| self.now() + 12 * CLAIM);
        desk::give(&mut tx, &row.id, to, until).await?;
        let given = json!({ "to": to });
        let event = self.noted(&mut tx, actor, &row, Kind::DeskGiven, given);
        let event = event.await?;
        if let Some(to) = to.filter(|to| *to != actor.id()) {
            self.tell(&mut tx, to, event, "desk_given", &row).await?;
        }
        self.connect().done(tx).await
    }

    /// Takes a thread from somebody who has it: said to her by the record.
    pub async fn take_over(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        if row.state != OPEN {
            return Err(Problem::new(
                409,
                "not_open",
                "This thread does not wait for an answer.",
                "Open it again first.",
            ));
        }
        desk::give(&mut tx, &row.id, Some(actor.id()), Some(self.now() + CLAIM)).await?;
        self.note_of(
            &mut tx,
            actor,
            &row,
            Kind::DeskClaimed,
            json!({ "from": row.claimed_by }),
        )
        .await?;
        self.connect().done(tx).await
    }

    /// A reply to who wrote last.
    pub async fn reply(
        &self,
        actor: &Actor,
        id: &str,
        key: &str,
        body: &str,
    ) -> Result<Handed, Problem> {
        self.reply_to(actor, id, None, key, body).await
    }

    /// Hands a reply in under a key of the writer's: handed in twice it is there once. A second writer is stopped, and keeps her draft.
    /// Where threads were merged, `to` is the one in which is answered; without it that is where the customer wrote last.
    pub async fn reply_to(
        &self,
        actor: &Actor,
        id: &str,
        to: Option<&str>,
        key: &str,
        body: &str,
    ) -> Result<Handed, Problem> {
        let thread = self.thread(actor, id).await?;
        let (asked, body) = (id, body.trim());
        if key.is_empty()
            || key.len() > 100
            || !key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            return Err(Problem::bad_request(
                "The reply has no usable key.",
                "Send 1 to 100 letters, digits, - or _.",
            ));
        }
        let key = format!("rep_{}_{key}", actor.id());
        let id = thread.row.id.as_str();
        let draft = (id, body, to.unwrap_or(id));
        let handed = self.handed_before(&thread, &key, body).await;
        if let Some(handed) = self.or_keep(actor, draft, handed).await? {
            return Ok(handed);
        }
        let to = self.goes_to(&thread, asked, to).await;
        let to = self.or_keep(actor, draft, to).await?;
        let directory = self.work().identity().directory().await?;
        let signed = to.signed(directory.name(actor.id()), body);
        Self::check(body, &signed, to.longest)?;
        if let Some(contact) = self.objector(&to.row).await? {
            self.keep_draft(actor, id, body, &to.row.id).await?;
            return Err(super::relation::objected(&contact.name));
        }
        let is_reviewed = self.is_reviewed(actor.id()).await?;
        let (mut tx, row) = self.begin(&to.row.id).await?;
        if desk::reply_in(&mut tx, &key).await?.is_some() {
            drop(tx);
            let handed = self.handed_before(&thread, &key, body).await?;
            return handed.ok_or_else(|| Problem::not_found("reply"));
        }
        if row.state == HELD {
            drop(tx);
            self.keep_draft(actor, &row.id, body, &to.row.id).await?;
            return Err(Problem::new(
                409,
                "held",
                "The filter holds this thread.",
                "Let it into the queue first.",
            ));
        }
        let now = self.now();
        if !is_reviewed {
            if let Some(by) = self.holder(&row, actor) {
                drop(tx);
                self.keep_draft(actor, &row.id, body, &to.row.id).await?;
                return Err(self.taken(by).await);
            }
            if desk::under_way(&mut tx, &row.id)
                .await?
                .iter()
                .any(|r| r.state == QUEUED)
            {
                drop(tx);
                self.keep_draft(actor, &row.id, body, &to.row.id).await?;
                return Err(Problem::new(
                    409,
                    "under_way",
                    "A reply to this customer is on its way.",
                    "Your text is kept as your draft. Wait until it is there.",
                ));
            }
        }
        let answered = desk::last_of_customer(&mut tx, &to.row.id).await?;
        let state = if is_reviewed { REVIEW } else { QUEUED };
        let reply = ReplyRow {
            id: key.clone(),
            thread: to.row.id.clone(),
            person: actor.id().into(),
            at: now,
            body: body.into(),
            reply_to: answered.map(|s| s.source),
            state: state.into(),
            reviewer: None,
            note: None,
            begun: None,
            due: now,
            attempts: 0,
            sent: None,
            error: None,
            signed,
        };
        desk::insert_reply(&mut tx, &reply).await?;
        // Answered, what was only found is a thread like others.
        if row.state == FOUND || row.state == DISMISSED {
            self.let_in(&mut tx, actor, &row).await?;
        }
        if !is_reviewed {
            desk::give(&mut tx, &row.id, Some(actor.id()), Some(now + CLAIM)).await?;
        }
        let handed = json!({ "reply": key, "state": state });
        let event = self.noted(&mut tx, actor, &row, Kind::DeskReplied, handed);
        let event = event.await?;
        if is_reviewed {
            for person in self.reviewers(actor).await? {
                let told = self.tell(&mut tx, &person, event, "desk_review", &row);
                told.await?;
            }
        }
        self.connect().done(tx).await?;
        self.drop_draft(actor, &row.id).await?;
        if asked != row.id {
            self.drop_draft(actor, asked).await?;
        }
        self.connect().wake();
        Ok(if is_reviewed {
            Handed::ToReview
        } else {
            Handed::Queued
        })
    }

    /// What was tried; where it met something in the way, what was written is kept.
    async fn or_keep<T>(
        &self,
        actor: &Actor,
        (thread, body, about): (&str, &str, &str),
        tried: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if tried.as_ref().is_err_and(|p| p.status == 409) {
            self.keep_draft(actor, thread, body, about).await?;
        }
        tried
    }

    /// What became of a reply under a key that is known already: the same one, handed in again where it was handed in, whatever was split since.
    async fn handed_before(
        &self,
        thread: &Thread,
        key: &str,
        body: &str,
    ) -> Result<Option<Handed>, Problem> {
        let db = self.connect().db();
        let Some(kept) = desk::reply(db, key).await? else {
            return Ok(None);
        };
        let is_part = thread.parts.iter().any(|p| p.row.id == kept.thread);
        if kept.body == body && (is_part || self.was_handed_in(&thread.row.id, key).await?) {
            return Ok(Some(match kept.state == REVIEW {
                true => Handed::ToReview,
                false => Handed::Queued,
            }));
        }
        Err(Problem::new(
            409,
            "key_used",
            "Another reply has this key.",
            "Load the page anew.",
        ))
    }

    /// Whether a reply was handed in at a thread, whichever part of it was answered.
    async fn was_handed_in(&self, thread: &str, key: &str) -> Result<bool, Problem> {
        let all = events::of_subject(self.connect().db(), thread).await?;
        let mut replies = all.iter().filter(|e| e.kind == Kind::DeskReplied.word());
        Ok(replies.any(|e| {
            let payload: Value = serde_json::from_str(&e.payload).unwrap_or_default();
            payload["reply"] == key
        }))
    }

    /// To whom of a thread a reply goes: to who is named, or to who wrote last. An address of what was merged means that part of it.
    async fn goes_to<'a>(
        &self,
        thread: &'a Thread,
        id: &str,
        to: Option<&str>,
    ) -> Result<&'a Part, Problem> {
        let to = to.or(Some(id).filter(|id| *id != thread.row.id));
        let part = match to {
            Some(to) => thread.parts.iter().find(|p| p.row.id == to),
            None => thread.part_of_newest(),
        };
        part.ok_or_else(|| {
            Problem::new(
                409,
                "split",
                "What you answer is not part of this thread any more.",
                "Load the page anew.",
            )
        })
    }

    fn check(body: &str, signed: &str, longest: usize) -> Result<(), Problem> {
        let long = body.chars().chain(signed.chars()).count();
        if body.is_empty() || body.contains('\0') {
            return Err(Problem::bad_request(
                "The reply is empty.",
                "Write something.",
            ));
        }
        if long > longest {
            let with = if signed.is_empty() {
                ""
            } else {
                " with its signature"
            };
            let what =
                format!("The reply has {long} characters{with}; the channel takes {longest}.");
            return Err(Problem::bad_request(what, "Shorten it."));
        }
        Ok(())
    }

    pub(super) fn place(id: &str) -> String {
        format!("/desk/{id}")
    }

    async fn keep_draft(
        &self,
        actor: &Actor,
        id: &str,
        body: &str,
        about: &str,
    ) -> Result<(), Problem> {
        let place = Self::place(id);
        self.work()
            .keep_draft_about(actor, &place, body, Some(about))
            .await
    }

    async fn drop_draft(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        self.work().keep_draft(actor, &Self::place(id), "").await
    }

    /// What somebody wrote to this customer and did not send, in whichever of the threads that are one.
    pub async fn draft(&self, actor: &Actor, id: &str) -> Result<String, Problem> {
        // Who had what was merged open, writes on under its address.
        for (merged, _) in desk::merged_into(self.connect().db(), &[id.into()]).await? {
            let place = Self::place(&merged);
            let left = store::work::draft(self.connect().db(), actor.id(), &place).await?;
            if left.is_some() {
                let mut tx = self.connect().db().begin().await?;
                store::work::move_drafts(&mut tx, &place, &Self::place(id), &merged).await?;
                tx.commit().await?;
            }
        }
        Ok(
            store::work::draft(self.connect().db(), actor.id(), &Self::place(id))
                .await?
                .unwrap_or_default(),
        )
    }

    /// Which of the threads that are one somebody's draft is for, if it is for one.
    pub async fn draft_about(&self, actor: &Actor, id: &str) -> Result<Option<String>, Problem> {
        let (db, place) = (self.connect().db(), Self::place(id));
        Ok(store::work::draft_about(db, actor.id(), &place).await?)
    }

    /// Lets a reply go, with other words if need be; never her own, nor by somebody whose own are read first.
    pub async fn approve(
        &self,
        actor: &Actor,
        reply: &str,
        body: Option<&str>,
    ) -> Result<(), Problem> {
        let found = desk::reply(self.connect().db(), reply).await?;
        let found = found.ok_or_else(|| Problem::not_found("reply"))?;
        let part = self.part(&found.thread).await?;
        let directory = self.work().identity().directory().await?;
        let (mut tx, thread, row) = self.to_review(actor, reply).await?;
        self.admit_reply(&row).await?;
        let body = body
            .map(str::trim)
            .filter(|b| !b.is_empty())
            .unwrap_or(&row.body);
        // It is hers who wrote it, whoever let it go.
        let signed = part.signed(directory.name(&row.person), body);
        Self::check(body, &signed, part.longest)?;
        if let Some(by) = self.holder(&thread, actor)
            && by != row.person
        {
            drop(tx);
            return Err(self.taken(by).await);
        }
        if desk::under_way(&mut tx, &thread.id)
            .await?
            .iter()
            .any(|r| r.state == QUEUED)
        {
            return Err(Problem::new(
                409,
                "under_way",
                "A reply to this customer is on its way.",
                "Wait until it is there.",
            ));
        }
        desk::reviewed(&mut tx, reply, actor.id(), None, body).await?;
        desk::sign_reply(&mut tx, reply, &signed).await?;
        if !desk::move_reply(&mut tx, reply, (REVIEW, QUEUED), self.now()).await? {
            return Err(Problem::new(
                409,
                "reviewed",
                "It was looked at meanwhile.",
                "Load the page anew.",
            ));
        }
        self.note_of(
            &mut tx,
            actor,
            &thread,
            Kind::DeskReviewed,
            json!({ "reply": reply, "approved": true }),
        )
        .await?;
        self.connect().done(tx).await?;
        self.connect().wake();
        Ok(())
    }

    /// Sends a reply back to who wrote it, with a note.
    pub async fn send_back(&self, actor: &Actor, reply: &str, note: &str) -> Result<(), Problem> {
        let (mut tx, thread, row) = self.to_review(actor, reply).await?;
        if note.trim().is_empty() || note.chars().count() > 2_000 {
            return Err(Problem::bad_request(
                "It goes back without a word.",
                "Say in up to 2,000 characters what to change.",
            ));
        }
        desk::reviewed(&mut tx, reply, actor.id(), Some(note.trim()), &row.body).await?;
        desk::move_reply(&mut tx, reply, (REVIEW, RETURNED), self.now()).await?;
        let returned = json!({ "reply": reply, "approved": false });
        let event = self.noted(&mut tx, actor, &thread, Kind::DeskReviewed, returned);
        let event = event.await?;
        let told = self.tell(&mut tx, &row.person, event, "desk_returned", &thread);
        told.await?;
        self.connect().done(tx).await
    }

    /// Who is told that there is a reply to read: managers whose own are not read first.
    async fn reviewers(&self, author: &Actor) -> Result<Vec<String>, Problem> {
        let read_first = self.people().await?;
        let is_read = |id: &str| {
            let mut all = read_first.iter();
            all.any(|p| p.person == id && p.is_reviewed != 0)
        };
        let directory = self.work().identity().directory().await?;
        let managers = directory.active().filter(|p| {
            Role::parse(&p.role) >= Some(Role::Manager) && p.id != author.id() && !is_read(&p.id)
        });
        Ok(managers.map(|p| p.id.clone()).collect())
    }

    async fn to_review(
        &self,
        actor: &Actor,
        reply: &str,
    ) -> Result<(Tx, ThreadRow, ReplyRow), Problem> {
        Self::admit(actor)?;
        let found = desk::reply(self.connect().db(), reply).await?;
        let found = found.ok_or_else(|| Problem::not_found("reply"))?;
        if found.person == actor.id() || self.is_reviewed(actor.id()).await? {
            return Err(Problem::new(
                403,
                "not_yours",
                "Nobody lets her own reply go.",
                "Ask a colleague whose replies are not read first.",
            ));
        }
        let (mut tx, thread) = self.begin(&found.thread).await?;
        let row = desk::reply_in(&mut tx, reply)
            .await?
            .ok_or_else(|| Problem::not_found("reply"))?;
        match row.state == REVIEW {
            true => Ok((tx, thread, row)),
            false => Err(Problem::new(
                409,
                "reviewed",
                "It was looked at meanwhile.",
                "Load the page anew.",
            )),
        }
    }

    /// Sends a reply again that failed, or takes it back before it went.
    pub async fn again(&self, actor: &Actor, reply: &str, is_sent: bool) -> Result<(), Problem> {
        Self::admit(actor)?;
        let found = desk::reply(self.connect().db(), reply).await?;
        let found = found.ok_or_else(|| Problem::not_found("reply"))?;
        if is_sent {
            self.admit_reply(&found).await?;
        }
        let (mut tx, thread) = self.begin(&found.thread).await?;
        let moved = match is_sent {
            true => desk::move_reply(&mut tx, reply, (FAILED, QUEUED), self.now()).await?,
            false => {
                desk::move_reply(&mut tx, reply, (FAILED, WITHDRAWN), self.now()).await?
                    || desk::move_reply(&mut tx, reply, (REVIEW, WITHDRAWN), self.now()).await?
            }
        };
        if !moved {
            return Err(Problem::new(
                409,
                "moved_on",
                "That reply did not fail, or is on its way again.",
                "Load the page anew.",
            ));
        }
        self.note_of(
            &mut tx,
            actor,
            &thread,
            Kind::DeskReplied,
            json!({ "reply": reply, "again": is_sent }),
        )
        .await?;
        self.connect().done(tx).await?;
        self.connect().wake();
        Ok(())
    }

    /// Nothing to answer; or there is something after all.
    pub async fn set_closed(
        &self,
        actor: &Actor,
        id: &str,
        is_closed: bool,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        match is_closed {
            true => desk::set_thread_state(&mut tx, &row.id, CLOSED, None, None).await?,
            false => {
                desk::set_thread_state(
                    &mut tx,
                    &row.id,
                    OPEN,
                    None,
                    Some(row.waiting.unwrap_or(row.last)),
                )
                .await?
            }
        }
        self.note_of(
            &mut tx,
            actor,
            &row,
            Kind::DeskClosed,
            json!({ "closed": is_closed }),
        )
        .await?;
        self.connect().done(tx).await
    }

    /// Holds a thread as noise, or lets it into the queue.
    pub async fn set_held(
        &self,
        actor: &Actor,
        id: &str,
        why: Option<&str>,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        match why {
            Some(why) => {
                desk::set_thread_state(
                    &mut tx,
                    &row.id,
                    HELD,
                    Some(&base::format::short(why, 100)),
                    row.waiting,
                )
                .await?
            }
            None => {
                // Whom a person lets through is not held again.
                if row.state == HELD {
                    self.put_mark(&mut tx, actor, &row, store::listen::ALLOWED)
                        .await?;
                }
                desk::set_thread_state(
                    &mut tx,
                    &row.id,
                    OPEN,
                    None,
                    Some(row.waiting.unwrap_or(row.last)),
                )
                .await?
            }
        }
        self.note_of(&mut tx, actor, &row, Kind::DeskHeld, json!({ "held": why }))
            .await?;
        self.connect().done(tx).await
    }

    /// Not before then; with nothing, now.
    pub async fn snooze(
        &self,
        actor: &Actor,
        id: &str,
        until: Option<Micros>,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let now = self.now();
        if until.is_some_and(|until| until <= now || until > now + SNOOZE) {
            return Err(Problem::bad_request(
                "That moment is past, or more than thirty days away.",
                "Choose another.",
            ));
        }
        let (mut tx, row) = self.begin(id).await?;
        desk::snooze_thread(&mut tx, &row.id, until).await?;
        self.connect().done(tx).await
    }

    /// Says which case a thread is about, or that it is about none; she is known by it from then on.
    pub async fn set_case(
        &self,
        actor: &Actor,
        id: &str,
        process: &str,
        case: Option<&str>,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let matcher = self.connect().matcher(process).await?;
        if case.is_some_and(|case| !matcher.has(case)) {
            return Err(Problem::not_found("case"));
        }
        let (mut tx, row) = self.begin(id).await?;
        let found = crate::connect::matching::Found {
            case: case.map(String::from),
            reason: String::new(),
            sure: 100,
        };
        let about = matcher.about(found, row.created, Some(actor.id()));
        desk::set_about(&mut tx, &row.id, &about).await?;
        if let Some(contact) = &row.contact {
            let process = about.process.as_deref().filter(|_| case.is_some());
            desk::set_case(&mut tx, contact, (process, case), Some(actor.id())).await?;
        }
        let row = ThreadRow {
            process: about.process.clone(),
            case_ref: about.case_ref.clone(),
            step: about.step.clone(),
            team: about.team.clone(),
            ..row
        };
        self.note_of(
            &mut tx,
            actor,
            &row,
            Kind::CustomerMatched,
            json!({ "contact": row.contact }),
        )
        .await?;
        self.note_match(&mut tx, actor, &row).await?;
        self.connect().done(tx).await
    }

    /// Says that who wrote a message is who she says she is, where her domain did not confirm it: from then on the thread is hers. It is the
    /// message that was looked at, whatever came since.
    pub async fn vouch(&self, actor: &Actor, id: &str, source: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let thread = desk::thread(self.connect().db(), id).await?;
        let thread = thread.ok_or_else(|| Problem::not_found("thread"))?;
        let connection = connections::find(self.connect().db(), &thread.connection).await?;
        let connection = connection.ok_or_else(|| Problem::not_found("connection"))?;
        let (mut tx, row) = self.begin(id).await?;
        let said = desk::said_in(&mut tx, &connection.id, source).await?;
        let said = said.filter(|s| s.thread == id && s.is_ours == 0 && s.deleted.is_none());
        let said = said.ok_or_else(|| Problem::not_found("message"))?;
        let author = connectors::channel::Author {
            id: said.author,
            handle: said.handle,
            name: said.name,
            url: None,
        };
        let contact = self
            .connect()
            .contact_of(&mut tx, &connection, &author, self.now())
            .await?;
        if !desk::set_contact(&mut tx, id, &contact.id).await? {
            return Err(Problem::new(
                409,
                "known_already",
                "It is known already who wrote that.",
                "Look at the thread again.",
            ));
        }
        let payload = json!({ "contact": contact.id, "vouched": true, "message": source });
        self.note_of(&mut tx, actor, &row, Kind::CustomerMatched, payload)
            .await?;
        self.connect().done(tx).await
    }

    /// Says something to colleagues about a thread.
    pub async fn note(&self, actor: &Actor, id: &str, body: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let body = body.trim();
        if body.is_empty() || body.chars().count() > 5_000 || body.contains('\0') {
            return Err(Problem::bad_request(
                "The note is empty, or too long.",
                "Write up to 5,000 characters.",
            ));
        }
        let (mut tx, row) = self.begin(id).await?;
        let note = NoteRow {
            id: self.connect().id("note"),
            thread: row.id.clone(),
            person: actor.id().into(),
            at: self.now(),
            body: body.into(),
        };
        desk::insert_note(&mut tx, &note).await?;
        self.note_of(
            &mut tx,
            actor,
            &row,
            Kind::DeskNoted,
            json!({ "note": note.id }),
        )
        .await?;
        self.connect().done(tx).await
    }
}
