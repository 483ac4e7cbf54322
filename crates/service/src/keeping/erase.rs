//! A person or a case is forgotten. What others need in order to understand what is left stays, without a name in it.

use crate::processes::Library;
use crate::work::markdown;
use base::activity::{self, Kind};
use base::identity::Identity;
use base::problem::Problem;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use store::Tx;
use store::erase::{self, Removed};
use store::{mailboxes, networks, people, source_mappings};

/// What stands where a name stood.
const NOBODY: &str = "Erased person";

/// Forgets a person: her account, what is hers alone, and her name in what others wrote. What she wrote stays as that of
/// an "Erased person", or is emptied with `with_messages`. Imported events are not touched.
pub async fn person(
    identity: &Identity,
    id: &str,
    with_messages: bool,
    by: &str,
) -> Result<Removed, Problem> {
    let now = identity.now();
    let mut tx = identity.db().begin().await?;
    people::lock(&mut tx).await?;
    let found = people::find_in(&mut tx, id).await?;
    let before = found
        .filter(|p| p.state != "erased")
        .ok_or_else(|| Problem::not_found("person"))?;
    if people::owners_in(&mut tx).await? == [before.id.clone()] {
        return Err(Problem::new(
            409,
            "last_owner",
            format!("{} is the last owner.", before.name),
            "Make somebody else an owner first.",
        ));
    }
    handles(&mut tx, id).await?;
    erase::hers(&mut tx, id).await?;
    let removed = match with_messages {
        true => erase::her_messages(&mut tx, id, now).await?,
        false => Removed::default(),
    };
    let handle = before.handle.clone();
    erase::in_texts(&mut tx, &format!("@{handle}"), |text| {
        markdown::without_handle(text, &handle, NOBODY)
    })
    .await?;
    mailboxes::forget_sender(&mut tx, &before.email.to_lowercase()).await?;
    networks::forget(&mut tx, &before.email).await?;
    for told in [&before.email, &before.name] {
        source_mappings::forget_told(&mut tx, told).await?;
        erase::in_record(&mut tx, told, |payload| replace(payload, told, NOBODY)).await?;
    }
    let row = people::PersonRow {
        email: format!("{id}@erased.invalid"),
        handle: format!("erased-{id}"),
        name: NOBODY.into(),
        role: "guest".into(),
        state: "erased".into(),
        password: None,
        subject: None,
        external: None,
        zone: "UTC".into(),
        settings: "{}".into(),
        ..before
    };
    people::update(&mut tx, &row).await?;
    let payload = json!({ "person": id, "with_messages": with_messages,
        "messages": removed.messages, "attachments": removed.attachments });
    activity::record_installation(&mut tx, now, Kind::PersonErased, by, &payload).await?;
    tx.commit().await?;
    identity.forget();
    Ok(removed)
}

/// Takes out of the record what she is called where she talks with colleagues, now or before.
async fn handles(tx: &mut Tx, id: &str) -> Result<(), Problem> {
    let told = source_mappings::told_of(tx, id).await?;
    let told = Mutex::new(BTreeSet::from_iter(told));
    erase::in_record(tx, id, |payload| {
        if let (true, Some(handle)) = (payload["person"] == id, payload["handle"].as_str()) {
            told.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(handle.into());
        }
    })
    .await?;
    for told in told.into_inner().unwrap_or_default() {
        erase::in_record(tx, &told, |payload| {
            if payload["handle"] == told {
                payload["handle"] = NOBODY.into();
            }
        })
        .await?;
    }
    Ok(())
}

/// Replaces every text that is this one.
pub(crate) fn replace(value: &mut Value, told: &str, with: &str) {
    match value {
        Value::String(text) if text.to_lowercase() == told.to_lowercase() => {
            *text = with.into();
        }
        Value::Array(all) => all.iter_mut().for_each(|v| replace(v, told, with)),
        Value::Object(all) => all.values_mut().for_each(|v| replace(v, told, with)),
        _ => {}
    }
}

/// Forgets a case: what was said, asked, attached and checked off, and its imported events.
pub async fn case(
    library: &Library,
    process: &str,
    case: &str,
    by: &str,
) -> Result<Removed, Problem> {
    let process = library.named(process).await?;
    let now = library.clock().now();
    let mut tx = library.db().begin().await?;
    let held = library.forget_case(&mut tx, &process.id, case).await?;
    let removed = erase::case(&mut tx, &process.id, case).await?;
    if held.is_none() && removed == Removed::default() {
        return Err(Problem::not_found("case"));
    }
    erase::in_record(&mut tx, case, |payload| {
        if payload["case"] == case {
            payload["case"] = "erased".into();
        }
    })
    .await?;
    let payload = json!({ "messages": removed.messages, "attachments": removed.attachments,
        "conversations": removed.conversations });
    activity::record(&mut tx, now, Kind::CaseErased, by, &process.id, &payload).await?;
    tx.commit().await?;
    if let Some(file) = held {
        library.discard(&file).await?;
    }
    Ok(removed)
}
