//! Places of networks that colleagues had before: read again and again, so that what was answered there is known at a step, and what is
//! taken back or deleted there goes here.
//!
//! A place is read whole in a pass, a page at a time. What a pass did not see is asked for by itself before it goes: a list that moved, or
//! half of one, takes nothing away. The answers of a question are read when it changed, and once a day, for an answer can be edited without
//! its question telling.

use super::{Connect, Stopped, told};
use base::activity::{self, Kind};
use base::format;
use base::identity::Actor;
use base::problem::Problem;
use connectors::network::{Mark, Member, Place, Question};
use connectors::{Cursor, Fault, Network, Page, Settings, Via};
use mining::Micros;
use mining::time::{DAY, HOUR, MINUTE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use store::connections::{self, ConnectionRow, Looked, NETWORK};
use store::networks::{self, AnswerRow, PlaceRow, QuestionRow};
use store::{Tx, events};

/// How often a place is read whole.
const EVERY: Micros = 15 * MINUTE;
/// How often the answers of a question are read where it does not say that something changed.
const AGAIN: Micros = DAY;
/// When one that cannot be read is tried again.
const LATER: Micros = HOUR;
/// Questions whose answers are read in one look, and those that are asked for one by one.
const AT_ONCE: i64 = 5;

/// How far a place is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Far {
    /// Page by page, after this one.
    List(Option<Cursor>),
    /// What was not seen is asked for.
    Check,
}

/// A place that is plugged in, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugged {
    pub row: PlaceRow,
    /// Slug and name.
    pub process: (String, String),
    /// The step may have been renamed since: then nobody finds what is there.
    pub has_step: bool,
    pub questions: i64,
    pub answers: i64,
}

