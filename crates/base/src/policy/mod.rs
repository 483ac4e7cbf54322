//! Who may do what, in one place. Deny by default: a route that is not in [`ROUTES`] does not answer.
//!
//! The gate stands before every route. It asks whether the request is for us (the Host header), whether one of our own
//! pages or a program sent what changes something (Origin and Sec-Fetch-Site, so that no other site's page can), who
//! asks, and whether that role and that token may. What depends on the thing asked for is decided by [`may`].

pub mod may;
mod routes;

pub use routes::ROUTES;

use crate::identity::passkey::Rp;
use crate::identity::{Actor, Identity, Role, Scope, Via};
use crate::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// What a route does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads; safe to be linked to.
    Read,
    /// Changes; only from our own pages and from programs.
    Change,
    /// Calls a tool, which says itself whether it changes something; only from our own pages and from programs.
    Call,
}

/// The cookie that carries a session.
pub const COOKIE: &str = "tenon_session";

/// The cookie of the panel inside another site's page; counts for the panel's own addresses only.
pub const PANEL_COOKIE: &str = "tenon_panel";

/// Only our own files, no inline scripts; inline style attributes carry the lengths of bars and nothing else.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What the gate needs to know.
#[derive(Clone)]
pub struct Gate {
    pub identity: Identity,
    pub site: Arc<Site>,
}

/// Under which names this server is reached.
#[derive(Debug, Clone)]
pub struct Site {
    /// Scheme, host and port, such as `https://tenon.example.com`; the first is the one that links are made with.
    origins: Vec<String>,
}

impl Site {
    /// A server that only this machine reaches.
    pub fn local(port: u16) -> Site {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let mut origins: Vec<String> = names.iter().map(|n| format!("http://{n}:{port}")).collect();
        if port == 80 {
            origins.extend(names.iter().map(|n| format!("http://{n}")));
        }
        Site { origins }
    }

    /// A server that others reach by an address, and this machine still by its own names.
    pub fn at(url: &str, port: u16) -> anyhow::Result<Site> {
        let origin = url.trim_end_matches('/').to_lowercase();
        let host = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let is_plain =
            host.is_some_and(|h| !h.is_empty() && !h.contains(['/', '?', '#', '@', ' ']));
        anyhow::ensure!(
            is_plain,
            "{url} is no address of a server; write it as https://tenon.example.com"
        );
        let mut origins = vec![origin];
        origins.extend(Site::local(port).origins);
        Ok(Site { origins })
    }

    /// What links in mails and feeds begin with.
    pub fn url(&self) -> &str {
        &self.origins[0]
    }

    /// Whether cookies may travel encrypted only.
    pub fn is_secure(&self) -> bool {
        self.url().starts_with("https://")
    }

    /// As what browsers know us when they make passkeys. `None` where they make none: without encryption, or under a bare
    /// number as address.
    pub fn rp(&self) -> Option<Rp> {
        let url = url::Url::parse(self.url()).ok()?;
        let id = url.domain()?;
        let is_safe = self.is_secure() || id == "localhost" || id.ends_with(".localhost");
        is_safe.then(|| Rp {
            id: id.into(),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Whether the Host header names us by a name that no other site can point here (DNS rebinding).
    fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        host.is_some_and(|host| {
            let mut hosts = self.origins.iter().filter_map(|o| o.split_once("://"));
            hosts.any(|(_, own)| own.eq_ignore_ascii_case(host))
        })
    }

    /// Whether a browser says that our own page sent this, or no browser is involved at all.
    fn is_own_page(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        let origin = text("origin").is_none_or(|o| self.origins.iter().any(|own| own == o));
        let site = text("sec-fetch-site").is_none_or(|s| s == "same-origin" || s == "none");
        origin && site
    }
}

type Row = (&'static str, Access, Option<Role>);

/// The rows of [`ROUTES`] by their paths: methods, and what each asks for.
static BY_PATH: LazyLock<HashMap<&str, Vec<Row>>> = LazyLock::new(|| {
    let mut all: HashMap<&str, Vec<Row>> = HashMap::new();
    for &(method, path, access, least) in ROUTES {
        all.entry(path).or_default().push((method, access, least));
    }
    all
});

/// Lets a request through or not, and says who asks.
pub async fn gate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let reader = Reader::of(request.uri().path());
    let refuse = |problem| refuse(problem, reader);
    if !gate.site.is_own_host(request.headers()) {
        return refuse(Problem::new(
            421,
            "misdirected",
            "This server answers to its own names only.",
            "Open it by the address it was given with --url, or on the machine itself by localhost.",
        ));
    }
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let method = match request.method() {
        &Method::HEAD => "GET",
        other => other.as_str(),
    };
    let of_path = BY_PATH.get(path.as_str()).map_or(&[][..], Vec::as_slice);
    let row = of_path.iter().find(|(m, ..)| *m == method);
    let Some(&(_, access, least)) = row else {
        if !of_path.is_empty() {
            return refuse(Problem::new(
                405,
                "method",
                format!("This route is not asked with {method}."),
                "Ask one of the routes of /api/v1/openapi.json.",
            ));
        }
        return refuse(refused(
            "This route is not open to anybody.",
            "Ask one of the routes of /api/v1/openapi.json.",
        ));
    };
    if access != Access::Read && !gate.site.is_own_page(request.headers()) {
        return refuse(refused(
            "This request came from another site's page.",
            "Open Tenon's own page and try again there.",
        ));
    }
    let panel = || {
        let is_panel = path.as_str().starts_with("/embed/");
        cookie(request.headers(), PANEL_COOKIE).filter(|_| is_panel)
    };
    let actor = match carried(request.headers()).or_else(panel) {
        None => Ok(None),
        Some(secret) => gate.identity.who(secret).await,
    };
    let actor = match actor {
        Ok(actor) => actor,
        Err(problem) => return refuse(problem),
    };
    if let Some(least) = least {
        match &actor {
            None => return sign_in(&request, reader),
            Some(actor) if reader == Reader::Directory && is_session(actor) => {
                return sign_in(&request, reader);
            }
            Some(actor) => {
                if let Err(problem) = allowed(actor, least, access, reader) {
                    return refuse(problem);
                }
            }
        }
    }
    if let Some(actor) = actor {
        request.extensions_mut().insert(actor);
    }
    next.run(request).await
}

/// Whether a role and, for a token, its scopes suffice.
fn allowed(actor: &Actor, least: Role, access: Access, reader: Reader) -> Result<(), Problem> {
    if !actor.is_at_least(least) {
        return Err(Problem::new(
            403,
            "role",
            format!(
                "This takes the role of {}; yours is {}.",
                least.word(),
                actor.role().word()
            ),
            "Ask an owner of this Tenon.",
        ));
    }
    let scope = match (least, access) {
        _ if reader == Reader::Directory => Scope::Scim,
        (Role::Owner, _) => Scope::Admin,
        (_, Access::Change) => Scope::Write,
        (_, Access::Read | Access::Call) => Scope::Read,
    };
    if actor.scopes().has(scope) {
        return Ok(());
    }
    Err(Problem::new(
        403,
        "scope",
        format!(
            "This token may not: it lacks the scope \"{}\".",
            scope.word()
        ),
        "Make a token with that scope.",
    ))
}

/// A token in the Authorization header, or the cookie of a session.
pub fn carried(headers: &HeaderMap) -> Option<&str> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v: &axum::http::HeaderValue| v.to_str().ok())
    };
    if let Some(given) = text(header::AUTHORIZATION) {
        return given.strip_prefix("Bearer ").map(str::trim);
    }
    cookie(headers, COOKIE)
}

