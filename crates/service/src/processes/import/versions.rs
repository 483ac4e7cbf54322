//! What more events mean for the definition of a process and for the steps it is read in.

use super::keep::to_json;
use super::read_model;
use crate::processes::{Changes, Definition, Library, Problem};
use mining::EventLog;
use mining::figures::Steps;
use mining::model::bpmn::ProcessModel;
use store::processes::ProcessRow;
use store::versions::VersionRow;
use store::{Tx, models, steps, versions};

/// The model that is pinned.
pub(super) async fn model_of(tx: &mut Tx, process: &str) -> Result<Option<ProcessModel>, Problem> {
    let kept = models::find(&mut *tx, process).await?;
    kept.map(|kept| read_model(&kept.bpmn)).transpose()
}

/// Makes a version where the definition became another: what changed, and whether there was none before.
pub(super) async fn renew_version(
    tx: &mut Tx,
    row: &mut ProcessRow,
    (log, model): (Option<&EventLog>, Option<&ProcessModel>),
    now: i64,
) -> Result<(Option<Changes>, bool), Problem> {
    let before = last_definition(tx, &row.id).await?;
    let definition = Definition {
        stages: before.as_ref().map_or(Vec::new(), |b| b.stages.clone()),
        ..Definition::of(log, model)
    };
    // A pipeline that no case came to yet is no version to compare with.
    let before = before.filter(|b| !b.activities.is_empty() || b.model.is_some());
    let changes = match &before {
        None => Some(Changes::default()),
        Some(before) => definition.changes_since(before),
    };
    if let Some(changes) = &changes {
        let told = before.as_ref().map(|_| changes);
        put_version(tx, row, &definition, told, now).await?;
    }
    Ok((changes, before.is_none()))
}

/// Keeps a definition: as a version of its own with what changed, or, without, as more that is known of the last one.
pub(in crate::processes) async fn put_version(
    tx: &mut Tx,
    row: &mut ProcessRow,
    definition: &Definition,
    changes: Option<&Changes>,
    now: i64,
) -> Result<(), Problem> {
    let text = to_json(definition)?;
    if changes.is_none() && row.version > 0 {
        return Ok(versions::complete(tx, &row.id, row.version, &text).await?);
    }
    row.version += 1;
    let version = VersionRow {
        number: row.version,
        at: now,
        definition: text,
        changes: to_json(&changes.cloned().unwrap_or_default())?,
    };
    Ok(versions::insert(tx, &row.id, &version).await?)
}

pub(in crate::processes) async fn last_definition(
    tx: &mut Tx,
    process: &str,
) -> Result<Option<Definition>, Problem> {
    let last = versions::last(&mut *tx, process).await?;
    Ok(last.and_then(|text| serde_json::from_str(&text).ok()))
}

impl Library {
    /// A first log is read in steps by proposal; later ones keep the owner's reading, with new activities added.
    pub(super) async fn renew_steps(
        &self,
        tx: &mut Tx,
        row: &mut ProcessRow,
        (log, model): (&EventLog, Option<&ProcessModel>),
        is_proposed: bool,
        now: i64,
    ) -> Result<(), Problem> {
        let steps = if row.revision == 0 || is_proposed {
            let proposed = Steps::propose(log, model, false);
            let known = self.steps_of(&mut *tx, &row.id, row.revision).await?;
            Some(proposed).filter(|p| row.revision == 0 || *p != known)
        } else {
            self.with_new_activities(tx, row, log).await?
        };
        if let Some(steps) = steps {
            row.revision += 1;
            steps::insert(tx, &row.id, row.revision, now, &to_json(&steps)?).await?;
        }
        Ok(())
    }

    /// Whether the steps are still those that were proposed for the log as it is.
    pub(super) async fn is_as_proposed(
        &self,
        tx: &mut Tx,
        row: &ProcessRow,
        log: Option<&EventLog>,
    ) -> Result<bool, Problem> {
        let Some(log) = log else {
            return Ok(row.revision == 0);
        };
        let model = model_of(tx, &row.id).await?;
        let known = self.steps_of(&mut *tx, &row.id, row.revision).await?;
        Ok(known == Steps::propose(log, model.as_ref(), false))
    }

    /// The owner's steps with activities that a new import brought put where a proposal for the whole log has them.
    async fn with_new_activities(
        &self,
        tx: &mut Tx,
        row: &ProcessRow,
        log: &EventLog,
    ) -> Result<Option<Steps>, Problem> {
        let mut steps = self.steps_of(&mut *tx, &row.id, row.revision).await?;
        let unassigned = steps.check(log).unassigned;
        let known = last_definition(tx, &row.id).await?;
        let known = known.map(|d| d.activities).unwrap_or_default();
        // Activities the owner left out on purpose stay out.
        let new: Vec<String> = unassigned
            .into_iter()
            .filter(|a| !known.contains(a))
            .collect();
        if new.is_empty() || steps.steps.is_empty() {
            return Ok(None);
        }
        let proposed = Steps::propose(log, None, false);
        for activity in new {
            let neighbours = proposed
                .steps
                .iter()
                .find(|s| s.activities.contains(&activity));
            let home = neighbours.and_then(|n| {
                steps
                    .steps
                    .iter()
                    .position(|s| s.activities.iter().any(|a| n.activities.contains(a)))
            });
            let last = steps.steps.len() - 1;
            if proposed.won.contains(&activity) {
                steps.won.push(activity);
            } else if proposed.lost.contains(&activity) {
                steps.lost.push(activity);
            } else {
                steps.steps[home.unwrap_or(last)].activities.push(activity);
            }
        }
        Ok(Some(steps))
    }
}
