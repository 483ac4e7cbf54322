//! Messages: posting, changing, taking away, reacting; following and reading.

use super::posts::Order;
use super::{Place, Work, markdown};
use base::activity::{self, Kind};
use base::identity::{Actor, Role};
use base::policy::may;
use base::problem::Problem;
use mining::Micros;
use serde_json::json;
use store::events;
use store::mailboxes::Taken;
use store::work::{self, ConversationRow, MessageRow, NewMessage, NotificationRow};

/// Characters of a message.
pub const LONGEST: usize = 20_000;
/// What one can react with: few, and none that shouts.
pub const EMOJI: [&str; 5] = ["👍", "🎉", "❤️", "👀", "✅"];

/// What can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Followed {
    Conversation,
    Person,
    Step,
    Process,
}

impl Followed {
    pub fn word(self) -> &'static str {
        match self {
            Followed::Conversation => "conversation",
            Followed::Person => "person",
            Followed::Step => "step",
            Followed::Process => "process",
        }
    }
}

/// A text that can be kept, or what is wrong with it.
pub fn checked(body: &str) -> Result<String, Problem> {
    let body = body.replace("\r\n", "\n");
    let body = body.trim_matches(|c: char| c == '\n' || c == ' ');
    if body.trim().is_empty() {
        return Err(Problem::bad_request(
            "The message is empty.",
            "Write something first.",
        ));
    }
    let length = body.chars().count();
    if length > LONGEST {
        return Err(Problem::bad_request(
            format!("The message has {length} characters, more than {LONGEST}."),
            "Attach the text as a file, or post it in parts.",
        ));
    }
    if body.contains('\0') {
        return Err(Problem::bad_request(
            "The message holds a character that cannot be kept (U+0000).",
            "Take it out.",
        ));
    }
    Ok(body.to_string())
}

/// What the writer calls a message, when it is anything.
fn client(given: Option<&str>) -> Result<Option<String>, Problem> {
    match given {
        None | Some("") => Ok(None),
        Some(c) if c.len() <= 100 && c.chars().all(|c| c.is_ascii_graphic()) => Ok(Some(c.into())),
        Some(_) => Err(Problem::bad_request(
            "The message's own name (client) is too long or has odd characters.",
            "Use up to 100 letters, digits and marks, such as a UUID.",
        )),
    }
}

/// What goes into the store with a message.
#[derive(Default)]
pub(super) struct Along {
    /// The conversation it opens.
    pub opens: Option<ConversationRow>,
    /// The mail it came by.
    pub mail: Option<Taken>,
}

impl Work {
    /// Writes a note into the room of a case, which opens with the first; answers with its number.
    pub async fn note(
        &self,
        actor: &Actor,
        room: Place,
        body: &str,
        client: Option<&str>,
    ) -> Result<i64, Problem> {
        let is_known = super::read(&self.inner.places).contains_key(&room.id);
        let opens = match is_known {
            true => None,
            false => Some(self.opening(actor, &room).await?),
        };
        let kinds = ("note", Kind::MessagePosted);
        let along = Along { opens, mail: None };
        let id = self.send(actor, &room, kinds, body, client, along).await?;
        if !is_known {
            self.remember(room);
        }
        Ok(id)
    }

    /// The room of a case as it is opened, at the step the case stands at.
    pub(super) async fn opening(
        &self,
        actor: &Actor,
        room: &Place,
    ) -> Result<ConversationRow, Problem> {
        let case = room.case.as_deref().unwrap_or_default();
        let loaded = self.library().load(&room.process).await?;
        Ok(ConversationRow {
            id: room.id.clone(),
            kind: "room".into(),
            process: room.process.clone(),
            case_ref: room.case.clone(),
            step: loaded.step_of_case(case),
            title: String::new(),
            created: self.clock().now(),
            created_by: actor.id().into(),
            last: 0,
            accepted: None,
            accepted_at: None,
            escalated: 0,
        })
    }

    /// Opens the room of a case without a word, so that it can be followed.
    pub async fn open(&self, actor: &Actor, process: &str, case: &str) -> Result<(), Problem> {
        let room = self.room(actor, process, case).await?;
        let row = self.opening(actor, &room).await?;
        let mut tx = self.db().begin().await?;
        work::insert(&mut tx, &row).await?;
        Ok(tx.commit().await?)
    }

    /// Writes into a conversation that is there: a note in a room, an answer to a question.
    pub async fn post(
        &self,
        actor: &Actor,
        conversation: &str,
        body: &str,
        client: Option<&str>,
    ) -> Result<i64, Problem> {
        let along = Along::default();
        self.post_with(actor, conversation, body, client, along)
            .await
    }

    /// The same, by a mail that is taken in with it.
    pub async fn answer_by_mail(
        &self,
        actor: &Actor,
        conversation: &str,
        body: &str,
        client: &str,
        mail: Taken,
    ) -> Result<i64, Problem> {
        let along = Along {
            opens: None,
            mail: Some(mail),
        };
        self.post_with(actor, conversation, body, Some(client), along)
            .await
    }

