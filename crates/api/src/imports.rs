//! Imports: start one, watch it, fetch what was skipped.

use super::problem::ApiError;
use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mining::readers::SkippedRow;
use service::app::App;
use service::intake;
use service::jobs::Status;
use service::processes::Problem;
use utoipa::ToSchema;

/// A file, and how it is to be read. All but the file may be left out; tables and object-centric logs are then guessed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form; `ReadOptions::take` reads it")]
pub struct ImportForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Process to add to, by id or name, made new when there is none such. Without it always a new one, named after the file.
    process: Option<String>,
    /// XES: the classifier that tells activities apart.
    classifier: Option<String>,
    /// XES: join start and completion of an activity.
    pair_lifecycle: Option<String>,
    /// Object-centric log: the type of object that is the case.
    ocel_type: Option<String>,
    /// Table: `events`, `stage-history` or `snapshot`.
    csv_rows: Option<String>,
    /// Table: names of columns; empty for no such column.
    csv_case: Option<String>,
    csv_activity: Option<String>,
    csv_time: Option<String>,
    csv_start: Option<String>,
    csv_resource: Option<String>,
    csv_team: Option<String>,
    /// Table: `ymd`, `dmy`, `mdy`, `epoch-s`, `epoch-ms`, `epoch-us` or `excel`.
    csv_date_format: Option<String>,
    /// Table: `point` or `comma`.
    csv_decimal: Option<String>,
    /// Table: one character, or `tab`.
    csv_delimiter: Option<String>,
    csv_encoding: Option<String>,
    /// Table: zone of times that name none, such as Europe/Berlin.
    csv_zone: Option<String>,
}

/// Starts an import; send the file last. Watch it at `/api/v1/jobs/{id}`.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Status), super::Refused))]
pub async fn start(
    State(app): State<App>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Status>), ApiError> {
    let form = form.map_err(|_| {
        Problem::bad_request(
            "This request has no form with a file.",
            "Send multipart/form-data, with the file last.",
        )
    })?;
    let (upload, options) = intake::receive(&app, form).await?;
    let job = intake::start(&app, upload, options);
    Ok((
        StatusCode::ACCEPTED,
        Json(job.status(app.library.clock().now())),
    ))
}

/// How far an import is, and what came of it.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", tag = "imports",
    params(("job" = String, Path)), responses((status = 200, body = Status), super::Refused))]
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

/// The rows an import could not use, with the reason for each, as CSV.
#[utoipa::path(get, path = "/api/v1/imports/{import}/skipped.csv", tag = "imports",
    params(("import" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), super::Refused))]
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
            service::exports::cell(&r.why),
            service::exports::cell(&r.text)
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
