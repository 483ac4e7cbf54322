//! Customers by name: to look one up, or to choose with whom another one is one.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::State;
use axum::response::Html;
use base::format;
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::desk::accounts::{CONTACTS, Listed};

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    shell: Shell,
    q: String,
    /// Who is merged into the one that is chosen: id and name.
    merged: Option<(String, String)>,
    rows: Vec<Row>,
    more: Option<String>,
    /// Whether this is the first page of all there are.
    is_all: bool,
}

/// A customer in a list.
pub struct Row {
    pub id: String,
    pub name: String,
    pub handles: String,
    /// Name and address.
    pub account: Option<(String, String)>,
    pub case: Option<String>,
    pub told: String,
    pub last: String,
    pub open: i64,
    pub is_objected: bool,
}

impl Row {
    pub fn of(one: Listed) -> Row {
        let handles = one
            .handles
            .iter()
            .map(|h| format!("{} ({})", h.handle, h.channel));
        Row {
            handles: handles.collect::<Vec<_>>().join(", "),
            account: one.account.map(|name| (address(&name), name)),
            case: one.case,
            told: format::many(one.conversations, "conversation"),
            last: one.last.map(format::date).unwrap_or_default(),
            open: one.open,
            is_objected: one.objected.is_some(),
            id: one.id,
            name: one.name,
        }
    }
}

/// Where a company is shown.
pub fn address(account: &str) -> String {
    format!("/accounts/{}", format::urlencode(account))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    q: String,
    after: String,
    merge: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let merged = match asked.merge.as_str() {
        "" => None,
        id => Some((id.to_string(), app.desk.contact(&actor, id).await?.0.name)),
    };
    let mut all = app.desk.contacts(&actor, &asked.q, &asked.after).await?;
    let more = all.last().filter(|_| all.len() == CONTACTS).map(|last| {
        let part = |name: &str, value: &str| format!("&{name}={}", format::urlencode(value));
        format!(
            "/contacts?after={}{}{}",
            last.id,
            part("q", &asked.q),
            part("merge", &asked.merge)
        )
    });
    all.retain(|one| merged.as_ref().is_none_or(|(id, _)| *id != one.id));
    render(ContactsPage {
        shell: Shell::new(&app, &actor, "Contacts", "contacts", None).await?,
        rows: all.into_iter().map(Row::of).collect(),
        more,
        is_all: asked.q.trim().is_empty() && asked.after.is_empty(),
        q: asked.q,
        merged,
    })
}
