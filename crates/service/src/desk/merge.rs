//! Two threads in which one customer asks the same are worked on as one, until somebody splits them again.

use super::Desk;
use base::activity::Kind;
use base::identity::Actor;
use base::problem::Problem;
use mining::Micros;
use serde_json::json;
use store::desk::{self, ANSWERED, CLOSED, FOUND, HELD, Joined, MERGED, MergeRow, OPEN, ThreadRow};
use store::{Tx, events};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The thread that shows both.
    pub into: String,
    /// Nobody was known to have written the one that went in; now it counts as of the same customer.
    pub vouched: bool,
}

/// What a merge did with a thread, or a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// Another was merged into it.
    Joined,
    /// Another was taken out of it.
    Left,
    /// It was taken out of another, where so many notes stay that were written meanwhile.
    Apart { notes: u64 },
}

/// A merge or a split, as it is told among what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub at: Micros,
    pub by: String,
    /// The other thread.
    pub other: String,
    pub became: Became,
}

/// Why two threads do not become one.
fn apart(code: &'static str, what: impl Into<String>, remedy: &str) -> Problem {
    Problem::new(409, code, what.into(), remedy)
}

impl Desk {
    /// Makes a thread part of another, which shows both from then on. Undone by [`Desk::split_thread`].
    pub async fn merge_threads(
        &self,
        actor: &Actor,
        id: &str,
        into: &str,
    ) -> Result<Merged, Problem> {
        Self::admit(actor)?;
        if id == into {
            return Err(Problem::bad_request(
                "That is the same thread.",
                "Choose another one.",
            ));
        }
        let (mut tx, to) = self.begin(into).await?;
        let from = desk::thread_in(&mut tx, id).await?;
        let from = from.ok_or_else(|| Problem::not_found("thread"))?;
        if from.merged_into.as_deref().unwrap_or(id) == to.id {
            return Err(apart(
                "one_already",
                "They are one thread already.",
                "Load the page anew.",
            ));
        }
        for row in [&from, &to] {
            if let Some(problem) = unfit(row) {
                return Err(problem);
            }
            if let Some(by) = self.holder(row, actor) {
                drop(tx);
                return Err(self.held_by(by).await);
            }
        }
        self.same_customer(&mut tx, &from, &to).await?;
        same_case(&from, &to)?;
        let now = self.now();
        let merge = MergeRow {
            thread: from.id.clone(),
            into_thread: to.id.clone(),
            at: now,
            by_person: actor.id().into(),
            state: from.state.clone(),
            into_state: to.state.clone(),
            into_snoozed: to.snoozed,
            took_contact: i64::from(from.contact.is_none()),
        };
        desk::merge_thread(&mut tx, &merge).await?;
        desk::set_joined(&mut tx, &to.id, &joined(&from, &to, actor.id(), now)).await?;
        let places = (Self::place(&from.id), Self::place(&to.id));
        store::work::move_drafts(&mut tx, &places.0, &places.1, &from.id).await?;
        let vouched = from.contact.is_none();
        let payload = json!({ "thread": from.id, "merged": true, "vouched": vouched });
        self.note_of(&mut tx, actor, &to, Kind::DeskMerged, payload)
            .await?;
        self.connect().done(tx).await?;
        Ok(Merged {
            into: to.id,
            vouched,
        })
    }

    async fn held_by(&self, by: &str) -> Problem {
        let found = self.taken(by).await;
        match found.code.as_str() {
            "taken" => Problem::new(
                409,
                "merge_taken",
                found.what,
                "Wait until the reply is out, or ask to be handed the thread.",
            ),
            _ => found,
        }
    }

