//! What can be said of an improvement, now and on the days before.

use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use service::app::App;
use service::improvements::Report;
use service::processes::Problem;
use stats::verdict::Answer;
use utoipa::ToSchema;

/// What can be said as of the record's last moment: the verdict and all it rests on. Kept until something it rests on
/// changes. Effects of days are in days, of shares from 0 to 1; an end of an interval is null where nothing bounds it.
#[utoipa::path(get, path = "/api/v1/improvements/{improvement}/verdict", tag = "verdicts",
    params(("improvement" = String, Path)), responses((status = 200, body = Report), super::Refused))]
pub async fn now(
    State(app): State<App>,
    Path(improvement): Path<String>,
) -> Result<Json<Report>, ApiError> {
    let found = app.improvements.find(&improvement).await?;
    if found.state == service::improvements::State::Planned {
        return Err(Problem::new(
            409,
            "not_started",
            "It has not started, so there is nothing to say yet.",
            "Start it, or ask for the outlook.",
        )
        .into());
    }
    let report = app.improvements.report(&found).await?;
    Ok(Json((*report).clone()))
}

/// What was said on a day.
#[derive(serde::Serialize, ToSchema)]
pub struct Said {
    /// The record was read up to here.
    as_of: mining::Micros,
    at: mining::Micros,
    verdict: Answer,
    sentence: String,
    effect: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    mature_cases: u64,
}

/// What was said on which day, newest first. Kept, never changed.
#[utoipa::path(get, path = "/api/v1/improvements/{improvement}/verdicts", tag = "verdicts",
    params(("improvement" = String, Path)), responses((status = 200, body = [Said]), super::Refused))]
pub async fn said(
    State(app): State<App>,
    Path(improvement): Path<String>,
) -> Result<Json<Vec<Said>>, ApiError> {
    let found = app.improvements.find(&improvement).await?;
    let said = app
        .improvements
        .said(&found.id)
        .await?
        .into_iter()
        .map(|r| {
            let shown = r.verdict.shown;
            let end = |end: f64| end.is_finite().then_some(end);
            Said {
                as_of: r.as_of,
                at: r.at,
                verdict: r.verdict.verdict,
                sentence: r.verdict.sentence,
                effect: shown.map(|s| s.effect),
                low: shown.and_then(|s| end(s.interval.low)),
                high: shown.and_then(|s| end(s.interval.high)),
                mature_cases: r.verdict.mature_cases,
            }
        });
    Ok(Json(said.collect()))
}
