//! What other programs tell of cases as it happens. It is kept as it was told in the transaction that acknowledges it, and
//! taken into the columns a moment later by the same way a file goes: as one import of all that waits.

use super::mapping::Mapping;
use super::reread::Readings;
use super::{Library, Problem};
use base::format;
use base::identity::Directory;
use mining::error;
use mining::log::{Cell, GROUP, LogBuilder, RESOURCE};
use mining::time::MISSING;
use mining::{EventLog, Micros};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::pushed::{self, CASE, EVENT, Place, PushedRow};

/// The kind of an import that took in what was pushed.
pub const KIND: &str = "push";
/// Events in one list.
pub const MOST: usize = 1_000;
/// What one import takes in.
const AT_ONCE: usize = 10_000;
/// So many of them are in memory as they were told.
const A_PART: i64 = 500;
/// What pages can show: from 1900 until 2200, in seconds.
const SHOWN: std::ops::Range<i64> = -2_208_988_800..7_258_118_400;
/// How often it is looked for what waits.
const EVERY: Duration = Duration::from_secs(1);

/// Names and values of attributes: text, numbers, true or false.
pub type Attributes = BTreeMap<String, Value>;

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What the other program calls it; told again under the same id for the same case it adds nothing.
    #[schema(min_length = 1, max_length = 200)]
    pub id: String,
    #[schema(min_length = 1, max_length = 500)]
    pub activity: String,
    /// A moment with its offset from UTC (RFC 3339), such as `2026-03-02T09:30:00Z`.
    pub time: String,
    /// Who did it. The e-mail address of a person here becomes her name, and her team the event's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The stage of the pipeline the case is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub attributes: Attributes,
}

/// What of a list was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Kept {
    /// Events that are new. They are in the figures within seconds.
    pub added: u64,
    /// Events that were told before.
    pub known: u64,
}

/// What is wrong, and where in the list.
fn wrong(at: Option<usize>, field: &str, what: String, remedy: &str) -> Problem {
    let place = error::Place {
        line: at.map(|i| i as u64),
        field: Some(field.to_string()).filter(|f| !f.is_empty()),
        ..error::Place::default()
    };
    let what = match at {
        Some(i) => format!("Event {i} of the list (the first is 0): {what}"),
        None => what,
    };
    Problem {
        place: Box::new(place),
        ..Problem::new(422, "bad_push", what, format!("{remedy} Nothing was kept."))
    }
}

fn text(at: Option<usize>, field: &str, value: &str, most: usize) -> Result<(), Problem> {
    if value.trim().is_empty() {
        return Err(wrong(
            at,
            field,
            format!("{field} is empty."),
            "Give it a text.",
        ));
    }
    if value.chars().count() > most || value.contains('\0') {
        let what = format!("{field} is longer than {most} characters or holds U+0000.");
        return Err(wrong(at, field, what, "Shorten it."));
    }
    Ok(())
}

fn attributes(at: Option<usize>, all: &Attributes) -> Result<(), Problem> {
    if all.len() > 100 {
        let what = format!("There are {} attributes; 100 are the most.", all.len());
        return Err(wrong(at, "attributes", what, "Send those that matter."));
    }
    for (name, value) in all {
        text(at, "attributes", name, 200)?;
        let is_kept = match value {
            Value::String(t) => t.chars().count() <= 2_000 && !t.contains('\0'),
            Value::Number(_) | Value::Bool(_) => true,
            _ => false,
        };
        if !is_kept {
            let what = format!(
                "The attribute \"{name}\" is no text of up to 2,000 characters, number, true or false."
            );
            return Err(wrong(
                at,
                name,
                what,
                "Send a plain value, or leave it out.",
            ));
        }
    }
    Ok(())
}

pub(crate) fn moment(time: &str) -> Option<Micros> {
    let at: jiff::Timestamp = time.parse().ok()?;
    SHOWN.contains(&at.as_second()).then(|| at.as_microsecond())
}

