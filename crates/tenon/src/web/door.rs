//! Coming in and going out.

use super::error::{PageError, page as render};
use super::shell::Shell;
use crate::app::App;
use crate::identity::secret::Secret;
use crate::identity::{Actor, NewPerson, Role};
use crate::policy::{COOKIE, Site};
use crate::processes::Problem;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    shell: Shell,
    to: String,
    email: String,
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
        && !to.contains(char::is_control);
    if is_ours { to } else { "/" }
}

/// The browser keeps the session; no script can read it, and other sites' pages do not send it along.
fn with_session(site: &Site, secret: &Secret, to: &str) -> Response {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000{secure}",
        secret.text()
    );
    ([(header::SET_COOKIE, cookie)], Redirect::to(within(to))).into_response()
}

fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT);
    agent.and_then(|a| a.to_str().ok()).unwrap_or("a program")
}

pub async fn page(actor: Option<Actor>, Query(asked): Query<Asked>) -> Result<Response, PageError> {
    if actor.is_some() {
        return Ok(Redirect::to(within(&asked.to)).into_response());
    }
    Ok(render(SignIn {
        shell: Shell::door("Sign in"),
        to: within(&asked.to).into(),
        email: String::new(),
        problem: None,
    })?
    .into_response())
}

pub async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<Password>,
) -> Result<Response, PageError> {
    let agent = agent(&headers);
    let done = app.identity.sign_in(&form.email, &form.password, agent);
    match done.await {
        Ok(secret) => Ok(with_session(&app.site, &secret, &form.to)),
        Err(problem) if problem.status < 500 => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let page = render(SignIn {
                shell: Shell::door("Sign in"),
                to: within(&form.to).into(),
                email: form.email,
                problem: Some(problem),
            })?;
            Ok((status, page).into_response())
        }
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
