//! JSON API v1, one endpoint a file. Its description is at `/api/v1/openapi.json`.

mod acts;
mod asked;
mod audit;
mod body;
mod connections;
mod contacts;
mod delivery;
mod desk;
mod export;
mod figures;
mod goals;
mod imports;
mod improvements;
mod ledger;
mod live;
mod me;
mod people;
mod problem;
mod processes;
mod push;
mod questions;
mod search;
mod settings;
mod share;
mod steps;
mod stream;
mod talk;
mod teams;
mod verdicts;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use service::app::App;
use service::processes::Problem;
use utoipa::{IntoResponses, OpenApi};

/// An answer that is no success (RFC 9457): what is wrong and what to do.
#[derive(IntoResponses)]
#[response(status = "4XX", content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes what `ApiError` answers")]
pub struct Refused(problem::ProblemDetails);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenon",
        description = "See how a process really runs, plug tools into its steps, and prove whether they helped. Moments are microseconds since 1970 in UTC."
    ),
    components(schemas(problem::ProblemDetails)),
    paths(
        processes::list,
        processes::one,
        push::make,
        push::case,
        push::events,
        processes::imports,
        processes::events,
        processes::versions,
        figures::figures,
        figures::standing_out,
        figures::compared,
        figures::cases,
        figures::fit,
        figures::confirm_model,
        steps::get,
        steps::put,
        steps::undo,
        export::export,
        improvements::list,
        improvements::plan,
        improvements::outlook,
        improvements::one,
        improvements::events,
        acts::start,
        acts::pause,
        acts::resume,
        acts::extend,
        acts::unplug,
        acts::plug_back,
        acts::decide,
        acts::cost,
        acts::uses,
        acts::used,
        verdicts::now,
        verdicts::said,
        ledger::ledger,
        ledger::csv,
        ledger::where_to_plug,
        ledger::rethink,
        desk::queue,
        desk::one,
        desk::claim,
        desk::reply,
        desk::merge,
        desk::split,
        desk::connections,
        connections::get_mapping,
        connections::put_mapping,
        connections::get_writing,
        connections::put_writing,
        contacts::list,
        contacts::one,
        contacts::account,
        share::list,
        share::draft,
        share::one,
        share::edit,
        share::hand_in,
        share::review,
        share::schedule,
        share::withdraw,
        share::reopen,
        share::retry,
        goals::list,
        goals::put,
        settings::get_individual,
        settings::put_individual,
        settings::get_retention,
        settings::put_retention,
        me::get,
        me::put,
        me::tokens,
        me::make_token,
        me::revoke_token,
        people::list,
        people::one,
        people::add,
        people::change,
        people::link,
        people::erase,
        teams::list,
        teams::one,
        teams::add,
        teams::rename,
        teams::join,
        teams::leave,
        audit::list,
        delivery::jobs,
        delivery::retry,
        delivery::forget,
        delivery::hooks,
        delivery::make_hook,
        delivery::hook,
        delivery::change_hook,
        delivery::delete_hook,
        delivery::deliveries,
        delivery::send_again,
        delivery::incoming,
        delivery::make_incoming,
        delivery::revoke_incoming,
        imports::start,
        imports::skipped,
        imports::job,
        talk::say,
        talk::said,
        talk::answer,
        talk::answers,
        talk::conversation,
        talk::edit,
        talk::delete,
        talk::restore,
        talk::pin,
        talk::react,
        talk::versions,
        talk::accept,
        questions::ask,
        questions::list,
        questions::similar,
        questions::known,
        questions::experts,
        questions::decline,
        questions::playbooks,
        questions::write_playbook,
        questions::of_case,
        questions::check,
        search::search,
        stream::stream,
        stream::notifications,
        stream::mark_read,
        stream::here,
        stream::updates,
        stream::follows,
        stream::follow,
        stream::draft,
        stream::keep_draft,
        live::live
    )
)]
pub struct Document;

async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