/// An event as it is to be kept.
fn event(at: usize, value: &Value) -> Result<Event, Problem> {
    let remedy = "An event has id, activity and time and may have resource, stage and attributes.";
    let event: Event = serde_json::from_value(value.clone())
        .map_err(|e| wrong(Some(at), "", format!("{e}."), remedy))?;
    let at = Some(at);
    text(at, "id", &event.id, 200)?;
    text(at, "activity", &event.activity, 500)?;
    if moment(&event.time).is_none() {
        let what = format!("time is \"{}\".", format::short(&event.time, 60));
        let remedy = "Write it with its offset, as 2026-03-02T09:30:00Z.";
        return Err(wrong(at, "time", what, remedy));
    }
    for (field, value) in [("resource", &event.resource), ("stage", &event.stage)] {
        if let Some(value) = value {
            text(at, field, value, 500)?;
        }
    }
    attributes(at, &event.attributes)?;
    Ok(event)
}

/// The person behind an e-mail address, with her team unless another is said.
fn matched(mut event: Event, directory: &Directory) -> Event {
    let email = event.resource.as_deref().map(|r| r.trim().to_lowercase());
    let person = email.and_then(|email| directory.people().iter().find(|p| p.email == email));
    if let Some(person) = person.filter(|p| !p.name.is_empty()) {
        event.resource = Some(person.name.clone());
        let team = directory
            .teams_of(&person.id)
            .first()
            .map(|t| t.name.clone());
        if let Some(team) = team.filter(|_| !event.attributes.contains_key(GROUP)) {
            event.attributes.insert(GROUP.into(), team.into());
        }
    }
    event
}

impl Library {
    /// Keeps the attributes of a case, in place of those told before.
    pub async fn push_case(
        &self,
        process: &str,
        case: &str,
        told: &Attributes,
        by: &str,
    ) -> Result<(), Problem> {
        let process = self.to_push_into(process).await?;
        text(None, "case", case, 500)?;
        attributes(None, told)?;
        let row = PushedRow {
            process,
            kind: CASE.into(),
            case_ref: case.into(),
            id: String::new(),
            at: self.clock().now(),
            place: 0,
            by_person: by.into(),
            body: json(told)?,
        };
        let mut tx = self.db().begin().await?;
        pushed::keep_case(&mut tx, &row).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a list of events of a case: all of it, or with what is wrong in it nothing.
    pub async fn push_events(
        &self,
        process: &str,
        case: &str,
        list: &[Value],
        directory: &Directory,
        by: &str,
    ) -> Result<Kept, Problem> {
        let process = self.to_push_into(process).await?;
        text(None, "case", case, 500)?;
        if list.is_empty() || list.len() > MOST {
            let what = format!("The list has {} events.", list.len());
            return Err(wrong(None, "", what, "Send 1 to 1,000 at once."));
        }
        let at = self.clock().now();
        let mut rows = Vec::with_capacity(list.len());
        for (place, value) in list.iter().enumerate() {
            let event = matched(event(place, value)?, directory);
            rows.push(PushedRow {
                process: process.clone(),
                kind: EVENT.into(),
                case_ref: case.into(),
                at,
                place: place as i64,
                by_person: by.into(),
                body: json(&event)?,
                id: event.id,
            });
        }
        let mut kept = Kept { added: 0, known: 0 };
        let mut tx = self.db().begin().await?;
        for row in &rows {
            match pushed::keep_event(&mut tx, row).await? {
                true => kept.added += 1,
                false => kept.known += 1,
            }
        }
        tx.commit().await?;
        Ok(kept)
    }

    async fn to_push_into(&self, key: &str) -> Result<String, Problem> {
        let found = self.process(key).await.map_err(|p| match p.status {
            404 => Problem {
                remedy: "Make it first, POST /api/v1/processes {\"name\": \"…\"}, or choose one of GET /api/v1/processes.".into(),
                ..p
            },
            _ => p,
        });
        Ok(found?.id)
    }

    /// Takes in what waits, of every process; how many imports it took.
    pub async fn fold_all(&self) -> Result<usize, Problem> {
        let mut done = 0;
        for process in pushed::waiting(self.db()).await? {
            match self.fold(&process).await {
                Ok(None) => {}
                Ok(Some(outcome)) => {
                    tracing::info!(
                        process,
                        events = outcome.events_added,
                        "pushed events taken in"
                    );
                    done += 1;
                }
                // Somebody changed the process or the rows meanwhile: the next round takes them.
                Err(problem) if problem.code == "busy" => {}
                Err(problem) => {
                    tracing::warn!(process, %problem, "pushed events could not be taken in");
                }
            }
        }
        Ok(done)
    }

    /// Takes in what waits, about every second; where that is long work, four times as long is waited. Never ends.
    pub async fn keep_folding(self) {
        loop {
            let begun = Instant::now();
            if let Err(problem) = self.fold_all().await {
                tracing::warn!(%problem, "what was pushed could not be looked at");
            }
            tokio::time::sleep(EVERY.max(begun.elapsed() * 4)).await;
        }
    }
}

/// What was told on its way into a log, each as who told it is read.
#[derive(Default)]
pub(super) struct Telling {
    log: LogBuilder,
    content: Sha256,
    pub readings: Readings,
    /// Which rows they are, to be marked.
    pub rows: Vec<Place>,
    /// Who told all of it; nobody where several did.
    pub teller: Option<String>,
}

impl Telling {
    fn add(&mut self, row: PushedRow) -> Result<(), Problem> {
        // The moment is part of it: a case that is told something again has been told twice.
        let of = serde_json::json!([row.kind, row.case_ref, row.id, row.at, row.place, row.body]);
        self.content.update(format!("{of}\n"));
        let as_told = Mapping::default();
        let mapping = self.readings.mappings.get(&row.by_person);
        put(&mut self.log, &row, mapping.unwrap_or(&as_told))?;
        let is_same = self.teller.as_ref() == Some(&row.by_person);
        self.teller = Some(row.by_person).filter(|_| is_same || self.rows.is_empty());
        self.rows.push(Place {
            at: row.at,
            place: row.place,
            case_ref: row.case_ref,
            kind: row.kind,
            id: row.id,
        });
        Ok(())
    }

