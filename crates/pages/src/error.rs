//! Pages that say what went wrong.

use super::shell::Shell;
use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use service::processes::Problem;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    problem: Problem,
    place: String,
}

/// A problem on its way to a person's browser.
pub struct PageError(pub Problem);

impl<E: Into<Problem>> From<E> for PageError {
    fn from(e: E) -> Self {
        PageError(e.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let place = self.0.place.to_string();
        let wait = retry_after(&self.0);
        let page = ErrorPage {
            shell: Shell::bare("Not shown"),
            problem: self.0,
            place,
        };
        (status, wait, Html(page.render().unwrap_or_default())).into_response()
    }
}

/// When another try makes sense, for programs.
pub fn retry_after(problem: &Problem) -> HeaderMap {
    let wait = problem.wait.map(|s| (header::RETRY_AFTER, s.into()));
    wait.into_iter().collect()
}

pub async fn not_found() -> PageError {
    PageError(Problem::not_found("page"))
}

/// Renders a page.
pub fn page(template: impl Template) -> Result<Html<String>, PageError> {
    Ok(Html(
        template
            .render()
            .map_err(|e| PageError(anyhow::Error::from(e).into()))?,
    ))
}
