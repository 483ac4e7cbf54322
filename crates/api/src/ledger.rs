//! All improvements of a process together: what they add up to, where to plug next, and whether to rethink.

use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use service::app::App;
use service::exports;
use service::improvements::{Adding, Friction, Rethink, Row, Sum, frictions};
use service::processes::filter_query::Asked;
use service::settings::individual;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Ledger {
    /// Oldest first.
    all: Vec<Row>,
    /// Days in step of all that have been measured, one after another.
    adding: Vec<Adding>,
    /// What stands now.
    sum: Option<Sum>,
}

/// Every improvement with its mark and effect, and what they add up to over time.
#[utoipa::path(get, path = "/api/v1/processes/{process}/ledger", tag = "improvements",
    params(("process" = String, Path)), responses((status = 200, body = Ledger), super::Refused))]
pub async fn ledger(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Ledger>, ApiError> {
    let row = app.library.process(&process).await?;
    let ledger = app.improvements.ledger(&row.id).await?;
    Ok(Json(Ledger {
        all: ledger.rows(),
        sum: ledger.sum(),
        adding: ledger.adding.clone(),
    }))
}

/// The same as a table, a row an improvement.
#[utoipa::path(get, path = "/api/v1/processes/{process}/ledger.csv", tag = "improvements",
    params(("process" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), super::Refused))]
pub async fn csv(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Response, ApiError> {
    let row = app.library.process(&process).await?;
    let ledger = app.improvements.ledger(&row.id).await?;
    let text = exports::ledger(&ledger);
    Ok((
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"improvements.csv\"",
            ),
        ],
        text,
    )
        .into_response())
}

/// Where the process loses time and cases, costliest first, each with a tool that may ease it.
#[utoipa::path(get, path = "/api/v1/processes/{process}/frictions", tag = "improvements",
    params(("process" = String, Path)), responses((status = 200, body = [Friction]), super::Refused))]
pub async fn where_to_plug(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Vec<Friction>>, ApiError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let ledger = app.improvements.ledger(&view.process.row.id).await?;
    let shown = individual(app.library.db()).await.figures(&view.figures);
    Ok(Json(frictions(&shown, &ledger, 10)))
}

/// Whether improving steps is enough, or the process itself should be thought over; with the evidence.
#[utoipa::path(get, path = "/api/v1/processes/{process}/rethink", tag = "improvements",
    params(("process" = String, Path)), responses((status = 200, body = Rethink), super::Refused))]
pub async fn rethink(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<Rethink>, ApiError> {
    let view = app.library.view(&process, &Asked::default()).await?;
    let id = &view.process.row.id;
    let ledger = app.improvements.ledger(id).await?;
    let versions = app.library.versions(id).await?;
    let now = app.library.today(id).await?;
    Ok(Json(Rethink::of(&view, &ledger, &versions, now)))
}
