//! Where the panel may stand, set by an owner.

use super::link::Embed;
use crate::asked::Form;
use crate::error::{PageError, page as render};
use crate::shell::Shell;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use base::identity::Actor;
use serde::Deserialize;
use service::app::App;

#[derive(Template)]
#[template(path = "embed-key.html")]
struct Made {
    shell: Shell,
    key: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wanted {
    origins: String,
    renew: String,
}

/// The sites as the settings page shows them, one a line, and whether there is a key.
pub async fn now(app: &App) -> Result<(String, bool), PageError> {
    let embed = Embed::of(app).await?;
    Ok((embed.origins.join("\n"), embed.is_on()))
}

pub async fn save(
    actor: Actor,
    State(app): State<App>,
    Form(form): Form<Wanted>,
) -> Result<Response, PageError> {
    let renew = form.renew == "1";
    let key = Embed::keep(&app, &form.origins, renew, actor.id()).await?;
    let Some(key) = key else {
        return Ok(Redirect::to("/settings").into_response());
    };
    let shell = Shell::new(&app, &actor, "The panel's key", "settings", None).await?;
    Ok(render(Made { shell, key })?.into_response())
}
