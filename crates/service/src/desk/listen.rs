//! What is listened to at a step, and what people make of what was found.

use super::Desk;
use crate::connect::listen::{LANGUAGES, of_settings, pile_on};
use crate::connect::told;
use base::activity::{self, Kind};
use base::identity::{Actor, Role};
use base::problem::Problem;
use connectors::{Budget, Follows, Wanted, Wish};
use mining::Micros;
use mining::time::DAY;
use serde_json::json;
use store::connections::{self, CHANNEL, ConnectionRow};
use store::desk::{self, DISMISSED, FOUND, HELD, OPEN, ThreadRow};
use store::listen::{
    self, ALLOWED, BLOCKED, BroughtRow, LET_IN, MENTION, OURS, PileOnRow, VoiceRow, WishRow,
};
use store::{Tx, events, settings};

/// What can be wished for on one channel, for all steps together.
const MOST: usize = 30;
/// Characters of a wish.
const LONGEST: usize = 100;
/// How long what was removed can be put back.
const REMOVED: Micros = DAY;
/// Weeks of which it is told what listening brought.
pub const WEEKS: i64 = 12;
const WEEK: Micros = 7 * DAY;
/// From the Monday before 1970 to its first day, a Thursday.
const MONDAY: Micros = 3 * DAY;

/// A channel, and what is listened to on it for a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Ear {
    pub row: ConnectionRow,
    pub title: &'static str,
    pub follows: Follows,
    pub budget: Option<Budget>,
    pub wishes: Vec<WishRow>,
    /// Removed of late.
    pub removed: Vec<WishRow>,
    /// What the connection itself listens to, whatever the step, as people write it.
    pub own: Vec<String>,
}

/// What listening brought at a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brought {
    /// One a week, oldest first, from the first in which something was found; the first moment of each.
    pub weeks: Vec<(Micros, BroughtRow)>,
    /// All of them together.
    pub sum: BroughtRow,
}

/// What a wish is shown as.
pub fn shown(what: &str, words: &str) -> String {
    match Wanted::parse(what) {
        Some(what) => Wish::of(what, words).shown(),
        None if what == MENTION => "mentions of us".into(),
        None => "what the connection listens to".into(),
    }
}

fn not_found(what: &str) -> Problem {
    Problem::new(
        409,
        "not_found_state",
        format!("This thread is not {what}."),
        "Load the page anew.",
    )
}

impl Desk {
    /// What is listened to at a step, by channel; whether its tool works there now.
    pub async fn listening(
        &self,
        actor: &Actor,
        process: &str,
        step: &str,
    ) -> Result<(Vec<Ear>, bool), Problem> {
        Self::admit(actor)?;
        let db = self.connect().db();
        let since = self.now() - REMOVED;
        let all = listen::wishes_of_step(db, process, step, since).await?;
        let plugs = store::improvements::of_process(db, process).await?;
        let is_on = |p: &store::improvements::ImprovementRow| {
            p.tool == "listen" && p.step == step && p.state == "running"
        };
        let mut ears = Vec::new();
        for row in connections::list(db).await? {
            let Ok(channel) = self.connect().channel(&row.kind) else {
                continue;
            };
            if row.what != CHANNEL {
                continue;
            }
            let own = self.connect().settings(&row).unwrap_or_default();
            let (removed, wishes) = all
                .iter()
                .filter(|w| w.connection == row.id)
                .cloned()
                .partition(|w| w.removed.is_some());
            ears.push(Ear {
                title: channel.about().title,
                follows: channel.follows(&own),
                budget: self.connect().budget(&row).await?,
                own: of_settings(&own).map(|w| w.shown()).collect(),
                wishes,
                removed,
                row,
            });
        }
        Ok((ears, plugs.iter().any(is_on)))
    }

    /// Listens to something more at a step; the same once more changes nothing.
    pub async fn wish(
        &self,
        actor: &Actor,
        (process, step): (&str, &str),
        connection: &str,
        (what, words): (&str, &str),
    ) -> Result<(), Problem> {
        manages(actor)?;
        let loaded = self.work().library().load(process).await?;
        if !loaded.steps.steps.iter().any(|s| s.name == step) {
            return Err(Problem::not_found("step"));
        }
        let row = self.connect().find(connection).await?.row;
        let words = self.checked(&row, what, words).await?;
        let db = self.connect().db();
        let all = listen::wishes_of_connection(db, &row.id).await?;
        let id = &loaded.row.id;
        let is_same = |w: &WishRow| {
            (&w.process, w.step.as_str(), w.what.as_str()) == (id, step, what)
                && w.words.to_lowercase() == words.to_lowercase()
        };
        if all.iter().any(is_same) {
            return Ok(());
        }
        if all.len() >= MOST {
            return Err(Problem::bad_request(
                format!("{MOST} things are listened to on this channel."),
                "Remove one first: more of them are not read in time.",
            ));
        }
        let wish = WishRow {
            id: self.connect().id("wish"),
            process: id.clone(),
            step: step.into(),
            connection: row.id.clone(),
            what: what.into(),
            words,
            at: self.now(),
            by_person: actor.id().into(),
            removed: None,
        };
        let mut tx = db.begin().await?;
        events::in_order(&mut tx).await?;
        listen::insert_wish(&mut tx, &wish).await?;
        self.note_wish(&mut tx, actor, &wish, true).await?;
        self.connect().done(tx).await?;
        self.connect().wake();
        Ok(())
    }

