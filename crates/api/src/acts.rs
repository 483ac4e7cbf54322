//! What is done with an improvement that was planned. All of it is recorded, none of it touches the process.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;
use service::improvements::{Cost, Decision, Improvement, day};
use store::uses::UseRow;
use utoipa::ToSchema;

type Answer = Result<Json<Improvement>, ApiError>;

/// Starts a planned one. When its first day has gone by, all days move on by whole weeks; the order stays as drawn.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/start", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn start(actor: Actor, State(app): State<App>, Path(id): Path<String>) -> Answer {
    Ok(Json(app.improvements.start(&id, actor.id()).await?))
}

/// Takes the tool away for a time. Weeks of the pause are not counted, for any team.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/pause", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn pause(actor: Actor, State(app): State<App>, Path(id): Path<String>) -> Answer {
    Ok(Json(app.improvements.pause(&id, actor.id()).await?))
}

/// Ends a pause.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/resume", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn resume(actor: Actor, State(app): State<App>, Path(id): Path<String>) -> Answer {
    Ok(Json(app.improvements.resume(&id, actor.id()).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    team: String,
    /// Day it starts, such as 2026-03-02; today when left out.
    from: Option<String>,
}

/// Gives the tool to a team earlier than planned: a departure from the plan, and recorded as one.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/extend", tag = "improvements",
    params(("improvement" = String, Path)), request_body = Extend,
    responses((status = 200, body = Improvement), super::Refused))]
pub async fn extend(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent<Extend>,
) -> Answer {
    let asked = body::read(sent, "Send the team, and from which day if not today.")?;
    let from = asked.from.as_deref().map(day).transpose()?;
    let done = app.improvements.extend(&id, &asked.team, from, actor.id());
    Ok(Json(done.await?))
}

/// Takes the tool out. What was measured stays.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/unplug", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn unplug(actor: Actor, State(app): State<App>, Path(id): Path<String>) -> Answer {
    Ok(Json(app.improvements.unplug(&id, actor.id()).await?))
}

/// Takes the last unplugging back, within a day.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/plug-back", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = Improvement), super::Refused))]
pub async fn plug_back(actor: Actor, State(app): State<App>, Path(id): Path<String>) -> Answer {
    Ok(Json(app.improvements.plug_back(&id, actor.id()).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    decision: Decision,
    /// Why: somebody will ask in a year.
    why: String,
}

/// Records what was decided and why, and does what follows from it: `extend` gives the tool to all teams from the next
/// Monday, `unplug` takes it out.
#[utoipa::path(post, path = "/api/v1/improvements/{improvement}/decision", tag = "improvements",
    params(("improvement" = String, Path)), request_body = Decided,
    responses((status = 200, body = Improvement), super::Refused))]
pub async fn decide(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent<Decided>,
) -> Answer {
    let asked = body::read(
        sent,
        "Send a decision (keep, extend, change or unplug) and why.",
    )?;
    let done = app
        .improvements
        .decide(&id, asked.decision, &asked.why, actor.id());
    Ok(Json(done.await?))
}

/// Says what the tool costs those who work with it.
#[utoipa::path(put, path = "/api/v1/improvements/{improvement}/cost", tag = "improvements",
    params(("improvement" = String, Path)), request_body = Cost,
    responses((status = 200, body = Improvement), super::Refused))]
pub async fn cost(
    actor: Actor,
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent<Cost>,
) -> Answer {
    let cost = body::read(
        sent,
        "Send setup_hours, weekly_hours and minutes_a_case, each a number or null.",
    )?;
    Ok(Json(
        app.improvements.set_cost(&id, cost, actor.id()).await?,
    ))
}

/// How much a team used the tool on a day. Never by person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Use {
    team: String,
    /// Such as 2026-03-02; for a whole week, its Monday.
    day: String,
    uses: i64,
    /// How many people used it.
    people: i64,
    /// In how many cases.
    cases: i64,
}

/// Says how much the tool was used. Said again for a team and day, the last word counts.
#[utoipa::path(put, path = "/api/v1/improvements/{improvement}/uses", tag = "improvements",
    params(("improvement" = String, Path)), request_body = [Use],
    responses((status = 204), super::Refused))]
pub async fn uses(
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent<Vec<Use>>,
) -> Result<StatusCode, ApiError> {
    let asked = body::read(sent, "Send a list of team, day, uses, people and cases.")?;
    let mut rows = Vec::with_capacity(asked.len());
    for one in asked {
        rows.push(UseRow {
            day: day(&one.day)?,
            team: one.team,
            uses: one.uses,
            people: one.people,
            cases: one.cases,
        });
    }
    app.improvements.set_uses(&id, rows).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much the tool was used, by team and day, oldest first.
#[utoipa::path(get, path = "/api/v1/improvements/{improvement}/uses", tag = "improvements",
    params(("improvement" = String, Path)), responses((status = 200, body = [UseRow]), super::Refused))]
pub async fn used(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Vec<UseRow>>, ApiError> {
    let found = app.improvements.find(&id).await?;
    Ok(Json(app.improvements.used(&found).await?.0))
}
