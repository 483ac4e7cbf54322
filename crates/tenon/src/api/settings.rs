//! What holds for the whole installation.

use super::body::{self, Sent};
use super::problem::ApiError;
use crate::app::App;
use crate::identity::Actor;
use crate::settings::{Individual, individual, set_individual};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndividualFigures {
    value: Individual,
}

/// Whether figures of single people may be looked at: `off`, `on`, or `locked` off.
#[utoipa::path(get, path = "/api/v1/settings/individual-figures", tag = "settings",
    responses((status = 200, body = IndividualFigures), super::Refused))]
pub async fn get_individual(State(app): State<App>) -> Result<Json<IndividualFigures>, ApiError> {
    let value = individual(app.library.db()).await;
    Ok(Json(IndividualFigures { value }))
}

/// Switches them off or on, or locks them off. A lock is only taken away by a command on the machine itself.
#[utoipa::path(put, path = "/api/v1/settings/individual-figures", tag = "settings",
    request_body = IndividualFigures, responses((status = 200, body = IndividualFigures), super::Refused))]
pub async fn put_individual(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<IndividualFigures>,
) -> Result<Json<IndividualFigures>, ApiError> {
    let wanted = body::read(sent, "Send {\"value\": \"off\"}, \"on\" or \"locked\".")?.value;
    let value = set_individual(&app.library, wanted, actor.id()).await?;
    Ok(Json(IndividualFigures { value }))
}
