//! What is seen, as files others can read.

use super::problem::ApiError;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use service::app::App;
use service::exports;
use service::processes::{Problem, filter_query};

/// What is seen, as a file: `map.svg`, `process.bpmn`, `steps.csv`, `edges.csv`, `variants.csv`, `cases.csv`,
/// `log.xes` or `log.csv`.
#[utoipa::path(get, path = "/api/v1/processes/{process}/export/{what}", tag = "figures",
    params(("process" = String, Path), ("what" = String, Path), super::asked::Asked, super::asked::Detail),
    responses((status = 200, content((String = "text/csv"), (String = "application/xml"), (String = "image/svg+xml"))), super::Refused))]
pub async fn export(
    State(app): State<App>,
    Path((process, what)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let pairs = || query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let asked = filter_query::parse_only(pairs(), &["detail"])?;
    let detail = pairs().find(|(k, v)| *k == "detail" && !v.is_empty());
    let detail = detail
        .map(|(_, v)| v.parse::<u32>().ok().filter(|d| *d <= 100).ok_or(v))
        .transpose()
        .map_err(|v| {
            Problem::bad_request(
                format!("\"{v}\" is no detail of the map."),
                "Write a whole number from 0 to 100.",
            )
        })?;
    let view = super::figures::view(&app, &process, &asked).await?;
    let (bytes, kind) = exports::file(&app.library, &view, &what, detail).await?;
    let slug: String = view
        .process
        .row
        .slug
        .chars()
        .filter(char::is_ascii)
        .collect();
    let name = format!("attachment; filename=\"{slug}-{what}\"");
    Ok((
        [
            (header::CONTENT_TYPE, kind.to_string()),
            (header::CONTENT_DISPOSITION, name),
        ],
        bytes,
    )
        .into_response())
}
