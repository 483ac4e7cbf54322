//! Steps: how the owner reads the process. A step groups activities; outcomes are where a case is won or lost.

use crate::EventLog;
use crate::model::bpmn::ProcessModel;
use serde::{Deserialize, Serialize};

/// Steps in order. Activities in none of them (nor an outcome) leave a case in the step it is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Steps {
    pub steps: Vec<Step>,
    /// Activities that say the case was won, and lost.
    pub won: Vec<String>,
    pub lost: Vec<String>,
    pub rule: StepRule,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Step {
    pub name: String,
    pub activities: Vec<String>,
}

/// How the steps came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepRule {
    /// One a stage of a pipeline, in order of usual first appearance.
    Stages,
    /// One a lane of the imported model.
    Lanes,
    /// Activities by their usual order, cut where cases rarely go back.
    Order,
    /// Given or changed by the owner.
    #[default]
    Owner,
}

/// How steps and a log go together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Check {
    /// Named in the steps, absent from the log.
    pub unknown: Vec<String>,
    /// In the log, in no step and no outcome: they leave a case where it is.
    pub unassigned: Vec<String>,
    /// Named more than once; the first place counts.
    pub repeated: Vec<String>,
}

/// Where an activity puts a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Step(u16),
    Won,
    Lost,
    Nowhere,
}

impl Steps {
    /// Proposes steps for a log. `stage_like`: its activities are the stages of a pipeline.
    pub fn propose(log: &EventLog, model: Option<&ProcessModel>, stage_like: bool) -> Steps {
        super::propose::propose(log, model, stage_like)
    }

    /// Compares the names in the steps with the activities of a log.
    pub fn check(&self, log: &EventLog) -> Check {
        let mut check = Check::default();
        let mut seen: Vec<&str> = Vec::new();
        for name in self.names() {
            if seen.contains(&name) {
                check.repeated.push(name.to_string());
            } else if log.activities.code(name).is_none() {
                check.unknown.push(name.to_string());
            }
            seen.push(name);
        }
        check.unassigned = log
            .activities
            .iter()
            .filter(|a| !seen.contains(a))
            .map(str::to_string)
            .collect();
        check
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().flat_map(|s| &s.activities);
        steps.chain(&self.won).chain(&self.lost).map(String::as_str)
    }

    /// The step of each activity of a log, by its code. The first place an activity is named at counts.
    pub(crate) fn slots(&self, log: &EventLog) -> Vec<Slot> {
        let mut slots = vec![Slot::Nowhere; log.activities.len()];
        let mut put = |name: &String, slot: Slot| match log.activities.code(name) {
            Some(code) if slots[code as usize] == Slot::Nowhere => slots[code as usize] = slot,
            _ => {}
        };
        for (at, step) in self.steps.iter().enumerate() {
            step.activities
                .iter()
                .for_each(|name| put(name, Slot::Step(at.min(u16::MAX as usize) as u16)));
        }
        self.won.iter().for_each(|name| put(name, Slot::Won));
        self.lost.iter().for_each(|name| put(name, Slot::Lost));
        slots
    }
}
