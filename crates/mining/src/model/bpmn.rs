//! A BPMN 2.0 process (ISO/IEC 19510) as far as Tenon reads it, with its drawing (BPMN DI) when the file has one.

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
    pub drawing: Option<Drawing>,
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
}

/// Where the author drew things; units are those of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Drawing {
    pub shapes: Vec<Shape>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shape {
    /// Id of the element drawn.
    pub element: String,
    pub bounds: Bounds,
    pub expanded: bool,
    pub horizontal: bool,
    pub label: Option<Bounds>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Edge {
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
    /// Names of tasks, call activities and collapsed sub-processes: what a log can show. In order of the file.
    pub fn activities(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for node in &self.nodes {
            if matches!(node.kind, NodeKind::Task(_) | NodeKind::CallActivity)
                && !node.name.is_empty()
                && !names.contains(&node.name.as_str())
            {
                names.push(&node.name);
            }
        }
        names
    }
}
