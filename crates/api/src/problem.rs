//! Problems as RFC 9457 JSON.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mining::Place;
use serde::Serialize;
use service::processes::Problem;
use utoipa::ToSchema;

/// What went wrong, as it is sent.
#[derive(Serialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:tenon:` and the code.
    r#type: String,
    /// What is wrong.
    title: String,
    status: u16,
    /// What to do.
    detail: String,
    /// Stable word for programs.
    code: String,
    /// Where in a file.
    place: Box<Place>,
}

pub struct ApiError(pub Problem);

impl<E: Into<Problem>> From<E> for ApiError {
    fn from(e: E) -> Self {
        ApiError(e.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let p = self.0;
        let status = StatusCode::from_u16(p.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = p.wait.map(|s| (header::RETRY_AFTER, s.into()));
        let wait: HeaderMap = wait.into_iter().collect();
        let details = ProblemDetails {
            r#type: format!("urn:tenon:{}", p.code),
            title: p.what,
            status: p.status,
            detail: p.remedy,
            code: p.code,
            place: p.place,
        };
        (
            status,
            wait,
            [(header::CONTENT_TYPE, "application/problem+json")],
            serde_json::to_string(&details).unwrap_or_default(),
        )
            .into_response()
    }
}
