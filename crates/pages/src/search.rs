//! What was found.

use super::error::{PageError, page as render};
use super::home::address;
use super::shell::Shell;
use crate::asked::Query;
use askama::Template;
use axum::extract::State;
use axum::response::Html;
use base::format;
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::work::search::{Found, FoundMessage};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    shell: Shell,
    q: String,
    found: Found,
    answers: Vec<Row>,
    messages: Vec<Row>,
}

struct Row {
    href: String,
    parts: Vec<(String, bool)>,
    who: String,
    place: String,
    when: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Sought {
    q: String,
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Sought>,
) -> Result<Html<String>, PageError> {
    let mut found = app.work.search(&actor, &asked.q).await?;
    let all = app.library.list().await?;
    let slugs: HashMap<String, String> = all.into_iter().map(|p| (p.id, p.slug)).collect();
    let now = app.work.clock().now();
    let row = |m: FoundMessage| Row {
        href: address(&m.place, &slugs, m.id),
        parts: m.parts,
        who: m.author_name,
        place: m.place.case_ref.or(m.place.step).unwrap_or_default(),
        when: format::ago(m.at, now),
    };
    let answers = std::mem::take(&mut found.answers)
        .into_iter()
        .map(row)
        .collect::<Vec<_>>();
    let messages = std::mem::take(&mut found.messages)
        .into_iter()
        .map(row)
        .collect::<Vec<_>>();
    let mut shell = Shell::new(&app, &actor, "Search", "search", None).await?;
    shell.search = asked.q.clone();
    render(SearchPage {
        shell,
        q: asked.q,
        found,
        answers,
        messages,
    })
}
