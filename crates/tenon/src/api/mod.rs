//! JSON API v1, one endpoint a file.

mod export;
mod figures;
mod imports;
mod problem;
mod processes;
mod steps;

use crate::serve::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/processes", get(processes::list))
        .route("/api/v1/processes/{process}", get(processes::one))
        .route("/api/v1/processes/{process}/figures", get(figures::figures))
        .route("/api/v1/processes/{process}/cases", get(figures::cases))
        .route(
            "/api/v1/processes/{process}/versions",
            get(processes::versions),
        )
        .route("/api/v1/processes/{process}/events", get(processes::events))
        .route(
            "/api/v1/processes/{process}/steps",
            get(steps::get).put(steps::put),
        )
        .route(
            "/api/v1/processes/{process}/export/{what}",
            get(export::export),
        )
        .route(
            "/api/v1/imports",
            post(imports::start).layer(DefaultBodyLimit::max(8 << 30)),
        )
        .route(
            "/api/v1/imports/{import}/skipped.csv",
            get(imports::skipped),
        )
        .route("/api/v1/jobs/{job}", get(imports::job))
}
