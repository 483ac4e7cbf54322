//! Column files that were replaced go while the server runs, some minutes later: whoever read the row of before may still ask for them
//! by name. What an import that failed left behind is swept at the next start.

use super::{Library, Problem};
use mining::Micros;
use mining::time::MINUTE;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use store::{Db, column_files, processes};

/// From a row to the file it names it is less than this, also for a backup of many.
const ASKED_FOR: Micros = 10 * MINUTE;
const EVERY: Duration = Duration::from_secs(30);

/// Files that were replaced, and when they were.
#[derive(Default)]
pub(super) struct Spent(Mutex<Vec<(String, Micros)>>);

impl Spent {
    fn all(&self) -> MutexGuard<'_, Vec<(String, Micros)>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub fn add(&self, file: String, at: Micros) {
        self.all().push((file, at));
    }

    fn upto(&self, moment: Micros) -> Vec<(String, Micros)> {
        let all = self.all();
        let due = all.iter().filter(|(_, at)| *at <= moment);
        due.cloned().collect()
    }

    fn forget_upto(&self, moment: Micros) {
        self.all().retain(|(_, at)| *at > moment);
    }
}

impl Library {
    /// Removes replaced files that nobody can still ask for; how many. One that a process points to again stays, and so does one that was
    /// written anew: an import under way is about to point to it.
    pub async fn sweep_spent(&self) -> Result<usize, Problem> {
        let moment = self.clock().now() - ASKED_FOR;
        let due = self.inner.spent.upto(moment);
        if due.is_empty() {
            return Ok(0);
        }
        let known = processes::columns_files(self.db()).await?;
        let mut removed = 0;
        for (file, at) in due.iter().filter(|(file, _)| !known.contains(file)) {
            if let Db::Postgres(_) = self.db() {
                let mut tx = self.db().begin().await?;
                column_files::remove_older(&mut tx, file, *at).await?;
                tx.commit().await?;
            }
            removed += usize::from(self.inner.files.remove_older(file, *at)?);
        }
        self.inner.spent.forget_upto(moment);
        Ok(removed)
    }

    /// Never ends.
    pub async fn keep_sweeping(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.sweep_spent().await {
                Ok(0) => {}
                Ok(files) => tracing::debug!(files, "removed column files that were replaced"),
                Err(problem) => {
                    tracing::warn!(%problem, "replaced column files could not be removed")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::{Clock, SetClock, SystemClock};
    use base::identity::Directory;
    use mining::log::LogBuilder;
    use mining::time::HOUR;
    use serde_json::json;
    use std::sync::Arc;
    use store::testing::{folder, on_both};

    /// Whether other nodes find it.
    async fn is_shared(all: &Library, file: &str) -> bool {
        match all.db().begin().await.unwrap() {
            mut tx @ store::Tx::Postgres(_) => column_files::is_kept(&mut tx, file).await.unwrap(),
            store::Tx::Sqlite(_) => false,
        }
    }

    #[test]
    fn a_replaced_file_goes_when_nobody_can_still_ask_for_it() {
        on_both(|db| async move {
            let is_shared_here = matches!(db, Db::Postgres(_));
            let (folder, begun) = (folder(), SystemClock.now());
            let clock = Arc::new(SetClock::at(begun));
            let all = Library::with(db, &folder, clock.clone()).await.unwrap();
            let id = all.make("Deals", "test").await.unwrap().id;
            let grown = async |event: &str| {
                let list =
                    [json!({ "id": event, "activity": "call", "time": "2026-03-02T09:30:00Z" })];
                let nobody = Directory::default();
                all.push_events(&id, event, &list, &nobody, "test")
                    .await
                    .unwrap();
                all.fold(&id).await.unwrap();
                all.process(&id).await.unwrap().columns_file.unwrap()
            };
            let before = grown("1").await;
            clock.set(begun + HOUR);
            let now = grown("2").await;
            clock.set(begun + HOUR + ASKED_FOR - 1);
            assert_eq!(
                all.sweep_spent().await.unwrap(),
                0,
                "its name may have been read"
            );
            assert!(all.inner.files.has(&before));
            clock.set(begun + HOUR + ASKED_FOR);
            assert_eq!(all.sweep_spent().await.unwrap(), 1);
            assert!(!all.inner.files.has(&before) && all.inner.files.has(&now));
            assert!(!is_shared(&all, &before).await);
            assert_eq!(is_shared(&all, &now).await, is_shared_here);
            assert_eq!(all.sweep_spent().await.unwrap(), 0);
        });
    }

    #[test]
    fn a_replaced_file_that_is_pointed_to_or_written_again_stays() {
        on_both(|db| async move {
            let (folder, begun) = (folder(), SystemClock.now());
            let clock = Arc::new(SetClock::at(begun + HOUR));
            let all = Library::with(db, &folder, clock.clone()).await.unwrap();
            let file = all.inner.files.put(&LogBuilder::new().finish()).unwrap();
            all.inner.spent.add(file.clone(), begun - HOUR);
            assert_eq!(all.sweep_spent().await.unwrap(), 0, "it was written since");
            let mut row = all.make("Deals", "test").await.unwrap();
            row.columns_file = Some(file.clone());
            let mut tx = all.db().begin().await.unwrap();
            processes::update(&mut tx, &row).await.unwrap();
            tx.commit().await.unwrap();
            all.inner.spent.add(file.clone(), begun + HOUR);
            clock.set(begun + 2 * HOUR);
            assert_eq!(
                all.sweep_spent().await.unwrap(),
                0,
                "a process points to it"
            );
            assert!(all.inner.files.has(&file));
        });
    }
}
