//! Search over everything one may see.

use super::problem::ApiError;
use super::talk::{Asked, query};
use axum::Json;
use axum::extract::State;
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::work::search::Found;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// Words; all must be there, the last may be a beginning.
    #[serde(default)]
    q: String,
}

/// People, cases, answers and messages with these words, as far as you may see them; newest messages first.
#[utoipa::path(get, path = "/api/v1/search", tag = "work", params(Sought),
    responses((status = 200, body = Found), super::Refused))]
pub async fn search(
    actor: Actor,
    State(app): State<App>,
    asked: Asked<Sought>,
) -> Result<Json<Found>, ApiError> {
    let asked = query(asked, "Write ?q= and words.")?;
    Ok(Json(app.work.search(&actor, &asked.q).await?))
}