    async fn post_with(
        &self,
        actor: &Actor,
        conversation: &str,
        body: &str,
        client: Option<&str>,
        along: Along,
    ) -> Result<i64, Problem> {
        let place = self.place(actor, conversation).await?;
        let kinds = match place.is_question {
            true => ("answer", Kind::QuestionAnswered),
            false => ("note", Kind::MessagePosted),
        };
        self.send(actor, &place, kinds, body, client, along).await
    }

    pub(super) async fn send(
        &self,
        actor: &Actor,
        place: &Place,
        (kind, recorded): (&'static str, Kind),
        body: &str,
        given: Option<&str>,
        along: Along,
    ) -> Result<i64, Problem> {
        let body = checked(body)?;
        let mentioned = self.mentioned(place, &body).await?;
        let mut told: Vec<(String, &'static str)> =
            mentioned.into_iter().map(|id| (id, "mention")).collect();
        if kind == "answer" && !told.iter().any(|(id, _)| *id == place.created_by) {
            told.push((place.created_by.clone(), "answered"));
        }
        told.retain(|(id, _)| id != actor.id());
        let new = NewMessage {
            conversation: place.id.clone(),
            process: place.process.clone(),
            author: actor.id().into(),
            at: self.clock().now(),
            kind,
            body,
            client: client(given)?,
            told,
        };
        let order = Order {
            new,
            opens: along.opens,
            kind: recorded,
            mail: along.mail,
        };
        self.inner.posts.post(order).await
    }

    /// Ids of those a text names who may see where it stands.
    async fn mentioned(&self, place: &Place, body: &str) -> Result<Vec<String>, Problem> {
        let mut named = Vec::new();
        if !body.contains('@') {
            return Ok(named);
        }
        let directory = self.identity().directory().await?;
        for id in markdown::mentioned(body, &directory) {
            let role = directory.person(&id).and_then(|p| Role::parse(&p.role));
            // A guest who was not asked into the case learns nothing of it.
            let is_guest = role == Some(Role::Guest);
            let case = place.case.as_deref().unwrap_or_default();
            if !is_guest || work::is_guest_of(self.db(), &id, &place.process, case).await? {
                named.push(id);
            }
        }
        Ok(named)
    }

    /// A message with the place it stands at, if this person may see it.
    pub async fn message(
        &self,
        actor: &Actor,
        id: i64,
    ) -> Result<(MessageRow, std::sync::Arc<Place>), Problem> {
        let row = work::message(self.db(), id).await?;
        let row = row.ok_or_else(|| Problem::not_found("message"))?;
        let place = self.place(actor, &row.conversation).await?;
        Ok((row, place))
    }

    /// Changes what a message says; what it said is kept. Those who are named only now are told.
    pub async fn edit(&self, actor: &Actor, id: i64, body: &str) -> Result<(), Problem> {
        let (row, place) = self.message(actor, id).await?;
        may::edit_message(actor, &row.author)?;
        if row.deleted.is_some() {
            return Err(Problem::not_found("message"));
        }
        let body = checked(body)?;
        if body == row.body {
            return Ok(());
        }
        let now = self.clock().now();
        let mut named = self.mentioned(&place, &body).await?;
        let before = self.mentioned(&place, &row.body).await?;
        named.retain(|id| id != actor.id() && !before.contains(id));
        let mut tx = self.db().begin().await?;
        work::edit(&mut tx, id, &row, &body, now).await?;
        let seq = self.tell(&mut tx, Kind::MessageEdited, actor, &place, id);
        let seq = seq.await?;
        for person in named {
            let told = NotificationRow {
                person,
                event: seq,
                kind: "mention".into(),
                conversation: Some(place.id.clone()),
                at: now,
                read: None,
                mailed: None,
            };
            work::notify(&mut tx, &told).await?;
        }
        self.done(tx).await
    }

    /// Takes a message away, or brings it back.
    pub async fn delete(&self, actor: &Actor, id: i64, is_gone: bool) -> Result<(), Problem> {
        let (row, place) = self.message(actor, id).await?;
        may::delete_message(actor, &row.author)?;
        if row.deleted.is_some() == is_gone {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        match is_gone {
            true => work::delete(&mut tx, &row, self.clock().now()).await?,
            false => work::restore(&mut tx, id).await?,
        }
        let kind = match is_gone {
            true => Kind::MessageDeleted,
            false => Kind::MessageEdited,
        };
        self.tell(&mut tx, kind, actor, &place, id).await?;
        self.done(tx).await
    }

    /// Keeps a message at the top of its room, or lets go of it.
    pub async fn pin(&self, actor: &Actor, id: i64, is_pinned: bool) -> Result<(), Problem> {
        let (_, place) = self.message(actor, id).await?;
        let at = is_pinned.then(|| self.clock().now());
        let mut tx = self.db().begin().await?;
        work::pin(&mut tx, id, at).await?;
        self.tell(&mut tx, Kind::MessagePinned, actor, &place, id)
            .await?;
        self.done(tx).await
    }

    /// Reacts to a message, or takes that back.
    pub async fn react(&self, actor: &Actor, id: i64, emoji: &str) -> Result<bool, Problem> {
        if !EMOJI.contains(&emoji) {
            return Err(Problem::bad_request(
                "This is none of the reactions there are.",
                format!("Choose one of {}.", EMOJI.join(" ")),
            ));
        }
        let (_, place) = self.message(actor, id).await?;
        let mut tx = self.db().begin().await?;
        let is_there = work::react(&mut tx, id, actor.id(), emoji, self.clock().now()).await?;
        self.tell(&mut tx, Kind::MessageReacted, actor, &place, id)
            .await?;
        self.done(tx).await?;
        Ok(is_there)
    }

    pub(super) async fn tell(
        &self,
        tx: &mut store::Tx,
        kind: Kind,
        actor: &Actor,
        place: &Place,
        message: i64,
    ) -> Result<i64, Problem> {
        let payload = json!({ "message": message });
        let of = (place.process.as_str(), place.id.as_str());
        Ok(activity::record_of(tx, self.clock().now(), kind, actor.id(), of, &payload).await?)
    }

    /// Follows a thing, mutes it, or neither; `until` snoozes.
    pub async fn follow(
        &self,
        actor: &Actor,
        (kind, target): (Followed, &str),
        level: Option<&str>,
        until: Option<Micros>,
    ) -> Result<(), Problem> {
        let level = match level {
            None | Some("") | Some("none") => None,
            Some(l @ ("follow" | "mute")) => Some(l),
            Some(_) => {
                return Err(Problem::bad_request(
                    "One follows, mutes, or neither.",
                    "Send follow, mute or none.",
                ));
            }
        };
        match kind {
            // A room can be followed before anything was said in it.
            Followed::Conversation if target.starts_with("room_") && actor.role() > Role::Guest => {
            }
            Followed::Conversation => _ = self.place(actor, target).await?,
            Followed::Person => {
                let directory = self.identity().directory().await?;
                let is_known = directory.person(target).is_some();
                if !is_known || actor.role() == Role::Guest {
                    return Err(Problem::not_found("person"));
                }
            }
            Followed::Step | Followed::Process => {
                if actor.role() == Role::Guest {
                    return Err(Problem::not_found("process"));
                }
                let process = target.split('/').next().unwrap_or_default();
                self.library().process(process).await?;
            }
        }
        let (now, kind) = (self.clock().now(), kind.word());
        let level = match until {
            // Quiet for a while makes nobody a follower.
            Some(_) if level == Some("follow") => {
                let all = work::follows_of(self.db(), actor.id()).await?;
                let mut here = all.iter().filter(|f| f.0 == kind && f.1 == target);
                let follows = here.any(|f| f.2 == "follow");
                Some(if follows { "follow" } else { "mute" })
            }
            _ => level,
        };
        let mut tx = self.db().begin().await?;
        work::follow(&mut tx, actor.id(), kind, target, level, now, until).await?;
        tx.commit().await?;
        self.inner.feeds.forget(actor.id());
        Ok(())
    }

    /// Marks a conversation as read up to a message.
    pub async fn mark_read(
        &self,
        actor: &Actor,
        conversation: &str,
        upto: i64,
    ) -> Result<(), Problem> {
        // Nobody has read what is not written yet.
        let upto = upto.min(events::last(self.db()).await?);
        let mut tx = self.db().begin().await?;
        let now = self.clock().now();
        work::mark_read(&mut tx, actor.id(), conversation, upto, now).await?;
        tx.commit().await?;
        self.inner.feeds.forget(actor.id());
        Ok(())
    }

    /// Marks all a person follows as read, up to a message.
    pub async fn mark_all_read(&self, actor: &Actor, upto: i64) -> Result<(), Problem> {
        let upto = upto.min(events::last(self.db()).await?);
        let mut tx = self.db().begin().await?;
        let now = self.clock().now();
        work::mark_all_read(&mut tx, actor.id(), upto, now).await?;
        tx.commit().await?;
        self.inner.feeds.forget(actor.id());
        Ok(())
    }

    /// Keeps what a person has begun to write at a place; an empty text takes it away.
    pub async fn keep_draft(&self, actor: &Actor, place: &str, body: &str) -> Result<(), Problem> {
        self.keep_draft_about(actor, place, body, None).await
    }

    /// Keeps it with which of the threads that are worked on as one at that place it is for.
    pub async fn keep_draft_about(
        &self,
        actor: &Actor,
        place: &str,
        body: &str,
        about: Option<&str>,
    ) -> Result<(), Problem> {
        let is_odd = about.is_some_and(|about| about.len() > 100 || about.contains('\0'));
        if !place.starts_with('/') || place.len() > 500 || body.chars().count() > LONGEST || is_odd
        {
            return Err(Problem::bad_request(
                "The draft has no place here, or is too long.",
                "Send the page's address as place, and up to 20,000 characters.",
            ));
        }
        let mut tx = self.db().begin().await?;
        work::keep_draft(&mut tx, actor.id(), place, body, self.clock().now()).await?;
        work::set_draft_about(&mut tx, actor.id(), place, about).await?;
        Ok(tx.commit().await?)
    }
}
