//! All improvements of a process side by side, and what they add up to.

use super::plan::{Improvement, State};
use super::report::Report;
use super::{Improvements, Measure};
use crate::processes::Problem;
use mining::time::{DAY, Micros};
use serde::Serialize;
use stats::imputation::Interval;
use stats::ledger::{Part, together};
use stats::verdict::Answer;
use std::sync::Arc;
use store::verdicts;

/// How an improvement stands, as its tab on the strip shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Better,
    Worse,
    /// No meaningful difference.
    Same,
    /// No evidence yet.
    Open,
    /// No verdict.
    Void,
    /// Planned, not started.
    Planned,
}

impl Mark {
    pub fn of(imp: &Improvement, report: Option<&Report>) -> Mark {
        match report.map(|r| r.verdict.verdict) {
            _ if imp.state == State::Planned => Mark::Planned,
            Some(Answer::Improved) => Mark::Better,
            Some(Answer::MadeWorse) => Mark::Worse,
            Some(Answer::NoMeaningfulDifference) => Mark::Same,
            Some(Answer::NoVerdict) => Mark::Void,
            Some(Answer::NoEvidenceYet) | None => Mark::Open,
        }
    }

    /// In classes and addresses.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Better => "better",
            Mark::Worse => "worse",
            Mark::Same => "same",
            Mark::Open => "open",
            Mark::Void => "void",
            Mark::Planned => "planned",
        }
    }

    pub fn parse(word: &str) -> Option<Mark> {
        use Mark::*;
        [Better, Worse, Same, Open, Void, Planned]
            .into_iter()
            .find(|m| m.word() == word)
    }

    pub fn said(self) -> &'static str {
        match self {
            Mark::Better => "Improved",
            Mark::Worse => "Made it worse",
            Mark::Same => "No meaningful difference",
            Mark::Open => "No evidence yet",
            Mark::Void => "No verdict",
            Mark::Planned => "Planned",
        }
    }

    /// What a tab means, for those who cannot see its fill.
    pub fn meaning(self) -> &'static str {
        match self {
            Mark::Better => "proven to help",
            Mark::Worse => "made it worse",
            Mark::Same => "no meaningful difference",
            Mark::Open => "still measuring",
            Mark::Void => "no verdict",
            Mark::Planned => "planned, not started",
        }
    }
}

/// One improvement with the latest that was said of it.
#[derive(Debug, Clone)]
pub struct Summary {
    pub imp: Improvement,
    pub report: Option<Report>,
    /// The report rests on what is known now.
    pub current: bool,
    pub mark: Mark,
    pub goal: Option<String>,
}

impl Summary {
    /// The effect that is shown, with the ends of its interval. Never for a failed verdict.
    pub fn shown(&self) -> Option<(f64, f64, f64)> {
        let verdict = &self.report.as_ref()?.verdict;
        if matches!(self.mark, Mark::Void | Mark::Planned) {
            return None;
        }
        let shown = verdict.shown?;
        Some((shown.effect, shown.interval.low, shown.interval.high))
            .filter(|(_, low, high)| low.is_finite() && high.is_finite())
    }

    /// When it was decided; else, for the order of the sum, its planned end or the last look.
    fn counted_from(&self) -> Option<Micros> {
        let report = self.report.as_ref()?;
        report.verdict.decided.or(self.imp.since())
    }
}

/// What stands at one moment: the sum of what the plugs in place do to an average case.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct Sum {
    pub days: f64,
    pub low: f64,
    pub high: f64,
}

/// One step of the sum.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Adding {
    pub at: Micros,
    pub name: String,
    /// What it adds to the sum.
    pub days: f64,
    pub worse: bool,
    /// It was taken out here.
    pub unplugged: bool,
    pub sum: Sum,
}

/// An improvement in a row, for tables and programs.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Row {
    pub improvement: Improvement,
    pub mark: Mark,
    /// Name of the goal it serves.
    pub goal: Option<String>,
    /// What may be shown, with its interval: days, or a share from 0 to 1.
    pub effect: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub sentence: Option<String>,
    /// The record was read up to here.
    pub as_of: Option<Micros>,
    /// When it first stood out.
    pub decided: Option<Micros>,
    /// It rests on what is known now.
    pub is_current: bool,
}

pub struct Ledger {
    /// Oldest first.
    pub all: Vec<Summary>,
    /// Days in step of all that have been measured, one after another; see [`adding`].
    pub adding: Vec<Adding>,
}

impl Improvements {
    /// All improvements of a process with what was last said of each; nothing is computed that was never asked for
    /// before, except for those without any report. From memory while nothing happened.
    pub async fn ledger(&self, process: &str) -> Result<Arc<Ledger>, Problem> {
        let row = self.library.process(process).await?;
        let stamp = verdicts::stamp(self.library.db(), process).await?;
        let key = (row.columns_file, row.revision, stamp);
        let mut kept = self
            .ledgers
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .get(process)
            .cloned();
        kept.take_if(|(at, _)| *at != key);
        if let Some((_, ledger)) = kept {
            return Ok(ledger);
        }
        let ledger = Arc::new(self.ledger_now(process).await?);
        // What was computed on the way is part of what the next one sees.
        let stamp = verdicts::stamp(self.library.db(), process).await?;
        let mut ledgers = self.ledgers.lock().unwrap_or_else(|e| e.into_inner());
        ledgers.insert(process.into(), ((key.0, key.1, stamp), ledger.clone()));
        Ok(ledger)
    }

