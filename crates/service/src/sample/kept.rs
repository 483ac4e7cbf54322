//! An invented company that is kept with its process, so that its days can go on.

use super::treated::{Rule, Treated};
use super::{Improvement, Plan};
use crate::improvements::Improvements;
use crate::processes::Problem;
use mining::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Db, Tx, settings};

/// All that its cases follow from, beside the roll-outs of its improvements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub seed: u64,
    pub from: Micros,
    /// Cases that begin in the first `weeks`; later ones come at the same pace.
    pub cases: u64,
    pub weeks: u32,
    pub teams: usize,
    /// What happened up to here was imported.
    pub until: Micros,
    /// From here on, contracts need an approval.
    pub approval: Option<Micros>,
    pub rules: Vec<Rule>,
    /// Tools that are not among the improvements kept, with their true effect.
    pub others: Vec<Improvement>,
    /// Share of cases in which an improvement's tool is used, by its name.
    pub uses: BTreeMap<String, f64>,
}

/// Of cases whose team has a tool, those in which it is used, unless told otherwise.
const USED: f64 = 0.6;

fn name(process: &str) -> String {
    format!("sample.{process}")
}

impl Kept {
    /// A company before its first day.
    pub fn new(plan: Plan, rules: Vec<Rule>) -> Kept {
        Kept {
            seed: plan.seed,
            from: plan.from,
            cases: plan.cases,
            weeks: plan.weeks,
            teams: plan.teams,
            until: plan.from,
            approval: plan.approval,
            rules,
            others: plan.improvements,
            uses: BTreeMap::new(),
        }
    }

    pub async fn find(db: &Db, process: &str) -> Result<Option<Kept>, Problem> {
        match settings::get(db, &name(process)).await? {
            None => Ok(None),
            Some(json) => Ok(Some(
                serde_json::from_str(&json).map_err(anyhow::Error::from)?,
            )),
        }
    }

    pub async fn put(&self, tx: &mut Tx, process: &str) -> Result<(), Problem> {
        let json = serde_json::to_string(self).map_err(anyhow::Error::from)?;
        Ok(settings::put(tx, &name(process), &json).await?)
    }

    /// The plan up to a moment, with the tools as they are rolled out by now.
    pub async fn plan(
        &self,
        all: &Improvements,
        process: &str,
        until: Micros,
    ) -> Result<Plan, Problem> {
        let kept = all.of_process(process).await?;
        let treated = kept
            .iter()
            .filter_map(|imp| Treated::of(imp, &self.rules, self.teams));
        Ok(Plan {
            tools: treated.collect(),
            ..self.bare(until)
        })
    }

    /// The same without any tool that is kept.
    pub fn bare(&self, until: Micros) -> Plan {
        Plan {
            seed: self.seed,
            cases: self.cases,
            from: self.from,
            weeks: self.weeks,
            until,
            teams: self.teams,
            improvements: self.others.clone(),
            tools: Vec::new(),
            approval: self.approval,
        }
    }

    pub fn used(&self, improvement: &str) -> f64 {
        self.uses.get(improvement).copied().unwrap_or(USED)
    }
}