impl Connect {
    pub(super) fn network(&self, kind: &str) -> Result<&'static dyn Network, Problem> {
        let found = self.inner.networks.iter().find(|n| n.about().name == kind);
        found
            .copied()
            .ok_or_else(|| Problem::not_found("kind of network"))
    }

    /// Connects a network; nothing is read before a place of it is plugged in.
    pub async fn add_network(
        &self,
        actor: &Actor,
        kind: &str,
        name: &str,
        settings: &Settings,
    ) -> Result<String, Problem> {
        self.network(kind)?;
        let account = self.try_out(kind, settings).await?;
        let row = self.new_row(actor, kind, NETWORK, name, settings, &account)?;
        self.insert(actor, &row).await?;
        Ok(row.id)
    }

    async fn network_row(&self, id: &str) -> Result<ConnectionRow, Problem> {
        let row = self.find(id).await?.row;
        match row.what == NETWORK {
            true => Ok(row),
            false => Err(Problem::not_found("network")),
        }
    }

    /// The places that the account sees, a page at a time: those with these words, or all.
    pub async fn places(
        &self,
        id: &str,
        words: &str,
        from: Option<&Cursor>,
    ) -> Result<Page<Place>, Problem> {
        let row = self.network_row(id).await?;
        let network = self.network(&row.kind)?;
        let settings = self.settings(&row)?;
        let words = format::short(words, 200);
        let found = network.places(&self.via(&settings), &words, from).await;
        found.map_err(|fault| told(&network.about(), &fault))
    }

    /// Plugs a place in at a step.
    pub async fn plug(
        &self,
        actor: &Actor,
        id: &str,
        place: &str,
        (process, step): (&str, &str),
    ) -> Result<(), Problem> {
        let row = self.network_row(id).await?;
        let network = self.network(&row.kind)?;
        let loaded = self.library().load(process).await?;
        if !loaded.steps.steps.iter().any(|s| s.name == step) {
            return Err(Problem::bad_request(
                format!("There is no step \"{step}\" in {}.", loaded.row.name),
                "Choose one of its steps.",
            ));
        }
        let settings = self.settings(&row)?;
        let found = network.place(&self.via(&settings), place).await;
        let found = found.map_err(|fault| told(&network.about(), &fault))?;
        let now = self.clock().now();
        let plugged = PlaceRow {
            id: self.id("npl"),
            connection: row.id.clone(),
            place: found.id,
            name: format::short(&found.name, 200),
            url: found.url,
            process: loaded.row.id.clone(),
            step: step.into(),
            plugged: now,
            plugged_by: actor.id().into(),
            pass: 0,
            cursor: None,
            looked: None,
            due: now,
            error: None,
            error_at: None,
        };
        let mut tx = self.db().begin().await?;
        if !networks::insert(&mut tx, &plugged).await? {
            return Err(Problem::new(
                409,
                "plugged_in",
                format!("{} is plugged in at {step} already.", plugged.name),
                "Choose another step.",
            ));
        }
        connections::hurry(&mut tx, &row.id, now, now + DAY).await?;
        let payload = json!({ "connection": row.id, "plug": plugged.id, "place": plugged.name, "step": step });
        let by = actor.id();
        let process = &plugged.process;
        activity::record(&mut tx, now, Kind::NetworkPlugged, by, process, &payload).await?;
        self.done(tx).await?;
        self.wake();
        Ok(())
    }

    /// Reads all places now, with all answers, also those that do not say that they changed.
    pub async fn read_again(&self, id: &str) -> Result<(), Problem> {
        let row = self.network_row(id).await?;
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        // A service that asked to wait is left alone until then.
        connections::hurry(&mut tx, &row.id, now, now + DAY).await?;
        networks::read_again(&mut tx, &row.id, now).await?;
        self.done(tx).await?;
        self.wake();
        Ok(())
    }

    /// The places of a connection that are plugged in.
    pub async fn plugged(&self, connection: &str) -> Result<Vec<Plugged>, Problem> {
        let mut all = Vec::new();
        for row in networks::of_connection(self.db(), connection).await? {
            all.push(self.shown_plug(row).await?);
        }
        Ok(all)
    }

    async fn shown_plug(&self, row: PlaceRow) -> Result<Plugged, Problem> {
        let (questions, answers) = networks::counts(self.db(), &row.id).await?;
        let loaded = self.library().load(&row.process).await?;
        Ok(Plugged {
            has_step: loaded.steps.steps.iter().any(|s| s.name == row.step),
            process: (loaded.row.slug.clone(), loaded.row.name.clone()),
            questions,
            answers,
            row,
        })
    }

    /// One of them.
    pub async fn plug_of(&self, connection: &str, plug: &str) -> Result<Plugged, Problem> {
        let row = networks::find(self.db(), plug).await?;
        let row = row.filter(|p| p.connection == connection);
        self.shown_plug(row.ok_or_else(|| Problem::not_found("place"))?)
            .await
    }

    /// Unplugs a place: what came of it goes. Returns how many answers that were.
    pub async fn unplug(
        &self,
        actor: &Actor,
        connection: &str,
        plug: &str,
    ) -> Result<u64, Problem> {
        let row = self.plug_of(connection, plug).await?.row;
        let mut tx = self.db().begin().await?;
        let gone = self.take_out(&mut tx, actor, &row).await?;
        self.done(tx).await?;
        Ok(gone)
    }

    pub(super) async fn take_out(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &PlaceRow,
    ) -> Result<u64, Problem> {
        // A look that is under way waits, and does not count then.
        networks::hold(tx, &row.id).await?;
        events::in_order(tx).await?;
        let gone = networks::remove(tx, &row.id).await?;
        let payload = json!({ "connection": row.connection, "plug": row.id, "place": row.name, "step": row.step, "answers": gone });
        let now = self.clock().now();
        let kind = Kind::NetworkUnplugged;
        activity::record(tx, now, kind, actor.id(), &row.process, &payload).await?;
        Ok(gone)
    }

    pub(super) async fn look_at_network(
        &self,
        row: &ConnectionRow,
        settings: &Settings,
    ) -> Result<(), Stopped> {
        let now = self.clock().now();
        let next = networks::next(self.db(), &row.id).await?;
        let Some(place) = next.filter(|p| p.due <= now) else {
            // What is plugged in meanwhile is seen within a minute.
            let mut tx = self.db().begin().await?;
            if self.moved(&mut tx, row, true, now + MINUTE).await? {
                tx.commit().await?;
            }
            return Ok(());
        };
        match self.look_at_place(row, &place, settings).await {
            // The others of the connection are read all the same.
            Err(Stopped::By(
                fault @ (Fault::Gone(_) | Fault::NotAllowed(_) | Fault::Refused(_)),
            )) => {
                let why = told(&self.about(&row.kind)?, &fault).what;
                let now = self.clock().now();
                let mut tx = self.db().begin().await?;
                if self.moved(&mut tx, row, false, now).await? {
                    networks::failed(&mut tx, &place.id, now, now + HOUR, &why).await?;
                    self.done(tx).await?;
                }
                Ok(())
            }
            looked => looked,
        }
    }

    /// Moves the connection on, in the transaction of what a look brought; `false`: nothing of it counts.
    async fn moved(
        &self,
        tx: &mut Tx,
        row: &ConnectionRow,
        is_whole: bool,
        due: Micros,
    ) -> Result<bool, Problem> {
        let looked = Looked {
            id: &row.id,
            holder: &self.inner.node,
            cursor: "null",
            taken: 0,
            is_whole,
            due,
            held_until: 0,
        };
        Ok(connections::move_on(tx, &looked, self.clock().now()).await?)
    }

    async fn look_at_place(
        &self,
        row: &ConnectionRow,
        place: &PlaceRow,
        settings: &Settings,
    ) -> Result<(), Stopped> {
        let look = Look {
            connect: self,
            row,
            place,
            network: self.network(&row.kind)?,
            via: self.via(settings),
        };
        let now = self.clock().now();
        let unread = networks::unread(self.db(), &place.id, now, AT_ONCE).await?;
        if !unread.is_empty() {
            return look.answers(unread).await;
        }
        let far = place.cursor.as_deref();
        match far.and_then(|c| serde_json::from_str(c).ok()) {
            None => look.list(place.pass + 1, None).await,
            Some(Far::List(from)) => look.list(place.pass, from).await,
            Some(Far::Check) => look.check().await,
        }
    }
}

