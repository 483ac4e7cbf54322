//! The event record as owners look at it: who did what, and when.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base::format;
use base::identity::{Actor, Directory};
use serde::Deserialize;
use service::app::App;
use service::exports::cell;
use service::processes::Problem;
use store::events::{self, Event, Sought};

/// Events on a page.
const PAGE: i64 = 100;
/// Events in an export, newest first; what is older is asked for with `before`.
const EXPORT: i64 = 100_000;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    /// Word, whether it is chosen.
    kinds: Vec<(String, bool)>,
    /// Id, name, whether she is chosen.
    people: Vec<(String, String, bool)>,
    is_first: bool,
    first: String,
    next: Option<String>,
    csv: String,
}

struct Row {
    at: String,
    kind: String,
    actor: String,
    handle: Option<String>,
    told: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    kind: String,
    actor: String,
    before: String,
}

impl Asked {
    fn sought(&self) -> Result<Sought, Problem> {
        let given = |text: &str| Some(text.to_string()).filter(|t| !t.is_empty());
        let before = given(&self.before).map(|b| b.parse());
        let before = before
            .transpose()
            .map_err(|_| Problem::bad_request("The page is no number.", "Begin at the newest."))?;
        Ok(Sought {
            kind: given(&self.kind),
            actor: given(&self.actor),
            before,
        })
    }

    fn href(&self, path: &str, before: Option<i64>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in [("kind", &self.kind), ("actor", &self.actor)] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        format!("{path}?{}", query.finish())
    }
}

/// What an event tells, with names in place of ids where they are known.
fn told(event: &Event, directory: &Directory) -> String {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let mut parts: Vec<String> = event.subject.iter().cloned().collect();
    for (key, value) in payload.as_object().into_iter().flatten() {
        let value = named(value, directory);
        if !value.is_empty() {
            parts.push(format!("{key}: {value}"));
        }
    }
    format::short(&parts.join(" · "), 240)
}

fn named(value: &serde_json::Value, directory: &Directory) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => {
            let team = directory.teams().iter().find(|t| &t.id == text);
            team.map_or_else(|| directory.name(text).into(), |t| t.name.clone())
        }
        serde_json::Value::Array(all) => {
            let all = all.iter().map(|v| named(v, directory));
            all.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageError> {
    let db = app.identity.db();
    let sought = asked.sought()?;
    let mut found = events::sought(db, &sought, PAGE + 1).await?;
    let more = found.len() as i64 > PAGE;
    found.truncate(PAGE as usize);
    let directory = app.identity.directory().await?;
    let rows = found.iter().map(|e| Row {
        at: format!("{} {}", format::date(e.at), format::time(e.at)),
        kind: e.kind.clone(),
        actor: directory.name(&e.actor).into(),
        handle: directory.person(&e.actor).map(|p| p.handle.clone()),
        told: told(e, &directory),
    });
    let kinds = events::kinds(db).await?;
    let kinds = kinds.into_iter().map(|k| {
        let on = k == asked.kind;
        (k, on)
    });
    let people = directory.people().iter();
    let people = people.map(|p| (p.id.clone(), p.name.clone(), p.id == asked.actor));
    let next = found.last().filter(|_| more);
    render(AuditPage {
        shell: Shell::new(&app, &actor, "Audit", "settings", None).await?,
        tab: "audit",
        rows: rows.collect(),
        kinds: kinds.collect(),
        people: people.collect(),
        is_first: sought.before.is_none(),
        first: asked.href("/audit", None),
        next: next.map(|e| asked.href("/audit", Some(e.seq))),
        csv: asked.href("/audit.csv", None),
    })
}

pub async fn csv(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let found = events::sought(app.identity.db(), &asked.sought()?, EXPORT).await?;
    let directory = app.identity.directory().await?;
    let mut text = String::from("number,at,kind,actor,actor_name,process,subject,payload\r\n");
    for e in &found {
        let at = jiff::Timestamp::from_microsecond(e.at).map_err(anyhow::Error::from)?;
        let cells = [
            e.seq.to_string(),
            at.to_string(),
            cell(&e.kind),
            cell(&e.actor),
            cell(directory.name(&e.actor)),
            cell(e.process.as_deref().unwrap_or_default()),
            cell(e.subject.as_deref().unwrap_or_default()),
            cell(&e.payload),
        ];
        text += &cells.join(",");
        text += "\r\n";
    }
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"audit.csv\"",
        ),
    ];
    Ok((head, text).into_response())
}
