//! From columns as they stood in the file to a log: names given, traces of one case joined, events in time order.

use super::head::Head;
use super::{XesOptions, intern_or_none, merge, note};
use crate::error::{Place, ReadError};
use crate::log::{Column, Dict, EventLog, LIFECYCLE, NONE};
use crate::readers::{Imported, Note, Skipped};
use crate::time::MISSING;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

pub(super) fn finish(
    log: EventLog,
    head: &Head,
    options: &XesOptions,
    mut notes: Vec<Note>,
) -> Result<Imported, ReadError> {
    let mut log = name_cases(log, &mut notes);
    default_activity(&mut log, head);
    if let Some(name) = &options.classifier {
        let classifier = head
            .classifiers
            .iter()
            .find(|c| c.name == *name)
            .ok_or_else(|| {
                let known: Vec<&str> = head.classifiers.iter().map(|c| c.name.as_str()).collect();
                ReadError::new(
                    "no_classifier",
                    format!("The log has no classifier \"{name}\"."),
                    Place::default(),
                    format!("Choose one of: {}.", known.join(", ")),
                )
            })?;
        classify(&mut log, &classifier.keys);
    }
    let (log, mut skipped) = drop_nameless(log);
    let log = join_traces(log, &mut notes);
    let (order, disordered) = merge::time_order(&log.offsets, &log.time);
    note(&mut notes, "out_of_order", disordered, |n| {
        format!("Times run backwards in {n} cases; their events were put in time order.")
    });
    let log = match order {
        Some(order) => {
            let offsets = log.offsets.clone();
            let cases: Vec<u32> = (0..log.cases() as u32).collect();
            log.arrange(&order, offsets, &cases)
        }
        None => log,
    };
    let log = if options.pair_lifecycle {
        pair(log, &mut notes, &mut skipped)
    } else {
        log
    };
    if log.events() == 0 {
        return Err(ReadError::new(
            "empty_log",
            "The log has no events with a name.",
            Place::default(),
            "Export it again with at least one event, each with concept:name.",
        ));
    }
    let untimed = log.time.iter().filter(|&&t| t == MISSING).count() as u64;
    note(&mut notes, "no_time", untimed, |n| {
        format!(
            "{n} of {} events have no time; only their order is used.",
            log.events()
        )
    });
    Ok(Imported {
        log,
        notes,
        skipped,
    })
}

/// A trace without a name is called by its number.
fn name_cases(mut log: EventLog, notes: &mut Vec<Note>) -> EventLog {
    let mut nameless = 0;
    for case in 0..log.cases() {
        if log.case_name[case] == NONE {
            nameless += 1;
            let mut name = format!("#{}", case + 1);
            while log.case_names.code(&name).is_some() {
                name.push('\'');
            }
            log.case_name[case] = log.case_names.intern(&name);
        }
    }
    note(notes, "no_case_name", nameless, |n| {
        format!("{n} traces have no name; they are called by their number.")
    });
    log
}

fn default_activity(log: &mut EventLog, head: &Head) {
    if let Some((_, _, default)) = head
        .event_defaults
        .iter()
        .find(|(_, key, _)| key == "concept:name")
        && log.activity.contains(&NONE)
    {
        let code = log.activities.intern(default);
        log.activity
            .iter_mut()
            .filter(|a| **a == NONE)
            .for_each(|a| *a = code);
    }
}

/// Activities by a classifier: the values of its keys joined with "+", as IEEE 1849 has it.
fn classify(log: &mut EventLog, keys: &[String]) {
    let mut activities = Dict::new();
    let part = |log: &EventLog, key: &str, row: usize| -> String {
        match key {
            "concept:name" => (log.activity[row] != NONE)
                .then(|| log.activities.get(log.activity[row]).to_string()),
            _ => log.event_column(key).and_then(|c| c.display(row)),
        }
        .unwrap_or_default()
    };
    log.activity = (0..log.events())
        .map(|row| {
            let name = keys
                .iter()
                .map(|key| part(log, key, row))
                .collect::<Vec<_>>()
                .join("+");
            intern_or_none(
                &mut activities,
                (!name.trim_matches('+').is_empty()).then_some(&name),
            )
        })
        .collect();
    log.activities = activities;
}

