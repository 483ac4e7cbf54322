//! Rows in any order in, an object-centric log out. For JSON, XML and databases alike.

use super::{Object, ObjectEvent, ObjectLog, Relation};
use crate::log::{Cell, Dict};
use crate::readers::Note;
use crate::time::{MISSING, Micros};
use crate::{Place, ReadError};

/// Collects rows; ids may be used before they are defined.
#[derive(Debug, Default)]
pub struct OcelTables {
    log: ObjectLog,
    event_ids: Dict,
    object_ids: Dict,
    /// Id code to row, `u32::MAX` while not defined.
    event_rows: Vec<u32>,
    object_rows: Vec<u32>,
    event_attributes: Vec<(u32, u32, Cell)>,
    object_attributes: Vec<(u32, u32, Micros, Cell)>,
    event_objects: Vec<(u32, u32, u32)>,
    object_objects: Vec<(u32, u32, u32)>,
    bad_times: u64,
}

impl OcelTables {
    pub fn new() -> Self {
        OcelTables::default()
    }

    /// `time` as written: RFC 3339, or without a zone and then taken as UTC.
    pub fn event(&mut self, id: &str, kind: &str, time: &str) {
        let time = self.time(time);
        let code = code(&mut self.event_ids, &mut self.event_rows, id);
        if self.event_rows[code as usize] != u32::MAX {
            self.log
                .skipped
                .add(0, "an event with this id was there before", id);
            return;
        }
        self.event_rows[code as usize] = self.log.events.len() as u32;
        let kind = self.log.event_types.intern(kind);
        let (attributes, objects) = (Vec::new(), Vec::new());
        self.log.events.push(ObjectEvent {
            id: id.to_string(),
            kind,
            time,
            attributes,
            objects,
        });
    }

    pub fn object(&mut self, id: &str, kind: &str) {
        let code = code(&mut self.object_ids, &mut self.object_rows, id);
        if self.object_rows[code as usize] != u32::MAX {
            self.log
                .skipped
                .add(0, "an object with this id was there before", id);
            return;
        }
        self.object_rows[code as usize] = self.log.objects.len() as u32;
        let kind = self.log.object_types.intern(kind);
        let (attributes, objects) = (Vec::new(), Vec::new());
        self.log.objects.push(Object {
            id: id.to_string(),
            kind,
            attributes,
            objects,
        });
    }

    pub fn event_attribute(&mut self, event: &str, name: &str, value: Cell) {
        let event = code(&mut self.event_ids, &mut self.event_rows, event);
        self.event_attributes
            .push((event, self.log.names.intern(name), value));
    }

    /// `time` is when the value begins to hold; empty when the file does not say.
    pub fn object_attribute(&mut self, object: &str, name: &str, time: &str, value: Cell) {
        let time = if time.is_empty() {
            MISSING
        } else {
            self.time(time)
        };
        let object = code(&mut self.object_ids, &mut self.object_rows, object);
        self.object_attributes
            .push((object, self.log.names.intern(name), time, value));
    }

    pub fn event_object(&mut self, event: &str, object: &str, qualifier: &str) {
        let event = code(&mut self.event_ids, &mut self.event_rows, event);
        let object = code(&mut self.object_ids, &mut self.object_rows, object);
        self.event_objects
            .push((event, object, self.log.qualifiers.intern(qualifier)));
    }

    pub fn object_object(&mut self, source: &str, target: &str, qualifier: &str) {
        let source = code(&mut self.object_ids, &mut self.object_rows, source);
        let target = code(&mut self.object_ids, &mut self.object_rows, target);
        self.object_objects
            .push((source, target, self.log.qualifiers.intern(qualifier)));
    }

    fn time(&mut self, text: &str) -> Micros {
        parse_time(text).unwrap_or_else(|| {
            self.bad_times += 1;
            MISSING
        })
    }

    /// Links the rows. References to nothing are counted in [`ObjectLog::skipped`]. Error: `empty_log`.
    pub fn finish(self) -> Result<ObjectLog, ReadError> {
        let mut log = self.log;
        if log.events.is_empty() {
            return Err(ReadError::new(
                "empty_log",
                "The log has no events.",
                Place::default(),
                "Choose another file.",
            ));
        }
        let row = |rows: &[u32], code: u32| Some(rows[code as usize]).filter(|&r| r != u32::MAX);
        for (event, name, value) in self.event_attributes {
            match row(&self.event_rows, event) {
                Some(event) => log.events[event as usize].attributes.push((name, value)),
                None => log.skipped.add(
                    0,
                    "an attribute of an event that is not there",
                    self.event_ids.get(event),
                ),
            }
        }
        for (object, name, time, value) in self.object_attributes {
            match row(&self.object_rows, object) {
                Some(object) => log.objects[object as usize]
                    .attributes
                    .push((name, time, value)),
                None => log.skipped.add(
                    0,
                    "an attribute of an object that is not there",
                    self.object_ids.get(object),
                ),
            }
        }
        for (event, object, qualifier) in self.event_objects {
            match (row(&self.event_rows, event), row(&self.object_rows, object)) {
                (Some(event), Some(object)) => log.events[event as usize]
                    .objects
                    .push(Relation { object, qualifier }),
                (None, _) => log.skipped.add(
                    0,
                    "a relation of an event that is not there",
                    self.event_ids.get(event),
                ),
                _ => log.skipped.add(
                    0,
                    "a relation to an object that is not there",
                    self.object_ids.get(object),
                ),
            }
        }
        for (source, target, qualifier) in self.object_objects {
            match (
                row(&self.object_rows, source),
                row(&self.object_rows, target),
            ) {
                (Some(source), Some(object)) => {
                    log.objects[source as usize]
                        .objects
                        .push(Relation { object, qualifier });
                }
                (None, _) => log.skipped.add(
                    0,
                    "a relation of an object that is not there",
                    self.object_ids.get(source),
                ),
                _ => log.skipped.add(
                    0,
                    "a relation to an object that is not there",
                    self.object_ids.get(target),
                ),
            }
        }
        if self.bad_times > 0 {
            let text = format!(
                "{} times are missing or could not be read; none was invented.",
                self.bad_times
            );
            log.notes.push(Note {
                code: "bad_times",
                text,
            });
        }
        Ok(log)
    }
}

fn code(ids: &mut Dict, rows: &mut Vec<u32>, id: &str) -> u32 {
    let code = ids.intern(id);
    if code as usize == rows.len() {
        rows.push(u32::MAX);
    }
    code
}

/// RFC 3339, or a date and time without a zone, which is taken as UTC.
pub(super) fn parse_time(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    Some(
        jiff::tz::TimeZone::UTC
            .to_timestamp(local)
            .ok()?
            .as_microsecond(),
    )
}
