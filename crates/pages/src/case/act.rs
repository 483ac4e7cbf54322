//! What is done in the room of a case. Each leads back to it.

use crate::asked::Form;
use crate::error::PageError;
use crate::message::back;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::identity::{Actor, NewPerson, Role};
use bytes::Bytes;
use serde::Deserialize;
use service::app::App;
use service::processes::Problem;
use service::work::Work;

#[derive(Default)]
struct Note {
    mode: String,
    body: String,
    client: String,
    to: String,
    files: Vec<(String, Bytes)>,
}

/// Files one note may bring.
const FILES: usize = 5;

async fn read(mut form: Multipart) -> Result<Note, Problem> {
    let broken = |e: axum::extract::multipart::MultipartError| {
        Problem::new(
            e.status().as_u16(),
            "form",
            e.body_text(),
            "Attach smaller files, up to 10 MB each.",
        )
    };
    let mut note = Note::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_string();
        if let Some(file) = field.file_name().map(String::from) {
            let content = field.bytes().await.map_err(broken)?;
            // A field left empty sends a file without a name.
            if !file.is_empty() && note.files.len() < FILES {
                Work::attachable(&file, &content)?;
                note.files.push((file, content));
            }
            continue;
        }
        let text = field.text().await.map_err(broken)?;
        match name.as_str() {
            "mode" => note.mode = text,
            "body" => note.body = text,
            "client" => note.client = text,
            "to" => note.to = text,
            _ => {}
        }
    }
    Ok(note)
}

pub async fn note(
    actor: Actor,
    State(app): State<App>,
    Path((process, case)): Path<(String, String)>,
    form: Multipart,
) -> Result<Redirect, PageError> {
    let form = read(form).await?;
    if form.mode == "reply" {
        // What was meant for a customer is never kept as something else.
        return Err(Problem::new(
            409,
            "not_a_note",
            "This was meant for the customer, so nothing was kept, and nothing was sent.",
            "Go back and send it as a reply, or save it as an internal note.",
        )
        .into());
    }
    let room = app.work.room(&actor, &process, &case).await?;
    let here = format!("/p/{process}/case/{}", base::format::urlencode(&case));
    let client = Some(form.client.as_str());
    // A file says something by itself.
    let names: Vec<&str> = form.files.iter().map(|f| f.0.as_str()).collect();
    let body = match form.body.trim().is_empty() && !names.is_empty() {
        true => names.join(", "),
        false => form.body.clone(),
    };
    let id = app.work.note(&actor, room, &body, client).await?;
    for (name, content) in &form.files {
        app.work.attach(&actor, id, name, content).await?;
    }
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
    let here = format!("/p/{process}/case/{}", base::format::urlencode(&case));
    Ok(match link {
        None => Redirect::to(&here).into_response(),
        Some(link) => crate::message::passed_on(&app, &actor, &link, &here)
            .await?
            .into_response(),
    })
}
