//! Element names and what they are.

use super::super::xml_tree::Element;
use crate::model::bpmn::*;

/// The kind of a flow node, or `None` for anything else.
pub(super) fn of(element: &Element, in_event_sub: bool) -> Option<NodeKind> {
    let trigger = || trigger(element);
    Some(match element.name.as_str() {
        "task" => NodeKind::Task(TaskKind::Plain),
        "userTask" => NodeKind::Task(TaskKind::User),
        "manualTask" => NodeKind::Task(TaskKind::Manual),
        "serviceTask" => NodeKind::Task(TaskKind::Service),
        "scriptTask" => NodeKind::Task(TaskKind::Script),
        "sendTask" => NodeKind::Task(TaskKind::Send),
        "receiveTask" => NodeKind::Task(TaskKind::Receive),
        "businessRuleTask" => NodeKind::Task(TaskKind::BusinessRule),
        "callActivity" => NodeKind::CallActivity,
        "subProcess" if is_true(element, "triggeredByEvent", false) => {
            NodeKind::SubProcess(SubKind::Event)
        }
        "subProcess" => NodeKind::SubProcess(SubKind::Embedded),
        "transaction" => NodeKind::SubProcess(SubKind::Transaction),
        "adHocSubProcess" => NodeKind::SubProcess(SubKind::AdHoc),
        "startEvent" if in_event_sub => NodeKind::EventStart {
            trigger: trigger(),
            interrupting: is_true(element, "isInterrupting", true),
        },
        "startEvent" => NodeKind::Start(trigger()),
        "endEvent" => NodeKind::End(trigger()),
        "intermediateCatchEvent" => NodeKind::Catch(trigger()),
        "intermediateThrowEvent" | "intermediateEvent" => NodeKind::Throw(trigger()),
        "boundaryEvent" => {
            let interrupting = is_true(element, "cancelActivity", true);
            NodeKind::Boundary {
                trigger: trigger(),
                interrupting,
                host: 0,
            }
        }
        "exclusiveGateway" => NodeKind::Gateway(GatewayKind::Exclusive),
        "parallelGateway" => NodeKind::Gateway(GatewayKind::Parallel),
        "inclusiveGateway" => NodeKind::Gateway(GatewayKind::Inclusive),
        "eventBasedGateway" => NodeKind::Gateway(GatewayKind::EventBased),
        "complexGateway" => NodeKind::Gateway(GatewayKind::Complex),
        _ => return None,
    })
}

/// What a boundary event is when the activity it sits on is missing.
pub(super) fn detached(kind: NodeKind) -> NodeKind {
    match kind {
        NodeKind::Boundary { trigger, .. } => NodeKind::Catch(trigger),
        other => other,
    }
}

fn is_true(element: &Element, name: &str, default: bool) -> bool {
    element
        .get(name)
        .map_or(default, |v| matches!(v.trim(), "true" | "1"))
}

fn trigger(element: &Element) -> Trigger {
    let mut found = element
        .children
        .iter()
        .filter_map(|c| match c.name.as_str() {
            "messageEventDefinition" => Some(Trigger::Message),
            "timerEventDefinition" => Some(Trigger::Timer),
            "errorEventDefinition" => Some(Trigger::Error),
            "escalationEventDefinition" => Some(Trigger::Escalation),
            "cancelEventDefinition" => Some(Trigger::Cancel),
            "compensateEventDefinition" => Some(Trigger::Compensation),
            "conditionalEventDefinition" => Some(Trigger::Conditional),
            "linkEventDefinition" => Some(Trigger::Link),
            "signalEventDefinition" => Some(Trigger::Signal),
            "terminateEventDefinition" => Some(Trigger::Terminate),
            // Defined elsewhere in the file; which kind matters little to a reader of the process.
            "eventDefinitionRef" => Some(Trigger::Multiple),
            _ => None,
        });
    match (found.next(), found.next()) {
        (None, _) => Trigger::None,
        (Some(one), None) => one,
        (Some(_), Some(_)) => Trigger::Multiple,
    }
}

/// Things beside the process that have a place in the drawing.
pub(super) fn artifact(element: &Element) -> Option<Artifact> {
    let kind = match element.name.as_str() {
        "textAnnotation" => ArtifactKind::TextAnnotation,
        "dataObjectReference" | "dataObject" | "dataInput" | "dataOutput" => {
            ArtifactKind::DataObject
        }
        "dataStoreReference" => ArtifactKind::DataStore,
        "group" => ArtifactKind::Group,
        "association" | "dataInputAssociation" | "dataOutputAssociation" => {
            ArtifactKind::Association
        }
        _ => return None,
    };
    let end = |name: &str| {
        let child = || element.child(name).map(|c| c.text.trim());
        element
            .get(name)
            .or_else(child)
            .unwrap_or_default()
            .to_string()
    };
    let ends = (kind == ArtifactKind::Association).then(|| (end("sourceRef"), end("targetRef")));
    let text = element
        .child("text")
        .map(|t| t.text.trim())
        .or(element.get("name"))
        .unwrap_or_default();
    Some(Artifact {
        id: element.get("id")?.to_string(),
        kind,
        text: text.to_string(),
        ends,
    })
}