/// What follows a look.
struct Then<'a> {
    far: Option<&'a Far>,
    due: Micros,
    /// When the place was read whole, if it was.
    whole: Option<Micros>,
}

/// A look at a place.
struct Look<'a> {
    connect: &'a Connect,
    row: &'a ConnectionRow,
    place: &'a PlaceRow,
    network: &'static dyn Network,
    via: Via<'a>,
}

impl Look<'_> {
    /// Opens the transaction of what was read, if it counts: the place is still plugged in and this node's. `again` is when the connection is looked
    /// at next.
    async fn begin(&self, pass: i64, then: Then<'_>, again: Micros) -> Result<Option<Tx>, Stopped> {
        let text = then.far.map(serde_json::to_string).transpose();
        let text = text.map_err(anyhow::Error::from)?;
        let is_whole = then.whole.is_some();
        let mut tx = self.connect.db().begin().await?;
        let far = (pass, text.as_deref());
        let counts = self
            .connect
            .moved(&mut tx, self.row, is_whole, again)
            .await?
            && networks::move_on(&mut tx, &self.place.id, far, then.due, then.whole).await?;
        if !counts {
            return Ok(None);
        }
        // Nobody is forgotten between looking whether she was and keeping what she wrote.
        events::in_order(&mut tx).await?;
        Ok(Some(tx))
    }

    /// Reads a page of the place.
    async fn list(&self, pass: i64, from: Option<Cursor>) -> Result<(), Stopped> {
        let page = self
            .network
            .questions(&self.via, &self.place.place, from.as_ref())
            .await
            .map_err(Stopped::By)?;
        let far = match page.has_more {
            true => Far::List(Some(page.cursor.clone())),
            false => Far::Check,
        };
        let now = self.connect.clock().now();
        let due = page.wait_until.unwrap_or(now);
        let known = networks::known(self.connect.db(), &self.place.id).await?;
        let known: HashSet<String> = known.into_iter().collect();
        let then = Then {
            far: Some(&far),
            due,
            whole: None,
        };
        let Some(mut tx) = self.begin(pass, then, due).await? else {
            return Ok(());
        };
        for question in &page.items {
            self.take(&mut tx, pass, question, known.contains(&question.id))
                .await?;
        }
        self.connect.done(tx).await?;
        Ok(())
    }

    /// Keeps a question with marked answers; one without, or of another place by now, goes.
    async fn take(
        &self,
        tx: &mut Tx,
        pass: i64,
        question: &Question,
        is_known: bool,
    ) -> Result<(), Problem> {
        let place = question.place.as_ref();
        let is_here = place.is_none_or(|p| *p == self.place.place);
        let stays = is_here
            && !question.marks.is_empty()
            && !self.is_forgotten(tx, &question.author).await?;
        if stays {
            let row = self.question_row(pass, question);
            networks::put_question(tx, &row).await?;
        } else if is_known {
            networks::drop_question(tx, &self.place.id, &question.id).await?;
        }
        Ok(())
    }

    fn question_row(&self, pass: i64, question: &Question) -> QuestionRow {
        let title = match question.title.trim() {
            "" => question.text.lines().next().unwrap_or_default(),
            title => title,
        };
        let marks = question.marks.iter().map(|m| json!([m.id, m.is_correct]));
        QuestionRow {
            plug: self.place.id.clone(),
            question: question.id.clone(),
            title: format::short(title, 200),
            body: question.text.clone(),
            at: question.at,
            author: question.author.id.clone(),
            name: question.author.name.clone(),
            email: question.author.email.as_deref().map(networks::email),
            url: question.url.clone(),
            version: question.version.clone(),
            marks: Value::Array(marks.collect()).to_string(),
            due: self.via.now,
            seen: pass,
        }
    }

    async fn is_forgotten(&self, tx: &mut Tx, who: &Member) -> Result<bool, Problem> {
        let account = networks::account(&self.row.id, &who.id);
        let email = who.email.as_deref().map(networks::email);
        let mut digests: Vec<String> = email.into_iter().collect();
        if !who.id.is_empty() {
            digests.push(account);
        }
        Ok(networks::is_forgotten(tx, &digests).await?)
    }

    /// Asks for what the pass did not see; in the end it is over.
    async fn check(&self) -> Result<(), Stopped> {
        let (db, place, now) = (self.connect.db(), self.place, self.connect.clock().now());
        let unseen = networks::unseen(db, &place.id, place.pass, AT_ONCE).await?;
        if unseen.is_empty() {
            let then = Then {
                far: None,
                due: now + EVERY,
                whole: Some(now),
            };
            if let Some(tx) = self.begin(place.pass, then, now).await? {
                self.connect.done(tx).await?;
            }
            return Ok(());
        }
        let mut found = Vec::new();
        for row in unseen {
            let asked = self.network.question(&self.via, &row.question).await;
            let read = match asked {
                Ok(question) => Read::Is(Box::new(question)),
                Err(Fault::Gone(_) | Fault::NotAllowed(_)) => Read::Gone,
                Err(fault) if holds_up(&fault) => return Err(Stopped::By(fault)),
                Err(_) => Read::Later,
            };
            found.push((row, read));
        }
        let then = Then {
            far: Some(&Far::Check),
            due: now,
            whole: None,
        };
        let Some(mut tx) = self.begin(place.pass, then, now).await? else {
            return Ok(());
        };
        for (row, read) in found {
            match read {
                Read::Is(question) if question.id == row.question => {
                    self.take(&mut tx, place.pass, &question, true).await?;
                }
                Read::Later => {
                    let whose = (place.id.as_str(), row.question.as_str());
                    networks::put_off(&mut tx, whose, place.pass, now + LATER).await?;
                }
                _ => drop(networks::drop_question(&mut tx, &place.id, &row.question).await?),
            }
        }
        self.connect.done(tx).await?;
        Ok(())
    }

    /// Reads the answers of some questions. What was read before something went wrong is kept.
    async fn answers(&self, unread: Vec<QuestionRow>) -> Result<(), Stopped> {
        let (mut read, mut emails) = (Vec::new(), HashMap::new());
        let now = self.connect.clock().now();
        let (mut due, mut later) = (now, Vec::new());
        for question in unread {
            let id = question.question.clone();
            match self.answers_of(question, &mut emails).await {
                Ok(found) => read.push(found),
                Err(fault) if holds_up(&fault) && read.is_empty() && later.is_empty() => {
                    return Err(Stopped::By(fault));
                }
                Err(Fault::Wait { until, .. }) => {
                    due = until;
                    break;
                }
                Err(Fault::SignedOut(_)) => break,
                // One that cannot be read holds up no other; where nobody answers at all, the next list tells.
                Err(_) => later.push(id),
            }
        }
        let far = self.place.cursor.as_deref();
        let far: Option<Far> = far.and_then(|c| serde_json::from_str(c).ok());
        let then = Then {
            far: far.as_ref(),
            due,
            whole: None,
        };
        let Some(mut tx) = self.begin(self.place.pass, then, due).await? else {
            return Ok(());
        };
        for id in later {
            let whose = (self.place.id.as_str(), id.as_str());
            networks::put_off(&mut tx, whose, 0, now + LATER).await?;
        }
        let mut taken = 0;
        for (question, asker, answers) in read {
            if self.is_forgotten(&mut tx, &asker).await? {
                networks::drop_question(&mut tx, &self.place.id, &question.question).await?;
                continue;
            }
            let mut kept = Vec::new();
            for (author, row) in answers {
                if !self.is_forgotten(&mut tx, &author).await? {
                    kept.push(row);
                }
            }
            let again = self.via.now + AGAIN;
            taken += networks::put_answers(&mut tx, &question, &kept, again).await?;
        }
        connections::count(&mut tx, &self.row.id, taken as i64).await?;
        self.connect.done(tx).await?;
        Ok(())
    }

    /// The answers of one question as they are now, with who asked and who answered.
    async fn answers_of(
        &self,
        mut question: QuestionRow,
        emails: &mut HashMap<String, Option<String>>,
    ) -> Result<(QuestionRow, Member, Vec<(Member, AnswerRow)>), Fault> {
        let mut asker = Member {
            id: question.author.clone(),
            name: question.name.clone(),
            email: None,
        };
        self.look_up(&mut asker, emails).await?;
        question.email = asker.email.as_deref().map(networks::email);
        let mut answers = Vec::new();
        for mark in marks(&question.marks) {
            let mut reply = match self.network.reply(&self.via, &mark.id).await {
                Ok(reply) => reply,
                // It was marked and is not there for us.
                Err(Fault::Gone(_) | Fault::NotAllowed(_)) => continue,
                Err(fault) => return Err(fault),
            };
            self.look_up(&mut reply.author, emails).await?;
            let row = AnswerRow {
                id: networks::answer_id(&self.place.id, &question.question, &mark.id),
                plug: self.place.id.clone(),
                question: question.question.clone(),
                answer: mark.id,
                author: reply.author.id.clone(),
                name: reply.author.name.clone(),
                email: reply.author.email.as_deref().map(networks::email),
                at: reply.at,
                body: reply.text,
                url: reply.url,
                is_correct: i64::from(mark.is_correct),
            };
            answers.push((reply.author, row));
        }
        Ok((question, asker, answers))
    }

    /// Asks for somebody's address where it was not told with what she wrote.
    async fn look_up(
        &self,
        who: &mut Member,
        emails: &mut HashMap<String, Option<String>>,
    ) -> Result<(), Fault> {
        if who.email.is_some() || who.id.is_empty() {
            return Ok(());
        }
        if !emails.contains_key(&who.id) {
            let email = match self.network.member(&self.via, &who.id).await {
                Ok(member) => member.email,
                Err(fault @ (Fault::SignedOut(_) | Fault::Wait { .. } | Fault::Unreached(_))) => {
                    return Err(fault);
                }
                // Nobody is told who that is.
                Err(_) => None,
            };
            emails.insert(who.id.clone(), email);
        }
        who.email = emails.get(&who.id).cloned().flatten();
        Ok(())
    }
}

/// How one question is there.
enum Read {
    Is(Box<Question>),
    Gone,
    /// It cannot be read just now.
    Later,
}

/// What stops all reading, not that of one question.
fn holds_up(fault: &Fault) -> bool {
    matches!(fault, Fault::SignedOut(_) | Fault::Wait { .. })
}

fn marks(text: &str) -> Vec<Mark> {
    let all: Vec<(String, bool)> = serde_json::from_str(text).unwrap_or_default();
    let all = all.into_iter();
    all.map(|(id, is_correct)| Mark { id, is_correct })
        .collect()
}

#[cfg(test)]
mod tests;
