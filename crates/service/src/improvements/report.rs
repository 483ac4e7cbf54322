//! What can be said about an improvement as of the record's last moment: the verdict, what stands beside it, and the
//! facts the page shows. Computed once for what it rests on, and kept.

mod around;
mod second;

use super::cells::{self, Scope};
use super::plan::{Improvement, State};
use super::{Improvements, Measure, talks};
use crate::processes::{Changes, Loaded, Problem};
use mining::figures::{Stay, Stays};
use mining::time::{DAY, Micros};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stats::cells::Cells;
use stats::checks::Beside;
use stats::rollout::Rollout;
use stats::verdict::{self, Input, Verdict};
use std::num::NonZeroUsize;
use std::sync::Arc;
use store::desk::{self, ConversationRow};
use store::uses::UseRow;
use store::verdicts;
use store::verdicts::VerdictRow;
use store::versions::VersionRow;

/// Another number beside the verdict: it is not what the improvement is judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Second {
    pub name: String,
    /// In days, else a share.
    pub is_days: bool,
    pub estimate: Option<f64>,
    /// 95%.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub sentence: String,
    /// Stands out after allowing for how many were looked at (Benjamini and Hochberg, 5%).
    pub stands_out: bool,
}

/// One team before and since its start; a mean over cases, so that nothing is said of persons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TeamReport {
    pub team: String,
    pub start: Option<Micros>,
    pub moved: bool,
    pub before: Option<f64>,
    pub now: Option<f64>,
    pub cases_before: u64,
    pub cases_now: u64,
}

/// Everything the page of an improvement shows that is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    /// The record was read up to here.
    pub as_of: Micros,
    /// When it was computed.
    pub at: Micros,
    pub verdict: Verdict,
    /// Time from start to end, and the win rate: a gain may only have moved.
    pub whole: Vec<Second>,
    /// All other measures of the step.
    pub others: Vec<Second>,
    /// The same question by other methods.
    pub methods: Vec<Second>,
    pub teams: Vec<TeamReport>,
    /// Median days in the step of cases before and since their team's start (Kaplan-Meier).
    pub median_before: Option<f64>,
    pub median_now: Option<f64>,
    /// The kind-of-case columns that were compared.
    pub compared_by: Vec<String>,
}

/// Changes with what a report holds, so that kept ones of an older form are computed again.
const FORM: &str = "2";

pub(super) fn read(row: &VerdictRow) -> Result<Report, Problem> {
    serde_json::from_str(&row.body).map_err(|e| anyhow::Error::from(e).into())
}

