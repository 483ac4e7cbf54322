//! Passkeys: signing in with one at the door, and keeping one's own.

use super::door::{From, agent, door, with_session};
use super::error::{PageError, retry_after};
use super::me::after;
use crate::asked::Form;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::identity::Actor;
use base::identity::passkey::{NewPasskey, Rp, Shown};
use serde::Deserialize;
use serde_json::{Value, json};
use service::app::App;
use service::processes::Problem;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Door {
    to: String,
    #[serde(flatten)]
    shown: Shown,
}

fn rp(app: &App) -> Result<Rp, Problem> {
    app.site.rp().ok_or_else(|| {
        Problem::new(
            404,
            "no_passkeys",
            "Browsers make no passkeys for this address.",
            "Whoever runs Tenon gives it a name and encryption, with --url https://tenon.example.com.",
        )
    })
}

/// What the script asks before it asks the browser; a challenge is for one look only.
fn begun(begun: Result<Value, Problem>) -> Response {
    match begun {
        Ok(options) => ([(header::CACHE_CONTROL, "no-store")], Json(options)).into_response(),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let told = json!({ "what": problem.what, "remedy": problem.remedy });
            (status, retry_after(&problem), Json(told)).into_response()
        }
    }
}

pub async fn begin_sign_in(State(app): State<App>, From(place): From) -> Response {
    begun(match rp(&app) {
        Ok(rp) => app.identity.begin_sign_in(&rp, &place).await,
        Err(problem) => Err(problem),
    })
}

pub async fn sign_in(
    State(app): State<App>,
    From(place): From,
    headers: HeaderMap,
    Form(form): Form<Door>,
) -> Result<Response, PageError> {
    let (rp, from) = (rp(&app)?, (agent(&headers), place.as_str()));
    let done = app.identity.sign_in_by_passkey(&rp, &form.shown, from);
    match done.await {
        Ok(secret) => Ok(with_session(&app.site, &secret, &form.to)),
        Err(problem) if problem.status < 500 => door(&app, &form.to, String::new(), Some(problem)),
        Err(problem) => Err(problem.into()),
    }
}

pub async fn begin(actor: Actor, State(app): State<App>) -> Response {
    begun(match rp(&app) {
        Ok(rp) => app.identity.begin_passkey(&actor, &rp).await,
        Err(problem) => Err(problem),
    })
}

pub async fn add(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<NewPasskey>,
) -> Result<Response, PageError> {
    let added = match rp(&app) {
        Ok(rp) => app.identity.add_passkey(&actor, &rp, &form).await,
        Err(problem) => Err(problem),
    };
    after(&app, &actor, added, "passkey").await
}

pub async fn remove(
    actor: Actor,
    State(app): State<App>,
    Path(passkey): Path<String>,
) -> Result<Response, PageError> {
    let removed = app.identity.remove_passkey(&actor, &passkey).await;
    after(&app, &actor, removed, "passkey-gone").await
}
