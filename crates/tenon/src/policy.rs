//! Who may do what, in one place. Deny by default: a route that is not listed here does not answer.
//!
//! Until sign-in exists there is one person, the owner of the machine: requests come from this machine only, and from
//! our own pages only. So the table says which routes change something, and the gate below lets those through only
//! when the browser says that our own page sent them.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a route does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads; safe to be linked to.
    Read,
    /// Changes; only from our own pages and from programs.
    Change,
}

/// Every route there is.
pub const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/", Access::Read),
    ("GET", "/settings", Access::Read),
    ("POST", "/settings", Access::Change),
    ("GET", "/import", Access::Read),
    ("POST", "/import", Access::Change),
    ("GET", "/import/{upload}", Access::Read),
    ("POST", "/import/{upload}", Access::Change),
    ("GET", "/jobs/{job}", Access::Read),
    ("GET", "/assets/{*file}", Access::Read),
    ("GET", "/p/{process}", Access::Read),
    ("GET", "/p/{process}/map", Access::Read),
    ("GET", "/p/{process}/map.svg", Access::Read),
    ("GET", "/p/{process}/steps", Access::Read),
    ("POST", "/p/{process}/steps", Access::Change),
    ("POST", "/p/{process}/steps/undo", Access::Change),
    ("GET", "/p/{process}/variants", Access::Read),
    ("GET", "/p/{process}/cases", Access::Read),
    ("GET", "/p/{process}/case/{case}", Access::Read),
    ("GET", "/p/{process}/improvements", Access::Read),
    ("GET", "/p/{process}/plug", Access::Read),
    ("POST", "/p/{process}/plug", Access::Change),
    (
        "GET",
        "/p/{process}/improvements/{improvement}",
        Access::Read,
    ),
    (
        "POST",
        "/p/{process}/improvements/{improvement}/{action}",
        Access::Change,
    ),
    ("POST", "/p/{process}/goals", Access::Change),
    ("GET", "/p/{process}/goals/{goal}", Access::Read),
    ("GET", "/p/{process}/fit", Access::Read),
    ("POST", "/p/{process}/fit/confirm", Access::Change),
    ("GET", "/api/v1/openapi.json", Access::Read),
    ("GET", "/api/v1/processes", Access::Read),
    ("GET", "/api/v1/processes/{process}", Access::Read),
    ("GET", "/api/v1/processes/{process}/imports", Access::Read),
    ("GET", "/api/v1/processes/{process}/events", Access::Read),
    ("GET", "/api/v1/processes/{process}/versions", Access::Read),
    ("GET", "/api/v1/processes/{process}/figures", Access::Read),
    (
        "GET",
        "/api/v1/processes/{process}/stand-outs",
        Access::Read,
    ),
    ("GET", "/api/v1/processes/{process}/compare", Access::Read),
    ("GET", "/api/v1/processes/{process}/cases", Access::Read),
    ("GET", "/api/v1/processes/{process}/fit", Access::Read),
    ("POST", "/api/v1/processes/{process}/model", Access::Change),
    ("GET", "/api/v1/processes/{process}/steps", Access::Read),
    ("PUT", "/api/v1/processes/{process}/steps", Access::Change),
    (
        "POST",
        "/api/v1/processes/{process}/steps/undo",
        Access::Change,
    ),
    (
        "GET",
        "/api/v1/processes/{process}/export/{what}",
        Access::Read,
    ),
    (
        "GET",
        "/api/v1/processes/{process}/improvements",
        Access::Read,
    ),
    (
        "POST",
        "/api/v1/processes/{process}/improvements",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/processes/{process}/improvements/outlook",
        Access::Change,
    ),
    ("GET", "/api/v1/processes/{process}/ledger", Access::Read),
    (
        "GET",
        "/api/v1/processes/{process}/ledger.csv",
        Access::Read,
    ),
    ("GET", "/api/v1/processes/{process}/frictions", Access::Read),
    ("GET", "/api/v1/processes/{process}/rethink", Access::Read),
    ("GET", "/api/v1/processes/{process}/goals", Access::Read),
    ("PUT", "/api/v1/processes/{process}/goals", Access::Change),
    ("GET", "/api/v1/improvements/{improvement}", Access::Read),
    (
        "GET",
        "/api/v1/improvements/{improvement}/events",
        Access::Read,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/start",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/pause",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/resume",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/extend",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/unplug",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/plug-back",
        Access::Change,
    ),
    (
        "POST",
        "/api/v1/improvements/{improvement}/decision",
        Access::Change,
    ),
    (
        "PUT",
        "/api/v1/improvements/{improvement}/cost",
        Access::Change,
    ),
    (
        "GET",
        "/api/v1/improvements/{improvement}/uses",
        Access::Read,
    ),
    (
        "PUT",
        "/api/v1/improvements/{improvement}/uses",
        Access::Change,
    ),
    (
        "GET",
        "/api/v1/improvements/{improvement}/verdict",
        Access::Read,
    ),
    (
        "GET",
        "/api/v1/improvements/{improvement}/verdicts",
        Access::Read,
    ),
    ("GET", "/api/v1/settings/individual-figures", Access::Read),
    ("PUT", "/api/v1/settings/individual-figures", Access::Change),
    ("POST", "/api/v1/imports", Access::Change),
    ("GET", "/api/v1/imports/{import}/skipped.csv", Access::Read),
    ("GET", "/api/v1/jobs/{job}", Access::Read),
];

