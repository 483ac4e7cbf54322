//! Bringing a file in: choose it, watch it being read, see what came of it.

use super::error::{PageError, page as render};
use super::format;
use super::shell::Shell;
use crate::jobs;
use crate::processes::Problem;
use crate::processes::files::ReadOptions;
use crate::processes::import::ImportRequest;
use crate::serve::App;
use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use tokio::io::AsyncWriteExt;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    shell: Shell,
}

pub async fn page(State(app): State<App>) -> Result<Html<String>, PageError> {
    render(ImportPage {
        shell: Shell::new(&app.library, "Import a process", "import", None).await?,
    })
}

/// Takes the file to disk as it comes, starts the import, and leads to its page.
pub async fn upload(State(app): State<App>, form: Multipart) -> Result<Redirect, PageError> {
    let job = receive(&app, form).await?;
    Ok(Redirect::to(&format!("/jobs/{}", job.id)))
}

/// The same for programs and pages.
pub async fn receive(app: &App, mut form: Multipart) -> Result<std::sync::Arc<jobs::Job>, Problem> {
    let broken = |_| Problem::bad_request("The upload broke off.", "Send the file again.");
    let mut process = None;
    let mut file = None;
    let mut options = ReadOptions::default();
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "process" => {
                process = Some(field.text().await.map_err(broken)?).filter(|p| !p.trim().is_empty())
            }
            "pair_lifecycle" => {
                options.pair_lifecycle = !field.text().await.map_err(broken)?.is_empty()
            }
            "classifier" => {
                options.classifier =
                    Some(field.text().await.map_err(broken)?).filter(|c| !c.is_empty())
            }
            "file" => {
                let name = field.file_name().unwrap_or("file").to_string();
                let path = app
                    .uploads
                    .join(app.library.clock().id().simple().to_string());
                let mut to = tokio::fs::File::create(&path).await?;
                let mut size = 0;
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    size += chunk.len() as u64;
                    to.write_all(&chunk).await?;
                }
                to.flush().await?;
                file = Some((name, path, size));
            }
            _ => {}
        }
    }
    let (file_name, path, size) = file
        .filter(|(name, _, size)| !name.is_empty() && *size > 0)
        .ok_or_else(|| {
            Problem::bad_request(
                "There was no file, or it was empty.",
                "Choose a file with events, or a BPMN model.",
            )
        })?;
    let request = ImportRequest {
        path: path.clone(),
        file_name,
        process,
        options,
        actor: "owner".into(),
    };
    Ok(app.jobs.start(app.library.clone(), request, size, move || {
        let _ = std::fs::remove_file(path);
    }))
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

    fn count(&self, n: &u64) -> String {
        format::count(*n)
    }

    fn date(&self, moment: &mining::Micros) -> String {
        format::date_time(*moment)
    }

    fn is_keeping(&self) -> bool {
        self.status.state == jobs::State::Keeping
    }
}

pub async fn job(State(app): State<App>, Path(job): Path<String>) -> Result<Response, PageError> {
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
    {
        return Ok(Redirect::to(&format!("/p/{}", outcome.slug)).into_response());
    }
    let shell = Shell::new(&app.library, "Import", "import", None).await?;
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
