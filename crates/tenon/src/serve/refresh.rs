//! Verdicts are made anew beside the requests, so that a page finds them ready.

use service::improvements::Improvements;
use service::jobs::Jobs;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use store::events::Event;

/// How often the record is looked at, beside the end of each import.
const EVERY: Duration = Duration::from_secs(20);

/// How often what people did with Tenon's own tools is counted anew, beside when a process changed.
const USES: Duration = Duration::from_secs(3_600);

/// Events read at once.
const AT_ONCE: i64 = 1_000;

/// Looks for processes of which something was recorded, whoever did it, and makes their verdicts anew. Never ends.
pub async fn keep(improvements: Improvements, jobs: Jobs) {
    let library = improvements.library().clone();
    let mut after = 0;
    let mut changed: BTreeSet<String> = BTreeSet::new();
    // Those in which people did something since their uses were counted.
    let mut used: BTreeSet<String> = BTreeSet::new();
    match library.last_event().await {
        // What happened before the start is not read: every process is looked at once.
        Ok(last) => after = last,
        Err(problem) => tracing::warn!(%problem, "the record could not be read"),
    }
    match library.list().await {
        Ok(all) => changed.extend(all.into_iter().map(|p| p.id)),
        Err(problem) => tracing::warn!(%problem, "the processes could not be read"),
    }
    let mut counted = Instant::now();
    loop {
        if counted.elapsed() >= USES {
            counted = Instant::now();
            changed.extend(std::mem::take(&mut used));
        }
        for process in std::mem::take(&mut changed) {
            make(&improvements, &process).await;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = jobs.next_end() => {}
        }
        loop {
            let new = match library.events_after(after, AT_ONCE).await {
                Ok(new) => new,
                Err(problem) => {
                    tracing::warn!(%problem, "the record could not be read");
                    break;
                }
            };
            let Some(last) = new.last() else { break };
            after = last.seq;
            for event in new {
                let (is_change, Some(process)) = (changes_a_verdict(&event), event.process) else {
                    continue;
                };
                match is_change {
                    true => changed.insert(process),
                    false => used.insert(process),
                };
            }
        }
    }
}

/// What people say to each other changes no verdict at once; it is counted as use now and then.
fn changes_a_verdict(event: &Event) -> bool {
    let is_of = |kind: &str| event.kind.starts_with(kind);
    is_of("process.") || is_of("improvement.") || is_of("goal.")
}

async fn make(improvements: &Improvements, process: &str) {
    match improvements.refresh(process).await {
        Ok(0) => {}
        Ok(made) => tracing::info!(process, made, "verdicts made anew"),
        Err(problem) => tracing::warn!(process, %problem, "verdicts could not be made anew"),
    }
}
