//! Verdicts are made anew beside the requests, so that a page finds them ready.

use crate::improvements::Improvements;
use crate::jobs::Jobs;
use std::collections::HashMap;
use std::time::Duration;

/// How often the record is looked at, beside the end of each import.
const EVERY: Duration = Duration::from_secs(20);

/// Looks for processes of which something was recorded, whoever did it, and makes their verdicts anew. Never ends.
pub async fn keep(improvements: Improvements, jobs: Jobs) {
    let mut seen: HashMap<String, i64> = HashMap::new();
    loop {
        match improvements.library().last_events().await {
            Ok(all) => {
                for (process, last) in all {
                    if seen.get(&process) != Some(&last) {
                        make(&improvements, &process).await;
                        seen.insert(process, last);
                    }
                }
            }
            Err(problem) => tracing::warn!(%problem, "the record could not be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = jobs.next_end() => {}
        }
    }
}

async fn make(improvements: &Improvements, process: &str) {
    match improvements.refresh(process).await {
        Ok(0) => {}
        Ok(made) => tracing::info!(process, made, "verdicts made anew"),
        Err(problem) => tracing::warn!(process, %problem, "verdicts could not be made anew"),
    }
}
