//! The processes there are.

use super::error::{PageError, page as render};
use super::shell::Shell;
use askama::Template;
use axum::extract::State;
use axum::response::Html;
use base::format;
use base::identity::Actor;
use service::app::App;

#[derive(Template)]
#[template(path = "processes.html")]
struct Processes {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    slug: String,
    name: String,
    cases: String,
    events: String,
    since: String,
}

async fn show(app: App, actor: Actor) -> Result<Html<String>, PageError> {
    let now = app.library.clock().now();
    let mut rows = Vec::new();
    for process in app.library.list().await? {
        let last = app.library.imports(&process.id).await?.into_iter().next();
        rows.push(Row {
            cases: format::many(process.cases, "case"),
            events: format::many(process.events, "event"),
            since: last
                .map(|i| format!("{}, {}", i.file_name, format::ago(i.at, now)))
                .unwrap_or_default(),
            slug: process.slug,
            name: process.name,
        });
    }
    render(Processes {
        shell: Shell::new(&app, &actor, "Processes", "processes", None).await?,
        rows,
    })
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    show(app, actor).await
}
