//! Improvements: one tool plugged into one step, with a roll-out, one measure and a planned end; and what came of it.
//!
//! Nothing here touches the process. What is kept is a plan, when each team has the tool, and what was said on which
//! day; the rest is computed from the record.

mod act;
pub mod adoption;
mod cells;
mod frictions;
mod ledger;
mod measure;
mod outlook;
mod plan;
mod report;
mod rethink;
mod talks;
mod tool;

pub use act::{Decision, Plug, day, monday};
pub use frictions::{Friction, frictions};
pub use ledger::{Adding, Ledger, Mark, Row, Sum, Summary};
pub use measure::{MEASURES, Measure, Unit};
pub use outlook::{Outlook, draw};
pub use plan::{Cost, Improvement, Plan, State};
pub use report::{Report, Second};
pub use rethink::Rethink;
pub use tool::{CATALOGUE, Tool};

use crate::processes::{Library, Problem};
use mining::time::Micros;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::goals::GoalRow;
use store::{events, goals, improvements, uses, verdicts};

/// All improvements of an installation. Cheap to clone.
#[derive(Clone)]
pub struct Improvements {
    library: Library,
    /// Only one verdict is computed at a time: it uses all cores.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// By process.
    ledgers: Arc<Mutex<HashMap<String, KeptLedger>>>,
}

/// What a ledger in memory was made from: columns, reading of the steps, and the stamp of the store.
type LedgerKey = (Option<String>, i64, (i64, i64, i64));
type KeptLedger = (LedgerKey, Arc<Ledger>);

impl Improvements {
    pub fn new(library: Library) -> Improvements {
        Improvements {
            library,
            turn: Arc::default(),
            ledgers: Arc::default(),
        }
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Of one process, oldest first.
    pub async fn of_process(&self, process: &str) -> Result<Vec<Improvement>, Problem> {
        let mut all = Vec::new();
        for row in improvements::of_process(self.library.db(), process).await? {
            let teams = improvements::rollout(self.library.db(), &row.id).await?;
            all.push(Improvement::read(row, teams)?);
        }
        Ok(all)
    }

    pub async fn find(&self, id: &str) -> Result<Improvement, Problem> {
        let row = improvements::find(self.library.db(), id)
            .await?
            .ok_or_else(|| Problem::not_found("improvement"))?;
        let teams = improvements::rollout(self.library.db(), id).await?;
        Improvement::read(row, teams)
    }

    pub async fn goals(&self, process: &str) -> Result<Vec<GoalRow>, Problem> {
        Ok(goals::of_process(self.library.db(), process).await?)
    }

    /// What happened to an improvement, oldest first.
    pub async fn events(&self, id: &str) -> Result<Vec<events::Event>, Problem> {
        Ok(events::of_subject(self.library.db(), id).await?)
    }

    /// What was told or counted of its use and kept; see [`Improvements::used`].
    pub async fn uses(&self, id: &str) -> Result<Vec<uses::UseRow>, Problem> {
        let db = self.library.db();
        let told = uses::of_improvement(db, id).await?;
        Ok(adoption::with_told(uses::counted(db, id).await?, told))
    }

    /// What was said on which day, newest first.
    pub async fn said(&self, id: &str) -> Result<Vec<Report>, Problem> {
        verdicts::of_improvement(self.library.db(), id, 400)
            .await?
            .iter()
            .map(report::read)
            .collect()
    }

    fn now(&self) -> Micros {
        self.library.clock().now()
    }
}