impl Improvements {
    /// The report as of now: the kept one when nothing it rests on has changed, else computed and kept.
    pub async fn report(&self, imp: &Improvement) -> Result<Arc<Report>, Problem> {
        let basis = self.basis(imp).await?;
        let day = basis.as_of.div_euclid(DAY) * DAY;
        if let Some(kept) = self.kept(imp, day, &basis.source).await? {
            return Ok(kept);
        }
        let _turn = self.turn.lock().await;
        if let Some(kept) = self.kept(imp, day, &basis.source).await? {
            return Ok(kept);
        }
        let (imp_, now, source) = (imp.clone(), self.now(), basis.source.clone());
        let talks = self.talks(&basis.process.row.id, imp.measure).await?;
        let report = tokio::task::spawn_blocking(move || compute(&imp_, &basis, &talks, now))
            .await
            .map_err(anyhow::Error::from)??;
        let row = VerdictRow {
            improvement: imp.id.clone(),
            day,
            at: now,
            source,
            body: serde_json::to_string(&report).map_err(anyhow::Error::from)?,
        };
        let mut tx = self.library.db().begin().await?;
        verdicts::keep(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(Arc::new(report))
    }

    /// The latest kept report, and whether it rests on what is known now. `None` when none was ever made.
    pub async fn latest(&self, imp: &Improvement) -> Result<Option<(Report, bool)>, Problem> {
        let basis = self.basis(imp).await?;
        let rows = verdicts::of_improvement(self.library.db(), &imp.id, 1).await?;
        match rows.first() {
            None => Ok(None),
            Some(row) => Ok(read(row).ok().map(|r| (r, row.source == basis.source))),
        }
    }

    async fn kept(
        &self,
        imp: &Improvement,
        day: Micros,
        source: &str,
    ) -> Result<Option<Arc<Report>>, Problem> {
        let row = verdicts::find(self.library.db(), &imp.id, day, source).await?;
        // One that cannot be read any more is computed again under the new form.
        Ok(row.and_then(|row| read(&row).ok()).map(Arc::new))
    }

    /// Conversations of the process, where the measure is read from them.
    pub(super) async fn talks(
        &self,
        process: &str,
        measure: Measure,
    ) -> Result<Vec<ConversationRow>, Problem> {
        match measure.is_of_conversations() {
            true => Ok(desk::conversations(self.library.db(), process).await?),
            false => Ok(Vec::new()),
        }
    }

    async fn basis(&self, imp: &Improvement) -> Result<Basis, Problem> {
        let process = self.library.load(&imp.process).await?;
        let versions = self.library.versions(&imp.process).await?;
        let uses = self.uses(&imp.id).await?;
        let mut others: Vec<Improvement> = self.of_process(&imp.process).await?;
        others.retain(|o| o.id != imp.id && o.state != State::Planned);
        let mut as_of = process.log.span().map_or(0, |(_, last)| last);
        let talks = match imp.measure.is_of_conversations() {
            true => Some(desk::conversations_print(self.library.db(), &process.row.id).await?),
            false => None,
        };
        // A channel may be livelier than the file that the process came from.
        as_of = as_of.max(talks.map_or(0, |t| t.last));
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.as_bytes());
            hash.update([0]);
        };
        add(FORM);
        add(process.row.columns_file.as_deref().unwrap_or_default());
        add(&process.row.revision.to_string());
        add(&versions.len().to_string());
        // Of those at other steps only the step matters: there no placebo can be looked for.
        let mut elsewhere: Vec<&str> = others.iter().map(|o| o.step.as_str()).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        add(&elsewhere.join("\n"));
        let here = others.iter().filter(|o| o.step == imp.step);
        for one in std::iter::once(imp).chain(here) {
            // Costs and names change nothing that is computed.
            let rests_on = (
                (&one.id, &one.step, one.measure, one.state, one.ended),
                (
                    &one.teams,
                    one.plan.drawn,
                    one.plan.seed,
                    one.plan.horizon_days,
                ),
                (
                    one.plan.washout_days,
                    one.plan.ends,
                    one.plan.zone,
                    one.plan.unchanged_zone,
                ),
                &one.plan.pauses,
            );
            add(&serde_json::to_string(&rests_on).map_err(anyhow::Error::from)?);
        }
        add(&serde_json::to_string(&uses).map_err(anyhow::Error::from)?);
        if let Some(talks) = talks {
            add(&format!("{talks:?}"));
            let merges = desk::merges_print(self.library.db(), &process.row.id).await?;
            if merges != (0, 0) {
                add(&format!("{merges:?}"));
            }
        }
        let source = base::format::hex(&hash.finalize()[..16]);
        Ok(Basis {
            process,
            versions,
            uses,
            others,
            as_of,
            source,
        })
    }

    /// Computes what is out of date for the running improvements of a process.
    pub async fn refresh(&self, process: &str) -> Result<usize, Problem> {
        let mut made = 0;
        for imp in self.of_process(process).await? {
            self.keep_uses(&imp).await?;
            let is_new = self.latest(&imp).await?.is_none_or(|(_, current)| !current);
            if imp.state == State::Planned || !is_new {
                continue;
            }
            match self.report(&imp).await {
                Ok(_) => made += 1,
                // A step that is gone keeps only its own improvement from being told.
                Err(problem) if problem.status < 500 => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(made)
    }
}

/// What a report rests on.
struct Basis {
    process: Arc<Loaded>,
    versions: Vec<VersionRow>,
    uses: Vec<UseRow>,
    others: Vec<Improvement>,
    as_of: Micros,
    source: String,
}

/// Stays of one step with how they are counted for one improvement.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub imp: &'a Improvement,
    pub stays: &'a Stays,
    /// Conversations with customers at the step, where the improvement is about them.
    pub talks: &'a Stays,
    pub teams: &'a [String],
    pub as_of: Micros,
    pub begin: Micros,
}

impl Step<'_> {
    /// Cells of a number that is read `horizon` after entry, without the weeks that are not to be counted.
    pub fn cells(&self, horizon: Micros, value: impl Fn(&Stay) -> f64) -> Cells {
        let scope = Scope {
            teams: self.teams,
            horizon,
            as_of: self.as_of,
            begin: self.begin,
        };
        let mut cells = cells::of(self.stays, &scope, value);
        let calendar = cells.calendar;
        if let Some(ended) = self.imp.ended {
            let last = usize::try_from(calendar.period(ended)).unwrap_or(0);
            cells = cells.up_to(last.min(cells.periods()));
        }
        if !self.imp.plan.pauses.is_empty() {
            cells = cells.only(|_, period| {
                let week = |n: usize| calendar.start(n as i64);
                !self.imp.is_paused_within(week(period), week(period + 1))
            });
        }
        cells
    }

    pub fn measured(&self, measure: Measure) -> Cells {
        let horizon = self.imp.horizon();
        let step = self.of(measure);
        step.cells(horizon, |stay| measure.of(stay, horizon))
    }

    /// The same step with what a measure is read from in place of its stays.
    pub fn of(&self, measure: Measure) -> Step<'_> {
        match measure.is_of_conversations() {
            true => Step {
                stays: self.talks,
                ..*self
            },
            false => *self,
        }
    }
}

