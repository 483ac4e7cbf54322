//! How it goes with a customer: who of us knows her, how it grows, and what she said of being kept and answered.

use super::Desk;
use base::activity::{self, Kind};
use base::identity::Actor;
use base::problem::Problem;
use connectors::follow::month;
use mining::Micros;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use store::desk::{self, ConsentRow, ContactRow, ReplyRow, ThreadRow};
use store::events;

/// Messages that are looked at.
pub(super) const MOST: i64 = 5_000;
/// Months that are told of at most.
const MONTHS: usize = 24;
/// What was said in a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Month {
    /// Some moment of it.
    pub at: Micros,
    pub hers: u64,
    pub ours: u64,
}

/// A colleague who knows a customer.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Knows {
    /// Her id.
    pub person: String,
    /// How often she answered, and when last.
    pub replies: i64,
    pub last: Micros,
    /// Half of her replies came within this; only where figures of single people may be looked at.
    pub fast: Option<Micros>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// Oldest first, without gaps.
    pub months: Vec<Month>,
    pub first: Option<Micros>,
    pub last: Option<Micros>,
    /// Kinds of channel she wrote on, with how often.
    pub channels: Vec<(String, u64)>,
    /// Colleagues who answered her, most often first.
    pub knows: Vec<Knows>,
    /// The attribute of her case that names a company, and the name.
    pub account: Option<(String, String)>,
    /// Newest first.
    pub consents: Vec<ConsentRow>,
}

impl Desk {
    pub async fn relation(&self, actor: &Actor, contact: &ContactRow) -> Result<Relation, Problem> {
        Self::admit(actor)?;
        let db = self.connect().db();
        let talk = desk::talk_with(db, &contact.id, MOST).await?;
        let mut channels: BTreeMap<String, u64> = BTreeMap::new();
        for (_, _, kind) in talk.iter().filter(|(_, is_ours, _)| *is_ours == 0) {
            *channels.entry(kind.clone()).or_default() += 1;
        }
        Ok(Relation {
            months: months(&talk),
            first: talk.last().map(|t| t.0),
            last: talk.first().map(|t| t.0),
            channels: channels.into_iter().collect(),
            knows: knows(
                desk::answers(db, std::slice::from_ref(&contact.id)).await?,
                self.shows_people().await,
            ),
            account: match (&contact.process, &contact.case_ref) {
                (Some(process), Some(case)) => self.account_of(process, case).await?,
                _ => None,
            },
            consents: desk::consents(db, &contact.id).await?,
        })
    }

    /// Notes that she objected to being answered or kept, or that she lifted it; how she said it has to be told.
    pub async fn set_objected(
        &self,
        actor: &Actor,
        contact: &str,
        is_objected: bool,
        how: &str,
    ) -> Result<(), Problem> {
        let row = self.contact(actor, contact).await?.0;
        if row.objected.is_some() == is_objected {
            return Ok(());
        }
        let what = if is_objected { "objected" } else { "lifted" };
        self.note_consent(actor, &row, what, how).await
    }

    /// Notes that she agreed to something, or took that back.
    pub async fn set_consent(
        &self,
        actor: &Actor,
        contact: &str,
        is_given: bool,
        how: &str,
    ) -> Result<(), Problem> {
        let row = self.contact(actor, contact).await?.0;
        let what = if is_given { "consented" } else { "withdrawn" };
        self.note_consent(actor, &row, what, how).await
    }

    async fn note_consent(
        &self,
        actor: &Actor,
        contact: &ContactRow,
        what: &str,
        how: &str,
    ) -> Result<(), Problem> {
        let how = how.trim();
        if how.is_empty() || how.chars().count() > 500 || how.contains('\0') {
            return Err(Problem::bad_request(
                "It is not said how she said it.",
                "Write it in up to 500 characters, such as: by mail of 3 March.",
            ));
        }
        let now = self.now();
        let row = ConsentRow {
            id: self.connect().id("cons"),
            contact: contact.id.clone(),
            at: now,
            by_person: actor.id().into(),
            what: what.into(),
            how: how.into(),
            own_contact: None,
        };
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        desk::insert_consent(&mut tx, &row).await?;
        match what {
            "objected" => desk::set_objected(&mut tx, &contact.id, Some(now)).await?,
            "lifted" => desk::set_objected(&mut tx, &contact.id, None).await?,
            _ => {}
        }
        // How she said it stands on her page alone, so that erasing her takes it away.
        let payload = json!({ "contact": contact.id, "what": what });
        let kind = Kind::CustomerObjected;
        activity::record_installation(&mut tx, now, kind, actor.id(), &payload).await?;
        self.connect().done(tx).await
    }