    async fn ledger_now(&self, process: &str) -> Result<Ledger, Problem> {
        let goals = self.goals(process).await?;
        let mut all = Vec::new();
        for imp in self.of_process(process).await? {
            let (report, current) = match self.latest(&imp).await? {
                _ if imp.state == State::Planned => (None, true),
                Some((report, current)) => (Some(report), current),
                None => match self.report(&imp).await {
                    Ok(report) => (Some((*report).clone()), true),
                    // A step that is gone is told on the improvement's own page.
                    Err(problem) if problem.status < 500 => (None, true),
                    Err(problem) => return Err(problem),
                },
            };
            let goal = imp
                .goal
                .as_ref()
                .and_then(|id| goals.iter().find(|g| g.id == *id));
            all.push(Summary {
                mark: Mark::of(&imp, report.as_ref()),
                goal: goal.map(|g| g.name.clone()),
                imp,
                report,
                current,
            });
        }
        let adding = adding(&all);
        Ok(Ledger { all, adding })
    }
}

/// What the plugs in place do to the days of a case that comes through all the steps, over time.
///
/// Every plug that shortens or lengthens a step by days counts once there is an interval for it and a verdict other than
/// "no verdict", proven or not: counting only the proven ones would flatter. See [`together`] for how intervals add up.
fn adding(all: &[Summary]) -> Vec<Adding> {
    let mut moves: Vec<(Micros, &Summary, bool)> = Vec::new();
    for one in all.iter().filter(|s| s.imp.measure == Measure::DaysInStep) {
        let (Some(_), Some(at)) = (one.shown(), one.counted_from()) else {
            continue;
        };
        moves.push((at, one, true));
        if let Some(ended) = one.imp.ended {
            moves.push((ended.max(at), one, false));
        }
    }
    moves.sort_by_key(|(at, _, plugged)| (*at, !*plugged));
    let mut steps: Vec<&str> = all.iter().map(|s| s.imp.step.as_str()).collect();
    steps.dedup();
    let mut parts: Vec<(&str, Part)> = Vec::new();
    let mut out = Vec::new();
    for (at, one, plugged) in moves {
        let Some((effect, low, high)) = one.shown() else {
            continue;
        };
        let report = one.report.as_ref();
        let part = Part {
            effect,
            interval: Interval {
                low,
                high,
                level: 0.95,
            },
            overstatement: report.map_or(1.0, |r| r.verdict.overstatement),
            step: steps.iter().position(|s| *s == one.imp.step).unwrap_or(0) as u32,
        };
        let days = effect / part.overstatement.max(1.0);
        if plugged {
            parts.push((&one.imp.id, part));
        } else {
            parts.retain(|(id, _)| *id != one.imp.id);
        }
        let now: Vec<Part> = parts.iter().map(|(_, p)| *p).collect();
        let sum = together(&now).map_or(Sum::default(), |t| Sum {
            days: t.effect,
            low: t.interval.low,
            high: t.interval.high,
        });
        out.push(Adding {
            at,
            name: one.imp.name.clone(),
            days: if plugged { days } else { -days },
            worse: one.mark == Mark::Worse,
            unplugged: !plugged,
            sum,
        });
    }
    out
}

impl Ledger {
    pub fn rows(&self) -> Vec<Row> {
        let row = |one: &Summary| {
            let shown = one.shown();
            let verdict = one.report.as_ref().map(|r| &r.verdict);
            Row {
                improvement: one.imp.clone(),
                mark: one.mark,
                goal: one.goal.clone(),
                effect: shown.map(|(effect, ..)| effect),
                low: shown.map(|(_, low, _)| low),
                high: shown.map(|(.., high)| high),
                sentence: verdict.map(|v| v.sentence.clone()),
                as_of: one.report.as_ref().map(|r| r.as_of),
                decided: verdict.and_then(|v| v.decided),
                is_current: one.current,
            }
        };
        self.all.iter().map(row).collect()
    }

    /// What stands now.
    pub fn sum(&self) -> Option<Sum> {
        self.adding.last().map(|a| a.sum)
    }

    pub fn count(&self, mark: Mark) -> usize {
        self.all.iter().filter(|s| s.mark == mark).count()
    }

    /// Those at a step, oldest first, that are plugged in or planned, or were within the last 90 days of a moment.
    pub fn at_step(&self, step: &str, now: Micros) -> Vec<&Summary> {
        let is_there =
            |s: &&Summary| s.imp.step == step && s.imp.ended.is_none_or(|e| now - e < 90 * DAY);
        self.all.iter().filter(is_there).collect()
    }
}
