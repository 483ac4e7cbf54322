//! BPMN 2.0 files as modellers write them: any prefix, any encoding, and forgiving about what a process does not need.
//!
//! What is not read is counted in [`ProcessModel::ignored`]; references to nothing become [`ProcessModel::notes`].

mod drawing;
mod kinds;

use super::Note;
use super::xml_tree::{self, Element};
use crate::model::bpmn::*;
use crate::source::{Progress, Source};
use crate::{Place, ReadError};
use rustc_hash::FxHashMap;

/// Reads all processes, collaborations and diagrams of one file.
///
/// Errors: `wrong_format`, `broken_xml`, `truncated`, `dtd_refused`, `too_deep`, `too_large`, `bad_encoding`,
/// `empty_file`, `empty_model` (no process and no pool).
pub fn read(source: &Source, progress: &Progress) -> Result<ProcessModel, ReadError> {
    let root = xml_tree::read(source, progress)?;
    if root.name != "definitions" {
        return Err(ReadError::new(
            "wrong_format",
            format!(
                "The file begins with <{}>, a BPMN 2.0 file with <definitions>.",
                root.name
            ),
            Place::line(root.line),
            "Choose a BPMN 2.0 file, or export the model as BPMN 2.0 XML.",
        ));
    }
    let mut found = Found::default();
    found.definitions(&root);
    let model = found.finish();
    if model.nodes.is_empty() && model.pools.is_empty() {
        return Err(empty(&root, &model));
    }
    Ok(model)
}

fn empty(root: &Element, model: &ProcessModel) -> ReadError {
    let flow = root.children.iter().find(|c| c.name == "sequenceFlow");
    let (what, line) = match (flow, root.child("choreography"), root.child("process")) {
        (Some(flow), _, None) => ("The file has flows but no process.".to_string(), flow.line),
        (_, Some(c), None) => (
            "The file describes a choreography and no process.".to_string(),
            c.line,
        ),
        (_, _, Some(process)) => (
            format!(
                "The process in the file has no steps ({} elements were read past).",
                count(&model.ignored)
            ),
            process.line,
        ),
        _ => ("The file defines no process.".to_string(), root.line),
    };
    ReadError::new(
        "empty_model",
        what,
        Place::line(line),
        "Choose a file with at least one process.",
    )
}

fn count(ignored: &[Ignored]) -> u64 {
    ignored.iter().map(|i| i.count).sum()
}

/// The model while it grows, and references to look up when all ids are known.
#[derive(Default)]
struct Found {
    model: ProcessModel,
    by_id: FxHashMap<String, NodeIx>,
    /// Boundary events and the id of the activity they sit on.
    hosts: Vec<(NodeIx, String, u64)>,
    lane_refs: Vec<(usize, String, u64)>,
    sequence: Vec<PendingFlow>,
    messages: Vec<PendingFlow>,
    /// Ids of default flows.
    defaults: Vec<String>,
}

struct PendingFlow {
    flow: Flow,
    line: u64,
}

/// Where in the file a flow element stands.
#[derive(Clone, Copy)]
struct Scope<'a> {
    process: &'a str,
    parent: Option<NodeIx>,
    in_event_sub: bool,
}

impl Found {
    fn definitions(&mut self, root: &Element) {
        self.model.id = root.get("id").unwrap_or_default().to_string();
        self.model.name = root.get("name").unwrap_or_default().to_string();
        for child in &root.children {
            match child.name.as_str() {
                "process" => self.process(child),
                "collaboration" | "conversation" => self.collaboration(child),
                "BPMNDiagram" => drawing::read(child, &mut self.model),
                _ => self.ignore(child),
            }
        }
    }

    fn process(&mut self, process: &Element) {
        let id = process
            .get("id")
            .map_or_else(|| format!("process-line-{}", process.line), str::to_string);
        if self.model.name.is_empty() {
            self.model.name = process.get("name").unwrap_or_default().to_string();
        }
        self.inside(
            process,
            Scope {
                process: &id,
                parent: None,
                in_event_sub: false,
            },
        );
    }

    fn inside(&mut self, container: &Element, scope: Scope<'_>) {
        for child in &container.children {
            match child.name.as_str() {
                "laneSet" => self.lanes(child, None),
                "sequenceFlow" => {
                    let pending = pending(child);
                    self.sequence.push(pending);
                }
                // Said again by the flows themselves.
                "incoming" | "outgoing" => {}
                name if name.ends_with("EventDefinition")
                    || name == "multiInstanceLoopCharacteristics" => {}
                "standardLoopCharacteristics" => {}
                _ => match kinds::of(child, scope.in_event_sub) {
                    Some(kind) => self.node(child, kind, scope),
                    None => self.ignore(child),
                },
            }
        }
    }

