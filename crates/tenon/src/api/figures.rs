//! Figures and cases under a filter.

use super::problem::ApiError;
use crate::processes::{Problem, filter_query};
use crate::serve::App;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mining::figures::{CaseOrder, case_list};

fn json(value: &impl serde::Serialize) -> Result<Response, ApiError> {
    let text = serde_json::to_string(value).map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

pub async fn figures(
    State(app): State<App>,
    Path(process): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let filter = filter_query::parse(query.iter().map(|(k, v)| (k.as_str(), v.as_str())))?;
    let view = app.library.view(&process, &filter).await?;
    json(&view.figures)
}

pub async fn cases(
    State(app): State<App>,
    Path(process): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let pairs = || query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let filter = filter_query::parse(pairs())?;
    let number = |key: &str, default: usize| match pairs().find(|(k, _)| *k == key) {
        None => Ok(default),
        Some((_, v)) => v.parse().map_err(|_| {
            Problem::bad_request(
                format!("\"{v}\" is no number (in \"{key}\")."),
                "Write a whole number.",
            )
        }),
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", 100)?.min(1000));
    let view = app.library.view(&process, &filter).await?;
    let p = &view.process;
    let list = case_list(
        &p.log,
        &p.steps,
        &view.selection,
        &p.options,
        CaseOrder::Waiting,
        offset,
        limit,
    )
    .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
    json(&list)
}
