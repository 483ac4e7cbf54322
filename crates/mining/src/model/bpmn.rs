//! A BPMN 2.0 process (ISO/IEC 19510) as far as Tenon reads it, with its drawing (BPMN DI) when the file has one.

use crate::readers::Note;
use serde::Serialize;

/// Index into [`ProcessModel::nodes`].
pub type NodeIx = usize;

/// One BPMN file: all its processes in one graph.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProcessModel {
    pub id: String,
    pub name: String,
    pub pools: Vec<Pool>,
    pub lanes: Vec<Lane>,
    pub nodes: Vec<Node>,
    /// Sequence flows.
    pub flows: Vec<Flow>,
    /// Message flows between pools; drawn, not run.
    pub message_flows: Vec<Flow>,
    /// Texts, data and groups: drawn, not run. They are counted in `ignored` as well.
    pub artifacts: Vec<Artifact>,
    pub drawing: Option<Drawing>,
    /// What was odd about the file, such as a reference to nothing.
    pub notes: Vec<Note>,
    /// Elements that were read past, with how often and the first line they were seen at.
    pub ignored: Vec<Ignored>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pool {
    pub id: String,
    pub name: String,
    /// Id of the process in this pool; `None` for a black box.
    pub process: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Lane {
    pub id: String,
    pub name: String,
    pub parent: Option<usize>,
    pub nodes: Vec<NodeIx>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    pub id: String,
    /// As written; may be empty.
    pub name: String,
    pub kind: NodeKind,
    /// The sub-process this node is in.
    pub parent: Option<NodeIx>,
    /// Id of the process this node belongs to.
    pub process: String,
    /// For multi-instance or loop markers.
    pub repeats: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    Task(TaskKind),
    CallActivity,
    SubProcess(SubKind),
    Start(Trigger),
    /// The start of an event sub-process.
    EventStart {
        trigger: Trigger,
        interrupting: bool,
    },
    End(Trigger),
    Catch(Trigger),
    Throw(Trigger),
    Boundary {
        trigger: Trigger,
        interrupting: bool,
        host: NodeIx,
    },
    Gateway(GatewayKind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    Plain,
    User,
    Manual,
    Service,
    Script,
    Send,
    Receive,
    BusinessRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubKind {
    Embedded,
    Event,
    Transaction,
    AdHoc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    None,
    Message,
    Timer,
    Error,
    Escalation,
    Cancel,
    Compensation,
    Conditional,
    Link,
    Signal,
    Terminate,
    Multiple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayKind {
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Complex,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Flow {
    pub id: String,
    pub name: String,
    pub source: NodeIx,
    pub target: NodeIx,
    /// Ids as written, for message flows whose ends may be pools.
    pub ends: (String, String),
    /// Taken when no condition of its siblings holds.
    pub is_default: bool,
    pub conditional: bool,
}

/// Something beside the process that its author drew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Artifact {
    pub id: String,
    pub kind: ArtifactKind,
    pub text: String,
    /// For associations, ids of both ends.
    pub ends: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    TextAnnotation,
    DataObject,
    DataStore,
    Group,
    Association,
}

/// Where the author drew things; units are those of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Drawing {
    pub shapes: Vec<Shape>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shape {
    /// Counts the diagrams of the file from 0; each has its own plane.
    pub diagram: usize,
    /// Id of the element drawn.
    pub element: String,
    pub bounds: Bounds,
    pub expanded: bool,
    pub horizontal: bool,
    pub label: Option<Bounds>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Edge {
    pub diagram: usize,
    pub element: String,
    pub points: Vec<(f64, f64)>,
    pub label: Option<Bounds>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ignored {
    pub element: String,
    pub count: u64,
    pub line: u64,
}

impl ProcessModel {
    /// Names of tasks, call activities and sub-processes without an inside: what a log can show. In order of the file.
    pub fn activities(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (ix, node) in self.nodes.iter().enumerate() {
            if self.is_activity(ix) && !node.name.is_empty() && !names.contains(&node.name.as_str())
            {
                names.push(&node.name);
            }
        }
        names
    }

    /// Whether a node is one unit of work: a sub-process is one only when nothing is drawn inside.
    pub fn is_activity(&self, ix: NodeIx) -> bool {
        match self.nodes[ix].kind {
            NodeKind::Task(_) | NodeKind::CallActivity => true,
            NodeKind::SubProcess(_) => !self.nodes.iter().any(|n| n.parent == Some(ix)),
            _ => false,
        }
    }
}

/// A model in numbers, for people and programs that look at a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub name: String,
    pub processes: usize,
    pub activities: Vec<String>,
    /// Gateways by kind, in order of the kind's name.
    pub gateways: std::collections::BTreeMap<&'static str, usize>,
    pub events: usize,
    pub boundary_events: usize,
    pub sub_processes: usize,
    pub flows: usize,
    pub message_flows: usize,
    pub lanes: Vec<String>,
    pub pools: Vec<String>,
    /// Whether the file has a drawing.
    pub drawn: bool,
    pub ignored: Vec<Ignored>,
    pub notes: Vec<Note>,
}

impl ProcessModel {
    /// What the file has, counted.
    pub fn summary(&self) -> Summary {
        let mut gateways = std::collections::BTreeMap::new();
        let (mut events, mut boundary_events, mut sub_processes) = (0, 0, 0);
        let mut processes: Vec<&str> = Vec::new();
        for node in &self.nodes {
            if processes.last() != Some(&node.process.as_str()) {
                processes.push(&node.process);
            }
            match node.kind {
                NodeKind::Gateway(kind) => *gateways.entry(kind.word()).or_insert(0) += 1,
                NodeKind::SubProcess(_) => sub_processes += 1,
                NodeKind::Boundary { .. } => boundary_events += 1,
                NodeKind::Task(_) | NodeKind::CallActivity => {}
                _ => events += 1,
            }
        }
        Summary {
            name: self.name.clone(),
            processes: processes.len(),
            activities: self.activities().into_iter().map(str::to_string).collect(),
            gateways,
            events: events + boundary_events,
            boundary_events,
            sub_processes,
            flows: self.flows.len(),
            message_flows: self.message_flows.len(),
            lanes: self.lanes.iter().map(|l| l.name.clone()).collect(),
            pools: self.pools.iter().map(|p| p.name.clone()).collect(),
            drawn: self.drawing.is_some(),
            ignored: self.ignored.clone(),
            notes: self.notes.clone(),
        }
    }
}

impl GatewayKind {
    pub fn word(self) -> &'static str {
        match self {
            GatewayKind::Exclusive => "exclusive",
            GatewayKind::Parallel => "parallel",
            GatewayKind::Inclusive => "inclusive",
            GatewayKind::EventBased => "event_based",
            GatewayKind::Complex => "complex",
        }
    }
}
