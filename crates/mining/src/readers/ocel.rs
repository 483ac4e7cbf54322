//! Object-centric event logs (OCEL 1 and 2): one event may belong to several objects of several types.
//!
//! Everything else here works on cases, so a log is read as an [`ObjectLog`] and flattened on one type of object,
//! which says in numbers what that changes (van der Aalst 2019, "Object-centric process mining").

mod flatten;
mod json;
mod tables;
#[cfg(test)]
mod tests;
mod xml;

pub use tables::OcelTables;

use super::{Note, Skipped};
use crate::log::{Cell, Dict};
use crate::source::{Progress, Source};
use crate::{Micros, Place, ReadError};
use serde::Serialize;

/// An object-centric log. Types, attribute names and qualifiers are codes into their dictionaries.
#[derive(Debug, Default)]
pub struct ObjectLog {
    pub event_types: Dict,
    pub object_types: Dict,
    pub names: Dict,
    pub qualifiers: Dict,
    /// In the order of the file.
    pub events: Vec<ObjectEvent>,
    pub objects: Vec<Object>,
    pub notes: Vec<Note>,
    /// References to what is not in the file, and repeated ids.
    pub skipped: Skipped,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ObjectEvent {
    pub id: String,
    pub kind: u32,
    /// [`crate::time::MISSING`] when the file gives none that can be read.
    pub time: Micros,
    pub attributes: Vec<(u32, Cell)>,
    pub objects: Vec<Relation>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub id: String,
    pub kind: u32,
    /// Name, from when it holds ([`crate::time::MISSING`] when not said), value.
    pub attributes: Vec<(u32, Micros, Cell)>,
    pub objects: Vec<Relation>,
}

/// To an object, in some role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    pub object: u32,
    pub qualifier: u32,
}

/// What a person needs to choose the type of object that becomes the case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OcelPreview {
    pub events: u64,
    pub types: Vec<TypeCount>,
    /// The type whose objects cover most events, among those with at least two objects and on average two events an
    /// object; the one with more objects when several cover as many.
    pub proposed: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypeCount {
    pub name: String,
    pub objects: u64,
    /// Events with at least one object of the type.
    pub events: u64,
    /// Events after flattening on the type: one for each pair of event and object.
    pub flattened: u64,
}

/// Reads OCEL 2 or 1, JSON or XML, told apart by the first character.
///
/// Errors: `wrong_format`, `broken_json`, `broken_xml`, `truncated`, `empty_log`, `dtd_refused`, `too_large` (XML of
/// more than 1 GiB), `cancelled`.
pub fn read(source: &Source, progress: &Progress) -> Result<ObjectLog, ReadError> {
    let head = source.head(256).map_err(|e| {
        ReadError::new(
            "unreadable",
            format!("The file could not be read: {e}."),
            Place::default(),
            "Try again.",
        )
    })?;
    let skip = |b: &&u8| {
        !matches!(
            **b,
            b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf | 0xff | 0xfe | 0
        )
    };
    match head.iter().find(skip) {
        Some(b'{') => json::read(source, progress),
        Some(b'<') => xml::read(source, progress),
        _ => Err(wrong(
            "neither JSON nor XML",
            Place {
                line: Some(1),
                ..Place::byte(0)
            },
        )),
    }
}

/// Reads the file and counts its types of objects.
pub fn preview(source: &Source, progress: &Progress) -> Result<OcelPreview, ReadError> {
    Ok(read(source, progress)?.preview())
}

fn wrong(what: &str, place: Place) -> ReadError {
    let remedy = "Choose an OCEL file (.jsonocel, .json, .xmlocel, .xml).";
    ReadError::new(
        "wrong_format",
        format!("This is no object-centric log: {what}."),
        place,
        remedy,
    )
}