    async fn same_customer(
        &self,
        tx: &mut Tx,
        from: &ThreadRow,
        to: &ThreadRow,
    ) -> Result<(), Problem> {
        match (&from.contact, &to.contact) {
            (Some(a), Some(b)) if a == b => Ok(()),
            (None, Some(_)) => Ok(()),
            (Some(_), None) => Err(apart(
                "other_way",
                "Nobody is known to have written the other thread.",
                "Merge that one into this one.",
            )),
            (None, None) => Err(apart(
                "nobody_known",
                "Nobody is known to have written either thread.",
                "Say of one of them who it is from.",
            )),
            (Some(a), Some(b)) => {
                let mut names = Vec::new();
                for id in [a, b] {
                    let contact = desk::contact_in(tx, id).await?;
                    names.push(contact.map_or_else(|| "somebody".into(), |c| c.name));
                }
                Err(apart(
                    "other_customer",
                    format!("They are of two customers: {}.", names.join(" and ")),
                    "If the two are one person, merge them on her page first.",
                ))
            }
        }
    }

    /// Takes a thread out of the one it was merged into, with all that was said in it before and since.
    pub async fn split_thread(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (mut tx, shown) = self.begin(id).await?;
        if let Some(by) = self.holder(&shown, actor) {
            drop(tx);
            return Err(self.held_by(by).await);
        }
        self.split_in(&mut tx, actor, &shown, id).await?;
        self.connect().done(tx).await
    }

    /// Splits what was merged and is of another customer by now.
    pub(super) async fn part_strangers(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        contact: &str,
    ) -> Result<(), Problem> {
        while let Some((id, shown)) = desk::stranger(tx, contact).await? {
            let shown = desk::thread_in(tx, &shown).await?;
            let shown = shown.ok_or_else(|| Problem::not_found("thread"))?;
            self.split_in(tx, actor, &shown, &id).await?;
        }
        Ok(())
    }

    async fn split_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        shown: &ThreadRow,
        id: &str,
    ) -> Result<(), Problem> {
        let merges = desk::merges_in(tx, &shown.id).await?;
        let Some(merge) = merges.iter().find(|m| m.thread == id) else {
            return Err(apart(
                "not_merged",
                "It is not part of another thread.",
                "Load the page anew.",
            ));
        };
        let hers = desk::of_same_customer(tx, &shown.id, id).await?;
        let with = inside(&merges, id, &hers);
        desk::split_thread(tx, merge, &with).await?;
        let mut part = vec![id.to_string()];
        part.extend(with.iter().cloned());
        let (place, whole) = (Self::place(id), Self::place(&shown.id));
        store::work::move_drafts_about(tx, &whole, &place, &part).await?;
        let rest = merges
            .iter()
            .filter(|m| m.thread != id && !with.contains(&m.thread));
        let did_wait = merge.into_state == OPEN || rest.clone().any(|m| m.state == OPEN);
        let (now, way) = (self.now(), way_of(&merges, merge));
        let own = desk::thread_in(tx, id).await?;
        let own = own.ok_or_else(|| Problem::not_found("thread"))?;
        if shown.state == HELD {
            let held = (HELD, shown.held.as_deref());
            desk::set_apart(tx, id, held, None, own.snoozed).await?;
        } else {
            // What a person decided of all of it stands for both, as far as nothing came since.
            let before = match decided(tx, shown, &way).await? {
                Some(decided) => decided,
                None => Was::at_merge(merge, &merge.state, merge.state == OPEN),
            };
            let (state, waiting) = stands(tx, id, &before).await?;
            let snoozed = own.snoozed.filter(|_| before.opened.is_none());
            desk::set_apart(tx, id, (state, None), waiting, snoozed).await?;
            let before = match decided(tx, shown, &way[..1]).await? {
                Some(decided) => decided,
                None => Was::at_merge(merge, &merge.into_state, did_wait),
            };
            let (state, waiting) = stands(tx, &shown.id, &before).await?;
            let slept = merge.into_snoozed.filter(|until| *until > now);
            let slept = slept.filter(|_| before.opened.is_none());
            let has_spoken = desk::waits_since(tx, &shown.id, false, merge.at).await?;
            let slept = slept.filter(|_| has_spoken.is_none());
            let snoozed = shown.snoozed.or(slept);
            desk::set_apart(tx, &shown.id, (state, None), waiting, snoozed).await?;
        }
        let payload = json!({ "thread": id, "merged": false });
        self.note_of(tx, actor, shown, Kind::DeskMerged, payload)
            .await?;
        let came = way.first().map_or(merge.at, |m| m.at);
        let notes = desk::notes_since(tx, &shown.id, came).await?;
        let payload = json!({ "out_of": shown.id, "notes": notes });
        self.note_of(tx, actor, &own, Kind::DeskMerged, payload)
            .await
    }

    /// Threads of the same customer that one may be merged into: of a contact that is known, or whose address it came under.
    pub async fn could_be_one(
        &self,
        actor: &Actor,
        row: &ThreadRow,
    ) -> Result<Vec<ThreadRow>, Problem> {
        Self::admit(actor)?;
        if unfit(row).is_some() {
            return Ok(Vec::new());
        }
        let mut rows = desk::could_be_one(self.connect().db(), &row.id).await?;
        rows.retain(|other| same_case(row, other).is_ok());
        Ok(rows)
    }

    /// The kind of channel of a thread, and its title.
    pub async fn called(&self, id: &str) -> Result<Option<(String, String)>, Problem> {
        let db = self.connect().db();
        let Some(row) = desk::thread(db, id).await? else {
            return Ok(None);
        };
        let connection = store::connections::find(db, &row.connection).await?;
        Ok(connection.map(|c| (c.kind, row.title)))
    }

    /// Who merged what into a thread and took it out again, or took the thread itself out, oldest first.
    pub async fn merges_told(&self, id: &str) -> Result<Vec<Told>, Problem> {
        let all = events::of_subject(self.connect().db(), id).await?;
        let merges = all
            .into_iter()
            .filter(|e| e.kind == Kind::DeskMerged.word());
        let told = merges.filter_map(|e| {
            let payload: serde_json::Value = serde_json::from_str(&e.payload).ok()?;
            let (other, became) = match payload["out_of"].as_str() {
                Some(whole) => {
                    let notes = payload["notes"].as_u64().unwrap_or(0);
                    (whole, Became::Apart { notes })
                }
                None if payload["merged"] == true => (payload["thread"].as_str()?, Became::Joined),
                None => (payload["thread"].as_str()?, Became::Left),
            };
            Some(Told {
                at: e.at,
                by: e.actor,
                other: other.into(),
                became,
            })
        });
        Ok(told.collect())
    }
}

