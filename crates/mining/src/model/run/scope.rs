//! One process, or the inside of one sub-process, as a block.

use super::super::bpmn::*;
use super::super::petri::PetriNet;
use super::ConversionError;
use super::block::{self, Block, Ends};
use super::inclusive::{self, Pairs};
use rustc_hash::FxHashMap;

/// Flow nodes of a scope and the edges between them: flows, and link events of the same name.
pub(super) struct Graph {
    pub members: Vec<NodeIx>,
    pub edges: Vec<(NodeIx, NodeIx)>,
    /// The flow behind an edge.
    flow: Vec<Option<usize>>,
    ins: FxHashMap<NodeIx, Vec<usize>>,
    outs: FxHashMap<NodeIx, Vec<usize>>,
    guards: FxHashMap<NodeIx, Vec<NodeIx>>,
}

impl Graph {
    fn new(model: &ProcessModel, process: &str, parent: Option<NodeIx>) -> Self {
        let inside =
            |ix: &NodeIx| model.nodes[*ix].process == process && model.nodes[*ix].parent == parent;
        let members: Vec<NodeIx> = (0..model.nodes.len()).filter(inside).collect();
        let here = |ix: NodeIx| members.binary_search(&ix).is_ok();
        let flows = model
            .flows
            .iter()
            .enumerate()
            .filter(|(_, f)| here(f.source) && here(f.target));
        let mut edges: Vec<(NodeIx, NodeIx, Option<usize>)> =
            flows.map(|(i, f)| (f.source, f.target, Some(i))).collect();
        for &from in members
            .iter()
            .filter(|&&n| model.nodes[n].kind == NodeKind::Throw(Trigger::Link))
        {
            let same = |n: &&NodeIx| {
                model.nodes[**n].kind == NodeKind::Catch(Trigger::Link)
                    && model.nodes[**n].name == model.nodes[from].name
            };
            edges.extend(members.iter().filter(same).map(|&to| (from, to, None)));
        }
        let mut graph = Graph {
            edges: edges.iter().map(|e| (e.0, e.1)).collect(),
            flow: edges.iter().map(|e| e.2).collect(),
            ins: FxHashMap::default(),
            outs: FxHashMap::default(),
            guards: FxHashMap::default(),
            members,
        };
        for (at, &(source, target)) in graph.edges.iter().enumerate() {
            graph.outs.entry(source).or_default().push(at);
            graph.ins.entry(target).or_default().push(at);
        }
        for &node in &graph.members {
            if let NodeKind::Boundary { host, .. } = model.nodes[node].kind {
                graph.guards.entry(host).or_default().push(node);
            }
        }
        graph
    }

    pub fn ins(&self, node: NodeIx) -> &[usize] {
        self.ins.get(&node).map_or(&[], Vec::as_slice)
    }

    pub fn outs(&self, node: NodeIx) -> &[usize] {
        self.outs.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Boundary events on a node.
    pub fn guards(&self, node: NodeIx) -> &[NodeIx] {
        self.guards.get(&node).map_or(&[], Vec::as_slice)
    }
}

struct Scope<'a> {
    model: &'a ProcessModel,
    process: &'a str,
    graph: Graph,
    pairs: Pairs,
    net: PetriNet,
    /// Edge to place.
    place: Vec<u32>,
    /// Ways in: alternatives, and those that all begin at once when there is no alternative.
    starts: Vec<Vec<u32>>,
    together: Vec<u32>,
    ends: Ends,
}

pub(super) fn build(
    model: &ProcessModel,
    process: &str,
    parent: Option<NodeIx>,
) -> Result<Block, ConversionError> {
    let graph = Graph::new(model, process, parent);
    if graph.members.is_empty() {
        return Err(ConversionError::NoSteps);
    }
    let mut net = PetriNet::default();
    let place = graph.edges.iter().map(|_| net.place()).collect();
    let pairs = inclusive::pairs(model, &graph);
    let ends = Ends {
        places: Vec::new(),
        terminate: Vec::new(),
        loose: false,
    };
    let scope = Scope {
        model,
        process,
        graph,
        pairs,
        net,
        place,
        starts: Vec::new(),
        together: Vec::new(),
        ends,
    };
    if parent.is_some_and(|p| model.nodes[p].kind == NodeKind::SubProcess(SubKind::AdHoc)) {
        return scope.ad_hoc();
    }
    scope.ordered(parent)
}

