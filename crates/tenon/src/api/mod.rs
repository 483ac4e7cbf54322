//! JSON API v1, one endpoint a file. Its description is at `/api/v1/openapi.json`.

mod asked;
mod export;
mod figures;
mod imports;
mod problem;
mod processes;
mod steps;
#[cfg(test)]
mod tests;

use crate::app::App;
use crate::processes::Problem;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use utoipa::{IntoResponses, OpenApi};

/// An answer that is no success (RFC 9457): what is wrong and what to do.
#[derive(IntoResponses)]
#[response(status = "4XX", content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes what `ApiError` answers")]
pub struct Refused(problem::ProblemDetails);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenon",
        description = "See how a process really runs. Moments are microseconds since 1970 in UTC."
    ),
    components(schemas(problem::ProblemDetails)),
    paths(
        processes::list,
        processes::one,
        processes::imports,
        processes::events,
        processes::versions,
        figures::figures,
        figures::standing_out,
        figures::compared,
        figures::cases,
        figures::fit,
        figures::confirm_model,
        steps::get,
        steps::put,
        steps::undo,
        export::export,
        imports::start,
        imports::skipped,
        imports::job
    )
)]
pub struct Document;

async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

pub fn router() -> Router<App> {
    let process = Router::new()
        .route("/", get(processes::one))
        .route("/imports", get(processes::imports))
        .route("/events", get(processes::events))
        .route("/versions", get(processes::versions))
        .route("/figures", get(figures::figures))
        .route("/stand-outs", get(figures::standing_out))
        .route("/compare", get(figures::compared))
        .route("/cases", get(figures::cases))
        .route("/fit", get(figures::fit))
        .route("/model", post(figures::confirm_model))
        .route("/steps", get(steps::get).put(steps::put))
        .route("/steps/undo", post(steps::undo))
        .route("/export/{what}", get(export::export));
    let limit = DefaultBodyLimit::max(8 << 30);
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/api/v1/processes", get(processes::list))
        .nest("/api/v1/processes/{process}", process)
        .route("/api/v1/imports", post(imports::start).layer(limit))
        .route(
            "/api/v1/imports/{import}/skipped.csv",
            get(imports::skipped),
        )
        .route("/api/v1/jobs/{job}", get(imports::job))
}

/// Programs get their answers as JSON, also this one.
pub fn not_found() -> Response {
    problem::ApiError(Problem::not_found("endpoint")).into_response()
}