/// Why a thread is not merged as it is now.
fn unfit(row: &ThreadRow) -> Option<Problem> {
    match row.state.as_str() {
        OPEN | ANSWERED | CLOSED => None,
        MERGED => Some(apart(
            "merged_already",
            "It is part of another thread already.",
            "Merge that one, or split them first.",
        )),
        HELD => Some(apart(
            "merge_held",
            "The filter holds one of the two threads.",
            "Let it into the queue first.",
        )),
        FOUND => Some(apart(
            "merge_found",
            "One of the two threads was found, and not said to us.",
            "Put it into the queue first.",
        )),
        _ => Some(apart(
            "merge_found",
            "One of the two threads was dismissed.",
            "Undo that first.",
        )),
    }
}

/// What is merged is about one case at most, and the thread that stays is the one that says which.
fn same_case(from: &ThreadRow, to: &ThreadRow) -> Result<(), Problem> {
    match (&from.case_ref, &to.case_ref) {
        (None, _) => Ok(()),
        (a, b) if a == b && from.process == to.process => Ok(()),
        (Some(case), None) => Err(apart(
            "other_way",
            format!("This thread is about {case}; the other one has no case yet."),
            "Merge that one into this one.",
        )),
        (Some(a), b) => Err(apart(
            "other_case",
            format!(
                "They are about two cases: {a} and {}.",
                b.as_deref().unwrap_or_default()
            ),
            "If they are about the same, set the case of one of them first.",
        )),
    }
}

