//! A plain drawing for models that have none: steps in columns from left to right, processes below one another.

use crate::model::bpmn::*;

const GAP_X: f64 = 60.0;
const GAP_Y: f64 = 40.0;
const MARGIN: f64 = 30.0;

pub(super) fn lay_out(model: &ProcessModel) -> Drawing {
    let mut canvas = Canvas {
        model,
        at: vec![Bounds::default(); model.nodes.len()],
    };
    let mut drawing = Drawing::default();
    let mut top = MARGIN;
    for process in super::processes(model) {
        let (width, height) = canvas.scope(process, None);
        canvas.shift(process, None, 2.0 * MARGIN, top + MARGIN);
        let pool = model
            .pools
            .iter()
            .find(|p| p.process.as_deref() == Some(process));
        if let Some(pool) = pool {
            let bounds = Bounds {
                x: MARGIN,
                y: top,
                width: width + 2.0 * MARGIN,
                height: height + 2.0 * MARGIN,
            };
            drawing.shapes.push(shape(&pool.id, bounds, true));
        }
        top += height + 3.0 * MARGIN;
    }
    for pool in model.pools.iter().filter(|p| p.process.is_none()) {
        drawing.shapes.push(shape(
            &pool.id,
            Bounds {
                x: MARGIN,
                y: top,
                width: 600.0,
                height: 60.0,
            },
            true,
        ));
        top += 60.0 + MARGIN;
    }
    for (ix, node) in model.nodes.iter().enumerate() {
        drawing.shapes.push(shape(
            &node.id,
            canvas.at[ix],
            matches!(node.kind, NodeKind::SubProcess(_)),
        ));
    }
    drawing.edges = model.flows.iter().map(|f| canvas.edge(f)).collect();
    drawing
}

fn shape(element: &str, bounds: Bounds, expanded: bool) -> Shape {
    Shape {
        element: element.to_string(),
        bounds,
        expanded,
        horizontal: true,
        ..Shape::default()
    }
}

struct Canvas<'a> {
    model: &'a ProcessModel,
    at: Vec<Bounds>,
}