/// A cookie by its name.
pub fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|c| c.to_str().ok())
        .flat_map(|c| c.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

/// Whether the request came by a person's own session, not by a token.
pub fn is_session(actor: &Actor) -> bool {
    matches!(actor.via(), Via::Session(_))
}

fn refused(what: &str, remedy: &str) -> Problem {
    Problem::new(403, "refused", what, remedy)
}

/// People are sent to the door and come back afterwards; programs are told.
fn sign_in(request: &Request, reader: Reader) -> Response {
    if reader != Reader::Browser || request.method() != Method::GET {
        return refuse(
            Problem::new(
                401,
                "sign_in",
                "Nobody is signed in.",
                "Sign in, or send a token: Authorization: Bearer tenon_…",
            ),
            reader,
        );
    }
    let here = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let to: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Redirect::to(&format!("/sign-in?to={to}")).into_response()
}

/// Who reads a refusal, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// A line of text.
    Browser,
    /// A problem (RFC 9457), as from every endpoint.
    Program,
    /// A directory that provisions people: an error of SCIM (RFC 7644, 3.12).
    Directory,
}

impl Reader {
    fn of(path: &str) -> Reader {
        match path {
            p if p.starts_with("/api/") || p == "/mcp" => Reader::Program,
            p if p.starts_with("/scim/") => Reader::Directory,
            _ => Reader::Browser,
        }
    }
}

fn refuse(problem: Problem, reader: Reader) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::FORBIDDEN);
    let (kind, text) = match reader {
        Reader::Program => {
            let problem = serde_json::json!({
                "type": format!("urn:tenon:{}", problem.code),
                "title": problem.what,
                "status": problem.status,
                "detail": problem.remedy,
                "code": problem.code,
                "place": {},
            });
            ("application/problem+json", problem.to_string())
        }
        Reader::Directory => {
            let error = serde_json::json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": problem.status.to_string(),
                "detail": format!("{} {}", problem.what, problem.remedy),
            });
            ("application/scim+json", error.to_string())
        }
        Reader::Browser => {
            let text = format!("{} {}", problem.what, problem.remedy);
            ("text/plain; charset=utf-8", text)
        }
    };
    let mut answer = (status, [(header::CONTENT_TYPE, kind)], text).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let value = axum::http::HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_made_where_a_name_and_encryption_are() {
        for (url, expected) in [
            (
                "https://Tenon.example.com:443/",
                Some(("tenon.example.com", "https://tenon.example.com")),
            ),
            (
                "https://tenon.example.com:8443",
                Some(("tenon.example.com", "https://tenon.example.com:8443")),
            ),
            (
                "http://localhost:7070",
                Some(("localhost", "http://localhost:7070")),
            ),
            ("http://tenon.example.com", None),
            ("https://10.0.0.5", None),
            ("https://[::1]", None),
        ] {
            let rp = Site::at(url, 7070).unwrap().rp();
            let found = rp.as_ref().map(|rp| (rp.id.as_str(), rp.origin.as_str()));
            assert_eq!(found, expected, "{url}");
        }
    }
}
