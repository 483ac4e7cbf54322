//! A process tree as BPMN: tasks, exclusive and parallel gateways, no drawing.

use super::ProcessTree;
use crate::model::bpmn::{
    Flow, GatewayKind, Node, NodeIx, NodeKind, ProcessModel, TaskKind, Trigger,
};

const PROCESS: &str = "process";

impl ProcessTree {
    /// One process with a start and an end event; ids are `start`, `end`, `task_1`, `gateway_1`, `flow_1`, in tree order.
    pub fn to_bpmn(&self, name: &str) -> ProcessModel {
        let mut build = Build {
            model: ProcessModel {
                id: PROCESS.into(),
                name: name.into(),
                ..ProcessModel::default()
            },
            tasks: 0,
            gateways: 0,
        };
        let start = build.node("start".into(), "", NodeKind::Start(Trigger::None));
        let last = build.block(self, start);
        let end = build.node("end".into(), "", NodeKind::End(Trigger::None));
        build.flow(last, end);
        build.model
    }
}

struct Build {
    model: ProcessModel,
    tasks: usize,
    gateways: usize,
}

impl Build {
    fn node(&mut self, id: String, name: &str, kind: NodeKind) -> NodeIx {
        self.model.nodes.push(Node {
            id,
            name: name.into(),
            kind,
            parent: None,
            process: PROCESS.into(),
            repeats: false,
        });
        self.model.nodes.len() - 1
    }

    fn gateway(&mut self, kind: GatewayKind) -> NodeIx {
        self.gateways += 1;
        self.node(
            format!("gateway_{}", self.gateways),
            "",
            NodeKind::Gateway(kind),
        )
    }

    fn flow(&mut self, source: NodeIx, target: NodeIx) {
        let id = format!("flow_{}", self.model.flows.len() + 1);
        let ends = (
            self.model.nodes[source].id.clone(),
            self.model.nodes[target].id.clone(),
        );
        self.model.flows.push(Flow {
            id,
            source,
            target,
            ends,
            ..Flow::default()
        });
    }

    /// Draws `tree` after the node `from` and returns the node from which the next flow leaves.
    fn block(&mut self, tree: &ProcessTree, from: NodeIx) -> NodeIx {
        match tree {
            ProcessTree::Activity(name) => {
                self.tasks += 1;
                let task = self.node(
                    format!("task_{}", self.tasks),
                    name,
                    NodeKind::Task(TaskKind::Plain),
                );
                self.flow(from, task);
                task
            }
            ProcessTree::Silent => from,
            ProcessTree::Sequence(parts) => {
                parts.iter().fold(from, |at, part| self.block(part, at))
            }
            ProcessTree::Choice(parts) => self.split_and_join(parts, from, GatewayKind::Exclusive),
            ProcessTree::Parallel(parts) => self.split_and_join(parts, from, GatewayKind::Parallel),
            ProcessTree::Loop(parts) => self.cycle(parts, from),
        }
    }

    fn split_and_join(&mut self, parts: &[ProcessTree], from: NodeIx, kind: GatewayKind) -> NodeIx {
        let split = self.gateway(kind);
        self.flow(from, split);
        let ends: Vec<NodeIx> = parts.iter().map(|part| self.block(part, split)).collect();
        let join = self.gateway(kind);
        for end in ends {
            self.flow(end, join);
        }
        join
    }

    fn cycle(&mut self, parts: &[ProcessTree], from: NodeIx) -> NodeIx {
        let enter = self.gateway(GatewayKind::Exclusive);
        self.flow(from, enter);
        let Some((body, redo)) = parts.split_first() else {
            return enter;
        };
        let done = self.block(body, enter);
        let leave = self.gateway(GatewayKind::Exclusive);
        self.flow(done, leave);
        for part in redo {
            let back = self.block(part, leave);
            self.flow(back, enter);
        }
        leave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_goes_back_between_two_exclusive_gateways() {
        let model = "*('a', 'b')"
            .parse::<ProcessTree>()
            .unwrap()
            .to_bpmn("Loop");
        let flows: Vec<(&str, &str)> = model
            .flows
            .iter()
            .map(|f| (f.ends.0.as_str(), f.ends.1.as_str()))
            .collect();
        assert_eq!(
            flows,
            [
                ("start", "gateway_1"),
                ("gateway_1", "task_1"),
                ("task_1", "gateway_2"),
                ("gateway_2", "task_2"),
                ("task_2", "gateway_1"),
                ("gateway_2", "end"),
            ]
        );
    }

    #[test]
    fn a_skip_is_a_flow_past_the_task() {
        let model = "X('a', tau)"
            .parse::<ProcessTree>()
            .unwrap()
            .to_bpmn("Skip");
        assert!(
            model
                .flows
                .iter()
                .any(|f| f.ends == ("gateway_1".into(), "gateway_2".into()))
        );
        assert_eq!(model.activities(), ["a"]);
    }
}
