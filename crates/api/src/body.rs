//! What is sent as JSON, or why it cannot be read.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use service::processes::Problem;

pub type Sent<T> = Result<Json<T>, JsonRejection>;

/// The value that was sent.
pub fn read<T>(sent: Sent<T>, remedy: &str) -> Result<T, Problem> {
    sent.map(|Json(value)| value)
        .map_err(|e| Problem::bad_request(e.body_text(), remedy))
}
