//! Who a customer is: contacts that are one are merged, and taken apart again with all that was of each.

use super::Desk;
use base::activity::{self, Kind};
use base::identity::{Actor, Role};
use base::problem::Problem;
use mining::Micros;
use serde_json::{Value, json};
use store::desk::{self, ConsentRow, ContactMergeRow, ContactRow, HandleRow, ThreadRow};
use store::{Tx, connections, events};

impl Desk {
    /// A customer with her handles and what was said with her.
    pub async fn contact(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(ContactRow, Vec<HandleRow>, Vec<ThreadRow>), Problem> {
        Self::admit(actor)?;
        let db = self.connect().db();
        let row = desk::contact(db, id)
            .await?
            .ok_or_else(|| Problem::not_found("contact"))?;
        Ok((
            row,
            desk::handles(db, id).await?,
            desk::threads_of_contact(db, id).await?,
        ))
    }

    /// What was merged into a contact: the merge, and what she was called.
    pub async fn merged_contacts(
        &self,
        id: &str,
    ) -> Result<Vec<(ContactMergeRow, String)>, Problem> {
        let db = self.connect().db();
        let mut all = Vec::new();
        for row in desk::contact_merges(db, id).await? {
            if let Some(contact) = desk::contact(db, &row.contact).await? {
                all.push((row, contact.name));
            }
        }
        Ok(all)
    }

    /// Whether it is known how a contact was merged, so that it can be undone: of merges before they were kept it is not.
    pub async fn is_merge_kept(&self, row: &ContactRow) -> Result<bool, Problem> {
        let Some(whole) = &row.merged_into else {
            return Ok(false);
        };
        let merges = desk::contact_merges(self.connect().db(), whole).await?;
        Ok(merges.iter().any(|m| m.contact == row.id))
    }

    /// Two contacts are one; `into` is who stays, or who that one was merged into. Undone by [`Desk::unmerge`].
    pub async fn merge(&self, actor: &Actor, contact: &str, into: &str) -> Result<String, Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        let from = contact_in(&mut tx, contact).await?;
        let to = contact_in(&mut tx, into).await?;
        let to = match &to.merged_into {
            Some(whole) => contact_in(&mut tx, whole).await?,
            None => to,
        };
        if from.id == to.id || from.merged_into.as_ref() == Some(&to.id) {
            return Err(Problem::bad_request(
                "That is the same contact.",
                "Choose another one.",
            ));
        }
        if from.merged_into.is_some() {
            return Err(is_part());
        }
        let takes_case = to.case_ref.is_none() && from.case_ref.is_some();
        let row = ContactMergeRow {
            contact: from.id.clone(),
            into_contact: to.id.clone(),
            at: self.now(),
            by_person: actor.id().into(),
            took_case: i64::from(takes_case),
        };
        desk::merge_contact(&mut tx, &row).await?;
        if takes_case {
            let case = (from.process.as_deref(), from.case_ref.as_deref());
            desk::set_case(&mut tx, &to.id, case, from.matched_by.as_deref()).await?;
        }
        if from.objected.is_some() && to.objected.is_none() {
            desk::set_objected(&mut tx, &to.id, from.objected).await?;
        }
        self.part_strangers(&mut tx, actor, &to.id).await?;
        let payload = json!({ "contact": from.id, "into": to.id });
        self.told(&mut tx, actor, Kind::CustomerMerged, payload)
            .await?;
        self.connect().done(tx).await?;
        Ok(to.id)
    }

    async fn told(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        kind: Kind,
        payload: Value,
    ) -> Result<(), Problem> {
        activity::record_installation(tx, self.now(), kind, actor.id(), &payload).await?;
        Ok(())
    }

    /// Undoes a merge: she is the contact that she was, with what was hers and what came since under her handles.
    pub async fn unmerge(&self, actor: &Actor, contact: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        self.unmerge_in(&mut tx, actor, contact).await?;
        self.connect().done(tx).await
    }

