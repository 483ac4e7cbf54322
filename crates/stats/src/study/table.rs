//! The study's table and gates, and how they are printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::scenarios::name;
use super::{Effort, Finding, Scenario};

/// A mean over replications.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Mean; for shares, the share.
    pub mean: f64,
    /// Spread from replication to replication.
    pub spread: f64,
    /// Replications in which there was something to note.
    pub replications: usize,
}

impl Cell {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Self {
            mean,
            spread: (squares / (n - 1.0).max(1.0)).sqrt(),
            replications: values.len(),
        }
    }

    /// Standard error of the mean: what chance in the simulation is worth.
    pub fn error(&self) -> f64 {
        self.spread / (self.replications.max(1) as f64).sqrt()
    }
}

/// A limit that a figure is held to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// What is limited.
    pub name: String,
    /// What was found.
    pub found: Cell,
    /// Lowest allowed.
    pub low: f64,
    /// Highest allowed.
    pub high: f64,
}

impl Gate {
    /// Whether the figure lies within its limits.
    pub fn is_kept(&self) -> bool {
        self.low <= self.found.mean && self.found.mean <= self.high
    }
}

/// Means of all scenarios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Replications of gated scenarios.
    pub replications: usize,
    /// First seed.
    pub seed: u64,
    /// Scenario names in order, each with its named means.
    pub rows: Vec<(String, BTreeMap<String, Cell>)>,
}

impl Table {
    pub(super) fn new(effort: &Effort) -> Self {
        Self {
            replications: effort.replications,
            seed: effort.seed,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, scenario: &Scenario, findings: &[Finding]) {
        let mut by_name: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for finding in findings {
            for (name, value) in finding {
                by_name.entry(name).or_default().push(*value);
            }
        }
        let cells = by_name.into_iter();
        let cells = cells.map(|(name, values)| (name.to_owned(), Cell::of(&values)));
        self.rows.push((scenario.name.to_owned(), cells.collect()));
    }

    /// One figure.
    pub fn get(&self, scenario: &str, figure: &str) -> Option<Cell> {
        let row = self.rows.iter().find(|row| row.0 == scenario)?;
        row.1.get(figure).copied()
    }

    /// The figures that are held to limits; false alarms have a point of allowance for chance in the simulation.
    pub fn gates(&self) -> Vec<Gate> {
        let false_alarm = ("stands out, weekly", 0.0, 0.06);
        let always = ("always-valid sequence, weekly", 0.0, 0.05);
        let once = ("holds the truth, once", 0.94, 0.96);
        let jackknife = ("jackknife holds the truth", 0.94, 0.96);
        let bias = ("bias", -0.03, 0.03);
        let mut limits = Vec::new();
        for scenario in [name::NONE_6, name::NONE_12, name::NONE_20] {
            limits.extend([false_alarm, always, once, jackknife].map(|limit| (scenario, limit)));
        }
        limits.extend([once, jackknife, bias].map(|limit| (name::FIFTEEN, limit)));
        limits.push((name::FIFTEEN, ("stands out, weekly", 0.78, 1.0)));
        limits.push((name::GROWING, bias));
        let gate = |(scenario, (figure, low, high)): (&str, (&str, f64, f64))| {
            Some(Gate {
                name: format!("{scenario}: {figure}"),
                found: self.get(scenario, figure)?,
                low,
                high,
            })
        };
        limits.into_iter().filter_map(gate).collect()
    }

    /// Both as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| gate | found | allowed | |\n| --- | --- | --- | --- |\n");
        for gate in self.gates() {
            let kept = if gate.is_kept() { "kept" } else { "missed" };
            let _ = writeln!(
                text,
                "| {} | {} | {} to {} | {kept} |",
                gate.name,
                figure(&gate.found),
                gate.low,
                gate.high
            );
        }
        for (name, cells) in &self.rows {
            let _ = writeln!(
                text,
                "\n**{name}**\n\n| figure | mean | spread | replications |\n| --- | --- | --- | --- |"
            );
            for (name, cell) in cells {
                let _ = writeln!(
                    text,
                    "| {name} | {} | {:.3} | {} |",
                    figure(cell),
                    cell.spread,
                    cell.replications
                );
            }
        }
        text
    }
}

fn figure(cell: &Cell) -> String {
    format!("{:.4} ± {:.4}", cell.mean, 1.96 * cell.error())
}
