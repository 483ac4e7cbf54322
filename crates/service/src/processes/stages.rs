//! The stages of a pipeline as a part of what its process is said to be, and how steps follow when they are edited at the source.

use super::definition::Definition;
use super::import::{last_definition, put_version};
use super::reading::renamed;
use super::{Library, Problem};
use base::activity::{self, Kind};
use mining::figures::{Step, StepRule, Steps};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Tx, processes, versions};

/// A stage as the source defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DefinedStage {
    /// The source's own id of it.
    pub id: String,
    pub name: String,
    /// Where a case ends: `won` or `lost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
}

/// How stages were edited.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct StageChanges {
    /// From and to.
    pub renamed: Vec<(String, String)>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub moved: Vec<String>,
    /// Those where a case ends by now, or does not any more.
    pub ends: Vec<String>,
}

impl StageChanges {
    pub fn is_nothing(&self) -> bool {
        *self == StageChanges::default()
    }

    /// What changed from stages to those.
    pub fn between(before: &[DefinedStage], now: &[DefinedStage]) -> StageChanges {
        let names = |all: &[DefinedStage], others: &[DefinedStage]| {
            let missing = all.iter().filter(|s| by_id(others, &s.id).is_none());
            missing.map(|s| s.name.clone()).collect()
        };
        let mut changes = StageChanges {
            added: names(now, before),
            removed: names(before, now),
            ..StageChanges::default()
        };
        let mut places = Vec::new();
        for stage in now {
            let Some(at) = before.iter().position(|b| b.id == stage.id) else {
                continue;
            };
            places.push((at, stage.name.as_str()));
            let was = &before[at];
            if was.name != stage.name {
                let both = (was.name.clone(), stage.name.clone());
                changes.renamed.push(both);
            }
            if was.ends != stage.ends {
                changes.ends.push(stage.name.clone());
            }
        }
        changes.moved = out_of_order(&places);
        changes
    }

    /// In words, a sentence for each kind.
    pub fn told(&self) -> Vec<String> {
        let renamed = self.renamed.iter().map(|(a, b)| format!("{a} to {b}"));
        let all = [
            ("renamed", renamed.collect()),
            ("added", self.added.clone()),
            ("taken away", self.removed.clone()),
            ("moved", self.moved.clone()),
            ("ending otherwise", self.ends.clone()),
        ];
        let all = all.into_iter().filter(|(_, names)| !names.is_empty());
        all.map(|(what, names): (_, Vec<String>)| match names.as_slice() {
            [one] => format!("Stage {what}: {one}."),
            names => format!("Stages {what}: {}.", names.join(", ")),
        })
        .collect()
    }
}

fn by_id<'a>(all: &'a [DefinedStage], id: &str) -> Option<&'a DefinedStage> {
    all.iter().find(|s| s.id == id)
}

/// The fewest that have to move for the others to be in their old order.
fn out_of_order(places: &[(usize, &str)]) -> Vec<String> {
    // For each: how many before it, itself included, can stay, and which is the last of those.
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (i, (at, _)) in places.iter().enumerate() {
        let earlier = (0..i).filter(|j| places[*j].0 < *at);
        let last = earlier.max_by_key(|j| best[*j].0);
        best.push((last.map_or(1, |j| best[j].0 + 1), last));
    }
    let mut stay = Vec::new();
    let mut next = (0..best.len()).max_by_key(|i| best[*i].0);
    while let Some(i) = next {
        stay.push(i);
        next = best[i].1;
    }
    let moved = (0..places.len()).filter(|i| !stay.contains(i));
    moved.map(|i| places[i].1.to_string()).collect()
}

/// Where an activity is.
#[derive(Clone, Copy, PartialEq)]
enum Spot {
    Step(usize),
    Won,
    Lost,
}

fn spot_of(steps: &Steps, name: &str) -> Option<Spot> {
    let has = |list: &[String]| list.iter().any(|a| a == name);
    let at = steps.steps.iter().position(|s| has(&s.activities));
    at.map(Spot::Step)
        .or_else(|| has(&steps.won).then_some(Spot::Won))
        .or_else(|| has(&steps.lost).then_some(Spot::Lost))
}