    async fn unmerge_in(&self, tx: &mut Tx, actor: &Actor, id: &str) -> Result<(), Problem> {
        let own = contact_in(tx, id).await?;
        let whole = own.merged_into.clone().unwrap_or_default();
        let merges = desk::contact_merges_in(tx, &whole).await?;
        if !merges.iter().any(|m| m.contact == id) {
            return Err(Problem::new(
                409,
                "not_merged",
                "She was not merged into another contact.",
                "Load the page anew.",
            ));
        }
        let noted = desk::consents_in(tx, &whole).await?;
        desk::part_contact(tx, (id, &whole), &within(&merges, id)).await?;
        let mut child = id;
        let mut unknown = None;
        let mut gives_back = true;
        while let Some(merge) = merges.iter().find(|m| m.contact == child) {
            let parent = contact_in(tx, &merge.into_contact).await?;
            gives_back &= merge.took_case == 1 && parent.case_ref == own.case_ref;
            if gives_back {
                desk::set_case(tx, &parent.id, (None, None), None).await?;
            }
            let key = Some(&parent.id).filter(|p| **p != whole);
            let of = noted.iter().filter(|c| c.own_contact.as_ref() == key);
            let of: Vec<&ConsentRow> = of.collect();
            let since = of.iter().copied().filter(|c| c.at >= merge.at);
            let before = of.iter().copied().filter(|c| c.at < merge.at);
            let since = objection(since);
            unknown = unknown.or(since);
            let stands = match since.or(objection(before)) {
                Some(row) => {
                    // Lifted while they were one, by one of them.
                    if objection(of.iter().copied()).is_none() {
                        self.note_again(tx, row, (&whole, key)).await?;
                    }
                    Some(row.at)
                }
                None => self.stands(tx, &merges, merge, &of).await?,
            };
            desk::set_objected(tx, &parent.id, stands).await?;
            child = &merge.into_contact;
        }
        // Said of both, by one of them: it is not known which, and neither is answered.
        if let Some(row) = unknown {
            self.note_again(tx, row, (id, None)).await?;
            let at = own.objected.or(Some(row.at));
            desk::set_objected(tx, id, at).await?;
        }
        self.part_strangers(tx, actor, id).await?;
        let payload = json!({ "contact": id, "out_of": whole });
        self.told(tx, actor, Kind::CustomerMerged, payload).await
    }

