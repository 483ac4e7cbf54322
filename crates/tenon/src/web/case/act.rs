//! What is done in the room of a case. Each leads back to it.

use crate::app::App;
use crate::identity::{Actor, NewPerson, Role};
use crate::processes::Problem;
use crate::web::error::PageError;
use crate::web::message::back;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Note {
    mode: String,
    body: String,
    client: String,
    to: String,
}

pub async fn note(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    Form(form): Form<Note>,
) -> Result<Redirect, PageError> {
    if form.mode == "reply" {
        // What was meant for a customer is never kept as something else.
        return Err(Problem::new(
            409,
            "no_channel",
            "No channel to customers is connected yet, so nothing was sent.",
            "Go back and save it as an internal note, or write to the customer the way you do today.",
        )
        .into());
    }
    let room = app.work.room(&actor, &process, &case).await?;
    let here = format!("/p/{process}/case/{}", crate::format::urlencode(&case));
    let client = Some(form.client.as_str());
    app.work.note(&actor, room, &form.body, client).await?;
    app.work.keep_draft(&actor, &here, "").await?;
    Ok(back(&form.to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Check {
    step: String,
    item: String,
    done: String,
    to: String,
}

pub async fn check(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    Form(form): Form<Check>,
) -> Result<Redirect, PageError> {
    let item = (form.step.as_str(), form.item.as_str());
    let is_done = form.done == "1";
    app.work
        .check(&actor, &process, &case, item, is_done)
        .await?;
    Ok(back(&form.to))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Guest {
    email: String,
    name: String,
}

/// Asks a guest into a case. One who is new gets a link to pass on to her, shown once.
pub async fn guests(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    Form(form): Form<Guest>,
) -> Result<Response, PageError> {
    // Only for a case that is there.
    app.work.room(&actor, &process, &case).await?;
    let email = form.email.trim().to_lowercase();
    let directory = app.identity.directory().await?;
    let known = directory.active().find(|p| p.email == email);
    let (person, link) = match known {
        Some(person) => (person.id.clone(), None),
        None => {
            let new = NewPerson {
                name: form.name,
                email,
                role: Role::Guest,
                password: None,
            };
            let person = app.identity.add(new, actor.id()).await?.id;
            let secret = app.identity.link(Some(&person)).await?;
            let link = format!("{}/in/{}", app.site.url(), secret.text());
            (person, Some(link))
        }
    };
    app.work.invite(&actor, &process, &case, &person).await?;
    let here = format!("/p/{process}/case/{}", crate::format::urlencode(&case));
    Ok(match link {
        None => Redirect::to(&here).into_response(),
        Some(link) => crate::web::message::passed_on(&app, &actor, &link, &here)
            .await?
            .into_response(),
    })
}