    /// The log, and the digest of its content.
    pub fn finish(&mut self) -> (String, EventLog) {
        let (content, log) = (
            std::mem::take(&mut self.content),
            std::mem::take(&mut self.log),
        );
        (format::hex(&content.finalize()), log.finish())
    }
}

impl Library {
    /// The oldest of what waits to be taken in, as much as one import takes.
    pub(super) async fn told(&self, process: &str) -> Result<Telling, Problem> {
        let mut told = Telling::default();
        while told.rows.len() < AT_ONCE {
            let rows = pushed::of_process(self.db(), process, told.rows.last(), A_PART).await?;
            let is_last = rows.len() < A_PART as usize;
            self.read_as(&mut told.readings, &rows).await?;
            rows.into_iter().try_for_each(|row| told.add(row))?;
            if is_last {
                break;
            }
        }
        Ok(told)
    }
}

fn put(log: &mut LogBuilder, row: &PushedRow, mapping: &Mapping) -> Result<(), Problem> {
    let case = log.case(&row.case_ref);
    if row.kind == CASE {
        for (name, value) in mapping.attributes(read(&row.body)?) {
            if let Some(cell) = cell(value) {
                log.case_attribute(case, &name, cell);
            }
        }
        return Ok(());
    }
    let event: Event = read(&row.body)?;
    let time = moment(&event.time).unwrap_or(MISSING);
    let at = log.event(case, &event.activity, time, MISSING);
    if let Some(resource) = event.resource {
        let who = mapping.who(&resource).to_string();
        log.event_attribute(at, RESOURCE, Cell::Text(who));
    }
    if let Some(stage) = event.stage {
        log.event_attribute(at, "stage", Cell::Text(stage));
    }
    for (name, value) in event.attributes {
        if let Some(cell) = cell(value) {
            log.event_attribute(at, &name, cell);
        }
    }
    Ok(())
}

pub(super) fn cell(value: Value) -> Option<Cell> {
    Some(match value {
        Value::String(text) => Cell::Text(text),
        Value::Bool(is) => Cell::Bool(is),
        Value::Number(n) => match n.as_i64() {
            // The smallest stands for "none" in columns.
            Some(n) if n > i64::MIN => Cell::Int(n),
            _ => Cell::Float(n.as_f64()?),
        },
        _ => return None,
    })
}

fn json<T: Serialize>(value: &T) -> Result<String, Problem> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

pub(crate) fn read<T: for<'a> Deserialize<'a>>(body: &str) -> Result<T, Problem> {
    Ok(serde_json::from_str(body).map_err(anyhow::Error::from)?)
}

#[cfg(test)]
#[path = "push/tests.rs"]
mod tests;