    /// Since when somebody objects who is part of who is left after a merge is undone, if nobody lifted it.
    async fn stands(
        &self,
        tx: &mut Tx,
        merges: &[ContactMergeRow],
        undone: &ContactMergeRow,
        noted: &[&ConsentRow],
    ) -> Result<Option<Micros>, Problem> {
        let others = merges
            .iter()
            .filter(|m| m.into_contact == undone.into_contact && m.contact != undone.contact);
        for other in others {
            let between = other.at..undone.at;
            let mut lifted = noted.iter().filter(|c| c.what == "lifted");
            let is_lifted = lifted.any(|c| between.contains(&c.at));
            if let (false, Some(at)) = (is_lifted, contact_in(tx, &other.contact).await?.objected) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Notes an objection of one contact of another one, too, or again.
    async fn note_again(
        &self,
        tx: &mut Tx,
        row: &ConsentRow,
        (contact, own): (&str, Option<&String>),
    ) -> Result<(), Problem> {
        let row = ConsentRow {
            id: self.connect().id("cons"),
            contact: contact.into(),
            at: match own.is_some() || contact == row.contact {
                true => self.now(),
                false => row.at,
            },
            own_contact: own.cloned(),
            ..row.clone()
        };
        Ok(desk::insert_consent(tx, &row).await?)
    }

    /// A handle is somebody else's. What came by a merge is again who it was; otherwise it is a new contact. Returns who has it.
    pub async fn split(&self, actor: &Actor, kind: &str, author: &str) -> Result<String, Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        let handle = desk::handle_in(&mut tx, kind, author).await?;
        let handle = handle.ok_or_else(|| Problem::not_found("handle"))?;
        let own = desk::own_contact(&mut tx, kind, author).await?;
        let undone = match &own {
            Some(own) => Some((own.clone(), own.clone())),
            None => only_other(&mut tx, &handle)
                .await?
                .map(|other| (other, handle.contact.clone())),
        };
        if let Some((undone, hers)) = undone {
            self.unmerge_in(&mut tx, actor, &undone).await?;
            self.connect().done(tx).await?;
            return Ok(hers);
        }
        let contact = ContactRow {
            id: self.connect().id("con"),
            name: if handle.name.is_empty() {
                handle.handle.clone()
            } else {
                handle.name.clone()
            },
            email: None,
            created: self.now(),
            process: None,
            case_ref: None,
            matched_by: None,
            merged_into: None,
            objected: None,
        };
        desk::insert_contact(&mut tx, &contact).await?;
        let whole = contact_in(&mut tx, &handle.contact).await?;
        if whole.objected.is_some() {
            let noted = desk::consents_in(&mut tx, &whole.id).await?;
            let of = noted.iter().filter(|c| c.own_contact.is_none());
            if let Some(row) = objection(of) {
                self.note_again(&mut tx, row, (&contact.id, None)).await?;
                desk::set_objected(&mut tx, &contact.id, Some(row.at)).await?;
            }
        }
        desk::move_handle(&mut tx, kind, author, &contact.id).await?;
        self.part_strangers(&mut tx, actor, &contact.id).await?;
        let payload = json!({ "contact": contact.id, "out_of": handle.contact });
        self.told(&mut tx, actor, Kind::CustomerMerged, payload)
            .await?;
        self.connect().done(tx).await?;
        Ok(contact.id)
    }

    /// Erases a customer with all she said, as it came too; nothing brings it back but she herself.
    pub async fn erase(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        if actor.role() != Role::Owner {
            return Err(Problem::new(
                403,
                "not_yours",
                "Owners erase customers.",
                "Ask one.",
            ));
        }
        let (row, handles, _) = self.contact(actor, id).await?;
        if row.merged_into.is_some() {
            return Err(is_part());
        }
        let all = connections::list(self.connect().db()).await?;
        let kinds = all.into_iter().map(|c| (c.id, c.kind)).collect();
        let mut tx = self.connect().db().begin().await?;
        events::in_order(&mut tx).await?;
        // What she said and is on its way to the desk goes with the rest.
        self.connect()
            .forget_arrivals(&mut tx, &handles, &kinds)
            .await?;
        store::erase::contact(&mut tx, id).await?;
        let names = handles.iter().flat_map(|h| [&h.author, &h.handle]);
        for told in names.chain(&row.email).filter(|name| name.contains('@')) {
            store::erase::in_record(&mut tx, told, |payload| {
                crate::keeping::erase::replace(payload, told, "Erased customer");
            })
            .await?;
        }
        self.told(
            &mut tx,
            actor,
            Kind::CustomerErased,
            json!({ "contact": id }),
        )
        .await?;
        self.connect().done(tx).await
    }
}

async fn contact_in(tx: &mut Tx, id: &str) -> Result<ContactRow, Problem> {
    let row = desk::contact_in(tx, id).await?;
    row.ok_or_else(|| Problem::not_found("contact"))
}

/// The one contact that was merged into the one that has a handle, where that has no other of its own: to say that the handle is somebody
/// else's says that the two are not one.
async fn only_other(tx: &mut Tx, handle: &HandleRow) -> Result<Option<String>, Problem> {
    let merges = desk::contact_merges_in(tx, &handle.contact).await?;
    let into_her = merges.iter().filter(|m| m.into_contact == handle.contact);
    let into_her: Vec<&ContactMergeRow> = into_her.collect();
    Ok(match into_her[..] {
        [one] if desk::own_handles(tx, &handle.contact).await? == 1 => Some(one.contact.clone()),
        _ => None,
    })
}

fn is_part() -> Problem {
    Problem::new(
        409,
        "merged_already",
        "She is part of another contact.",
        "Undo that first, or go on with the other one.",
    )
}

/// The objection that stands after what was noted, oldest first.
fn objection<'a>(noted: impl IntoIterator<Item = &'a ConsentRow>) -> Option<&'a ConsentRow> {
    let said = noted
        .into_iter()
        .filter(|c| c.what == "objected" || c.what == "lifted");
    said.last().filter(|c| c.what == "objected")
}

/// What was merged into a contact before it was merged itself, however deep.
fn within(merges: &[ContactMergeRow], id: &str) -> Vec<String> {
    let mut all = vec![id.to_string()];
    let mut at = 0;
    while at < all.len() {
        let of = merges.iter().filter(|m| m.into_contact == all[at]);
        let of: Vec<String> = of.map(|m| m.contact.clone()).collect();
        all.extend(of);
        at += 1;
    }
    all.split_off(1)
}