fn step_of(process: &Loaded, name: &str) -> Option<usize> {
    process.steps.steps.iter().position(|s| s.name == name)
}

pub(super) fn stays_at(process: &Loaded, step: usize) -> Result<Stays, Problem> {
    Stays::of(&process.log, &process.steps, &process.options, step)
        .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar of the process."))
}

fn compute(
    imp: &Improvement,
    basis: &Basis,
    talks: &[ConversationRow],
    now: Micros,
) -> Result<Report, Problem> {
    let process = &*basis.process;
    let at = step_of(process, &imp.step).ok_or_else(|| {
        Problem::new(
            409,
            "no_step",
            format!("The step \"{}\" is no longer there.", imp.step),
            "Rename the step back under Steps, or unplug this improvement and plan it anew.",
        )
    })?;
    let stays = stays_at(process, at)?;
    let said = talks::stays(process, talks, &imp.step);
    let teams: Vec<String> = imp.teams.iter().map(|t| t.team.clone()).collect();
    let step = Step {
        imp,
        stays: &stays,
        talks: &said,
        teams: &teams,
        as_of: basis.as_of,
        begin: cells::begin([&stays, &said]),
    };
    let starts: Vec<Option<Micros>> = imp.teams.iter().map(super::plan::Team::start).collect();
    let cells = step.measured(imp.measure);
    let rollout = Rollout::new(&starts, cells.calendar, imp.washout());
    let placebo = around::placebo_step(&step, &basis.others, process, at, talks)?;
    let covariates = around::covariates(process, &step.of(imp.measure));
    let overlaps = around::overlaps(imp, &basis.others, &teams);
    let used = around::used(&basis.uses, &step.measured(Measure::DaysInStep), &teams);
    let unchanged = around::unchanged(process, at, &step);
    let beside = Beside {
        placebo_step: placebo.as_ref().map(|(name, cells)| (name.as_str(), cells)),
        covariates: covariates.iter().map(|(n, c)| (n.as_str(), c)).collect(),
        overlaps: overlaps
            .iter()
            .map(|o| stats::checks::Overlap {
                name: &o.name,
                starts: &o.starts,
                ended: o.ended,
            })
            .collect(),
        source: around::source(&basis.versions, process, imp),
        used: used.as_ref(),
        stays: unchanged
            .iter()
            .map(|u| stats::equivalence::Stays {
                name: &u.name,
                cells: &u.cells,
                zone: u.zone,
            })
            .collect(),
    };
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let verdict = verdict::judge(&Input {
        measure: imp.measure.judged(),
        step: &imp.step,
        cells: &cells,
        starts: &starts,
        horizon: imp.horizon(),
        washout: imp.washout(),
        plan: stats::verdict::Plan {
            order: imp.order(),
            ends: Some(imp.plan.ends),
            zone: imp.plan.zone,
            alpha: 0.05,
            seed: imp.plan.seed,
        },
        beside,
        threads,
    });
    let (median_before, median_now) = second::medians(&step, &rollout, cells.calendar);
    Ok(Report {
        as_of: basis.as_of,
        at: now,
        whole: second::whole(&step, &rollout, imp.measure, !process.steps.won.is_empty()),
        others: second::others(&step, &rollout, imp.measure, !process.steps.won.is_empty()),
        methods: second::methods(&step.of(imp.measure), &cells, &starts, imp.measure),
        teams: team_reports(imp, &cells, &rollout),
        median_before,
        median_now,
        compared_by: covariates.into_iter().map(|(name, _)| name).collect(),
        verdict,
    })
}

fn team_reports(imp: &Improvement, cells: &Cells, rollout: &Rollout) -> Vec<TeamReport> {
    let mean = |team: usize, keep: &dyn Fn(usize) -> bool| {
        let (mut n, mut sum) = (0.0, 0.0);
        for period in (0..cells.periods()).filter(|&p| keep(p)) {
            n += cells.counts(team)[period];
            sum += cells.sums(team)[period];
        }
        ((n > 0.0).then(|| sum / n), n as u64)
    };
    imp.teams
        .iter()
        .zip(&rollout.spans)
        .enumerate()
        .map(|(i, (team, span))| {
            let (before, cases_before) = mean(i, &|p| span.compares(p));
            let (now, cases_now) = mean(i, &|p| span.treated(p));
            TeamReport {
                team: team.team.clone(),
                start: team.start(),
                moved: team.moved.is_some(),
                before,
                now,
                cases_before,
                cases_now,
            }
        })
        .collect()
}

/// The moment from which activities that a version added are seen in the log.
fn first_seen(process: &Loaded, changes: &Changes) -> Option<Micros> {
    let log = &process.log;
    let codes: Vec<u32> = changes
        .added
        .iter()
        .filter_map(|a| log.activities.code(a))
        .collect();
    log.activity
        .iter()
        .zip(&log.time)
        .filter(|(a, t)| codes.contains(a) && **t != mining::time::MISSING)
        .map(|(_, t)| *t)
        .min()
}
