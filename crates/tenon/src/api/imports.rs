//! Imports: start one, watch it, fetch what was skipped.

use super::problem::ApiError;
use crate::jobs::Status;
use crate::processes::Problem;
use crate::serve::App;
use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mining::readers::SkippedRow;

/// Multipart with `file`, and `process` for a process to add to.
pub async fn start(
    State(app): State<App>,
    form: Multipart,
) -> Result<(StatusCode, Json<Status>), ApiError> {
    let (upload, options) = crate::web::receive(&app, form).await?;
    let job = crate::web::start(&app, upload, options);
    Ok((
        StatusCode::ACCEPTED,
        Json(job.status(app.library.clock().now())),
    ))
}

pub async fn job(
    State(app): State<App>,
    Path(job): Path<String>,
) -> Result<Json<Status>, ApiError> {
    let job = app
        .jobs
        .find(&job)
        .ok_or_else(|| Problem::not_found("import under way"))?;
    Ok(Json(job.status(app.library.clock().now())))
}

pub async fn skipped(
    State(app): State<App>,
    Path(import): Path<String>,
) -> Result<Response, ApiError> {
    let row = app.library.import_row(&import).await?;
    let rows: Vec<SkippedRow> = serde_json::from_str(&row.skipped_rows).unwrap_or_default();
    let mut out = String::from("line,why,text\r\n");
    for r in rows {
        out += &format!(
            "{},{},{}\r\n",
            r.line,
            super::export::cell(&r.why),
            super::export::cell(&r.text)
        );
    }
    Ok((
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"skipped.csv\"",
            ),
        ],
        out,
    )
        .into_response())
}
