//! Your account: who you are here, how you sign in, what you are told.

use super::error::{PageError, page as render, retry_after};
use super::shell::Shell;
use crate::asked::{Form, Query};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base::format;
use base::identity::account::Profile;
use base::identity::wishes::{AskWishes, MailWishes, Wishes};
use base::identity::{Actor, Role, Scopes, Via};
use mining::Micros;
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    shell: Shell,
    name: String,
    email: String,
    handle: String,
    zone: String,
    zones: Vec<String>,
    meta: String,
    has_password: bool,
    wishes: Wishes,
    devices: Vec<DeviceLine>,
    /// What a browser is switched on with.
    push_key: String,
    sessions: Vec<SessionLine>,
    passkeys: Vec<PasskeyLine>,
    /// The only address passkeys are made at; nothing where browsers make none.
    passkeys_at: Option<String>,
    tokens: Vec<TokenLine>,
    scopes: Vec<(&'static str, &'static str)>,
    /// The text of a token just made; shown once.
    made: Option<String>,
    done: &'static str,
    problem: Option<Problem>,
}

struct DeviceLine {
    id: String,
    agent: String,
    told: String,
}

struct SessionLine {
    id: String,
    agent: String,
    told: String,
    is_here: bool,
}

struct PasskeyLine {
    id: String,
    name: String,
    told: String,
}