    /// Who would get the next answer in a thread, without what was merged into it, if she objected to it.
    pub async fn objector(&self, row: &ThreadRow) -> Result<Option<ContactRow>, Problem> {
        let said = desk::said(self.connect().db(), &row.id, 200).await?;
        let is_hers = |s: &&desk::SaidRow| {
            s.thread == row.id && s.is_ours == 0 && s.deleted.is_none() && s.held.is_none()
        };
        let last = said.iter().rev().find(is_hers).map(|s| s.source.as_str());
        Ok(desk::objector(self.connect().db(), &row.id, last).await?)
    }

    /// Refuses a reply to who objected.
    pub(super) async fn admit_reply(&self, reply: &ReplyRow) -> Result<(), Problem> {
        let answered = reply.reply_to.as_deref();
        let db = self.connect().db();
        match desk::objector(db, &reply.thread, answered).await? {
            Some(contact) => Err(objected(&contact.name)),
            None => Ok(()),
        }
    }
}

pub(super) fn objected(name: &str) -> Problem {
    Problem::new(
        409,
        "objected",
        format!("{name} objected to being answered."),
        "If she lifted it, note that on her page first. Your text is kept as your draft.",
    )
}

/// Who answered, most often first; how fast each of them was only where that may be looked at.
pub(super) fn knows(
    answers: Vec<(String, Micros, Option<Micros>)>,
    shows_people: bool,
) -> Vec<Knows> {
    let mut all: BTreeMap<String, (Vec<Micros>, Vec<Micros>)> = BTreeMap::new();
    for (person, sent, after) in answers {
        let of = all.entry(person).or_default();
        of.0.push(sent);
        of.1.extend(after);
    }
    let all = all.into_iter().map(|(person, (sent, after))| Knows {
        person,
        replies: sent.len() as i64,
        last: sent.into_iter().max().unwrap_or_default(),
        fast: median(after).filter(|_| shows_people),
    });
    let mut all: Vec<Knows> = all.collect();
    all.sort_by_key(|k| std::cmp::Reverse(k.replies));
    all
}

pub(super) fn median(mut times: Vec<Micros>) -> Option<Micros> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// By month, from the first in which something was said to the last.
pub(super) fn months(talk: &[(Micros, i64, String)]) -> Vec<Month> {
    let mut all: BTreeMap<String, Month> = BTreeMap::new();
    let (Some(last), Some(first)) = (talk.first(), talk.last()) else {
        return Vec::new();
    };
    // A day in each month, so that none is left out.
    const DAYS: Micros = 86_400_000_000 * 27;
    let mut at = last.0;
    while at > first.0 && all.len() < MONTHS {
        all.entry(month(at)).or_default().at = at;
        at -= DAYS;
    }
    for (at, is_ours, _) in talk {
        let key = month(*at);
        if all.len() >= MONTHS && !all.contains_key(&key) {
            continue;
        }
        let of = all.entry(key).or_default();
        of.at = *at;
        match is_ours {
            0 => of.hers += 1,
            _ => of.ours += 1,
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::time::DAY;

    #[test]
    fn months_are_told_without_gaps_and_not_more_than_two_years_of_them() {
        let said = |day: i64, is_ours: i64| (day * DAY, is_ours, "x".to_string());
        let all = months(&[said(95, 1), said(94, 0), said(3, 0)]);
        let plain: Vec<(u64, u64)> = all.iter().map(|m| (m.hers, m.ours)).collect();
        assert_eq!(plain, [(1, 0), (0, 0), (0, 0), (1, 1)]);
        assert_eq!(months(&[]), []);
        assert!(months(&[said(3_000, 0), said(0, 0)]).len() <= MONTHS);
    }
}
