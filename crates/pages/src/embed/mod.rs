//! One case as a panel inside the record page of another system: where it stands, the last notes, the checklist, a composer.

mod link;
pub mod set;

use super::case::strip::{self, Step};
use super::error::PageError;
use super::message::{self, Said};
use crate::asked::{Form, Query};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base::identity::panel::LASTS;
use base::identity::{Actor, Role};
use base::policy::{self, PANEL_COOKIE};
use link::Embed;
pub use link::Link;
use mining::figures::{CaseOrder, CaseState, Selection, case_list};
use mining::time::MISSING;
use serde::Deserialize;
use serde_json::json;
use service::app::App;
use service::assets;
use service::processes::filter_query::Asked;
use service::processes::{Problem, fit};
use service::work::playbook::Playbook;

/// Notes that are shown; the others are a click away.
const NOTES: usize = 5;

#[derive(Template)]
#[template(path = "embed.html")]
struct Panel {
    assets: &'static str,
    title: String,
    link: Link,
    /// What cannot be shown, and why.
    problem: Option<Problem>,
    case: Option<Case>,
}

struct Case {
    href: String,
    state: &'static str,
    strip: Vec<Step>,
    playbook: Option<Playbook>,
    notes: Vec<Said>,
    client: String,
}

#[derive(Template)]
#[template(path = "embed-open.html")]
struct Open {
    assets: &'static str,
    is_in: bool,
}

/// The panel, or why it is not shown; a button that lets it in where nobody is signed in.
pub async fn case(
    actor: Option<Actor>,
    State(app): State<App>,
    Query(link): Query<Link>,
) -> Result<Response, PageError> {
    let embed = Embed::of(&app).await?;
    let shown = match embed.check(&link, app.library.clock().now()) {
        Err(problem) => Err(problem),
        Ok(()) => match &actor {
            None => Ok(None),
            Some(actor) => show(&app, actor, &link).await.map(Some),
        },
    };
    let (case, problem) = match shown {
        Ok(case) => (case, None),
        Err(problem) if problem.status < 500 => (None, Some(problem)),
        Err(problem) => return Err(problem.into()),
    };
    let status = problem.as_ref().map_or(200, |p| p.status);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let page = Panel {
        assets: assets::version(),
        title: link.case.clone(),
        link,
        problem,
        case,
    };
    let page = (status, super::error::page(page)?).into_response();
    Ok(framed(&embed, page))
}

/// The same page with the sites that may hold it, and no others; where the panel is not set up, nobody.
fn framed(embed: &Embed, mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !embed.is_on() {
        return page;
    }
    let who = format!("frame-ancestors {}", embed.origins.join(" "));
    let csp = base::policy::CSP.replace("frame-ancestors 'none'", &who);
    if let Ok(csp) = HeaderValue::from_str(&csp) {
        headers.insert(header::CONTENT_SECURITY_POLICY, csp);
        let name = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(name, HeaderValue::from_static("cross-origin"));
    }
    page
}

