//! `POST /hooks/{secret}`: a program writes a note to a case. The address is the key; it is spoken to in JSON.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use service::app::App;
use service::delivery::incoming::Note;
use service::processes::Problem;

pub async fn write(
    State(app): State<App>,
    Path(secret): Path<String>,
    sent: Result<Json<Note>, JsonRejection>,
) -> Response {
    let written = match sent {
        Ok(Json(note)) => app.delivery.write_note(&secret, &note).await,
        Err(e) => Err(Problem::bad_request(
            e.body_text(),
            "Send {\"case\": \"…\", \"text\": \"…\"} as application/json.",
        )),
    };
    match written {
        Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))).into_response(),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status);
            (
                status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                Json(problem),
            )
                .into_response()
        }
    }
}