/// What a thread is like with another in it: she waits if she waits in either, and sleeps only if all that waits does.
fn joined(from: &ThreadRow, to: &ThreadRow, actor: &str, now: Micros) -> Joined {
    let open: Vec<&ThreadRow> = [from, to].into_iter().filter(|t| t.state == OPEN).collect();
    let mine = [from, to].into_iter().filter(|t| {
        t.claimed_by.as_deref() == Some(actor) && t.claimed_until.is_some_and(|u| u > now)
    });
    let claimed_until = mine.filter_map(|t| t.claimed_until).max();
    let claimed_until = claimed_until.filter(|_| !open.is_empty());
    let sleeps = |t: &&ThreadRow| t.snoozed.is_some_and(|until| until > now);
    Joined {
        state: match open.is_empty() {
            true => to.state.clone(),
            false => OPEN.into(),
        },
        waiting: match open.is_empty() {
            true => to.waiting,
            false => open.iter().filter_map(|t| t.waiting).min(),
        },
        snoozed: match open.iter().all(sleeps) {
            true if open.is_empty() => to.snoozed,
            true => open.iter().filter_map(|t| t.snoozed).min(),
            false => None,
        },
        last: from.last.max(to.last),
        claimed_by: claimed_until.map(|_| actor.into()),
        claimed_until,
    }
}

/// What was merged into one before it was merged itself, however deep, as far as it is of the same customer.
fn inside(merges: &[MergeRow], id: &str, hers: &[String]) -> Vec<String> {
    let mut all = vec![id.to_string()];
    let mut at = 0;
    while at < all.len() {
        let of: Vec<String> = merges
            .iter()
            .filter(|m| m.into_thread == all[at] && hers.contains(&m.thread))
            .map(|m| m.thread.clone())
            .collect();
        all.extend(of);
        at += 1;
    }
    all.split_off(1)
}

/// The merges by which a thread came to what shows it, the last one first.
fn way_of<'a>(merges: &'a [MergeRow], merge: &'a MergeRow) -> Vec<&'a MergeRow> {
    let mut way = vec![merge];
    while let Some(next) = merges.iter().find(|m| m.thread == way[0].into_thread)
        && way.len() < merges.len()
    {
        way.insert(0, next);
    }
    way
}

/// How a thread was before what is looked at now.
struct Was {
    state: &'static str,
    did_wait: bool,
    since: Micros,
    /// Since when she waits, where a person opened the whole.
    opened: Option<Micros>,
}

impl Was {
    fn at_merge(merge: &MergeRow, state: &str, did_wait: bool) -> Was {
        let mut all = [OPEN, ANSWERED].into_iter();
        Was {
            state: all.find(|s| *s == state).unwrap_or(CLOSED),
            did_wait,
            since: merge.at,
            opened: None,
        }
    }
}

/// What somebody made last of the whole that a thread was part of: closed it, or opened it again.
async fn decided(
    tx: &mut Tx,
    shown: &ThreadRow,
    way: &[&MergeRow],
) -> Result<Option<Was>, Problem> {
    let kinds = [Kind::DeskClosed, Kind::DeskHeld].map(|k| k.word().to_string());
    for merge in way {
        let last = events::last_of_subject(tx, &merge.into_thread, &kinds, merge.at).await?;
        let Some(event) = last else { continue };
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let is_open = payload["closed"] != true;
        return Ok(Some(Was {
            state: if is_open { OPEN } else { CLOSED },
            did_wait: is_open,
            since: event.at,
            opened: is_open.then(|| shown.waiting.unwrap_or(shown.last)),
        }));
    }
    Ok(None)
}

/// How a thread stands alone: by its own messages, or as it was where nothing came of them. What did not wait before waits only for what
/// came since; what somebody opened waits until it is answered.
async fn stands(
    tx: &mut Tx,
    id: &str,
    was: &Was,
) -> Result<(&'static str, Option<Micros>), Problem> {
    if let Some(waiting) = desk::waits_since(tx, id, was.did_wait, was.since).await? {
        return Ok((OPEN, Some(waiting)));
    }
    if was.opened.is_some() && !desk::we_said_since(tx, id, was.since).await? {
        return Ok((OPEN, was.opened));
    }
    let state = match desk::replied_in(tx, id).await? {
        Some(_) if was.state != CLOSED => ANSWERED,
        _ if was.state == OPEN => CLOSED,
        _ => was.state,
    };
    Ok((state, None))
}