async fn show(app: &App, actor: &Actor, link: &Link) -> Result<Case, Problem> {
    let room = app.work.room(actor, &link.process, &link.case).await?;
    let view = app.library.view(&link.process, &Asked::default()).await?;
    let (loaded, log) = (&view.process, &view.process.log);
    let case = log
        .case_names
        .code(&link.case)
        .and_then(|code| log.case_name.iter().position(|&c| c == code))
        .ok_or_else(|| Problem::not_found("case"))?;
    let selection = Selection {
        cases: vec![case as u32],
    };
    let order = CaseOrder::Name;
    let rows = case_list(log, &loaded.steps, &selection, &loaded.options, order, 0, 1);
    let rows = rows.map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
    let row = rows
        .rows
        .first()
        .ok_or_else(|| Problem::not_found("case"))?;
    let is_guest = actor.role() == Role::Guest;
    let directory = app.identity.directory().await?;
    let mut talk = message::of_case(app, actor, &directory, &room).await?;
    talk.notes.retain(|n| !n.is_deleted);
    talk.notes.truncate(NOTES);
    let at = row.step.and_then(|i| loaded.steps.steps.get(i));
    let playbooks = app
        .work
        .playbooks_of_case(&room.process, &link.case)
        .await?;
    let ledger = app.improvements.ledger(&room.process).await?;
    let as_of = view.figures.counts.as_of.unwrap_or(MISSING);
    let place = fit::step_of(log, &loaded.steps);
    let name = base::format::urlencode(&link.case);
    Ok(Case {
        href: format!("{}/p/{}/case/{name}", app.site.url(), loaded.row.slug),
        state: match row.state {
            CaseState::Open => "Open",
            CaseState::Ended => "Ended",
            CaseState::Won => "Won",
            CaseState::Lost => "Lost",
        },
        strip: match is_guest {
            true => Vec::new(),
            false => strip::strip(
                &view,
                &place,
                case,
                row,
                as_of,
                &ledger,
                app.library.clock().now(),
            ),
        },
        playbook: playbooks
            .into_iter()
            .find(|p| at.is_some_and(|s| s.name == p.step)),
        notes: talk.notes,
        client: app.library.clock().id().simple().to_string(),
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Act {
    process: String,
    #[serde(rename = "ref")]
    case: String,
    exp: String,
    sig: String,
    body: String,
    client: String,
    step: String,
    item: String,
    done: String,
}

/// Saves a note, or ticks an item off, and shows the panel again. The link is checked again: it says which case.
pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Form(act): Form<Act>,
) -> Result<Response, PageError> {
    let embed = Embed::of(&app).await?;
    let link = Link {
        process: act.process,
        case: act.case,
        exp: act.exp,
        sig: act.sig,
    };
    embed.check(&link, app.library.clock().now())?;
    let (process, case) = (&link.process, &link.case);
    let done = if act.item.is_empty() {
        let room = app.work.room(&actor, process, case).await?;
        app.work
            .note(&actor, room, &act.body, Some(&act.client))
            .await
            .map(drop)
    } else {
        let item = (act.step.as_str(), act.item.as_str());
        app.work
            .check(&actor, process, case, item, act.done == "1")
            .await
    };
    // An error is a page in the frame too.
    let page = match done {
        Ok(()) => Redirect::to(&link.address()).into_response(),
        Err(problem) => PageError::from(problem).into_response(),
    };
    Ok(framed(&embed, page))
}

/// A window of our own, where the session's cookie is: it hands the panel that opened it a code.
pub async fn open(actor: Option<Actor>) -> Result<Response, PageError> {
    let page = Open {
        assets: assets::version(),
        is_in: actor.as_ref().is_some_and(policy::is_session),
    };
    let name = HeaderName::from_static("cross-origin-opener-policy");
    // The panel that opened it stands in another site's page; it is told by a message to our own origin only.
    let opened = (name, HeaderValue::from_static("unsafe-none"));
    let fresh = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([opened, fresh], super::error::page(page)?).into_response())
}

pub async fn code(actor: Actor, State(app): State<App>) -> Result<Response, PageError> {
    if !policy::is_session(&actor) {
        let what = "A panel is let in from a window in which you are signed in.";
        return Err(Problem::new(409, "session", what, "Open Tenon and sign in.").into());
    }
    let code = app.identity.panel_code(actor.id()).await?.text();
    Ok(Json(json!({ "code": code })).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Code {
    code: String,
}

/// The panel's own cookie, kept by the browser for this panel inside this one site only.
pub async fn enter(State(app): State<App>, Form(form): Form<Code>) -> Result<Response, PageError> {
    let token = app.identity.panel_token(&form.code).await?;
    let seconds = LASTS / 1_000_000;
    let cookie = format!(
        "{PANEL_COOKIE}={token}; Path=/embed; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age={seconds}"
    );
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
