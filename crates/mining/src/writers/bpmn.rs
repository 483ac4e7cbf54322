//! BPMN 2.0 XML with its drawing; a model without one gets a plain layered layout, so that other tools open it.

mod drawing;
mod layout;
#[cfg(test)]
mod tests;

use crate::model::bpmn::*;
use quick_xml::escape::escape;
use std::io::{self, Write};

const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"",
    " xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\"",
    " xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\"",
    " xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\"",
    " targetNamespace=\"http://tenon.example/bpmn\"",
);

/// Writes what [`crate::readers::bpmn::read`] reads: reading it again gives the same model, but for `ignored` and
/// the order of flows, which are grouped by sub-process.
pub fn write(model: &ProcessModel, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "{HEAD}{}{}>",
        attribute("id", &model.id),
        attribute("name", &model.name)
    )?;
    if !model.pools.is_empty() || !model.message_flows.is_empty() {
        collaboration(model, out)?;
    }
    for (number, process) in processes(model).into_iter().enumerate() {
        write!(
            out,
            "<process{} isExecutable=\"false\">",
            attribute("id", process)
        )?;
        lanes(model, process, number == 0, out)?;
        scope(model, process, None, out)?;
        if number == 0 {
            artifacts(model, out)?;
        }
        out.write_all(b"</process>\n")?;
    }
    match &model.drawing {
        Some(drawing) => drawing::write(model, drawing, out)?,
        None => drawing::write(model, &layout::lay_out(model), out)?,
    }
    out.write_all(b"</definitions>\n")
}

/// Ids of all processes, in order, those of empty pools last.
fn processes(model: &ProcessModel) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    let pools = model.pools.iter().filter_map(|p| p.process.as_deref());
    for id in model.nodes.iter().map(|n| n.process.as_str()).chain(pools) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn collaboration(model: &ProcessModel, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<collaboration id=\"collaboration\">")?;
    for pool in &model.pools {
        let process = pool
            .process
            .as_deref()
            .map_or(String::new(), |p| attribute("processRef", p));
        write!(
            out,
            "<participant{}{}{process}/>",
            attribute("id", &pool.id),
            name(&pool.name)
        )?;
    }
    for flow in &model.message_flows {
        write!(out, "<messageFlow{}/>", flow_attributes(flow))?;
    }
    out.write_all(b"</collaboration>\n")
}

fn lanes(model: &ProcessModel, process: &str, first: bool, out: &mut dyn Write) -> io::Result<()> {
    let root = |mut lane: usize| {
        while let Some(parent) = model.lanes[lane].parent.filter(|&p| p < lane) {
            lane = parent;
        }
        lane
    };
    let here = |top: usize| {
        let mut nodes = (0..model.lanes.len())
            .filter(|&l| root(l) == top)
            .flat_map(|l| &model.lanes[l].nodes);
        nodes
            .next()
            .map_or(first, |&n| model.nodes[n].process == process)
    };
    let tops: Vec<usize> = (0..model.lanes.len())
        .filter(|&l| model.lanes[l].parent.is_none() && here(l))
        .collect();
    if tops.is_empty() {
        return Ok(());
    }
    out.write_all(b"<laneSet>")?;
    for lane in tops {
        write_lane(model, lane, out)?;
    }
    out.write_all(b"</laneSet>\n")
}

fn write_lane(model: &ProcessModel, lane: usize, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<lane{}{}>",
        attribute("id", &model.lanes[lane].id),
        name(&model.lanes[lane].name)
    )?;
    for &node in &model.lanes[lane].nodes {
        write!(
            out,
            "<flowNodeRef>{}</flowNodeRef>",
            escape(model.nodes[node].id.as_str())
        )?;
    }
    let children: Vec<usize> = (lane + 1..model.lanes.len())
        .filter(|&l| model.lanes[l].parent == Some(lane))
        .collect();
    if !children.is_empty() {
        out.write_all(b"<childLaneSet>")?;
        for child in children {
            write_lane(model, child, out)?;
        }
        out.write_all(b"</childLaneSet>")?;
    }
    out.write_all(b"</lane>")
}

/// Nodes and flows directly inside a process or sub-process.
fn scope(
    model: &ProcessModel,
    process: &str,
    parent: Option<NodeIx>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let here = |n: &Node| n.process == process && n.parent == parent;
    for (ix, node) in model.nodes.iter().enumerate().filter(|(_, n)| here(n)) {
        write_node(model, ix, node, out)?;
    }
    for flow in model.flows.iter().filter(|f| here(&model.nodes[f.source])) {
        let condition = if flow.conditional {
            "<conditionExpression/>"
        } else {
            ""
        };
        writeln!(
            out,
            "<sequenceFlow{}>{condition}</sequenceFlow>",
            flow_attributes(flow)
        )?;
    }
    Ok(())
}

fn write_node(
    model: &ProcessModel,
    ix: NodeIx,
    node: &Node,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (tag, trigger, extra) = element(model, node.kind);
    let default = model.flows.iter().find(|f| f.source == ix && f.is_default);
    let default = default.map_or(String::new(), |f| attribute("default", &f.id));
    write!(
        out,
        "<{tag}{}{}{extra}{default}>",
        attribute("id", &node.id),
        name(&node.name)
    )?;
    for flow in model.flows.iter().filter(|f| f.target == ix) {
        write!(out, "<incoming>{}</incoming>", escape(flow.id.as_str()))?;
    }
    for flow in model.flows.iter().filter(|f| f.source == ix) {
        write!(out, "<outgoing>{}</outgoing>", escape(flow.id.as_str()))?;
    }
    if node.repeats {
        out.write_all(b"<standardLoopCharacteristics/>")?;
    }
    definition(trigger, &node.name, out)?;
    if matches!(node.kind, NodeKind::SubProcess(_)) {
        scope(model, &node.process, Some(ix), out)?;
    }
    writeln!(out, "</{tag}>")
}