impl Canvas<'_> {
    fn members(&self, process: &str, parent: Option<NodeIx>) -> Vec<NodeIx> {
        let nodes = self.model.nodes.iter().enumerate();
        nodes
            .filter(|(_, n)| n.process == process && n.parent == parent)
            .map(|(ix, _)| ix)
            .collect()
    }

    /// Places the nodes of a scope from (0, 0) on; returns width and height.
    fn scope(&mut self, process: &str, parent: Option<NodeIx>) -> (f64, f64) {
        let members = self.members(process, parent);
        for &node in &members {
            let (width, height) = self.size(process, node);
            self.at[node] = Bounds {
                width,
                height,
                ..Bounds::default()
            };
        }
        let is_guard = |n: &NodeIx| matches!(self.model.nodes[*n].kind, NodeKind::Boundary { .. });
        let (guards, members): (Vec<NodeIx>, Vec<NodeIx>) = members.into_iter().partition(is_guard);
        let columns = self.columns(&members);
        let height_of = |column: &[NodeIx]| {
            column
                .iter()
                .map(|&n| self.at[n].height + GAP_Y)
                .sum::<f64>()
                - GAP_Y
        };
        let height = columns.iter().map(|c| height_of(c)).fold(0.0, f64::max);
        let tops: Vec<f64> = columns
            .iter()
            .map(|c| (height - height_of(c)) / 2.0)
            .collect();
        let mut x = 0.0;
        for (column, mut y) in columns.into_iter().zip(tops) {
            let width = column.iter().map(|&n| self.at[n].width).fold(0.0, f64::max);
            for node in column {
                let at = &mut self.at[node];
                (at.x, at.y) = (x + (width - at.width) / 2.0, y);
                y += at.height + GAP_Y;
            }
            x += width + GAP_X;
        }
        for guard in guards {
            if let NodeKind::Boundary { host, .. } = self.model.nodes[guard].kind {
                let host = self.at[host];
                let at = &mut self.at[guard];
                (at.x, at.y) = (
                    host.x + host.width / 2.0 - 18.0,
                    host.y + host.height - 18.0,
                );
            }
        }
        ((x - GAP_X).max(0.0), height)
    }

    fn size(&mut self, process: &str, node: NodeIx) -> (f64, f64) {
        match self.model.nodes[node].kind {
            NodeKind::Gateway(_) => (50.0, 50.0),
            NodeKind::SubProcess(_) if !self.members(process, Some(node)).is_empty() => {
                let (width, height) = self.scope(process, Some(node));
                (width + 2.0 * MARGIN, height + 2.0 * MARGIN)
            }
            NodeKind::Task(_) | NodeKind::CallActivity | NodeKind::SubProcess(_) => (120.0, 80.0),
            _ => (36.0, 36.0),
        }
    }

    /// Moves a scope, and what is inside its sub-processes to where those now are.
    fn shift(&mut self, process: &str, parent: Option<NodeIx>, dx: f64, dy: f64) {
        for node in self.members(process, parent) {
            self.at[node].x += dx;
            self.at[node].y += dy;
            if matches!(self.model.nodes[node].kind, NodeKind::SubProcess(_)) {
                let Bounds { x, y, .. } = self.at[node];
                self.shift(process, Some(node), x + MARGIN, y + MARGIN);
            }
        }
    }

    /// Columns by longest way from a start, with flows that lead back left out.
    fn columns(&self, members: &[NodeIx]) -> Vec<Vec<NodeIx>> {
        let mut rank = vec![0usize; self.model.nodes.len()];
        // A guard's flows begin where its host is.
        let from = |n: NodeIx| match self.model.nodes[n].kind {
            NodeKind::Boundary { host, .. } => host,
            _ => n,
        };
        let forward = self.forward(members, from);
        for _ in 0..members.len() {
            let mut changed = false;
            for &(source, target) in &forward {
                if rank[target] <= rank[source] {
                    rank[target] = rank[source] + 1;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut columns = vec![Vec::new(); members.iter().map(|&n| rank[n] + 1).max().unwrap_or(0)];
        members.iter().for_each(|&n| columns[rank[n]].push(n));
        columns.retain(|c: &Vec<NodeIx>| !c.is_empty());
        columns
    }

    /// Edges that do not close a cycle, found depth first without recursion.
    fn forward(
        &self,
        members: &[NodeIx],
        from: impl Fn(NodeIx) -> NodeIx,
    ) -> Vec<(NodeIx, NodeIx)> {
        let mut outs: Vec<Vec<NodeIx>> = vec![Vec::new(); self.model.nodes.len()];
        let mut ins = vec![0usize; self.model.nodes.len()];
        for flow in &self.model.flows {
            let source = from(flow.source);
            if source != flow.target && members.contains(&source) && members.contains(&flow.target)
            {
                outs[source].push(flow.target);
                ins[flow.target] += 1;
            }
        }
        let mut roots: Vec<NodeIx> = members.to_vec();
        roots.sort_by_key(|&n| ins[n] > 0);
        // 0 not seen, 1 on the way, 2 done.
        let mut state = vec![0u8; self.model.nodes.len()];
        let mut edges = Vec::new();
        for root in roots {
            let mut stack = if state[root] == 0 {
                vec![(root, 0)]
            } else {
                Vec::new()
            };
            while let Some((node, next)) = stack.pop() {
                state[node] = 1;
                match outs[node].get(next) {
                    None => state[node] = 2,
                    Some(&target) => {
                        stack.push((node, next + 1));
                        if state[target] != 1 {
                            edges.push((node, target));
                        }
                        if state[target] == 0 {
                            stack.push((target, 0));
                        }
                    }
                }
            }
        }
        edges
    }

    fn edge(&self, flow: &Flow) -> Edge {
        let (a, b) = (self.at[flow.source], self.at[flow.target]);
        let (from, to) = (
            (a.x + a.width, a.y + a.height / 2.0),
            (b.x, b.y + b.height / 2.0),
        );
        let points = if to.0 >= from.0 {
            let middle = to.0 - GAP_X / 2.0;
            if from.1 == to.1 {
                vec![from, to]
            } else {
                vec![from, (middle, from.1), (middle, to.1), to]
            }
        } else {
            let below = (a.y + a.height).max(b.y + b.height) + GAP_Y / 2.0;
            let (left, right) = (a.x + a.width / 2.0, b.x + b.width / 2.0);
            vec![
                (left, a.y + a.height),
                (left, below),
                (right, below),
                (right, b.y + b.height),
            ]
        };
        Edge {
            element: flow.id.clone(),
            points,
            ..Edge::default()
        }
    }
}
