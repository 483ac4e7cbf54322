//! Files on their way in, from a page or from a program: taken to disk as they come, then imported.

use crate::app::App;
use crate::jobs;
use crate::processes::Problem;
use crate::processes::files::ReadOptions;
use crate::processes::import::ImportRequest;
use crate::processes::uploads::{Upload, Uploads};
use axum::extract::Multipart;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// Starts the import of a file that was sent.
pub fn start(app: &App, upload: Upload, options: ReadOptions) -> Arc<jobs::Job> {
    let path = app.uploads.path(&upload.id);
    let request = ImportRequest {
        path: path.clone(),
        file_name: upload.file_name,
        process: upload.process,
        options,
        actor: "owner".into(),
    };
    app.jobs
        .start(app.library.clone(), request, upload.size, move || {
            Uploads::remove(&path)
        })
}

/// Takes a file to disk, with what is said of how it is to be read.
pub async fn receive(app: &App, mut form: Multipart) -> Result<(Upload, ReadOptions), Problem> {
    let broken = |_| Problem::bad_request("The upload broke off.", "Send the file again.");
    let mut process = None;
    let mut upload: Option<Upload> = None;
    let mut options = ReadOptions::default();
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default().to_string().as_str() {
            "process" => {
                process = Some(field.text().await.map_err(broken)?).filter(|p| !p.trim().is_empty())
            }
            "file" => {
                let file_name = field.file_name().unwrap_or_default().to_string();
                let id = app.uploads.new_id(app.library.clock());
                let mut to = tokio::fs::File::create(app.uploads.path(&id)).await?;
                let mut size = 0;
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    size += chunk.len() as u64;
                    to.write_all(&chunk).await?;
                }
                to.flush().await?;
                upload = Some(Upload {
                    id,
                    file_name,
                    process: None,
                    size,
                });
            }
            key => {
                options.take(key, field.text().await.map_err(broken)?.trim())?;
            }
        }
    }
    let upload = upload
        .filter(|u| !u.file_name.is_empty() && u.size > 0)
        .ok_or_else(|| {
            Problem::bad_request(
                "There was no file, or it was empty.",
                "Choose a file with events, or a BPMN model.",
            )
        })?;
    Ok((Upload { process, ..upload }, options))
}