    fn node(&mut self, element: &Element, kind: NodeKind, scope: Scope<'_>) {
        let ix = self.model.nodes.len();
        let id = element
            .get("id")
            .map_or_else(|| format!("node-line-{}", element.line), str::to_string);
        let repeats = element
            .children
            .iter()
            .any(|c| c.name.ends_with("LoopCharacteristics"))
            || element.name == "loop";
        self.model.nodes.push(Node {
            id: id.clone(),
            name: element.get("name").unwrap_or_default().to_string(),
            kind,
            parent: scope.parent,
            process: scope.process.to_string(),
            repeats,
        });
        if self.by_id.insert(id.clone(), ix).is_some() {
            self.note(
                "repeated_id",
                format!("The id {id} stands twice, again on line {}.", element.line),
            );
        }
        if let NodeKind::Boundary { .. } = kind {
            let host = element.get("attachedToRef").unwrap_or_default().to_string();
            self.hosts.push((ix, host, element.line));
        }
        self.defaults
            .extend(element.get("default").map(str::to_string));
        let in_event_sub = kind == NodeKind::SubProcess(SubKind::Event);
        self.inside(
            element,
            Scope {
                parent: Some(ix),
                in_event_sub,
                ..scope
            },
        );
    }

    fn lanes(&mut self, set: &Element, parent: Option<usize>) {
        for lane in set.all("lane") {
            let ix = self.model.lanes.len();
            self.model.lanes.push(Lane {
                id: lane.get("id").unwrap_or_default().to_string(),
                name: lane.get("name").unwrap_or_default().to_string(),
                parent,
                nodes: Vec::new(),
            });
            for child in &lane.children {
                match child.name.as_str() {
                    "flowNodeRef" => {
                        self.lane_refs
                            .push((ix, child.text.trim().to_string(), child.line))
                    }
                    "childLaneSet" => self.lanes(child, Some(ix)),
                    _ => self.ignore(child),
                }
            }
        }
    }

    fn collaboration(&mut self, collaboration: &Element) {
        for child in &collaboration.children {
            match child.name.as_str() {
                "participant" => {
                    self.model.pools.push(Pool {
                        id: child.get("id").unwrap_or_default().to_string(),
                        name: child.get("name").unwrap_or_default().to_string(),
                        process: child.get("processRef").map(str::to_string),
                    });
                    child.children.iter().for_each(|c| self.ignore(c));
                }
                "messageFlow" => {
                    let pending = pending(child);
                    self.messages.push(pending);
                }
                _ => self.ignore(child),
            }
        }
        if self.model.name.is_empty() {
            self.model.name = collaboration.get("name").unwrap_or_default().to_string();
        }
    }

    /// Counts an element with all that is in it, and keeps it when its author drew it.
    fn ignore(&mut self, element: &Element) {
        if let Some(artifact) = kinds::artifact(element) {
            self.model.artifacts.push(artifact);
        }
        match self
            .model
            .ignored
            .iter_mut()
            .find(|i| i.element == element.name)
        {
            Some(seen) => seen.count += 1,
            None => {
                self.model.ignored.push(Ignored {
                    element: element.name.clone(),
                    count: 1,
                    line: element.line,
                });
            }
        }
    }

    fn note(&mut self, code: &'static str, text: String) {
        self.model.notes.push(Note { code, text });
    }

    /// A node by id; references may carry a prefix.
    fn find(&self, id: &str) -> Option<NodeIx> {
        self.by_id
            .get(id)
            .or_else(|| self.by_id.get(id.rsplit(':').next()?))
            .copied()
    }

    fn finish(mut self) -> ProcessModel {
        let mut orphans = Vec::new();
        for (ix, host, line) in std::mem::take(&mut self.hosts) {
            match (self.find(&host), &mut self.model.nodes[ix].kind) {
                (Some(found), NodeKind::Boundary { host, .. }) if found != ix => *host = found,
                (_, kind) => {
                    *kind = kinds::detached(*kind);
                    orphans.push(format!(
                        "The boundary event on line {line} sits on \"{host}\", which is not there."
                    ));
                }
            }
        }
        for text in orphans {
            self.note("dangling_reference", text);
        }
        for (lane, id, line) in std::mem::take(&mut self.lane_refs) {
            match self.find(&id) {
                Some(ix) => self.model.lanes[lane].nodes.push(ix),
                None => self.note(
                    "dangling_reference",
                    format!("The lane on line {line} names \"{id}\", which is no step."),
                ),
            }
        }
        for PendingFlow { mut flow, line } in std::mem::take(&mut self.sequence) {
            match (self.find(&flow.ends.0), self.find(&flow.ends.1)) {
                (Some(source), Some(target)) => {
                    (flow.source, flow.target) = (source, target);
                    flow.is_default = self.defaults.contains(&flow.id);
                    self.model.flows.push(flow);
                }
                _ => self.note(
                    "dangling_reference",
                    format!("The flow on line {line} goes from \"{}\" to \"{}\", which are not both there.", flow.ends.0, flow.ends.1),
                ),
            }
        }
        for PendingFlow { mut flow, .. } in std::mem::take(&mut self.messages) {
            // Ends may be pools, so both numbers may stay 0: `ends` tells.
            flow.source = self.find(&flow.ends.0).unwrap_or_default();
            flow.target = self.find(&flow.ends.1).unwrap_or_default();
            self.model.message_flows.push(flow);
        }
        self.model
    }
}

fn pending(element: &Element) -> PendingFlow {
    let text = |name: &str| element.get(name).unwrap_or_default().to_string();
    PendingFlow {
        flow: Flow {
            id: element
                .get("id")
                .map_or_else(|| format!("flow-line-{}", element.line), str::to_string),
            name: text("name"),
            ends: (text("sourceRef"), text("targetRef")),
            conditional: element.child("conditionExpression").is_some(),
            ..Flow::default()
        },
        line: element.line,
    }
}

#[cfg(test)]
pub(crate) mod tests;
