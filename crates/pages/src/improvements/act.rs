//! What is done on an improvement's page. Each leads back to it.

use super::tabs::address;
use crate::asked::Form;
use crate::error::PageError;
use axum::extract::{Path, State};
use axum::response::Redirect;
use base::identity::Actor;
use service::app::App;
use service::improvements::{Cost, Decision, Improvement};
use service::processes::Problem;

type Fields = Vec<(String, String)>;

fn get<'a>(form: &'a Fields, key: &str) -> &'a str {
    form.iter()
        .find(|(k, _)| k == key)
        .map_or("", |(_, v)| v.trim())
}

pub async fn act(
    actor: Actor,
    State(app): State<App>,
    Path((process, id, action)): Path<(String, String, String)>,
    Form(form): Form<Fields>,
) -> Result<Redirect, PageError> {
    let all = &app.improvements;
    let row = app.library.process(&process).await?;
    let imp = of_process(all.find(&id).await?, &row.id)?;
    match action.as_str() {
        "start" => all.start(&imp.id, actor.id()).await?,
        "pause" => all.pause(&imp.id, actor.id()).await?,
        "resume" => all.resume(&imp.id, actor.id()).await?,
        "unplug" => all.unplug(&imp.id, actor.id()).await?,
        "plug-back" => all.plug_back(&imp.id, actor.id()).await?,
        "extend" => {
            all.extend(&imp.id, get(&form, "team"), None, actor.id())
                .await?
        }
        "decide" => {
            let decision = Decision::parse(get(&form, "decision")).ok_or_else(|| {
                Problem::bad_request("Choose what to do.", "Keep, extend, change or unplug it.")
            })?;
            all.decide(&imp.id, decision, get(&form, "why"), actor.id())
                .await?
        }
        "cost" => {
            let cost = Cost {
                setup_hours: number(&form, "setup_hours")?,
                weekly_hours: number(&form, "weekly_hours")?,
                minutes_a_case: number(&form, "minutes_a_case")?,
            };
            all.set_cost(&imp.id, cost, actor.id()).await?
        }
        _ => return Err(Problem::not_found("action").into()),
    };
    Ok(Redirect::to(&address(&row.slug, &imp.id)))
}

/// An improvement is only reached under the process it belongs to.
pub fn of_process(imp: Improvement, process: &str) -> Result<Improvement, Problem> {
    if imp.process == process {
        Ok(imp)
    } else {
        Err(Problem::not_found("improvement"))
    }
}

fn number(form: &Fields, key: &str) -> Result<Option<f64>, Problem> {
    match get(form, key) {
        "" => Ok(None),
        text => text.replace(',', ".").parse().map(Some).map_err(|_| {
            Problem::bad_request(
                format!("\"{text}\" is no number."),
                "Write a number, such as 1.5.",
            )
        }),
    }
}
