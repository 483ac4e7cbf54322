//! What an address or a form says, or a page that tells why it cannot be read.

use crate::error::PageError;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use service::processes::Problem;

/// What stands behind the question mark of an address.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let read = axum::extract::Query::from_request_parts(parts, state).await;
        let read = read.map_err(|e| {
            let remedy =
                "Take away what stands behind its question mark, and choose again on the page.";
            unread("This address cannot be read.", &e.body_text(), remedy)
        })?;
        Ok(Query(read.0))
    }
}

/// What was filled in.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let read = axum::Form::from_request(request, state).await;
        let read = read.map_err(|e| {
            let remedy = "Go back and fill the form in again.";
            let problem = unread("This form cannot be read.", &e.body_text(), remedy);
            Problem {
                status: e.status().as_u16(),
                ..problem
            }
        })?;
        Ok(Form(read.0))
    }
}

/// What the reader says of it stands last, for whoever has to find the cause.
fn unread(what: &str, said: &str, remedy: &str) -> Problem {
    let why = said.rsplit_once("string: ").map_or(said, |(_, why)| why);
    Problem::bad_request(what, format!("{remedy} ({why})"))
}