fn list(steps: &mut Steps, spot: Spot) -> &mut Vec<String> {
    match spot {
        Spot::Step(at) => &mut steps.steps[at].activities,
        Spot::Won => &mut steps.won,
        Spot::Lost => &mut steps.lost,
    }
}

fn take_out(steps: &mut Steps, name: &str) {
    let all = steps.steps.iter_mut().map(|s| &mut s.activities);
    for list in all.chain([&mut steps.won, &mut steps.lost]) {
        list.retain(|a| a != name);
    }
}

fn end_of(stage: &DefinedStage) -> Option<Spot> {
    match stage.ends.as_deref() {
        Some("won") => Some(Spot::Won),
        Some(_) => Some(Spot::Lost),
        None => None,
    }
}

/// Puts a stage where it belongs by itself: among the ends, or as a step behind that of the stage before it.
fn put_new(steps: &mut Steps, stages: &[DefinedStage], at: usize) {
    let name = &stages[at].name;
    if let Some(end) = end_of(&stages[at]) {
        return list(steps, end).push(name.clone());
    }
    if let Some(step) = steps.steps.iter_mut().find(|s| s.name == *name) {
        return step.activities.push(name.clone());
    }
    let mut earlier = stages[..at].iter().rev();
    let after = earlier.find_map(|s| match spot_of(steps, &s.name) {
        Some(Spot::Step(i)) => Some(i + 1),
        _ => None,
    });
    let step = Step {
        name: name.clone(),
        activities: vec![name.clone()],
    };
    steps.steps.insert(after.unwrap_or(0), step);
}

/// The steps of stages: in their order, but those where a case ends.
pub fn steps_of(stages: &[DefinedStage]) -> Steps {
    let mut steps = Steps {
        rule: StepRule::Owner,
        ..Steps::default()
    };
    (0..stages.len()).for_each(|at| put_new(&mut steps, stages, at));
    steps
}

/// The steps after stages were edited. What an owner named, grouped and ordered stays; a stage that was renamed keeps its old name beside
/// the new one in its step, and one that was taken away keeps its step while cases were in it (`is_known`). With the steps that have
/// another name by that.
pub fn follow(
    steps: &Steps,
    before: &[DefinedStage],
    now: &[DefinedStage],
    is_known: impl Fn(&str) -> bool,
) -> (Steps, Vec<(String, String)>) {
    let mut new = steps.clone();
    let mut renames = Vec::new();
    let is_now = |name: &str| now.iter().any(|s| s.name == name);
    let renamed: Vec<(&DefinedStage, &DefinedStage)> = now
        .iter()
        .filter_map(|s| Some((by_id(before, &s.id)?, s)))
        .filter(|(was, is)| was.name != is.name)
        .collect();
    // A new name may have been another's until now.
    renamed
        .iter()
        .for_each(|(_, is)| take_out(&mut new, &is.name));
    let is_given = |name: &str| renamed.iter().any(|(_, is)| is.name == name);
    let gives_up = |name: &str| renamed.iter().any(|(was, _)| was.name == name);
    for (was, is) in &renamed {
        let Some(spot) = spot_of(steps, &was.name) else {
            continue;
        };
        let names = list(&mut new, spot);
        names.insert(0, is.name.clone());
        if is_now(&was.name) && !is_given(&was.name) {
            names.retain(|a| *a != was.name);
        }
        let mut others = steps.steps.iter().filter(|s| !gives_up(&s.name));
        if let Spot::Step(at) = spot
            && steps.steps[at].name == was.name
            && !others.any(|s| s.name == is.name)
        {
            new.steps[at].name = is.name.clone();
            renames.push((was.name.clone(), is.name.clone()));
        }
    }
    for (at, stage) in now.iter().enumerate() {
        let was = by_id(before, &stage.id);
        let end = was.and_then(end_of);
        let is_where_it_was = match (end, spot_of(&new, &stage.name)) {
            (Some(end), Some(spot)) => spot == end,
            (None, Some(Spot::Step(_))) => true,
            _ => false,
        };
        match was {
            None if spot_of(&new, &stage.name).is_none() => put_new(&mut new, now, at),
            Some(was) if was.ends != stage.ends && is_where_it_was => {
                take_out(&mut new, &stage.name);
                put_new(&mut new, now, at);
            }
            _ => {}
        }
    }
    let gone = before.iter().filter(|s| by_id(now, &s.id).is_none());
    for stage in gone.filter(|s| !is_now(&s.name) && !is_known(&s.name)) {
        take_out(&mut new, &stage.name);
    }
    let had: Vec<&String> = before.iter().chain(now).map(|s| &s.name).collect();
    new.steps
        .retain(|s| !s.activities.is_empty() || !had.contains(&&s.name));
    in_order(&mut new, before, now);
    (new, renames)
}