/// Element name, trigger and attributes of a kind.
fn element(model: &ProcessModel, kind: NodeKind) -> (&'static str, Trigger, String) {
    let plain = |tag| (tag, Trigger::None, String::new());
    match kind {
        NodeKind::Task(task) => plain(match task {
            TaskKind::Plain => "task",
            TaskKind::User => "userTask",
            TaskKind::Manual => "manualTask",
            TaskKind::Service => "serviceTask",
            TaskKind::Script => "scriptTask",
            TaskKind::Send => "sendTask",
            TaskKind::Receive => "receiveTask",
            TaskKind::BusinessRule => "businessRuleTask",
        }),
        NodeKind::CallActivity => plain("callActivity"),
        NodeKind::SubProcess(SubKind::Embedded) => plain("subProcess"),
        NodeKind::SubProcess(SubKind::Event) => (
            "subProcess",
            Trigger::None,
            attribute("triggeredByEvent", "true"),
        ),
        NodeKind::SubProcess(SubKind::Transaction) => plain("transaction"),
        NodeKind::SubProcess(SubKind::AdHoc) => plain("adHocSubProcess"),
        NodeKind::Start(trigger) => ("startEvent", trigger, String::new()),
        NodeKind::EventStart {
            trigger,
            interrupting,
        } => (
            "startEvent",
            trigger,
            attribute(
                "isInterrupting",
                if interrupting { "true" } else { "false" },
            ),
        ),
        NodeKind::End(trigger) => ("endEvent", trigger, String::new()),
        NodeKind::Catch(trigger) => ("intermediateCatchEvent", trigger, String::new()),
        NodeKind::Throw(trigger) => ("intermediateThrowEvent", trigger, String::new()),
        NodeKind::Boundary {
            trigger,
            interrupting,
            host,
        } => {
            let cancel = attribute(
                "cancelActivity",
                if interrupting { "true" } else { "false" },
            );
            (
                "boundaryEvent",
                trigger,
                attribute("attachedToRef", &model.nodes[host].id) + &cancel,
            )
        }
        NodeKind::Gateway(gateway) => plain(match gateway {
            GatewayKind::Exclusive => "exclusiveGateway",
            GatewayKind::Parallel => "parallelGateway",
            GatewayKind::Inclusive => "inclusiveGateway",
            GatewayKind::EventBased => "eventBasedGateway",
            GatewayKind::Complex => "complexGateway",
        }),
    }
}

fn definition(trigger: Trigger, node: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = match trigger {
        Trigger::None => return Ok(()),
        Trigger::Message => "<messageEventDefinition/>",
        Trigger::Timer => "<timerEventDefinition/>",
        Trigger::Error => "<errorEventDefinition/>",
        Trigger::Escalation => "<escalationEventDefinition/>",
        Trigger::Cancel => "<cancelEventDefinition/>",
        Trigger::Compensation => "<compensateEventDefinition/>",
        Trigger::Conditional => {
            "<conditionalEventDefinition><condition/></conditionalEventDefinition>"
        }
        Trigger::Link => return write!(out, "<linkEventDefinition{}/>", attribute("name", node)),
        Trigger::Signal => "<signalEventDefinition/>",
        Trigger::Terminate => "<terminateEventDefinition/>",
        Trigger::Multiple => "<messageEventDefinition/><signalEventDefinition/>",
    };
    out.write_all(text.as_bytes())
}

fn artifacts(model: &ProcessModel, out: &mut dyn Write) -> io::Result<()> {
    for artifact in &model.artifacts {
        let id = attribute("id", &artifact.id);
        let named = name(&artifact.text);
        match (artifact.kind, &artifact.ends) {
            (ArtifactKind::TextAnnotation, _) => {
                write!(
                    out,
                    "<textAnnotation{id}><text>{}</text></textAnnotation>",
                    escape(artifact.text.as_str())
                )?;
            }
            (ArtifactKind::DataObject, _) => write!(out, "<dataObjectReference{id}{named}/>")?,
            (ArtifactKind::DataStore, _) => write!(out, "<dataStoreReference{id}{named}/>")?,
            (ArtifactKind::Group, _) => write!(out, "<group{id}{named}/>")?,
            (ArtifactKind::Association, ends) => {
                let (source, target) = ends.clone().unwrap_or_default();
                let ends = attribute("sourceRef", &source) + &attribute("targetRef", &target);
                write!(out, "<association{id}{ends}/>")?;
            }
        }
    }
    Ok(())
}

fn flow_attributes(flow: &Flow) -> String {
    let ends = attribute("sourceRef", &flow.ends.0) + &attribute("targetRef", &flow.ends.1);
    attribute("id", &flow.id) + &name(&flow.name) + &ends
}

fn name(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        attribute("name", text)
    }
}

/// Line breaks are written as references: a parser would turn them into spaces.
fn attribute(name: &str, value: &str) -> String {
    let value = escape(value)
        .replace('\n', "&#10;")
        .replace('\r', "&#13;")
        .replace('\t', "&#9;");
    format!(" {name}=\"{value}\"")
}