/// Lets a request through or not. `State` is the port the server listens on.
pub async fn gate(State(port): State<u16>, request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(|p| p.as_str().to_string());
    let headers = request.headers();
    let is_api = request.uri().path().starts_with("/api/");
    if !is_own_host(headers, port) {
        return refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers to localhost only.",
            is_api,
        );
    }
    let Some(path) = path else {
        return next.run(request).await;
    };
    let method = if request.method() == Method::HEAD {
        "GET"
    } else {
        request.method().as_str()
    };
    match ROUTES.iter().find(|(m, p, _)| *m == method && *p == path) {
        None => refuse(
            StatusCode::FORBIDDEN,
            "This route is not open to anybody.",
            is_api,
        ),
        Some((_, _, Access::Change)) if !is_own_page(headers, port) => refuse(
            StatusCode::FORBIDDEN,
            "This request came from another site's page.",
            is_api,
        ),
        Some(_) => next.run(request).await,
    }
}

/// Programs get a problem (RFC 9457) as from every endpoint, browsers a line of text.
fn refuse(status: StatusCode, why: &'static str, is_api: bool) -> Response {
    let (kind, text) = if is_api {
        let problem = serde_json::json!({
            "type": "urn:tenon:refused",
            "title": why,
            "status": status.as_u16(),
            "detail": "Ask one of the routes of /api/v1/openapi.json, from this machine.",
            "code": "refused",
            "place": {},
        });
        ("application/problem+json", problem.to_string())
    } else {
        ("text/plain; charset=utf-8", why.to_string())
    };
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Whether the Host header names this machine by a name that no other site can point here (DNS rebinding).
fn is_own_host(headers: &HeaderMap, port: u16) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|h| h.to_str().ok()) else {
        return false;
    };
    own_names(port).iter().any(|own| own == host)
}

fn own_names(port: u16) -> Vec<String> {
    let names = ["localhost", "127.0.0.1", "[::1]"];
    let plain = (port == 80).then(|| names.iter().map(|n| n.to_string()));
    names
        .iter()
        .map(|n| format!("{n}:{port}"))
        .chain(plain.into_iter().flatten())
        .collect()
}

/// Whether a browser says that our own page sent this, or no browser is involved at all.
fn is_own_page(headers: &HeaderMap, port: u16) -> bool {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let origin =
        text("origin").is_none_or(|o| own_names(port).iter().any(|n| o == format!("http://{n}")));
    let site = text("sec-fetch-site").is_none_or(|s| s == "same-origin" || s == "none");
    origin && site
}
