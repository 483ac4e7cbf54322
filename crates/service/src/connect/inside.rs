//! Rooms of a channel in which colleagues talk about a case: what is said there stands in the conversation of the case, and what is
//! written here is told there, once. Nothing of it is a customer's.

use super::send::after;
use super::take::{account_of, words};
use super::{Connect, LEASE, told};
use base::activity::Kind;
use base::format;
use base::identity::{Actor, Role};
use base::problem::Problem;
use connectors::channel::{Seen, What};
use connectors::network::Place;
use connectors::{Fault, Incoming, Outgoing};
use serde_json::json;
use store::connections::{self, ConnectionRow, SIGNED_OUT};
use store::internal_rooms::{self, RoomRow};
use store::work::{self, MessageRow, NewMessage};
use store::{Tx, desk, events};

impl Connect {
    /// Whether a kind of channel has rooms.
    pub fn has_rooms(&self, kind: &str) -> bool {
        self.channel(kind).is_ok_and(|c| c.has_rooms())
    }

    /// The rooms its account is in.
    pub async fn rooms(&self, id: &str) -> Result<Vec<Place>, Problem> {
        let row = self.find(id).await?.row;
        let channel = self.channel(&row.kind)?;
        let asked = async {
            let settings = self.opened(&row).await?;
            channel.rooms(&self.via(&settings)).await
        };
        asked.await.map_err(|fault| told(&channel.about(), &fault))
    }

    /// Its rooms that are internal, and who here is who there.
    pub async fn inside(&self, id: &str) -> Result<(Vec<RoomRow>, Vec<(String, String)>), Problem> {
        let rooms = internal_rooms::list(self.db(), id).await?;
        Ok((rooms, internal_rooms::people(self.db(), id).await?))
    }

    /// Makes a room the conversation of a case.
    pub async fn bridge(
        &self,
        actor: &Actor,
        id: &str,
        room: &str,
        (process, case): (&str, &str),
    ) -> Result<(), Problem> {
        let rooms = self.rooms(id).await?;
        let found = rooms.into_iter().find(|r| r.id == room);
        let found = found.ok_or_else(|| Problem::not_found("room"))?;
        let row = self.find(id).await?.row;
        // Its conversation is opened, so that there is something to write in.
        self.work().open(actor, process, case).await?;
        let place = self.work().room(actor, process, case).await?;
        let now = self.clock().now();
        let room = RoomRow {
            connection: id.into(),
            topic: found.id,
            name: found.name,
            process: place.process,
            case_ref: place.case,
            conversation: Some(place.id),
            created: now,
            created_by: actor.id().into(),
            sent: 0,
            begun: None,
            due: now,
            attempts: 0,
            error: None,
        };
        let mut tx = self.db().begin().await?;
        // Nobody says anything there meanwhile.
        events::in_order(&mut tx).await?;
        if desk::thread_of_topic(&mut tx, id, &room.topic)
            .await?
            .is_some()
        {
            return Err(Problem::new(
                409,
                "has_customers",
                "Customers write in that room: there is a conversation of it on the desk.",
                "Choose a room in which only colleagues are.",
            ));
        }
        if !internal_rooms::insert(&mut tx, &room).await? {
            return Err(Problem::new(
                409,
                "has_one",
                "That room, or that case, is tied already.",
                "Untie it first.",
            ));
        }
        let payload = json!({ "internal_room": room.name, "case": room.case_ref });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }

