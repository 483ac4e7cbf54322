//! A process as it is looked at: its log and steps in memory, and its figures under a filter.

use super::attributes::{self, Attribute};
use super::filter_query::Asked;
use super::{Library, Problem, fit};
use mining::EventLog;
use mining::figures::{
    EndRule, Figures, FilterError, Options, Selection, Steps, TeamColumn, guess_team, team_values,
};
use mining::fit::pipeline::PipelineFit;
use std::sync::Arc;
use store::processes::ProcessRow;

/// A process with its log, ready to be asked.
pub struct Loaded {
    pub row: ProcessRow,
    pub log: Arc<EventLog>,
    pub steps: Steps,
    pub options: Options,
    /// Teams with their cases.
    pub teams: Vec<(String, u64)>,
    /// What else cases can be chosen by.
    pub attributes: Vec<Attribute>,
}

impl Loaded {
    /// The cases of these names, by name; those that are not here are left out.
    pub fn cases_named<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> std::collections::HashMap<&'a str, usize> {
        let of_name: std::collections::HashMap<u32, &str> = names
            .filter_map(|name| Some((self.log.case_names.code(name)?, name)))
            .collect();
        let cases = self.log.case_name.iter().enumerate();
        cases
            .filter_map(|(case, code)| Some((*of_name.get(code)?, case)))
            .collect()
    }

    /// The step a case was in at a moment, by its last event until then; `place` is the step of each activity.
    pub fn step_at(&self, place: &[Option<usize>], case: usize, at: i64) -> Option<usize> {
        let rows = self.log.case(case);
        let until = rows.filter(|&row| {
            let time = self.log.time[row];
            time != mining::time::MISSING && time <= at
        });
        until
            .filter_map(|row| place[self.log.activity[row] as usize])
            .next_back()
    }

    /// The step a case is in, or was in last; `None` for a case that is not here or in no step.
    pub fn step_of_case(&self, case: &str) -> Option<String> {
        let code = self.log.case_names.code(case)?;
        let case = self.log.case_name.iter().position(|&c| c == code)?;
        let place = super::fit::step_of(&self.log, &self.steps);
        let last = super::fit::path(&self.log, &place, case).pop()?;
        Some(self.steps.steps[last].name.clone())
    }
}

/// The figures of a process under a filter.
pub struct View {
    pub process: Arc<Loaded>,
    pub asked: Asked,
    /// Those of the process, on the calendar that was asked for.
    pub options: Options,
    pub selection: Selection,
    pub figures: Figures,
    /// Cases against the order of the steps.
    pub pipeline: PipelineFit,
}

impl Library {
    /// Loads a process; from memory when neither its log nor its steps changed.
    pub async fn load(&self, key: &str) -> Result<Arc<Loaded>, Problem> {
        let row = self.process(key).await?;
        let id = (row.id.clone(), row.columns_file.clone(), row.revision);
        if let Some(loaded) = self.inner.loaded.get(&id) {
            return Ok(loaded);
        }
        let steps = self.steps_of(self.db(), &row.id, row.revision).await?;
        if let Some(name) = &row.columns_file {
            self.have(self.db(), name).await?;
        }
        let library = self.clone();
        let loaded = tokio::task::spawn_blocking(move || -> anyhow::Result<Arc<Loaded>> {
            let log = match &row.columns_file {
                Some(name) => library.log(name)?,
                None => Arc::new(mining::log::LogBuilder::new().finish()),
            };
            let team: Option<TeamColumn> = guess_team(&log);
            let options = Options {
                end: EndRule::propose(&log, &steps),
                team: team.clone(),
                ..Options::default()
            };
            let attributes = attributes::of(&log, team.as_ref());
            let teams = team.map(|t| team_values(&log, &t)).unwrap_or_default();
            Ok(Arc::new(Loaded {
                row,
                log,
                steps,
                options,
                teams,
                attributes,
            }))
        })
        .await
        .map_err(anyhow::Error::from)??;
        self.inner.loaded.put(id, loaded.clone(), 1);
        Ok(loaded)
    }

    /// The log in a column file, from memory when it is there.
    pub(super) fn log(&self, name: &str) -> anyhow::Result<Arc<EventLog>> {
        if let Some(log) = self.inner.logs.get(&name.to_string()) {
            return Ok(log);
        }
        let log = Arc::new(self.inner.files.get(name)?);
        self.inner
            .logs
            .put(name.to_string(), log.clone(), log.bytes());
        Ok(log)
    }

    /// Which activities follow each other in the log of a column file; it is not kept in memory for that.
    pub(super) fn moves(&self, name: &str) -> anyhow::Result<Arc<EventLog>> {
        match self.inner.logs.get(&name.to_string()) {
            Some(log) => Ok(log),
            None => Ok(Arc::new(self.inner.files.moves(name)?)),
        }
    }

    /// The figures of a process for a question; from memory when they were asked before.
    pub async fn view(&self, key: &str, asked: &Asked) -> Result<Arc<View>, Problem> {
        let process = self.load(key).await?;
        let row = &process.row;
        let id = (
            row.id.clone(),
            row.columns_file.clone(),
            row.revision,
            asked.canonical(),
        );
        if let Some(view) = self.inner.views.get(&id) {
            return Ok(view);
        }
        let asked = asked.clone();
        let view = tokio::task::spawn_blocking(move || -> Result<Arc<View>, Problem> {
            let options = Options {
                calendar: asked.calendar.clone(),
                ..process.options.clone()
            };
            let selection = asked
                .filter
                .select(&process.log, &process.steps, &options)
                .map_err(|e| refused(e, &process))?;
            let figures = Figures::of(&process.log, &process.steps, &selection, &options)
                .map_err(|e| Problem::bad_request(e.to_string(), "Change the calendar."))?;
            let pipeline = fit::pipeline(&process, &selection);
            Ok(Arc::new(View {
                pipeline,
                process,
                asked,
                options,
                selection,
                figures,
            }))
        })
        .await
        .map_err(anyhow::Error::from)??;
        self.inner
            .views
            .put(id, view.clone(), 65_536 + view.selection.len() * 4);
        Ok(view)
    }
}

/// A filter that names what is not there, with what is.
fn refused(error: FilterError, process: &Loaded) -> Problem {
    let log = &process.log;
    let steps = process.steps.steps.iter().map(|s| s.name.as_str());
    let (what, there): (String, Vec<&str>) = match &error {
        FilterError::NoStep(name) => (format!("There is no step \"{name}\"."), steps.collect()),
        FilterError::NoActivity(name) => (
            format!("There is no activity \"{name}\"."),
            log.activities.iter().collect(),
        ),
        FilterError::NoColumn(name) => {
            let columns = log.case_columns.iter().chain(&log.event_columns);
            (
                format!("There is no column \"{name}\"."),
                columns.map(|c| c.name.as_str()).collect(),
            )
        }
        _ => return error.into(),
    };
    Problem::new(400, "bad_filter", what, choose(&there))
}

/// What to do instead: choose one of those that exist.
pub fn choose(there: &[&str]) -> String {
    const TOLD: usize = 30;
    let told = there.iter().take(TOLD).copied().collect::<Vec<_>>();
    match there.len() {
        0 => "Take the condition away: there are none.".into(),
        n if n > TOLD => format!("Choose one of {n}, such as {}.", told.join(", ")),
        _ => format!("Choose one of: {}.", told.join(", ")),
    }
}
