//! What is done with a post; each act leads back to it.

use super::super::error::PageError;
use super::form::{Filled, read};
use super::zone_of;
use crate::asked::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use mining::Micros;
use service::app::App;
use service::processes::Problem;

/// Back to the post; what did not work is said there, by a word.
fn back(id: &str, done: Result<(), Problem>) -> Result<Response, PageError> {
    let to = match done {
        Ok(()) => format!("/share/{id}"),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            format!("/share/{id}?said={}", problem.code)
        }
        Err(problem) => return Err(problem.into()),
    };
    Ok(Redirect::to(&to).into_response())
}

/// Hands in what was just saved, if that was asked for.
pub(super) async fn handed(
    app: &App,
    actor: &Actor,
    id: &str,
    then: &str,
) -> Result<Response, PageError> {
    let done = match then {
        "hand-in" => app.share().hand_in(actor, id).await.map(drop),
        _ => Ok(()),
    };
    back(id, done)
}

/// A date and time as it is filled in, in her zone. An hour that is left out in spring is the next one.
fn moment(text: &str, zone: &str) -> Result<Micros, Problem> {
    let none = || {
        let what = match text.is_empty() {
            true => "There is no date and time.".to_string(),
            false => format!("\"{}\" is no date and time.", format::short(text, 40)),
        };
        Problem::bad_request(what, "Write it as 2026-03-02 10:00.")
    };
    let at: jiff::civil::DateTime = text.parse().map_err(|_| none())?;
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = at.to_zoned_datetime(zone).map_err(|_| none())?;
    Ok(at.timestamp().as_microsecond())
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, PageError> {
    let share = app.share();
    let get = |name: &str| form.get(name).map_or("", |v| v.trim());
    let seen = get("seen").parse().ok();
    let done = match action.as_str() {
        "save" => {
            let saved = match read(&form) {
                Ok(draft) => share.edit(&actor, &id, &draft).await,
                Err(problem) => Err(problem),
            };
            match saved {
                Ok(()) => return handed(&app, &actor, &id, get("then")).await,
                // What was written stays.
                Err(problem) if matches!(problem.status, 400 | 404) => {
                    let post = share.post(&actor, &id).await;
                    return match post {
                        Ok(post) if post.row.person == actor.id() => {
                            super::one::again(&app, &actor, &id, &form, problem).await
                        }
                        _ => Err(problem.into()),
                    };
                }
                Err(problem) => Err(problem),
            }
        }
        "hand-in" => share.hand_in(&actor, &id).await.map(drop),
        "approve" => share.review(&actor, &id, seen, true, get("note")).await,
        "return" => share.review(&actor, &id, seen, false, get("note")).await,
        "schedule" => {
            let directory = app.identity.directory().await?;
            let at = moment(get("at"), &zone_of(&directory, &actor));
            match at {
                Ok(at) => share.schedule(&actor, &id, Some(at)).await,
                Err(problem) => Err(problem),
            }
        }
        "now" => share.schedule(&actor, &id, None).await,
        "withdraw" => share.withdraw(&actor, &id).await,
        "draft" => share.reopen(&actor, &id).await,
        "discard" => share.discard(&actor, &id).await,
        "again" => share.again(&actor, &id, get("publication"), true).await,
        "drop" => share.again(&actor, &id, get("publication"), false).await,
        _ => Err(Problem::not_found("action")),
    };
    back(&id, done)
}

/// Says whose posts nobody reads first.
pub async fn people(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Filled>,
) -> Result<Redirect, PageError> {
    let get = |name: &str| form.get(name).map_or("", |v| v.trim());
    let is_free = get("free") == "1";
    app.share().set_free(&actor, get("person"), is_free).await?;
    Ok(Redirect::to("/share"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_her_zone_also_where_clocks_change() {
        let at = |text: &str, zone: &str| {
            let at = moment(text, zone).ok()?;
            Some(jiff::Timestamp::from_microsecond(at).unwrap().to_string())
        };
        let table = [
            (
                "2026-03-02T10:00",
                "Europe/Copenhagen",
                "2026-03-02T09:00:00Z",
            ),
            (
                "2026-07-02T10:00",
                "Europe/Copenhagen",
                "2026-07-02T08:00:00Z",
            ),
            // Left out, and there twice.
            (
                "2026-03-29T02:30",
                "Europe/Copenhagen",
                "2026-03-29T01:30:00Z",
            ),
            (
                "2026-10-25T02:30",
                "Europe/Copenhagen",
                "2026-10-25T00:30:00Z",
            ),
            ("2026-03-02 10:00", "Middle/Earth", "2026-03-02T10:00:00Z"),
        ];
        for (text, zone, expected) in table {
            assert_eq!(at(text, zone).as_deref(), Some(expected), "{text} {zone}");
        }
        for wrong in ["", "soon", "2026-02-30T10:00"] {
            assert_eq!(at(wrong, "UTC"), None, "{wrong}");
        }
        assert_eq!(
            super::super::in_zone(0, "Asia/Tokyo"),
            "1 January 1970, 09:00"
        );
    }
}
