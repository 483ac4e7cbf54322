//! What a check of fit says, ready for a page or a program.

use super::alignment::Move;
use super::sentence::Deviations;
use crate::log::Dict;
use serde::Serialize;

/// Shares are from 0 to 1. Averages are over the cases that were aligned within the limit; the others are counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FitReport {
    pub cases: u64,
    pub variants: u64,
    /// Mean over cases of 1 - cost / (events + cost of the model's shortest run).
    pub average_trace_fitness: Option<f64>,
    /// 1 - sum of costs / sum of worst costs: long cases weigh more. In unit costs.
    pub log_fitness: Option<f64>,
    /// Share of cases that cost nothing.
    pub fitting: Option<f64>,
    /// Share of what the model allows, at the points cases came by, that some case did.
    pub precision: Option<f64>,
    pub not_within_limit: u64,
    /// Events in the shortest run of the model.
    pub shortest_run: u32,
    /// Every activity of model and log, most deviations first.
    pub per_activity: Vec<ActivityFit>,
    /// Activities of the model that no case shows: a model may fit and still not be what is done.
    pub never_seen: Vec<String>,
    /// Activities of the log that the model does not know.
    pub not_in_model: Vec<String>,
    /// What deviates, by the number of cases it does in.
    pub top_deviations: Vec<TopDeviation>,
    /// Most frequent first.
    pub per_variant: Vec<VariantFit>,
}

/// Moves over all cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivityFit {
    pub name: String,
    pub synchronous: u64,
    /// Expected by the model and not done.
    pub skipped: u64,
    /// Done where the model does not expect it.
    pub extra: u64,
    pub in_model: bool,
    pub in_log: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TopDeviation {
    pub kind: DeviationKind,
    pub activity: String,
    pub cases: u64,
    pub share: f64,
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    LeftOut,
    OutOfOrder,
    Unexpected,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VariantFit {
    #[serde(flatten)]
    pub variant: VariantCases,
    /// `None` when the alignment was not found within the limit.
    pub cost: Option<u32>,
    pub fitness: Option<f64>,
    /// What is known of the cost: the cost itself, or a lower bound.
    pub cost_at_least: u32,
    /// The alignment, move by move.
    pub moves: Vec<NamedMove>,
    pub deviations: Deviations,
    pub sentence: String,
}

/// One move of an alignment with the activity's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NamedMove {
    pub kind: MoveKind,
    pub activity: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// As the process says.
    Synchronous,
    /// Expected by the process and not done.
    Skipped,
    /// Done where the process does not expect it.
    Extra,
}

impl NamedMove {
    pub(super) fn of(step: Move, names: &Dict) -> NamedMove {
        let (kind, code) = match step {
            Move::Synchronous(code) => (MoveKind::Synchronous, code),
            Move::Model(code) => (MoveKind::Skipped, code),
            Move::Log(code) => (MoveKind::Extra, code),
        };
        NamedMove {
            kind,
            activity: names.get(code).to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VariantCases {
    pub activities: Vec<String>,
    pub cases: u64,
    /// Case numbers in the log.
    #[serde(skip)]
    pub case_numbers: Vec<u32>,
}

impl TopDeviation {
    pub(super) fn in_words(&self) -> String {
        let cases = match self.cases {
            1 => "1 case".to_string(),
            n => format!("{n} cases"),
        };
        let name = &self.activity;
        match self.kind {
            DeviationKind::LeftOut => format!("{cases} left out '{name}'."),
            DeviationKind::OutOfOrder => format!("{cases} did '{name}' out of order."),
            DeviationKind::Unexpected => {
                format!("{cases} did '{name}' where the process does not expect it.")
            }
        }
    }
}
