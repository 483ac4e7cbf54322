//! Imports under way: started by a request, watched by the next ones.

use crate::processes::import::{ImportRequest, Outcome};
use crate::processes::{Library, Problem};
use mining::Micros;
use mining::source::Progress;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Finished jobs that are still shown.
const KEPT: usize = 200;

/// All jobs since the server started. What an interrupted one read is kept nowhere, so nothing has to survive.
#[derive(Clone, Default)]
pub struct Jobs {
    inner: Arc<Mutex<BTreeMap<String, Arc<Job>>>>,
    ended: Arc<Notify>,
}

/// One import.
pub struct Job {
    pub id: String,
    pub file_name: String,
    /// Bytes of the file.
    pub size: u64,
    pub started: Micros,
    pub progress: Arc<Progress>,
    result: Mutex<Option<Result<Outcome, Problem>>>,
}

/// How far a job is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Status {
    pub id: String,
    pub file_name: String,
    pub state: State,
    pub bytes: u64,
    pub of_bytes: u64,
    /// Bytes a second so far.
    pub rate: f64,
    /// Seconds until the file is read, at this rate.
    pub seconds_left: Option<f64>,
    pub outcome: Option<Outcome>,
    pub problem: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Reading,
    /// The file is read; columns are being joined and kept.
    Keeping,
    Done,
    Failed,
}

impl Jobs {
    /// Starts an import. `cleanup` is called with its end, whatever that is.
    pub fn start(
        &self,
        library: Library,
        request: ImportRequest,
        size: u64,
        cleanup: impl FnOnce() + Send + 'static,
    ) -> Arc<Job> {
        let job = Arc::new(Job {
            id: format!("job_{}", library.clock().id().simple()),
            file_name: request.file_name.clone(),
            size,
            started: library.clock().now(),
            progress: Arc::default(),
            result: Mutex::default(),
        });
        let mut jobs = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        while jobs.len() >= KEPT {
            let Some(oldest) = jobs
                .iter()
                .find(|(_, j)| j.is_over())
                .map(|(id, _)| id.clone())
            else {
                break;
            };
            jobs.remove(&oldest);
        }
        jobs.insert(job.id.clone(), job.clone());
        drop(jobs);
        let running = job.clone();
        let ended = self.ended.clone();
        tokio::spawn(async move {
            // In a task of its own, so that even a panic ends the job rather than leaving it running for ever.
            let progress = running.progress.clone();
            let work = tokio::spawn(async move { library.import(request, progress).await });
            let result = work
                .await
                .unwrap_or_else(|e| Err(anyhow::Error::from(e).into()));
            match &result {
                Ok(done) => tracing::info!(
                    job = running.id,
                    cases = done.cases_added,
                    events = done.events_added,
                    "import finished"
                ),
                Err(problem) => {
                    tracing::info!(job = running.id, code = problem.code, "import refused")
                }
            }
            *running.result.lock().unwrap_or_else(|e| e.into_inner()) = Some(result);
            cleanup();
            ended.notify_one();
        });
        job
    }

    /// Waits until the next job ends; at once when one has ended since the last time.
    pub async fn next_end(&self) {
        self.ended.notified().await;
    }

    pub fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.inner
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .get(id)
            .cloned()
    }
}

impl Job {
    pub fn is_over(&self) -> bool {
        self.result
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .is_some()
    }

    pub fn status(&self, now: Micros) -> Status {
        let result = self
            .result
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone();
        let bytes = self.progress.done().min(self.size);
        let rate = bytes as f64 / mining::time::seconds((now - self.started).max(1));
        let state = match &result {
            Some(Ok(_)) => State::Done,
            Some(Err(_)) => State::Failed,
            None if bytes >= self.size => State::Keeping,
            None => State::Reading,
        };
        let (outcome, problem) = match result {
            Some(Ok(outcome)) => (Some(outcome), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        Status {
            id: self.id.clone(),
            file_name: self.file_name.clone(),
            state,
            bytes,
            of_bytes: self.size,
            rate,
            seconds_left: (rate > 0.0 && state == State::Reading)
                .then(|| (self.size - bytes) as f64 / rate),
            outcome,
            problem,
        }
    }
}