struct TokenLine {
    id: String,
    name: String,
    scopes: String,
    told: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    done: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ProfileForm {
    name: String,
    handle: String,
    zone: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PasswordForm {
    old: String,
    new: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ToldForm {
    ask: Option<String>,
    a_week: i64,
    mail: Option<String>,
    morning: String,
    at_once: Option<String>,
}

/// What came of the last thing done on the page.
#[derive(Default)]
struct Outcome {
    made: Option<String>,
    done: &'static str,
    problem: Option<Problem>,
}

async fn show(app: &App, actor: &Actor, outcome: Outcome) -> Result<Response, PageError> {
    let person = app.identity.me(actor).await?;
    let now = app.identity.now();
    let directory = app.identity.directory().await?;
    let teams = directory.teams_of(&person.id);
    let teams: Vec<&str> = teams.iter().map(|t| t.name.as_str()).collect();
    let here = match actor.via() {
        Via::Session(digest) => digest.text(),
        Via::Token(_) => String::new(),
    };
    let sessions = app.identity.sessions(&person.id).await?;
    let sessions = sessions.into_iter().map(|s| SessionLine {
        is_here: s.digest == here,
        id: s.digest[..16].into(),
        agent: browser(&s.agent),
        told: format!(
            "signed in {}, last seen {}",
            format::date(s.created),
            format::ago(s.seen, now)
        ),
    });
    let devices = app.delivery.devices(&person.id).await?;
    let devices = devices.into_iter().map(|d| DeviceLine {
        id: d.id,
        agent: browser(&d.agent),
        told: match d.used {
            Some(used) => format!(
                "since {}, last told {}",
                format::date(d.created),
                format::ago(used, now)
            ),
            None => format!("since {}, nothing told yet", format::date(d.created)),
        },
    });
    let passkeys = app.identity.passkeys(&person.id).await?;
    let passkeys = passkeys.into_iter().map(|p| PasskeyLine {
        told: match p.used {
            Some(used) => format!(
                "added {}, last used {}",
                format::date(p.created),
                format::ago(used, now)
            ),
            None => format!("added {}, never used", format::date(p.created)),
        },
        id: p.id,
        name: p.name,
    });
    let tokens = app.identity.tokens(&person.id).await?;
    let tokens = tokens.into_iter().map(|t| TokenLine {
        told: match (t.ends, t.used) {
            (Some(end), Some(used)) => format!(
                "ends {}, last used {}",
                format::date(end),
                format::ago(used, now)
            ),
            (Some(end), None) => format!("ends {}, never used", format::date(end)),
            (None, Some(used)) => format!("no end, last used {}", format::ago(used, now)),
            (None, None) => "no end, never used".into(),
        },
        id: t.id,
        name: t.name,
        scopes: t.scopes,
    });
    let mut scopes = vec![
        ("read", "Look at what you see"),
        ("write", "Do what you may"),
    ];
    if actor.role() == Role::Owner {
        scopes.push(("admin", "Keep people, settings and data"));
        scopes.push(("scim", "Provision people and groups, and nothing else"));
    }
    let status = outcome.problem.as_ref().map_or(StatusCode::OK, |p| {
        StatusCode::from_u16(p.status).unwrap_or(StatusCode::BAD_REQUEST)
    });
    let wait = outcome.problem.as_ref().map(retry_after);
    let page = render(MePage {
        shell: Shell::new(app, actor, "Your account", "me", None).await?,
        meta: match teams.is_empty() {
            true => actor.role().word().into(),
            false => format!("{} · {}", actor.role().word(), teams.join(", ")),
        },
        has_password: person.password.is_some(),
        wishes: Wishes::of(&person),
        name: person.name,
        email: person.email,
        handle: person.handle,
        zone: person.zone,
        zones: zones(),
        devices: devices.collect(),
        push_key: app.delivery.push_key().await?,
        sessions: sessions.collect(),
        passkeys: passkeys.collect(),
        passkeys_at: app.site.rp().map(|rp| rp.origin),
        tokens: tokens.collect(),
        scopes,
        made: outcome.made,
        done: outcome.done,
        problem: outcome.problem,
    })?;
    Ok((status, wait.unwrap_or_default(), page).into_response())
}

/// Back to the page: with what was done, or with what is wrong.
pub(super) async fn after(
    app: &App,
    actor: &Actor,
    result: Result<(), Problem>,
    done: &str,
) -> Result<Response, PageError> {
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/me?done={done}")).into_response()),
        Err(problem) if problem.status < 500 => {
            let problem = Some(problem);
            let outcome = Outcome {
                problem,
                ..Outcome::default()
            };
            show(app, actor, outcome).await
        }
        Err(problem) => Err(problem.into()),
    }
}

pub async fn page(
    actor: Actor,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let done = match asked.done.as_str() {
        "saved" => "Saved.",
        "password" => "The password is set. Other browsers were signed out.",
        "session" => "Signed out there.",
        "passkey" => "The passkey is added: you can sign in with it from now on.",
        "passkey-gone" => {
            "The passkey works no more. It may still be kept on your device: remove it there too."
        }
        "push" => "This browser tells you from now on, until you sign out in it.",
        "push-off" => "That browser tells you nothing any more.",
        "token" => "The token works no more.",
        _ => "",
    };
    let outcome = Outcome {
        done,
        ..Outcome::default()
    };
    show(&app, &actor, outcome).await
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<ProfileForm>,
) -> Result<Response, PageError> {
    let asked = Profile {
        name: Some(form.name),
        handle: Some(form.handle),
        zone: Some(form.zone),
        wishes: None,
    };
    let edited = app.identity.edit(actor.id(), asked, actor.id()).await;
    after(&app, &actor, edited.map(drop), "saved").await
}

pub async fn told(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<ToldForm>,
) -> Result<Response, PageError> {
    let wishes = Wishes {
        ask: AskWishes {
            off: form.ask.is_none(),
            a_week: form.a_week,
        },
        mail: MailWishes {
            off: form.mail.is_none(),
            morning: form.morning,
            at_once: form.at_once.is_some(),
        },
    };
    let asked = Profile {
        wishes: Some(wishes),
        ..Profile::default()
    };
    let edited = app.identity.edit(actor.id(), asked, actor.id()).await;
    after(&app, &actor, edited.map(drop), "saved").await
}

pub async fn password(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<PasswordForm>,
) -> Result<Response, PageError> {
    let set = app.identity.set_password(&actor, &form.old, &form.new);
    let set = set.await;
    after(&app, &actor, set, "password").await
}

/// Ends one session, or with `others` all but this one.
pub async fn end_session(
    actor: Actor,
    State(app): State<App>,
    Path(session): Path<String>,
) -> Result<Response, PageError> {
    let which = Some(session.as_str()).filter(|s| *s != "others");
    let ended = app.identity.end_sessions(&actor, which).await;
    after(&app, &actor, ended, "session").await
}

pub async fn make_token(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    match made(&app, &actor, &form).await {
        Ok(text) => {
            let made = Some(text);
            let outcome = Outcome {
                made,
                ..Outcome::default()
            };
            show(&app, &actor, outcome).await
        }
        Err(problem) => after(&app, &actor, Err(problem), "").await,
    }
}

async fn made(app: &App, actor: &Actor, form: &[(String, String)]) -> Result<String, Problem> {
    let all = |key: &str| {
        let found = form.iter().filter(|(k, _)| k == key);
        found.map(|(_, v)| v.as_str()).collect::<Vec<_>>()
    };
    let scopes = Scopes::parse(&all("scope").join(" ")).ok_or_else(|| {
        Problem::bad_request(
            "The token may nothing.",
            "Choose at least one thing it may be used for.",
        )
    })?;
    let name = all("name").first().copied().unwrap_or_default();
    let ends = match all("ends").first().copied().unwrap_or_default() {
        "" => None,
        day => Some(end_of(day)?),
    };
    let made = app.identity.make_own_token(actor, name, scopes, ends);
    Ok(made.await?.1)
}

/// The end of a day in UTC.
fn end_of(day: &str) -> Result<Micros, Problem> {
    let day: jiff::civil::Date = day.parse().map_err(|_| {
        Problem::bad_request(
            "The end is no day.",
            "Write it as 2026-12-31, or leave it empty.",
        )
    })?;
    let midnight = jiff::tz::TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .map_err(anyhow::Error::from)?;
    Ok(midnight.as_microsecond() + mining::time::DAY)
}

pub async fn revoke_token(
    actor: Actor,
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let revoked = app.identity.revoke_token(actor.id(), &token, actor.id());
    let revoked = revoked.await;
    after(&app, &actor, revoked, "token").await
}

fn zones() -> Vec<String> {
    let all = jiff::tz::db().available();
    let all = all.map(|z| z.as_str().to_string());
    // The old names without a place are still understood, but not offered.
    all.filter(|z| z == "UTC" || z.contains('/') && !z.starts_with("Etc/"))
        .collect()
}

/// A browser and its system, from what it says of itself.
fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    let program = first(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        _ => format::short(agent, 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_know_them() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8", "curl/8"),
        ] {
            assert_eq!(browser(agent), expected);
        }
    }

    #[test]
    fn a_token_works_to_the_end_of_its_day() {
        assert_eq!(end_of("1970-01-01").unwrap(), mining::time::DAY);
        assert_eq!(end_of("soon").unwrap_err().status, 400);
    }
}
