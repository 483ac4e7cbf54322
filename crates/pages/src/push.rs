//! Push: browsers that are told at once, and the script that shows it there.

use super::door::agent;
use super::error::PageError;
use super::me::after;
use crate::asked::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base::identity::Actor;
use service::app::App;
use service::assets;
use service::delivery::push::NewDevice;

/// The worker shows what comes and opens a page of ours: it loads nothing, from nowhere.
const CSP: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The script that runs while no page is open. It lies at the root and under this name for good: browsers look here for a
/// newer one.
pub async fn worker() -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CSP),
    ];
    (head, assets::script("push-worker.js")).into_response()
}

pub async fn add(
    actor: Actor,
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<NewDevice>,
) -> Result<Response, PageError> {
    let added = app.delivery.add_device(&actor, &form, agent(&headers));
    let added = added.await;
    after(&app, &actor, added, "push").await
}

pub async fn remove(
    actor: Actor,
    State(app): State<App>,
    Path(device): Path<String>,
) -> Result<Response, PageError> {
    let removed = app.delivery.remove_device(&actor, &device).await;
    after(&app, &actor, removed, "push-off").await
}
