//! Signing in with an app password. A session is kept in memory only, and made anew when it has ended: servers allow some hundred
//! new ones a day.

use super::wire::{Error, Session};
use crate::http::{Request, Response, server};
use crate::kept::Kept;
use crate::{Fault, Micros, Via, text};

/// A server of an account, and the way in.
pub(super) struct Server<'a> {
    pub base: String,
    via: &'a Via<'a>,
    kept: &'a Kept,
}

impl<'a> Server<'a> {
    pub fn of(via: &'a Via<'a>, kept: &'a Kept) -> Result<Server<'a>, Fault> {
        let filled_in = match via.settings.get("server").trim() {
            "" => "https://bsky.social",
            other => other,
        };
        Ok(Server {
            base: server(filled_in)?,
            via,
            kept,
        })
    }

    pub fn call(&self, name: &str) -> Request {
        Request::get(format!("{}/xrpc/{name}", self.base))
    }

    /// The answer to a request, signed in. A session that has ended is no reason to ask anybody.
    pub async fn answer(&self, request: Request) -> Result<Response, Fault> {
        let session = self.session().await?;
        let first = request.clone().bearer(&session.access_jwt);
        let mut response = self.via.http.send(first).await?;
        if has_ended(&response) {
            self.kept.drop(self.via.settings);
            let session = self.renew(&session).await?;
            response = self
                .via
                .http
                .send(request.bearer(&session.access_jwt))
                .await?;
        }
        match response.is_success() {
            true => Ok(response),
            false => Err(fault(&response, self.via.now)),
        }
    }

    pub async fn session(&self) -> Result<Session, Fault> {
        let kept = self.kept.get(self.via.settings);
        let kept = kept.and_then(|k| serde_json::from_str(&k).ok());
        match kept {
            Some(session) => Ok(session),
            None => self.enter().await,
        }
    }

    async fn renew(&self, session: &Session) -> Result<Session, Fault> {
        let request = self
            .call("com.atproto.server.refreshSession")
            .with_method("POST");
        let response = self
            .via
            .http
            .send(request.bearer(&session.refresh_jwt))
            .await?;
        match response.is_success() {
            true => self.keep(&response),
            false => self.enter().await,
        }
    }

    async fn enter(&self) -> Result<Session, Fault> {
        let settings = self.via.settings;
        let url = self.call("com.atproto.server.createSession").url;
        let handle = settings.get("handle").trim().trim_start_matches('@');
        let body = serde_json::json!({
            "identifier": handle,
            "password": settings.get("password").trim(),
        });
        let response = self.via.http.send(Request::json(url, &body)).await?;
        match response.is_success() {
            true => self.keep(&response),
            false => Err(fault(&response, self.via.now)),
        }
    }

    fn keep(&self, response: &Response) -> Result<Session, Fault> {
        let session: Session = response.read()?;
        if let Ok(text) = serde_json::to_string(&session) {
            self.kept.put(self.via.settings, text);
        }
        Ok(session)
    }
}

fn error(response: &Response) -> Error {
    match response.status {
        400..500 => response.read().unwrap_or_default(),
        _ => Error::default(),
    }
}

fn has_ended(response: &Response) -> bool {
    let error = error(response).error;
    matches!(error.as_str(), "ExpiredToken" | "InvalidToken")
}

/// The name of the error says what it was: a token that does not open comes with 400.
pub(super) fn fault(response: &Response, now: Micros) -> Fault {
    let Error { error, message } = error(response);
    let said = match message.is_empty() {
        true => format!("status {} {}", response.status, text::line(&error)),
        false => text::line(&message),
    };
    match error.as_str() {
        "ExpiredToken" | "InvalidToken" | "AuthMissing" | "AuthenticationRequired" => {
            Fault::SignedOut(said)
        }
        "AccountTakedown" | "AccountDeactivated" | "AuthFactorTokenRequired" => {
            Fault::SignedOut(said)
        }
        "NotFound" | "RecordNotFound" | "RepoNotFound" => Fault::Gone(said),
        _ if response.status == 429 => {
            let told = response.retry_after(now);
            let until = told.or_else(|| response.resets("ratelimit-reset", now));
            match until {
                Some(until) => Fault::Wait { until, said },
                None => response.fault(now, said),
            }
        }
        // A server without an AppView does not know its methods.
        _ if response.status == 501 => Fault::Refused(said),
        _ => response.fault(now, said),
    }
}
