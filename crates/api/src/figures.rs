//! Figures, cases and fit for a question.

use super::asked::{Asked, Part, Second};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mining::figures::{
    CaseList, CaseOrder, Comparison, Figures, StandOut, case_list, compare, stand_outs,
};
use mining::fit::FitReport;
use mining::fit::pipeline::PipelineFit;
use serde::Serialize;
use service::app::App;
use service::processes::filter_query::{self, Asked as Question};
use service::processes::{Problem, View};
use service::settings::individual;
use std::sync::Arc;
use utoipa::ToSchema;

type Pairs = Query<Vec<(String, String)>>;

fn pairs(query: &Pairs) -> impl Iterator<Item = (&str, &str)> + Clone {
    query.iter().map(|(k, v)| (k.as_str(), v.as_str()))
}

/// The view of a question, unless it asks for single people and that is not switched on.
pub(super) async fn view(app: &App, process: &str, asked: &Question) -> Result<Arc<View>, Problem> {
    individual(app.library.db()).await.allows(&asked.filter)?;
    app.library.view(process, asked).await
}

fn json(value: &impl Serialize) -> Result<Response, ApiError> {
    let text = serde_json::to_string(value).map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// All figures: steps, activities, moves, variants, rework, hand-overs, weeks.
#[utoipa::path(get, path = "/api/v1/processes/{process}/figures", tag = "figures",
    params(("process" = String, Path), Asked), responses((status = 200, body = Figures), super::Refused))]
pub async fn figures(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<Response, ApiError> {
    let asked = filter_query::parse_only(pairs(&query), &[])?;
    let view = view(&app, &process, &asked).await?;
    json(&*individual(app.library.db()).await.figures(&view.figures))
}

/// Where the process loses time and cases, costliest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/stand-outs", tag = "figures",
    params(("process" = String, Path), Asked), responses((status = 200, body = [StandOut]), super::Refused))]
pub async fn standing_out(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<Response, ApiError> {
    let asked = filter_query::parse_only(pairs(&query), &[])?;
    let view = view(&app, &process, &asked).await?;
    let shown = individual(app.library.db()).await.figures(&view.figures);
    json(&stand_outs(&shown, 10))
}

/// Two periods side by side.
#[utoipa::path(get, path = "/api/v1/processes/{process}/compare", tag = "figures",
    params(("process" = String, Path), Asked, Second),
    responses((status = 200, body = Comparison), super::Refused))]
pub async fn compared(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<Response, ApiError> {
    let first = filter_query::parse_only(pairs(&query), &["vs_from", "vs_to"])?;
    let second = filter_query::parse_second(pairs(&query))?;
    if second.filter.from.is_none() && second.filter.to.is_none() {
        return Err(Problem::bad_request(
            "There is no second period.",
            "Say its days with vs_from and vs_to.",
        )
        .into());
    }
    let a = view(&app, &process, &first).await?;
    let b = view(&app, &process, &second).await?;
    json(&compare(&a.figures, &b.figures))
}

/// Cases, those that wait longest first.
#[utoipa::path(get, path = "/api/v1/processes/{process}/cases", tag = "figures",
    params(("process" = String, Path), Asked, Part), responses((status = 200, body = CaseList), super::Refused))]
pub async fn cases(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<Response, ApiError> {
    let asked = filter_query::parse_only(pairs(&query), &["offset", "limit"])?;
    let number = |key: &str, default: usize| match pairs(&query).find(|(k, _)| *k == key) {
        None => Ok(default),
        Some((_, v)) => v.parse().map_err(|_| {
            Problem::bad_request(
                format!("\"{v}\" is no number (in \"{key}\")."),
                "Write a whole number.",
            )
        }),
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", 100)?.min(1000));
    let view = view(&app, &process, &asked).await?;
    let p = &view.process;
    let list = case_list(
        &p.log,
        &p.steps,
        &view.selection,
        &view.options,
        CaseOrder::Waiting,
        offset,
        limit,
    )
    .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
    json(&list)
}

#[derive(Serialize, ToSchema)]
pub struct Fit {
    /// Against the order of the steps.
    steps: PipelineFit,
    model: Option<ModelFit>,
}

#[derive(Serialize, ToSchema)]
pub struct ModelFit {
    name: String,
    /// `imported`, or `confirmed` by the owner.
    origin: String,
    pinned: mining::Micros,
    /// Absent when the model cannot be run.
    report: Option<FitReport>,
    /// Why the model cannot be run.
    broken: Option<String>,
}

/// How far cases run as the process says: against the order of its steps and against its pinned model.
#[utoipa::path(get, path = "/api/v1/processes/{process}/fit", tag = "figures",
    params(("process" = String, Path), Asked), responses((status = 200, body = Fit), super::Refused))]
pub async fn fit(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<Json<Fit>, ApiError> {
    let asked = filter_query::parse_only(pairs(&query), &[])?;
    let view = view(&app, &process, &asked).await?;
    let fit = app.library.fit(&view).await?;
    let model = fit.model.as_ref().map(|(row, report)| ModelFit {
        name: row.name.clone(),
        origin: row.origin.clone(),
        pinned: row.at,
        report: report.as_ref().ok().cloned(),
        broken: report.as_ref().err().cloned(),
    });
    Ok(Json(Fit {
        steps: view.pipeline.clone(),
        model,
    }))
}

/// Finds a model in the cases asked for and pins it as the reference that cases are held against.
#[utoipa::path(post, path = "/api/v1/processes/{process}/model", tag = "figures",
    params(("process" = String, Path), Asked), responses((status = 204), super::Refused))]
pub async fn confirm_model(
    State(app): State<App>,
    Path(process): Path<String>,
    query: Pairs,
) -> Result<axum::http::StatusCode, ApiError> {
    let asked = filter_query::parse_only(pairs(&query), &[])?;
    let view = view(&app, &process, &asked).await?;
    app.library.confirm_model(&view, "owner").await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