/// Steps follow the order of the stages where they did so before.
fn in_order(steps: &mut Steps, before: &[DefinedStage], now: &[DefinedStage]) {
    let spots = |stages: &[DefinedStage], other: &[DefinedStage]| {
        let kept = stages.iter().filter_map(|s| by_id(other, &s.id).map(|_| s));
        // By the name it has now.
        let named = kept.filter_map(|s| by_id(now, &s.id));
        let spots = named.filter_map(|s| match spot_of(steps, &s.name) {
            Some(Spot::Step(at)) => Some(at),
            _ => None,
        });
        let mut spots: Vec<usize> = spots.collect();
        spots.dedup();
        spots
    };
    let (old, new) = (spots(before, now), spots(now, before));
    if old == new || !old.is_sorted_by(|a, b| a < b) {
        return;
    }
    let mut last = 0;
    let mut keyed: Vec<(usize, Step)> = Vec::new();
    for step in std::mem::take(&mut steps.steps) {
        let at = now.iter().position(|s| step.activities.contains(&s.name));
        last = at.map_or(last, |at| at + 1);
        keyed.push((last, step));
    }
    keyed.sort_by_key(|(place, _)| *place);
    steps.steps = keyed.into_iter().map(|(_, step)| step).collect();
}

impl Library {
    /// Whether the stages of a process are a part of what it is said to be.
    pub async fn knows_stages(&self, process: &str) -> Result<bool, Problem> {
        let last = versions::last(self.db(), process).await?;
        let last = last.and_then(|text| serde_json::from_str::<Definition>(&text).ok());
        Ok(last.is_some_and(|d| !d.stages.is_empty()))
    }

    /// Makes the stages a part of what a process is said to be, in the transaction that saw them: an edit is a new version, and the steps
    /// follow it. Where none were known yet, `is_first` makes the steps those of the stages, unless an owner chose others.
    pub async fn follow_stages(
        &self,
        tx: &mut Tx,
        process: &str,
        stages: &[DefinedStage],
        is_first: bool,
    ) -> Result<(), Problem> {
        let known = last_definition(tx, process).await?;
        let before = known.clone().unwrap_or_default();
        if before.stages == stages || before.stages.is_empty() && !is_first {
            return Ok(());
        }
        let now = self.clock().now();
        processes::hold(tx, process).await?;
        // What was read in meanwhile is a part of it, too.
        let before = last_definition(tx, process).await?.unwrap_or_default();
        if before.stages == stages {
            return Ok(());
        }
        let found = processes::find(&mut *tx, process).await?;
        let mut row = found.ok_or_else(|| Problem::not_found("process"))?;
        let definition = Definition {
            stages: stages.to_vec(),
            ..before.clone()
        };
        let changes = match before.stages.is_empty() {
            true => None,
            false => definition.changes_since(&before),
        };
        put_version(tx, &mut row, &definition, changes.as_ref(), now).await?;
        if let Some(changes) = &changes {
            let payload = json!({ "version": row.version, "changes": changes });
            activity::record(tx, now, Kind::VersionMade, "tenon", &row.id, &payload).await?;
        }
        let steps = self.steps_of(&mut *tx, &row.id, row.revision).await?;
        let is_chosen = steps.rule == StepRule::Owner && !steps.steps.is_empty();
        let (new, names) = match is_chosen || changes.is_some() {
            true => follow(&steps, &before.stages, stages, |name| {
                before.activities.iter().any(|a| a == name)
            }),
            false => {
                let new = steps_of(stages);
                let names = renamed(&steps, &new);
                (new, names)
            }
        };
        match new == steps {
            true => Ok(processes::update(tx, &row).await?),
            false => self.read_in(tx, row, (&new, &names), "tenon", now).await,
        }
    }
}

#[cfg(test)]
#[path = "stages/tests.rs"]
mod tests;
