//! What leaves and what comes back: the queue, webhooks out and in.

use super::body::{self, Sent};
use super::problem::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::identity::Actor;
use serde::{Deserialize, Serialize};
use service::app::App;
use service::delivery::hooks::NewHook;
use service::processes::Problem;
use store::hooks::{DeliveryRow, HookRow, IncomingRow};
use store::jobs::{JobCounts, JobRow};
use utoipa::ToSchema;

const HOOK: &str =
    "Send name, url, and if you like kinds (such as \"question. message.posted\") and off.";

/// What waits, runs and was given up.
#[derive(Serialize, ToSchema)]
pub struct Jobs {
    counts: JobCounts,
    /// At most 200, those given up first.
    jobs: Vec<JobRow>,
}

/// The queue of what is to be done later, or again.
#[utoipa::path(get, path = "/api/v1/delivery/jobs", tag = "delivery",
    responses((status = 200, body = Jobs), super::Refused))]
pub async fn jobs(State(app): State<App>) -> Result<Json<Jobs>, ApiError> {
    let queue = app.delivery.queue();
    let (counts, jobs) = (queue.counts().await?, queue.open().await?);
    Ok(Json(Jobs { counts, jobs }))
}

/// Tries again what was given up.
#[utoipa::path(post, path = "/api/v1/delivery/jobs/{job}/retry", tag = "delivery",
    params(("job" = String, Path)), responses((status = 200, body = JobRow), super::Refused))]
pub async fn retry(
    State(app): State<App>,
    Path(job): Path<String>,
) -> Result<Json<JobRow>, ApiError> {
    Ok(Json(app.delivery.queue().requeue(&job).await?))
}

/// Forgets what was given up.
#[utoipa::path(delete, path = "/api/v1/delivery/jobs/{job}", tag = "delivery",
    params(("job" = String, Path)), responses((status = 204), super::Refused))]
pub async fn forget(
    State(app): State<App>,
    Path(job): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.delivery.queue().drop_dead(&job).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Outgoing webhooks, oldest first.
#[utoipa::path(get, path = "/api/v1/hooks", tag = "delivery",
    responses((status = 200, body = [HookRow]), super::Refused))]
pub async fn hooks(State(app): State<App>) -> Result<Json<Vec<HookRow>>, ApiError> {
    Ok(Json(app.delivery.hooks().await?))
}

/// A hook, and what its deliveries are signed with.
#[derive(Serialize, ToSchema)]
pub struct MadeHook {
    hook: HookRow,
    /// Shown now and never again.
    secret: String,
}

/// Makes an outgoing webhook. It is told of what happens from now on.
#[utoipa::path(post, path = "/api/v1/hooks", tag = "delivery", request_body = NewHook,
    responses((status = 201, body = MadeHook), super::Refused))]
pub async fn make_hook(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<NewHook>,
) -> Result<(StatusCode, Json<MadeHook>), ApiError> {
    let new = body::read(sent, HOOK)?;
    let (hook, secret) = app.delivery.make_hook(&actor, &new).await?;
    Ok((StatusCode::CREATED, Json(MadeHook { hook, secret })))
}

/// One outgoing webhook.
#[utoipa::path(get, path = "/api/v1/hooks/{hook}", tag = "delivery",
    params(("hook" = String, Path)), responses((status = 200, body = HookRow), super::Refused))]
pub async fn hook(
    State(app): State<App>,
    Path(hook): Path<String>,
) -> Result<Json<HookRow>, ApiError> {
    Ok(Json(app.delivery.hook(&hook).await?))
}

/// Changes an outgoing webhook.
#[utoipa::path(put, path = "/api/v1/hooks/{hook}", tag = "delivery", request_body = NewHook,
    params(("hook" = String, Path)), responses((status = 200, body = HookRow), super::Refused))]
pub async fn change_hook(
    actor: Actor,
    State(app): State<App>,
    Path(hook): Path<String>,
    sent: Sent<NewHook>,
) -> Result<Json<HookRow>, ApiError> {
    let new = body::read(sent, HOOK)?;
    Ok(Json(app.delivery.change_hook(&actor, &hook, &new).await?))
}

/// Takes an outgoing webhook away, with its log.
#[utoipa::path(delete, path = "/api/v1/hooks/{hook}", tag = "delivery",
    params(("hook" = String, Path)), responses((status = 204), super::Refused))]
pub async fn delete_hook(
    actor: Actor,
    State(app): State<App>,
    Path(hook): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.delivery.delete_hook(&actor, &hook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a hook was told, the newest 200 first.
#[utoipa::path(get, path = "/api/v1/hooks/{hook}/deliveries", tag = "delivery",
    params(("hook" = String, Path)), responses((status = 200, body = [DeliveryRow]), super::Refused))]
pub async fn deliveries(
    State(app): State<App>,
    Path(hook): Path<String>,
) -> Result<Json<Vec<DeliveryRow>>, ApiError> {
    Ok(Json(app.delivery.deliveries(&hook).await?))
}

/// Tells an event again.
#[utoipa::path(post, path = "/api/v1/hooks/{hook}/deliveries/{seq}/retry", tag = "delivery",
    params(("hook" = String, Path), ("seq" = i64, Path)),
    responses((status = 200, body = DeliveryRow), super::Refused))]
pub async fn send_again(
    State(app): State<App>,
    Path((hook, seq)): Path<(String, String)>,
) -> Result<Json<DeliveryRow>, ApiError> {
    let seq = seq.parse().map_err(|_| Problem::not_found("delivery"))?;
    Ok(Json(app.delivery.send_again(&hook, seq).await?))
}

/// Addresses under which programs write notes, oldest first.
#[utoipa::path(get, path = "/api/v1/incoming", tag = "delivery",
    responses((status = 200, body = [IncomingRow]), super::Refused))]
pub async fn incoming(State(app): State<App>) -> Result<Json<Vec<IncomingRow>>, ApiError> {
    Ok(Json(app.delivery.incoming().await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncoming {
    /// What writes under it.
    name: String,
    process: String,
}

#[derive(Serialize, ToSchema)]
pub struct MadeIncoming {
    incoming: IncomingRow,
    /// Where to send `{"case": "…", "text": "…"}`. Shown now and never again.
    address: String,
}

/// Makes an address under which a program writes notes to cases, as you.
#[utoipa::path(post, path = "/api/v1/incoming", tag = "delivery", request_body = NewIncoming,
    responses((status = 201, body = MadeIncoming), super::Refused))]
pub async fn make_incoming(
    actor: Actor,
    State(app): State<App>,
    sent: Sent<NewIncoming>,
) -> Result<(StatusCode, Json<MadeIncoming>), ApiError> {
    let new = body::read(sent, "Send name and process.")?;
    let made = app.delivery.make_incoming(&actor, &new.process, &new.name);
    let (incoming, address) = made.await?;
    Ok((
        StatusCode::CREATED,
        Json(MadeIncoming { incoming, address }),
    ))
}

/// Nothing comes in under an address any more.
#[utoipa::path(delete, path = "/api/v1/incoming/{incoming}", tag = "delivery",
    params(("incoming" = String, Path)), responses((status = 204), super::Refused))]
pub async fn revoke_incoming(
    actor: Actor,
    State(app): State<App>,
    Path(incoming): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.delivery.revoke_incoming(&actor, &incoming).await?;
    Ok(StatusCode::NO_CONTENT)
}
