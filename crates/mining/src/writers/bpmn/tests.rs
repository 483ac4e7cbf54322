use super::*;
use crate::readers::bpmn::{self, tests::shared};
use crate::source::{Progress, Source};

const MODELS: [&str; 9] = [
    "receipt",
    "a32f0n00",
    "miwg-A.1.0",
    "miwg-A.2.0",
    "miwg-A.2.1",
    "miwg-A.3.0",
    "miwg-A.4.0",
    "miwg-B.1.0",
    "miwg-C.1.0",
];

fn again(model: &ProcessModel) -> ProcessModel {
    let mut bytes = Vec::new();
    write(model, &mut bytes).unwrap();
    bpmn::read(&Source::bytes(bytes), &Progress::default()).unwrap()
}

fn plain(mut model: ProcessModel) -> ProcessModel {
    model.ignored.clear();
    model.flows.sort_by(|a, b| a.id.cmp(&b.id));
    model
}

#[test]
fn what_is_written_reads_the_same() {
    for name in MODELS {
        let Some(path) = shared(&format!("models/{name}.bpmn")) else {
            return;
        };
        let model = bpmn::read(&Source::open(&path).unwrap(), &Progress::default()).unwrap();
        assert_eq!(plain(again(&model)), plain(model), "{name}");
    }
}

#[test]
fn a_model_without_a_drawing_gets_one_where_nothing_overlaps() {
    for name in MODELS {
        let Some(path) = shared(&format!("models/{name}.bpmn")) else {
            return;
        };
        let mut model = bpmn::read(&Source::open(&path).unwrap(), &Progress::default()).unwrap();
        model.drawing = None;
        let drawn = again(&model).drawing.unwrap();
        assert_eq!(
            (drawn.shapes.len(), drawn.edges.len()),
            (model.nodes.len() + model.pools.len(), model.flows.len())
        );
        let boxes: Vec<Bounds> = model
            .nodes
            .iter()
            .filter(|n| n.parent.is_none() && !matches!(n.kind, NodeKind::Boundary { .. }))
            .map(|n| {
                drawn
                    .shapes
                    .iter()
                    .find(|s| s.element == n.id)
                    .unwrap()
                    .bounds
            })
            .collect();
        for (i, a) in boxes.iter().enumerate() {
            for b in &boxes[i + 1..] {
                let apart = a.x + a.width <= b.x
                    || b.x + b.width <= a.x
                    || a.y + a.height <= b.y
                    || b.y + b.height <= a.y;
                assert!(apart, "{name}: {a:?} and {b:?}");
            }
        }
    }
}