pub fn router() -> Router<App> {
    let process = Router::new()
        .route("/", get(processes::one))
        .route("/imports", get(processes::imports))
        .route("/events", get(processes::events))
        .route("/versions", get(processes::versions))
        .route("/figures", get(figures::figures))
        .route("/stand-outs", get(figures::standing_out))
        .route("/compare", get(figures::compared))
        .route("/cases", get(figures::cases))
        .route("/cases/{case}", put(push::case))
        .route(
            "/cases/{case}/events",
            post(push::events).layer(DefaultBodyLimit::max(16 << 20)),
        )
        .route("/fit", get(figures::fit))
        .route("/model", post(figures::confirm_model))
        .route("/steps", get(steps::get).put(steps::put))
        .route("/steps/undo", post(steps::undo))
        .route("/export/{what}", get(export::export))
        .route(
            "/improvements",
            get(improvements::list).post(improvements::plan),
        )
        .route("/improvements/outlook", post(improvements::outlook))
        .route("/ledger", get(ledger::ledger))
        .route("/ledger.csv", get(ledger::csv))
        .route("/frictions", get(ledger::where_to_plug))
        .route("/rethink", get(ledger::rethink))
        .route("/goals", get(goals::list).put(goals::put))
        .route("/cases/{case}/messages", get(talk::said).post(talk::say))
        .route(
            "/cases/{case}/playbooks",
            get(questions::of_case).put(questions::check),
        )
        .route("/questions", get(questions::list).post(questions::ask))
        .route("/questions/similar", get(questions::similar))
        .route("/experts", get(questions::experts))
        .route("/playbooks", get(questions::playbooks))
        .route("/playbooks/{step}", put(questions::write_playbook));
    let limit = DefaultBodyLimit::max(8 << 30);
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/api/v1/processes", get(processes::list).post(push::make))
        .nest("/api/v1/processes/{process}", process)
        .route("/api/v1/imports", post(imports::start).layer(limit))
        .route(
            "/api/v1/imports/{import}/skipped.csv",
            get(imports::skipped),
        )
        .route("/api/v1/jobs/{job}", get(imports::job))
        .merge(of_improvement())
        .merge(of_delivery())
        .merge(of_desk())
        .merge(of_share())
        .merge(of_work())
        .route(
            "/api/v1/settings/individual-figures",
            get(settings::get_individual).put(settings::put_individual),
        )
}

fn of_desk() -> Router<App> {
    Router::new()
        .route("/api/v1/connections", get(desk::connections))
        .route(
            "/api/v1/connections/{connection}/mapping",
            get(connections::get_mapping).put(connections::put_mapping),
        )
        .route(
            "/api/v1/connections/{connection}/writing",
            get(connections::get_writing).put(connections::put_writing),
        )
        .route("/api/v1/known/{answer}", get(questions::known))
        .route("/api/v1/contacts", get(contacts::list))
        .route("/api/v1/contacts/{contact}", get(contacts::one))
        .route("/api/v1/accounts/{account}", get(contacts::account))
        .route("/api/v1/desk", get(desk::queue))
        .route("/api/v1/desk/{thread}", get(desk::one))
        .route("/api/v1/desk/{thread}/claim", post(desk::claim))
        .route("/api/v1/desk/{thread}/replies", post(desk::reply))
        .route("/api/v1/desk/{thread}/merge", post(desk::merge))
        .route("/api/v1/desk/{thread}/split", post(desk::split))
}

fn of_share() -> Router<App> {
    Router::new()
        .route("/api/v1/share", get(share::list).post(share::draft))
        .route("/api/v1/share/{share}", get(share::one).put(share::edit))
        .route("/api/v1/share/{share}/hand-in", post(share::hand_in))
        .route("/api/v1/share/{share}/review", post(share::review))
        .route(
            "/api/v1/share/{share}/time",
            put(share::schedule).delete(share::withdraw),
        )
        .route("/api/v1/share/{share}/reopen", post(share::reopen))
        .route(
            "/api/v1/share/{share}/channels/{publication}/retry",
            post(share::retry),
        )
}

fn of_delivery() -> Router<App> {
    Router::new()
        .route("/api/v1/delivery/jobs", get(delivery::jobs))
        .route("/api/v1/delivery/jobs/{job}", delete(delivery::forget))
        .route("/api/v1/delivery/jobs/{job}/retry", post(delivery::retry))
        .route(
            "/api/v1/hooks",
            get(delivery::hooks).post(delivery::make_hook),
        )
        .route(
            "/api/v1/hooks/{hook}",
            get(delivery::hook)
                .put(delivery::change_hook)
                .delete(delivery::delete_hook),
        )
        .route("/api/v1/hooks/{hook}/deliveries", get(delivery::deliveries))
        .route(
            "/api/v1/hooks/{hook}/deliveries/{seq}/retry",
            post(delivery::send_again),
        )
        .route(
            "/api/v1/incoming",
            get(delivery::incoming).post(delivery::make_incoming),
        )
        .route(
            "/api/v1/incoming/{incoming}",
            delete(delivery::revoke_incoming),
        )
}

