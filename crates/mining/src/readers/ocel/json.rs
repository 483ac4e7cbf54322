//! OCEL 2 and OCEL 1 JSON, one event or object at a time: the file is never a tree in memory.

use super::{ObjectLog, OcelTables, wrong};
use crate::log::Cell;
use crate::source::{Progress, Source};
use crate::{Place, ReadError};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

pub(super) fn read(source: &Source, progress: &Progress) -> Result<ObjectLog, ReadError> {
    let mut reader = BufReader::with_capacity(1 << 16, source.reader(progress));
    if source.head(3).is_ok_and(|h| h == [0xef, 0xbb, 0xbf]) {
        let mut mark = [0; 3];
        // Already read once as the head.
        let _ = reader.read_exact(&mut mark);
    }
    let mut tables = OcelTables::new();
    let mut found = false;
    let mut json = serde_json::Deserializer::from_reader(reader);
    let root = Root {
        tables: &mut tables,
        progress,
        found: &mut found,
    };
    root.deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|e| error(&e))?;
    if !found {
        return Err(wrong(
            "there is neither \"events\" nor \"ocel:events\" in it",
            Place::line(1),
        ));
    }
    tables.finish()
}

const CANCELLED: &str = "reading was cancelled";

fn error(e: &serde_json::Error) -> ReadError {
    let text = e.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    let place = Place::line(e.line() as u64);
    if what == CANCELLED {
        return ReadError::new(
            "cancelled",
            "Reading was cancelled.",
            place,
            "Start it again.",
        );
    }
    if e.is_eof() {
        let what = format!("The file ends too early, in column {}.", e.column());
        return ReadError::new("truncated", what, place, "Export or copy it again, whole.");
    }
    let code = if e.is_data() {
        "wrong_format"
    } else {
        "broken_json"
    };
    let what = format!(
        "The JSON is not an object-centric log in column {}: {what}.",
        e.column()
    );
    ReadError::new(
        code,
        what,
        place,
        "Export the file again, or open it in an editor at that place.",
    )
}

struct Root<'a> {
    tables: &'a mut OcelTables,
    progress: &'a Progress,
    found: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with events and objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Root {
            tables,
            progress,
            found,
        } = self;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "events" | "ocel:events" => {
                    *found = true;
                    map.next_value_seed(Rows::<EventRow>::new(tables, progress))?;
                }
                "objects" | "ocel:objects" => {
                    map.next_value_seed(Rows::<ObjectRow>::new(tables, progress))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// OCEL 2 has a list of rows with ids, OCEL 1 a map from ids to rows.
struct Rows<'a, T> {
    tables: &'a mut OcelTables,
    progress: &'a Progress,
    row: PhantomData<T>,
}

impl<'a, T: Row> Rows<'a, T> {
    fn new(tables: &'a mut OcelTables, progress: &'a Progress) -> Self {
        Rows {
            tables,
            progress,
            row: PhantomData,
        }
    }

    fn put<E: Error>(&mut self, id: Option<String>, row: T) -> Result<(), E> {
        if self.progress.is_cancelled() {
            return Err(E::custom(CANCELLED));
        }
        row.put(id, self.tables).map_err(E::custom)
    }
}

impl<'de, T: Row + Deserialize<'de>> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: Row + Deserialize<'de>> Visitor<'de> for Rows<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or a map from ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<T>()? {
            self.put(None, row)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some((id, row)) = rows.next_entry::<String, T>()? {
            self.put(Some(id), row)?;
        }
        Ok(())
    }
}

trait Row {
    fn put(self, id: Option<String>, tables: &mut OcelTables) -> Result<(), &'static str>;
}

#[derive(Deserialize)]
struct EventRow {
    #[serde(default, alias = "ocel:id")]
    id: Option<Value>,
    #[serde(default, rename = "type", alias = "ocel:activity", alias = "ocel:type")]
    kind: String,
    #[serde(default, alias = "ocel:timestamp", alias = "ocel:time")]
    time: Option<String>,
    #[serde(default)]
    attributes: Option<Vec<Attribute>>,
    #[serde(default)]
    relationships: Option<Vec<Relationship>>,
    #[serde(default, rename = "ocel:vmap")]
    values: Option<serde_json::Map<String, Value>>,
    #[serde(default, rename = "ocel:omap")]
    objects: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct ObjectRow {
    #[serde(default, alias = "ocel:id")]
    id: Option<Value>,
    #[serde(default, rename = "type", alias = "ocel:type")]
    kind: String,
    #[serde(default)]
    attributes: Option<Vec<Attribute>>,
    #[serde(default)]
    relationships: Option<Vec<Relationship>>,
    #[serde(default, rename = "ocel:ovmap")]
    values: Option<serde_json::Map<String, Value>>,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(rename = "objectId")]
    object: Value,
    #[serde(default)]
    qualifier: Option<String>,
}

impl Row for EventRow {
    fn put(self, key: Option<String>, tables: &mut OcelTables) -> Result<(), &'static str> {
        let id = key
            .or_else(|| self.id.map(plain))
            .ok_or("an event has no id")?;
        tables.event(&id, &self.kind, self.time.as_deref().unwrap_or_default());
        for Attribute { name, value, .. } in self.attributes.into_iter().flatten() {
            cell(value)
                .into_iter()
                .for_each(|value| tables.event_attribute(&id, &name, value));
        }
        for (name, value) in self.values.into_iter().flatten() {
            cell(value)
                .into_iter()
                .for_each(|value| tables.event_attribute(&id, &name, value));
        }
        for Relationship { object, qualifier } in self.relationships.into_iter().flatten() {
            tables.event_object(
                &id,
                &plain(object),
                qualifier.as_deref().unwrap_or_default(),
            );
        }
        for object in self.objects.into_iter().flatten() {
            tables.event_object(&id, &plain(object), "");
        }
        Ok(())
    }
}

impl Row for ObjectRow {
    fn put(self, key: Option<String>, tables: &mut OcelTables) -> Result<(), &'static str> {
        let id = key
            .or_else(|| self.id.map(plain))
            .ok_or("an object has no id")?;
        tables.object(&id, &self.kind);
        for Attribute { name, value, time } in self.attributes.into_iter().flatten() {
            let time = time.as_deref().unwrap_or_default();
            cell(value)
                .into_iter()
                .for_each(|value| tables.object_attribute(&id, &name, time, value));
        }
        for (name, value) in self.values.into_iter().flatten() {
            cell(value)
                .into_iter()
                .for_each(|value| tables.object_attribute(&id, &name, "", value));
        }
        for Relationship { object, qualifier } in self.relationships.into_iter().flatten() {
            tables.object_object(
                &id,
                &plain(object),
                qualifier.as_deref().unwrap_or_default(),
            );
        }
        Ok(())
    }
}

/// Ids are text; some files write them as numbers.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn cell(value: Value) -> Option<Cell> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => Cell::Bool(b),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Cell::Int(n),
            (None, Some(n)) => Cell::Float(n),
            (None, None) => Cell::Text(n.to_string()),
        },
        Value::String(text) => Cell::Text(text),
        other => Cell::Text(other.to_string()),
    })
}
