//! How far the cases of a process run as it says: against its pinned model, and against the order of its steps.

use super::import::read_model;
use super::{Library, Loaded, Problem, View};
use base::activity;
use mining::discovery::inductive;
use mining::figures::{Selection, Steps};
use mining::fit::pipeline::{PipelineFit, pipeline_fit};
use mining::fit::{self, FitReport, Limits};
use mining::model::bpmn::ProcessModel;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rustc_hash::FxHashMap;
use serde_json::json;
use std::sync::Arc;
use store::models::ModelRow;
use store::{models, processes};

/// What is known of the fit of the cases under a filter.
pub struct Fit {
    /// The pinned model and the fit to it; the reason in words where it cannot be run.
    pub model: Option<(ModelRow, Result<FitReport, String>)>,
}

/// Share of the traces at a point that may be left out as noise when a model is proposed.
pub const NOISE: f64 = 0.2;

impl Library {
    /// The fit of the cases of a view; from memory when it was asked before.
    pub async fn fit(&self, view: &Arc<View>) -> Result<Arc<Fit>, Problem> {
        let row = &view.process.row;
        let model = self.model(&row.id).await?;
        let pinned = model.as_ref().map_or(0, |m| m.at);
        let key = (
            row.id.clone(),
            row.columns_file.clone(),
            row.revision,
            format!("{pinned} {}", view.asked.filter.canonical()),
        );
        if let Some(fit) = self.inner.fits.get(&key) {
            return Ok(fit);
        }
        let view = view.clone();
        let fit = tokio::task::spawn_blocking(move || -> Result<Arc<Fit>, Problem> {
            let model = match model {
                None => None,
                Some(row) => {
                    let report = against(&view, &read_model(&row.bpmn)?);
                    Some((row, report))
                }
            };
            Ok(Arc::new(Fit { model }))
        })
        .await
        .map_err(anyhow::Error::from)??;
        self.inner.fits.put(key, fit.clone(), 1);
        Ok(fit)
    }

    /// A model proposed from the cases of a view (inductive miner, infrequent).
    pub async fn discover(&self, view: &Arc<View>) -> Result<ProcessModel, Problem> {
        let view = view.clone();
        let work = move || {
            let log = &view.process.log;
            let variants: Vec<(Vec<u32>, u64)> = fit::variants(log, Some(&view.selection.cases))
                .into_iter()
                .map(|v| (v.trace, v.cases.len() as u64))
                .collect();
            let tree = inductive::mine(
                &variants,
                &log.activities,
                inductive::Options { noise: NOISE },
            );
            tree.to_bpmn(&view.process.row.name)
        };
        Ok(tokio::task::spawn_blocking(work)
            .await
            .map_err(anyhow::Error::from)?)
    }

    /// Pins a proposed model as the reference, confirmed by the owner.
    pub async fn confirm_model(&self, view: &Arc<View>, actor: &str) -> Result<(), Problem> {
        let model = self.discover(view).await?;
        let mut bpmn = Vec::new();
        mining::writers::bpmn::write(&model, &mut bpmn)?;
        let now = self.clock().now();
        let row = &view.process.row;
        let mut tx = self.db().begin().await?;
        processes::find(&mut tx, &row.id)
            .await?
            .ok_or_else(|| Problem::not_found("process"))?;
        let pinned = ModelRow {
            at: now,
            origin: "confirmed".into(),
            name: row.name.clone(),
            bpmn: String::from_utf8_lossy(&bpmn).into_owned(),
        };
        models::put(&mut tx, &row.id, &pinned).await?;
        let payload = json!({ "origin": "confirmed", "cases": view.selection.len() });
        activity::record(
            &mut tx,
            now,
            activity::Kind::ReferencePinned,
            actor,
            &row.id,
            &payload,
        )
        .await?;
        Ok(tx.commit().await?)
    }
}

fn against(view: &View, model: &ProcessModel) -> Result<FitReport, String> {
    let net = model.to_petri().map_err(|e| e.to_string())?;
    fit::check(
        &view.process.log,
        Some(&view.selection.cases),
        &net,
        Limits::default(),
    )
    .map_err(|e| e.to_string())
}

/// How the selected cases run through the steps in order.
pub fn pipeline(process: &Loaded, selection: &Selection) -> PipelineFit {
    let (log, steps) = (&process.log, &process.steps);
    let place = step_of(log, steps);
    let count = |cases: &[u32]| {
        let mut paths: FxHashMap<Vec<usize>, u64> = FxHashMap::default();
        let mut steps_of_case = Vec::new();
        for &case in cases {
            path_into(log, &place, case as usize, &mut steps_of_case);
            match paths.get_mut(&steps_of_case) {
                Some(n) => *n += 1,
                None => _ = paths.insert(steps_of_case.clone(), 1),
            }
        }
        paths
    };
    let add = |mut all: FxHashMap<Vec<usize>, u64>, more: FxHashMap<Vec<usize>, u64>| {
        for (path, n) in more {
            *all.entry(path).or_default() += n;
        }
        all
    };
    let parts = selection.cases.par_chunks(16_384).map(count);
    let mut paths: Vec<(Vec<usize>, u64)> =
        parts.reduce(FxHashMap::default, add).into_iter().collect();
    paths.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let names: Vec<&str> = steps.steps.iter().map(|s| s.name.as_str()).collect();
    pipeline_fit(&names, &paths)
}

/// The step of each activity code.
pub fn step_of(log: &mining::EventLog, steps: &Steps) -> Vec<Option<usize>> {
    log.activities
        .iter()
        .map(|a| {
            steps
                .steps
                .iter()
                .position(|s| s.activities.iter().any(|x| x == a))
        })
        .collect()
}

/// The steps a case was in, one after another.
pub fn path(log: &mining::EventLog, place: &[Option<usize>], case: usize) -> Vec<usize> {
    let mut path = Vec::new();
    path_into(log, place, case, &mut path);
    path
}

fn path_into(log: &mining::EventLog, place: &[Option<usize>], case: usize, path: &mut Vec<usize>) {
    path.clear();
    path.extend(
        log.case(case)
            .filter_map(|row| place[log.activity[row] as usize]),
    );
    path.dedup();
}
