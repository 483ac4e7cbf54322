//! What holds for the whole installation.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::State;
use base::identity::Actor;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::keeping::retention::{self, Retention};
use service::settings::{Individual, individual, set_individual};
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

/// After how many days something is removed; null: never.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionDays {
    /// What colleagues wrote, with what was attached.
    messages_days: Option<i64>,
    /// Lines of the record that tell of no process.
    audit_days: Option<i64>,
}

/// How long things are kept, as the settings page says.
#[utoipa::path(get, path = "/api/v1/settings/retention", tag = "settings",
    responses((status = 200, body = RetentionDays), super::Refused))]
pub async fn get_retention(State(app): State<App>) -> Result<Json<RetentionDays>, ApiError> {
    let kept = retention::kept(app.library.db()).await?;
    Ok(Json(RetentionDays {
        messages_days: kept.messages,
        audit_days: kept.audit,
    }))
}

/// Sets how long things are kept; what is older is removed once a day.
#[utoipa::path(put, path = "/api/v1/settings/retention", tag = "settings",
    request_body = RetentionDays, responses((status = 200, body = RetentionDays), super::Refused))]
pub async fn put_retention(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<RetentionDays>,
) -> Result<Json<RetentionDays>, ApiError> {
    let remedy = "Send {\"messages_days\": 730, \"audit_days\": null}.";
    let asked = body::read(sent, remedy)?;
    let days =
        |given: Option<i64>| retention::days(&given.map_or(String::new(), |d| d.to_string()));
    let to = Retention {
        messages: days(asked.messages_days)?,
        audit: days(asked.audit_days)?,
    };
    retention::set(app.library.db(), app.library.clock(), to, actor.id()).await?;
    Ok(Json(asked))
}
