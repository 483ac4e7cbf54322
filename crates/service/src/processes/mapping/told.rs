//! What a source told so far, as the owner looks at it: its fields with some of their values, whom it names, its latest cases.

use super::{Mapping, number};
use crate::processes::push::Attributes;
use base::format;
use mining::Micros;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Values of a field that are shown, and characters of each.
const SAMPLES: usize = 3;
const SHORT: usize = 60;
/// Fields and people that are looked at; a source that tells more of them is read all the same.
const FIELDS: usize = 2_000;
const PEOPLE: usize = 5_000;
/// Cases that are shown.
const LATEST: usize = 5;

/// A field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Cases that have it.
    pub cases: u64,
    /// Of those, the ones whose value is a number.
    pub numbers: u64,
    /// Some of its values, shortened.
    pub samples: Vec<String>,
}

/// A case as the source told it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    pub case: String,
    pub attributes: Attributes,
    /// What happened last, when and by whom.
    pub last: String,
    pub at: Micros,
    pub who: String,
    people: BTreeSet<String>,
}

/// What was told, gathered case by case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub cases: u64,
    /// By what the source calls them.
    pub fields: BTreeMap<String, Seen>,
    /// In how many cases somebody is named.
    pub people: BTreeMap<String, u64>,
    /// The newest first.
    pub latest: Vec<Case>,
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Case {
    pub fn new(case: &str) -> Case {
        Case {
            case: case.into(),
            at: Micros::MIN,
            ..Case::default()
        }
    }

    /// Something happened on it; `who` as the source tells her, or nothing.
    pub fn happened(&mut self, what: &str, at: Micros, who: &str) {
        if at >= self.at {
            (self.last, self.at, self.who) = (what.into(), at, who.into());
        }
        if !who.is_empty() {
            self.people.insert(who.into());
        }
    }
}

impl Told {
    /// Takes a case in. `mapping` says which fields name people.
    pub fn add(&mut self, mut case: Case, mapping: &Mapping) {
        self.cases += 1;
        for (field, value) in &case.attributes {
            let value = text(value);
            if mapping.names_people(field) && !value.is_empty() {
                case.people.insert(value.clone());
            }
            if !self.fields.contains_key(field) && self.fields.len() == FIELDS {
                continue;
            }
            let seen = self.fields.entry(field.clone()).or_default();
            seen.cases += 1;
            seen.numbers += u64::from(number(&value).is_some());
            if seen.samples.len() < SAMPLES {
                let sample = format::short(&value, SHORT);
                if !seen.samples.contains(&sample) {
                    seen.samples.push(sample);
                }
            }
        }
        for told in &case.people {
            if self.people.len() < PEOPLE || self.people.contains_key(told) {
                *self.people.entry(told.clone()).or_default() += 1;
            }
        }
        let place = self.latest.iter().position(|c| c.at < case.at);
        let place = place.unwrap_or(self.latest.len());
        if place < LATEST {
            self.latest.insert(place, case);
            self.latest.truncate(LATEST);
        }
    }
}
