//! What happened on a case and what was said about it, newest first, in one row of days.

use super::customer::Spoken;
use crate::message::{Asked, Said, Talk};
use base::format;
use mining::time::MISSING;
use mining::{EventLog, Micros};

pub struct Day {
    pub date: String,
    pub entries: Vec<Entry>,
}

pub enum Entry {
    /// Read from the system of record.
    Event(Event),
    Note(Box<Said>),
    Question(Box<Asked>),
    /// Said with the customer; where its newest words are.
    Spoken(Box<Spoken>),
}

pub struct Event {
    pub name: String,
    pub who: String,
    pub time: String,
    pub more: String,
}

pub fn days(log: &EventLog, case: usize, talk: Talk, spoken: Vec<Spoken>) -> Vec<Day> {
    let mut all: Vec<(Micros, Entry)> = events(log, case);
    let notes = talk
        .notes
        .into_iter()
        .map(|n| (n.at, Entry::Note(Box::new(n))));
    let questions = talk
        .questions
        .into_iter()
        .map(|q| (q.question.at, Entry::Question(Box::new(q))));
    let spoken = spoken.into_iter();
    let spoken = spoken.map(|s| (s.at, Entry::Spoken(Box::new(s))));
    all.extend(notes.chain(questions).chain(spoken));
    // What has no time stays behind what has; what came later stands first.
    all.sort_by_key(|(at, _)| std::cmp::Reverse(if *at == MISSING { Micros::MIN } else { *at }));
    let mut out: Vec<Day> = Vec::new();
    for (at, entry) in all {
        let date = match at {
            MISSING => "No date".to_string(),
            at => format::date(at),
        };
        if out.last().is_none_or(|d| d.date != date) {
            out.push(Day {
                date,
                entries: Vec::new(),
            });
        }
        if let Some(day) = out.last_mut() {
            day.entries.push(entry);
        }
    }
    out
}

fn events(log: &EventLog, case: usize) -> Vec<(Micros, Entry)> {
    let hidden = ["org:resource", "stage", "time:timestamp"];
    let rows = log.case(case).rev().map(|row| {
        let time = log.time[row];
        let more = log
            .event_columns
            .iter()
            .filter(|c| !hidden.contains(&c.name.as_str()))
            .filter_map(|c| {
                let name = c.name.rsplit(':').next().unwrap_or(&c.name);
                Some(format!("{name} {}", c.display(row)?))
            })
            .take(4)
            .collect::<Vec<_>>();
        let who = log.resource().and_then(|c| c.text(row));
        let event = Event {
            name: log.activity_name(log.activity[row]).to_string(),
            who: who.unwrap_or_default().to_string(),
            time: match time {
                MISSING => String::new(),
                time => format::time(time),
            },
            more: more.join(" · "),
        };
        (time, Entry::Event(event))
    });
    rows.collect()
}
