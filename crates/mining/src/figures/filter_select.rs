//! Evaluates a filter, cheapest parts first, over all cases in parallel.

use super::steps::Slot;
use super::walk::Walker;
use super::{
    CaseState, Filter, FilterError, Options, Selection, StateFilter, Steps, team, variant,
};
use crate::EventLog;
use crate::log::{Column, NONE};
use crate::time::MISSING;
use rayon::prelude::*;

type Check<'a> = Box<dyn Fn(usize) -> bool + Sync + 'a>;

pub(crate) fn select(
    filter: &Filter,
    log: &EventLog,
    steps: &Steps,
    options: &Options,
) -> Result<Selection, FilterError> {
    if filter.is_empty() {
        return Ok(Selection::all(log));
    }
    let checks = checks(filter, log, steps, options)?;
    let passes = |&case: &u32| checks.iter().all(|check| check(case as usize));
    Ok(Selection {
        cases: (0..log.cases() as u32)
            .into_par_iter()
            .with_min_len(1024)
            .filter(passes)
            .collect(),
    })
}

fn checks<'a>(
    filter: &'a Filter,
    log: &'a EventLog,
    steps: &Steps,
    options: &Options,
) -> Result<Vec<Check<'a>>, FilterError> {
    let mut checks: Vec<Check<'a>> = Vec::new();
    if filter.from.is_some() || filter.to.is_some() {
        checks.push(period(filter, log)?);
    }
    if !filter.teams.is_empty() {
        checks.push(teams(filter, log, options)?);
    }
    let mut columns: Vec<&str> = filter.attributes.iter().map(|(c, _)| c.as_str()).collect();
    columns.sort_unstable();
    columns.dedup();
    for name in columns {
        let values = filter
            .attributes
            .iter()
            .filter(|(c, _)| c == name)
            .map(|(_, v)| v.as_str())
            .collect();
        checks.push(attribute(log, name, values)?);
    }
    if let Some(person) = &filter.person {
        let column = log.resource().ok_or(FilterError::NoPeople)?;
        checks.push(any_event(log, column, vec![person]));
    }
    if let Some(name) = &filter.activity {
        let code = activity(log, name)?;
        checks.push(Box::new(move |case| {
            log.activity[log.case(case)].contains(&code)
        }));
    }
    if let Some((from, to)) = &filter.edge {
        let pair = [activity(log, from)?, activity(log, to)?];
        checks.push(Box::new(move |case| {
            log.activity[log.case(case)].windows(2).any(|w| w == pair)
        }));
    }
    if let Some(name) = &filter.step {
        let at = steps.steps.iter().position(|s| s.name == *name);
        let at = at.ok_or_else(|| FilterError::NoStep(name.clone()))?;
        let slots = steps.slots(log);
        let here = Slot::Step(at as u16);
        checks.push(Box::new(move |case| {
            log.activity[log.case(case)]
                .iter()
                .any(|&a| slots[a as usize] == here)
        }));
    }
    if let Some(id) = &filter.variant {
        let hex = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let hash = u64::from_str_radix(id, 16).ok().filter(|_| hex);
        let hash = hash.ok_or_else(|| FilterError::BadVariant(id.clone()))?;
        let names = variant::name_hashes(log);
        checks.push(Box::new(move |case| {
            variant::case_hash(log, &names, case) == hash
        }));
    }
    if let Some(state) = filter.state {
        // Whether a case is open does not depend on the calendar.
        let options = Options {
            calendar: None,
            ..options.clone()
        };
        let states = states(log, steps, &options);
        checks.push(Box::new(move |case| match (state, states[case]) {
            (StateFilter::Open, is) => is == CaseState::Open,
            (StateFilter::Closed, is) => is != CaseState::Open,
            (StateFilter::Won, is) => is == CaseState::Won,
            (StateFilter::Lost, is) => is == CaseState::Lost,
        }));
    }
    Ok(checks)
}

fn activity(log: &EventLog, name: &str) -> Result<u32, FilterError> {
    log.activities
        .code(name)
        .ok_or_else(|| FilterError::NoActivity(name.to_string()))
}

fn period<'a>(filter: &'a Filter, log: &'a EventLog) -> Result<Check<'a>, FilterError> {
    let (from, to) = (
        filter.from.unwrap_or(MISSING),
        filter.to.unwrap_or(i64::MAX),
    );
    if from > to {
        return Err(FilterError::BackwardPeriod);
    }
    if log.time.iter().all(|&t| t == MISSING) {
        return Err(FilterError::NoTimes);
    }
    Ok(Box::new(move |case| {
        let first = log.time[log.case(case)]
            .iter()
            .copied()
            .filter(|&t| t != MISSING)
            .min();
        first.is_some_and(|t| t >= from && t < to)
    }))
}

fn teams<'a>(
    filter: &Filter,
    log: &'a EventLog,
    options: &Options,
) -> Result<Check<'a>, FilterError> {
    let column = options
        .team
        .clone()
        .or_else(|| super::guess_team(log))
        .ok_or(FilterError::NoTeamColumn)?;
    let (codes, dict) = team::team_codes(log, &column).ok_or(FilterError::NoTeamColumn)?;
    let code = |team: &String| {
        dict.code(team)
            .ok_or_else(|| FilterError::NoTeam(team.clone(), team::choose(log, &column)))
    };
    let wanted: Vec<u32> = filter.teams.iter().map(code).collect::<Result<_, _>>()?;
    Ok(Box::new(move |case| wanted.contains(&codes[case])))
}

fn attribute<'a>(
    log: &'a EventLog,
    name: &str,
    values: Vec<&'a str>,
) -> Result<Check<'a>, FilterError> {
    if let Some(column) = log.case_column(name) {
        return Ok(any_row(column, values));
    }
    match log.event_column(name) {
        Some(column) => Ok(any_event(log, column, values)),
        None => Err(FilterError::NoColumn(name.to_string())),
    }
}

fn any_event<'a>(log: &'a EventLog, column: &'a Column, values: Vec<&'a str>) -> Check<'a> {
    let row = any_row(column, values);
    Box::new(move |case| log.case(case).any(&row))
}

fn any_row<'a>(column: &'a Column, values: Vec<&'a str>) -> Check<'a> {
    match column.codes() {
        Some((codes, dict)) => {
            let wanted: Vec<u32> = values.iter().filter_map(|v| dict.code(v)).collect();
            Box::new(move |row| codes[row] != NONE && wanted.contains(&codes[row]))
        }
        None => Box::new(move |row| {
            column
                .display(row)
                .is_some_and(|v| values.contains(&v.as_str()))
        }),
    }
}

fn states(log: &EventLog, steps: &Steps, options: &Options) -> Vec<CaseState> {
    let Ok(walker) = Walker::new(log, steps, options) else {
        return vec![CaseState::Open; log.cases()];
    };
    let state = |(visits, visited): &mut (Vec<_>, Vec<_>), case: usize| {
        visits.clear();
        walker.case(case, visits, visited).state
    };
    (0..log.cases())
        .into_par_iter()
        .with_min_len(1024)
        .map_init(Default::default, state)
        .collect()
}
