//! How the owner reads a process: names, grouping and order of steps. Each change is a revision; undo makes one more.

use super::{Library, Problem};
use base::activity;
use mining::figures::Steps;
use serde_json::json;
use store::{processes, steps};

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
        let mut row = processes::find(&mut tx, process)
            .await?
            .ok_or_else(|| Problem::not_found("process"))?;
        row.revision += 1;
        let text = serde_json::to_string(&new).map_err(anyhow::Error::from)?;
        steps::insert(&mut tx, &row.id, row.revision, now, &text).await?;
        processes::update(&mut tx, &row).await?;
        activity::record(
            &mut tx,
            now,
            activity::Kind::StepsEdited,
            actor,
            &row.id,
            &json!({ "revision": row.revision, "steps": new }),
        )
        .await?;
        tx.commit().await?;
        Ok(row.revision)
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