impl Scope<'_> {
    fn ordered(mut self, parent: Option<NodeIx>) -> Result<Block, ConversionError> {
        let has_start = self
            .graph
            .members
            .iter()
            .any(|&n| is_start(self.model.nodes[n].kind));
        let mut handlers = Vec::new();
        for node in self.graph.members.clone() {
            let kind = self.model.nodes[node].kind;
            let alone = self.graph.ins(node).is_empty() && self.graph.outs(node).is_empty();
            match kind {
                NodeKind::SubProcess(SubKind::Event) => handlers.push(node),
                // Its outgoing flows are taken care of by its host.
                NodeKind::Boundary { .. } => {}
                // Nothing leads here: a compensation handler, or something left over.
                _ if alone && has_start && !is_start(kind) => {}
                _ => self.node(node)?,
            }
        }
        let enter = self.net.place();
        let mut begin = enter;
        let mut interrupting = Vec::new();
        for handler in handlers {
            if !self.model.nodes.iter().any(|n| n.parent == Some(handler)) {
                continue;
            }
            let inside = build(self.model, self.process, Some(handler))?;
            if self.interrupts(handler) {
                interrupting.push(inside);
                continue;
            }
            let shift = inside.embed(&mut self.net);
            let next = self.net.place();
            self.net.transition(None, &[begin], &[next]);
            self.net
                .transition(None, &[begin], &[next, inside.enter + shift]);
            self.ends.places.push(inside.leave + shift);
            begin = next;
        }
        if self.starts.is_empty() {
            self.net.transition(None, &[begin], &self.together);
        }
        let alternatives = self
            .starts
            .iter()
            .cloned()
            .chain(match self.starts.is_empty() {
                true => Vec::new(),
                false => self.together.iter().map(|&p| vec![p]).collect::<Vec<_>>(),
            });
        for outs in alternatives.collect::<Vec<_>>() {
            self.net.transition(None, &[begin], &outs);
        }
        let name = parent
            .map_or(self.process, |p| &self.model.nodes[p].name)
            .to_string();
        let leave = block::close(&mut self.net, enter, &self.ends)
            .ok_or(ConversionError::NeverEnds(name))?;
        let states = if interrupting.is_empty() {
            Vec::new()
        } else {
            block::running(&self.net, enter, |m| *m == [leave])
        };
        for inside in interrupting {
            let shift = inside.embed(&mut self.net);
            for state in &states {
                self.net.transition(None, state, &[inside.enter + shift]);
            }
            self.net.transition(None, &[inside.leave + shift], &[leave]);
        }
        Ok(Block {
            net: self.net,
            enter,
            leave,
        })
    }

    /// Any activity at any time, until it is enough.
    fn ad_hoc(mut self) -> Result<Block, ConversionError> {
        let [enter, open, leave] = [self.net.place(), self.net.place(), self.net.place()];
        self.net.transition(None, &[enter], &[open]);
        self.net.transition(None, &[open], &[leave]);
        for node in self.graph.members.clone() {
            let activity = matches!(
                self.model.nodes[node].kind,
                NodeKind::Task(_) | NodeKind::CallActivity | NodeKind::SubProcess(_)
            );
            if activity {
                self.activity(node, open, open)?;
            }
        }
        Ok(Block {
            net: self.net,
            enter,
            leave,
        })
    }

    fn interrupts(&self, handler: NodeIx) -> bool {
        self.model.nodes.iter().any(|n| {
            n.parent == Some(handler)
                && matches!(
                    n.kind,
                    NodeKind::EventStart {
                        interrupting: true,
                        ..
                    }
                )
        })
    }

    fn node(&mut self, node: NodeIx) -> Result<(), ConversionError> {
        let kind = self.model.nodes[node].kind;
        match kind {
            NodeKind::Start(_) | NodeKind::EventStart { .. } if self.graph.ins(node).is_empty() => {
                let outs = self.leaving(node);
                self.starts.push(outs);
            }
            NodeKind::End(trigger) if self.graph.outs(node).is_empty() => {
                let at = self.arriving(node);
                match trigger {
                    Trigger::Terminate => self.ends.terminate.push(at),
                    _ => self.ends.places.push(at),
                }
            }
            NodeKind::Gateway(GatewayKind::Exclusive | GatewayKind::EventBased) => {
                let from = self.arriving(node);
                for out in self.leaving(node) {
                    self.net.transition(None, &[from], &[out]);
                }
            }
            NodeKind::Gateway(GatewayKind::Parallel) => {
                let (ins, outs) = (self.arriving_all(node), self.leaving(node));
                self.net.transition(None, &ins, &outs);
            }
            NodeKind::Gateway(GatewayKind::Inclusive | GatewayKind::Complex) => {
                self.inclusive(node)
            }
            NodeKind::Task(_) | NodeKind::CallActivity | NodeKind::SubProcess(_) => {
                let from = self.arriving(node);
                let done = self.net.place();
                let from = self.guarded(node, from);
                self.activity(node, from, done)?;
                self.after_activity(node, done);
            }
            _ => {
                let (from, outs) = (self.arriving(node), self.leaving(node));
                self.net.transition(None, &[from], &outs);
            }
        }
        Ok(())
    }

    /// The activity itself from one place to another, with its marker and the events that interrupt it.
    fn activity(&mut self, node: NodeIx, from: u32, to: u32) -> Result<(), ConversionError> {
        let Node { name, repeats, .. } = &self.model.nodes[node];
        let (enter, leave) = if *repeats {
            (self.net.place(), self.net.place())
        } else {
            (from, to)
        };
        if *repeats {
            self.net.transition(None, &[from], &[enter]);
            self.net.transition(None, &[leave], &[enter]);
            self.net.transition(None, &[leave], &[to]);
        }
        let mut states = vec![vec![enter]];
        if self.model.is_activity(node) {
            let label = Some(name.as_str()).filter(|n| !n.is_empty());
            self.net.transition(label, &[enter], &[leave]);
        } else {
            let inside = build(self.model, self.process, Some(node))?;
            let shift = inside.embed(&mut self.net);
            self.net.transition(None, &[enter], &[inside.enter + shift]);
            self.net.transition(None, &[inside.leave + shift], &[leave]);
            states = inside
                .running()
                .into_iter()
                .map(|m| m.into_iter().map(|p| p + shift).collect())
                .collect();
        }
        for guard in self.graph.guards(node).to_vec() {
            if matches!(
                self.model.nodes[guard].kind,
                NodeKind::Boundary {
                    interrupting: true,
                    ..
                }
            ) && !self.graph.outs(guard).is_empty()
            {
                let outs = self.leaving(guard);
                for state in &states {
                    self.net.transition(None, state, &outs);
                }
            }
        }
        Ok(())
    }

    /// Adds what boundary events that do not interrupt may set off; returns where the activity begins.
    fn guarded(&mut self, node: NodeIx, mut from: u32) -> u32 {
        for guard in self.graph.guards(node).to_vec() {
            if matches!(
                self.model.nodes[guard].kind,
                NodeKind::Boundary {
                    interrupting: false,
                    ..
                }
            ) && !self.graph.outs(guard).is_empty()
            {
                let next = self.net.place();
                let outs = self.leaving(guard);
                self.net.transition(None, &[from], &[next]);
                self.net
                    .transition(None, &[from], &[&[next], &outs[..]].concat());
                from = next;
            }
        }
        from
    }

    /// Several flows out of an activity run in parallel, unless they carry conditions.
    fn after_activity(&mut self, node: NodeIx, done: u32) {
        let outs = self.leaving(node);
        let flows = self
            .graph
            .outs(node)
            .iter()
            .filter_map(|&e| self.graph.flow[e]);
        let conditional = flows
            .filter(|&f| self.model.flows[f].conditional || self.model.flows[f].is_default)
            .count();
        if conditional > 0 && outs.len() > 1 {
            self.ends.loose = true;
            inclusive::split(&mut self.net, done, &outs, None);
        } else {
            self.net.transition(None, &[done], &outs);
        }
    }

    fn inclusive(&mut self, node: NodeIx) {
        let outs = self.leaving(node);
        let from = if self.pairs.joins.contains(&node) {
            let (ins, from) = (self.arriving_all(node), self.net.place());
            self.net.transition(None, &ins, &[from]);
            from
        } else if self.graph.ins(node).len() > 1 {
            let (ins, from) = (self.arriving_all(node), self.net.place());
            inclusive::join(&mut self.net, &ins, from);
            self.ends.loose = true;
            from
        } else {
            self.arriving(node)
        };
        let skips = self
            .pairs
            .skips
            .get(&node)
            .map(|edges| edges.iter().map(|&e| self.place[e]).collect::<Vec<_>>());
        inclusive::split(&mut self.net, from, &outs, skips.as_deref());
    }

    fn arriving_all(&mut self, node: NodeIx) -> Vec<u32> {
        match self.graph.ins(node) {
            [] => vec![self.arriving(node)],
            edges => edges.iter().map(|&e| self.place[e]).collect(),
        }
    }

    /// One place for every way in: flows that meet without a gateway are alternatives.
    fn arriving(&mut self, node: NodeIx) -> u32 {
        let ins: Vec<u32> = self
            .graph
            .ins(node)
            .iter()
            .map(|&e| self.place[e])
            .collect();
        if let [only] = ins[..] {
            return only;
        }
        let place = self.net.place();
        for &from in &ins {
            self.net.transition(None, &[from], &[place]);
        }
        if ins.is_empty() {
            self.together.push(place);
        }
        place
    }

    /// Places of the flows out; an end of its own when there are none.
    fn leaving(&mut self, node: NodeIx) -> Vec<u32> {
        let outs: Vec<u32> = self
            .graph
            .outs(node)
            .iter()
            .map(|&e| self.place[e])
            .collect();
        if !outs.is_empty() {
            return outs;
        }
        let end = self.net.place();
        self.ends.places.push(end);
        vec![end]
    }
}

fn is_start(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Start(_) | NodeKind::EventStart { .. })
}
