//! Bringing a file in: choose it, watch it being read, see what came of it.

use super::error::{PageError, page as render};
use super::shell::Shell;
use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base::format;
use base::identity::Actor;
use service::app::App;
use service::intake::{receive, start};
use service::jobs;
use service::processes::Problem;
use service::processes::files::Question;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    shell: Shell,
}

pub async fn page(actor: Actor, State(app): State<App>) -> Result<Html<String>, PageError> {
    render(ImportPage {
        shell: Shell::new(&app, &actor, "Import a process", "import", None).await?,
    })
}

/// Takes the file to disk as it comes, asks what has to be asked about it, and leads to its import.
pub async fn upload(State(app): State<App>, form: Multipart) -> Result<Redirect, PageError> {
    let (upload, options) = receive(&app, form).await?;
    let path = app.uploads.path(&upload.id);
    let asked = app.library.question(&path, &upload.file_name, &options.csv);
    let asked = asked.await.map(|a| a.question);
    // What is wrong with the file is told by its import.
    Ok(match asked {
        Ok(Question::Columns(_) | Question::Objects(_)) => {
            app.uploads.keep(&upload)?;
            Redirect::to(&format!("/import/{}", upload.id))
        }
        _ => Redirect::to(&format!("/jobs/{}", start(&app, upload, options).id)),
    })
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    shell: Shell,
    status: jobs::Status,
    percent: u64,
    rate: String,
    left: String,
    done: String,
    total: String,
    place: String,
}

impl JobPage {
    fn is_running(&self) -> bool {
        matches!(
            self.status.state,
            jobs::State::Reading | jobs::State::Keeping
        )
    }

    fn many(&self, n: &u64, one: &str) -> String {
        format::many(*n, one)
    }

    fn date(&self, moment: &mining::Micros) -> String {
        format::date_time(*moment)
    }

    fn is_keeping(&self) -> bool {
        self.status.state == jobs::State::Keeping
    }
}

pub async fn job(
    actor: Actor,
    State(app): State<App>,
    Path(job): Path<String>,
) -> Result<Response, PageError> {
    let job = app.jobs.find(&job).ok_or_else(|| {
        Problem::new(
            404,
            "not_found",
            "This import is not known here.",
            "If the server was restarted meanwhile, nothing of it was kept: import the file again.",
        )
    })?;
    let status = job.status(app.library.clock().now());
    if let Some(outcome) = &status.outcome
        && outcome.already.is_none()
        && outcome.skipped == 0
        && outcome.notes.is_empty()
        && outcome.changes.is_none()
    {
        return Ok(Redirect::to(&format!("/p/{}", outcome.slug)).into_response());
    }
    let shell = Shell::new(&app, &actor, "Import", "import", None).await?;
    let page = JobPage {
        shell,
        percent: (status.bytes * 100)
            .checked_div(status.of_bytes)
            .unwrap_or(0),
        rate: format!("{}/s", format::bytes(status.rate)),
        left: status
            .seconds_left
            .map(|s| format::span_text(s.max(1.0)))
            .unwrap_or_default(),
        done: format::bytes(status.bytes as f64),
        total: format::bytes(status.of_bytes as f64),
        place: status
            .problem
            .as_ref()
            .map(|p| p.place.to_string())
            .unwrap_or_default(),
        status,
    };
    Ok(render(page)?.into_response())
}