    /// A wish as it can be kept: what the channel cannot follow is refused, and an account that is not there.
    async fn checked(
        &self,
        row: &ConnectionRow,
        what: &str,
        words: &str,
    ) -> Result<String, Problem> {
        if what == MENTION {
            return Ok(String::new());
        }
        let wanted = Wanted::parse(what).ok_or_else(|| Problem::not_found("kind of wish"))?;
        let channel = self.connect().channel(&row.kind)?;
        let own = self.connect().settings(row)?;
        let follows = channel.follows(&own);
        if row.what != CHANNEL || !follows.can(wanted) {
            let title = channel.about().title;
            let what = format!("{title} cannot follow that. {}", follows.note);
            return Err(Problem::bad_request(what, "Choose another channel."));
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let wish = Wish::of(wanted, &words);
        let is_long = wish.words.chars().count() > LONGEST;
        if wish.words.is_empty() || is_long || wish.words.contains(char::is_control) {
            return Err(Problem::bad_request(
                "There is nothing to listen to, or too much of it.",
                "Write up to 100 characters.",
            ));
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        match wanted {
            Wanted::Tag if !wish.words.chars().all(is_word) => Err(Problem::bad_request(
                format!("#{} is no hashtag.", base::format::short(&wish.words, 40)),
                "Write letters, digits and _ only; what has spaces is a phrase.",
            )),
            Wanted::Phrase if !wish.words.contains(char::is_alphanumeric) => Err(
                Problem::bad_request("That phrase has no words.", "Write what people write."),
            ),
            Wanted::Account => {
                let own = self.connect().fresh(row, own).await;
                let own = own.map_err(|fault| told(&channel.about(), &fault))?;
                let via = self.connect().via(&own);
                let found = channel.resolve(&via, &wish.words).await;
                let found = found.map_err(|fault| told(&channel.about(), &fault))?;
                Ok(Wish::of(Wanted::Account, &found).words)
            }
            _ => Ok(wish.words),
        }
    }

    /// Listens to something no longer, or again.
    pub async fn unwish(&self, actor: &Actor, id: &str, is_removed: bool) -> Result<(), Problem> {
        manages(actor)?;
        let db = self.connect().db();
        let wish = listen::wish(db, id).await?;
        let wish = wish.ok_or_else(|| Problem::not_found("wish"))?;
        if wish.removed.is_some() == is_removed {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        events::in_order(&mut tx).await?;
        listen::set_removed(&mut tx, id, is_removed.then(|| self.now())).await?;
        self.note_wish(&mut tx, actor, &wish, !is_removed).await?;
        self.connect().done(tx).await
    }

    async fn note_wish(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        wish: &WishRow,
        is_wished: bool,
    ) -> Result<(), Problem> {
        let payload = json!({
            "step": wish.step, "connection": wish.connection, "what": wish.what, "words": wish.words, "wished": is_wished,
        });
        let kind = Kind::ListenWished;
        activity::record(tx, self.now(), kind, actor.id(), &wish.process, &payload).await?;
        Ok(())
    }

    /// What listening brought at a step, in the last weeks.
    pub async fn brought(&self, process: &str, step: &str) -> Result<Brought, Problem> {
        let now = self.now();
        let week = |at: Micros| (at + MONDAY).div_euclid(WEEK);
        let first = week(now) - (WEEKS - 1);
        let db = self.connect().db();
        let rows = listen::brought(db, process, step, first * WEEK - MONDAY).await?;
        let mut brought = Brought::default();
        let Some(begin) = rows.first().map(|r| r.week) else {
            return Ok(brought);
        };
        for week in begin..=week(now) {
            let row = rows.iter().find(|r| r.week == week).copied();
            let row = row.unwrap_or_default();
            brought.weeks.push((week * WEEK - MONDAY, row));
            brought.sum.found += row.found;
            brought.sum.matched += row.matched;
            brought.sum.answered += row.answered;
            brought.sum.noise += row.noise;
        }
        Ok(brought)
    }

    /// Nothing for us; or taken back, it waits for a look again.
    pub async fn dismiss(
        &self,
        actor: &Actor,
        id: &str,
        is_dismissed: bool,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        let (from, to, outcome, word) = match is_dismissed {
            true => (
                FOUND,
                DISMISSED,
                Some(listen::DISMISSED),
                "waiting for a look",
            ),
            false => (DISMISSED, FOUND, None, "dismissed"),
        };
        if row.state != from {
            return Err(not_found(word));
        }
        desk::set_thread_state(&mut tx, &row.id, to, None, row.waiting).await?;
        listen::decide(&mut tx, &row.id, outcome, actor.id(), self.now()).await?;
        let payload = json!({ "dismissed": is_dismissed });
        self.note_of(&mut tx, actor, &row, Kind::ListenDismissed, payload)
            .await?;
        self.connect().done(tx).await
    }

    /// Into the queue, where it waits for an answer like any other.
    pub async fn into_queue(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        if row.state != FOUND && row.state != DISMISSED {
            return Err(not_found("one that was found"));
        }
        self.let_in(&mut tx, actor, &row).await?;
        self.connect().done(tx).await
    }

    /// Makes a thread of the queue of what was found; she waits from now on, for she asked us nothing before.
    pub(super) async fn let_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ThreadRow,
    ) -> Result<(), Problem> {
        let now = self.now();
        desk::set_thread_state(tx, &row.id, OPEN, None, Some(now)).await?;
        listen::decide(tx, &row.id, Some(LET_IN), actor.id(), now).await?;
        self.note_of(tx, actor, row, Kind::ListenLetIn, json!({}))
            .await
    }

    /// Notes that a person matched what listening found.
    pub(super) async fn note_match(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ThreadRow,
    ) -> Result<(), Problem> {
        match row.case_ref.is_some() && listen::is_find(tx, &row.id).await? {
            true => {
                self.note_of(tx, actor, row, Kind::ListenMatched, json!({}))
                    .await
            }
            false => Ok(()),
        }
    }

    /// By whose wishes a thread was found: as people write it, and the step.
    pub async fn found_by(&self, thread: &str) -> Result<Vec<(String, String)>, Problem> {
        let rows = listen::finds_of_thread(self.connect().db(), thread).await?;
        let told = rows.into_iter();
        Ok(told.map(|r| (shown(&r.what, &r.words), r.step)).collect())
    }

    /// What a colleague said of whoever began a thread.
    pub async fn voice_of(&self, thread: &str) -> Result<Option<VoiceRow>, Problem> {
        let db = self.connect().db();
        let Some(row) = desk::thread(db, thread).await? else {
            return Ok(None);
        };
        let mut tx = db.begin_reading().await?;
        match listen::first_voice(&mut tx, thread).await? {
            Some((author, _)) => Ok(listen::voice_in(&mut tx, &row.connection, &author).await?),
            None => Ok(None),
        }
    }

    /// Lets whoever began a thread through the filter from now on, or holds all she says; `None` takes back what was said of her. Where it was
    /// merged meanwhile, that is still who began this one, and what shows it is held.
    pub async fn mark_voice(
        &self,
        actor: &Actor,
        id: &str,
        mark: Option<&str>,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, row) = self.begin(id).await?;
        let own = desk::thread_in(&mut tx, id).await?;
        let own = own.ok_or_else(|| Problem::not_found("thread"))?;
        let voice = listen::first_voice(&mut tx, id).await?;
        let (author, handle) = voice.ok_or_else(|| Problem::not_found("author"))?;
        match mark {
            Some(mark) => {
                self.put_mark(&mut tx, actor, &own, mark).await?;
                let why = match mark {
                    BLOCKED => Some("this account is blocked here"),
                    OURS => Some("one of us"),
                    _ => None,
                };
                if why.is_some() {
                    desk::set_thread_state(&mut tx, &row.id, HELD, why, row.waiting).await?;
                }
            }
            None => {
                self.drop_mark(&mut tx, actor, &own.connection, (&author, &handle))
                    .await?;
                if row.state == HELD {
                    // Only what was said to us is merged.
                    let is_one = desk::merges_in(&mut tx, &row.id).await?.is_empty();
                    let state = match is_one && listen::is_find(&mut tx, &row.id).await? {
                        true => FOUND,
                        false => OPEN,
                    };
                    let since = Some(row.waiting.unwrap_or(row.last));
                    desk::set_thread_state(&mut tx, &row.id, state, None, since).await?;
                }
            }
        }
        self.connect().done(tx).await
    }

    /// Keeps what is said of whoever began a thread.
    pub(super) async fn put_mark(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &ThreadRow,
        mark: &str,
    ) -> Result<(), Problem> {
        let mark = [ALLOWED, BLOCKED, OURS].into_iter().find(|m| *m == mark);
        let mark = mark.ok_or_else(|| Problem::not_found("mark"))?;
        let Some((author, handle)) = listen::first_voice(tx, &row.id).await? else {
            return Ok(());
        };
        let voice = VoiceRow {
            connection: row.connection.clone(),
            author,
            mark: mark.into(),
            handle,
            at: self.now(),
            by_person: actor.id().into(),
        };
        listen::put_voice(tx, &voice).await?;
        let payload = json!({ "mark": mark, "connection": row.connection });
        self.note_of(tx, actor, row, Kind::VoiceMarked, payload)
            .await
    }

    async fn drop_mark(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        connection: &str,
        (author, _): (&str, &str),
    ) -> Result<(), Problem> {
        if listen::remove_voice(tx, connection, author).await? {
            let payload = json!({ "mark": null, "connection": connection });
            let kind = Kind::VoiceMarked;
            activity::record_installation(tx, self.now(), kind, actor.id(), &payload).await?;
        }
        Ok(())
    }

    /// Whom the filter lets through or holds, newest first.
    pub async fn voices(&self, actor: &Actor) -> Result<Vec<VoiceRow>, Problem> {
        Self::admit(actor)?;
        Ok(listen::voices(self.connect().db(), 500).await?)
    }

    /// Takes back what was said of an account.
    pub async fn unmark(
        &self,
        actor: &Actor,
        connection: &str,
        author: &str,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        self.drop_mark(&mut tx, actor, connection, (author, ""))
            .await?;
        self.connect().done(tx).await
    }

    /// Languages that are read here, as they are written: `en, de`; empty for all.
    pub async fn languages(&self) -> Result<String, Problem> {
        let kept = settings::get(self.connect().db(), LANGUAGES).await?;
        Ok(kept.unwrap_or_default())
    }

    pub async fn set_languages(&self, actor: &Actor, languages: &str) -> Result<(), Problem> {
        manages(actor)?;
        let all: Vec<String> = languages
            .split([',', ' '])
            .map(|l| l.trim().to_lowercase())
            .filter(|l| !l.is_empty())
            .collect();
        let is_one = |l: &String| {
            (2..=12).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if all.len() > 50 || !all.iter().all(is_one) {
            return Err(Problem::bad_request(
                "That is no list of languages.",
                "Write codes with commas between them, such as en, de, fi.",
            ));
        }
        let mut tx = self.connect().db().begin().await?;
        settings::put(&mut tx, LANGUAGES, &all.join(", ")).await?;
        let payload = json!({ "name": LANGUAGES, "value": all.join(", ") });
        let kind = Kind::SettingChanged;
        activity::record_installation(&mut tx, self.now(), kind, actor.id(), &payload).await?;
        self.connect().done(tx).await
    }

    /// Pile-ons of the last month, newest first.
    pub async fn pile_ons(&self, actor: &Actor) -> Result<Vec<PileOnRow>, Problem> {
        Self::admit(actor)?;
        Ok(listen::pile_ons(self.connect().db(), self.now() - 30 * DAY).await?)
    }

    /// Lets the threads of a pile-on wait for a look like others, or dismisses them all; `None` holds them again.
    pub async fn decide_pile_on(
        &self,
        actor: &Actor,
        id: &str,
        is_let_in: Option<bool>,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let db = self.connect().db();
        let row = listen::pile_on(db, id).await?;
        let row = row.ok_or_else(|| Problem::not_found("pile-on"))?;
        let place = |state: &str| match state {
            LET_IN => FOUND,
            listen::DISMISSED => DISMISSED,
            _ => HELD,
        };
        let state = match is_let_in {
            Some(true) => LET_IN,
            Some(false) => listen::DISMISSED,
            None => HELD,
        };
        let why = pile_on(&row.words);
        let held = |place: &str| (place == HELD).then_some(why.as_str());
        let (from, to) = (place(&row.state), place(state));
        let mut tx = db.begin().await?;
        events::in_order(&mut tx).await?;
        let of = (row.connection.as_str(), row.words.as_str());
        let (was, is) = ((from, held(from)), (to, held(to)));
        listen::move_pile_on(&mut tx, of, row.began, was, is).await?;
        listen::decide_pile_on(&mut tx, id, state, is_let_in.map(|_| actor.id())).await?;
        let payload = json!({ "pile_on": id, "words": row.words, "state": state });
        let kind = Kind::ListenPiledOn;
        activity::record_installation(&mut tx, self.now(), kind, actor.id(), &payload).await?;
        self.connect().done(tx).await
    }
}

fn manages(actor: &Actor) -> Result<(), Problem> {
    match actor.is_at_least(Role::Manager) {
        true => Ok(()),
        false => Err(Problem::new(
            403,
            "not_yours",
            "Managers say what is listened to.",
            "Ask one.",
        )),
    }
}
