//! What a process is said to be, and what changed between two such sayings.

use super::stages::{DefinedStage, StageChanges};
use mining::EventLog;
use mining::model::bpmn::ProcessModel;
use serde::{Deserialize, Serialize};

/// The process as its source defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Definition {
    /// Names of activities, in alphabetical order.
    pub activities: Vec<String>,
    /// Digest of the imported model's activities and flows, when there is one.
    pub model: Option<String>,
    /// Of a process that comes from a system of record: its stages, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<DefinedStage>,
}

/// What is new and what is gone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Changes {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub model_changed: bool,
    /// The model that changed is the first one.
    #[serde(default)]
    pub first_model: bool,
    #[serde(default, skip_serializing_if = "StageChanges::is_nothing")]
    pub stages: StageChanges,
}

impl Changes {
    /// In words: `New: a, b. Gone: c. The model changed. Stage renamed: d to e.`
    pub fn told(&self) -> String {
        let list = |what: &str, names: &[String]| match names.is_empty() {
            true => String::new(),
            false => format!("{what}: {}.", names.join(", ")),
        };
        let model = match (self.model_changed, self.first_model) {
            (false, _) => "",
            (true, true) => "A model was pinned.",
            (true, false) => "The model changed.",
        };
        let parts = [
            list("New", &self.added),
            list("Gone", &self.removed),
            model.to_string(),
        ];
        let parts = parts.into_iter().chain(self.stages.told());
        let parts: Vec<String> = parts.filter(|p| !p.is_empty()).collect();
        parts.join(" ")
    }
}

impl Definition {
    pub fn of(log: Option<&EventLog>, model: Option<&ProcessModel>) -> Self {
        let mut activities: Vec<String> = match (log, model) {
            (Some(log), _) => log.activities.iter().map(str::to_string).collect(),
            (None, Some(model)) => model.activities().into_iter().map(str::to_string).collect(),
            (None, None) => Vec::new(),
        };
        activities.sort();
        activities.dedup();
        Definition {
            activities,
            model: model.map(digest),
            stages: Vec::new(),
        }
    }

    /// `None` when nothing changed.
    pub fn changes_since(&self, before: &Definition) -> Option<Changes> {
        let missing_in = |a: &[String], b: &[String]| {
            a.iter()
                .filter(|x| !b.contains(x))
                .cloned()
                .collect::<Vec<_>>()
        };
        let changes = Changes {
            added: missing_in(&self.activities, &before.activities),
            removed: missing_in(&before.activities, &self.activities),
            model_changed: self.model != before.model,
            first_model: before.model.is_none() && self.model.is_some(),
            stages: StageChanges::between(&before.stages, &self.stages),
        };
        (changes != Changes::default()).then_some(changes)
    }
}

/// Changes with what the model says, not with where things are drawn.
fn digest(model: &ProcessModel) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for node in &model.nodes {
        hash.update(format!("{:?} {}\n", node.kind, node.name));
    }
    for flow in &model.flows {
        hash.update(format!("{} {}\n", flow.source, flow.target));
    }
    base::format::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_activity_is_a_change_and_the_same_is_none() {
        let of = |names: &[&str]| Definition {
            activities: names.iter().map(|s| s.to_string()).collect(),
            ..Definition::default()
        };
        assert_eq!(of(&["a"]).changes_since(&of(&["a"])), None);
        let changes = of(&["a", "c"]).changes_since(&of(&["a", "b"])).unwrap();
        assert_eq!(
            (changes.added, changes.removed),
            (vec!["c".to_string()], vec!["b".to_string()])
        );
    }

    #[test]
    fn changes_are_told_in_words() {
        let with = |name: &str, model: Option<&str>| Definition {
            activities: vec![name.into()],
            model: model.map(str::to_string),
            ..Definition::default()
        };
        let told = |now: &Definition, before: &Definition| {
            now.changes_since(before).unwrap_or_default().told()
        };
        let (plain, pinned) = (with("a", None), with("a", Some("1")));
        assert_eq!(told(&plain, &plain), "");
        assert_eq!(told(&pinned, &plain), "A model was pinned.");
        assert_eq!(
            told(&with("b", Some("2")), &pinned),
            "New: b. Gone: a. The model changed."
        );
    }
}
