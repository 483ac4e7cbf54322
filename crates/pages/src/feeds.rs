//! Feeds for feed readers, and the page where their address is made. Ending mail by a link.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::asked::Form;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::delivery::atom::Feed;

#[derive(Template)]
#[template(path = "feeds.html")]
struct FeedsPage {
    shell: Shell,
    since: Option<String>,
    /// The address just made; shown once.
    made: Option<String>,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Unsubscribe {
    shell: Shell,
    code: String,
    name: String,
    is_done: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wanted {
    #[serde(rename = "do")]
    what: String,
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    shown(&app, &actor, None).await
}

async fn shown(app: &App, actor: &Actor, made: Option<String>) -> Result<Html<String>, PageError> {
    let since = app.delivery.has_feed(actor).await?;
    render(FeedsPage {
        shell: Shell::new(app, actor, "Feeds", "me", None).await?,
        since: since.map(format::date),
        made,
    })
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Wanted>,
) -> Result<Response, PageError> {
    if form.what == "drop" {
        app.delivery.drop_feed(&actor).await?;
        return Ok(Redirect::to("/me/feeds").into_response());
    }
    let made = app.delivery.make_feed(&actor).await?;
    Ok(shown(&app, &actor, Some(made)).await?.into_response())
}

pub async fn stream(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    Ok(sent(app.delivery.stream_feed(&token).await?, &headers))
}

pub async fn improvements(
    State(app): State<App>,
    Path((token, process)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let feed = app.delivery.improvements_feed(&token, &process).await?;
    Ok(sent(feed, &headers))
}

/// A reader that has this state of the feed is told so, and gets it no second time.
fn sent(feed: Feed, headers: &HeaderMap) -> Response {
    let has = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok());
    let is_same = has.is_some_and(|has| {
        let mut tags = has.split(',').map(|t| t.trim().trim_start_matches("W/"));
        tags.any(|t| t == feed.etag || t == "*")
    });
    let head = [
        (
            header::CONTENT_TYPE,
            "application/atom+xml; charset=utf-8".to_string(),
        ),
        (header::ETAG, feed.etag),
        (header::CACHE_CONTROL, "private, no-cache".into()),
    ];
    match is_same {
        true => (StatusCode::NOT_MODIFIED, head).into_response(),
        false => (head, feed.xml).into_response(),
    }
}

/// Programs that look at links before people do end nothing: the button does.
pub async fn look(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Html<String>, PageError> {
    let name = app.delivery.unsubscribe(&code, true).await?;
    end(code, name, false)
}

/// The button, and the one click of mail programs (RFC 8058).
pub async fn unsubscribe(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Html<String>, PageError> {
    let name = app.delivery.unsubscribe(&code, false).await?;
    end(code, name, true)
}

fn end(code: String, name: String, is_done: bool) -> Result<Html<String>, PageError> {
    render(Unsubscribe {
        shell: Shell::door("No more mails"),
        code,
        name,
        is_done,
    })
}
