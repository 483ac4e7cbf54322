//! One type of object becomes the case.

use super::{ObjectLog, OcelPreview, TypeCount};
use crate::log::LogBuilder;
use crate::readers::{Imported, Note};
use crate::time::MISSING;
use rustc_hash::{FxHashMap, FxHashSet};

impl ObjectLog {
    /// Types of objects with counts, and a proposal.
    pub fn preview(&self) -> OcelPreview {
        let mut types: Vec<TypeCount> = self
            .object_types
            .iter()
            .map(|name| TypeCount {
                name: name.to_string(),
                objects: 0,
                events: 0,
                flattened: 0,
            })
            .collect();
        for object in &self.objects {
            types[object.kind as usize].objects += 1;
        }
        for event in 0..self.events.len() {
            let mut kinds: Vec<u32> = self
                .distinct(event)
                .iter()
                .map(|&o| self.objects[o as usize].kind)
                .collect();
            kinds.iter().for_each(|&k| types[k as usize].flattened += 1);
            kinds.sort_unstable();
            kinds.dedup();
            kinds.iter().for_each(|&k| types[k as usize].events += 1);
        }
        let usable = types
            .iter()
            .filter(|t| t.objects >= 2 && t.flattened >= 2 * t.objects);
        let proposed = usable
            .max_by_key(|t| (t.events, t.objects))
            .map(|t| t.name.clone());
        OcelPreview {
            events: self.events.len() as u64,
            types,
            proposed,
        }
    }

    /// Cases are the objects of `object_type` that have events. The notes say how many events appear in several cases
    /// (convergence), belong to none, or repeat an activity for different objects of other types (divergence).
    /// Attributes of an object become those of its case, with the value that held last.
    pub fn flatten(&self, object_type: &str) -> Imported {
        let Some(kind) = self.object_types.code(object_type) else {
            let text = format!("The log has no objects of type \"{object_type}\".");
            return Imported {
                notes: vec![Note {
                    code: "no_such_type",
                    text,
                }],
                ..Imported::default()
            };
        };
        let mut builder = LogBuilder::new();
        let mut case_of: FxHashMap<u32, u32> = FxHashMap::default();
        let (mut shared, mut dropped, mut diverging) = (0u64, 0u64, 0u64);
        let mut first: FxHashMap<(u32, u32), Vec<u32>> = FxHashMap::default();
        for (at, event) in self.events.iter().enumerate() {
            let (own, others): (Vec<u32>, Vec<u32>) = self
                .distinct(at)
                .into_iter()
                .partition(|&o| self.objects[o as usize].kind == kind);
            dropped += own.is_empty() as u64;
            shared += (own.len() > 1) as u64;
            for object in own {
                let case = *case_of
                    .entry(object)
                    .or_insert_with(|| builder.case(&self.objects[object as usize].id));
                let row =
                    builder.event(case, self.event_types.get(event.kind), event.time, MISSING);
                for (name, value) in &event.attributes {
                    builder.event_attribute(row, self.names.get(*name), value.clone());
                }
                let seen = first
                    .entry((case, event.kind))
                    .or_insert_with(|| others.clone());
                diverging += (*seen != others) as u64;
            }
        }
        let mut changed = 0u64;
        for (object, &case) in self
            .objects
            .iter()
            .enumerate()
            .filter_map(|(i, o)| Some((o, case_of.get(&(i as u32))?)))
        {
            let mut attributes: Vec<_> = object.attributes.iter().collect();
            attributes.sort_by_key(|a| a.1);
            let names: FxHashSet<u32> = attributes.iter().map(|a| a.0).collect();
            changed += (names.len() < attributes.len()) as u64;
            for (name, _, value) in attributes {
                builder.case_attribute(case, self.names.get(*name), value.clone());
            }
        }
        let empty = self.objects.iter().filter(|o| o.kind == kind).count() - case_of.len();
        let mut notes = self.notes.clone();
        let mut note = |code, text| notes.push(Note { code, text });
        let (before, after) = (self.events.len() as u64, builder.events() as u64);
        note(
            "flattened",
            format!("Cases are objects of type \"{object_type}\": {before} events became {after}."),
        );
        if shared > 0 {
            let extra = after - (before - dropped);
            note(
                "convergence",
                format!(
                    "{shared} events belong to several cases and appear in each: {extra} copies."
                ),
            );
        }
        if dropped > 0 {
            note(
                "dropped_events",
                format!("{dropped} events have no object of this type and are left out."),
            );
        }
        if diverging > 0 {
            note(
                "divergence",
                format!(
                    "{diverging} events repeat an activity of their case for other objects than the first time; it is not rework."
                ),
            );
        }
        if empty > 0 {
            note(
                "cases_without_events",
                format!("{empty} objects of this type have no events and are left out."),
            );
        }
        if changed > 0 {
            note(
                "last_value",
                format!("Attributes of {changed} cases changed over time; the last value is kept."),
            );
        }
        Imported {
            log: builder.finish(),
            notes,
            skipped: self.skipped.clone(),
        }
    }

    /// Objects of an event, each once, whatever its roles.
    fn distinct(&self, event: usize) -> Vec<u32> {
        let mut objects: Vec<u32> = self.events[event]
            .objects
            .iter()
            .map(|r| r.object)
            .collect();
        objects.sort_unstable();
        objects.dedup();
        objects
    }
}
