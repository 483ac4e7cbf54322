//! The Cases tab: one row a case, in pages.

use super::walk::{CaseFacts, Leave, Visit, Walker};
use super::{CalendarError, CaseState, Options, Selection, Steps, variant_id};
use crate::EventLog;
use crate::log::NONE;
use crate::time::{MISSING, Micros, days, seconds};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseOrder {
    /// Oldest start first.
    Age,
    /// Open cases by time in their step, longest first; then the rest.
    #[default]
    Waiting,
    /// First to last event, longest first.
    Duration,
    Name,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseRow {
    pub case: u32,
    pub name: String,
    pub state: CaseState,
    /// Index of the step it is in, or was in last.
    pub step: Option<usize>,
    pub events: u64,
    pub started: Option<Micros>,
    pub last: Option<Micros>,
    pub duration_seconds: Option<f64>,
    /// Open cases: since it entered its step up to `as_of`.
    pub waiting_days: Option<f64>,
    pub team: Option<String>,
    pub variant: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseList {
    pub total: u64,
    pub offset: u64,
    pub rows: Vec<CaseRow>,
}

/// Rows `offset..offset + limit` of the selected cases in the given order; ties by case number. Fails only on a
/// calendar that makes no sense.
pub fn case_list(
    log: &EventLog,
    steps: &Steps,
    selection: &Selection,
    options: &Options,
    order: CaseOrder,
    offset: usize,
    limit: usize,
) -> Result<CaseList, CalendarError> {
    let walker = Walker::new(log, steps, options)?;
    let walk = |(visits, visited): &mut (Vec<Visit>, Vec<bool>), &case: &u32| {
        visits.clear();
        let facts = walker.case(case as usize, visits, visited);
        (facts, visits.last().copied())
    };
    let mut all: Vec<(CaseFacts, Option<Visit>)> = selection
        .cases
        .par_iter()
        .with_min_len(1024)
        .map_init(Default::default, walk)
        .collect();
    let key = |(facts, visit): &(CaseFacts, Option<Visit>)| match order {
        CaseOrder::Age if facts.first == MISSING => i64::MAX,
        CaseOrder::Age => facts.first,
        CaseOrder::Waiting => -waiting(&walker, visit.as_ref()).unwrap_or(-1),
        CaseOrder::Duration if facts.first == MISSING => 1,
        CaseOrder::Duration => -walker.span(facts.first, facts.last),
        CaseOrder::Name => 0,
    };
    if order == CaseOrder::Name {
        all.sort_by_key(|(f, _)| (log.case_name(f.case as usize), f.case));
    } else {
        all.sort_by_cached_key(|row| (key(row), row.0.case));
    }
    let teams = options
        .team
        .as_ref()
        .and_then(|t| super::team::team_codes(log, t));
    let rows = all.iter().skip(offset).take(limit).map(|(facts, visit)| {
        let case = facts.case as usize;
        let timed = facts.first != MISSING;
        CaseRow {
            case: facts.case,
            name: log.case_name(case).to_string(),
            state: facts.state,
            step: visit.map(|v| v.step as usize),
            events: log.case(case).len() as u64,
            started: timed.then_some(facts.first),
            last: timed.then_some(facts.last),
            duration_seconds: timed.then(|| seconds(walker.span(facts.first, facts.last))),
            waiting_days: waiting(&walker, visit.as_ref()).map(days),
            team: teams.as_ref().and_then(|(codes, dict)| {
                Some(codes[case])
                    .filter(|&c| c != NONE)
                    .map(|c| dict.get(c).to_string())
            }),
            variant: variant_id(facts.variant),
        }
    });
    Ok(CaseList {
        total: all.len() as u64,
        offset: offset as u64,
        rows: rows.collect(),
    })
}

fn waiting(walker: &Walker, visit: Option<&Visit>) -> Option<Micros> {
    let visit = visit.filter(|v| v.leave() == Leave::Open)?;
    let entered = Some(visit.entered).filter(|&t| t != MISSING)?;
    Some(walker.span(entered, walker.as_of?))
}