fn drop_nameless(log: EventLog) -> (EventLog, Skipped) {
    let mut skipped = Skipped::default();
    if !log.activity.contains(&NONE) {
        return (log, skipped);
    }
    for case in 0..log.cases() {
        for row in log.case(case).filter(|&row| log.activity[row] == NONE) {
            let position = row - log.offsets[case] as usize + 1;
            skipped.add(
                0,
                "The event has no name.",
                format!("event {position} of case {}", log.case_name(case)),
            );
        }
    }
    let activity = log.activity.clone();
    (log.keep_events(|row| activity[row] != NONE), skipped)
}

/// Traces with the same name become one case.
fn join_traces(log: EventLog, notes: &mut Vec<Note>) -> EventLog {
    if log.case_names.len() >= log.cases() {
        return log;
    }
    let mut first: Vec<u32> = vec![NONE; log.case_names.len()];
    let mut cases: Vec<u32> = Vec::new();
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for case in 0..log.cases() {
        let slot = &mut first[log.case_name[case] as usize];
        if *slot == NONE {
            *slot = cases.len() as u32;
            cases.push(case as u32);
            rows.push(Vec::new());
        }
        rows[*slot as usize].extend(log.case(case).map(|row| row as u32));
    }
    let joined = (log.cases() - cases.len()) as u64;
    note(notes, "joined_traces", joined, |n| {
        format!("{n} traces have the name of another; their events were joined into one case.")
    });
    let mut offsets = vec![0u32];
    for rows in &rows {
        offsets.push(offsets[offsets.len() - 1] + rows.len() as u32);
    }
    log.arrange(&rows.concat(), offsets, &cases)
}

/// Joins each start with the next complete of the same activity (and `concept:instance`) in its case.
fn pair(mut log: EventLog, notes: &mut Vec<Note>, skipped: &mut Skipped) -> EventLog {
    let Some(lifecycle) = log.event_column(LIFECYCLE) else {
        return log;
    };
    let is = |row: usize, what: &str| {
        lifecycle
            .text(row)
            .is_some_and(|t| t.eq_ignore_ascii_case(what))
    };
    let instance: Option<&Column> = log.event_column("concept:instance");
    let mut keep = vec![true; log.events()];
    let mut start = vec![MISSING; log.events()];
    let mut other = 0u64;
    let mut lonely = 0u64;
    for case in 0..log.cases() {
        let mut open: FxHashMap<(u32, Option<String>), VecDeque<usize>> = FxHashMap::default();
        for row in log.case(case) {
            let key = (log.activity[row], instance.and_then(|c| c.display(row)));
            if is(row, "start") {
                keep[row] = false;
                open.entry(key).or_default().push_back(row);
            } else if is(row, "complete") {
                match open.get_mut(&key).and_then(VecDeque::pop_front) {
                    Some(begun) => start[row] = log.time[begun],
                    None => start[row] = log.time[row],
                }
            } else if lifecycle.text(row).is_some() {
                keep[row] = false;
                other += 1;
            }
        }
        for row in open.into_values().flatten() {
            // Begun and not completed: the work is under way, so the event stays with its start.
            keep[row] = true;
            start[row] = log.time[row];
            lonely += 1;
        }
    }
    note(notes, "unfinished", lonely, |n| {
        format!("{n} activities were begun and not completed.")
    });
    note(notes, "other_transitions", other, |n| {
        format!("{n} events are neither start nor complete and were left out.")
    });
    skipped.count += other;
    log.start = start;
    log.keep_events(|row| keep[row])
}
