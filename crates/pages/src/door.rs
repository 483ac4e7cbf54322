//! Coming in and going out.

use super::error::{PageError, page as render, retry_after};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::identity::secret::Secret;
use base::identity::{Actor, NewPerson, Role, oidc};
use base::policy::{self, COOKIE, Site};
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use std::net::{IpAddr, SocketAddr};

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    shell: Shell,
    to: String,
    email: String,
    /// The identity provider, where there is one.
    provider: Option<String>,
    /// The only address passkeys are shown at; nothing where browsers show none.
    passkeys: Option<String>,
    problem: Option<Problem>,
}

#[derive(Template)]
#[template(path = "enter.html")]
struct Enter {
    shell: Shell,
    code: String,
    /// Whom the link signs in; nobody when it makes the first owner.
    name: Option<String>,
    problem: Option<Problem>,
    given: First,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    to: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Password {
    to: String,
    email: String,
    password: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct First {
    name: String,
    email: String,
    password: String,
}

/// Where to go after signing in: only within Tenon.
pub(super) fn within(to: &str) -> &str {
    let is_ours = to.starts_with('/')
        && !to.starts_with("//")
        && !to.starts_with("/\\")
        && !to.contains(char::is_control)
        && to.len() <= 1500;
    if is_ours { to } else { "/" }
}

/// The browser keeps the session; no script can read it, and other sites' pages do not send it along.
pub(super) fn with_session(site: &Site, secret: &Secret, to: &str) -> Response {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000{secure}",
        secret.text()
    );
    ([(header::SET_COOKIE, cookie)], Redirect::to(within(to))).into_response()
}

pub(super) fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT);
    agent.and_then(|a| a.to_str().ok()).unwrap_or("a program")
}

/// From where somebody signs in. A proxy on this machine is believed what it says of who came to it.
pub struct From(pub(super) String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<From, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(LOCAL, |c| c.0.ip().to_canonical());
        let told = parts.headers.get("x-forwarded-for");
        let told = told.and_then(|v| v.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        let place: IpAddr = told.filter(|_| peer.is_loopback()).unwrap_or(peer);
        Ok(From(place.to_string()))
    }
}

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// The page of the door, once more with what is wrong where something is.
pub(super) fn door(
    app: &App,
    to: &str,
    email: String,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let status = super::people::status(problem.as_ref());
    let wait = problem.as_ref().map(retry_after).unwrap_or_default();
    let page = render(SignIn {
        shell: Shell::door("Sign in"),
        to: within(to).into(),
        email,
        provider: app.identity.provider_name().map(String::from),
        passkeys: app.site.rp().map(|rp| rp.origin),
        problem,
    })?;
    Ok((status, wait, page).into_response())
}

pub async fn page(
    actor: Option<Actor>,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    if actor.is_some() {
        return Ok(Redirect::to(within(&asked.to)).into_response());
    }
    door(&app, &asked.to, String::new(), None)
}

/// The cookie of a sign-in that is under way at the identity provider.
const UNDER_WAY: &str = "tenon_under_way";

fn under_way(site: &Site, value: &str, seconds: u32) -> (HeaderName, String) {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{UNDER_WAY}={value}; Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    );
    (header::SET_COOKIE, cookie)
}

fn back(app: &App) -> String {
    format!("{}/sign-in/back", app.site.url())
}

/// To the identity provider.
pub async fn with(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    match app.identity.begin(within(&asked.to), &back(&app)).await {
        Ok((url, begun)) => {
            let kept = under_way(&app.site, &begun.cookie(), 600);
            Ok(([kept], Redirect::to(&url)).into_response())
        }
        Err(problem) if problem.status == 404 => Err(problem.into()),
        Err(problem) => door(&app, &asked.to, String::new(), Some(problem)),
    }
}

/// Back from the identity provider.
pub async fn returned(
    State(app): State<App>,
    headers: HeaderMap,
    Query(answer): Query<oidc::Answer>,
) -> Result<Response, PageError> {
    let kept = policy::cookie(&headers, UNDER_WAY);
    let begun = kept.and_then(oidc::UnderWay::of_cookie);
    let to = begun.as_ref().map_or("/", |b| &b.to).to_string();
    let (redirect, agent) = (back(&app), agent(&headers));
    let done = app
        .identity
        .finish(begun.as_ref(), &answer, &redirect, agent);
    let mut page = match done.await {
        Ok(secret) => with_session(&app.site, &secret, &to),
        Err(problem) if problem.status == 404 => return Err(problem.into()),
        Err(problem) => door(&app, &to, String::new(), Some(problem))?,
    };
    let (name, over) = under_way(&app.site, "", 0);
    if let Ok(over) = over.parse() {
        page.headers_mut().append(name, over);
    }
    Ok(page)
}

pub async fn sign_in(
    State(app): State<App>,
    From(place): From,
    headers: HeaderMap,
    Form(form): Form<Password>,
) -> Result<Response, PageError> {
    let from = (agent(&headers), place.as_str());
    let done = app.identity.sign_in(&form.email, &form.password, from);
    match done.await {
        Ok(secret) => Ok(with_session(&app.site, &secret, &form.to)),
        Err(problem) if problem.status < 500 => door(&app, &form.to, form.email, Some(problem)),
        Err(problem) => Err(problem.into()),
    }
}

pub async fn sign_out(actor: Actor, State(app): State<App>) -> Result<Response, PageError> {
    app.identity.sign_out(&actor).await?;
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/sign-in")).into_response())
}

/// What a link does is done by the button on this page: programs that look at links before people do use nothing up.
pub async fn look(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Html<String>, PageError> {
    let person = app.identity.peek(&code).await?;
    render(Enter {
        shell: Shell::door("Sign in"),
        code,
        name: person.map(|p| p.name),
        problem: None,
        given: First::default(),
    })
}

pub async fn enter(
    State(app): State<App>,
    Path(code): Path<String>,
    headers: HeaderMap,
    Form(form): Form<First>,
) -> Result<Response, PageError> {
    let person = app.identity.peek(&code).await?;
    let first = person.is_none().then(|| NewPerson {
        name: form.name.clone(),
        email: form.email.clone(),
        role: Role::Owner,
        password: Some(form.password.clone()).filter(|p| !p.is_empty()),
    });
    match app.identity.enter(&code, first, agent(&headers)).await {
        Ok(secret) => Ok(with_session(&app.site, &secret, "/")),
        Err(problem) if problem.status < 500 => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let page = render(Enter {
                shell: Shell::door("Sign in"),
                code,
                name: person.map(|p| p.name),
                problem: Some(problem),
                given: form,
            })?;
            Ok((status, page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_away_after_signing_in() {
        for (to, expected) in [
            ("/p/deals?x=1", "/p/deals?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: b", "/"),
            ("", "/"),
        ] {
            assert_eq!(within(to), expected);
        }
    }
}
