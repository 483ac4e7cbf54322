//! How the owner reads a process: names, grouping and order of steps. Each change is a revision; undo makes one more.

use super::{Library, Problem};
use base::activity;
use mining::figures::{Step, Steps};
use serde_json::json;
use store::processes::ProcessRow;
use store::{Tx, processes, steps};

/// Steps that have another name by now: what an old one was made of has nothing to do with the step that is called so, and is in another.
pub(super) fn renamed(before: &Steps, now: &Steps) -> Vec<(String, String)> {
    let shares = |old: &Step, s: &Step| s.activities.iter().any(|a| old.activities.contains(a));
    let goes_on = |old: &Step, s: &Step| s.name == old.name && shares(old, s);
    let is_new = |s: &&Step| !before.steps.iter().any(|old| goes_on(old, s));
    let mut new: Vec<&Step> = now.steps.iter().filter(is_new).collect();
    let mut names = Vec::new();
    for old in &before.steps {
        if now.steps.iter().any(|s| goes_on(old, s)) {
            continue;
        }
        if let Some(at) = new
            .iter()
            .position(|s| shares(old, s) && s.name != old.name)
        {
            names.push((old.name.clone(), new.remove(at).name.clone()));
        }
    }
    names
}

impl Library {
    /// Sets the steps of a process.
    pub async fn set_steps(&self, process: &str, new: Steps, actor: &str) -> Result<i64, Problem> {
        let mut names: Vec<&str> = new.steps.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|w| w[0] == w[1]) {
            return Err(Problem::bad_request(
                format!("Two steps are called \"{}\".", twice[0]),
                "Give each step a name of its own.",
            ));
        }
        let now = self.clock().now();
        let mut tx = self.db().begin().await?;
        // Whoever changes the columns meanwhile would have them set back by this.
        processes::hold(&mut tx, process).await?;
        let row = processes::find(&mut tx, process)
            .await?
            .ok_or_else(|| Problem::not_found("process"))?;
        let before = self.steps_of(&mut tx, &row.id, row.revision).await?;
        let revision = row.revision + 1;
        let names = renamed(&before, &new);
        self.read_in(&mut tx, row, (&new, &names), actor, now)
            .await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// The same in a transaction that has the process. What is at a step that is called otherwise goes with it.
    pub(super) async fn read_in(
        &self,
        tx: &mut Tx,
        mut row: ProcessRow,
        (new, renamed): (&Steps, &[(String, String)]),
        actor: &str,
        now: i64,
    ) -> Result<(), Problem> {
        row.revision += 1;
        let text = serde_json::to_string(new).map_err(anyhow::Error::from)?;
        steps::insert(tx, &row.id, row.revision, now, &text).await?;
        processes::update(tx, &row).await?;
        let payload = json!({ "revision": row.revision, "steps": new });
        let edited = activity::Kind::StepsEdited;
        activity::record(tx, now, edited, actor, &row.id, &payload).await?;
        Ok(steps::rename(tx, &row.id, renamed).await?)
    }

    /// Sets the steps to what they were before the last change.
    pub async fn undo_steps(&self, process: &str, actor: &str) -> Result<i64, Problem> {
        let row = self.process(process).await?;
        if row.revision < 2 {
            return Err(Problem::new(
                409,
                "nothing_to_undo",
                "The steps were not changed yet.",
                "There is nothing to undo.",
            ));
        }
        let before = self.steps_of(self.db(), &row.id, row.revision - 1).await?;
        self.set_steps(&row.id, before, actor).await
    }
}