    /// What is said in a room is a customer's from now on.
    pub async fn unbridge(&self, actor: &Actor, id: &str, room: &str) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let mut tx = self.db().begin().await?;
        internal_rooms::remove(&mut tx, id, room).await?;
        let payload = json!({ "room_not_internal": room });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }

    /// Says which colleague somebody there is; nobody without one.
    pub async fn set_who(
        &self,
        actor: &Actor,
        id: &str,
        (handle, person): (&str, &str),
    ) -> Result<(), Problem> {
        let row = self.find(id).await?.row;
        let handle = handle.trim();
        if handle.is_empty() || handle.chars().count() > 255 {
            return Err(Problem::bad_request(
                "The handle is empty or too long.",
                "Write it as the service does, such as @ines:matrix.example.",
            ));
        }
        let directory = self.work().identity().directory().await?;
        let known = match person {
            "" => None,
            id => Some(
                directory
                    .person(id)
                    .ok_or_else(|| Problem::not_found("person"))?,
            ),
        };
        if known.is_some_and(|p| p.role == Role::Guest.word()) {
            return Err(Problem::bad_request(
                "Guests are no colleagues.",
                "Choose a colleague.",
            ));
        }
        let mut tx = self.db().begin().await?;
        let known = known.map(|p| (p.id.as_str(), p.name.as_str()));
        internal_rooms::set_person(&mut tx, (id, handle), known).await?;
        // What she is called there is hers, and is not in the record.
        let payload = json!({ "person": person });
        self.note(&mut tx, actor.id(), &row, Kind::ConnectionChanged, payload)
            .await?;
        self.done(tx).await
    }

    /// The internal room that something was said in, if it was.
    pub(super) async fn room_of(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
    ) -> Result<Option<RoomRow>, Problem> {
        let topic = item.thread.as_deref().filter(|_| self.has_rooms(&row.kind));
        Ok(match topic {
            Some(topic) => internal_rooms::find_in(tx, &row.id, topic).await?,
            None => None,
        })
    }

    /// Whether it changes what was said in a room that was internal then.
    pub(super) async fn was_inside(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        item: &Incoming,
    ) -> Result<bool, Problem> {
        let may_be = item.what == What::Edited && self.has_rooms(&row.kind);
        Ok(may_be && internal_rooms::is_known(tx, &row.id, &item.id).await?)
    }

    /// Puts what was said in an internal room into the conversation of its case. What our own account said there came from here.
    pub(super) async fn say_inside(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        room: &RoomRow,
        item: &Incoming,
    ) -> Result<bool, Problem> {
        let Some(conversation) = &room.conversation else {
            return Ok(false);
        };
        if item.is_ours || item.author.id == account_of(row).id {
            return Ok(false);
        }
        let now = self.clock().now();
        let client = format!("{}:{conversation}:{}", row.id, item.id);
        let body = written(&words(row, item));
        if let Some(known) = internal_rooms::message_in(tx, conversation, &client).await? {
            return self
                .said_otherwise(tx, room, &known, (item.what, &body))
                .await;
        }
        if item.what != What::Said || body.is_empty() {
            return Ok(false);
        }
        // The room may have been another case's when it was said.
        if item.at < room.created && internal_rooms::is_known(tx, &row.id, &item.id).await? {
            return Ok(false);
        }
        let author = match internal_rooms::person_in(tx, &row.id, &item.author.id).await? {
            Some(person) => person,
            None => {
                let names = [&item.author.name, &item.author.handle, &item.author.id];
                let name = names.into_iter().find(|n| !n.is_empty());
                let name = format::short(name.map_or("Somebody", |n| n), 100);
                format!("{name} in {}", self.about(&row.kind)?.title)
            }
        };
        let new = NewMessage {
            conversation: conversation.clone(),
            process: room.process.clone(),
            author,
            at: item.at.min(now),
            kind: "note",
            body,
            client: Some(client),
            told: Vec::new(),
        };
        work::post(tx, &[new], &[Kind::MessagePosted.word()]).await?;
        Ok(true)
    }

    /// Changes what was said there, or takes it away.
    async fn said_otherwise(
        &self,
        tx: &mut Tx,
        room: &RoomRow,
        known: &MessageRow,
        (what, body): (What, &str),
    ) -> Result<bool, Problem> {
        let now = self.clock().now();
        let kind = match what {
            What::Edited if known.deleted.is_none() && known.body != body && !body.is_empty() => {
                work::edit(tx, known.id, known, body, now).await?;
                Kind::MessageEdited
            }
            What::Deleted if known.deleted.is_none() => {
                work::delete(tx, known, now).await?;
                Kind::MessageDeleted
            }
            _ => return Ok(false),
        };
        let payload = json!({ "message": known.id });
        let (process, of) = (
            Some(room.process.as_str()),
            Some(known.conversation.as_str()),
        );
        events::append(tx, now, kind.word(), &known.author, process, of, &payload).await?;
        Ok(false)
    }

    /// Tells one internal room the next of what was written here; whether there was one.
    pub(super) async fn tell_next(&self) -> Result<bool, Problem> {
        let now = self.clock().now();
        let Some(room) = internal_rooms::claim(self.db(), now, now + LEASE).await? else {
            return Ok(false);
        };
        let Some(message) = internal_rooms::next(self.db(), &room).await? else {
            return Ok(true);
        };
        let row = connections::find(self.db(), &room.connection).await?;
        let row = row.ok_or_else(|| Problem::not_found("connection"))?;
        let sent = self.tell_room(&row, &room, &message).await;
        let mut tx = self.db().begin().await?;
        match sent {
            Ok(()) => internal_rooms::told(&mut tx, &room, message.id).await?,
            Err(fault) => {
                let now = self.clock().now();
                let due = match &fault {
                    Fault::Wait { until, .. } => *until,
                    _ => after(now, room.attempts),
                };
                let why = match self.about(&row.kind) {
                    Ok(about) => told(&about, &fault).what,
                    Err(_) => fault.to_string(),
                };
                let why = format::short(&why, 300);
                internal_rooms::not_told(&mut tx, &room, due, &why).await?;
                if matches!(fault, Fault::Wait { .. }) {
                    connections::send_from(&mut tx, &row.id, due).await?;
                }
                if matches!(fault, Fault::SignedOut(_)) {
                    connections::signed_out(&mut tx, &row.id, now, &why).await?;
                    let payload = json!({ "state": SIGNED_OUT });
                    self.note(&mut tx, "tenon", &row, Kind::ConnectionChanged, payload)
                        .await?;
                }
            }
        }
        self.done(tx).await?;
        Ok(true)
    }

    async fn tell_room(
        &self,
        row: &ConnectionRow,
        room: &RoomRow,
        message: &MessageRow,
    ) -> Result<(), Fault> {
        let inside = |problem: Problem| Fault::Unreached(problem.what);
        let settings = self.opened(row).await?;
        let (channel, account) = self.there(row)?;
        let directory = self.work().identity().directory().await.map_err(inside)?;
        let text = format!("{}: {}", directory.name(&message.author), message.body);
        let out = Outgoing {
            // The same at each attempt: it arrives once.
            key: format!("{}-{}", message.conversation, message.id),
            text: match text.char_indices().nth(channel.longest()) {
                Some(_) => text
                    .chars()
                    .take(channel.longest() - 1)
                    .chain(['…'])
                    .collect(),
                None => text,
            },
            reply_to: None,
            thread: Some(room.topic.clone()),
            to: None,
            seen: Seen::Direct,
            since: room.begun.unwrap_or_else(|| self.clock().now()),
            answered: None,
            back: None,
        };
        if room.begun.is_some() {
            let found = self.may_be_there(channel, &settings, &account, &out);
            if found.await?.is_some() {
                return Ok(());
            }
        }
        let begun = async {
            let mut tx = self.db().begin().await?;
            internal_rooms::begin(&mut tx, room, self.clock().now()).await?;
            tx.commit().await
        };
        begun.await.map_err(|e| Fault::Unreached(e.to_string()))?;
        channel
            .send(&self.via(&settings), &account, &out)
            .await
            .map(drop)
    }
}

/// Plain text as Markdown that shows it as it is.
fn written(text: &str) -> String {
    let mut out = String::new();
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            out.push_str("  \n");
        }
        let line = line.trim();
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        for (i, c) in line.char_indices() {
            let begins = i == 0 && matches!(c, '#' | '+' | '-' | '=')
                || i == digits && matches!(c, '.' | ')');
            if begins
                || matches!(
                    c,
                    '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&'
                )
            {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}