fn of_improvement() -> Router<App> {
    Router::new()
        .route("/api/v1/improvements/{improvement}", get(improvements::one))
        .route(
            "/api/v1/improvements/{improvement}/events",
            get(improvements::events),
        )
        .route(
            "/api/v1/improvements/{improvement}/start",
            post(acts::start),
        )
        .route(
            "/api/v1/improvements/{improvement}/pause",
            post(acts::pause),
        )
        .route(
            "/api/v1/improvements/{improvement}/resume",
            post(acts::resume),
        )
        .route(
            "/api/v1/improvements/{improvement}/extend",
            post(acts::extend),
        )
        .route(
            "/api/v1/improvements/{improvement}/unplug",
            post(acts::unplug),
        )
        .route(
            "/api/v1/improvements/{improvement}/plug-back",
            post(acts::plug_back),
        )
        .route(
            "/api/v1/improvements/{improvement}/decision",
            post(acts::decide),
        )
        .route("/api/v1/improvements/{improvement}/cost", put(acts::cost))
        .route(
            "/api/v1/improvements/{improvement}/uses",
            get(acts::used).put(acts::uses),
        )
        .route(
            "/api/v1/improvements/{improvement}/verdict",
            get(verdicts::now),
        )
        .route(
            "/api/v1/improvements/{improvement}/verdicts",
            get(verdicts::said),
        )
        .merge(identity())
}

/// Accounts, people, teams.
fn identity() -> Router<App> {
    Router::new()
        .route("/api/v1/me", get(me::get).put(me::put))
        .route("/api/v1/me/tokens", get(me::tokens).post(me::make_token))
        .route("/api/v1/me/tokens/{token}", delete(me::revoke_token))
        .route("/api/v1/people", get(people::list).post(people::add))
        .route(
            "/api/v1/people/{person}",
            get(people::one).patch(people::change),
        )
        .route("/api/v1/people/{person}/link", post(people::link))
        .route("/api/v1/people/{person}/erase", post(people::erase))
        .route(
            "/api/v1/settings/retention",
            get(settings::get_retention).put(settings::put_retention),
        )
        .route("/api/v1/teams", get(teams::list).post(teams::add))
        .route("/api/v1/teams/{team}", get(teams::one).put(teams::rename))
        .route(
            "/api/v1/teams/{team}/members/{person}",
            put(teams::join).delete(teams::leave),
        )
        .route("/api/v1/audit", get(audit::list))
}

fn of_work() -> Router<App> {
    Router::new()
        .route(
            "/api/v1/conversations/{conversation}",
            get(talk::conversation),
        )
        .route(
            "/api/v1/conversations/{conversation}/messages",
            get(talk::answers).post(talk::answer),
        )
        .route(
            "/api/v1/conversations/{conversation}/read",
            put(stream::mark_read),
        )
        .route(
            "/api/v1/conversations/{conversation}/here",
            put(stream::here),
        )
        .route(
            "/api/v1/conversations/{conversation}/decline",
            post(questions::decline),
        )
        .route(
            "/api/v1/messages/{message}",
            put(talk::edit).delete(talk::delete),
        )
        .route("/api/v1/messages/{message}/restore", post(talk::restore))
        .route("/api/v1/messages/{message}/pin", put(talk::pin))
        .route("/api/v1/messages/{message}/reactions", post(talk::react))
        .route("/api/v1/messages/{message}/versions", get(talk::versions))
        .route("/api/v1/messages/{message}/accept", post(talk::accept))
        .route("/api/v1/search", get(search::search))
        .route("/api/v1/stream", get(stream::stream))
        .route("/api/v1/updates", get(stream::updates))
        .route("/api/v1/notifications", get(stream::notifications))
        .route("/api/v1/follows", get(stream::follows).put(stream::follow))
        .route("/api/v1/drafts", get(stream::draft).put(stream::keep_draft))
        .route("/api/v1/live", get(live::live))
}

/// The number of a message in an address.
pub struct Number(i64);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Number {
    type Rejection = problem::ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Number, Self::Rejection> {
        let found = axum::extract::Path::<i64>::from_request_parts(parts, state).await;
        let found = found.map_err(|_| Problem::not_found("message"))?;
        Ok(Number(found.0))
    }
}

/// Programs get their answers as JSON, also this one.
pub fn not_found() -> Response {
    problem::ApiError(Problem::not_found("endpoint")).into_response()
}
