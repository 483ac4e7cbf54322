//! OCEL 2 and OCEL 1 XML, one event or object at a time over the text of the file.

use super::super::xml_tree::{self, Element};
use super::{ObjectLog, OcelTables, wrong};
use crate::log::Cell;
use crate::source::{Progress, Source};
use crate::{Place, ReadError};

const MAX_BYTES: u64 = 1 << 30;

pub(super) fn read(source: &Source, progress: &Progress) -> Result<ObjectLog, ReadError> {
    let text = xml_tree::text(source, progress, MAX_BYTES)?;
    let mut tables = OcelTables::new();
    let mut nameless = None;
    // <log><events><event>: rows stand two levels below the root.
    let root = xml_tree::parse(&text, 2, &mut |parent, row| {
        let known = match (parent, row.name.as_str()) {
            ("events", "event") => event(&row, &mut tables),
            ("objects", "object") => object(&row, &mut tables),
            _ => Some(()),
        };
        if known.is_none() {
            nameless.get_or_insert(row.line);
        }
    })?;
    if root.name != "log" || root.child("events").is_none() {
        let what = format!(
            "it begins with <{}> and has no list of <events> with objects",
            root.name
        );
        return Err(wrong(&what, Place::line(root.line)));
    }
    if let Some(line) = nameless {
        return Err(wrong("an event or object has no id", Place::line(line)));
    }
    tables.finish()
}

/// `None` without an id.
fn event(row: &Element, tables: &mut OcelTables) -> Option<()> {
    let id = row.get("id").or_else(|| keyed(row, "id"))?;
    let kind = row
        .get("type")
        .or_else(|| keyed(row, "activity"))
        .unwrap_or_default();
    let time = row
        .get("time")
        .or_else(|| keyed(row, "timestamp"))
        .unwrap_or_default();
    tables.event(id, kind, time);
    for (name, _, value) in attributes(row) {
        tables.event_attribute(id, name, value);
    }
    for (object, qualifier) in relations(row) {
        tables.event_object(id, object, qualifier);
    }
    Some(())
}

fn object(row: &Element, tables: &mut OcelTables) -> Option<()> {
    let id = row.get("id").or_else(|| keyed(row, "id"))?;
    tables.object(
        id,
        row.get("type")
            .or_else(|| keyed(row, "type"))
            .unwrap_or_default(),
    );
    for (name, time, value) in attributes(row) {
        tables.object_attribute(id, name, time, value);
    }
    for (object, qualifier) in relations(row) {
        tables.object_object(id, object, qualifier);
    }
    Some(())
}

/// OCEL 1: `<string key="activity" value="..."/>`.
fn keyed<'a>(row: &'a Element, key: &str) -> Option<&'a str> {
    row.children
        .iter()
        .find(|c| c.get("key") == Some(key))?
        .get("value")
}

fn attributes(row: &Element) -> Vec<(&str, &str, Cell)> {
    let mut found = Vec::new();
    for attribute in row.all("attributes").flat_map(|list| list.all("attribute")) {
        let text = attribute.text.trim();
        let value = attribute.get("value").unwrap_or(text);
        let name = attribute.get("name").unwrap_or_default();
        found.push((
            name,
            attribute.get("time").unwrap_or_default(),
            guess(value),
        ));
    }
    let maps = row
        .all("list")
        .filter(|l| matches!(l.get("key"), Some("vmap" | "ovmap")));
    for value in maps.flat_map(|list| &list.children) {
        let text = value.get("value").unwrap_or_default();
        let cell = if value.name == "string" {
            Cell::Text(text.to_string())
        } else {
            guess(text)
        };
        found.push((value.get("key").unwrap_or_default(), "", cell));
    }
    found
}

fn relations(row: &Element) -> Vec<(&str, &str)> {
    let related = row
        .all("objects")
        .flat_map(|list| &list.children)
        .filter_map(|relation| {
            Some((
                relation.get("object-id")?,
                relation.get("qualifier").unwrap_or_default(),
            ))
        });
    let maps = row.all("list").filter(|l| l.get("key") == Some("omap"));
    let mapped = maps
        .flat_map(|list| &list.children)
        .filter_map(|object| Some((object.get("value")?, "")));
    related.chain(mapped).collect()
}

/// XML has text only; numbers that are written as such are numbers.
fn guess(text: &str) -> Cell {
    match (text.parse(), text.parse::<f64>()) {
        (Ok(n), _) => Cell::Int(n),
        (_, Ok(n)) if n.is_finite() => Cell::Float(n),
        _ => Cell::Text(text.to_string()),
    }
}
