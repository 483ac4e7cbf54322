//! An improvement as it was planned, and what became of the plan.

use super::{Measure, Tool};
use crate::processes::Problem;
use mining::time::{DAY, Micros};
use serde::{Deserialize, Serialize};
use stats::claim::Order;
use store::improvements::{ImprovementRow, RolloutRow};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImprovementState)]
pub enum State {
    Planned,
    Running,
    Paused,
    Unplugged,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::Running => "running",
            State::Paused => "paused",
            State::Unplugged => "unplugged",
        }
    }

    fn parse(word: &str) -> Option<State> {
        [
            State::Planned,
            State::Running,
            State::Paused,
            State::Unplugged,
        ]
        .into_iter()
        .find(|s| s.word() == word)
    }
}

/// A time in which nobody had the tool although the plan said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pause {
    pub from: Micros,
    /// `None` while it lasts.
    pub to: Option<Micros>,
}

/// What the tool costs those who work with it; told by the owner.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Cost {
    pub setup_hours: Option<f64>,
    pub weekly_hours: Option<f64>,
    pub minutes_a_case: Option<f64>,
}

/// What was agreed before the start. Only pauses and cost are added later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Plan {
    /// The order of teams was drawn by lot from `seed`, rather than chosen.
    pub drawn: bool,
    pub seed: u64,
    /// The order was given rather than drawn here.
    #[serde(default)]
    pub given: bool,
    /// How long after entry a case is read.
    pub horizon_days: f64,
    /// What is left out before each start.
    pub washout_days: f64,
    pub first: Micros,
    pub every_weeks: u32,
    /// The last look.
    pub ends: Micros,
    /// Effects smaller than this, either way, make no meaningful difference; in days or as a share.
    pub zone: Option<f64>,
    /// Within this, either way, a share counts as unchanged.
    pub unchanged_zone: f64,
    /// What was said before anything started.
    pub outlook: Option<String>,
    #[serde(default)]
    pub pauses: Vec<Pause>,
    #[serde(default)]
    pub cost: Cost,
}

/// One team's place in the roll-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Team {
    pub team: String,
    /// `None`: it serves as comparison throughout.
    pub planned: Option<Micros>,
    /// When it started instead, against the plan.
    pub moved: Option<Micros>,
}

impl Team {
    /// When the team has the tool from.
    pub fn start(&self) -> Option<Micros> {
        self.moved.or(self.planned)
    }
}

/// One tool plugged into one step.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Improvement {
    pub id: String,
    pub process: String,
    pub goal: Option<String>,
    pub created: Micros,
    pub created_by: String,
    pub tool: Tool,
    pub name: String,
    pub link: Option<String>,
    pub step: String,
    pub measure: Measure,
    pub state: State,
    pub plan: Plan,
    pub ended: Option<Micros>,
    /// In the order that was drawn.
    pub teams: Vec<Team>,
}

impl Improvement {
    pub(super) fn read(
        row: ImprovementRow,
        teams: Vec<RolloutRow>,
    ) -> Result<Improvement, Problem> {
        let unreadable =
            |what: &str| anyhow::anyhow!("improvement {} has an unknown {what}", row.id);
        Ok(Improvement {
            tool: Tool::parse(&row.tool).ok_or_else(|| unreadable("tool"))?,
            measure: Measure::parse(&row.measure).ok_or_else(|| unreadable("measure"))?,
            state: State::parse(&row.state).ok_or_else(|| unreadable("state"))?,
            plan: serde_json::from_str(&row.plan).map_err(anyhow::Error::from)?,
            id: row.id,
            process: row.process,
            goal: row.goal,
            created: row.created,
            created_by: row.created_by,
            name: row.name,
            link: row.link,
            step: row.step,
            ended: row.ended,
            teams: teams
                .into_iter()
                .map(|t| Team {
                    team: t.team,
                    planned: t.planned,
                    moved: t.moved,
                })
                .collect(),
        })
    }

    pub(super) fn row(&self) -> Result<ImprovementRow, Problem> {
        Ok(ImprovementRow {
            id: self.id.clone(),
            process: self.process.clone(),
            goal: self.goal.clone(),
            created: self.created,
            created_by: self.created_by.clone(),
            tool: self.tool.word().into(),
            name: self.name.clone(),
            link: self.link.clone(),
            step: self.step.clone(),
            measure: self.measure.word().into(),
            state: self.state.word().into(),
            plan: serde_json::to_string(&self.plan).map_err(anyhow::Error::from)?,
            ended: self.ended,
        })
    }

    /// How the order of teams came about, and whether it was kept.
    pub fn order(&self) -> Order {
        match (
            self.plan.drawn,
            self.teams.iter().any(|t| t.moved.is_some()),
        ) {
            (true, false) => Order::DrawnByLot,
            (true, true) => Order::Departed,
            (false, _) => Order::Chosen,
        }
    }

    pub fn horizon(&self) -> Micros {
        (self.plan.horizon_days * DAY as f64) as Micros
    }

    pub fn washout(&self) -> Micros {
        (self.plan.washout_days * DAY as f64) as Micros
    }

    /// Teams that have the tool at a moment.
    pub fn having(&self, at: Micros) -> usize {
        match self.state {
            State::Planned => 0,
            State::Unplugged if self.ended.is_some_and(|e| e <= at) => 0,
            _ => self
                .teams
                .iter()
                .filter(|t| t.start().is_some_and(|s| s <= at))
                .count(),
        }
    }

    /// The first team's start.
    pub fn since(&self) -> Option<Micros> {
        self.teams.iter().filter_map(Team::start).min()
    }

    /// Whether nobody had the tool at some moment between these two although the plan said so.
    pub fn is_paused_within(&self, from: Micros, to: Micros) -> bool {
        self.plan
            .pauses
            .iter()
            .any(|p| p.from < to && p.to.is_none_or(|end| from < end))
    }
}
